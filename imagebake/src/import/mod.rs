//! Packer templates: how they are read and what they say.
//!
//! ```text
//! files ── syntax ── template (variables, locals, sources, builds) ── eval ── plan
//!          trees      blocks and their meaning                        values   units with their configuration
//! ```
//!
//! HCL2 and the older JSON templates end in the same [`plan::Plan`]. Nothing here runs anything or asks anything outside the builder:
//! what only a running build or a look-up knows is an unknown value.

pub mod comparison;
pub mod context;
pub mod eval;
pub mod fault;
mod functions;
pub mod generate;
pub mod input;
pub mod job;
pub mod known;
mod legacy;
pub mod plan;
pub mod schema;
pub mod sources;
pub mod syntax;
mod template;
#[cfg(test)]
mod testing;
pub mod value;
pub mod weak;

use context::Context;
use fault::Faults;
use input::{Format, Input};
use plan::Plan;
use schema::Catalog;

/// What a template says, and what is wrong with it.
pub fn evaluate(input: &Input, context: &Context, catalog: &dyn Catalog) -> (Plan, Faults) {
    let mut faults = Faults::default();
    let plan = match faults.keep(input.format()) {
        Some(Format::Hcl2) => template::evaluate(input, context, catalog, &mut faults),
        Some(Format::Json) => legacy::evaluate(input, context, catalog, &mut faults),
        None => Plan::default(),
    };
    // A problem may quote a value.
    let secrets = plan.secrets();
    for fault in &mut faults.0 {
        for text in std::iter::once(&mut fault.message).chain(&mut fault.help) {
            for secret in secrets.iter().filter(|secret| secret.len() > 1) {
                *text = text.replace(secret, "<sensitive>");
            }
        }
    }
    (plan, faults)
}
