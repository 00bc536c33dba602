//! User variables: defaults, files, command line; and the `{{ … }}` in them.

use super::{
    engine::render,
    functions::{At, Engine},
    parts::{Parts, scalar},
};
use crate::import::{
    context::Context,
    fault::{Fault, Faults},
    input::{self, Input},
    plan::Plan,
    syntax::{JsonKind, parse_json},
    value::{Type, Value},
};
use std::{cell::RefCell, collections::BTreeMap};

/// A variable may use others: as often as one more can be rendered, those that are left are tried again.
pub(super) fn evaluate(
    parts: &Parts,
    input: &Input,
    context: &Context,
    plan: &mut Plan,
    faults: &mut Faults,
) -> BTreeMap<String, String> {
    let mut given: BTreeMap<String, String> = BTreeMap::new();
    for path in &input.var_files {
        let Some(json) = faults.keep(input::read(context, path).and_then(|file| parse_json(&context.sources, file)))
        else {
            continue;
        };
        if !matches!(json.kind, JsonKind::Object(_)) {
            faults.push(Fault::at(
                json.span,
                "type",
                format!("an object of values is expected, not {}", json.friendly()),
            ));
        }
        for property in json.properties() {
            let value = match &property.value.kind {
                JsonKind::Array(items) => items.iter().map(scalar).collect::<Vec<_>>().join(","),
                JsonKind::Bool(flag) => flag.to_string(),
                _ => scalar(&property.value),
            };
            given.insert(property.name.clone(), value);
        }
    }
    given.extend(input.vars.iter().cloned());

    let mut pending: Vec<(String, String)> = Vec::new();
    for variable in &parts.variables {
        match (given.get(&variable.name), &variable.default) {
            (Some(_), _) => {}
            (None, Some(default)) => pending.push((variable.name.clone(), default.clone())),
            (None, None) => {
                plan.unset.insert(variable.name.clone(), Type::String);
                let fault = Fault::at(
                    variable.span,
                    "unset-variable",
                    format!("variable `{}` has no value", variable.name),
                );
                faults.push(fault.help(format!(
                    "give it a default, set it in a file with values, or with `-var {}=…`",
                    variable.name
                )));
            }
        }
    }
    pending.extend(given);
    let mut user = BTreeMap::new();
    loop {
        let mut left = Vec::new();
        let mut problems = Vec::new();
        let before = pending.len();
        for (name, text) in pending {
            let engine = Engine {
                context,
                user: &user,
                at: At::Variable,
                unset: RefCell::default(),
            };
            match render(&text, &engine) {
                Ok(value) => drop(user.insert(name, value)),
                Err(error) => {
                    problems.push(error);
                    left.push((name, text));
                }
            }
        }
        pending = left;
        if pending.is_empty() || pending.len() == before {
            for ((name, _), error) in pending.iter().zip(problems) {
                let variable = parts.variables.iter().find(|variable| variable.name == *name);
                let message = format!("the value of variable `{name}` cannot be rendered: {}", error.message);
                let fault = match variable {
                    Some(variable) => Fault::at(variable.at, "template", message),
                    None => Fault::general("template", message),
                };
                let names = parts.variables.iter().map(|variable| variable.name.as_str());
                faults.push(match &error.unset {
                    // The peer goes on where at least one other could be rendered; the variable then has no value.
                    Some(unset) if !user.is_empty() => fault.nearest(unset, names).warning(),
                    Some(unset) => fault.nearest(unset, names),
                    None => fault,
                });
            }
            break;
        }
    }
    plan.sensitive
        .extend(parts.sensitive.iter().map(|name| format!("var.{name}")));
    plan.variables = user
        .iter()
        .map(|(name, value)| (name.clone(), Value::from(value.as_str())))
        .collect();
    user
}
