//! Values files in JSON.
//!
//! serde_json says whether the text is JSON, and where not. It keeps neither the places of values nor a key given twice, so the valid
//! text is then walked for both.

use super::{
    DEEPEST,
    lines::{Entries, Lines},
};
use crate::{
    plan::Diagnostics,
    variables::input::{Entry, Input, Kind, Mark},
};

const HELP: &str = "values are written {\"name\": \"text\", \"number\": 3, \"list\": [\"a\", \"b\"], \"web\": {…}}; the object `web` is for the image `web`";

/// What the file gives, or where it is not JSON as values files have it.
pub(super) fn entries(lines: &Lines<'_>) -> Result<Vec<Entry>, Diagnostics> {
    serde_json::from_str::<serde::de::IgnoredAny>(lines.text).map_err(|error| {
        let text = error.to_string();
        // Line and column are the place of the problem already.
        let what = text.rsplit_once(" at line ").map_or(text.as_str(), |(what, _)| what);
        lines.refused(
            format!("{} is not JSON: {what}", lines.name),
            HELP,
            lines.mark(lines.offset(error.line(), error.column())),
        )
    })?;
    let mut walk = Walk { lines, at: 0, depth: 0 };
    match walk.next() {
        b'{' => walk.object(),
        _ => Err(lines.refused(
            format!("{} is not an object of values", lines.name),
            HELP,
            lines.mark(walk.at),
        )),
    }
}

/// A list or a map that was typed.
///
/// # Errors
/// When it is not JSON.
pub(super) fn typed(text: &str) -> Result<Input, String> {
    serde_json::from_str::<serde::de::IgnoredAny>(text).map_err(|error| error.to_string())?;
    let lines = Lines::new("", text);
    let mut walk = Walk {
        lines: &lines,
        at: 0,
        depth: 0,
    };
    let value = walk.value();
    let value = value.map_err(|problems| {
        problems
            .iter()
            .map(|problem| problem.message.clone())
            .collect::<String>()
    })?;
    value
        .map(Input::without_places)
        .ok_or_else(|| "null is no value".to_owned())
}

/// A way through text that is known to be JSON.
struct Walk<'a> {
    lines: &'a Lines<'a>,
    at: usize,
    depth: usize,
}

impl<'a> Walk<'a> {
    /// The next byte that is no space; 0 at the end.
    fn next(&mut self) -> u8 {
        let rest = &self.lines.text.as_bytes()[self.at..];
        let spaces = rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        self.at += spaces;
        rest.get(spaces).copied().unwrap_or_default()
    }

    /// Past an opening bracket or a comma; whether another item follows before `end`, which is passed too.
    fn another(&mut self, end: u8) -> bool {
        if self.next() != end {
            self.at += 1;
        }
        let more = self.next() != end;
        if !more {
            self.at += 1;
        }
        more
    }

    fn object(&mut self) -> Result<Vec<Entry>, Diagnostics> {
        let mut entries = Entries::default();
        while self.another(b'}') {
            let key_at = self.lines.mark(self.at);
            let key = text(self.string());
            self.next();
            self.at += 1;
            let value = self.value()?.ok_or_else(|| self.lines.null(&key, key_at))?;
            entries.add(self.lines, key, key_at, value)?;
        }
        Ok(entries.done())
    }

    /// One value; `None` for null.
    fn value(&mut self) -> Result<Option<Input>, Diagnostics> {
        let first = self.next();
        let at = self.lines.mark(self.at);
        if self.depth == DEEPEST {
            let message = format!("values are nested more than {DEEPEST} levels deep");
            return Err(self.lines.refused(message, HELP, at));
        }
        self.depth += 1;
        let value = self.value_at(first, at);
        self.depth -= 1;
        value
    }

    fn value_at(&mut self, first: u8, at: Mark) -> Result<Option<Input>, Diagnostics> {
        let kind = match first {
            b'{' => Kind::Map(self.object()?),
            b'[' => {
                let mut items = Vec::new();
                while self.another(b']') {
                    let item = self.value()?;
                    items.push(item.ok_or_else(|| self.lines.null("an item of a list", at))?);
                }
                Kind::List(items)
            }
            b'"' => Kind::Text(text(self.string())),
            _ => match self.word() {
                "null" => return Ok(None),
                "true" => Kind::Bool(true),
                "false" => Kind::Bool(false),
                digits => Kind::Number(digits.to_owned()),
            },
        };
        Ok(Some(Input::new(kind, at)))
    }

    /// Past a number or a word.
    fn word(&mut self) -> &'a str {
        let start = self.at;
        let rest = &self.lines.text.as_bytes()[start..];
        let end = |byte: &u8| byte.is_ascii_whitespace() || b",]}".contains(byte);
        self.at += rest.iter().position(end).unwrap_or(rest.len());
        &self.lines.text[start..self.at]
    }

    /// Past a string, which is returned with its quotes.
    fn string(&mut self) -> &'a str {
        let (start, bytes) = (self.at, self.lines.text.as_bytes());
        self.at += 1;
        while let Some(byte) = bytes.get(self.at).filter(|byte| **byte != b'"') {
            self.at += if *byte == b'\\' { 2 } else { 1 };
        }
        self.at += 1;
        &self.lines.text[start..self.at]
    }
}

/// The text of a string in quotes.
fn text(quoted: &str) -> String {
    serde_json::from_str(quoted).unwrap_or_else(|_| quoted.to_owned())
}
