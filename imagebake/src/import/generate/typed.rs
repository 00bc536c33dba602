//! An expression of Rust with its type, before it is known what takes it.

use super::types::{Keys, Ty};
use crate::import::value::Value;

/// An expression with its type.
#[derive(Clone, Debug)]
pub(super) struct Typed {
    /// Empty where `form` says what it is.
    pub(super) text: String,
    pub(super) ty: Ty,
    pub(super) form: Form,
    pub(super) level: Level,
    /// `var.NAME`, `local.NAME`: what is learned of its use is learned of that.
    pub(super) key: Option<String>,
}

/// How an expression can be used.
#[derive(Clone, Debug)]
pub(super) enum Form {
    /// A value as written.
    Literal(Value),
    /// Text with other values in it.
    Pieces(Vec<Piece>),
    /// A list as written.
    Items(Vec<Typed>),
    /// A map or object as written.
    Entries(Vec<(Typed, Typed)>),
    /// A place that others need too: it is borrowed or cloned.
    Place,
    /// A local that nothing else needs: it is moved.
    Once,
    /// A reference.
    Ref,
    /// A new value.
    Owned,
}

/// A piece of text.
#[derive(Clone, Debug)]
pub(super) enum Piece {
    /// As the template writes it.
    Text(String),
    /// A value put in.
    Value(Typed),
    /// A constant of the prelude, where text is rendered.
    Constant(&'static str),
}

/// How tightly it binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Block,
    Or,
    And,
    Compare,
    Sum,
    Product,
    Unary,
    Atom,
}

impl Typed {
    pub(super) fn new(text: impl Into<String>, ty: Ty, form: Form) -> Self {
        Self {
            text: text.into(),
            ty,
            form,
            level: Level::Atom,
            key: None,
        }
    }

    pub(super) fn owned(text: impl Into<String>, ty: Ty) -> Self {
        Self::new(text, ty, Form::Owned)
    }

    pub(super) fn literal(value: Value) -> Self {
        let ty = match &value {
            Value::Bool(_) => Ty::Bool,
            Value::Number(number) => match number.to_i64() {
                Some(0..=2_147_483_647) => Ty::Int("u32"),
                Some(_) => Ty::Int("i64"),
                None => Ty::Float,
            },
            Value::String(_) => Ty::Static,
            _ => Ty::Null,
        };
        Self::new("", ty, Form::Literal(value))
    }

    pub(super) fn level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }

    /// With parentheses where `level` needs them.
    pub(super) fn at(&self, level: Level) -> String {
        match self.level < level {
            true => format!("({})", self.text),
            false => self.text.clone(),
        }
    }

    /// The key of a part of an input: `.NAME` of a field, `[]` of the elements.
    pub(super) fn part(&self, part: &str) -> Option<String> {
        let key = self.key.as_ref().filter(|key| key.starts_with("var."))?;
        Some(format!("{key}{part}"))
    }

    pub(super) fn value(&self) -> Option<&Value> {
        match &self.form {
            Form::Literal(value) => Some(value),
            _ => None,
        }
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(self.ty, Ty::Null)
    }
}

/// How something is walked over.
pub(super) struct Walk {
    pub(super) text: String,
    pub(super) key: Ty,
    pub(super) item: Ty,
    /// What is learned of the use of an element is learned of that.
    pub(super) items: Option<String>,
    pub(super) is_map: bool,
}

impl Walk {
    /// An element, by its name in a loop.
    pub(super) fn element(&self, name: &str) -> Typed {
        Typed {
            key: self.items.clone(),
            ..Typed::new(name, self.item.clone(), Form::Ref)
        }
    }

    pub(super) fn key_form(&self) -> Form {
        match self.is_map {
            true => Form::Ref,
            false => Form::Place,
        }
    }

    /// The pattern of a `for`, and what it walks over; what is not used has no name.
    pub(super) fn pattern(&self, key: &str, value: &str, used: (bool, bool)) -> (String, String) {
        let text = &self.text;
        let name = |name: &str, used| if used { name.to_owned() } else { "_".to_owned() };
        match (self.is_map, used) {
            (true, (true, false)) => (key.to_owned(), format!("{text}.keys()")),
            (true, (false, _)) => (name(value, used.1), format!("{text}.values()")),
            (true, _) => (format!("({key}, {value})"), format!("&{text}")),
            (false, (true, _)) => (
                format!("({key}, {})", name(value, used.1)),
                format!("{text}.iter().enumerate()"),
            ),
            (false, _) => (name(value, used.1), format!("&{text}")),
        }
    }
}

impl Ty {
    /// The type of the keys of a map as they are walked over.
    pub(super) fn of_keys(keys: Keys) -> Ty {
        match keys {
            Keys::Static => Ty::Static,
            Keys::Owned => Ty::Str,
        }
    }
}
