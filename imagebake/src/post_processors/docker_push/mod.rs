//! `docker-push`: an image sent to its registry.

mod config;
#[cfg(feature = "docker")]
mod process;

pub use config::DockerPush;

#[cfg(all(feature = "plan-only", not(feature = "docker")))]
crate::post_processor::planned_post_processor!(DockerPush: crate::sources::docker::DockerImage => crate::sources::docker::DockerImage);
