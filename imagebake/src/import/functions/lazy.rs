//! Functions that are given expressions: `try`, `can`, `convert`, `templatefile`; and type constraints.

use super::{Failure, failed};
use crate::import::{
    eval::{Evaluator, Scope},
    fault::{Fault, Result},
    sources::Span,
    syntax::{Expr, ExprKind, parse_expression, parse_template},
    value::{Attribute, Type, Value, convert},
};
use std::{collections::BTreeMap, fs};

pub(super) const NAMES: [&str; 4] = ["try", "can", "convert", "templatefile"];

pub(super) fn call(
    evaluator: Evaluator<'_>,
    name: &str,
    arguments: &[Expr],
    span: Span,
    scope: &Scope,
) -> Result<Value> {
    let wrong = |expected: &str| {
        Fault::at(
            span,
            "function",
            format!("`{name}`: {expected} expected, not {}", arguments.len()),
        )
    };
    match (name, arguments) {
        ("try", []) => Err(wrong("at least one argument is")),
        ("try", _) => {
            let mut last = None;
            for argument in arguments {
                match evaluator.value(argument, scope) {
                    Ok(value) => return Ok(value),
                    Err(fault) => last = Some(fault),
                }
            }
            let why = last.map(|fault| fault.message).unwrap_or_default();
            Err(Fault::at(
                span,
                "function",
                format!("`try`: none of the expressions has a value; the last one: {why}"),
            ))
        }
        ("can", [argument]) => Ok(Value::Bool(evaluator.value(argument, scope).is_ok())),
        ("can", _) => Err(wrong("one argument is")),
        ("convert", [value, ty]) => {
            let ty = type_constraint(evaluator, ty, scope)?;
            let given = evaluator.value(value, scope)?;
            convert(&given, &ty).map_err(|problem| {
                Fault::at(
                    value.span,
                    "function-argument",
                    format!("`convert`, argument 1: {problem}"),
                )
            })
        }
        ("convert", _) => Err(wrong("two arguments are")),
        (_, [path, values]) => templatefile(evaluator, path, values, span, scope),
        _ => Err(wrong("two arguments are")),
    }
}

/// The file is evaluated with the given values and nothing else; it may not read further ones this way.
fn templatefile(evaluator: Evaluator<'_>, path: &Expr, values: &Expr, span: Span, scope: &Scope) -> Result<Value> {
    let (path_value, values_value) = (evaluator.value(path, scope)?, evaluator.value(values, scope)?);
    if !path_value.is_known() || !values_value.is_known() {
        return Ok(Value::DYNAMIC);
    }
    let at = |span: Span, failure: Failure| {
        Fault::at(
            span,
            "function-argument",
            format!("`templatefile`: {}", failure.message),
        )
    };
    let name = convert(&path_value, &Type::String)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .ok_or_else(|| at(path.span, failed("a path is required")))?;
    let entries = values_value
        .entries()
        .ok_or_else(|| at(values.span, failed("a map of the template's variables is required")))?;
    let file = evaluator.context.path(&name);
    let text = fs::read_to_string(&file)
        .map_err(|error| at(path.span, failed(format!("cannot read {}: {error}", file.display()))))?;
    let number = evaluator.context.sources.add(name, text);
    let template = parse_template(&evaluator.context.sources, number)?;
    let mut nested = None;
    template.walk(&mut |node| match &node.kind {
        ExprKind::Call { name, name_span, .. } if name == "templatefile" => nested = Some(*name_span),
        _ => {}
    });
    if let Some(inner) = nested {
        return Err(Fault::at(
            inner,
            "function",
            "`templatefile` cannot be used inside a template file",
        )
        .also(span));
    }
    let inner = Scope::new(entries.iter().map(|(name, value)| (name.clone(), value.clone())));
    evaluator.value(&template, &inner).map_err(|fault| fault.also(span))
}

/// `list(string)`, `object({a = optional(number, 1)})`, …
pub(in crate::import) fn type_constraint(evaluator: Evaluator<'_>, expr: &Expr, scope: &Scope) -> Result<Type> {
    let unknown = |span: Span, name: &str| {
        Fault::at(span, "type-constraint", format!("{name:?} is no type")).help(
            "types are string, number, bool, any, list(T), set(T), map(T), tuple([T, …]) and object({name = T, …})",
        )
    };
    match &expr.kind {
        ExprKind::Variable(name) => match name.as_str() {
            "any" => Ok(Type::Dynamic),
            "string" => Ok(Type::String),
            "number" => Ok(Type::Number),
            "bool" => Ok(Type::Bool),
            "list" | "set" | "map" => Err(Fault::at(
                expr.span,
                "type-constraint",
                format!("`{name}` needs the type of its elements"),
            )
            .help(format!("write `{name}(string)` or `{name}(any)`"))),
            other => Err(unknown(expr.span, other)),
        },
        ExprKind::Parens(inner) | ExprKind::Wrapped(inner) => type_constraint(evaluator, inner, scope),
        ExprKind::Call { name, arguments, .. } => match (name.as_str(), arguments.as_slice()) {
            ("list", [element]) => Ok(Type::list(type_constraint(evaluator, element, scope)?)),
            ("set", [element]) => Ok(Type::Set(Box::new(type_constraint(evaluator, element, scope)?))),
            ("map", [element]) => Ok(Type::map(type_constraint(evaluator, element, scope)?)),
            (
                "tuple",
                [
                    Expr {
                        kind: ExprKind::Tuple(elements),
                        ..
                    },
                ],
            ) => elements
                .iter()
                .map(|element| type_constraint(evaluator, element, scope))
                .collect::<Result<Vec<_>>>()
                .map(Type::Tuple),
            (
                "object",
                [
                    Expr {
                        kind: ExprKind::Object(entries),
                        ..
                    },
                ],
            ) => object(evaluator, entries, scope),
            ("list" | "set" | "map" | "tuple" | "object", _) => Err(Fault::at(
                expr.span,
                "type-constraint",
                format!("`{name}` is not written like this"),
            )
            .help("write list(T), set(T), map(T), tuple([T, …]) or object({name = T, …})")),
            (other, _) => Err(unknown(expr.span, other)),
        },
        ExprKind::Literal(Value::String(text)) => quoted(evaluator, text, expr.span, scope),
        _ => Err(Fault::at(expr.span, "type-constraint", "a type is expected here")),
    }
}

/// In the JSON form types stand in quotes; in HCL's own syntax templates of the first days have `list` and `map` so.
fn quoted(evaluator: Evaluator<'_>, text: &str, span: Span, scope: &Scope) -> Result<Type> {
    match text {
        "list" => return Ok(Type::list(Type::Dynamic)),
        "map" => return Ok(Type::map(Type::Dynamic)),
        _ => {}
    }
    let sources = &evaluator.context.sources;
    let file = sources.add("<type>", text);
    let told = |fault: Box<Fault>| {
        Box::new(Fault {
            span: Some(span),
            also: Vec::new(),
            ..*fault
        })
    };
    let parsed = parse_expression(sources, file).map_err(told)?;
    if matches!(parsed.kind, ExprKind::Literal(_)) {
        return Err(told(Fault::at(span, "type-constraint", "a type is expected here")));
    }
    type_constraint(evaluator, &parsed, scope).map_err(told)
}

fn object(evaluator: Evaluator<'_>, entries: &[(Expr, Expr)], scope: &Scope) -> Result<Type> {
    let mut attributes = BTreeMap::new();
    for (key, value) in entries {
        let Some(name) = key.as_text() else {
            return Err(Fault::at(
                key.span,
                "type-constraint",
                "the name of an attribute is expected here",
            ));
        };
        let attribute = match &value.kind {
            ExprKind::Call { name, arguments, .. } if name == "optional" && (1..=2).contains(&arguments.len()) => {
                let ty = type_constraint(evaluator, &arguments[0], scope)?;
                let default = match arguments.get(1) {
                    Some(default) => {
                        let given = evaluator.value(default, scope)?;
                        Some(Box::new(convert(&given, &ty).map_err(|problem| {
                            Fault::at(
                                default.span,
                                "type-constraint",
                                format!("this default does not fit its type: {problem}"),
                            )
                        })?))
                    }
                    None => None,
                };
                Attribute {
                    ty,
                    optional: true,
                    default,
                }
            }
            _ => Attribute::required(type_constraint(evaluator, value, scope)?),
        };
        attributes.insert(name.to_owned(), attribute);
    }
    Ok(Type::Object(attributes))
}
