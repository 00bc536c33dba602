//! Keyboard and screen over the control connection, for machines without VNC.

use super::qmp::Qmp;
use crate::{
    boot_command::{Key, Keyboard, NamedKey},
    engine::Cx,
    error::{Context, Error, ErrorKind, Result},
    screen::{Frame, Screen},
};
use serde_json::json;
use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

/// How often a screen is looked at that does not say when it changes.
const LOOK: Duration = Duration::from_millis(40);

/// A machine's keyboard and screen, as QEMU itself has them.
pub(super) struct Console {
    cx: Cx,
    qmp: Qmp,
    /// Where pictures of the screen are put for a moment.
    picture: PathBuf,
}

impl Console {
    pub(super) fn new(cx: &Cx, qmp: &Qmp, picture: PathBuf) -> Self {
        Self {
            cx: cx.clone(),
            qmp: qmp.clone(),
            picture,
        }
    }

    async fn send(&self, keys: &[&str], down: bool) -> Result<()> {
        let event = |key: &&str| {
            let key = json!({"type": "qcode", "data": key});
            json!({"type": "key", "data": {"down": down, "key": key}})
        };
        let events: Vec<_> = keys.iter().map(event).collect();
        let sent = self.qmp.execute("input-send-event", json!({"events": events}));
        sent.await.map(drop)
    }
}

impl Keyboard for Console {
    async fn press(&self, key: Key) -> Result<()> {
        let (code, shift) = code(key)?;
        let keys: &[&str] = if shift { &["shift", code] } else { &[code] };
        self.send(keys, true).await
    }

    async fn release(&self, key: Key) -> Result<()> {
        let (code, shift) = code(key)?;
        let keys: &[&str] = if shift { &[code, "shift"] } else { &[code] };
        self.send(keys, false).await
    }
}

impl Screen for Console {
    async fn frame(&self) -> Result<Arc<Frame>> {
        let to = json!({"filename": self.picture.display().to_string()});
        self.qmp.execute("screendump", to).await?;
        let bytes = tokio::fs::read(&self.picture).await.path("read", &self.picture)?;
        let frame = Frame::from_ppm(&bytes).map(Arc::new);
        frame.ok_or_else(|| Error::new(ErrorKind::Internal, "QEMU's picture of the screen cannot be read"))
    }

    async fn changed(&self, seen: &Frame, within: Duration) -> Result<Option<Arc<Frame>>> {
        let deadline = Instant::now() + within;
        loop {
            let frame = self.frame().await?;
            if *frame != *seen {
                return Ok(Some(frame));
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            self.cx.pause(LOOK.min(left)).await?;
        }
    }
}

/// What QEMU calls the key, and whether Shift is held meanwhile.
fn code(key: Key) -> Result<(&'static str, bool)> {
    use NamedKey::*;
    const FUNCTION: [&str; 12] = [
        "f1", "f2", "f3", "f4", "f5", "f6", "f7", "f8", "f9", "f10", "f11", "f12",
    ];
    const LETTERS: &str = "abcdefghijklmnopqrstuvwxyz";
    const DIGITS: &str = "0123456789";
    let (position, shift) = key.position();
    let code = match position {
        Key::Char(character) => match character {
            ' ' => Some("spc"),
            '\t' => Some("tab"),
            '`' => Some("grave_accent"),
            '-' => Some("minus"),
            '=' => Some("equal"),
            '[' => Some("bracket_left"),
            ']' => Some("bracket_right"),
            '\\' => Some("backslash"),
            ';' => Some("semicolon"),
            '\'' => Some("apostrophe"),
            ',' => Some("comma"),
            '.' => Some("dot"),
            '/' => Some("slash"),
            other => [LETTERS, DIGITS]
                .iter()
                .find_map(|all| all.find(other).and_then(|at| all.get(at..at + 1))),
        },
        Key::Named(named) => match named {
            Backspace => Some("backspace"),
            Delete => Some("delete"),
            Enter => Some("ret"),
            Escape => Some("esc"),
            Tab => Some("tab"),
            F(number) => FUNCTION.get(usize::from(number).wrapping_sub(1)).copied(),
            Up => Some("up"),
            Down => Some("down"),
            Left => Some("left"),
            Right => Some("right"),
            Insert => Some("insert"),
            Home => Some("home"),
            End => Some("end"),
            PageUp => Some("pgup"),
            PageDown => Some("pgdn"),
            Menu => Some("menu"),
            LeftAlt => Some("alt"),
            RightAlt => Some("alt_r"),
            LeftCtrl => Some("ctrl"),
            RightCtrl => Some("ctrl_r"),
            LeftShift => Some("shift"),
            RightShift => Some("shift_r"),
            LeftSuper => Some("meta_l"),
            RightSuper => Some("meta_r"),
        },
    };
    code.map(|code| (code, shift)).ok_or_else(|| {
        Error::new(
            ErrorKind::Unsupported,
            format!("`{key}` is on no keyboard of the United States, which is what is typed on without VNC"),
        )
        .hint("leave the screen on: over VNC other characters can be typed")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_the_keyboard_has_a_code() {
        for character in (' '..='~').map(Key::Char) {
            assert!(code(character).is_ok(), "{character}");
        }
        assert_eq!(code(Key::Char('A')).expect("a key"), ("a", true));
        assert_eq!(code(Key::Char(':')).expect("a key"), ("semicolon", true));
        assert_eq!(code(Key::Char('7')).expect("a key"), ("7", false));
        for name in Key::names() {
            let key = Key::named(name).expect("a name");
            assert!(code(key).is_ok(), "{name}");
        }
        assert!(code(Key::Char('ä')).is_err());
    }
}
