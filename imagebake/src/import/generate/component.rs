//! A component of a template as a chain of builder calls, and what applies to any step behind it.

use super::{
    Code, Note, Settings, StepOptions, Want, Writer,
    calls::Calls,
    given::{Given, is_null},
};
use crate::{
    catalog,
    import::{
        fault::{Fault, Result},
        known,
        schema::Role,
        sources::Span,
        syntax::Expr,
        value::Value,
    },
};

/// What a post-processor, or the first of a chain, takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// What any source makes.
    Any,
    /// What one kind of source makes: it goes on the sources.
    Particular,
}

/// A component in Rust: `let mut NAME = EXPR; THEN…; NAME FINISH`.
#[derive(Clone, Debug)]
pub struct Component {
    /// What stands above it: comments of what is in its constructor, and of what is left out.
    pub comments: Vec<String>,
    /// `docker::Container::from_image("debian:12").author("…")`
    pub expr: String,
    /// Statements that change what was bound to the name, for what is set under a condition or in a loop.
    pub then: Vec<String>,
    /// What turns it into a step with options: `.only(["docker.web"])`; empty mostly.
    pub finish: String,
    /// What it takes, for post-processors.
    pub takes: Takes,
    /// The cargo feature of imagebake that it needs.
    pub feature: Option<&'static str>,
    /// What should be known.
    pub notes: Vec<Note>,
    /// Attributes that the component does not have: problems, or notes where that is allowed.
    pub unknown: Vec<Fault>,
}

/// The component of that name.
pub(super) fn entry(role: Role, kind: &str) -> Option<catalog::Entry> {
    let kind = known::canonical(role, kind);
    let role = match role {
        Role::Source => catalog::Role::Source,
        Role::Provisioner => catalog::Role::Provisioner,
        Role::PostProcessor => catalog::Role::PostProcessor,
        Role::Data => return None,
    };
    catalog::components()
        .into_iter()
        .find(|entry| entry.role == role && entry.kind == kind)
}

/// What a post-processor takes, where it is known.
pub(super) fn takes(kind: &str) -> Option<Takes> {
    entry(Role::PostProcessor, kind).map(|entry| match entry.particular {
        true => Takes::Particular,
        false => Takes::Any,
    })
}

/// Whether imagebake has the source.
pub(super) fn is_known(source: &str) -> bool {
    entry(Role::Source, source).is_some()
}

/// A source, step or post-processor in Rust, bound to `name`. `settings` are without what applies to any step.
///
/// # Errors
/// What cannot be said in Rust, with its place.
pub fn component(
    role: Role,
    kind: &str,
    span: Span,
    name: &str,
    settings: &Settings,
    options: &StepOptions,
    writer: &mut Writer<'_>,
) -> Result<Component> {
    let Some(entry) = entry(role, kind) else {
        return unported(role, kind, span, settings, options, writer);
    };
    let mut calls = Calls::new(writer);
    let mut given = Given::new(settings);
    let built = calls.build(&entry.shape, &mut given)?;
    calls.leftover(&entry.shape, &given, kind);
    let finish = match role {
        Role::PostProcessor => post_options(options, calls.writer)?,
        _ => {
            let mut finish = step_options(options, calls.writer)?;
            for (source, changed) in &options.overrides {
                finish.push_str(&calls.override_for(&entry, source, settings, changed)?);
            }
            finish
        }
    };
    let Calls {
        notes,
        comments,
        unknown,
        ..
    } = calls;
    Ok(Component {
        comments,
        then: built.statements(name),
        expr: built.expr,
        finish,
        takes: match entry.particular {
            true => Takes::Particular,
            false => Takes::Any,
        },
        feature: entry.feature,
        notes,
        unknown,
    })
}

/// What keeps the place of one that imagebake does not have. What differs for some sources is among what is yet to be written.
fn unported(
    role: Role,
    kind: &str,
    span: Span,
    settings: &Settings,
    options: &StepOptions,
    writer: &mut Writer<'_>,
) -> Result<Component> {
    let in_a_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if !kind.starts_with(|c: char| c.is_ascii_alphabetic()) || !kind.chars().all(in_a_name) {
        let message = format!("{kind:?} is no name of a {}", role.friendly());
        return Err(Fault::at(span, "unknown-component", message).help("names have letters, digits, `-`, `_` and `.`"));
    }
    let finish = match role {
        Role::PostProcessor => post_options(options, writer)?,
        _ => step_options(options, writer)?,
    };
    let sources = &writer.context.sources;
    Ok(Component {
        finish,
        ..writer.stubs.component(role, kind, span, settings, options, sources)
    })
}

/// The code of an option that cannot be left out while it runs.
fn option(expr: &Expr, want: &Want, writer: &mut Writer<'_>) -> Result<Option<String>> {
    if is_null(expr, writer) {
        return Ok(None);
    }
    let Code { text, optional, .. } = writer.expr(expr, want)?;
    match optional {
        false => Ok(Some(text)),
        // A pause of no time is none.
        true if *want == Want::Duration => Ok(Some(format!("{text}.unwrap_or_default()"))),
        true => Err(Fault::at(
            expr.span,
            "no-rust",
            "whether an option of a step is set cannot depend on a variable",
        )),
    }
}

/// `.only([…]).pause_before(…)`
fn step_options(options: &StepOptions, writer: &mut Writer<'_>) -> Result<String> {
    let globs = Want::list(Want::Str);
    let retries = Want::Int("u32");
    let mut finish = String::new();
    let all = [
        ("named", &options.name, &Want::Str),
        ("only", &options.only, &globs),
        ("except", &options.except, &globs),
        ("pause_before", &options.pause_before, &Want::Duration),
        ("timeout", &options.timeout, &Want::Duration),
        ("max_retries", &options.max_retries, &retries),
    ];
    for (setter, expr, want) in all {
        if let Some(expr) = expr
            && let Some(text) = option(expr, want, writer)?
        {
            finish.push_str(&format!(".{setter}({text})"));
        }
    }
    if let Some(expr) = &options.continue_on_error {
        match writer.constant(expr) {
            Some(Value::Bool(true)) => finish.push_str(".continue_on_error()"),
            Some(Value::Bool(false)) => {}
            _ => {
                let message = "whether a build goes on after an error cannot depend on a variable";
                return Err(Fault::at(expr.span, "no-rust", message));
            }
        }
    }
    Ok(finish)
}

/// `.only_for([…]).keep_input_artifact(true)`
fn post_options(options: &StepOptions, writer: &mut Writer<'_>) -> Result<String> {
    let globs = Want::list(Want::Str);
    let mut finish = String::new();
    let all = [
        // The first turns the post-processor into one with options, and is called by another name where steps have one too.
        ("only_for", "only", &options.only, &globs),
        ("except_for", "except", &options.except, &globs),
        (
            "keep_input_artifact",
            "keep_input_artifact",
            &options.keep_input_artifact,
            &Want::Bool,
        ),
        ("with_options().named", "named", &options.name, &Want::Str),
    ];
    for (first, further, expr, want) in all {
        if let Some(expr) = expr
            && let Some(text) = option(expr, want, writer)?
        {
            let setter = if finish.is_empty() { first } else { further };
            finish.push_str(&format!(".{setter}({text})"));
        }
    }
    Ok(finish)
}
