//! What both sources of Hyper-V machines have.

use crate::{
    field::Places,
    plan::Diagnostics,
    value::{HostPath, Template, Text},
};
use imagebake_macros::Config;

/// What the machine is made of, and how it runs while it is built.
#[derive(Clone, Debug, Config)]
#[config(constructors(new))]
pub struct Hardware {
    /// The machine's name; `packer-` and the source's name without.
    #[field(template = "vm_name")]
    vm_name: Option<Template>,
    /// Its generation: 1, or 2, which has EFI; 1 without.
    #[field(template = "generation")]
    generation: Option<u32>,
    /// The version of its configuration; the host's newest without.
    #[field(template = "configuration_version")]
    configuration_version: Option<Text>,
    /// Processors; 1 without.
    #[field(template = "cpus")]
    cpus: Option<u32>,
    /// Memory in MB; 1024 without.
    #[field(template = "memory")]
    memory: Option<u32>,
    /// Whether memory follows the machine's need.
    #[field(template = "enable_dynamic_memory")]
    enable_dynamic_memory: bool,
    /// Whether a machine of generation 2 starts signed systems only.
    #[field(template = "enable_secure_boot")]
    enable_secure_boot: bool,
    /// Whose signatures: `MicrosoftWindows` without, `MicrosoftUEFICertificateAuthority` for Linux.
    #[field(template = "secure_boot_template")]
    secure_boot_template: Option<Text>,
    /// Whether it may run machines of its own.
    #[field(template = "enable_virtualization_extensions")]
    enable_virtualization_extensions: bool,
    /// Whether it has a TPM.
    #[field(template = "enable_tpm")]
    enable_tpm: bool,
    /// Whether it may send under other addresses: needed by machines of its own.
    #[field(template = "enable_mac_spoofing")]
    enable_mac_spoofing: bool,
    /// The disk's blocks in MB; 32 without.
    #[field(template = "disk_block_size")]
    disk_block_size: Option<u32>,
    /// Sizes of more disks, in MB.
    #[field(template = "disk_additional_size")]
    disk_additional_size: Vec<u32>,
    /// More media.
    #[field(path, template = "secondary_iso_images")]
    secondary_iso_images: Vec<HostPath>,
    /// Hyper-V's services for the guest: `attach` or `none`.
    #[field(template = "guest_additions_mode")]
    guest_additions_mode: Option<Text>,
    /// Their medium.
    #[field(path, template = "guest_additions_path")]
    guest_additions_path: Option<HostPath>,
    /// The virtual switch; one that exists, or one made for the build.
    #[field(template = "switch_name")]
    switch_name: Option<Text>,
    /// The switch's VLAN.
    #[field(template = "switch_vlan_id")]
    switch_vlan_id: Option<Text>,
    /// The machine's VLAN.
    #[field(template = "vlan_id")]
    vlan_id: Option<Text>,
    /// The address of its network adapter.
    #[field(template = "mac_address")]
    mac_address: Option<Text>,
    /// What it starts from first: `CD`, `SCSI:0:0`, `IDE:0:1`, `NET`, …
    #[field(template = "first_boot_device")]
    first_boot_device: Option<Text>,
    /// The order it starts from, of a machine of generation 2: `SCSI:0:0`.
    #[field(template = "boot_order")]
    boot_order: Vec<Text>,
    /// The folder for the machine while it is built.
    #[field(path, template = "temp_path")]
    temp_path: Option<HostPath>,
    /// The folder for what is made, relative to the current folder; `output-` and the source's name without.
    #[field(template = "output_directory")]
    output_directory: Option<Template>,
    /// The machine stays in Hyper-V.
    #[field(template = "keep_registered")]
    keep_registered: bool,
    /// Leaves disks as they are: not made smaller.
    #[field(template = "skip_compaction")]
    skip_compaction: bool,
    /// Nothing is made.
    #[field(template = "skip_export")]
    skip_export: bool,
    /// Whether it runs without a window.
    #[field(template = "headless")]
    headless: bool,
    /// Somebody else turns it off: a step, or the installation itself.
    #[field(template = "disable_shutdown")]
    disable_shutdown: bool,
    /// Whether the disk keeps only what differs from the one it starts from.
    #[field(template = "differencing_disk")]
    differencing_disk: bool,
    /// The disk's size in MB; 40960 without.
    #[field(template = "disk_size")]
    disk_size: Option<u32>,
    at: Places,
}

impl Hardware {
    /// As Hyper-V does it: generation 1, one processor, 1 GB.
    #[track_caller]
    pub fn new() -> Self {
        Self::defaults()
    }

    pub(super) fn check_all(&self, problems: &mut Diagnostics) {
        if self.generation.is_some_and(|generation| !(1..=2).contains(&generation)) {
            problems.error("generation", "out-of-range", "there are generations 1 and 2");
        }
        problems.check_word(
            "guest_additions_mode",
            self.guest_additions_mode.as_ref(),
            &["attach", "none", ""],
        );
        if self.memory.is_some_and(|memory| memory < 32) {
            problems.error("memory", "out-of-range", "a machine has 32 MB at least");
        }
        if self.enable_virtualization_extensions && self.enable_dynamic_memory {
            problems.warning(
                "enable_dynamic_memory",
                "contradiction",
                "machines of its own need memory that does not change",
            );
        }
    }
}
