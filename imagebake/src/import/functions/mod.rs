//! The functions of templates.
//!
//! One table per family. A row says what its arguments must be, so that conversions, nulls, unknown values and the wording of problems
//! are settled once, here; `try`, `can`, `convert` and `templatefile` are given expressions and have their own module.

mod collections;
mod crypto;
mod encoding;
mod files;
mod format;
mod lazy;
mod network;
mod numbers;
mod sequences;
mod strings;
pub(in crate::import) mod time;
mod yaml;

pub(in crate::import) use encoding::query_escape;
pub(in crate::import) use lazy::type_constraint;

use super::{
    context::Context,
    eval::{Evaluator, Scope},
    fault::{Fault, Result},
    sources::Span,
    syntax::Expr,
    value::{Type, Value, convert},
};

/// What went wrong inside a function.
#[derive(Debug)]
pub(super) struct Failure {
    /// The argument that it is about.
    argument: Option<usize>,
    message: String,
}

type Outcome = std::result::Result<Value, Failure>;

/// A problem of argument number `argument`, from 0.
fn bad(argument: usize, message: impl Into<String>) -> Failure {
    Failure {
        argument: Some(argument),
        message: message.into(),
    }
}

/// A problem of the call as a whole.
fn failed(message: impl Into<String>) -> Failure {
    Failure {
        argument: None,
        message: message.into(),
    }
}

/// What an argument is converted to.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Any,
    Text,
    Number,
    Bool,
    Texts,
    Bools,
    List,
    Set,
}

impl Kind {
    fn ty(self) -> Type {
        match self {
            Self::Any => Type::Dynamic,
            Self::Text => Type::String,
            Self::Number => Type::Number,
            Self::Bool => Type::Bool,
            Self::Texts => Type::list(Type::String),
            Self::Bools => Type::list(Type::Bool),
            Self::List => Type::list(Type::Dynamic),
            Self::Set => Type::Set(Box::new(Type::Dynamic)),
        }
    }
}

/// An argument.
#[derive(Clone, Copy)]
struct Parameter {
    name: &'static str,
    kind: Kind,
    /// Whether it may be null.
    null: bool,
}

const fn p(name: &'static str, kind: Kind) -> Parameter {
    Parameter {
        name,
        kind,
        null: false,
    }
}

const fn nullable(name: &'static str, kind: Kind) -> Parameter {
    Parameter { name, kind, null: true }
}

/// A row of a table.
struct Function {
    name: &'static str,
    parameters: &'static [Parameter],
    /// Any number of further arguments.
    rest: Option<Parameter>,
    /// The type of the result, as far as it does not depend on the arguments.
    result: Kind,
    /// Whether it can do with collections whose elements are not all known.
    partial: bool,
    /// Whether it says itself what comes of what is not known.
    open: bool,
    run: fn(&Context, &[Value]) -> Outcome,
}

const fn function(
    name: &'static str,
    parameters: &'static [Parameter],
    result: Kind,
    run: fn(&Context, &[Value]) -> Outcome,
) -> Function {
    Function {
        name,
        parameters,
        rest: None,
        result,
        partial: false,
        open: false,
        run,
    }
}

impl Function {
    const fn rest(mut self, rest: Parameter) -> Self {
        self.rest = Some(rest);
        self
    }

    const fn partial(mut self) -> Self {
        self.partial = true;
        self
    }

    const fn open(mut self) -> Self {
        self.open = true;
        self
    }

    fn parameter(&self, at: usize) -> Option<&Parameter> {
        self.parameters.get(at).or(self.rest.as_ref())
    }

    /// Converts, looks for nulls and unknown values, and runs.
    fn call(&self, context: &Context, arguments: Vec<Value>) -> Outcome {
        let given = arguments.len();
        let least = self.parameters.len();
        if given < least || (given > least && self.rest.is_none()) {
            let at_least = if self.rest.is_some() { "at least " } else { "" };
            return Err(failed(format!(
                "{at_least}{least} argument(s) are expected, not {given}"
            )));
        }
        let mut converted = Vec::with_capacity(given);
        let mut known = true;
        for (i, argument) in arguments.into_iter().enumerate() {
            let parameter = self.parameter(i).expect("their number was just checked");
            if argument.is_null() && !parameter.null {
                return Err(bad(i, "it must not be null"));
            }
            known &= match (self.open, self.partial) {
                (true, _) => true,
                (_, true) => argument.is_known(),
                _ => argument.is_wholly_known(),
            };
            converted.push(convert(&argument, &parameter.kind.ty()).map_err(|problem| bad(i, problem))?);
        }
        if known {
            (self.run)(context, &converted)
        } else {
            Ok(Value::Unknown(self.result.ty()))
        }
    }
}

const TABLES: [&[Function]; 10] = [
    collections::TABLE,
    sequences::TABLE,
    crypto::TABLE,
    encoding::TABLE,
    files::TABLE,
    format::TABLE,
    network::TABLE,
    numbers::TABLE,
    strings::TABLE,
    time::TABLE,
];

fn find(name: &str) -> Option<&'static Function> {
    TABLES
        .iter()
        .flat_map(|table| table.iter())
        .find(|function| function.name == name)
}

/// The name of every function.
pub fn names() -> Vec<&'static str> {
    let tables = TABLES
        .iter()
        .flat_map(|table| table.iter())
        .map(|function| function.name);
    tables.chain(lazy::NAMES).collect()
}

/// `name(arguments)`, with the last argument's elements as further ones where `expand` is set.
pub(super) fn call(
    evaluator: Evaluator<'_>,
    name: &str,
    name_span: Span,
    arguments: &[Expr],
    expand: bool,
    span: Span,
    scope: &Scope,
) -> Result<Value> {
    if evaluator.in_default {
        return env(evaluator, name, name_span, arguments, scope);
    }
    if lazy::NAMES.contains(&name) {
        return lazy::call(evaluator, name, arguments, span, scope);
    }
    let Some(function) = find(name) else {
        return Err(unknown(name, name_span));
    };
    let mut values = Vec::with_capacity(arguments.len());
    for argument in arguments {
        values.push(evaluator.value(argument, scope)?);
    }
    let last = arguments.len().saturating_sub(1);
    if expand {
        match values.pop() {
            Some(Value::Unknown(_)) => return Ok(Value::Unknown(function.result.ty())),
            Some(value) => match value.items() {
                Some(items) => values.extend(items.iter().cloned()),
                None => {
                    return Err(Fault::at(
                        arguments[last].span,
                        "type",
                        format!("a list is expected before `...`, not {}", value.ty().friendly()),
                    ));
                }
            },
            None => {}
        }
    }
    function
        .call(evaluator.context, values)
        .map_err(|failure| match failure.argument {
            Some(at) => {
                let span = arguments.get(at.min(last)).map_or(span, |argument| argument.span);
                let parameter = function.parameter(at).map_or("", |parameter| parameter.name);
                Fault::at(
                    span,
                    "function-argument",
                    format!("`{name}`, argument {} ({parameter}): {}", at + 1, failure.message),
                )
            }
            None => Fault::at(span, "function", format!("`{name}`: {}", failure.message)),
        })
}

/// In the default of a variable `env` is the only function; a variable of the environment that is not set is empty.
fn env(evaluator: Evaluator<'_>, name: &str, name_span: Span, arguments: &[Expr], scope: &Scope) -> Result<Value> {
    match (name, arguments) {
        ("env", [argument]) => {
            let value = evaluator.value(argument, scope)?;
            let key = value.as_str().unwrap_or_default();
            Ok(evaluator.context.env.get(key).cloned().unwrap_or_default().into())
        }
        ("env", _) => Err(Fault::at(
            name_span,
            "function",
            format!("`env`: one argument is expected, not {}", arguments.len()),
        )),
        _ => Err(Fault::at(
            name_span,
            "unknown-function",
            format!("`{name}` cannot be used in the default of a variable; only `env` can"),
        )
        .help("compute the value in a local instead")),
    }
}

/// A UUID that nobody else has.
pub(super) fn random_uuid() -> std::result::Result<String, String> {
    crypto::uuid_v4().map_err(|failure| failure.message)
}

/// A function that there is not.
pub(super) fn unknown(name: &str, span: Span) -> Box<Fault> {
    if name == "env" {
        return Fault::at(
            span,
            "unknown-function",
            "`env` can be used in the default of a variable only",
        )
        .help("declare a variable with `default = env(\"…\")` and use that");
    }
    Fault::at(span, "unknown-function", format!("there is no function `{name}`")).nearest(name, names())
}

/// The text of an argument that was converted to text.
fn text(arguments: &[Value], at: usize) -> &str {
    arguments.get(at).and_then(Value::as_str).unwrap_or_default()
}

/// The number of an argument that was converted to one.
fn number(arguments: &[Value], at: usize) -> super::value::Number {
    match arguments.get(at) {
        Some(Value::Number(number)) => number.clone(),
        _ => super::value::Number::from(0_i64),
    }
}

/// A whole number.
fn whole(arguments: &[Value], at: usize) -> std::result::Result<i64, Failure> {
    number(arguments, at)
        .to_i64()
        .ok_or_else(|| bad(at, "a whole number is required"))
}

/// The elements of an argument that was converted to a sequence.
fn items(arguments: &[Value], at: usize) -> &[Value] {
    arguments.get(at).and_then(Value::items).unwrap_or_default()
}

#[cfg(test)]
mod tests;
