//! Types, as `type =` of a variable names them and as problems speak of them.

use super::Value;
use std::collections::BTreeMap;

/// The type of a value, or what a value must be convertible to.
#[derive(Clone, Debug, PartialEq)]
pub enum Type {
    /// Any.
    Dynamic,
    /// Text.
    String,
    /// A number.
    Number,
    /// `true` or `false`.
    Bool,
    /// A sequence of elements of one type.
    List(Box<Type>),
    /// Different elements of one type.
    Set(Box<Type>),
    /// Named elements of one type.
    Map(Box<Type>),
    /// A sequence of elements, each of its type.
    Tuple(Vec<Type>),
    /// Named elements, each of its type.
    Object(BTreeMap<String, Attribute>),
}

/// One element of an object type.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribute {
    /// Its type.
    pub ty: Type,
    /// Whether a value may be without it.
    pub optional: bool,
    /// What it then is; null otherwise.
    pub default: Option<Box<Value>>,
}

impl Attribute {
    /// One that must be there.
    pub fn required(ty: Type) -> Self {
        Self {
            ty,
            optional: false,
            default: None,
        }
    }
}

impl Type {
    /// A list of `element`.
    pub fn list(element: Type) -> Self {
        Self::List(Box::new(element))
    }

    /// A map of `element`.
    pub fn map(element: Type) -> Self {
        Self::Map(Box::new(element))
    }

    /// Whether it is text, a number or a truth value.
    pub fn is_primitive(&self) -> bool {
        matches!(self, Self::String | Self::Number | Self::Bool)
    }

    /// Whether `Dynamic` is anywhere in it.
    pub fn has_dynamic(&self) -> bool {
        match self {
            Self::Dynamic => true,
            Self::String | Self::Number | Self::Bool => false,
            Self::List(element) | Self::Set(element) | Self::Map(element) => element.has_dynamic(),
            Self::Tuple(elements) => elements.iter().any(Type::has_dynamic),
            Self::Object(attributes) => attributes.values().any(|attribute| attribute.ty.has_dynamic()),
        }
    }

    /// Whether two types are one, apart from what is optional.
    pub fn alike(&self, other: &Type) -> bool {
        match (self, other) {
            (Self::List(a), Self::List(b)) | (Self::Set(a), Self::Set(b)) | (Self::Map(a), Self::Map(b)) => a.alike(b),
            (Self::Tuple(a), Self::Tuple(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.alike(b)),
            (Self::Object(a), Self::Object(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|((n, a), (m, b))| n == m && a.ty.alike(&b.ty))
            }
            (a, b) => a == b,
        }
    }

    /// As problems name it: `list of string`.
    pub fn friendly(&self) -> String {
        match self {
            Self::Dynamic => "any type".into(),
            Self::String => "string".into(),
            Self::Number => "number".into(),
            Self::Bool => "bool".into(),
            Self::List(element) => format!("list of {}", element.friendly_element()),
            Self::Set(element) => format!("set of {}", element.friendly_element()),
            Self::Map(element) => format!("map of {}", element.friendly_element()),
            Self::Tuple(_) => "tuple".into(),
            Self::Object(_) => "object".into(),
        }
    }

    fn friendly_element(&self) -> String {
        match self {
            Self::Dynamic => "any single type".into(),
            other => other.friendly(),
        }
    }
}
