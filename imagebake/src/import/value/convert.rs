//! Conversions: what the peer turns a value into where another type is asked for.

use super::{Attribute, Number, Type, Value, unify};
use std::collections::BTreeMap;

/// The value as `ty`, or what is wrong with it.
pub fn convert(value: &Value, ty: &Type) -> Result<Value, String> {
    if *ty == Type::Dynamic {
        return Ok(value.clone());
    }
    match (value, ty) {
        (Value::Unknown(from), _) => {
            if convertible(from, ty) {
                Ok(Value::Unknown(ty.clone()))
            } else {
                Err(mismatch(value, ty))
            }
        }
        (Value::Null(from), _) => {
            if convertible(from, ty) {
                Ok(Value::Null(concrete(ty)))
            } else {
                Err(mismatch(value, ty))
            }
        }
        (Value::String(_), Type::String) | (Value::Number(_), Type::Number) | (Value::Bool(_), Type::Bool) => {
            Ok(value.clone())
        }
        (Value::Number(number), Type::String) => Ok(Value::String(number.to_string())),
        (Value::Bool(flag), Type::String) => Ok(Value::String(flag.to_string())),
        (Value::String(text), Type::Number) => Number::parse(text)
            .map(Value::Number)
            .ok_or_else(|| "a number is required".to_owned()),
        (Value::String(text), Type::Bool) => to_bool(text),
        (_, Type::List(element)) => sequence(value, ty, element, false),
        (_, Type::Set(element)) => sequence(value, ty, element, true),
        (_, Type::Map(element)) => to_map(value, ty, element),
        (_, Type::Tuple(elements)) => to_tuple(value, ty, elements),
        (_, Type::Object(attributes)) => to_object(value, ty, attributes),
        _ => Err(mismatch(value, ty)),
    }
}

/// The types that a null may take on.
fn concrete(ty: &Type) -> Type {
    ty.clone()
}

fn to_bool(text: &str) -> Result<Value, String> {
    match text {
        "true" | "1" => Ok(Value::Bool(true)),
        "false" | "0" => Ok(Value::Bool(false)),
        "True" | "TRUE" => Err("a bool is required; to convert from string, use lowercase \"true\"".into()),
        "False" | "FALSE" => Err("a bool is required; to convert from string, use lowercase \"false\"".into()),
        _ => Err("a bool is required".into()),
    }
}

/// `… required`, with what was there instead.
pub fn mismatch(value: &Value, ty: &Type) -> String {
    match (value.ty(), ty) {
        (Type::Object(_), Type::Map(_)) => "all map elements must have the same type".into(),
        (Type::Tuple(_), Type::List(_)) => "all list elements must have the same type".into(),
        (Type::Tuple(_), Type::Set(_)) => "all set elements must have the same type".into(),
        _ => format!("{} required", ty.friendly()),
    }
}

/// Whether a value of type `from`, were it known, might become one of type `to`.
fn convertible(from: &Type, to: &Type) -> bool {
    match (from, to) {
        (Type::Dynamic, _) | (_, Type::Dynamic) => true,
        (a, Type::String) => a.is_primitive(),
        (Type::String, b) => b.is_primitive(),
        (a, b) if a.is_primitive() || b.is_primitive() => a == b,
        (Type::List(a) | Type::Set(a), Type::List(b) | Type::Set(b)) | (Type::Map(a), Type::Map(b)) => {
            convertible(a, b)
        }
        (Type::Tuple(a), Type::List(b) | Type::Set(b)) => a.iter().all(|a| convertible(a, b)),
        (Type::Tuple(a), Type::Tuple(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| convertible(a, b)),
        (Type::Object(a), Type::Map(b)) => a.values().all(|a| convertible(&a.ty, b)),
        (Type::Map(a), Type::Object(b)) => b.values().all(|b| convertible(a, &b.ty)),
        (Type::Object(a), Type::Object(b)) => b.iter().all(|(name, b)| match a.get(name) {
            Some(a) => convertible(&a.ty, &b.ty),
            None => b.optional,
        }),
        _ => false,
    }
}

/// The one type of all elements, where any type will do.
fn common(element: &Type, items: &[&Value], what: &str) -> Result<Type, String> {
    if *element != Type::Dynamic {
        return Ok(element.clone());
    }
    let types: Vec<Type> = items.iter().map(|item| item.ty()).collect();
    unify(&types).ok_or_else(|| format!("all {what} elements must have the same type"))
}

fn sequence(value: &Value, ty: &Type, element: &Type, set: bool) -> Result<Value, String> {
    let items = value.items().ok_or_else(|| mismatch(value, ty))?;
    let references: Vec<&Value> = items.iter().collect();
    let element = common(element, &references, if set { "set" } else { "list" })?;
    let items = items
        .iter()
        .enumerate()
        .map(|(i, item)| convert(item, &element).map_err(|problem| below(&format!("element {i}"), &problem)))
        .collect::<Result<Vec<_>, _>>()?;
    let element = refined(element, items.first());
    Ok(if set {
        Value::set(element, items)
    } else {
        Value::List(element, items)
    })
}

fn to_map(value: &Value, ty: &Type, element: &Type) -> Result<Value, String> {
    let items = value.entries().ok_or_else(|| mismatch(value, ty))?;
    let references: Vec<&Value> = items.values().collect();
    let element = common(element, &references, "map")?;
    let items = items
        .iter()
        .map(|(name, item)| {
            let item = convert(item, &element).map_err(|problem| below(&format!("element {name:?}"), &problem))?;
            Ok((name.clone(), item))
        })
        .collect::<Result<BTreeMap<_, _>, String>>()?;
    let element = refined(element, items.values().next());
    Ok(Value::Map(element, items))
}

/// `list(any)` inside another type takes the type of what is there.
fn refined(element: Type, first: Option<&Value>) -> Type {
    match first {
        Some(first) if element.has_dynamic() => first.ty(),
        _ => element,
    }
}

fn to_tuple(value: &Value, ty: &Type, elements: &[Type]) -> Result<Value, String> {
    let items = value.items().ok_or_else(|| mismatch(value, ty))?;
    if items.len() != elements.len() {
        return Err(format!("a tuple of {} elements is required", elements.len()));
    }
    items
        .iter()
        .zip(elements)
        .enumerate()
        .map(|(i, (item, ty))| convert(item, ty).map_err(|problem| below(&format!("element {i}"), &problem)))
        .collect::<Result<Vec<_>, _>>()
        .map(Value::Tuple)
}

fn to_object(value: &Value, ty: &Type, attributes: &BTreeMap<String, Attribute>) -> Result<Value, String> {
    let items = value.entries().ok_or_else(|| mismatch(value, ty))?;
    let mut out = BTreeMap::new();
    let mut missing = Vec::new();
    for (name, attribute) in attributes {
        let default = || attribute.default.as_deref().cloned();
        let item = match items.get(name) {
            Some(item) if item.is_null() && attribute.optional => default().unwrap_or_else(|| item.clone()),
            Some(item) => item.clone(),
            None if attribute.optional => default().unwrap_or_else(|| Value::Null(attribute.ty.clone())),
            None => {
                missing.push(format!("{name:?}"));
                continue;
            }
        };
        let item = convert(&item, &attribute.ty).map_err(|problem| below(&format!("attribute {name:?}"), &problem))?;
        out.insert(name.clone(), item);
    }
    match missing.len() {
        0 => Ok(Value::Object(out)),
        1 => Err(format!("attribute {} is required", missing[0])),
        _ => Err(format!("attributes {} are required", missing.join(", "))),
    }
}

fn below(place: &str, problem: &str) -> String {
    format!("{place}: {problem}")
}
