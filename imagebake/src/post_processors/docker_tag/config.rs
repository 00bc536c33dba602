//! The settings of `docker-tag`.

use crate::{
    describe::Component,
    field::Places,
    plan::Diagnostics,
    sources::docker::reference::{check_repository, check_tag},
    value::{Template, Text},
};
use imagebake_macros::Config;

/// Gives the image a name, with one tag or several. A name that another image has is taken from it.
#[derive(Clone, Debug, Config)]
#[config(constructors(new(repository)))]
pub struct DockerTag {
    /// The repository: `acme/web`, with the registry in front where it is to be pushed: `ghcr.io/acme/web`.
    #[field(required, template = "repository")]
    pub(super) repository: Template,
    /// The tags; `latest` without.
    #[field(each = "tag", template = "tags")]
    tags: Vec<Template>,
    /// The tags under the attribute's older name.
    #[field(template = "tag")]
    tag_list: Vec<Template>,
    /// Whether names are taken from other images.
    #[field(private, superseded = "engines have always done so since 2015", template = "force")]
    force: bool,
    /// The docker program of templates.
    #[field(
        private,
        superseded = "the engine's API is used, no program",
        template = "docker_path"
    )]
    docker_path: Option<Text>,
    at: Places,
}

impl DockerTag {
    /// The name `repository`, which may use facts: `format!("acme/{IMAGE}")`.
    #[track_caller]
    pub fn new(repository: impl Into<Template>) -> Self {
        Self::defaults().repository(repository)
    }
}

impl DockerTag {
    pub(super) fn all_tags(&self) -> impl Iterator<Item = &Template> {
        self.tags.iter().chain(&self.tag_list)
    }
}

impl Component for DockerTag {
    const KIND: &'static str = "docker-tag";

    fn check(&self, problems: &mut Diagnostics) {
        let known = |template: &Template| !template.to_string().contains("{{") && !template.to_string().contains("{%");
        if known(&self.repository)
            && let Err(why) = check_repository(&self.repository.to_string())
        {
            problems.error(
                "repository",
                "name",
                format!("`{}` cannot be a repository: {why}", self.repository),
            );
        }
        for tag in self.all_tags().filter(|tag| known(tag)) {
            if let Err(why) = check_tag(&tag.to_string()) {
                problems.error("tags", "name", format!("`{tag}` cannot be a tag: {why}"));
            }
        }
    }
}
