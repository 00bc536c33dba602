//! The text of every file that was read, and places in it.

use super::fault::Fault;
use crate::{field::Place, plan::Diagnostic, text_lines::TextLines};
use std::{cell::RefCell, rc::Rc};

/// A range of bytes of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// Which of the [`Sources`].
    pub file: u32,
    /// The first byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// A range of `file`.
    pub fn new(file: u32, range: std::ops::Range<usize>) -> Self {
        let small = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Self {
            file,
            start: small(range.start),
            end: small(range.end),
        }
    }

    /// From the start of this to the end of `other`.
    pub fn to(self, other: Span) -> Self {
        Self {
            end: other.end.max(self.end),
            ..self
        }
    }
}

/// One file.
#[derive(Debug)]
pub struct SourceFile {
    /// As problems name it.
    pub name: String,
    /// What stands in it.
    pub text: String,
}

/// All files of one template. Clones are the same list: value files and rendered templates are added while others are evaluated.
#[derive(Clone, Debug, Default)]
pub struct Sources(Rc<RefCell<Vec<Rc<SourceFile>>>>);

impl Sources {
    /// Adds a file and gives its number.
    pub fn add(&self, name: impl Into<String>, text: impl Into<String>) -> u32 {
        let mut files = self.0.borrow_mut();
        files.push(Rc::new(SourceFile {
            name: name.into(),
            text: text.into(),
        }));
        u32::try_from(files.len() - 1).expect("a template has few files")
    }

    /// The file of that number.
    pub fn file(&self, number: u32) -> Rc<SourceFile> {
        self.0.borrow()[number as usize].clone()
    }

    /// The text of a range.
    pub fn text(&self, span: Span) -> String {
        let file = self.file(span.file);
        file.text
            .get(span.start as usize..span.end as usize)
            .unwrap_or_default()
            .to_owned()
    }

    /// Line and column, both from 1; columns count characters.
    pub fn place(&self, span: Span) -> Place {
        let file = self.file(span.file);
        let (line, column) = TextLines::new(&file.text).place(span.start as usize);
        Place::in_file(file.name.clone(), line, column)
    }

    /// A problem as the command line renders it.
    pub fn diagnostic(&self, fault: &Fault) -> Diagnostic {
        let mut diagnostic = if fault.warning {
            Diagnostic::warning(fault.code, fault.message.clone())
        } else {
            Diagnostic::error(fault.code, fault.message.clone())
        };
        if let Some(help) = &fault.help {
            diagnostic = diagnostic.help(help.clone());
        }
        for span in fault.span.iter().chain(&fault.also) {
            diagnostic = diagnostic.at(self.place(*span));
        }
        diagnostic
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_characters() {
        let sources = Sources::default();
        let file = sources.add("a.pkr.hcl", "a = 1\n/* ü */ b = 2\n");
        let at = sources.file(file).text.find('b').expect("it is there");
        let place = sources.place(Span::new(file, at..at + 1));
        assert_eq!((place.line, place.column), (2, 9));
    }
}
