//! A component's settings as builder calls.

use super::{Note, Settings, StepOptions, Writer};
use crate::import::{
    fault::{Fault, Result},
    schema::Role,
    sources::Span,
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
    let _ = (name, settings, options, writer);
    Err(Fault::at(
        span,
        "no-rust",
        format!("the {} `{kind}` cannot be written in Rust", role.friendly()),
    ))
}
