//! Chunks of output into whole lines.

use crate::event::{Stream, UnitName};
use std::collections::HashMap;

/// A line without an end is cut here, so that endless output needs bounded memory.
const LONGEST: usize = 64 << 10;

/// The unfinished lines of every unit's streams.
#[derive(Default)]
pub(super) struct Lines(HashMap<(UnitName, Stream), Vec<u8>>);

impl Lines {
    /// Hands each line that is complete with `chunk` to `line`, without its line break.
    pub(super) fn push(&mut self, unit: &UnitName, stream: Stream, chunk: &[u8], mut line: impl FnMut(&str)) {
        let held = self.0.entry((unit.clone(), stream)).or_default();
        let mut rest = chunk;
        while let Some(at) = memchr::memchr(b'\n', rest) {
            emit(held, &rest[..at], &mut line);
            rest = &rest[at + 1..];
        }
        while held.len() + rest.len() > LONGEST {
            let cut = char_boundary(rest, LONGEST.saturating_sub(held.len()));
            emit(held, &rest[..cut], &mut line);
            rest = &rest[cut..];
        }
        held.extend_from_slice(rest);
    }

    /// Hands over the lines of `unit` that have no end.
    pub(super) fn flush(&mut self, unit: &UnitName, mut line: impl FnMut(Stream, &str)) {
        for stream in [Stream::Stdout, Stream::Stderr] {
            if let Some(held) = self.0.remove(&(unit.clone(), stream))
                && !held.is_empty()
            {
                line(stream, &String::from_utf8_lossy(&held));
            }
        }
    }
}

fn emit(held: &mut Vec<u8>, end: &[u8], line: &mut impl FnMut(&str)) {
    let mut hand_over = |bytes: &[u8]| {
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        line(&String::from_utf8_lossy(bytes));
    };
    if held.is_empty() {
        return hand_over(end);
    }
    held.extend_from_slice(end);
    hand_over(held);
    held.clear();
}

/// The nearest place at or before `at` that does not cut a character in two.
fn char_boundary(bytes: &[u8], at: usize) -> usize {
    let at = at.min(bytes.len());
    let inside = |&&byte: &&u8| byte & 0xc0 == 0x80;
    let back = bytes
        .get(at)
        .filter(inside)
        .map_or(0, |_| bytes[..at].iter().rev().take_while(inside).count() + 1);
    if back < 4 && back < at { at - back } else { at }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit() -> UnitName {
        "web.oci".into()
    }

    #[test]
    fn lines_are_put_together_across_chunks_and_streams_stay_apart() {
        let (mut lines, mut seen) = (Lines::default(), Vec::new());
        let mut push = |stream, chunk: &[u8]| lines.push(&unit(), stream, chunk, |line| seen.push(line.to_owned()));
        push(Stream::Stdout, "one\ntw".as_bytes());
        push(Stream::Stderr, b"oops\r\n");
        push(Stream::Stdout, &"o ä".as_bytes()[..3]);
        push(Stream::Stdout, &"o ä".as_bytes()[3..]);
        push(Stream::Stdout, b"\n\nrest");
        assert_eq!(seen, ["one", "oops", "two ä", ""]);
        let mut left = Vec::new();
        lines.flush(&unit(), |stream, line| left.push((stream, line.to_owned())));
        assert_eq!(left, [(Stream::Stdout, "rest".to_owned())]);
    }

    #[test]
    fn endless_output_is_cut_between_characters() {
        let (mut lines, mut seen) = (Lines::default(), Vec::new());
        let text = "ä".repeat(LONGEST);
        lines.push(&unit(), Stream::Stdout, b"x", |_| {});
        lines.push(&unit(), Stream::Stdout, text.as_bytes(), |line| {
            seen.push(line.to_owned())
        });
        lines.flush(&unit(), |_, line| seen.push(line.to_owned()));
        assert!(
            seen.iter().all(|line| line.len() <= LONGEST),
            "{:?}",
            seen.iter().map(String::len).collect::<Vec<_>>()
        );
        assert_eq!(seen.concat(), format!("x{text}"));
    }
}
