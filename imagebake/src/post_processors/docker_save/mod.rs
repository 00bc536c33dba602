//! `docker-save`: an image as an archive for `docker load`.

mod config;
#[cfg(feature = "docker")]
mod process;

pub use config::DockerSave;

#[cfg(all(feature = "plan-only", not(feature = "docker")))]
crate::post_processor::planned_post_processor!(DockerSave: crate::sources::docker::DockerImage => crate::sources::docker::DockerArchive);
