//! The settings of `googlecompute-export`.

use crate::sources::googlecompute::Access;
use crate::{
    artifact::AnyArtifact,
    describe::Component,
    field::Places,
    plan::Diagnostics,
    post_processor::unwritten_post_processor,
    value::{Template, Text},
};
use imagebake_macros::Config;

/// Writes an image of Google's to buckets, by a machine made for that.
///
/// ```
/// use imagebake::{post_processors::googlecompute_export::GooglecomputeExport, prelude::*, sources::googlecompute::{Instance, ProjectId, Zone}};
///
/// fn web() -> Image {
///     let machine = Instance::from_family("debian-12", ProjectId::new("acme"), Zone::new("europe-west3-a")).ssh(Ssh::user("packer"));
///     Image::new().source(machine.post(GooglecomputeExport::to(["gs://images/web.tar.gz"])))
/// }
/// # web();
/// ```
#[derive(Clone, Debug, Config)]
#[config(constructors(to(paths)))]
pub struct GooglecomputeExport {
    /// Where it is written: `gs://bucket/name.tar.gz`.
    #[field(private, rename = "with_paths", template = "paths")]
    paths: Vec<Template>,
    /// Who asks Google's API.
    #[field(group)]
    access: Option<Access>,
    /// The domain of Google's services; `googleapis.com` without.
    #[field(template = "universe_domain")]
    universe_domain: Option<Text>,
    /// Services to other addresses.
    #[field(each = "custom_endpoint", template = "custom_endpoints")]
    custom_endpoints: Vec<(String, Text)>,
    /// What the credentials are used for.
    #[field(template = "scopes")]
    scopes: Vec<Text>,
    /// The machine's type; `n1-highcpu-4` without.
    #[field(template = "machine_type")]
    machine_type: Option<Text>,
    /// The family of its own system; `debian-12-worker` without.
    #[field(template = "source_image_family")]
    source_image_family: Option<Text>,
    /// The size of its disk in GB; 200 without.
    #[field(template = "disk_size")]
    disk_size: Option<u32>,
    /// The kind of its disk; `pd-ssd` without.
    #[field(template = "disk_type")]
    disk_type: Option<Text>,
    /// Its zone; the image's without.
    #[field(template = "zone")]
    zone: Option<Text>,
    /// Its network; `default` without.
    #[field(template = "network")]
    network: Option<Text>,
    /// Its subnetwork.
    #[field(template = "subnetwork")]
    subnetwork: Option<Text>,
    /// Whether it has no public address.
    #[field(template = "omit_external_ip")]
    omit_external_ip: bool,
    /// Its service account.
    #[field(template = "service_account_email")]
    service_account_email: Option<Text>,
    at: Places,
}

impl GooglecomputeExport {
    /// To these places: `gs://bucket/name.tar.gz`.
    #[track_caller]
    pub fn to(paths: impl IntoIterator<Item: Into<Template>>) -> Self {
        Self::defaults().with_paths(paths)
    }
}

impl Component for GooglecomputeExport {
    const KIND: &'static str = "googlecompute-export";

    fn check(&self, problems: &mut Diagnostics) {
        if self.paths.is_empty() {
            problems.error("paths", "empty", "name a place to write to");
        }
        if let Some(access) = &self.access {
            access.check_all(problems);
        }
    }
}

unwritten_post_processor!(GooglecomputeExport => AnyArtifact, needs_files = false);
