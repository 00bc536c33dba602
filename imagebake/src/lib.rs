//! Machine images described in Rust: planned, built on real machines, captured and cleaned up.
//!
//! Write `use imagebake::prelude::*;`, describe an [`Image`](image::Image) in a function with `#[image]`, and hand the program to
//! `imagebake::main()`: `cargo run -- build web`.

extern crate self as imagebake;

pub mod artifact;
mod base_media;
pub mod boot_command;
pub mod cache;
pub mod catalog;
pub mod chain;
#[cfg(feature = "cli")]
mod cli;
pub mod communicator;
pub mod data;
pub mod describe;
pub mod engine;
pub mod error;
pub mod event;
pub mod field;
pub mod functions;
pub mod groups;
pub mod guest;
#[cfg(feature = "machines")]
pub mod guest_http;
pub mod guest_media;
pub mod image;
#[cfg(feature = "import")]
#[doc(hidden)]
pub mod import;
pub mod io;
pub mod journal;
mod names;
pub mod plan;
pub mod post_processor;
pub mod post_processors;
pub mod prelude;
pub mod project;
pub mod provisioner;
pub mod provisioners;
pub mod redact;
pub mod registry;
pub mod reporter;
pub mod resource;
pub mod runs;
#[cfg(feature = "machines")]
pub mod screen;
pub mod source;
pub mod sources;
pub mod step;
mod text_lines;
pub mod unit;
pub mod unported;
pub mod value;
pub mod variables;
mod yaml;

#[cfg(feature = "cli")]
pub use cli::{App, main};
pub use imagebake_macros::{image, text};
#[doc(hidden)]
pub use inventory;
