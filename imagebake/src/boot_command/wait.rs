//! Waiting for what a machine shows.

use crate::{
    engine::{Backoff, Cx, wait_until},
    error::{Error, ErrorKind, Result},
    screen::{Picture, Screen},
};
use regex_lite::Regex;
use std::{
    path::PathBuf,
    sync::LazyLock,
    time::{Duration, Instant},
};

/// What moves and colours on a terminal.
static MOVES: LazyLock<Regex> =
    LazyLock::new(|| Regex::new("\u{1b}\\[[0-9;?]*[A-Za-z]").expect("it is a regular expression"));

/// What a machine writes on its serial console, in the file that the platform writes it to.
pub struct SerialLog {
    path: PathBuf,
    /// How much of it has matched already.
    behind: usize,
}

impl SerialLog {
    /// The file at `path`, which need not be there yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            behind: 0,
        }
    }

    /// What has been written so far counts no more.
    pub(super) async fn pass(&mut self) {
        if let Ok(about) = tokio::fs::metadata(&self.path).await {
            self.behind = usize::try_from(about.len()).unwrap_or(self.behind);
        }
    }

    /// Waits until what comes behind the last match matches `pattern`.
    ///
    /// # Errors
    /// [`ErrorKind::Timeout`] with the last lines, and a pattern that is none.
    pub async fn wait_for(&mut self, cx: &Cx, pattern: &str, within: Duration) -> Result<()> {
        let expression = expression(pattern)?;
        let (path, behind) = (&self.path, self.behind);
        let expression = &expression;
        let what = format!("`{pattern}` on the serial console");
        let pauses = Backoff::new(Duration::from_millis(20), Duration::from_millis(50));
        let found = wait_until(cx, &what, within, pauses, || async move {
            let bytes = tokio::fs::read(path).await.unwrap_or_default();
            let text = String::from_utf8_lossy(bytes.get(behind..).unwrap_or_default()).into_owned();
            // Lossy text may be longer than the bytes: the end is counted in bytes of the text as it was.
            Ok(expression
                .find(&text)
                .map(|found| original_length(&bytes[behind..], found.end())))
        });
        match found.await {
            Ok(length) => {
                self.behind += length;
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::Timeout => Err(error.hint(self.last_lines().await)),
            Err(error) => Err(error),
        }
    }

    async fn last_lines(&self) -> String {
        let bytes = tokio::fs::read(&self.path).await.unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes[bytes.len().saturating_sub(2000)..]).into_owned();
        // Boot loaders move the cursor before each character.
        let text = MOVES.replace_all(&text, "");
        let text: String = text.chars().filter(|c| !c.is_control() || *c == '\n').collect();
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        match lines.len() {
            0 => "nothing was written there: the guest may have no console on its serial port (`console=ttyS0`)"
                .to_owned(),
            count => format!("its last lines: {}", lines[count.saturating_sub(3)..].join(" ⏎ ")),
        }
    }
}

/// How many of `bytes` the first `lossy` bytes of their lossy text are.
fn original_length(bytes: &[u8], lossy: usize) -> usize {
    let (mut text, mut original) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        let valid = chunk.valid().len();
        if text + valid >= lossy {
            return original + (lossy - text);
        }
        original += valid + chunk.invalid().len();
        text += valid
            + if chunk.invalid().is_empty() {
                0
            } else {
                '\u{fffd}'.len_utf8()
            };
    }
    original
}

/// `pattern` as a regular expression.
pub(crate) fn expression(pattern: &str) -> Result<Regex> {
    Regex::new(pattern).map_err(|error| {
        Error::new(
            ErrorKind::Config,
            format!("`{pattern}` is no regular expression: {error}"),
        )
        .hint("write a bracket or a dot that is meant as one with a backslash before it")
    })
}

/// Waits until the screen shows something and has not changed for `time`, but for a cursor.
pub(super) async fn for_still_screen(cx: &Cx, screen: &impl Screen, time: Duration, within: Duration) -> Result<()> {
    let deadline = Instant::now() + within;
    let mut seen = screen.frame().await?;
    let mut still_since = Instant::now();
    loop {
        let now = Instant::now();
        if !seen.is_blank() && now - still_since >= time {
            return Ok(());
        }
        if now >= deadline {
            let waited = humantime::format_duration(within);
            return Err(Error::new(
                ErrorKind::Timeout,
                format!("waited {waited} for the screen to come to rest"),
            )
            .hint("something on it moves: wait for a picture of a part that does not, or for the serial console"));
        }
        let left = time.saturating_sub(now - still_since).max(Duration::from_millis(10));
        let left = left.min(deadline - now);
        if let Some(frame) = cx.until_cancelled(screen.changed(&seen, left)).await? {
            let moved = frame.difference(&seen).is_some_and(|region| !region.is_cursor());
            if moved || seen.is_blank() {
                still_since = Instant::now();
            }
            seen = frame;
        }
    }
}

/// Waits until the screen shows `picture`, which is called `name`.
pub(super) async fn for_picture(
    cx: &Cx,
    screen: &impl Screen,
    picture: &Picture,
    name: &str,
    within: Duration,
) -> Result<()> {
    let deadline = Instant::now() + within;
    let mut seen = screen.frame().await?;
    loop {
        if picture.is_shown(&seen) {
            return Ok(());
        }
        let left = deadline.saturating_duration_since(Instant::now());
        match cx.until_cancelled(screen.changed(&seen, left)).await? {
            Some(frame) => seen = frame,
            None => {
                let waited = humantime::format_duration(within);
                return Err(
                    Error::new(ErrorKind::Timeout, format!("waited {waited} for the screen to show {name}"))
                        .hint("compare it with the screenshot in the failed build's bundle; sizes and colours have to be the same"),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_those_of_the_bytes() {
        let bytes = b"a\xff\xfeb\xc3\xa4c";
        let text = String::from_utf8_lossy(bytes);
        let end = |what: &str| text.find(what).expect("there") + what.len();
        assert_eq!(original_length(bytes, end("a")), 1);
        assert_eq!(original_length(bytes, end("b")), 4);
        assert_eq!(original_length(bytes, end("ä")), 6);
        assert_eq!(original_length(bytes, text.len()), 7);
    }

    #[test]
    fn a_pattern_that_is_none_is_told() {
        let error = expression("grub[").expect_err("unclosed");
        assert!(
            error.message().starts_with("`grub[` is no regular expression"),
            "{error}"
        );
    }
}
