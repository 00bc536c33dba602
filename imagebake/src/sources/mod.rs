//! The built-in sources, one folder per platform.

pub mod null;
pub mod oci;
