//! `docker-import`: an image of the engine, from an archive with a file system.

mod config;
#[cfg(feature = "docker")]
mod process;

pub use config::DockerImport;

#[cfg(all(feature = "plan-only", not(feature = "docker")))]
crate::post_processor::planned_post_processor!(DockerImport: files => crate::sources::docker::DockerImage);
