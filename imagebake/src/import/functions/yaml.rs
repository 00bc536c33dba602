//! YAML, as the peer's library reads and writes it.

use super::encoding::quote_by;
use crate::{
    import::value::{Number, Type, Value},
    yaml::{self, Kind, Node, Resolved},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

/// The one document of `text`.
pub(super) fn decode(text: &str) -> Result<Value, String> {
    let documents = yaml::documents(text).map_err(|refused| {
        let (line, column) = refused.at;
        format!("this is not YAML: {}, at line {line} column {column}", refused.why)
    })?;
    let mut documents = documents.into_iter();
    match (documents.next(), documents.next()) {
        (None, _) => Ok(Value::Null(Type::Dynamic)),
        (Some(document), None) => value(document.root),
        (Some(_), Some(_)) => Err("one document is expected, not several".into()),
    }
}

fn value(node: Node) -> Result<Value, String> {
    Ok(match node.kind {
        Kind::Scalar(scalar) => match scalar.resolved() {
            Resolved::Null => Value::Null(Type::Dynamic),
            Resolved::Bool(flag) => Value::Bool(flag),
            Resolved::Number(text) => {
                let digits = text.strip_prefix('+').unwrap_or(&text);
                match digits.parse::<i64>() {
                    Ok(number) => Value::integer(number),
                    Err(_) => Number::parse(digits).map_or_else(|| Value::string(text.clone()), Value::Number),
                }
            }
            Resolved::Text(text) => Value::string(text),
        },
        Kind::List(items) => Value::Tuple(items.into_iter().map(value).collect::<Result<_, _>>()?),
        Kind::Map(entries) => {
            let (mut out, mut named) = (BTreeMap::new(), BTreeSet::new());
            for (key, item) in entries {
                let merges = matches!(&key.kind, Kind::Scalar(name) if name.text == "<<");
                if let (true, Kind::Map(_)) = (merges, &item.kind) {
                    if let Value::Object(merged) = value(item)? {
                        for (name, item) in merged {
                            out.entry(name).or_insert(item);
                        }
                    }
                    continue;
                }
                let name = match value(key)? {
                    Value::String(name) => name,
                    Value::Number(number) => number.to_string(),
                    Value::Bool(flag) => flag.to_string(),
                    _ => return Err("the key of a map must be text".into()),
                };
                if !named.insert(name.clone()) {
                    return Err(format!("the key {name:?} is given twice"));
                }
                out.insert(name, value(item)?);
            }
            Value::Object(out)
        }
    })
}

/// One document: block style, names and texts in quotes.
pub(super) fn encode(value: &Value) -> String {
    let mut out = String::new();
    node(value, 0, &mut out, false);
    if !out.ends_with('\n') {
        out.push('\n');
    }
    out
}

/// `inline` where the node stands behind `- `, so that its first line needs no indentation.
fn node(value: &Value, depth: usize, out: &mut String, inline: bool) {
    let pad = |out: &mut String, first: bool| {
        if !(first && inline) {
            out.push_str(&"  ".repeat(depth));
        }
    };
    match value {
        Value::List(_, items) | Value::Set(_, items) | Value::Tuple(items) if !items.is_empty() => {
            for (i, item) in items.iter().enumerate() {
                pad(out, i == 0);
                out.push_str("- ");
                node(item, depth + 1, out, true);
                if !out.ends_with('\n') {
                    out.push('\n');
                }
            }
        }
        Value::Map(_, items) | Value::Object(items) if !items.is_empty() => {
            for (i, (name, item)) in items.iter().enumerate() {
                pad(out, i == 0);
                quote(name, out);
                out.push(':');
                let block = item.items().is_some_and(|items| !items.is_empty())
                    || item.entries().is_some_and(|entries| !entries.is_empty());
                if block {
                    out.push('\n');
                    // Lists stand below their name without further indentation.
                    let deeper = if item.items().is_some() { depth } else { depth + 1 };
                    node(item, deeper, out, false);
                } else {
                    out.push(' ');
                    node(item, depth, out, true);
                    if !out.ends_with('\n') {
                        out.push('\n');
                    }
                }
            }
        }
        Value::List(..) | Value::Set(..) | Value::Tuple(_) => out.push_str("[]"),
        Value::Map(..) | Value::Object(_) => out.push_str("{}"),
        Value::Null(_) | Value::Unknown(_) => out.push_str("null"),
        Value::Bool(flag) => {
            let _ = write!(out, "{flag}");
        }
        Value::Number(number) => {
            let _ = write!(out, "{number}");
        }
        Value::String(text) => scalar(text, depth, out),
    }
}

/// Text of several lines keeps them.
fn scalar(text: &str, depth: usize, out: &mut String) {
    let printable = text.chars().all(|c| c == '\n' || !c.is_control());
    if !text.contains('\n') || !printable || text.starts_with([' ', '\n']) {
        return quote(text, out);
    }
    out.push('|');
    let trailing = text.len() - text.trim_end_matches('\n').len();
    match trailing {
        0 => out.push('-'),
        1 => {}
        _ => out.push('+'),
    }
    let body = if trailing > 0 { &text[..text.len() - 1] } else { text };
    for line in body.split('\n') {
        out.push('\n');
        if !line.is_empty() {
            out.push_str(&"  ".repeat(depth.max(1)));
            out.push_str(line);
        }
    }
    out.push('\n');
}

fn quote(text: &str, out: &mut String) {
    quote_by(text, out, &[], char::is_control);
}
