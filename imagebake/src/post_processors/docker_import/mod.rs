//! `docker-import`: an image of the engine, from an archive with a file system.

mod config;
#[cfg(feature = "docker")]
mod process;

pub use config::DockerImport;
