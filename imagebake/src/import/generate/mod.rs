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

mod code;
mod component;
mod settings;
mod writer;

pub use code::{Code, Want};
pub use component::{Component, Takes, component};
pub use settings::{Each, Setting, SettingBlock, SettingValue, Settings, StepOptions};
pub use writer::Writer;

use super::sources::Span;
use std::collections::BTreeMap;

/// How Rust is written.
#[derive(Clone, Debug)]
pub struct Options {
    /// What is equal in several templates goes into `common.rs`.
    pub share: bool,
    /// What is not known becomes a comment, and a note, instead of a problem.
    pub lenient: bool,
    /// The name of the package.
    pub package: String,
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

/// The files of a package.
#[derive(Clone, Debug, Default)]
pub struct Project {
    /// Text by relative path.
    pub files: BTreeMap<String, String>,
    /// What should be known.
    pub notes: Vec<Note>,
    /// The cargo features of imagebake that it needs.
    pub features: Vec<&'static str>,
}
