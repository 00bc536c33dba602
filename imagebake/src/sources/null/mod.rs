//! Source `null`: no machine of its own. Runs steps on the builder itself, or only post-processors.

mod artifact;
mod config;
mod source;

pub use artifact::Nothing;
pub use config::Null;
