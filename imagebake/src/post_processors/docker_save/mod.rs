//! `docker-save`: an image as an archive for `docker load`.

mod config;
#[cfg(feature = "docker")]
mod process;

pub use config::DockerSave;
