//! Types of Rust, as far as templates need them.

use super::{
    Want,
    names::{camel, snake},
};
use crate::import::value::{Attribute, Type, Value};
use std::collections::BTreeMap;

/// The type of an expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Ty {
    Bool,
    Int(&'static str),
    Float,
    /// `&'static str`
    Static,
    /// `String`
    Str,
    /// Text with secrets in it.
    Text,
    Secret,
    Duration,
    List(Box<Ty>),
    /// By name; keys are `&str` where the flag is not set.
    Map(Box<Ty>, Keys),
    Struct(Struct),
    /// What the named groups of a regular expression took.
    Groups(Vec<String>),
    Option(Box<Ty>),
    /// Nothing, of whatever type.
    Null,
}

/// What the keys of a map are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keys {
    Static,
    Owned,
}

/// A struct with named fields.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Struct {
    pub(super) name: String,
    /// By the templates' names.
    pub(super) fields: BTreeMap<String, Ty>,
    /// What fields are that are not given.
    pub(super) defaults: BTreeMap<String, Value>,
}

impl Ty {
    pub(super) fn list(item: Ty) -> Self {
        Self::List(Box::new(item))
    }

    pub(super) fn option(inner: Ty) -> Self {
        match inner {
            Self::Option(_) => inner,
            other => Self::Option(Box::new(other)),
        }
    }

    pub(super) fn is_copy(&self) -> bool {
        match self {
            Self::Bool | Self::Int(_) | Self::Float | Self::Static | Self::Duration => true,
            Self::Option(inner) => inner.is_copy(),
            _ => false,
        }
    }

    pub(super) fn is_text(&self) -> bool {
        matches!(self, Self::Static | Self::Str)
    }

    pub(super) fn is_hidden(&self) -> bool {
        matches!(self, Self::Secret | Self::Text)
    }

    /// As Rust writes it.
    pub(super) fn rust(&self) -> String {
        match self {
            Self::Bool => "bool".into(),
            Self::Int(name) => (*name).into(),
            Self::Float => "f64".into(),
            Self::Static => "&'static str".into(),
            Self::Str | Self::Null => "String".into(),
            Self::Text => "Text".into(),
            Self::Secret => "Secret".into(),
            Self::Duration => "Duration".into(),
            Self::List(item) => format!("Vec<{}>", item.rust()),
            Self::Map(value, Keys::Owned) => format!("BTreeMap<String, {}>", value.rust()),
            Self::Map(value, Keys::Static) => format!("BTreeMap<&'static str, {}>", value.rust()),
            Self::Struct(of) => of.name.clone(),
            Self::Groups(_) => "functions::Groups".into(),
            Self::Option(inner) => format!("Option<{}>", inner.rust()),
        }
    }

    /// What an input of that type and value is. `name` is what a struct in it is called.
    pub(super) fn of_input(ty: &Type, value: &Value, name: &str) -> Option<Self> {
        if value.is_null() && !matches!(ty, Type::Dynamic) {
            return Self::of_type(ty, name);
        }
        match (ty, value) {
            (Type::Dynamic, value) => Self::of_value(value, name),
            (Type::Number, value) => Some(Self::of_value(value, name).unwrap_or(Self::Int("i64"))),
            (Type::Object(attributes), Value::Object(items)) => Self::of_object(attributes, Some(items), name),
            (Type::List(item) | Type::Set(item), value) => {
                let items = value.items().unwrap_or_default();
                Self::of_items(item, items, name).map(Self::list)
            }
            (Type::Map(item), value) => {
                let items: Vec<Value> = value
                    .entries()
                    .into_iter()
                    .flatten()
                    .map(|(_, item)| item.clone())
                    .collect();
                Self::of_items(item, &items, name).map(|item| Self::Map(Box::new(item), Keys::Owned))
            }
            (Type::Object(_) | Type::Tuple(_), value) if value.is_known() && !value.is_null() => {
                Self::of_value(value, name)
            }
            (ty, _) => Self::of_type(ty, name),
        }
    }

    fn of_items(ty: &Type, items: &[Value], name: &str) -> Option<Self> {
        let name = singular(name);
        match items {
            [] => Self::of_type(ty, name),
            items => {
                let known = items.iter().filter(|item| !item.is_null());
                let item = known
                    .map(|item| Self::of_input(ty, item, name))
                    .reduce(|a, b| common(&a?, &b?))
                    .unwrap_or_else(|| Self::of_type(ty, name))?;
                Some(match items.iter().any(Value::is_null) {
                    true => Self::option(item),
                    false => item,
                })
            }
        }
    }

    /// Without a value.
    fn of_type(ty: &Type, name: &str) -> Option<Self> {
        Some(match ty {
            Type::Dynamic | Type::String => Self::Str,
            Type::Number => Self::Int("i64"),
            Type::Bool => Self::Bool,
            Type::List(item) | Type::Set(item) => Self::list(Self::of_type(item, name)?),
            Type::Map(item) => Self::Map(Box::new(Self::of_type(item, name)?), Keys::Owned),
            Type::Tuple(items) => {
                let items = items.iter().map(|item| Self::of_type(item, name));
                Self::list(items.reduce(|a, b| common(&a?, &b?)).unwrap_or(Some(Self::Str))?)
            }
            Type::Object(attributes) => return Self::of_object(attributes, None, name),
        })
    }

    /// What may be without a value has a default, or is an option.
    fn of_object(
        attributes: &BTreeMap<String, Attribute>,
        values: Option<&BTreeMap<String, Value>>,
        name: &str,
    ) -> Option<Self> {
        let (mut fields, mut defaults) = (BTreeMap::new(), BTreeMap::new());
        for (field, attribute) in attributes {
            let name = format!("{name}_{field}");
            let default = attribute.default.as_deref().filter(|default| !default.is_null());
            let given = values
                .and_then(|values| values.get(field))
                .filter(|value| !value.is_null());
            let mut ty = match (given, default) {
                (Some(given), Some(default)) => common(
                    &Self::of_input(&attribute.ty, default, &name)?,
                    &Self::of_input(&attribute.ty, given, &name)?,
                )?,
                (Some(one), None) | (None, Some(one)) => Self::of_input(&attribute.ty, one, &name)?,
                (None, None) => Self::of_type(&attribute.ty, &name)?,
            };
            match default {
                Some(default) => {
                    defaults.insert(field.clone(), default.clone());
                }
                None if attribute.optional => ty = Self::option(ty),
                // Null was given.
                None if given.is_none() && values.is_some() => ty = Self::option(ty),
                None => {}
            }
            fields.insert(field.clone(), ty);
        }
        Some(Self::Struct(Struct {
            name: camel(name),
            fields,
            defaults,
        }))
    }

    fn of_value(value: &Value, name: &str) -> Option<Self> {
        Some(match value {
            Value::Unknown(ty) | Value::Null(ty) => return Self::of_type(ty, name).map(Self::option),
            Value::Bool(_) => Self::Bool,
            // Whether it may be below zero is for its uses to say.
            Value::Number(number) => match number.to_i64() {
                Some(_) => Self::Int("i64"),
                None => Self::Float,
            },
            Value::String(_) => Self::Str,
            Value::List(ty, items) | Value::Set(ty, items) => Self::list(Self::of_items(ty, items, name)?),
            Value::Tuple(items) => Self::list(Self::of_items(&Type::Dynamic, items, name)?),
            Value::Map(ty, items) => {
                let items: Vec<Value> = items.values().cloned().collect();
                Self::Map(Box::new(Self::of_items(ty, &items, name)?), Keys::Owned)
            }
            Value::Object(items) => Self::Struct(Struct {
                name: camel(name),
                fields: items
                    .iter()
                    .map(|(field, value)| Some((field.clone(), Self::of_value(value, &format!("{name}_{field}"))?)))
                    .collect::<Option<_>>()?,
                defaults: BTreeMap::new(),
            }),
        })
    }

    /// What a place that takes `want` holds.
    pub(super) fn of_want(want: &Want) -> Self {
        match want {
            Want::Bool => Self::Bool,
            Want::Int(name) => Self::Int(name),
            Want::Float => Self::Float,
            Want::Duration => Self::Duration,
            Want::Secret => Self::Secret,
            Want::List(item) => Self::list(Self::of_want(item)),
            Want::Map(value) => Self::Map(Box::new(Self::of_want(value)), Keys::Owned),
            _ => Self::Str,
        }
    }

    /// The structs in it, inner ones first.
    pub(super) fn structs(&self, out: &mut Vec<Struct>) {
        match self {
            Self::List(inner) | Self::Map(inner, _) | Self::Option(inner) => inner.structs(out),
            Self::Struct(of) => {
                of.fields.values().for_each(|field| field.structs(out));
                if !out.contains(of) {
                    out.push(of.clone());
                }
            }
            _ => {}
        }
    }
}

/// One of several.
fn singular(name: &str) -> &str {
    match name.strip_suffix('s') {
        Some(one) if !one.ends_with('s') && one.len() > 2 => one,
        _ => name,
    }
}

impl Struct {
    /// The field of Rust for that name of the template.
    pub(super) fn ident(name: &str) -> String {
        snake(name)
    }
}

/// The type that values of both have.
pub(super) fn common(a: &Ty, b: &Ty) -> Option<Ty> {
    Some(match (a, b) {
        (a, b) if a == b => a.clone(),
        (Ty::Null, other) | (other, Ty::Null) => Ty::option(other.clone()),
        (Ty::Option(a), b) | (b, Ty::Option(a)) => {
            let inner = match b {
                Ty::Option(b) => common(a, b)?,
                b => common(a, b)?,
            };
            Ty::option(inner)
        }
        (a, b) if a.is_text() && b.is_text() => Ty::Str,
        (a, b) if (a.is_text() || a.is_hidden()) && (b.is_text() || b.is_hidden()) => Ty::Text,
        (Ty::Int(_), Ty::Int(_)) => Ty::Int("i64"),
        (Ty::Int(_), Ty::Float) | (Ty::Float, Ty::Int(_)) => Ty::Float,
        (Ty::Bool | Ty::Int(_) | Ty::Float, text) | (text, Ty::Bool | Ty::Int(_) | Ty::Float) if text.is_text() => {
            Ty::Str
        }
        (Ty::List(a), Ty::List(b)) => Ty::list(common(a, b)?),
        (Ty::Map(a, x), Ty::Map(b, y)) => Ty::Map(Box::new(common(a, b)?), if x == y { *x } else { Keys::Owned }),
        (Ty::Struct(a), Ty::Struct(b)) => {
            let mut fields = BTreeMap::new();
            for name in a.fields.keys().chain(b.fields.keys()) {
                let ty = match (a.fields.get(name), b.fields.get(name)) {
                    (Some(a), Some(b)) => common(a, b)?,
                    (Some(one), None) | (None, Some(one)) => Ty::option(one.clone()),
                    (None, None) => continue,
                };
                fields.insert(name.clone(), ty);
            }
            let mut defaults = b.defaults.clone();
            defaults.extend(a.defaults.clone());
            Ty::Struct(Struct {
                name: a.name.clone(),
                fields,
                defaults,
            })
        }
        _ => return None,
    })
}
