//! Where in a file a byte stands: the text of a values file with the beginnings of its lines.

use super::{Mark, one};
use crate::{
    field::Place,
    plan::{Diagnostic, Diagnostics},
    variables::input::{Entry, Input},
};
use std::collections::HashSet;

/// A text, for places in it.
pub(super) struct Lines<'a> {
    /// What messages call the file.
    pub(super) name: &'a str,
    pub(super) text: &'a str,
    starts: Vec<usize>,
    /// Columns need no counting then; a generated file may be one line of megabytes.
    ascii: bool,
}

impl<'a> Lines<'a> {
    pub(super) fn new(name: &'a str, text: &'a str) -> Self {
        Self {
            name,
            text,
            starts: std::iter::once(0)
                .chain(memchr::memchr_iter(b'\n', text.as_bytes()).map(|end| end + 1))
                .collect(),
            ascii: text.is_ascii(),
        }
    }

    /// The line and column of the byte at `offset`.
    pub(super) fn mark(&self, offset: usize) -> Mark {
        let line = self.starts.partition_point(|start| *start <= offset).max(1);
        let start = self.starts[line - 1];
        let column = match self.ascii {
            true => offset - start,
            false => self.text.get(start..offset).map_or(0, |before| before.chars().count()),
        };
        mark(line, column + 1)
    }

    /// The byte at a line and a column of bytes, both from 1.
    pub(super) fn offset(&self, line: usize, column: usize) -> usize {
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or_default();
        self.text.floor_char_boundary(start + column.saturating_sub(1))
    }

    /// A problem at `at`. Its line is not shown: nobody knows what of it is secret.
    pub(super) fn refused(&self, message: impl Into<String>, help: &str, at: Mark) -> Diagnostics {
        one(Diagnostic::error("values-file", message)
            .help(help)
            .at(Place::in_file(self.name, at.line, at.column))
            .without_line())
    }

    /// A key without a value.
    pub(super) fn null(&self, key: &str, at: Mark) -> Diagnostics {
        self.refused(
            format!("`{key}` is null, which is no value"),
            "leave the key out: the default then counts",
            at,
        )
    }
}

pub(super) fn mark(line: usize, column: usize) -> Mark {
    let number = |count| u32::try_from(count).unwrap_or(u32::MAX);
    Mark {
        line: number(line),
        column: number(column),
    }
}

/// The entries of a map, each key once.
#[derive(Default)]
pub(super) struct Entries {
    entries: Vec<Entry>,
    seen: HashSet<String>,
}

impl Entries {
    /// # Errors
    /// When the key is given already.
    pub(super) fn add(&mut self, lines: &Lines<'_>, key: String, at: Mark, value: Input) -> Result<(), Diagnostics> {
        if !self.seen.insert(key.clone()) {
            return Err(lines.refused(format!("`{key}` is given twice"), "keep one of them", at));
        }
        self.entries.push(Entry { key, at, value });
        Ok(())
    }

    pub(super) fn done(self) -> Vec<Entry> {
        self.entries
    }
}
