//! Typing: at a fixed pace, or as fast as the guest takes it.
//!
//! A keyboard has a buffer of 16 bytes, and a guest that is busy loses what comes after them. With [`Pace::Guest`] each key is typed when the screen
//! has shown the one before. A cursor is not taken for an answer: it is a flat line, or comes back to what was shown before. Where a guest shows
//! nothing (a password, a menu's hidden key), keys go on at a slow pace.

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

/// How long a guest that has shown what was typed may take to show the next: it may read a whole kernel from a slow disc in between.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long the first keys get of a guest that has not shown anything yet.
const FIRST: Duration = Duration::from_millis(500);
/// How many of them fit into a keyboard's buffer with room left.
const UNSEEN: u32 = 5;
/// How long each key gets of a guest that shows nothing.
const SILENT: Duration = Duration::from_millis(100);
/// How long a guest gets after a key that is no character.
const AFTER_COMMAND: Duration = Duration::from_millis(250);
/// Rows of a cursor that is a line below the character.
const CURSOR: usize = 4;
/// Characters that are no higher than that, or nothing at all.
const FLAT: &str = " _-.,='\"`~^*";
/// Keys after which there is a pause where one is asked for.
const GROUP: usize = 10;

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
            // What is waited for next is what these keys lead to.
            if let Some(log) = &mut self.serial {
                log.pass().await;
            }
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
        let (mut rest, mut typed) = (strokes, 0_usize);
        while let Some(first) = rest.first() {
            if let Stroke::Pause(time) = first {
                self.cx.pause(*time).await?;
                if let Some(echo) = &mut echo {
                    echo.look_again().await?;
                }
                rest = &rest[1..];
                continue;
            }
            rest = &rest[1..];
            self.cx.until_cancelled(self.stroke(*first)).await?;
            if let Some(echo) = &mut echo {
                self.cx.until_cancelled(echo.listen(*first)).await?;
            }
            typed += 1;
            if let Some(pause) = self.between_groups.filter(|_| typed % GROUP == 0) {
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

/// What the screen shows of what was typed.
struct Echo<'a, S> {
    screen: &'a S,
    seen: Arc<Frame>,
    /// Where the last answer was.
    last: Option<Region>,
    /// What was shown since: a cursor that blinks comes back to it.
    since: Vec<Arc<Frame>>,
    /// Characters that were answered, one after the other.
    answers: u32,
    /// Keys that were not.
    silent: u32,
}

impl<'a, S: Screen> Echo<'a, S> {
    async fn new(screen: &'a S) -> Result<Self> {
        Ok(Self {
            seen: screen.frame().await?,
            screen,
            last: None,
            since: Vec::new(),
            answers: 0,
            silent: 0,
        })
    }

    /// After a pause: what is on the screen now may be something else, which answers or not.
    async fn look_again(&mut self) -> Result<()> {
        *self = Self::new(self.screen).await?;
        Ok(())
    }

    /// Whether a change to `frame` shows that `typed` arrived.
    fn answers(&self, frame: &Frame, region: &Region, typed: char) -> bool {
        let within = self.last.is_some_and(|last| is_line(last) && last.contains(region));
        if region.bottom - region.top <= CURSOR {
            return FLAT.contains(typed) && !within;
        }
        let shown = || self.since.iter().any(|shown| **shown == *frame);
        !(within && shown())
    }

    /// Waits until the screen answers `stroke`, or long enough.
    async fn listen(&mut self, stroke: Stroke) -> Result<()> {
        let typed = match stroke {
            Stroke::Tap(Key::Char(typed)) => Some(typed),
            Stroke::Hold(key) | Stroke::Release(key) if modifies(key) => return Ok(()),
            _ => None,
        };
        let patience = match (typed, self.answers, self.silent) {
            (Some(_), 3.., _) => PATIENCE,
            (Some(_), _, ..UNSEEN) => FIRST,
            (None, _, ..UNSEEN) => AFTER_COMMAND,
            _ => SILENT,
        };
        let deadline = Instant::now() + patience;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let Some(frame) = self.screen.changed(&self.seen, left).await? else {
                self.silent += 1;
                if typed.is_some() {
                    self.answers = 0;
                }
                return Ok(());
            };
            let region = frame.difference(&self.seen);
            self.seen = frame;
            let Some(region) = region else { continue };
            let answered = typed.is_none_or(|typed| self.answers(&self.seen, &region, typed));
            if answered {
                self.since.clear();
                self.last = Some(region);
            }
            self.since.push(self.seen.clone());
            if answered {
                self.answers += u32::from(typed.is_some());
                self.silent = 0;
                return Ok(());
            }
        }
    }
}

/// Keys that only change what others mean.
fn modifies(key: Key) -> bool {
    use NamedKey::*;
    matches!(
        key,
        Key::Named(LeftAlt | RightAlt | LeftCtrl | RightCtrl | LeftShift | RightShift | LeftSuper | RightSuper)
    )
}

/// Whether a region is a few characters of one line.
fn is_line(region: Region) -> bool {
    region.right - region.left <= 128 && region.bottom - region.top <= 64
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    /// Shows frames, one each time that it is asked for a change, and then nothing more.
    struct Film(Mutex<Vec<Frame>>);

    impl Screen for Film {
        async fn frame(&self) -> Result<Arc<Frame>> {
            Ok(Arc::new(Frame::new(200, 40)))
        }

        async fn changed(&self, _: &Frame, _: Duration) -> Result<Option<Arc<Frame>>> {
            let mut frames = self.0.lock().expect("nobody panics");
            Ok((!frames.is_empty()).then(|| Arc::new(frames.remove(0))))
        }
    }

    /// Text as glyphs of 8 by 12 pixels, with a cursor of 2 rows behind it where it is lit.
    fn screen(text: &str, lit: bool) -> Frame {
        let mut frame = Frame::new(200, 40);
        let count = text.chars().count();
        for (column, _) in text.chars().enumerate().filter(|(_, c)| *c != ' ') {
            for row in 2..14 {
                frame.row_mut(row)[column * 9] = 1 + column as u32;
            }
        }
        if lit {
            for row in 14..16 {
                frame.row_mut(row)[count * 9..count * 9 + 8].fill(7);
            }
        }
        frame
    }

    /// How many of the frames were taken as no answer to each of the characters of `text`.
    async fn heard(text: &str, frames: Vec<Frame>) -> (u32, usize) {
        let film = Film(Mutex::new(frames));
        let mut echo = Echo::new(&film).await.expect("a frame");
        for typed in text.chars() {
            echo.listen(Stroke::Tap(Key::Char(typed))).await.expect("it listens");
        }
        let left = film.0.lock().expect("nobody panics").len();
        (echo.answers, left)
    }

    #[tokio::test]
    async fn a_cursor_is_no_answer() {
        let blinks = vec![
            screen("", true),
            screen("", false),
            screen("a", false),
            screen("a", true),
            screen("a", false),
            screen("a", true),
            screen("ab", true),
        ];
        assert_eq!(heard("ab", blinks).await, (2, 0));
    }

    #[tokio::test]
    async fn a_space_is_answered_by_the_cursor_that_moves() {
        let moves = vec![screen("a", true), screen("a ", true), screen("a b", true)];
        assert_eq!(heard("a b", moves).await, (3, 0));
    }

    #[tokio::test]
    async fn a_guest_that_shows_nothing_is_noticed() {
        assert_eq!(heard("secret", vec![screen("", true), screen("", false)]).await, (0, 0));
    }
}
