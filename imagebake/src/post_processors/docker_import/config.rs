//! The settings of `docker-import`.

use crate::{
    describe::Component,
    field::Places,
    plan::Diagnostics,
    sources::docker::{
        check_change,
        reference::{check_repository, check_tag},
    },
    value::{Template, Text},
};
use imagebake_macros::Config;

/// Makes an image of the engine from the artifact's file: a tar archive with a file system, as `Container::export_path` writes it;
/// compressed or not.
#[derive(Clone, Debug, Config)]
#[config(constructors(new(repository)))]
pub struct DockerImport {
    /// The repository of the image's name: `acme/web`.
    #[field(required, template = "repository")]
    pub(super) repository: Template,
    /// The tag; `latest` without.
    #[field(template = "tag")]
    pub(super) tag: Option<Template>,
    /// Instructions applied to the image: `CMD ["nginx"]`, `ENV A=b`, `EXPOSE 80`. An archive says nothing of those.
    #[field(each = "change", template = "changes")]
    pub(super) changes: Vec<Template>,
    /// What it is for: `linux/arm64`; the engine's own platform without.
    #[field(template = "platform")]
    pub(super) platform: Option<Text>,
    /// The docker program of templates.
    #[field(
        private,
        superseded = "the engine's API is used, no program",
        template = "docker_path"
    )]
    docker_path: Option<Text>,
    at: Places,
}

impl DockerImport {
    /// An image called `repository`, which may use facts.
    #[track_caller]
    pub fn new(repository: impl Into<Template>) -> Self {
        Self::defaults().repository(repository)
    }
}

impl Component for DockerImport {
    const KIND: &'static str = "docker-import";

    fn check(&self, problems: &mut Diagnostics) {
        let known = |text: &str| !text.contains("{{") && !text.contains("{%");
        let repository = self.repository.to_string();
        if known(&repository)
            && let Err(why) = check_repository(&repository)
        {
            problems.error(
                "repository",
                "name",
                format!("`{repository}` cannot be a repository: {why}"),
            );
        }
        if let Some(tag) = self.tag.as_ref().map(Template::to_string).filter(|tag| known(tag))
            && let Err(why) = check_tag(&tag)
        {
            problems.error("tag", "name", format!("`{tag}` cannot be a tag: {why}"));
        }
        for change in &self.changes {
            check_change(&change.to_string(), problems);
        }
    }
}
