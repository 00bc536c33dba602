//! What both sources of vSphere machines have.

use crate::{
    describe::HasGuest,
    field::Places,
    plan::Diagnostics,
    value::{Template, Text},
};
use imagebake_macros::Config;
use std::time::Duration;

/// Settings of every machine that vSphere's server makes.
#[derive(Clone, Debug, Config)]
#[config(flatten)]
pub struct Common {
    /// Media in its drives, and what becomes of drives and adapters.
    #[field(group)]
    media: Option<crate::sources::vsphere::Media>,
    /// How its start and its address are waited for.
    #[field(group)]
    waiting: Option<crate::sources::vsphere::Waiting>,
    /// What becomes of it.
    #[field(group)]
    outcome: Option<crate::sources::vsphere::Outcome>,
    #[field(flatten)]
    machine: crate::groups::VirtualMachine,
    at: Places,
}

/// Where the machine is kept and runs.
#[derive(Clone, Debug, Config)]
#[config(constructors(named(vm_name), new))]
pub struct Location {
    /// Its name.
    #[field(template = "vm_name")]
    vm_name: Option<Template>,
    /// Its folder.
    #[field(template = "folder")]
    folder: Option<Template>,
    /// The cluster it runs on.
    #[field(template = "cluster")]
    cluster: Option<Text>,
    /// The host it runs on.
    #[field(template = "host")]
    host: Option<Text>,
    /// The resource pool.
    #[field(template = "resource_pool")]
    resource_pool: Option<Text>,
    /// The datastore of its files.
    #[field(template = "datastore")]
    datastore: Option<Text>,
    /// A cluster of datastores, of which one is chosen.
    #[field(template = "datastore_cluster")]
    datastore_cluster: Option<Text>,
    /// Whether files are uploaded by that host.
    #[field(template = "set_host_for_datastore_uploads")]
    set_host_for_datastore_uploads: bool,
    at: Places,
}

/// What the machine is made of.
#[derive(Clone, Debug, Config)]
#[config(constructors(new))]
pub struct Hardware {
    /// Processors.
    #[field(template = "CPUs")]
    cpus: Option<u32>,
    /// Cores of each socket.
    #[field(template = "cpu_cores")]
    cpu_cores: Option<u32>,
    /// MHz that it has for sure.
    #[field(template = "CPU_reservation")]
    cpu_reservation: Option<u32>,
    /// MHz that it has at most; `-1` for no limit.
    #[field(template = "CPU_limit")]
    cpu_limit: Option<i64>,
    /// Whether processors may be added while it runs.
    #[field(template = "CPU_hot_plug")]
    cpu_hot_plug: bool,
    /// Memory in MB.
    #[field(template = "RAM")]
    ram: Option<u32>,
    /// MB that it has for sure.
    #[field(template = "RAM_reservation")]
    ram_reservation: Option<u32>,
    /// Whether it has all its memory for sure.
    #[field(template = "RAM_reserve_all")]
    ram_reserve_all: bool,
    /// Whether memory may be added while it runs.
    #[field(template = "RAM_hot_plug")]
    ram_hot_plug: bool,
    /// Memory of its screen in KB.
    #[field(template = "video_ram")]
    video_ram: Option<u32>,
    /// Screens; 1 without.
    #[field(template = "displays")]
    displays: Option<u32>,
    /// Devices of the host that it may have.
    #[field(each = "pci_device", template = "pci_passthrough_allowed_device")]
    pci_passthrough_allowed_device: Vec<PciDevice>,
    /// A share of a graphics processor.
    #[field(template = "vgpu_profile")]
    vgpu_profile: Option<Text>,
    /// Whether it may run machines of its own.
    #[field(template = "NestedHV")]
    nested_hv: bool,
    /// `bios`, `efi` or `efi-secure`.
    #[field(template = "firmware")]
    firmware: Option<Text>,
    /// Whether it starts with the firmware's settings.
    #[field(template = "force_bios_setup")]
    force_bios_setup: bool,
    /// Whether it has a TPM.
    #[field(template = "vTPM")]
    vtpm: bool,
    /// Where its clock comes from: `ptp`, `ntp` or `none`; `none` without.
    #[field(template = "precision_clock")]
    precision_clock: Option<Text>,
    /// Controllers of its disks: `lsilogic`, `pvscsi`, `nvme`, `sata`.
    #[field(template = "disk_controller_type")]
    disk_controller_type: Vec<Text>,
    /// Its disks.
    #[field(each = "disk", template = "storage")]
    storage: Vec<Storage>,
    /// Whether Windows may shield itself by virtualization.
    #[field(template = "vbs_enabled")]
    vbs_enabled: bool,
    /// Whether it may give devices to machines of its own.
    #[field(template = "vvtd_enabled")]
    vvtd_enabled: bool,
    /// Settings as VMware spells them.
    #[field(each = "parameter", template = "configuration_parameters")]
    configuration_parameters: Vec<(String, Text)>,
    /// Whether the tools set its clock.
    #[field(template = "tools_sync_time")]
    tools_sync_time: bool,
    /// Whether they do so again and again.
    #[field(template = "tools_sync_time_periodically")]
    tools_sync_time_periodically: bool,
    /// Whether the tools are brought up to date when it starts.
    #[field(template = "tools_upgrade_policy")]
    tools_upgrade_policy: bool,
    at: Places,
}

/// A disk.
#[derive(Clone, Debug, Config)]
#[config(constructors(of(disk_size)))]
pub struct Storage {
    /// Its size in MB.
    #[field(private, rename = "with_size", template = "disk_size")]
    disk_size: Option<u32>,
    /// Whether it takes space only when it is written.
    #[field(template = "disk_thin_provisioned")]
    disk_thin_provisioned: Option<bool>,
    /// Whether it is written with zeroes at first.
    #[field(template = "disk_eagerly_scrub")]
    disk_eagerly_scrub: Option<bool>,
    /// The controller, counted from 0.
    #[field(template = "disk_controller_index")]
    disk_controller_index: Option<u32>,
    at: Places,
}

/// A device of the host.
#[derive(Clone, Debug, Config)]
#[config(constructors(new))]
pub struct PciDevice {
    /// Its maker, as `8086`.
    #[field(template = "vendor_id")]
    vendor_id: Option<Text>,
    /// What it is.
    #[field(template = "device_id")]
    device_id: Option<Text>,
    /// The maker of the card.
    #[field(template = "sub_vendor_id")]
    sub_vendor_id: Option<Text>,
    /// What the card is.
    #[field(template = "sub_device_id")]
    sub_device_id: Option<Text>,
    at: Places,
}

/// Media in the machine's drives, and what becomes of drives and adapters in the end.
#[derive(Clone, Debug, Config)]
#[config(constructors(new))]
pub struct Media {
    /// The drives' controller: `ide` or `sata`; `ide` without.
    #[field(template = "cdrom_type")]
    cdrom_type: Option<Text>,
    /// Media in a datastore: `[datastore] iso/debian.iso`.
    #[field(template = "iso_paths")]
    iso_paths: Vec<Template>,
    /// A floppy disk in a datastore.
    #[field(template = "floppy_img_path")]
    floppy_img_path: Option<Template>,
    /// Whether the result has no drives.
    #[field(template = "remove_cdrom")]
    remove_cdrom: bool,
    /// How many empty drives the result has; none without.
    #[field(template = "reattach_cdroms")]
    reattach_cdroms: Option<u32>,
    /// Whether the result has no network adapters.
    #[field(template = "remove_network_adapter")]
    remove_network_adapter: bool,
    at: Places,
}

/// How the machine's start and its address are waited for.
#[derive(Clone, Debug, Config)]
#[config(constructors(new))]
pub struct Waiting {
    /// What it starts from, in order: `disk,cdrom` without.
    #[field(template = "boot_order")]
    boot_order: Option<Text>,
    /// The builder's address that the machine is told.
    #[field(template = "http_ip")]
    http_ip: Option<Text>,
    /// How long it may take to have an address; 30 min without.
    #[field(template = "ip_wait_timeout")]
    ip_wait_timeout: Option<Duration>,
    /// How long an address has to stay the same; 5 s without.
    #[field(template = "ip_settle_timeout")]
    ip_settle_timeout: Option<Duration>,
    /// The network that counts: `0.0.0.0/0` for any of IPv4.
    #[field(template = "ip_wait_address")]
    ip_wait_address: Option<Text>,
    /// Somebody else turns it off: a step, or the installation itself.
    #[field(template = "disable_shutdown")]
    disable_shutdown: bool,
    at: Places,
}

/// What becomes of the machine.
#[derive(Clone, Debug, Config)]
#[config(constructors(machine, template(convert_to_template = true)))]
pub struct Outcome {
    /// Whether it becomes a template.
    #[field(template = "convert_to_template")]
    convert_to_template: bool,
    /// Whether it gets a snapshot.
    #[field(template = "create_snapshot")]
    create_snapshot: bool,
    /// The snapshot's name; `Created By Packer` without.
    #[field(template = "snapshot_name")]
    snapshot_name: Option<Text>,
    /// Files that it is exported to.
    #[field(template = "export")]
    export: Option<Export>,
    /// A content library that it is put into.
    #[field(template = "content_library_destination")]
    content_library_destination: Option<ContentLibrary>,
    /// Whether it goes in the end: when files or a library have it.
    #[field(template = "destroy")]
    destroy: bool,
    /// What vSphere says of it.
    #[field(template = "notes")]
    notes: Option<Template>,
    at: Places,
}

/// Files that a machine is exported to.
#[derive(Clone, Debug, Config)]
#[config(constructors(to(output_directory), new))]
pub struct Export {
    /// The files' name; the machine's without.
    #[field(template = "name")]
    name: Option<Template>,
    /// The folder, relative to the current folder.
    #[field(template = "output_directory")]
    output_directory: Option<Template>,
    /// `ovf` or `ova`; `ovf` without.
    #[field(template = "output_format")]
    output_format: Option<Text>,
    /// Whether files of that name are replaced.
    #[field(template = "force")]
    force: Option<bool>,
    /// Whether the machine's own state is in it.
    #[field(template = "image_files")]
    image_files: Option<bool>,
    /// The digests beside it: `none`, `sha1`, `sha256`, `sha512`; `sha256` without.
    #[field(template = "manifest")]
    manifest: Option<Text>,
    /// The folder's mode, as `0750`.
    #[field(template = "directory_permission")]
    directory_permission: Option<Text>,
    /// What else is kept: `mac`, `uuid`, `extraconfig`, `nodevicesubtypes`.
    #[field(template = "options")]
    options: Option<Vec<Text>>,
    at: Places,
}

/// A content library that a machine is put into.
#[derive(Clone, Debug, Config)]
#[config(constructors(new(library)))]
pub struct ContentLibrary {
    /// The library.
    #[field(private, rename = "with_library", template = "library")]
    library: Option<Text>,
    /// The item's name; the machine's without.
    #[field(template = "name")]
    name: Option<Template>,
    /// What the item is for.
    #[field(template = "description")]
    description: Option<Template>,
    /// The cluster for machines of it.
    #[field(template = "cluster")]
    cluster: Option<Text>,
    /// The folder of the template.
    #[field(template = "folder")]
    folder: Option<Text>,
    /// The host of the template.
    #[field(template = "host")]
    host: Option<Text>,
    /// The resource pool of the template.
    #[field(template = "resource_pool")]
    resource_pool: Option<Text>,
    /// The datastore of the template.
    #[field(template = "datastore")]
    datastore: Option<Text>,
    /// Whether the machine goes then.
    #[field(template = "destroy")]
    destroy: Option<bool>,
    /// Whether the item is an OVF, and not a template.
    #[field(template = "ovf")]
    ovf: Option<bool>,
    /// Whether nothing is put in: for trying steps.
    #[field(template = "skip_import")]
    skip_import: Option<bool>,
    /// What else an OVF keeps: `EXTRA_CONFIG`, `PRESERVE_MAC`.
    #[field(template = "ovf_flags")]
    ovf_flags: Option<Vec<Text>>,
    at: Places,
}

impl Common {
    pub(super) fn check_all(&self, problems: &mut Diagnostics) {
        self.machine.check_all(problems);
        if let Some(media) = &self.media {
            media.check_all(problems);
        }
        if let Some(outcome) = &self.outcome {
            outcome.check_all(problems);
        }
    }

    /// Whether there is a guest for steps.
    pub(super) fn guest(&self) -> HasGuest {
        self.machine.guest()
    }
}

impl Location {
    /// Wherever there is room, under a name made for the build.
    #[track_caller]
    pub fn new() -> Self {
        Self::defaults()
    }

    /// A machine of this name.
    #[track_caller]
    pub fn named(name: impl Into<Template>) -> Self {
        Self::defaults().vm_name(name)
    }

    pub(super) fn check_all(&self, problems: &mut Diagnostics) {
        problems.check_any_of(&[("cluster", self.cluster.is_some()), ("host", self.host.is_some())]);
        problems.check_exclusive(&[
            ("datastore", self.datastore.is_some()),
            ("datastore_cluster", self.datastore_cluster.is_some()),
        ]);
    }
}

impl Hardware {
    /// As vSphere, or the template, has it.
    #[track_caller]
    pub fn new() -> Self {
        Self::defaults()
    }

    pub(super) fn check_all(&self, problems: &mut Diagnostics) {
        problems.check_word("firmware", self.firmware.as_ref(), &["bios", "efi", "efi-secure", ""]);
        problems.check_word(
            "precision_clock",
            self.precision_clock.as_ref(),
            &["ptp", "ntp", "none"],
        );
        if self.ram_reserve_all && self.ram_reservation.is_some() {
            problems.check_exclusive(&[("ram_reservation", true), ("ram_reserve_all", true)]);
        }
        if self.vtpm
            && self
                .firmware
                .as_ref()
                .is_some_and(|firmware| firmware.to_string() == "bios")
        {
            problems.error(
                "vtpm",
                "contradiction",
                "a TPM needs the firmware `efi` or `efi-secure`",
            );
        }
        for disk in &self.storage {
            if disk.disk_thin_provisioned == Some(true) && disk.disk_eagerly_scrub == Some(true) {
                problems.error(
                    "storage",
                    "contradiction",
                    "a thin disk is not written with zeroes at first",
                );
            }
        }
    }
}

impl Storage {
    /// A disk of this size.
    #[track_caller]
    pub fn of(megabytes: u32) -> Self {
        Self::defaults().with_size(megabytes)
    }
}

impl PciDevice {
    /// Any device.
    #[track_caller]
    pub fn new() -> Self {
        Self::defaults()
    }
}

impl Media {
    /// Nothing in any drive yet.
    #[track_caller]
    pub fn new() -> Self {
        Self::defaults()
    }

    pub(super) fn check_all(&self, problems: &mut Diagnostics) {
        problems.check_word("cdrom_type", self.cdrom_type.as_ref(), &["ide", "sata", ""]);
        if self.reattach_cdroms.is_some_and(|drives| drives > 4) {
            problems.error("reattach_cdroms", "out-of-range", "a machine has 4 drives at most");
        }
    }
}

impl Waiting {
    /// As usual.
    #[track_caller]
    pub fn new() -> Self {
        Self::defaults()
    }
}

impl Outcome {
    /// A machine, as it is then.
    #[track_caller]
    pub fn machine() -> Self {
        Self::defaults()
    }

    /// A template.
    #[track_caller]
    pub fn template() -> Self {
        Self::defaults().convert_to_template(true)
    }

    pub(super) fn check_all(&self, problems: &mut Diagnostics) {
        if self.convert_to_template && self.destroy {
            problems.check_exclusive(&[("convert_to_template", true), ("destroy", true)]);
        }
    }
}

impl Export {
    /// Into the usual folder.
    #[track_caller]
    pub fn new() -> Self {
        Self::defaults()
    }

    /// Into this folder.
    #[track_caller]
    pub fn to(folder: impl Into<Template>) -> Self {
        Self::defaults().output_directory(folder)
    }
}

impl ContentLibrary {
    /// The library `library`.
    #[track_caller]
    pub fn new(library: impl Into<Text>) -> Self {
        Self::defaults().with_library(library)
    }
}
