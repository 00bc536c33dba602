//! Maps, objects and sets.

use super::{Function, Kind, Outcome, bad, failed, function, items, nullable, p, text};
use crate::import::value::{Type, Value, convert, unify};
use std::collections::BTreeMap;

pub(super) const TABLE: &[Function] = &[
    function("keys", &[p("inputMap", Kind::Any)], Kind::Any, |_, a| {
        let entries = a[0].entries().ok_or_else(|| bad(0, "a map or object is required"))?;
        let keys: Vec<Value> = entries.keys().map(|name| name.as_str().into()).collect();
        Ok(match &a[0] {
            Value::Map(..) => Value::List(Type::String, keys),
            _ => Value::Tuple(keys),
        })
    })
    .partial(),
    function("values", &[p("values", Kind::Any)], Kind::Any, |_, a| {
        let entries = a[0].entries().ok_or_else(|| bad(0, "a map or object is required"))?;
        let values: Vec<Value> = entries.values().cloned().collect();
        Ok(match &a[0] {
            Value::Map(element, _) => Value::List(element.clone(), values),
            _ => Value::Tuple(values),
        })
    })
    .partial(),
    function(
        "lookup",
        &[
            p("inputMap", Kind::Any),
            p("key", Kind::Text),
            nullable("default", Kind::Any),
        ],
        Kind::Any,
        |_, a| {
            let entries = a[0].entries().ok_or_else(|| bad(0, "a map or object is required"))?;
            match (&a[0], entries.get(text(a, 1))) {
                (_, Some(value)) => Ok(value.clone()),
                (Value::Map(element, _), None) => convert(&a[2], element).map_err(|problem| bad(2, problem)),
                _ => Ok(a[2].clone()),
            }
        },
    )
    .partial(),
    function("merge", &[], Kind::Any, |_, a| merge(a))
        .rest(nullable("maps", Kind::Any))
        .partial(),
    function(
        "zipmap",
        &[p("keys", Kind::Texts), p("values", Kind::Any)],
        Kind::Any,
        |_, a| {
            let (keys, values) = (
                items(a, 0),
                a[1].items().ok_or_else(|| bad(1, "a list or tuple is required"))?,
            );
            if keys.len() != values.len() {
                return Err(failed(format!(
                    "{} keys cannot be matched with {} values",
                    keys.len(),
                    values.len()
                )));
            }
            let entries: BTreeMap<String, Value> = keys
                .iter()
                .zip(values)
                .filter_map(|(key, value)| Some((key.as_str()?.to_owned(), value.clone())))
                .collect();
            Ok(match &a[1] {
                Value::List(element, _) => Value::Map(element.clone(), entries),
                _ => Value::Object(entries),
            })
        },
    )
    .partial(),
    function("setintersection", &[p("first_set", Kind::Set)], Kind::Any, |_, a| {
        sets(a, |sets, item| sets.iter().all(|set| set.contains(item)))
    })
    .rest(p("other_sets", Kind::Set)),
    function("setunion", &[p("first_set", Kind::Set)], Kind::Any, |_, a| {
        sets(a, |_, _| true)
    })
    .rest(p("other_sets", Kind::Set)),
    function("setproduct", &[], Kind::Any, |_, a| product(a)).rest(p("sets", Kind::Any)),
];

/// Later ones win; nulls are nothing.
fn merge(arguments: &[Value]) -> Outcome {
    let mut entries = BTreeMap::new();
    let mut element: Option<Type> = None;
    let mut maps = true;
    for (i, argument) in arguments.iter().enumerate().filter(|(_, argument)| !argument.is_null()) {
        let more = argument
            .entries()
            .ok_or_else(|| bad(i, "a map or object is required"))?;
        entries.extend(more.iter().map(|(name, value)| (name.clone(), value.clone())));
        match argument {
            Value::Map(ty, _) if element.as_ref().is_none_or(|known| known.alike(ty)) => element = Some(ty.clone()),
            _ => maps = false,
        }
    }
    Ok(match element {
        Some(element) if maps => Value::Map(element, entries),
        _ => Value::Object(entries),
    })
}

fn sets(arguments: &[Value], keep: fn(&[&[Value]], &Value) -> bool) -> Outcome {
    let types: Vec<Type> = arguments.iter().map(Value::ty).collect();
    let Some(Type::Set(element)) = unify(&types) else {
        return Err(failed("the elements of all sets must have one type"));
    };
    let converted = arguments
        .iter()
        .map(|set| convert(set, &Type::Set(element.clone())))
        .collect::<Result<Vec<_>, _>>()
        .map_err(failed)?;
    let all: Vec<&[Value]> = converted.iter().filter_map(Value::items).collect();
    let kept = all
        .iter()
        .flat_map(|set| set.iter())
        .filter(|item| keep(&all, item))
        .cloned()
        .collect();
    Ok(Value::set((*element).clone(), kept))
}

/// Every combination of one element of each.
fn product(arguments: &[Value]) -> Outcome {
    if arguments.len() < 2 {
        return Err(failed("at least two lists or sets are required"));
    }
    let mut all: Vec<Vec<Value>> = vec![Vec::new()];
    let mut types = Vec::new();
    let mut lists = true;
    for (i, argument) in arguments.iter().enumerate() {
        let items = argument.items().ok_or_else(|| bad(i, "a list or set is required"))?;
        let own: Vec<Type> = items.iter().map(Value::ty).collect();
        let ty = unify(&own).ok_or_else(|| bad(i, "all elements must have one type"))?;
        lists &= !matches!(argument, Value::Set(..));
        let mut next = Vec::new();
        for row in &all {
            for item in items {
                let mut row = row.clone();
                row.push(convert(item, &ty).map_err(|problem| bad(i, problem))?);
                next.push(row);
            }
        }
        if next.len() > 100_000 {
            return Err(failed("there are too many combinations"));
        }
        all = next;
        types.push(ty);
    }
    let rows: Vec<Value> = all.into_iter().map(Value::Tuple).collect();
    Ok(if lists {
        Value::List(Type::Tuple(types), rows)
    } else {
        Value::set(Type::Tuple(types), rows)
    })
}
