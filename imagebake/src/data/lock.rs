//! `imagebake.lock`: what look-ups answered, so that everybody builds from the same until somebody updates it.
//!
//! ```toml
//! version = 1
//!
//! [pin."registry debian:12"]
//! digest = "sha256:…"
//! ```
//!
//! One table per question, sorted, so that two people's changes merge and a review shows what moved. What cannot be understood is refused:
//! a newer version, an unknown key, a pin that is no table.

use crate::{
    error::Error,
    field::Place,
    plan::{Diagnostic, Diagnostics},
    text_lines::TextLines,
};
use serde_json::{Map, Value as Json};
use std::{collections::BTreeMap, path::Path};
use toml::de::{DeTable, DeValue};

/// The version of the format, which this program reads and writes.
const VERSION: i64 = 1;

const HEAD: &str = "\
# What look-ups have answered, so that every build uses the same. Commit this file.
# `lock` adds what is missing, `lock --update` asks anew.
";

/// What a lock file holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LockFile {
    pins: BTreeMap<String, Pin>,
}

/// One pinned answer, and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Pin {
    pub(super) answer: Map<String, Json>,
    pub(super) place: Place,
}

impl PartialEq for Pin {
    fn eq(&self, other: &Self) -> bool {
        self.answer == other.answer
    }
}

impl LockFile {
    /// Its name, in the project's folder.
    pub const NAME: &'static str = "imagebake.lock";

    /// Reads the file at `path`; one that does not exist holds nothing.
    ///
    /// # Errors
    /// When it cannot be read or understood.
    pub fn read(path: &Path) -> Result<Self, Diagnostics> {
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(Self::NAME, &text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => {
                let error = Error::io("read the lock file", path, error);
                let help = "check what stands there; without the file, `lock` writes it anew";
                Err(one(Diagnostic::error("lock-file", error.full())
                    .help(help)
                    .at(Place::in_file(Self::NAME, 1, 1))))
            }
        }
    }

    /// Reads `text`; messages call the file `name`.
    ///
    /// # Errors
    /// When it is not a lock file that this program understands.
    pub fn parse(name: &str, text: &str) -> Result<Self, Diagnostics> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let lines = TextLines::new(text);
        let at = |offset: usize| {
            let (line, column) = lines.place(offset);
            Place::in_file(name, line, column)
        };
        if let Some(offset) = conflict(text) {
            return Err(one(Diagnostic::error(
                "lock-file",
                format!("{name} has the marks of a merge that was not resolved"),
            )
            .help("keep one side or both of each conflict, or take either file whole and run `lock`")
            .at(at(offset))));
        }
        let not_toml = |error: toml::de::Error| {
            let offset = error.span().map_or(0, |span| span.start);
            one(damaged(format!("{name} is not TOML: {}", error.message())).at(at(offset)))
        };
        let places = DeTable::parse(text).map_err(not_toml)?;
        let mut values: Map<String, Json> = toml::from_str(text).map_err(not_toml)?;
        let wrong = |message: String, offset: usize| one(damaged(message).at(at(offset)));
        match values.get("version").and_then(Json::as_i64) {
            Some(VERSION) => {}
            Some(newer) if newer > VERSION => {
                let message =
                    format!("{name} is in version {newer} of the format, and this program reads version {VERSION}");
                let help = "update `imagebake` in Cargo.toml to what wrote the file, or remove it and run `lock` to look everything up anew";
                return Err(one(Diagnostic::error("lock-file", message).help(help).at(at(0))));
            }
            _ => return Err(wrong(format!("{name} does not say `version = {VERSION}`"), 0)),
        }
        let mut pins = BTreeMap::new();
        for (key, value) in places.get_ref() {
            let (key, offset) = (key.get_ref(), key.span().start);
            match (key.as_ref(), value.get_ref()) {
                ("version", _) => {}
                ("pin", DeValue::Table(table)) => {
                    for (question, _) in table {
                        let (question, offset) = (question.get_ref(), question.span().start);
                        let Some(Json::Object(answer)) = values["pin"].get_mut(question.as_ref()).map(Json::take)
                        else {
                            return Err(wrong(format!("the pin `{question}` is not a table"), offset));
                        };
                        let place = at(offset);
                        pins.insert(question.to_string(), Pin { answer, place });
                    }
                }
                _ => return Err(wrong(format!("{name} has `{key}`, which is not known here"), offset)),
            }
        }
        Ok(Self { pins })
    }

    /// The file's text.
    pub fn to_text(&self) -> String {
        let mut out = format!("{HEAD}version = {VERSION}\n");
        for (question, pin) in &self.pins {
            let mut answer = toml::Table::new();
            sorted(&pin.answer)
                .into_iter()
                .filter_map(|(name, value)| Some((name, toml::Value::try_from(value).ok()?)))
                .for_each(|(name, value)| drop(answer.insert(name, value)));
            let pins = toml::Table::from_iter([(question.clone(), toml::Value::Table(answer))]);
            let file = toml::Table::from_iter([("pin".to_owned(), toml::Value::Table(pins))]);
            out.push('\n');
            out.push_str(&toml::to_string(&file).expect("tables of plain values are TOML"));
        }
        out
    }

    /// The answer to a question.
    pub(super) fn get(&self, question: &str) -> Option<&Pin> {
        self.pins.get(question)
    }

    /// The questions, sorted.
    pub fn questions(&self) -> impl Iterator<Item = &str> {
        self.pins.keys().map(String::as_str)
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.pins.is_empty()
    }

    pub(super) fn insert(&mut self, question: String, answer: Map<String, Json>) {
        let place = Place::in_file(Self::NAME, 1, 1);
        self.pins.insert(question, Pin { answer, place });
    }

    pub(super) fn remove(&mut self, question: &str) {
        self.pins.remove(question);
    }
}

/// In the same order whatever the order in which an answer's fields are declared.
fn sorted(answer: &Map<String, Json>) -> BTreeMap<String, Json> {
    answer
        .iter()
        .map(|(name, value)| match value {
            Json::Object(inner) => (name.clone(), Json::Object(sorted(inner).into_iter().collect())),
            other => (name.clone(), other.clone()),
        })
        .collect()
}

/// Where the first mark of a merge stands.
fn conflict(text: &str) -> Option<usize> {
    match text.starts_with("<<<<<<< ") {
        true => Some(0),
        false => text.find("\n<<<<<<< ").map(|at| at + 1),
    }
}

fn damaged(message: String) -> Diagnostic {
    Diagnostic::error("lock-file", message)
        .help("take the file as it was committed, or remove it and run `lock` to look everything up anew")
}

fn one(problem: Diagnostic) -> Diagnostics {
    let mut problems = Diagnostics::new();
    problems.push(problem);
    problems
}
