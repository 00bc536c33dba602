//! Expressions and their values.

mod operators;
mod scope;

pub use scope::Scope;

use super::{
    context::Context,
    fault::{Fault, Result},
    functions,
    sources::Span,
    syntax::{Expr, ExprKind, ForExpr, Part, UnaryOp},
    value::{Number, Type, Value, convert, unify},
};
use operators::{binary, index};
use std::collections::BTreeMap;

/// The value of `expr`.
pub fn evaluate(context: &Context, expr: &Expr, scope: &Scope) -> Result<Value> {
    Evaluator::new(context).value(expr, scope)
}

/// The value of the default of a variable, where `env` is the one function there is.
pub fn evaluate_default(context: &Context, expr: &Expr) -> Result<Value> {
    let evaluator = Evaluator {
        in_default: true,
        ..Evaluator::new(context)
    };
    evaluator.value(expr, &Scope::default())
}

/// `list(string)`, `object({a = optional(number, 1)})`, …
pub fn type_constraint(context: &Context, expr: &Expr) -> Result<Type> {
    functions::type_constraint(Evaluator::new(context), expr, &Scope::default())
}

/// Deeper nesting than any template has: a file must not exhaust the stack.
const DEEPEST: usize = 200;

#[derive(Clone, Copy)]
pub(super) struct Evaluator<'a> {
    pub(super) context: &'a Context,
    /// The element at hand inside a splat.
    each: Option<&'a Value>,
    depth: usize,
    pub(super) in_default: bool,
}

impl<'a> Evaluator<'a> {
    fn new(context: &'a Context) -> Self {
        Self {
            context,
            each: None,
            depth: 0,
            in_default: false,
        }
    }

    pub(super) fn value(self, expr: &Expr, scope: &Scope) -> Result<Value> {
        let deeper = Evaluator {
            depth: self.depth + 1,
            ..self
        };
        if self.depth > DEEPEST {
            return Err(Fault::at(expr.span, "nesting", "this expression is nested too deeply"));
        }
        deeper.node(expr, scope)
    }

    fn node(self, expr: &Expr, scope: &Scope) -> Result<Value> {
        match &expr.kind {
            ExprKind::Literal(value) => Ok(value.clone()),
            ExprKind::Tuple(items) => items
                .iter()
                .map(|item| self.value(item, scope))
                .collect::<Result<Vec<_>>>()
                .map(Value::Tuple),
            ExprKind::Object(items) => self.object(items, scope),
            ExprKind::Template(parts) => self.template(parts, scope),
            ExprKind::Wrapped(inner) | ExprKind::Parens(inner) => self.value(inner, scope),
            ExprKind::Variable(name) => scope.get(name).ok_or_else(|| {
                Fault::at(expr.span, "unknown-variable", format!("there is no variable `{name}`"))
                    .nearest(name, scope.names().iter().map(String::as_str))
            }),
            ExprKind::Each => Ok(self.each.cloned().unwrap_or(Value::DYNAMIC)),
            ExprKind::GetAttr(inner, name) => {
                let object = self.value(inner, scope)?;
                attribute(&object, name, expr.span, inner)
            }
            ExprKind::Index(inner, key) => {
                let collection = self.value(inner, scope)?;
                let key_value = self.value(key, scope)?;
                index(&collection, &key_value, key.span)
            }
            ExprKind::Splat { source, each } => self.splat(source, each, scope),
            ExprKind::Call {
                name,
                name_span,
                arguments,
                expand,
            } => functions::call(self, name, *name_span, arguments, *expand, expr.span, scope),
            ExprKind::Unary(op, inner) => {
                let value = self.value(inner, scope)?;
                match op {
                    UnaryOp::Not => match operand(&value, &Type::Bool, inner.span)? {
                        Value::Bool(flag) => Ok(Value::Bool(!flag)),
                        other => Ok(other),
                    },
                    UnaryOp::Negate => match operand(&value, &Type::Number, inner.span)? {
                        Value::Number(number) => Ok(Value::Number(number.negate())),
                        other => Ok(other),
                    },
                }
            }
            ExprKind::Binary(op, left, right) => binary(self, *op, left, right, expr.span, scope),
            ExprKind::Conditional(condition, yes, no) => self.conditional(condition, yes, no, expr.span, scope),
            ExprKind::For(for_expr) => self.for_expr(for_expr, scope),
        }
    }

    fn object(self, items: &[(Expr, Expr)], scope: &Scope) -> Result<Value> {
        let mut out = BTreeMap::new();
        for (key, value) in items {
            let name = self.value(key, scope)?;
            let item = self.value(value, scope)?;
            let Some(name) = key_of(&name, key.span)? else {
                return Ok(Value::DYNAMIC);
            };
            out.insert(name, item);
        }
        Ok(Value::Object(out))
    }

    fn template(self, parts: &[Part], scope: &Scope) -> Result<Value> {
        let mut text = String::new();
        let known = self.parts(parts, scope, &mut text)?;
        Ok(if known {
            Value::string(text)
        } else {
            Value::Unknown(Type::String)
        })
    }

    /// Appends to `text`; whether all of it is known.
    fn parts(self, parts: &[Part], scope: &Scope, text: &mut String) -> Result<bool> {
        let mut known = true;
        for part in parts {
            match part {
                Part::Literal(literal) => text.push_str(literal),
                Part::Interpolation(expr) => {
                    let value = self.value(expr, scope)?;
                    known &= interpolate(&value, expr.span, text)?;
                }
                Part::If { condition, yes, no } => {
                    let value = self.value(condition, scope)?;
                    match operand(&value, &Type::Bool, condition.span)? {
                        Value::Bool(true) => known &= self.parts(yes, scope, text)?,
                        Value::Bool(false) => known &= self.parts(no, scope, text)?,
                        _ => known = false,
                    }
                }
                Part::For {
                    key_name,
                    value_name,
                    collection,
                    body,
                } => {
                    let value = self.value(collection, scope)?;
                    let Some(elements) = elements(&value, collection.span)? else {
                        known = false;
                        continue;
                    };
                    for (key, item) in elements {
                        let mut names = vec![(value_name.clone(), item)];
                        names.extend(key_name.iter().map(|name| (name.clone(), key.clone())));
                        known &= self.parts(body, &scope.child(names), text)?;
                    }
                }
            }
        }
        Ok(known)
    }

    fn splat(self, source: &Expr, each: &Expr, scope: &Scope) -> Result<Value> {
        let value = self.value(source, scope)?;
        let items: Vec<Value> = match &value {
            Value::Unknown(_) => return Ok(Value::DYNAMIC),
            Value::Null(Type::List(_) | Type::Set(_) | Type::Tuple(_)) => {
                return Err(Fault::at(
                    source.span,
                    "null",
                    "a splat expression cannot walk over a list that is null",
                ));
            }
            Value::Null(_) => Vec::new(),
            Value::List(_, items) | Value::Set(_, items) | Value::Tuple(items) => items.clone(),
            single => vec![single.clone()],
        };
        let results = items
            .iter()
            .map(|item| {
                Evaluator {
                    each: Some(item),
                    ..self
                }
                .value(each, scope)
            })
            .collect::<Result<Vec<_>>>()?;
        // A list gives a list, since all its elements give one type.
        match (&value, results.first()) {
            (Value::List(..) | Value::Set(..), Some(first))
                if results.iter().all(|item| item.ty().alike(&first.ty())) =>
            {
                Ok(Value::List(first.ty(), results))
            }
            (Value::List(element, _) | Value::Set(element, _), None) => Ok(Value::List(element.clone(), results)),
            _ => Ok(Value::Tuple(results)),
        }
    }

    fn conditional(self, condition: &Expr, yes: &Expr, no: &Expr, span: Span, scope: &Scope) -> Result<Value> {
        // Both sides are evaluated, as the result has the type that both have in common.
        let question = self.value(condition, scope)?;
        let taken = match operand(&question, &Type::Bool, condition.span)? {
            Value::Bool(flag) => Some(flag),
            _ => None,
        };
        let (yes_value, no_value) = (self.value(yes, scope), self.value(no, scope));
        let (yes_value, no_value) = match (taken, yes_value, no_value) {
            (_, Ok(yes), Ok(no)) => (yes, no),
            // A problem of the side that is not taken is none.
            (Some(true), Ok(yes), Err(_)) => return Ok(yes),
            (Some(false), Err(_), Ok(no)) => return Ok(no),
            (_, Err(fault), _) | (_, _, Err(fault)) => return Err(fault),
        };
        let side = |value: &Value| match value {
            Value::Null(Type::Dynamic) => Type::Dynamic,
            other => other.ty(),
        };
        let (yes_type, no_type) = (side(&yes_value), side(&no_value));
        let ty = unify(&[yes_type.clone(), no_type.clone()]).ok_or_else(|| {
            Fault::at(
                span,
                "conditional-types",
                format!(
                    "the results of the two sides must have one type; these are {} and {}",
                    yes_type.friendly(),
                    no_type.friendly()
                ),
            )
        })?;
        match taken {
            None => Ok(Value::Unknown(ty)),
            Some(flag) => {
                let value = if flag { yes_value } else { no_value };
                convert(&value, &ty).map_err(|problem| {
                    Fault::at(
                        span,
                        "conditional-types",
                        format!("this side does not fit the other: {problem}"),
                    )
                })
            }
        }
    }

    fn for_expr(self, expr: &ForExpr, scope: &Scope) -> Result<Value> {
        let collection = self.value(&expr.collection, scope)?;
        let Some(elements) = elements(&collection, expr.collection.span)? else {
            return Ok(Value::DYNAMIC);
        };
        let mut list = Vec::new();
        let mut single: BTreeMap<String, Value> = BTreeMap::new();
        let mut groups: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for (key, item) in elements {
            let mut names = vec![(expr.value_name.clone(), item)];
            names.extend(expr.key_name.iter().map(|name| (name.clone(), key.clone())));
            let inner = scope.child(names);
            if let Some(condition) = &expr.condition {
                let value = self.value(condition, &inner)?;
                match operand(&value, &Type::Bool, condition.span)? {
                    Value::Bool(true) => {}
                    Value::Bool(false) => continue,
                    _ => return Ok(Value::DYNAMIC),
                }
            }
            let Some(key) = &expr.key else {
                list.push(self.value(&expr.value, &inner)?);
                continue;
            };
            let name = self.value(key, &inner)?;
            let value = self.value(&expr.value, &inner)?;
            let Some(name) = key_of(&name, key.span)? else {
                return Ok(Value::DYNAMIC);
            };
            if expr.grouping {
                groups.entry(name).or_default().push(value);
            } else if single.insert(name.clone(), value).is_some() {
                return Err(
                    Fault::at(key.span, "duplicate-key", format!("two elements give the key {name:?}"))
                        .help("add `...` after the value to collect all values of one key in a list"),
                );
            }
        }
        if expr.key.is_none() {
            return Ok(Value::Tuple(list));
        }
        single.extend(groups.into_iter().map(|(name, values)| (name, Value::Tuple(values))));
        Ok(Value::Object(single))
    }
}

/// The elements of what is walked over; none where it is not known.
pub fn elements(value: &Value, span: Span) -> Result<Option<Vec<(Value, Value)>>> {
    match value {
        Value::Unknown(_) => Ok(None),
        Value::Null(_) => Err(Fault::at(span, "null", "null cannot be walked over")),
        other => match other.elements() {
            Some(elements) => Ok(Some(elements)),
            None => Err(Fault::at(
                span,
                "not-a-collection",
                format!(
                    "a list, set, map, tuple or object is expected here, not {}",
                    other.ty().friendly()
                ),
            )),
        },
    }
}

/// The value as `ty`, and neither null nor of another type.
/// The key of an object; none where it is not known.
fn key_of(name: &Value, span: Span) -> Result<Option<String>> {
    match convert(name, &Type::String) {
        Ok(Value::String(name)) => Ok(Some(name)),
        Ok(Value::Null(_)) => Err(Fault::at(span, "null-key", "the key of an object must not be null")),
        Ok(_) => Ok(None),
        Err(problem) => {
            let problem = format!("this cannot be the key of an object: {problem}");
            Err(Fault::at(span, "key", problem))
        }
    }
}

fn operand(value: &Value, ty: &Type, span: Span) -> Result<Value> {
    if value.is_null() {
        return Err(Fault::at(
            span,
            "null",
            format!("a {} is expected here, not null", ty.friendly()),
        ));
    }
    convert(value, ty)
        .map_err(|problem| Fault::at(span, "type", format!("this is not what is expected here: {problem}")))
}

/// Appends a value to text; whether it is known.
fn interpolate(value: &Value, span: Span, text: &mut String) -> Result<bool> {
    if value.is_null() {
        return Err(Fault::at(
            span,
            "null",
            "the value is null, which cannot be put into a string",
        ));
    }
    match convert(value, &Type::String) {
        Ok(Value::String(piece)) => {
            text.push_str(&piece);
            Ok(true)
        }
        Ok(_) => Ok(false),
        Err(problem) => Err(Fault::at(
            span,
            "type",
            format!(
                "a value of type {} cannot be put into a string: {problem}",
                value.ty().friendly()
            ),
        )),
    }
}

/// `object.name`
fn attribute(object: &Value, name: &str, span: Span, inner: &Expr) -> Result<Value> {
    let subject = || {
        inner
            .path()
            .map_or_else(|| "this value".to_owned(), |path| format!("`{}`", path.join(".")))
    };
    match object {
        Value::Unknown(Type::Dynamic) => Ok(Value::DYNAMIC),
        Value::Unknown(Type::Map(element)) => Ok(Value::Unknown((**element).clone())),
        Value::Unknown(Type::Object(attributes)) => match attributes.get(name) {
            Some(attribute) => Ok(Value::Unknown(attribute.ty.clone())),
            None => Err(missing(&subject(), name, attributes.keys().map(String::as_str), span)),
        },
        Value::Null(_) => Err(Fault::at(
            span,
            "null",
            format!("{} is null and has no attribute `{name}`", subject()),
        )),
        Value::Map(_, items) | Value::Object(items) => match items.get(name) {
            Some(item) => Ok(item.clone()),
            None => Err(missing(&subject(), name, items.keys().map(String::as_str), span)),
        },
        Value::List(..)
        | Value::Tuple(_)
        | Value::Set(..)
        | Value::Unknown(Type::List(_) | Type::Tuple(_) | Type::Set(_)) => Err(Fault::at(
            span,
            "unknown-attribute",
            format!(
                "{} is a {} and has no attribute `{name}`",
                subject(),
                object.ty().friendly()
            ),
        )
        .help(format!(
            "for `{name}` of every element write `[*].{name}`, for one of them its index"
        ))),
        other => Err(Fault::at(
            span,
            "unknown-attribute",
            format!("{} is a {} and has no attributes", subject(), other.ty().friendly()),
        )),
    }
}

pub(super) fn missing<'a>(subject: &str, name: &str, known: impl Iterator<Item = &'a str>, span: Span) -> Box<Fault> {
    match subject {
        "`var`" => Fault::at(span, "unknown-variable", format!("there is no variable `{name}`")),
        "`local`" => Fault::at(span, "unknown-local", format!("there is no local `{name}`")),
        _ => Fault::at(
            span,
            "unknown-attribute",
            format!("{subject} has no attribute `{name}`"),
        ),
    }
    .nearest(name, known)
}

/// A whole number, for messages and indexes.
fn whole(number: &Number) -> Option<i64> {
    number.to_i64()
}

#[cfg(test)]
mod tests;
