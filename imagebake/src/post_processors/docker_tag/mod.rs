//! `docker-tag`: names for an image of the engine.

mod config;
#[cfg(feature = "docker")]
mod process;

pub use config::DockerTag;
