//! The built-in sources, one folder per platform.

pub mod docker;
pub mod file;
pub mod null;
pub mod oci;
