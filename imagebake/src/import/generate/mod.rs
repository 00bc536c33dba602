//! Templates as Rust.
//!
//! ```text
//! files ── read ── template (variables, locals, builds; settings of components) ── module ── project
//!                                                 │ writer: expressions → Rust, typed
//!                                                 └ component: settings → builder calls
//! ```
//!
//! HCL2 and the older JSON templates are read into the same [`Settings`] and expressions, so that one generator serves both. What
//! cannot be said in Rust is a problem with its place, never left out.

mod body;
mod calls;
mod code;
mod component;
mod convert;
mod data;
mod documents;
mod expr;
mod files;
mod formats;
mod functions;
mod given;
mod hcl;
mod layout;
mod legacy;
mod literal;
mod locals;
mod model;
mod module;
mod names;
mod operators;
mod paths;
mod project;
mod samples;
mod settings;
mod share;
mod strings;
mod stub;
#[cfg(test)]
mod tests;
mod typed;
mod types;
mod values;
mod variables;
mod writer;

pub use code::{Code, Want};
pub use component::{Component, Takes, component};
pub use project::project;
pub use samples::samples;
pub use settings::{Each, Setting, SettingBlock, SettingValue, Settings, StepOptions};
pub use writer::Writer;

use super::{context::Context, fault::Faults, input::Input, sources::Span};
use std::collections::BTreeMap;

/// How Rust is written.
#[derive(Clone, Debug)]
pub struct Options {
    /// What is not known becomes a comment, and a note, instead of a problem.
    pub lenient: bool,
    /// What several templates say alike stands once, in `common.rs`.
    pub share: bool,
    /// The name of the package.
    pub package: String,
    /// Where cargo takes imagebake from: `path = "…"`.
    pub dependency: String,
}

/// Something that whoever takes the Rust over should know.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    /// Where in the template.
    pub span: Option<Span>,
    /// What.
    pub message: String,
}

impl Note {
    /// A note of a place.
    pub fn at(span: Span, message: impl Into<String>) -> Self {
        Self {
            span: Some(span),
            message: message.into(),
        }
    }
}

/// A template to translate, and where it stands.
pub struct Template {
    /// What it is called: its file without the ending, or its folder.
    pub name: String,
    /// Its files, and values.
    pub input: Input,
    /// The world around it.
    pub context: Context,
    /// The folder in which packer was started, as seen from the package; empty where it is the package's own.
    pub dir: String,
    /// The file with its own values, as seen from there.
    pub values: Option<String>,
}

/// What became of one template.
#[derive(Clone, Debug, Default)]
pub struct Module {
    /// The module: `src/NAME.rs`.
    pub name: String,
    /// Its images as the command line names them, in the order of the builds.
    pub images: Vec<String>,
    /// Its variables: the template's name, and the key in a file with values.
    pub variables: Vec<(String, String)>,
    /// Whether it reads a file with values of its own.
    pub has_own_values: bool,
    /// What should be known.
    pub notes: Vec<Note>,
    /// What is wrong; with an error nothing of the template is in the files.
    pub faults: Faults,
    /// Components that imagebake does not have, each with its line: they only have their place in it.
    pub stubs: Vec<String>,
    /// What the importer passed over because it was told to; marked in the Rust.
    pub passed_over: Vec<String>,
}

/// A package.
#[derive(Clone, Debug, Default)]
pub struct Project {
    /// Text by relative path.
    pub files: BTreeMap<String, String>,
    /// One for each template, in order.
    pub modules: Vec<Module>,
    /// The cargo features of imagebake that it needs.
    pub features: Vec<&'static str>,
}
