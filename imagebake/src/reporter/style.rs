//! Colours, sizes and times as people read them, and text from a guest made safe to print.

use std::{borrow::Cow, fmt::Display};

/// Whether text is coloured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    coloured: bool,
}

impl Style {
    /// With colours or without.
    pub fn coloured(coloured: bool) -> Self {
        Self { coloured }
    }

    /// Colours as the environment asks for them: `NO_COLOR` forbids, `CLICOLOR_FORCE` demands, else a terminal has them.
    pub fn detect(is_terminal: bool) -> Self {
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let forced = std::env::var_os("CLICOLOR_FORCE").is_some_and(|value| !value.is_empty() && value != "0");
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self::coloured(!set("NO_COLOR") && (forced || (is_terminal && !dumb)))
    }

    /// Whether colours are on.
    pub fn is_coloured(self) -> bool {
        self.coloured
    }

    fn paint(self, code: &str, text: impl Display) -> String {
        match self.coloured {
            true => format!("\x1b[{code}m{text}\x1b[0m"),
            false => text.to_string(),
        }
    }

    pub(crate) fn bold(self, text: impl Display) -> String {
        self.paint("1", text)
    }

    pub(crate) fn dim(self, text: impl Display) -> String {
        self.paint("2", text)
    }

    pub(crate) fn red(self, text: impl Display) -> String {
        self.paint("1;31", text)
    }

    pub(crate) fn green(self, text: impl Display) -> String {
        self.paint("32", text)
    }

    pub(crate) fn yellow(self, text: impl Display) -> String {
        self.paint("33", text)
    }

    pub(crate) fn cyan(self, text: impl Display) -> String {
        self.paint("36", text)
    }
}

/// `12.3 MiB`.
pub(crate) fn bytes(count: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if count < 1024 {
        return format!("{count} B");
    }
    let mut value = count as f64 / 1024.0;
    let mut unit = 0;
    while value >= 1023.95 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// `1.2s`, `42s`, `3m20s`, `1h02m`.
pub(crate) fn duration(seconds: f64) -> String {
    if seconds < 9.95 {
        return format!("{:.1}s", seconds.max(0.0));
    }
    let whole = seconds.round() as u64;
    match whole {
        0..60 => format!("{whole}s"),
        60..3600 => format!("{}m{:02}s", whole / 60, whole % 60),
        _ => format!("{}h{:02}m", whole / 3600, whole % 3600 / 60),
    }
}

/// A line from outside, fit to be printed: what moves the cursor or rings is taken out, colours stay where `style` has them.
pub(crate) fn printable(line: &str, style: Style) -> Cow<'_, str> {
    // 0xc2 begins the control characters above ASCII.
    if line
        .bytes()
        .all(|byte| (byte >= 0x20 || byte == b'\t') && byte != 0x7f && byte != 0xc2)
    {
        return Cow::Borrowed(line);
    }
    // What a carriage return has overwritten was never meant to stay.
    let line = line.trim_end_matches('\r');
    let line = line.rsplit('\r').find(|part| !part.is_empty()).unwrap_or(line);
    if !line.contains(|c: char| c.is_control() && c != '\t') {
        return Cow::Borrowed(line);
    }
    let mut out = String::with_capacity(line.len());
    let mut coloured = false;
    let mut rest = line;
    while let Some(at) = rest.find(|c: char| c.is_control() && c != '\t') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let length = escape_length(rest);
        let sequence = &rest[..length];
        if style.is_coloured() && sequence.starts_with("\x1b[") && sequence.ends_with('m') {
            out.push_str(sequence);
            coloured = true;
        }
        rest = &rest[length..];
    }
    out.push_str(rest);
    if coloured {
        out.push_str("\x1b[0m");
    }
    Cow::Owned(out)
}

/// The length of the control sequence, or the single control character, that `text` begins with.
fn escape_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let control = text.chars().next().map_or(0, char::len_utf8);
    if bytes[0] != 0x1b {
        return control;
    }
    match bytes.get(1) {
        Some(b'[') => text[2..]
            .find(|c: char| ('\x40'..='\x7e').contains(&c))
            .map_or(text.len(), |end| 2 + end + 1),
        Some(b']' | b'P' | b'X' | b'^' | b'_') => match (text.find('\x07'), text.find("\x1b\\")) {
            (Some(bell), Some(end)) if bell < end => bell + 1,
            (_, Some(end)) => end + 2,
            (Some(bell), None) => bell + 1,
            (None, None) => text.len(),
        },
        Some(b'(' | b')' | b'#' | b'%') => 2 + text[2..].chars().next().map_or(0, char::len_utf8),
        Some(next) if next.is_ascii_graphic() => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times_read_well() {
        assert_eq!(
            [bytes(0), bytes(1023), bytes(1 << 20), bytes((1 << 30) - 1)],
            ["0 B", "1023 B", "1.0 MiB", "1.0 GiB"]
        );
        let shown = [0.04, 9.94, 9.96, 59.6, 200.0, 3725.0].map(duration);
        assert_eq!(shown, ["0.0s", "9.9s", "10s", "1m00s", "3m20s", "1h02m"]);
    }

    #[test]
    fn a_guest_cannot_drive_the_terminal() {
        let plain = Style::coloured(false);
        assert_eq!(
            printable("a\x1b[2Jb\x1b]0;title\x07c\x1b[31mred\x1b[0m\x07\x08", plain),
            "abcred"
        );
        assert_eq!(printable("\x1b]8;;http://x\x1b\\link", plain), "link");
        assert_eq!(printable("cut short \x1b[3", plain), "cut short ");
        assert_eq!(printable("a\tb", plain), "a\tb");
        assert_eq!(
            printable("\x1b[31mred\x1b[5A", Style::coloured(true)),
            "\x1b[31mred\x1b[0m"
        );
    }

    #[test]
    fn what_a_carriage_return_overwrote_is_not_shown() {
        let plain = Style::coloured(false);
        assert_eq!(printable("10%\r50%\r100%\r", plain), "100%");
        assert_eq!(printable("windows\r", plain), "windows");
        assert_eq!(printable("\r", plain), "");
    }
}
