//! `docker-push`: an image sent to its registry.

mod config;
#[cfg(feature = "docker")]
mod process;

pub use config::DockerPush;
