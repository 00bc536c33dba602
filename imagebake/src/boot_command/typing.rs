//! Typing: at a fixed pace, or as fast as the guest takes it.
//!
//! A keyboard has a buffer of 16 bytes, and a guest that is busy loses what comes after them. With [`Pace::Guest`] no more is on its way than fits:
//! a group of two keys is typed, and the next one when the screen has shown something new. A cursor that blinks is not taken for it. Where a
//! guest shows nothing (a password, a menu's hidden key), keys go on at a slow pace.

use super::{
    Action, Key, NamedKey, SerialLog, Stroke, parse,
    wait::{for_picture, for_still_screen},
};
use crate::{
    engine::Cx,
    error::{Error, ErrorKind, Result},
    screen::{Frame, Picture, Region, Screen},
    value::{Template, Vars},
};
use std::{
    future::Future,
    sync::Arc,
    time::{Duration, Instant},
};

/// A keyboard of a machine.
pub trait Keyboard: Send + Sync {
    /// Presses the key, with Shift where its character needs it.
    fn press(&self, key: Key) -> impl Future<Output = Result<()>> + Send;

    /// Lets it go.
    fn release(&self, key: Key) -> impl Future<Output = Result<()>> + Send;
}

/// How fast keys are typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// So long after each press and after each release.
    Fixed(Duration),
    /// As fast as the guest shows that it took them.
    Guest,
}

/// Bytes of a keyboard's buffer that one group of keys takes: three groups fit, so that one too early loses nothing.
const GROUP: usize = 5;
/// How long a guest that has shown what was typed may take to show the next.
const PATIENCE: Duration = Duration::from_secs(6);
/// How long each key gets of a guest that shows nothing.
const SILENT: Duration = Duration::from_millis(60);
/// How long a guest gets after a key that is no character.
const AFTER_COMMAND: Duration = Duration::from_millis(250);

/// Types boot commands.
pub struct Typing<'a, K, S> {
    cx: &'a Cx,
    keyboard: &'a K,
    screen: Option<&'a S>,
    serial: Option<SerialLog>,
    pace: Pace,
    between_groups: Option<Duration>,
    within: Duration,
}

impl<'a, K: Keyboard, S: Screen> Typing<'a, K, S> {
    /// Types at `keyboard`, looking at `screen` where there is one.
    pub fn new(cx: &'a Cx, keyboard: &'a K, screen: Option<&'a S>) -> Self {
        Self {
            cx,
            keyboard,
            screen,
            serial: None,
            pace: Pace::Guest,
            between_groups: None,
            within: Duration::from_secs(60),
        }
    }

    /// Where the machine's serial console is read.
    #[must_use]
    pub fn serial(mut self, log: SerialLog) -> Self {
        self.serial = Some(log);
        self
    }

    /// How fast it types.
    #[must_use]
    pub fn pace(mut self, pace: Pace) -> Self {
        self.pace = pace;
        self
    }

    /// A pause after each group of keys.
    #[must_use]
    pub fn between_groups(mut self, pause: Option<Duration>) -> Self {
        self.between_groups = pause;
        self
    }

    /// How long each thing that is waited for may take.
    #[must_use]
    pub fn within(mut self, time: Duration) -> Self {
        self.within = time;
        self
    }

    /// Does what `actions` say, with `facts` in the keys.
    ///
    /// # Errors
    /// When something waited for does not come, a fact or a secret is missing, the machine is lost, or the user cancels.
    pub async fn perform(&mut self, actions: &[Action], facts: &Vars) -> Result<()> {
        let mut rest = actions;
        while let Some(first) = rest.first() {
            let keys = rest.iter().map_while(|action| match action {
                Action::Keys(keys) => Some(keys.clone()),
                _ => None,
            });
            // Texts beside each other are one: a key's name may begin in one and end in the next.
            let keys: Vec<Template> = keys.collect();
            if keys.is_empty() {
                self.wait_for(first).await?;
                rest = &rest[1..];
                continue;
            }
            rest = &rest[keys.len()..];
            let text = self.cx.render_with(&Template::concat(keys), facts.clone())?;
            self.type_strokes(&parse(&text)).await?;
        }
        Ok(())
    }

    async fn wait_for(&mut self, action: &Action) -> Result<()> {
        let (cx, within) = (self.cx, self.within);
        let nothing_to_see = || {
            Error::new(
                ErrorKind::Unsupported,
                "the boot command waits for the screen, and the machine has none to look at",
            )
            .hint("leave the screen on, or wait for the serial console")
        };
        match action {
            Action::Keys(_) => Ok(()),
            Action::Serial(pattern) => match &mut self.serial {
                Some(log) => log.wait_for(cx, &pattern.reveal()?, within).await,
                None => Err(Error::new(
                    ErrorKind::Unsupported,
                    "the boot command waits for the serial console, and the machine has none that is read",
                )
                .hint("wait for the screen instead")),
            },
            Action::StillScreen(time) => {
                for_still_screen(cx, self.screen.ok_or_else(nothing_to_see)?, *time, within).await
            }
            Action::Picture(path) => {
                let screen = self.screen.ok_or_else(nothing_to_see)?;
                let (file, name) = (cx.input_path(path), path.to_string());
                let picture = tokio::task::spawn_blocking(move || Picture::read(&file))
                    .await
                    .map_err(|error| Error::new(ErrorKind::Internal, "the picture's reader failed").because(error))??;
                for_picture(cx, screen, &picture, &name, within).await
            }
        }
    }

    /// Types `strokes`.
    ///
    /// # Errors
    /// When the machine is lost, or the user cancels.
    pub async fn type_strokes(&self, strokes: &[Stroke]) -> Result<()> {
        let mut echo = match (self.pace, self.screen) {
            (Pace::Guest, Some(screen)) => Some(Echo::new(screen).await?),
            _ => None,
        };
        let mut rest = strokes;
        while let Some(first) = rest.first() {
            if let Stroke::Pause(time) = first {
                self.cx.pause(*time).await?;
                if let Some(echo) = &mut echo {
                    echo.look_again().await?;
                }
                rest = &rest[1..];
                continue;
            }
            let (group, left) = rest.split_at(group_length(rest));
            rest = left;
            for stroke in group {
                self.cx.until_cancelled(self.stroke(*stroke)).await?;
            }
            if let Some(echo) = &mut echo {
                self.cx.until_cancelled(echo.listen(group)).await?;
            }
            if let Some(pause) = self.between_groups {
                self.cx.pause(pause).await?;
            }
        }
        Ok(())
    }

    async fn stroke(&self, stroke: Stroke) -> Result<()> {
        match stroke {
            Stroke::Hold(key) | Stroke::Tap(key) => {
                self.keyboard.press(key).await?;
                self.after_key().await?;
                if let Stroke::Tap(_) = stroke {
                    self.keyboard.release(key).await?;
                    self.after_key().await?;
                }
            }
            Stroke::Release(key) => {
                self.keyboard.release(key).await?;
                self.after_key().await?;
            }
            Stroke::Pause(time) => self.cx.pause(time).await?,
        }
        Ok(())
    }

    async fn after_key(&self) -> Result<()> {
        match (self.pace, self.screen) {
            (Pace::Fixed(pause), _) => self.cx.pause(pause).await,
            // There is nothing to look at, so that a safe pace is all there is.
            (Pace::Guest, None) => self.cx.pause(SILENT / 2).await,
            (Pace::Guest, Some(_)) => Ok(()),
        }
    }
}

/// How many strokes at the beginning are typed at once: characters as far as the group's bytes go, anything else alone.
fn group_length(strokes: &[Stroke]) -> usize {
    let mut bytes = 0;
    let fits = |stroke: &&Stroke| match stroke {
        Stroke::Tap(key @ Key::Char(_)) => {
            bytes += if key.position().1 { 4 } else { 2 };
            bytes <= GROUP
        }
        _ => false,
    };
    strokes.iter().take_while(fits).count().max(1)
}

/// What the screen shows of what was typed.
struct Echo<'a, S> {
    screen: &'a S,
    seen: Arc<Frame>,
    /// Where the last answer was, with the cursor behind it.
    last: Option<Region>,
    answers: u32,
}

impl<'a, S: Screen> Echo<'a, S> {
    async fn new(screen: &'a S) -> Result<Self> {
        Ok(Self {
            seen: screen.frame().await?,
            screen,
            last: None,
            answers: 0,
        })
    }

    async fn look_again(&mut self) -> Result<()> {
        self.seen = self.screen.frame().await?;
        self.last = None;
        Ok(())
    }

    /// Waits until the screen answers `group`, or long enough.
    async fn listen(&mut self, group: &[Stroke]) -> Result<()> {
        let is_text = |stroke: &Stroke| matches!(stroke, Stroke::Tap(Key::Char(_)));
        let text = group.iter().all(is_text);
        let patience = match (text, self.answers) {
            (true, 3..) => PATIENCE,
            (true, _) => SILENT * u32::try_from(group.len()).unwrap_or(1),
            (false, _) if only_held(group) => return Ok(()),
            (false, _) => AFTER_COMMAND,
        };
        let deadline = Instant::now() + patience;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let Some(frame) = self.screen.changed(&self.seen, left).await? else {
                if text {
                    self.answers = 0;
                }
                return Ok(());
            };
            let region = frame.difference(&self.seen);
            self.seen = frame;
            let Some(region) = region else { continue };
            // A blinking cursor changes within the last answer; an answer goes beyond it.
            let blinks = self.last.is_some_and(|last| is_line(last) && last.contains(&region));
            if !blinks {
                self.last = Some(region);
                if text {
                    self.answers += 1;
                }
                return Ok(());
            }
        }
    }
}

/// Keys that only change what others mean.
fn only_held(group: &[Stroke]) -> bool {
    use NamedKey::*;
    let modifies = |key: &Key| {
        matches!(
            key,
            Key::Named(LeftAlt | RightAlt | LeftCtrl | RightCtrl | LeftShift | RightShift | LeftSuper | RightSuper)
        )
    };
    group
        .iter()
        .all(|stroke| matches!(stroke, Stroke::Hold(key) | Stroke::Release(key) if modifies(key)))
}

/// Whether a region is a few characters of one line.
fn is_line(region: Region) -> bool {
    region.right - region.left <= 128 && region.bottom - region.top <= 64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_fit_into_a_keyboards_buffer() {
        let lengths = |text: &str| {
            let strokes = parse(text);
            let (mut rest, mut lengths) = (&strokes[..], Vec::new());
            while !rest.is_empty() {
                let length = group_length(rest);
                lengths.push(length);
                rest = &rest[length..];
            }
            lengths
        };
        assert_eq!(lengths("abcde"), [2, 2, 1]);
        assert_eq!(lengths("aB:c"), [1, 1, 1, 1], "Shift takes as much as a key");
        assert_eq!(lengths("ab<enter>c<leftCtrlOn>d<leftCtrlOff>"), [2, 1, 1, 1, 1, 1]);
    }
}
