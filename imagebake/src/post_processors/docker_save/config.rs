//! The settings of `docker-save`.

use crate::{
    describe::Component,
    field::Places,
    plan::Diagnostics,
    value::{Template, Text},
};
use imagebake_macros::Config;

/// Writes the image, under the names that it was given, to an archive that `docker load` reads. What follows in the chain sees the file.
#[derive(Clone, Debug, Config)]
#[config(constructors(to(path)))]
pub struct DockerSave {
    /// The archive to write, relative to the current folder.
    #[field(required, template = "path")]
    pub(super) path: Template,
    /// The docker program of templates.
    #[field(
        private,
        superseded = "the engine's API is used, no program",
        template = "docker_path"
    )]
    docker_path: Option<Text>,
    at: Places,
}

impl DockerSave {
    /// The archive `path`, which may use facts: `format!("out/{IMAGE}.tar")`.
    #[track_caller]
    pub fn to(path: impl Into<Template>) -> Self {
        Self::defaults().path(path)
    }
}

impl Component for DockerSave {
    const KIND: &'static str = "docker-save";

    fn check(&self, problems: &mut Diagnostics) {
        if self.path.is_empty() {
            problems.error("path", "empty", "the archive needs a name");
        }
    }
}
