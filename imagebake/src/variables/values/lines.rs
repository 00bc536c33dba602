//! A values file's text, and what is wrong at a place of it.

use super::{Mark, one};
use crate::{
    field::Place,
    plan::{Diagnostic, Diagnostics},
    text_lines::TextLines,
    variables::input::{Entry, Input},
};
use std::collections::HashSet;

/// A values file, for places in it.
pub(super) struct Lines<'a> {
    /// What messages call the file.
    pub(super) name: &'a str,
    pub(super) text: &'a str,
    lines: TextLines<'a>,
}

impl<'a> Lines<'a> {
    pub(super) fn new(name: &'a str, text: &'a str) -> Self {
        Self {
            name,
            text,
            lines: TextLines::new(text),
        }
    }

    /// The line and column of the byte at `offset`.
    pub(super) fn mark(&self, offset: usize) -> Mark {
        let (line, column) = self.lines.place(offset);
        Mark { line, column }
    }

    /// The byte at a line and a column of bytes, both from 1.
    pub(super) fn offset(&self, line: usize, column: usize) -> usize {
        self.lines.offset(line, column)
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
