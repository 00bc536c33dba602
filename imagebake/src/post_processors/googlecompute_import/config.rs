//! The settings of `googlecompute-import`.

use crate::sources::googlecompute::{Access, GoogleImage, ProjectId, name_problem};
use crate::{
    describe::Component,
    field::Places,
    plan::Diagnostics,
    post_processor::unwritten_post_processor,
    value::{Template, Text},
};
use imagebake_macros::Config;

/// Makes an image of Google's of a packed disk: it is uploaded to a bucket and imported from there.
///
/// ```
/// use imagebake::{post_processors::googlecompute_import::GooglecomputeImport, sources::googlecompute::ProjectId};
///
/// let import = GooglecomputeImport::new(ProjectId::new("acme"), "image-imports", "web-1-4").image_family("web");
/// # let _ = import;
/// ```
#[derive(Clone, Debug, Config)]
#[config(constructors(new(project_id, bucket, image_name)))]
pub struct GooglecomputeImport {
    /// The project.
    #[field(private, rename = "with_project", template = "project_id")]
    project_id: Option<ProjectId>,
    /// The bucket.
    #[field(private, rename = "with_bucket", template = "bucket")]
    bucket: Option<Template>,
    /// The image's name.
    #[field(private, rename = "with_name", template = "image_name")]
    image_name: Option<Template>,
    /// The file's name in the bucket; `packer-import-` and the time without.
    #[field(template = "gcs_object_name")]
    gcs_object_name: Option<Template>,
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
    /// Whether it goes by Identity-Aware Proxy.
    #[field(template = "iap")]
    iap: bool,
    /// Whether the uploaded file stays.
    #[field(template = "skip_clean")]
    skip_clean: bool,
    /// What it runs on: `X86_64` or `ARM64`; not said without.
    #[field(template = "image_architecture")]
    image_architecture: Option<Text>,
    /// What it is for.
    #[field(template = "image_description", cosmetic)]
    image_description: Option<Template>,
    /// The family it belongs to.
    #[field(template = "image_family")]
    image_family: Option<Template>,
    /// What its system can do: `UEFI_COMPATIBLE`, `GVNIC`, …
    #[field(template = "image_guest_os_features")]
    image_guest_os_features: Vec<Text>,
    /// Its labels.
    #[field(each = "image_label", template = "image_labels")]
    image_labels: Vec<(String, Template)>,
    /// Where it is stored.
    #[field(template = "image_storage_locations")]
    image_storage_locations: Vec<Text>,
    /// The platform key of secure boot: a file's path.
    #[field(template = "image_platform_key")]
    image_platform_key: Option<Text>,
    /// Key exchange keys of secure boot: paths of files.
    #[field(template = "image_key_exchange_key")]
    image_key_exchange_key: Vec<Text>,
    /// Signatures that secure boot trusts: paths of files.
    #[field(template = "image_signatures_db")]
    image_signatures_db: Vec<Text>,
    /// Signatures that secure boot refuses: paths of files.
    #[field(template = "image_forbidden_signatures_db")]
    image_forbidden_signatures_db: Vec<Text>,
    at: Places,
}

impl GooglecomputeImport {
    /// As the image `name` of `project`, by the bucket `bucket`.
    #[track_caller]
    pub fn new(project: ProjectId, bucket: impl Into<Template>, name: impl Into<Template>) -> Self {
        Self::defaults()
            .with_project(project)
            .with_bucket(bucket)
            .with_name(name)
    }
}

impl Component for GooglecomputeImport {
    const KIND: &'static str = "googlecompute-import";

    fn check(&self, problems: &mut Diagnostics) {
        if self.bucket.as_ref().is_none_or(Template::is_empty) {
            problems.error("bucket", "empty", "the bucket needs a name");
        }
        if let Some(problem) = self.image_name.as_ref().and_then(|name| name_problem(name, 63)) {
            problems.error("image_name", "name", problem);
        }
        if let Some(access) = &self.access {
            access.check_all(problems);
        }
    }
}

unwritten_post_processor!(GooglecomputeImport => GoogleImage, needs_files = true);
