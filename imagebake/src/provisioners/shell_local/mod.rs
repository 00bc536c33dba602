//! `shell-local`: scripts on the builder, as a step or as a post-processor.

mod config;
mod run;

pub use config::ShellLocal;
