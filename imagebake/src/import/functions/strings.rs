//! Text.

use super::{Failure, Function, Kind, Outcome, bad, function, items, nullable, number, p, text, whole};
use crate::import::value::{Type, Value};
use regex::Regex;
use std::collections::BTreeMap;
use unicode_segmentation::UnicodeSegmentation;

pub(super) const TABLE: &[Function] = &[
    function("chomp", &[p("str", Kind::Text)], Kind::Text, |_, a| {
        Ok(text(a, 0).trim_end_matches(['\n', '\r']).into())
    }),
    function(
        "endswith",
        &[p("str", Kind::Text), p("suffix", Kind::Text)],
        Kind::Bool,
        |_, a| Ok(text(a, 0).ends_with(text(a, 1)).into()),
    ),
    function(
        "startswith",
        &[p("str", Kind::Text), p("prefix", Kind::Text)],
        Kind::Bool,
        |_, a| Ok(text(a, 0).starts_with(text(a, 1)).into()),
    ),
    function(
        "strcontains",
        &[p("str", Kind::Text), p("substr", Kind::Text)],
        Kind::Bool,
        |_, a| Ok(text(a, 0).contains(text(a, 1)).into()),
    ),
    function(
        "indent",
        &[p("spaces", Kind::Number), p("str", Kind::Text)],
        Kind::Text,
        |_, a| {
            let spaces = number(a, 0).to_usize().filter(|spaces| *spaces <= 10_000);
            let spaces = spaces.ok_or_else(|| bad(0, "a whole number from 0 is required"))?;
            Ok(text(a, 1).replace('\n', &format!("\n{}", " ".repeat(spaces))).into())
        },
    ),
    function("join", &[p("separator", Kind::Text)], Kind::Text, |_, a| {
        let mut pieces = Vec::new();
        for (i, list) in a.iter().enumerate().skip(1) {
            for item in list.items().unwrap_or_default() {
                let piece = item.as_str().ok_or_else(|| bad(i, "an element of the list is null"))?;
                pieces.push(piece);
            }
        }
        if a.len() < 2 {
            return Err(super::failed("at least one list is required"));
        }
        Ok(pieces.join(text(a, 0)).into())
    })
    .rest(p("lists", Kind::Texts)),
    function("lower", &[p("str", Kind::Text)], Kind::Text, |_, a| {
        Ok(text(a, 0).to_lowercase().into())
    }),
    function("upper", &[p("str", Kind::Text)], Kind::Text, |_, a| {
        Ok(text(a, 0).to_uppercase().into())
    }),
    function("title", &[p("str", Kind::Text)], Kind::Text, |_, a| {
        Ok(title(text(a, 0)).into())
    }),
    function("strrev", &[p("str", Kind::Text)], Kind::Text, |_, a| {
        Ok(text(a, 0).graphemes(true).rev().collect::<String>().into())
    }),
    function(
        "substr",
        &[
            p("str", Kind::Text),
            p("offset", Kind::Number),
            p("length", Kind::Number),
        ],
        Kind::Text,
        |_, a| substr(text(a, 0), whole(a, 1)?, whole(a, 2)?),
    ),
    function(
        "trim",
        &[p("str", Kind::Text), p("cutset", Kind::Text)],
        Kind::Text,
        |_, a| {
            let cut: Vec<char> = text(a, 1).chars().collect();
            Ok(text(a, 0).trim_matches(cut.as_slice()).into())
        },
    ),
    function(
        "trimprefix",
        &[p("str", Kind::Text), p("prefix", Kind::Text)],
        Kind::Text,
        |_, a| Ok(text(a, 0).strip_prefix(text(a, 1)).unwrap_or(text(a, 0)).into()),
    ),
    function(
        "trimsuffix",
        &[p("str", Kind::Text), p("suffix", Kind::Text)],
        Kind::Text,
        |_, a| Ok(text(a, 0).strip_suffix(text(a, 1)).unwrap_or(text(a, 0)).into()),
    ),
    function("trimspace", &[p("str", Kind::Text)], Kind::Text, |_, a| {
        Ok(text(a, 0).trim().into())
    }),
    function(
        "replace",
        &[p("str", Kind::Text), p("substr", Kind::Text), p("replace", Kind::Text)],
        Kind::Text,
        |_, a| Ok(text(a, 0).replace(text(a, 1), text(a, 2)).into()),
    ),
    function(
        "split",
        &[p("separator", Kind::Text), p("str", Kind::Text)],
        Kind::Texts,
        |_, a| Ok(split(text(a, 0), text(a, 1))),
    ),
    function(
        "regex",
        &[p("pattern", Kind::Text), p("string", Kind::Text)],
        Kind::Any,
        |_, a| {
            let pattern = pattern(text(a, 0), 0)?;
            let found = pattern.captures(text(a, 1));
            let found = found.ok_or_else(|| super::failed("the pattern does not match any part of the string"))?;
            Ok(captured(&pattern, &found))
        },
    ),
    function(
        "regexall",
        &[p("pattern", Kind::Text), p("string", Kind::Text)],
        Kind::Any,
        |_, a| {
            let pattern = pattern(text(a, 0), 0)?;
            let found: Vec<Value> = pattern
                .captures_iter(text(a, 1))
                .map(|found| captured(&pattern, &found))
                .collect();
            let element = found.first().map_or(Type::String, Value::ty);
            Ok(Value::List(element, found))
        },
    ),
    function(
        "regex_replace",
        &[p("str", Kind::Text), p("pattern", Kind::Text), p("replace", Kind::Text)],
        Kind::Text,
        |_, a| {
            let pattern = pattern(text(a, 1), 1)?;
            Ok(pattern.replace_all(text(a, 0), text(a, 2)).into_owned().into())
        },
    ),
    function("compact", &[p("list", Kind::Texts)], Kind::Texts, |_, a| {
        let full = items(a, 0)
            .iter()
            .filter(|item| item.as_str().is_some_and(|text| !text.is_empty()));
        Ok(Value::List(Type::String, full.cloned().collect()))
    }),
    function("sort", &[p("list", Kind::Texts)], Kind::Texts, |_, a| {
        let mut sorted: Vec<Value> = items(a, 0).to_vec();
        if sorted.iter().any(Value::is_null) {
            return Err(bad(0, "an element of the list is null"));
        }
        sorted.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
        Ok(Value::List(Type::String, sorted))
    }),
    function("length", &[p("value", Kind::Any)], Kind::Number, |_, a| {
        let length = match &a[0] {
            Value::String(text) => text.graphemes(true).count(),
            other => match (other.items(), other.entries()) {
                (Some(items), _) => items.len(),
                (_, Some(entries)) => entries.len(),
                _ => return Err(bad(0, "a string, list, set, map, tuple or object is required")),
            },
        };
        Ok(crate::import::value::Number::from(length).into())
    })
    .partial(),
    function("coalesce", &[], Kind::Any, |_, a| {
        let types: Vec<Type> = a.iter().map(Value::ty).collect();
        let ty =
            crate::import::value::unify(&types).ok_or_else(|| super::failed("all arguments must have one type"))?;
        let full = a.iter().find(|value| !value.is_null() && value.as_str() != Some(""));
        let full = full.ok_or_else(|| super::failed("no argument has a value"))?;
        // What comes behind is never asked, known or not.
        match full.is_known() {
            true => crate::import::value::convert(full, &ty).map_err(super::failed),
            false => Ok(Value::Unknown(ty)),
        }
    })
    .rest(nullable("vals", Kind::Any))
    .open(),
];

/// Every letter after something that is none becomes a capital.
fn title(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut inside = false;
    for c in text.chars() {
        if inside {
            out.push(c);
        } else {
            out.extend(c.to_uppercase());
        }
        // Beyond ASCII only white space ends a word.
        inside = if c.is_ascii() {
            c.is_alphanumeric() || c == '_'
        } else {
            !c.is_whitespace()
        };
    }
    out
}

fn substr(text: &str, offset: i64, length: i64) -> Outcome {
    let all: Vec<&str> = text.graphemes(true).collect();
    let count = i64::try_from(all.len()).unwrap_or(i64::MAX);
    let start = if offset < 0 {
        (count + offset).max(0)
    } else {
        offset.min(count)
    };
    let end = if length < 0 {
        count
    } else {
        start.saturating_add(length).min(count)
    };
    let at = |n: i64| usize::try_from(n).unwrap_or(0);
    Ok(all[at(start)..at(end)].concat().into())
}

fn split(separator: &str, text: &str) -> Value {
    let pieces: Vec<Value> = if text.is_empty() && separator.is_empty() {
        Vec::new()
    } else if separator.is_empty() {
        text.chars().map(|c| c.to_string().into()).collect()
    } else {
        text.split(separator).map(Value::from).collect()
    };
    Value::List(Type::String, pieces)
}

fn pattern(text: &str, argument: usize) -> Result<Regex, Failure> {
    Regex::new(text).map_err(|error| bad(argument, format!("this pattern cannot be read: {error}")))
}

/// The whole, or the groups: by number as a tuple, by name as an object.
fn captured(pattern: &Regex, found: &regex::Captures<'_>) -> Value {
    let group =
        |group: Option<regex::Match<'_>>| group.map_or(Value::Null(Type::String), |group| group.as_str().into());
    if pattern.captures_len() == 1 {
        return group(found.get(0));
    }
    let names: Vec<&str> = pattern.capture_names().flatten().collect();
    if names.is_empty() {
        Value::Tuple((1..pattern.captures_len()).map(|i| group(found.get(i))).collect())
    } else {
        let named: BTreeMap<String, Value> = names
            .into_iter()
            .map(|name| (name.to_owned(), group(found.name(name))))
            .collect();
        Value::Object(named)
    }
}
