//! The settings of `vsphere-supervisor`.

use super::super::artifact::VsphereMachine;
use crate::{
    describe::{Component, Info},
    field::Places,
    groups::Communication,
    plan::Diagnostics,
    source::unwritten_source,
    value::{HostPath, Template, Text},
};
use imagebake_macros::Config;

/// A machine of vSphere's supervisor, asked for by Kubernetes' API.
///
/// ```
/// use imagebake::{prelude::*, sources::vsphere};
///
/// fn web() -> Image {
///     let machine = vsphere::supervisor::Machine::new("best-effort-large", "wcp-policy")
///         .image_name("vmi-0123456789abcdef0")
///         .supervisor_namespace("images")
///         .publish_location_name("web-library")
///         .ssh(Ssh::user("packer"));
///     Image::new().source(machine)
/// }
/// # web();
/// ```
#[derive(Clone, Debug, Config)]
#[config(constructors(new(class_name, storage_class)))]
pub struct Machine {
    /// The class of machines.
    #[field(private, rename = "with_class", template = "class_name")]
    class_name: Text,
    /// The class of storage.
    #[field(private, rename = "with_storage_class", template = "storage_class")]
    storage_class: Text,
    /// The image it starts from.
    #[field(template = "image_name")]
    image_name: Option<Text>,
    /// What runs in it, where it is installed from a medium; `otherGuest` without.
    #[field(template = "guest_os_type")]
    guest_os_type: Option<Text>,
    /// The size of its disk then; `20Gi` without.
    #[field(template = "iso_boot_disk_size")]
    iso_boot_disk_size: Option<Text>,
    /// The machine's name; `packer-vsphere-supervisor-` and random letters without.
    #[field(template = "source_name")]
    source_name: Option<Template>,
    /// The namespace; the configuration's own without.
    #[field(template = "supervisor_namespace")]
    supervisor_namespace: Option<Text>,
    /// The file of the configuration; `KUBECONFIG` or `~/.kube/config` without.
    #[field(path, template = "kubeconfig_path")]
    kubeconfig_path: Option<HostPath>,
    /// What sets it up: `CloudInit`, `Sysprep` or `vAppConfig`; `CloudInit` without.
    #[field(template = "bootstrap_provider")]
    bootstrap_provider: Option<Text>,
    /// What it is told at the start.
    #[field(path, template = "bootstrap_data_file")]
    bootstrap_data_file: Option<HostPath>,
    /// Whether the machine stays.
    #[field(template = "keep_input_artifact")]
    keep_input_artifact: bool,
    /// Seconds it may take to start; 3600 without.
    #[field(template = "watch_source_timeout_sec")]
    watch_source_timeout_sec: Option<u32>,
    /// Where an image is imported from first.
    #[field(template = "import_source_url")]
    import_source_url: Option<Template>,
    /// The certificate of who has that image.
    #[field(template = "import_source_ssl_certificate")]
    import_source_ssl_certificate: Option<Text>,
    /// The library it is imported into.
    #[field(template = "import_target_location_name")]
    import_target_location_name: Option<Text>,
    /// What it is: `ovf` or `iso`.
    #[field(template = "import_target_image_type")]
    import_target_image_type: Option<Text>,
    /// What it is called there.
    #[field(template = "import_target_image_name")]
    import_target_image_name: Option<Template>,
    /// The name of the request.
    #[field(template = "import_request_name")]
    import_request_name: Option<Template>,
    /// Seconds the import may take; 600 without.
    #[field(template = "watch_import_timeout_sec")]
    watch_import_timeout_sec: Option<u32>,
    /// Whether the request stays.
    #[field(template = "keep_import_request")]
    keep_import_request: bool,
    /// Whether the imported image goes in the end.
    #[field(template = "clean_imported_image")]
    clean_imported_image: bool,
    /// The library that the result is published in.
    #[field(template = "publish_location_name")]
    publish_location_name: Option<Text>,
    /// What it is called there.
    #[field(template = "publish_image_name")]
    publish_image_name: Option<Template>,
    /// Seconds publishing may take; 600 without.
    #[field(template = "watch_publish_timeout_sec")]
    watch_publish_timeout_sec: Option<u32>,
    #[field(flatten)]
    communication: Communication,
    at: Places,
}

impl Machine {
    /// A machine of a class with storage of a class.
    #[track_caller]
    pub fn new(class: impl Into<Text>, storage_class: impl Into<Text>) -> Self {
        Self::defaults().with_class(class).with_storage_class(storage_class)
    }
}

impl Component for Machine {
    const KIND: &'static str = "vsphere-supervisor";

    fn check(&self, problems: &mut Diagnostics) {
        self.communication.check_all(problems);
        for (field, text) in [("class_name", &self.class_name), ("storage_class", &self.storage_class)] {
            if text.is_empty() {
                problems.error(field, "empty", "the class needs a name");
            }
        }
        problems.check_word(
            "bootstrap_provider",
            self.bootstrap_provider.as_ref(),
            &["CloudInit", "Sysprep", "vAppConfig"],
        );
        problems.check_word(
            "import_target_image_type",
            self.import_target_image_type.as_ref(),
            &["ovf", "iso"],
        );
        if self.import_source_url.is_some() {
            for (field, set) in [
                (
                    "import_target_location_name",
                    self.import_target_location_name.is_some(),
                ),
                ("import_target_image_type", self.import_target_image_type.is_some()),
            ] {
                if !set {
                    problems.error(field, "missing", format!("an import needs `{field}`"));
                }
            }
        }
    }
}

unwritten_source!(Machine => VsphereMachine, |source| Info::new(source.communication.guest()));
