//! The settings of `docker-push`.

use crate::{describe::Component, field::Places, plan::Diagnostics, sources::docker::Login, value::Text};
use imagebake_macros::Config;

/// Sends the image to its registry under every name that it was given before, by `DockerTag` or `DockerImport`. The artifact then has its digests.
/// What may pass (a rate limit, a lost connection) is tried again.
#[derive(Clone, Debug, Config)]
#[config(constructors(new))]
pub struct DockerPush {
    /// Credentials for the registry. Without, those of `docker login` are used.
    #[field(group)]
    pub(super) login: Option<Login>,
    /// Which platform of a multi-platform image is pushed: `linux/arm64`; all without. Engines since 28 know it.
    #[field(template = "platform")]
    pub(super) platform: Option<Text>,
    /// The docker program of templates.
    #[field(
        private,
        superseded = "the engine's API is used, no program",
        template = "docker_path"
    )]
    docker_path: Option<Text>,
    pub(super) at: Places,
}

impl DockerPush {
    /// Pushes with the credentials of `docker login`, where there are any.
    #[track_caller]
    pub fn new() -> Self {
        Self::defaults()
    }
}

impl Component for DockerPush {
    const KIND: &'static str = "docker-push";

    fn check(&self, problems: &mut Diagnostics) {
        if let Some(login) = &self.login {
            login.check_all(problems);
        }
    }
}
