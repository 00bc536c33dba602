//! The built-in sources, one folder per platform.

pub mod null;
#[cfg(all(feature = "oci", target_os = "linux"))]
pub mod oci;
