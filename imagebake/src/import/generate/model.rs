//! A template as the generator reads it: one shape for HCL2 and for the older templates.

use super::{Each, Note, Settings, StepOptions, data::Sources, writer::LocalDeclaration};
use crate::import::{
    sources::Span,
    syntax::Expr,
    value::{Type, Value},
};
use std::collections::BTreeMap;

/// What a template says, and what it comes to.
pub(super) struct Model {
    pub(super) variables: Vec<Variable>,
    pub(super) locals: BTreeMap<String, LocalDeclaration>,
    pub(super) data: Sources,
    pub(super) builds: Vec<Build>,
    pub(super) notes: Vec<Note>,
}

/// A variable.
pub(super) struct Variable {
    pub(super) name: String,
    /// As declared.
    pub(super) ty: Option<Type>,
    pub(super) default: Default,
    pub(super) sensitive: bool,
    pub(super) description: Vec<String>,
    pub(super) validations: Vec<Validation>,
    /// The value that it has with the files of values that were given.
    pub(super) value: Option<Value>,
}

/// What a variable is when nothing is given.
pub(super) enum Default {
    /// It must be given.
    Required,
    /// This value.
    Value(Value, Span),
    /// What an environment variable says, or nothing.
    Env(String),
    /// A local computes it: it may be given or not.
    Computed,
}

/// What must hold of a variable.
pub(super) struct Validation {
    pub(super) condition: Expr,
    pub(super) message: String,
    pub(super) span: Span,
}

/// What becomes one image.
pub(super) struct Build {
    pub(super) name: Option<String>,
    /// What the template calls it where that depends on variables.
    pub(super) named_by: Option<Expr>,
    pub(super) comments: Vec<String>,
    pub(super) description: Option<String>,
    pub(super) sources: Vec<Source>,
    /// Which of them are built, where that depends on variables.
    pub(super) chosen: Option<Expr>,
    pub(super) steps: Vec<Step>,
    pub(super) cleanup: Option<Step>,
    pub(super) chains: Vec<Vec<Step>>,
}

/// A source of a build.
pub(super) struct Source {
    pub(super) kind: String,
    /// Its name where it has one of its own.
    pub(super) name: Option<String>,
    pub(super) comments: Vec<String>,
    pub(super) settings: Settings,
    pub(super) span: Span,
}

/// A provisioner or post-processor.
pub(super) struct Step {
    /// What a `dynamic` block walks over, for each element of which there is one.
    pub(super) each: Option<Each>,
    pub(super) kind: String,
    pub(super) comments: Vec<String>,
    pub(super) settings: Settings,
    pub(super) options: StepOptions,
    pub(super) span: Span,
}
