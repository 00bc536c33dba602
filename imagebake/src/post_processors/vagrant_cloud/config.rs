//! The settings of `vagrant-cloud`.

use crate::post_processors::vagrant::check_box;
use crate::{
    artifact::AnyArtifact,
    describe::Component,
    field::Places,
    plan::Diagnostics,
    post_processor::unwritten_post_processor,
    value::{Checksum, Secret, Template, Text},
};
use imagebake_macros::Config;

/// Publishes a box at a Vagrant Cloud of one's own. The box comes from `Vagrant`, before it in the chain.
///
/// ```
/// use imagebake::prelude::*;
///
/// let publish = Chain::of(Vagrant::new()).then(VagrantCloud::new("acme/web", "1.4.0").access_token(Secret::env("VAGRANT_CLOUD_TOKEN")));
/// let image = Image::new().source(Null::none()).chain(publish);
/// ```
#[derive(Clone, Debug, Config)]
#[config(constructors(new(box_tag, version)))]
pub struct VagrantCloud {
    /// The box: `acme/web`.
    #[field(private, rename = "with_box_tag", template = "box_tag")]
    box_tag: Option<Template>,
    /// The version to publish.
    #[field(private, rename = "with_version", template = "version")]
    version: Option<Template>,
    /// What is new in it.
    #[field(template = "version_description", cosmetic)]
    version_description: Option<Template>,
    /// Leaves the version unreleased.
    #[field(template = "no_release")]
    no_release: bool,
    /// The architecture of the box; the one that the artifact says without.
    #[field(template = "architecture")]
    architecture: Option<Text>,
    /// The architecture that those get who ask for none.
    #[field(template = "default_architecture")]
    default_architecture: Option<Text>,
    /// The token; `VAGRANT_CLOUD_TOKEN` of the builder without.
    #[field(template = "access_token")]
    access_token: Option<Secret>,
    /// The address of the service.
    #[field(template = "vagrant_cloud_url")]
    vagrant_cloud_url: Option<Text>,
    /// Trusts whoever answers at that address.
    #[field(template = "insecure_skip_tls_verify")]
    insecure_skip_tls_verify: bool,
    /// Where the box is downloaded from, when it is not uploaded.
    #[field(template = "box_download_url")]
    box_download_url: Option<Template>,
    /// Uploads through the service and not to its store.
    #[field(template = "no_direct_upload")]
    no_direct_upload: bool,
    /// The digest of a box that is not uploaded.
    #[field(template = "box_checksum")]
    box_checksum: Option<Checksum>,
    at: Places,
}

impl VagrantCloud {
    /// The version `version` of the box `box_tag`.
    #[track_caller]
    pub fn new(box_tag: impl Into<Template>, version: impl Into<Template>) -> Self {
        Self::defaults().with_box_tag(box_tag).with_version(version)
    }
}

impl Component for VagrantCloud {
    const KIND: &'static str = "vagrant-cloud";

    fn check(&self, problems: &mut Diagnostics) {
        check_box(self.box_tag.as_ref(), problems);
        if self.version.as_ref().is_none_or(Template::is_empty) {
            problems.error("version", "empty", "the version is empty");
        }
        if let Some(problem) = self.box_checksum.as_ref().and_then(Checksum::problem) {
            problems.error("box_checksum", "checksum", problem);
        }
    }
}

unwritten_post_processor!(VagrantCloud => AnyArtifact, needs_files = false);
