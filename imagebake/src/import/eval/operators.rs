//! Operators between two values, and indexes.

use super::{Evaluator, Scope, operand, whole};
use crate::import::{
    fault::{Fault, Result},
    sources::Span,
    syntax::{BinaryOp, Expr},
    value::{Type, Value, convert},
};

pub(super) fn binary(
    evaluator: Evaluator<'_>,
    op: BinaryOp,
    left: &Expr,
    right: &Expr,
    span: Span,
    scope: &Scope,
) -> Result<Value> {
    let (a, b) = (evaluator.value(left, scope)?, evaluator.value(right, scope)?);
    match op {
        BinaryOp::Equal | BinaryOp::NotEqual => Ok(equal(&a, &b, op == BinaryOp::Equal)),
        BinaryOp::And | BinaryOp::Or => {
            let deciding = op == BinaryOp::Or;
            let (a, b) = (
                operand(&a, &Type::Bool, left.span)?,
                operand(&b, &Type::Bool, right.span)?,
            );
            Ok(match (a, b) {
                (Value::Bool(a), Value::Bool(b)) if deciding => Value::Bool(a || b),
                (Value::Bool(a), Value::Bool(b)) => Value::Bool(a && b),
                (Value::Bool(known), _) | (_, Value::Bool(known)) if known == deciding => Value::Bool(known),
                _ => Value::Unknown(Type::Bool),
            })
        }
        _ => {
            let compares = matches!(
                op,
                BinaryOp::Greater | BinaryOp::GreaterOrEqual | BinaryOp::Less | BinaryOp::LessOrEqual
            );
            let (a, b) = (
                operand(&a, &Type::Number, left.span)?,
                operand(&b, &Type::Number, right.span)?,
            );
            let (Value::Number(a), Value::Number(b)) = (a, b) else {
                return Ok(Value::Unknown(if compares { Type::Bool } else { Type::Number }));
            };
            let by_zero = || Fault::at(span, "division-by-zero", "division by 0");
            Ok(match op {
                BinaryOp::Greater => Value::Bool(a > b),
                BinaryOp::GreaterOrEqual => Value::Bool(a >= b),
                BinaryOp::Less => Value::Bool(a < b),
                BinaryOp::LessOrEqual => Value::Bool(a <= b),
                BinaryOp::Add => Value::Number(a.add(&b)),
                BinaryOp::Subtract => Value::Number(a.subtract(&b)),
                BinaryOp::Multiply => Value::Number(a.multiply(&b)),
                BinaryOp::Divide => Value::Number(a.divide(&b).ok_or_else(by_zero)?),
                _ => Value::Number(a.remainder(&b).ok_or_else(by_zero)?),
            })
        }
    }
}

fn equal(a: &Value, b: &Value, wanted: bool) -> Value {
    let both_known = a.is_wholly_known() && b.is_wholly_known();
    // A known value that is not null differs from null whatever the rest is.
    if !both_known {
        return Value::Unknown(Type::Bool);
    }
    Value::Bool(a.same(b) == wanted)
}

/// `collection[key]`
pub(crate) fn index(collection: &Value, key: &Value, span: Span) -> Result<Value> {
    let invalid = |message: String| Fault::at(span, "index", message);
    if collection.is_null() {
        return Err(invalid("null has no elements".into()));
    }
    if key.is_null() {
        return Err(invalid("null cannot be an index".into()));
    }
    let wants_number = matches!(
        collection,
        Value::List(..) | Value::Tuple(_) | Value::Unknown(Type::List(_) | Type::Tuple(_))
    );
    let wants_name = matches!(
        collection,
        Value::Map(..) | Value::Object(_) | Value::Unknown(Type::Map(_) | Type::Object(_))
    );
    match collection {
        _ if wants_number => {
            let key =
                convert(key, &Type::Number).map_err(|problem| invalid(format!("the index of a list: {problem}")))?;
            let (Value::Number(number), Some(items)) = (&key, collection.items()) else {
                return Ok(match collection {
                    Value::Unknown(Type::List(element)) => Value::Unknown((**element).clone()),
                    Value::List(element, _) => Value::Unknown(element.clone()),
                    _ => Value::DYNAMIC,
                });
            };
            let at = whole(number).ok_or_else(|| invalid("the index of a list is a whole number".into()))?;
            let item = usize::try_from(at).ok().and_then(|at| items.get(at));
            item.cloned().ok_or_else(|| {
                invalid(match items.len() {
                    0 => "the list has no elements".into(),
                    n => format!("there is no element {at}: the list has {n}, from 0 to {}", n - 1),
                })
            })
        }
        _ if wants_name => {
            let key = convert(key, &Type::String).map_err(|problem| invalid(format!("the key of a map: {problem}")))?;
            let (Value::String(name), Some(items)) = (&key, collection.entries()) else {
                return Ok(match collection {
                    Value::Unknown(Type::Map(element)) => Value::Unknown((**element).clone()),
                    Value::Map(element, _) => Value::Unknown(element.clone()),
                    _ => Value::DYNAMIC,
                });
            };
            items.get(name).cloned().ok_or_else(|| {
                invalid(format!("there is no element {name:?}")).nearest(name, items.keys().map(String::as_str))
            })
        }
        Value::Unknown(Type::Dynamic) => Ok(Value::DYNAMIC),
        other => Err(invalid(format!(
            "a {} has no elements to choose from",
            other.ty().friendly()
        ))),
    }
}
