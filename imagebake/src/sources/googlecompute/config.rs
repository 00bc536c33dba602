//! The settings of `googlecompute`.

use super::{
    access::{Access, EncryptionKey},
    artifact::GoogleImage,
    names::{ProjectId, Zone, name_problem},
};
use crate::{
    describe::{Component, HasGuest, Info},
    field::Places,
    groups::Communication,
    plan::Diagnostics,
    source::unwritten_source,
    value::{HostPath, Template, Text},
};
use imagebake_macros::Config;
use std::time::Duration;

/// An image of Google's Compute Engine, made of the disk of a machine that was started from another one.
///
/// ```
/// use imagebake::{prelude::*, sources::googlecompute::{Instance, ProjectId, Zone}};
///
/// fn web() -> Image {
///     let machine = Instance::from_family("debian-12", ProjectId::new("acme-images"), Zone::new("europe-west3-a"))
///         .image_name(format!("web-{TIMESTAMP}"))
///         .image_family("web")
///         .machine_type("e2-medium")
///         .ssh(Ssh::user("packer"));
///     Image::new().source(machine)
/// }
/// # web();
/// ```
#[derive(Clone, Debug, Config)]
#[config(constructors(
    from_image(source_image, project_id, zone),
    from_family(source_image_family, project_id, zone)
))]
pub struct Instance {
    /// The image it starts from.
    #[field(private, rename = "with_image", template = "source_image")]
    source_image: Option<Text>,
    /// The family whose newest image it starts from.
    #[field(private, rename = "with_family", template = "source_image_family")]
    source_image_family: Option<Text>,
    /// Projects that are searched for it; Google's own without.
    #[field(template = "source_image_project_id")]
    source_image_project_id: Vec<Text>,
    /// The project it is built in.
    #[field(private, rename = "with_project", template = "project_id")]
    project_id: Option<ProjectId>,
    /// The zone it is built in.
    #[field(private, rename = "with_zone", template = "zone")]
    zone: Option<Zone>,
    /// The region; the zone's without.
    #[field(template = "region")]
    region: Option<Text>,
    /// Who asks Google's API.
    #[field(group)]
    access: Option<Access>,
    /// The domain of Google's services; `googleapis.com` without.
    #[field(template = "universe_domain")]
    universe_domain: Option<Text>,
    /// Services to other addresses.
    #[field(each = "custom_endpoint", template = "custom_endpoints")]
    custom_endpoints: Vec<(String, Text)>,
    /// The image's name; `packer-` and the time without.
    #[field(template = "image_name")]
    image_name: Option<Template>,
    /// What it is for.
    #[field(template = "image_description", cosmetic)]
    image_description: Option<Template>,
    /// The family it belongs to.
    #[field(template = "image_family")]
    image_family: Option<Template>,
    /// Its labels.
    #[field(each = "image_label", template = "image_labels")]
    image_labels: Vec<(String, Template)>,
    /// The project it belongs to; the one it is built in without.
    #[field(template = "image_project_id")]
    image_project_id: Option<Text>,
    /// Where it is stored.
    #[field(template = "image_storage_locations")]
    image_storage_locations: Vec<Text>,
    /// What it runs on: `X86_64` or `ARM64`.
    #[field(template = "image_architecture")]
    image_architecture: Option<Text>,
    /// Licences it has.
    #[field(template = "image_licenses")]
    image_licenses: Vec<Text>,
    /// What its system can do: `UEFI_COMPATIBLE`, `GVNIC`, …
    #[field(template = "image_guest_os_features")]
    image_guest_os_features: Vec<Text>,
    /// The key it is encrypted with.
    #[field(template = "image_encryption_key")]
    image_encryption_key: Option<EncryptionKey>,
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
    /// Whether nothing is made in the end: for trying steps.
    #[field(template = "skip_create_image")]
    skip_create_image: bool,
    /// When it counts as old: `2030-01-31T00:00:00Z`.
    #[field(template = "deprecate_at")]
    deprecate_at: Option<Text>,
    /// When it cannot be used any more.
    #[field(template = "obsolete_at")]
    obsolete_at: Option<Text>,
    /// When it is to go.
    #[field(template = "delete_at")]
    delete_at: Option<Text>,
    /// The machine's name; `packer-` and random letters without.
    #[field(template = "instance_name")]
    instance_name: Option<Template>,
    /// Its type; `e2-standard-2` without.
    #[field(template = "machine_type")]
    machine_type: Option<Text>,
    /// The oldest processor it may have: `Intel Cascade Lake`.
    #[field(template = "min_cpu_platform")]
    min_cpu_platform: Option<Text>,
    /// The kind of its accelerators, as a whole name.
    #[field(template = "accelerator_type")]
    accelerator_type: Option<Text>,
    /// How many it has.
    #[field(template = "accelerator_count")]
    accelerator_count: Option<u32>,
    /// Whether it may run machines of its own.
    #[field(template = "enable_nested_virtualization")]
    enable_nested_virtualization: bool,
    /// Whether it starts signed systems only.
    #[field(template = "enable_secure_boot")]
    enable_secure_boot: bool,
    /// Whether it has a TPM.
    #[field(template = "enable_vtpm")]
    enable_vtpm: bool,
    /// Whether its start is measured.
    #[field(template = "enable_integrity_monitoring")]
    enable_integrity_monitoring: bool,
    /// What becomes of it when its host is maintained: `MIGRATE` or `TERMINATE`; `MIGRATE` without.
    #[field(template = "on_host_maintenance")]
    on_host_maintenance: Option<Text>,
    /// Whether Google may take it away.
    #[field(template = "preemptible")]
    preemptible: bool,
    /// How long it may run, in seconds.
    #[field(template = "max_run_duration_in_seconds")]
    max_run_duration_in_seconds: Option<u32>,
    /// What becomes of it then: `STOP` or `DELETE`.
    #[field(template = "instance_termination_action")]
    instance_termination_action: Option<Text>,
    /// Sole-tenant hosts that it may run on.
    #[field(each = "affinity", template = "node_affinity")]
    node_affinity: Vec<NodeAffinity>,
    /// Reservations that it may use.
    #[field(template = "reservation_affinity")]
    reservation_affinity: Option<ReservationAffinity>,
    /// The name of its disk; the machine's own without.
    #[field(template = "disk_name")]
    disk_name: Option<Template>,
    /// The disk's size in GB; 20 without.
    #[field(template = "disk_size")]
    disk_size: Option<u32>,
    /// The disk's kind; `pd-standard` without.
    #[field(template = "disk_type")]
    disk_type: Option<Text>,
    /// The key the disk is encrypted with.
    #[field(template = "disk_encryption_key")]
    disk_encryption_key: Option<EncryptionKey>,
    /// More disks.
    #[field(each = "attach_disk", template = "disk_attachment")]
    disk_attachment: Vec<Attachment>,
    /// Its network; `default` without.
    #[field(template = "network")]
    network: Option<Text>,
    /// The project of the network.
    #[field(template = "network_project_id")]
    network_project_id: Option<Text>,
    /// Its address in the network.
    #[field(template = "network_ip")]
    network_ip: Option<Text>,
    /// Its subnetwork.
    #[field(template = "subnetwork")]
    subnetwork: Option<Text>,
    /// A public address that there is.
    #[field(template = "address")]
    address: Option<Text>,
    /// Whether it has no public address.
    #[field(template = "omit_external_ip")]
    omit_external_ip: bool,
    /// Whether it is reached by its address in the network.
    #[field(template = "use_internal_ip")]
    use_internal_ip: bool,
    /// Network tags.
    #[field(template = "tags")]
    tags: Vec<Text>,
    /// Labels of the machine and its disk.
    #[field(each = "label", template = "labels")]
    labels: Vec<(String, Template)>,
    /// Tags of the resource manager.
    #[field(each = "resource_manager_tag", template = "resource_manager_tags")]
    resource_manager_tags: Vec<(String, Text)>,
    /// What its metadata service tells: names to texts.
    #[field(each = "metadata_entry", template = "metadata")]
    metadata: Vec<(String, Template)>,
    /// The same with texts in files.
    #[field(each = "metadata_file", path, template = "metadata_files")]
    metadata_files: Vec<(String, HostPath)>,
    /// A script that it runs at the start.
    #[field(path, template = "startup_script_file")]
    startup_script_file: Option<HostPath>,
    /// Whether the build waits for that script: it does, without.
    #[field(template = "wrap_startup_script")]
    wrap_startup_script: Option<bool>,
    /// What its service account may do.
    #[field(template = "scopes")]
    scopes: Vec<Text>,
    /// Its service account.
    #[field(template = "service_account_email")]
    service_account_email: Option<Text>,
    /// Whether it has none.
    #[field(template = "disable_default_service_account")]
    disable_default_service_account: bool,
    /// Whether OS Login lets the build in.
    #[field(template = "use_os_login")]
    use_os_login: Option<bool>,
    /// Who that is.
    #[field(template = "oslogin_ssh_username")]
    oslogin_ssh_username: Option<Text>,
    /// How long the key is good for there.
    #[field(template = "oslogin_ssh_key_expire_after")]
    oslogin_ssh_key_expire_after: Option<Duration>,
    /// A pause before keys are added, for machines that are set up by their first user.
    #[field(template = "wait_to_add_ssh_keys")]
    wait_to_add_ssh_keys: Option<Duration>,
    /// Whether it is reached by Identity-Aware Proxy.
    #[field(template = "use_iap")]
    use_iap: bool,
    /// The builder's port of that way; a free one without.
    #[field(template = "iap_localhost_port")]
    iap_localhost_port: Option<u16>,
    /// The interpreter of the script that opens it; `/bin/sh` without.
    #[field(template = "iap_hashbang")]
    iap_hashbang: Option<Text>,
    /// What that script's name ends in; `.sh` without.
    #[field(template = "iap_ext")]
    iap_ext: Option<Text>,
    /// Seconds it may take to open; 30, or 40 for WinRM, without.
    #[field(template = "iap_tunnel_launch_wait")]
    iap_tunnel_launch_wait: Option<u32>,
    /// How long anything of Google's may take; 5 min without.
    #[field(template = "state_timeout")]
    state_timeout: Option<Duration>,
    /// How long Windows may take to say its password; 3 min without.
    #[field(template = "windows_password_timeout")]
    windows_password_timeout: Option<Duration>,
    #[field(flatten)]
    communication: Communication,
    at: Places,
}

/// A disk besides the machine's own.
#[derive(Clone, Debug, Config)]
#[config(constructors(new(volume_type, volume_size)))]
pub struct Attachment {
    /// The kind: `pd-ssd`, `scratch`, …
    #[field(private, rename = "with_type", template = "volume_type")]
    volume_type: Option<Text>,
    /// Its size in GB.
    #[field(private, rename = "with_size", template = "volume_size")]
    volume_size: Option<u32>,
    /// `READ_WRITE` or `READ_ONLY`.
    #[field(template = "attachment_mode")]
    attachment_mode: Option<Text>,
    /// Whether the image is made of this disk.
    #[field(template = "create_image")]
    create_image: Option<bool>,
    /// What the machine calls it.
    #[field(template = "device_name")]
    device_name: Option<Text>,
    /// Its name.
    #[field(template = "disk_name")]
    disk_name: Option<Template>,
    /// The key it is encrypted with.
    #[field(template = "disk_encryption_key")]
    disk_encryption_key: Option<EncryptionKey>,
    /// `SCSI` or `NVME`.
    #[field(template = "interface_type")]
    interface_type: Option<Text>,
    /// Operations per second, where the kind has a choice.
    #[field(template = "iops")]
    iops: Option<u32>,
    /// Whether it stays after the build.
    #[field(template = "keep_device")]
    keep_device: Option<bool>,
    /// Zones that have a copy.
    #[field(template = "replica_zones")]
    replica_zones: Option<Vec<Text>>,
    /// A disk that there is.
    #[field(template = "source_volume")]
    source_volume: Option<Text>,
    /// An image it starts from.
    #[field(template = "source_image")]
    source_image: Option<Text>,
    /// The zone that templates cannot name.
    #[field(template = "_")]
    zone: Option<Text>,
    at: Places,
}

/// Sole-tenant hosts that a machine may run on.
#[derive(Clone, Debug, Config)]
#[config(constructors(within(key, values, operator = "IN"), outside(key, values, operator = "NOT_IN")))]
pub struct NodeAffinity {
    /// The label's name.
    #[field(private, rename = "with_key", template = "key")]
    key: Option<Text>,
    /// `IN` or `NOT_IN`.
    #[field(private, rename = "with_operator", template = "operator")]
    operator: Option<Text>,
    /// The label's values.
    #[field(template = "values")]
    values: Vec<Text>,
    at: Places,
}

/// Reservations that a machine may use.
#[derive(Clone, Debug, Config)]
#[config(constructors(new(consume_reservation_type)))]
pub struct ReservationAffinity {
    /// `ANY_RESERVATION`, `SPECIFIC_RESERVATION` or `NO_RESERVATION`.
    #[field(private, rename = "with_kind", template = "consume_reservation_type")]
    consume_reservation_type: Option<Text>,
    /// The label's name.
    #[field(template = "key")]
    key: Option<Text>,
    /// The label's values.
    #[field(template = "values")]
    values: Vec<Text>,
    at: Places,
}

impl Instance {
    /// A machine started from the image `image`.
    #[track_caller]
    pub fn from_image(image: impl Into<Text>, project: ProjectId, zone: Zone) -> Self {
        Self::defaults().with_image(image).with_project(project).with_zone(zone)
    }

    /// A machine started from the newest image of `family`.
    #[track_caller]
    pub fn from_family(family: impl Into<Text>, project: ProjectId, zone: Zone) -> Self {
        Self::defaults()
            .with_family(family)
            .with_project(project)
            .with_zone(zone)
    }
}

impl Attachment {
    /// A disk of a kind (`pd-ssd`, `scratch`) and a size in GB.
    #[track_caller]
    pub fn new(kind: impl Into<Text>, gigabytes: u32) -> Self {
        Self::defaults().with_type(kind).with_size(gigabytes)
    }
}

impl NodeAffinity {
    /// Hosts whose label `key` is one of `values`.
    #[track_caller]
    pub fn within(key: impl Into<Text>, values: impl IntoIterator<Item: Into<Text>>) -> Self {
        Self::defaults().with_key(key).with_operator("IN").values(values)
    }

    /// Hosts whose label `key` is none of `values`.
    #[track_caller]
    pub fn outside(key: impl Into<Text>, values: impl IntoIterator<Item: Into<Text>>) -> Self {
        Self::defaults().with_key(key).with_operator("NOT_IN").values(values)
    }
}

impl ReservationAffinity {
    /// `ANY_RESERVATION`, `SPECIFIC_RESERVATION` or `NO_RESERVATION`.
    #[track_caller]
    pub fn new(kind: impl Into<Text>) -> Self {
        Self::defaults().with_kind(kind)
    }
}

impl Component for Instance {
    const KIND: &'static str = "googlecompute";

    fn check(&self, problems: &mut Diagnostics) {
        self.communication.check_all(problems);
        if let Some(access) = &self.access {
            access.check_all(problems);
        }
        for (field, text) in [
            ("source_image", &self.source_image),
            ("source_image_family", &self.source_image_family),
        ] {
            if text.as_ref().is_some_and(Text::is_empty) {
                problems.error(field, "empty", "the image to start from needs a name");
            }
        }
        for (field, name, longest) in [
            ("image_name", &self.image_name, 63),
            ("image_family", &self.image_family, 63),
        ] {
            if let Some(problem) = name.as_ref().and_then(|name| name_problem(name, longest)) {
                problems.error(field, "name", problem);
            }
        }
        problems.check_word(
            "on_host_maintenance",
            self.on_host_maintenance.as_ref(),
            &["MIGRATE", "TERMINATE"],
        );
        if self.preemptible
            && self
                .on_host_maintenance
                .as_ref()
                .is_some_and(|what| what.to_string() == "MIGRATE")
        {
            problems.error(
                "on_host_maintenance",
                "contradiction",
                "a machine that may be taken away does not migrate: `TERMINATE`",
            );
        }
        if self.accelerator_count.is_some_and(|count| count > 0) {
            if self.accelerator_type.is_none() {
                problems.error("accelerator_count", "missing", "accelerators need `accelerator_type`");
            }
            if self
                .on_host_maintenance
                .as_ref()
                .is_none_or(|what| what.to_string() != "TERMINATE")
            {
                problems.error(
                    "accelerator_count",
                    "contradiction",
                    "a machine with accelerators does not migrate: say `.on_host_maintenance(\"TERMINATE\")`",
                );
            }
        }
        if self.disable_default_service_account && (self.service_account_email.is_some() || !self.scopes.is_empty()) {
            problems.error(
                "disable_default_service_account",
                "contradiction",
                "there is no service account, and something is said of it",
            );
        }
        if self.use_iap && self.communication.guest() == HasGuest::Never {
            problems.error(
                "use_iap",
                "contradiction",
                "nothing connects, so there is no way to open",
            );
        }
    }
}

unwritten_source!(Instance => GoogleImage, |source| Info::new(source.communication.guest()));
