//! The older templates: one file of JSON with `builders`, and `{{ … }}` in its strings.
//!
//! ```text
//! JSON → parts (builders, provisioners, post-processors) ─┐
//! variables: default ← files ← command line ── rendered ──┴→ units
//! ```
//!
//! User variables, and functions that need no running build, are put in; a string that asks for more keeps its other calls.

pub(in crate::import) mod engine;
mod functions;
mod parse;
pub(in crate::import) mod parts;
mod units;
mod variables;

use super::{
    context::Context,
    fault::Faults,
    input::{self, Input},
    plan::Plan,
    schema::Catalog,
    syntax::parse_json,
};

/// What a template says.
pub(super) fn evaluate(input: &Input, context: &Context, catalog: &dyn Catalog, faults: &mut Faults) -> Plan {
    let mut plan = Plan::default();
    let Some(file) = faults.keep(input::read(context, &input.template)) else {
        return plan;
    };
    let Some(json) = faults.keep(parse_json(&context.sources, file)) else {
        return plan;
    };
    let parts = parts::read(&json, context, faults);
    let user = variables::evaluate(&parts, input, context, &mut plan, faults);
    units::evaluate(&parts, &user, context, catalog, &mut plan, faults);
    plan
}

/// The parts of a template, as they are written.
pub(super) fn parts(input: &Input, context: &Context, faults: &mut Faults) -> parts::Parts {
    let json = faults
        .keep(input::read(context, &input.template))
        .and_then(|file| faults.keep(parse_json(&context.sources, file)));
    match json {
        Some(json) => parts::read(&json, context, faults),
        None => parts::Parts::default(),
    }
}

/// The name of every function of `{{ … }}`.
pub(super) fn function_names() -> &'static [&'static str] {
    &functions::NAMES
}

/// What an action comes to that asks nothing, neither variables nor a running build: `split "a-b" "-" 0`; or why that is nothing.
pub(super) fn constant(action: &str) -> Option<Result<String, String>> {
    let first = action.split_whitespace().next()?;
    let pure = matches!(first, "split" | "replace" | "replace_all" | "upper" | "lower");
    if !pure {
        return None;
    }
    // These functions ask nothing of it.
    made(action, 0)
}

/// What an action comes to that asks for nothing but the moment of the run: `strftime "%F"`.
pub(super) fn dated(action: &str, clock: i64) -> Option<String> {
    made(action, clock)?.ok()
}

fn made(action: &str, clock: i64) -> Option<Result<String, String>> {
    let mut context = Context::new(".", ".");
    context.clock = clock;
    let engine = functions::Engine {
        context: &context,
        user: &std::collections::BTreeMap::new(),
        at: functions::At::Component,
        unset: std::cell::RefCell::new(Vec::new()),
    };
    match engine::render(&format!("{{{{ {action} }}}}"), &engine) {
        Ok(text) => engine.unset.borrow().is_empty().then_some(Ok(text)),
        Err(problem) => Some(Err(problem.message)),
    }
}

#[cfg(test)]
mod tests;
