//! The settings of `vagrant-registry`.

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

/// Publishes a box in HCP's registry of Vagrant boxes. The box comes from `Vagrant`, before it in the chain.
///
/// ```
/// use imagebake::prelude::*;
///
/// let publish = Chain::of(Vagrant::new()).then(
///     VagrantRegistry::new("acme/web", "1.4.0").client(Secret::env("HCP_CLIENT_ID"), Secret::env("HCP_CLIENT_SECRET")),
/// );
/// let image = Image::new().source(Null::none()).chain(publish);
/// ```
#[derive(Clone, Debug, Config)]
#[config(constructors(new(box_tag, version)), methods(client(client_id, client_secret)))]
pub struct VagrantRegistry {
    /// The box: `acme/web`.
    #[field(private, rename = "with_box_tag", template = "box_tag")]
    box_tag: Option<Template>,
    /// The version to publish.
    #[field(private, rename = "with_version", template = "version")]
    version: Option<Template>,
    /// What the box is, where it is new.
    #[field(template = "box_description", cosmetic)]
    box_description: Option<Template>,
    /// Whether a new box is private.
    #[field(template = "box_private")]
    box_private: bool,
    /// What is new in the version.
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
    /// The id of the service principal; `HCP_CLIENT_ID` of the builder without.
    #[field(private, rename = "with_client_id", template = "client_id")]
    client_id: Option<Text>,
    /// Its secret; `HCP_CLIENT_SECRET` without.
    #[field(private, rename = "with_client_secret", template = "client_secret")]
    client_secret: Option<Secret>,
    /// Where the box is downloaded from, when it is not uploaded.
    #[field(template = "box_download_url")]
    box_download_url: Option<Template>,
    /// Uploads through the service and not to its store.
    #[field(template = "no_direct_upload")]
    no_direct_upload: bool,
    /// The digest of a box that is not uploaded.
    #[field(template = "box_checksum")]
    box_checksum: Option<Checksum>,
    /// The address of the service; `api.cloud.hashicorp.com:443` without.
    #[field(template = "hcp_api_address")]
    hcp_api_address: Option<Text>,
    /// Where the service principal logs in.
    #[field(template = "hcp_auth_url")]
    hcp_auth_url: Option<Text>,
    /// Trusts whoever answers at that address.
    #[field(template = "insecure_skip_tls_verify")]
    insecure_skip_tls_verify: bool,
    at: Places,
}

impl VagrantRegistry {
    /// The version `version` of the box `box_tag`.
    #[track_caller]
    pub fn new(box_tag: impl Into<Template>, version: impl Into<Template>) -> Self {
        Self::defaults().with_box_tag(box_tag).with_version(version)
    }

    /// The service principal that publishes: its id and its secret.
    #[track_caller]
    #[must_use]
    pub fn client(self, id: impl Into<Text>, secret: impl Into<Secret>) -> Self {
        self.with_client_id(id).with_client_secret(secret)
    }
}

impl Component for VagrantRegistry {
    const KIND: &'static str = "vagrant-registry";

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

unwritten_post_processor!(VagrantRegistry => AnyArtifact, needs_files = false);
