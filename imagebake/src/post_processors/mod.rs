//! The built-in post-processors, one folder each.

pub mod manifest;
