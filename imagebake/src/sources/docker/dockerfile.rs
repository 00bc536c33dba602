//! The settings of a base image that a Dockerfile makes.

use super::config::{Pull, pull_parts};
use crate::{
    field::{Places, Value},
    plan::Diagnostics,
    value::{HostPath, Text},
};
use imagebake_macros::Config;

/// A template's block says what was set and nothing else.
pub(super) fn parts(value: &Value) -> Vec<(&'static str, Value)> {
    let Value::Map(settings) = value else {
        return vec![("build", Value::Null)];
    };
    let mut block = settings.clone();
    // Templates do not know the three.
    block.retain(|(name, value)| match name.as_str() {
        "target" | "platform" | "cache" => false,
        name => name == "pull" || !value.is_zero(),
    });
    vec![("build", Value::Map(block))]
}

/// A Dockerfile and the folder it is built in. The engine's classic builder runs it, which knows no `RUN --mount`.
#[derive(Clone, Debug, Config)]
#[config(constructors(new(path)))]
pub struct Dockerfile {
    /// The Dockerfile.
    #[field(required, path, template = "path")]
    pub(super) path: HostPath,
    /// The folder whose files the Dockerfile copies from: the folder of the Dockerfile without. `.dockerignore` in it is followed.
    #[field(path, template = "build_dir")]
    pub(super) build_dir: Option<HostPath>,
    /// Values of the Dockerfile's `ARG`s.
    #[field(each = "argument", template = "arguments")]
    pub(super) arguments: Vec<(String, Text)>,
    /// Whether the images that it starts from are always fetched. Templates say `true` for always.
    #[field(default = Pull::Missing, parts = pull_parts)]
    pub(super) pull: Pull,
    /// Whether the folder is compressed on its way to the engine: gains on slow networks only.
    #[field(template = "compress")]
    pub(super) compress: bool,
    /// The stage to stop at; the last one without.
    pub(super) target: Option<Text>,
    /// What it is built for: `linux/arm64`.
    pub(super) platform: Option<Text>,
    /// Whether layers of earlier builds are used again.
    #[field(default = true)]
    pub(super) cache: bool,
    pub(super) at: Places,
}

impl Dockerfile {
    /// The Dockerfile at `path`.
    #[track_caller]
    pub fn new(path: impl Into<HostPath>) -> Self {
        Self::defaults().path(path)
    }

    pub(super) fn check(&self, field: &'static str, problems: &mut Diagnostics) {
        if self.path.as_path().as_os_str().is_empty() {
            problems.error(field, "empty", "the Dockerfile needs a path");
        }
        for (name, value) in &self.arguments {
            if value.is_secret() {
                let problem = problems.error(
                    field,
                    "secret",
                    format!("the argument `{name}` would leave a secret in the image's history"),
                );
                *problem = problem.clone().help("give it to a step instead");
            }
        }
    }
}
