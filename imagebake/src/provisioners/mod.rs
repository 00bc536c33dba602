//! The built-in provisioners, one folder each.

pub(crate) mod script;
pub mod shell_local;
