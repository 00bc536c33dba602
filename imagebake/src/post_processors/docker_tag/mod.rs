//! `docker-tag`: names for an image of the engine.

mod config;
#[cfg(feature = "docker")]
mod process;

pub use config::DockerTag;

#[cfg(all(feature = "plan-only", not(feature = "docker")))]
crate::post_processor::planned_post_processor!(DockerTag: crate::sources::docker::DockerImage => crate::sources::docker::DockerImage);
