//! The built-in provisioners, one folder each.

pub mod breakpoint;
pub mod cargo;
pub mod file;
pub(crate) mod script;
pub mod shell;
pub mod shell_local;
pub mod sleep;
