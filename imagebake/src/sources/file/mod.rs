//! Source `file`: a file on the builder as the artifact, written or copied. For chains of post-processors without a machine.

mod config;
mod source;

pub use config::File;
