//! Values of the templates' language and their types.
//!
//! The types are those of the peer's value library: two sequences of elements of one type (list, set) and one of elements of any
//! (tuple), the same for maps and objects, and values that are typed but unknown or null. Numbers are exact decimals.

mod convert;
mod number;
mod types;
mod unify;

pub use convert::{convert, mismatch};
pub use number::Number;
pub use types::{Attribute, Type};
pub use unify::unify;

use std::{cmp::Ordering, collections::BTreeMap};
use unicode_normalization::{UnicodeNormalization, is_nfc};

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Known only to a running build, or looked up outside.
    Unknown(Type),
    /// Nothing, of a type.
    Null(Type),
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// Text.
    String(String),
    /// Elements of one type, in order.
    List(Type, Vec<Value>),
    /// Different elements of one type, in the order of their values.
    Set(Type, Vec<Value>),
    /// Elements of one type by name.
    Map(Type, BTreeMap<String, Value>),
    /// Elements of any types, in order.
    Tuple(Vec<Value>),
    /// Elements of any types by name.
    Object(BTreeMap<String, Value>),
}

/// Text in the normal form that all text has once it is evaluated: letters and their accents are one character.
pub(crate) fn normal(text: String) -> String {
    match text.is_ascii() || is_nfc(&text) {
        true => text,
        false => text.nfc().collect(),
    }
}

impl Value {
    /// Nothing is known, not even the type.
    pub const DYNAMIC: Value = Value::Unknown(Type::Dynamic);

    /// Text in the normal form in which all text is compared.
    pub fn string(text: impl Into<String>) -> Self {
        Self::String(normal(text.into()))
    }

    /// A whole number.
    pub fn integer(number: impl Into<i64>) -> Self {
        Self::Number(Number::from(number.into()))
    }

    /// A set without its doublets.
    pub fn set(element: Type, mut items: Vec<Value>) -> Self {
        items.sort_by(Value::order);
        items.dedup();
        Self::Set(element, items)
    }

    /// What type it has.
    pub fn ty(&self) -> Type {
        match self {
            Self::Unknown(ty) | Self::Null(ty) => ty.clone(),
            Self::Bool(_) => Type::Bool,
            Self::Number(_) => Type::Number,
            Self::String(_) => Type::String,
            Self::List(ty, _) => Type::List(Box::new(ty.clone())),
            Self::Set(ty, _) => Type::Set(Box::new(ty.clone())),
            Self::Map(ty, _) => Type::Map(Box::new(ty.clone())),
            Self::Tuple(items) => Type::Tuple(items.iter().map(Value::ty).collect()),
            Self::Object(items) => Type::Object(
                items
                    .iter()
                    .map(|(name, value)| (name.clone(), Attribute::required(value.ty())))
                    .collect(),
            ),
        }
    }

    /// Whether it is known itself; its elements may not be.
    pub fn is_known(&self) -> bool {
        !matches!(self, Self::Unknown(_))
    }

    /// Whether it and all its elements are known.
    pub fn is_wholly_known(&self) -> bool {
        match self {
            Self::Unknown(_) => false,
            Self::List(_, items) | Self::Set(_, items) | Self::Tuple(items) => items.iter().all(Value::is_wholly_known),
            Self::Map(_, items) | Self::Object(items) => items.values().all(Value::is_wholly_known),
            _ => true,
        }
    }

    /// Whether it is nothing.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null(_))
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The elements of a list, set or tuple.
    pub fn items(&self) -> Option<&[Value]> {
        match self {
            Self::List(_, items) | Self::Set(_, items) | Self::Tuple(items) => Some(items),
            _ => None,
        }
    }

    /// The elements of a map or object.
    pub fn entries(&self) -> Option<&BTreeMap<String, Value>> {
        match self {
            Self::Map(_, items) | Self::Object(items) => Some(items),
            _ => None,
        }
    }

    /// What `for`, splats and `for_each` walk over: key and value of each element.
    pub fn elements(&self) -> Option<Vec<(Value, Value)>> {
        Some(match self {
            Self::List(_, items) | Self::Tuple(items) => items
                .iter()
                .enumerate()
                .map(|(i, item)| (Value::Number(Number::from(i)), item.clone()))
                .collect(),
            Self::Set(_, items) => items.iter().map(|item| (item.clone(), item.clone())).collect(),
            Self::Map(_, items) | Self::Object(items) => items
                .iter()
                .map(|(name, item)| (Value::String(name.clone()), item.clone()))
                .collect(),
            _ => return None,
        })
    }

    /// Whether two values are the same: of one type, and equal.
    pub fn same(&self, other: &Value) -> bool {
        match (self, other) {
            (Self::Null(_), Self::Null(_)) => true,
            (a, b) => a.ty().alike(&b.ty()) && a == b,
        }
    }

    /// All texts and numbers in it, as they are spelt.
    pub fn texts(&self, out: &mut Vec<String>) {
        match self {
            Self::String(text) => out.push(text.clone()),
            Self::Number(number) => out.push(number.to_string()),
            other => {
                let items = other.items().into_iter().flatten();
                items
                    .chain(other.entries().into_iter().flat_map(BTreeMap::values))
                    .for_each(|item| item.texts(out));
            }
        }
    }

    /// The order of a set's elements.
    fn order(&self, other: &Value) -> Ordering {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => a.cmp(b),
            (Self::Number(a), Self::Number(b)) => a.cmp(b),
            (Self::String(a), Self::String(b)) => a.cmp(b),
            (a, b) => format!("{a:?}").cmp(&format!("{b:?}")),
        }
    }

    /// As JSON; what is not known is `<unknown>`, and nulls are left out of maps.
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match self {
            Self::Unknown(_) => Json::from("<unknown>"),
            Self::Null(_) => Json::Null,
            Self::Bool(value) => Json::from(*value),
            Self::Number(value) => value.to_json(),
            Self::String(value) => Json::from(value.clone()),
            Self::List(_, items) | Self::Set(_, items) | Self::Tuple(items) => {
                items.iter().map(Value::to_json).collect()
            }
            Self::Map(_, items) | Self::Object(items) => items
                .iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(name, value)| (name.clone(), value.to_json()))
                .collect(),
        }
    }

    /// A value of JSON, with the types that it implies.
    pub fn from_json(json: &serde_json::Value) -> Self {
        use serde_json::Value as Json;
        match json {
            Json::Null => Self::Null(Type::Dynamic),
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(value) => Number::parse(&value.to_string()).map_or(Self::DYNAMIC, Self::Number),
            Json::String(value) => Self::string(value.clone()),
            Json::Array(items) => Self::Tuple(items.iter().map(Self::from_json).collect()),
            Json::Object(items) => Self::Object(
                items
                    .iter()
                    .map(|(name, value)| (name.clone(), Self::from_json(value)))
                    .collect(),
            ),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::string(text)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::string(text)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<Number> for Value {
    fn from(value: Number) -> Self {
        Self::Number(value)
    }
}

#[cfg(test)]
mod tests;
