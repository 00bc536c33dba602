//! Values files in YAML 1.2: one document, a mapping of names to values.

use super::{
    DEEPEST,
    lines::{Entries, Lines, mark},
};
use crate::{
    plan::Diagnostics,
    variables::input::{Entry, Input, Kind, Mark},
};
use saphyr_parser::{Event, Parser, ScalarStyle, Span, StrInput, Tag};
use std::{borrow::Cow, collections::HashMap};

const HELP: &str =
    "values are written `name: text`, `name: 3`, `name: [a, b]`; a mapping below `web:` is for the image `web`";
/// What aliases may make of a file; a few lines can stand for billions of values.
const MOST: usize = 1_000_000;

/// What the file gives, or where it is not YAML as values files have it.
pub(super) fn entries(lines: &Lines<'_>) -> Result<Vec<Entry>, Diagnostics> {
    let mut reader = Reader {
        lines,
        parser: Parser::new_from_str(lines.text),
        anchors: HashMap::new(),
        made: 0,
    };
    loop {
        match reader.next()? {
            (Event::StreamEnd, _) => return Ok(Vec::new()),
            (Event::StreamStart | Event::DocumentStart(_) | Event::Nothing, _) => {}
            // A file of comments alone.
            (Event::Scalar(text, ScalarStyle::Plain, 0, None), _) if text.is_empty() => {}
            (Event::DocumentEnd, _) => {}
            (Event::MappingStart(..), _) => {
                let entries = reader.mapping(1)?;
                reader.end()?;
                return Ok(entries);
            }
            (_, at) => {
                let message = format!("{} is not a mapping of names to values", lines.name);
                return Err(lines.refused(message, HELP, at));
            }
        }
    }
}

struct Reader<'a> {
    lines: &'a Lines<'a>,
    parser: Parser<'a, StrInput<'a>>,
    /// What anchors name, and how many values it is.
    anchors: HashMap<usize, (Option<Input>, usize)>,
    made: usize,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Mark), Diagnostics> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => Ok((event, start(&span))),
            Some(Err(error)) => {
                let at = mark(error.marker().line(), error.marker().col() + 1);
                let message = format!("{} is not YAML: {}", self.lines.name, error.info());
                Err(self.lines.refused(message, HELP, at))
            }
            None => Ok((Event::StreamEnd, Mark::default())),
        }
    }

    /// Nothing may follow the mapping.
    fn end(&mut self) -> Result<(), Diagnostics> {
        loop {
            match self.next()? {
                (Event::StreamEnd, _) => return Ok(()),
                (Event::DocumentStart(_), at) => {
                    let message = format!("{} has several documents", self.lines.name);
                    return Err(self
                        .lines
                        .refused(message, "keep one: what stands above the second `---`", at));
                }
                _ => {}
            }
        }
    }

    /// The entries up to the end of a mapping that has begun.
    fn mapping(&mut self, depth: usize) -> Result<Vec<Entry>, Diagnostics> {
        let mut entries = Entries::default();
        loop {
            let (key, at) = match self.next()? {
                (Event::MappingEnd, _) => return Ok(entries.done()),
                (Event::Scalar(key, ..), at) => (key.into_owned(), at),
                (_, at) => {
                    return Err(self
                        .lines
                        .refused("a key is a name, not a list, a mapping or an alias", HELP, at));
                }
            };
            let next = self.next()?;
            let value = self.value(next, depth)?.ok_or_else(|| self.lines.null(&key, at))?;
            entries.add(self.lines, key, at, value)?;
        }
    }

    /// The value that begins with `event`; `None` for null.
    fn value(&mut self, (event, at): (Event<'a>, Mark), depth: usize) -> Result<Option<Input>, Diagnostics> {
        if depth > DEEPEST {
            let message = format!("values are nested more than {DEEPEST} levels deep");
            return Err(self.lines.refused(message, HELP, at));
        }
        let before = self.made;
        self.made += 1;
        let (anchor, value) = match event {
            Event::Alias(name) => {
                let (value, size) = self.anchors.get(&name).cloned().ok_or_else(|| {
                    let message = "an alias stands within the value that it names";
                    self.lines.refused(message, "write the value out", at)
                })?;
                self.made += size;
                (0, value)
            }
            Event::Scalar(text, style, anchor, tag) => {
                let kind = scalar(text, style, tag.as_deref());
                (anchor, kind.map(|kind| Input::new(kind, at)))
            }
            Event::SequenceStart(anchor, _) => {
                let mut items = Vec::new();
                loop {
                    let next = self.next()?;
                    if next.0 == Event::SequenceEnd {
                        break;
                    }
                    let (place, item) = (next.1, self.value(next, depth + 1)?);
                    items.push(item.ok_or_else(|| self.lines.null("an item of a list", place))?);
                }
                (anchor, Some(Input::new(Kind::List(items), at)))
            }
            Event::MappingStart(anchor, _) => {
                let entries = self.mapping(depth + 1)?;
                (anchor, Some(Input::new(Kind::Map(entries), at)))
            }
            _ => return Err(self.lines.refused("a value is missing", HELP, at)),
        };
        if self.made > MOST {
            let message = format!("with its aliases, {} is more than a million values", self.lines.name);
            return Err(self.lines.refused(message, "write the values out", at));
        }
        if anchor > 0 {
            self.anchors.insert(anchor, (value.clone(), self.made - before));
        }
        Ok(value)
    }
}

fn start(span: &Span) -> Mark {
    mark(span.start.line(), span.start.col() + 1)
}

/// By the core schema; `None` for null.
fn scalar(text: Cow<'_, str>, style: ScalarStyle, tag: Option<&Tag>) -> Option<Kind> {
    let is_text = tag.is_some_and(|tag| !tag.is_yaml_core_schema() || tag.suffix == "str");
    if style != ScalarStyle::Plain || is_text {
        return Some(Kind::Text(text.into_owned()));
    }
    match &*text {
        "" | "~" | "null" | "Null" | "NULL" => None,
        "true" | "True" | "TRUE" => Some(Kind::Bool(true)),
        "false" | "False" | "FALSE" => Some(Kind::Bool(false)),
        plain => Some(number(plain).map_or_else(|| Kind::Text(plain.to_owned()), Kind::Number)),
    }
}

/// Whole numbers in decimal digits, others as written; `None` for what is no number.
fn number(text: &str) -> Option<String> {
    for (prefix, radix) in [("0x", 16), ("0o", 8)] {
        if let Some(digits) = text.strip_prefix(prefix) {
            return i128::from_str_radix(digits, radix)
                .ok()
                .map(|number| number.to_string());
        }
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let is_number = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && digits.chars().all(|c| c.is_ascii_digit() || ".eE+-".contains(c))
        && digits.parse::<f64>().is_ok();
    is_number.then(|| text.to_owned())
}
