//! Lists and tuples.

use super::{Failure, Function, Kind, Outcome, bad, failed, function, items, number, p, whole};
use crate::import::value::{Number, Type, Value, convert, unify};

pub(super) const TABLE: &[Function] = &[
    function(
        "chunklist",
        &[p("list", Kind::List), p("size", Kind::Number)],
        Kind::Any,
        |_, a| {
            let size = number(a, 1)
                .to_usize()
                .ok_or_else(|| bad(1, "a whole number from 0 is required"))?;
            let list = items(a, 0);
            let ty = a[0].ty();
            let chunks: Vec<Value> = match size {
                _ if list.is_empty() => Vec::new(),
                0 => vec![a[0].clone()],
                _ => list
                    .chunks(size)
                    .map(|chunk| Value::List(element_of(&ty), chunk.to_vec()))
                    .collect(),
            };
            Ok(Value::List(ty, chunks))
        },
    ),
    function("coalescelist", &[], Kind::Any, |_, a| {
        let full = a
            .iter()
            .find(|list| !list.is_known() || list.items().is_some_and(|items| !items.is_empty()));
        full.cloned().ok_or_else(|| failed("no list has elements"))
    })
    .rest(Parameter::list("vals"))
    .open(),
    function("concat", &[], Kind::Any, |_, a| concat(a))
        .rest(p("seqs", Kind::Any))
        .partial(),
    function(
        "contains",
        &[p("list", Kind::Any), p("value", Kind::Any)],
        Kind::Bool,
        |_, a| {
            let list = a[0].items().ok_or_else(|| bad(0, "a list, set or tuple is required"))?;
            Ok(list.iter().any(|item| item.same(&a[1])).into())
        },
    ),
    function("distinct", &[p("list", Kind::List)], Kind::Any, |_, a| {
        let mut out: Vec<Value> = Vec::new();
        for item in items(a, 0) {
            if !out.contains(item) {
                out.push(item.clone());
            }
        }
        Ok(Value::List(element_of(&a[0].ty()), out))
    }),
    function(
        "element",
        &[p("list", Kind::Any), p("index", Kind::Number)],
        Kind::Any,
        |_, a| {
            let list = a[0].items().ok_or_else(|| bad(0, "a list or tuple is required"))?;
            if list.is_empty() {
                return Err(bad(0, "the list has no elements"));
            }
            let at = whole(a, 1)?;
            if at < 0 {
                return Err(bad(1, "the index must not be negative"));
            }
            let at = usize::try_from(at).unwrap_or(0) % list.len();
            Ok(list[at].clone())
        },
    )
    .partial(),
    function("flatten", &[p("list", Kind::Any)], Kind::Any, |_, a| {
        if a[0].items().is_none() {
            return Err(bad(0, "a list, set or tuple is required"));
        }
        let mut out = Vec::new();
        flatten(&a[0], &mut out);
        Ok(Value::Tuple(out))
    })
    .partial(),
    function(
        "index",
        &[p("list", Kind::Any), p("value", Kind::Any)],
        Kind::Number,
        |_, a| {
            let list = a[0].items().ok_or_else(|| bad(0, "a list or tuple is required"))?;
            match list.iter().position(|item| item.same(&a[1])) {
                Some(at) => Ok(Number::from(at).into()),
                None => Err(failed("the list has no such element")),
            }
        },
    ),
    function("range", &[], Kind::Any, |_, a| range(a)).rest(p("params", Kind::Number)),
    function("reverse", &[p("list", Kind::Any)], Kind::Any, |_, a| {
        let mut reversed = a[0]
            .items()
            .ok_or_else(|| bad(0, "a list, set or tuple is required"))?
            .to_vec();
        reversed.reverse();
        Ok(match &a[0] {
            Value::List(element, _) | Value::Set(element, _) => Value::List(element.clone(), reversed),
            _ => Value::Tuple(reversed),
        })
    })
    .partial(),
    function(
        "slice",
        &[
            p("list", Kind::Any),
            p("start_index", Kind::Number),
            p("end_index", Kind::Number),
        ],
        Kind::Any,
        |_, a| {
            let list = match &a[0] {
                Value::Set(..) => return Err(bad(0, "a set has no order; convert it to a list first")),
                other => other.items().ok_or_else(|| bad(0, "a list or tuple is required"))?,
            };
            let index = |at: usize| number(a, at).to_usize().filter(|n| *n <= list.len());
            let start =
                index(1).ok_or_else(|| bad(1, format!("a whole number from 0 to {} is required", list.len())))?;
            let end = index(2).ok_or_else(|| bad(2, format!("a whole number from 0 to {} is required", list.len())))?;
            if start > end {
                return Err(bad(1, "the start must not be behind the end"));
            }
            let part = list[start..end].to_vec();
            Ok(match &a[0] {
                Value::List(element, _) => Value::List(element.clone(), part),
                _ => Value::Tuple(part),
            })
        },
    )
    .partial(),
];

use super::Parameter;

impl Parameter {
    const fn list(name: &'static str) -> Self {
        p(name, Kind::Any)
    }
}

fn element_of(ty: &Type) -> Type {
    match ty {
        Type::List(element) | Type::Set(element) => (**element).clone(),
        _ => Type::Dynamic,
    }
}

/// A list where all are lists of one type, a tuple otherwise.
fn concat(arguments: &[Value]) -> Outcome {
    let mut all = Vec::new();
    for (i, argument) in arguments.iter().enumerate() {
        match argument {
            Value::List(_, items) | Value::Tuple(items) => all.extend(items.iter().cloned()),
            _ => return Err(bad(i, "a list or tuple is required")),
        }
    }
    if arguments.is_empty() {
        return Err(failed("at least one list is required"));
    }
    let types: Vec<Type> = arguments.iter().map(Value::ty).collect();
    if types.iter().all(|ty| matches!(ty, Type::List(_)))
        && let Some(Type::List(element)) = unify(&types)
    {
        let items = all
            .iter()
            .map(|item| convert(item, &element))
            .collect::<Result<Vec<_>, _>>();
        return items.map(|items| Value::List(*element, items)).map_err(failed);
    }
    Ok(Value::Tuple(all))
}

fn flatten(value: &Value, out: &mut Vec<Value>) {
    for item in value.items().unwrap_or_default() {
        if item.items().is_some() {
            flatten(item, out);
        } else {
            out.push(item.clone());
        }
    }
}

/// `range(limit)`, `range(start, limit)`, `range(start, limit, step)`
fn range(arguments: &[Value]) -> Outcome {
    let zero = Number::from(0_i64);
    let one = Number::from(1_i64);
    let (start, limit, step) = match arguments.len() {
        1 => (zero.clone(), number(arguments, 0), None),
        2 => (number(arguments, 0), number(arguments, 1), None),
        3 => (number(arguments, 0), number(arguments, 1), Some(number(arguments, 2))),
        n => return Err(failed(format!("1 to 3 arguments are expected, not {n}"))),
    };
    let step = step.unwrap_or_else(|| if limit < start { one.negate() } else { one });
    if step.is_zero() {
        return Err(bad(2, "the step must not be 0"));
    }
    let down = step < zero;
    if (down && limit > start) || (!down && limit < start) {
        return Err::<Value, Failure>(bad(arguments.len().min(3) - 1, "the step leads away from the limit"));
    }
    let mut out = Vec::new();
    let mut at = start;
    while if down { at > limit } else { at < limit } {
        if out.len() >= 1024 {
            return Err(failed("a range has at most 1024 numbers"));
        }
        out.push(Value::Number(at.clone()));
        at = at.add(&step);
    }
    Ok(Value::List(Type::Number, out))
}
