//! Variables: their types, and their values from defaults, environment, files and command line.

use super::declarations::{Declared, Variable};
use crate::import::{
    context::Context,
    eval::{Scope, evaluate as evaluate_expr, evaluate_default, type_constraint},
    fault::{Fault, Faults, Result},
    input::{self, Input},
    plan::Plan,
    sources::Span,
    syntax::{Block, parse_expression, parse_file},
    value::{Type, Value, convert},
};
use std::collections::BTreeMap;

/// A variable on the way to its value.
struct Known<'a> {
    declared: &'a Variable,
    /// As declared, or that of the default.
    ty: Type,
    is_declared_type: bool,
    value: Option<(Value, Option<Span>)>,
}

fn evaluate_all<'a>(
    declared: &'a Declared,
    input: &Input,
    context: &Context,
    faults: &mut Faults,
) -> BTreeMap<&'a str, (Option<Value>, Type)> {
    let mut known: BTreeMap<&str, Known<'a>> = BTreeMap::new();
    for variable in &declared.variables {
        known.insert(&variable.name, default(variable, context, faults));
    }
    environment(&mut known, context, faults);
    files(&mut known, input, context, faults);
    command_line(&mut known, input, context, faults);
    for (name, variable) in &known {
        match &variable.value {
            Some((value, span)) => {
                for validation in &variable.declared.validations {
                    validate(name, value, *span, validation, context, faults);
                }
            }
            None => faults.push(
                Fault::at(
                    variable.declared.span,
                    "unset-variable",
                    format!("variable `{name}` has no value"),
                )
                .help(format!(
                    "give it a default, set it in a file with values, or with `-var {name}=…`"
                )),
            ),
        }
    }
    known
        .into_iter()
        .map(|(name, variable)| (name, (variable.value.map(|(value, _)| value), variable.ty)))
        .collect()
}

pub(super) fn evaluate(
    declared: &Declared,
    input: &Input,
    context: &Context,
    values: &mut BTreeMap<String, Value>,
    plan: &mut Plan,
    faults: &mut Faults,
) {
    for (name, (value, ty)) in evaluate_all(declared, input, context, faults) {
        if value.is_none() {
            plan.unset.insert(name.to_owned(), ty.clone());
        }
        values.insert(name.to_owned(), value.unwrap_or(Value::Unknown(ty)));
    }
    for variable in &declared.variables {
        let text = variable.description.as_ref().map(|expr| constant(context, expr));
        if let Some(description) = text.and_then(|value| faults.keep(value))
            && convert(&description, &Type::String).is_err()
        {
            let span = variable.description.as_ref().map_or(variable.span, |expr| expr.span);
            faults.push(Fault::at(span, "type", "a description is text"));
        }
        let hidden = variable.sensitive.as_ref().map(|expr| constant(context, expr));
        if hidden.and_then(|value| faults.keep(value)) == Some(Value::Bool(true)) {
            plan.sensitive.insert(format!("var.{}", variable.name));
        }
    }
}

fn constant(context: &Context, expr: &crate::import::syntax::Expr) -> Result<Value> {
    evaluate_expr(context, expr, &Scope::default())
}

fn default<'a>(variable: &'a Variable, context: &Context, faults: &mut Faults) -> Known<'a> {
    let declared_type = variable
        .ty
        .as_ref()
        .and_then(|expr| faults.keep(type_constraint(context, expr)));
    let is_declared_type = declared_type.is_some();
    let mut ty = declared_type.unwrap_or(Type::Dynamic);
    let mut value = None;
    if let Some(expr) = &variable.default {
        let converted = evaluate_default(context, expr).and_then(|value| {
            convert(&value, &ty).map_err(|problem| {
                Fault::at(
                    expr.span,
                    "variable-type",
                    format!(
                        "the default of variable `{}` does not have its type: {problem}",
                        variable.name
                    ),
                )
            })
        });
        match faults.keep(converted) {
            Some(converted) => {
                // An empty list or object says nothing about what may be in it.
                let is_empty = converted.elements().is_some_and(|elements| elements.is_empty());
                if !is_declared_type && !is_empty {
                    ty = converted.ty();
                }
                value = Some((converted, Some(expr.span)));
            }
            // Its problem is told; that it has no value would be a second one for the same.
            None => value = Some((Value::Unknown(ty.clone()), None)),
        }
    }
    Known {
        declared: variable,
        ty,
        is_declared_type,
        value,
    }
}

impl Known<'_> {
    fn set(&mut self, name: &str, value: Value, span: Span, from: &str, faults: &mut Faults) {
        match convert(&value, &self.ty) {
            Ok(value) => self.value = Some((value, Some(span))),
            // A type that nobody wrote down does not bind.
            Err(_) if !self.is_declared_type => self.value = Some((value, Some(span))),
            Err(problem) => faults.push(
                Fault::at(
                    span,
                    "variable-type",
                    format!("the value of variable `{name}` {from} does not have its type: {problem}"),
                )
                .also(self.declared.span),
            ),
        }
    }

    /// Text from outside: a string where one is expected, an expression otherwise.
    fn set_text(&mut self, name: &str, text: &str, from: &str, context: &Context, faults: &mut Faults) {
        let file = context.sources.add(format!("<variable {name} {from}>"), text);
        let span = Span::new(file, 0..text.len());
        let value = match self.ty {
            Type::String | Type::Number | Type::Dynamic => Ok(Value::from(text)),
            _ => parse_expression(&context.sources, file)
                .and_then(|expr| evaluate_expr(context, &expr, &Scope::default())),
        };
        if let Some(value) = faults.keep(value) {
            self.set(name, value, span, from, faults);
        }
    }
}

fn environment(known: &mut BTreeMap<&str, Known<'_>>, context: &Context, faults: &mut Faults) {
    for (key, text) in &context.env {
        if let Some(name) = key.strip_prefix("PKR_VAR_")
            && let Some(variable) = known.get_mut(name)
        {
            variable.set_text(name, text, "from the environment", context, faults);
        }
    }
}

/// A value for a variable that nobody declared is passed over, as one file serves several templates.
fn files(known: &mut BTreeMap<&str, Known<'_>>, input: &Input, context: &Context, faults: &mut Faults) {
    let Some(files) = faults.keep(input.value_files()) else {
        return;
    };
    for (path, json) in files.all() {
        let Some(file) = faults.keep(input::read(context, path)) else {
            continue;
        };
        let body = parse_file(&context.sources, file, json, faults);
        for attribute in body.attributes(faults) {
            let Some(variable) = known.get_mut(attribute.name.as_str()) else {
                continue;
            };
            if let Some(value) = faults.keep(evaluate_expr(context, &attribute.expr, &Scope::default())) {
                variable.set(&attribute.name, value, attribute.expr.span, "in this file", faults);
            }
        }
    }
}

fn command_line(known: &mut BTreeMap<&str, Known<'_>>, input: &Input, context: &Context, faults: &mut Faults) {
    for (name, text) in &input.vars {
        let names: Vec<String> = known.keys().map(|name| (*name).to_owned()).collect();
        match known.get_mut(name.as_str()) {
            Some(variable) => variable.set_text(name, text, "on the command line", context, faults),
            None => faults.push(
                Fault::general(
                    "unknown-variable",
                    format!("-var {name}: the template has no variable of that name"),
                )
                .nearest(name, names.iter().map(String::as_str)),
            ),
        }
    }
}

fn validate(name: &str, value: &Value, at: Option<Span>, block: &Block, context: &Context, faults: &mut Faults) {
    let content = block.body.content(&["condition", "error_message"], &[], faults);
    let (Some(condition), Some(message)) = (content.attribute("condition"), content.attribute("error_message")) else {
        faults.push(Fault::at(
            block.header,
            "missing-attribute",
            format!("the validation of variable `{name}` needs `condition` and `error_message`"),
        ));
        return;
    };
    let own = Value::Object([(name.to_owned(), value.clone())].into_iter().collect());
    let scope = Scope::new([("var".to_owned(), own)]);
    let message_value = faults.keep(evaluate_expr(context, &message.expr, &scope));
    let told = message_value
        .as_ref()
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    let is_sentence = told.starts_with(|c: char| !c.is_lowercase()) && told.ends_with(['.', '?', '!']);
    if message_value.is_some() && !is_sentence {
        faults.push(Fault::at(
            message.expr.span,
            "error-message",
            "an error message is a sentence: it starts with a capital and ends with `.`, `?` or `!`",
        ));
    }
    let result = faults.keep(evaluate_expr(context, &condition.expr, &scope));
    match result.map(|value| convert(&value, &Type::Bool)) {
        Some(Ok(Value::Bool(false))) => faults.push(
            Fault::at(
                at.unwrap_or(block.header),
                "validation",
                format!("the value of variable `{name}` is not allowed: {told}"),
            )
            .also(condition.expr.span),
        ),
        Some(Ok(Value::Null(_)) | Err(_)) => {
            faults.push(Fault::at(condition.expr.span, "type", "a condition is true or false"))
        }
        _ => {}
    }
}
