//! A value as it was given, before it has a type: the same whether it was typed, stands in the environment or in a values file.

use serde_json::Value as Json;
use std::fmt;

/// A value without a type. Made of what was typed or of a values file; [`FromInput`](super::FromInput) reads it.
#[derive(Clone)]
pub struct Input {
    pub(crate) kind: Kind,
    pub(crate) at: Mark,
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // It may be secret.
        write!(f, "Input({})", self.words())
    }
}

/// A line and a column of a values file, from 1; zeros where there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) line: u32,
    pub(crate) column: u32,
}

#[derive(Clone)]
pub(crate) enum Kind {
    /// After `--var` or in the environment: text, number, list … is for the type to say.
    Typed(String),
    Text(String),
    /// With the digits that were written: `1.10` is not `1.1`.
    Number(String),
    Bool(bool),
    List(Vec<Input>),
    Map(Vec<Entry>),
}

/// A key of a map and its value.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) at: Mark,
    pub(crate) value: Input,
}

impl Input {
    pub(crate) fn new(kind: Kind, at: Mark) -> Self {
        Self { kind, at }
    }

    /// What was typed after `--var`, or stands in the environment.
    pub fn typed(text: impl Into<String>) -> Self {
        Self::new(Kind::Typed(text.into()), Mark::default())
    }

    /// The same without its places: those of what was typed are nobody's.
    pub(crate) fn without_places(self) -> Self {
        let kind = match self.kind {
            Kind::List(items) => Kind::List(items.into_iter().map(Self::without_places).collect()),
            Kind::Map(entries) => Kind::Map(
                entries
                    .into_iter()
                    .map(|entry| Entry {
                        key: entry.key,
                        at: Mark::default(),
                        value: entry.value.without_places(),
                    })
                    .collect(),
            ),
            single => single,
        };
        Self::new(kind, Mark::default())
    }

    /// One value as text; `None` for a list or a map.
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Typed(text) | Kind::Text(text) | Kind::Number(text) => Some(text),
            Kind::Bool(true) => Some("true"),
            Kind::Bool(false) => Some("false"),
            Kind::List(_) | Kind::Map(_) => None,
        }
    }

    /// As JSON; what was typed is text.
    pub(crate) fn to_json(&self) -> Json {
        match &self.kind {
            Kind::Typed(text) | Kind::Text(text) => text.as_str().into(),
            Kind::Number(digits) => number(digits),
            Kind::Bool(flag) => (*flag).into(),
            Kind::List(items) => items.iter().map(Self::to_json).collect(),
            Kind::Map(entries) => entries
                .iter()
                .map(|entry| (entry.key.clone(), entry.value.to_json()))
                .collect(),
        }
    }

    /// Every text and number in it.
    pub(crate) fn scalars<'a>(&'a self, found: &mut Vec<&'a str>) {
        match &self.kind {
            Kind::Typed(text) | Kind::Text(text) | Kind::Number(text) => found.push(text),
            Kind::Bool(_) => {}
            Kind::List(items) => items.iter().for_each(|item| item.scalars(found)),
            Kind::Map(entries) => entries.iter().for_each(|entry| entry.value.scalars(found)),
        }
    }

    /// `a list`, `a table`, or what kind of single value it is.
    pub(crate) fn words(&self) -> &'static str {
        match &self.kind {
            Kind::List(_) => "a list",
            Kind::Map(_) => "a table",
            Kind::Typed(_) | Kind::Text(_) | Kind::Number(_) | Kind::Bool(_) => "one value",
        }
    }
}

/// A number as JSON; text where JSON has no such number.
fn number(digits: &str) -> Json {
    let whole = digits.parse::<i64>().map(Json::from);
    let whole = whole.or_else(|_| digits.parse::<u64>().map(Json::from));
    whole.unwrap_or_else(|_| match digits.parse::<f64>() {
        Ok(number) if number.is_finite() => number.into(),
        _ => digits.into(),
    })
}
