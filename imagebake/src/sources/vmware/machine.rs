//! What both sources of VMware machines have.

use crate::{
    describe::HasGuest,
    field::Places,
    plan::Diagnostics,
    value::{HostPath, Template, Text},
};
use imagebake_macros::Config;
use std::time::Duration;

/// Settings of every machine of VMware.
#[derive(Clone, Debug, Config)]
#[config(flatten)]
pub struct Common {
    #[field(flatten)]
    machine: crate::groups::VirtualMachine,
    /// How it runs while it is built, and where its files go.
    #[field(group)]
    run: Option<crate::sources::vmware::Run>,
    /// Where its screen is reached.
    #[field(group)]
    vnc: Option<crate::groups::Vnc>,
    /// VMware's tools for the guest.
    #[field(group)]
    tools: Option<crate::sources::vmware::Tools>,
    /// Settings of the machine's file.
    #[field(group)]
    vmx: Option<crate::sources::vmware::Vmx>,
    /// What is made of it.
    #[field(group)]
    export: Option<crate::sources::vmware::Export>,
    at: Places,
}

/// How the machine runs while it is built.
#[derive(Clone, Debug, Config)]
#[config(constructors(new))]
pub struct Run {
    /// Whether it runs without a window.
    #[field(template = "headless")]
    headless: bool,
    /// Whether its screen is offered without a password.
    #[field(template = "vnc_disable_password")]
    vnc_disable_password: bool,
    /// Where VMware Fusion is on macOS; `/Applications/VMware Fusion.app` without.
    #[field(path, template = "fusion_app_path")]
    fusion_app_path: Option<HostPath>,
    /// What runs the machine elsewhere: `esx5` for a host of ESXi.
    #[field(template = "remote_type")]
    remote_type: Option<Text>,
    /// The folder for the machine's files, relative to the current folder; `output-` and the source's name without.
    #[field(template = "output_directory")]
    output_directory: Option<Template>,
    /// How long a key is held; 10 ms at first, then what the machine takes.
    #[field(template = "boot_key_interval")]
    boot_key_interval: Option<Duration>,
    at: Places,
}

/// VMware's tools for the guest.
#[derive(Clone, Debug, Config)]
#[config(prefix = "tools_", constructors(upload(upload_flavor), with_mode(mode), new))]
pub struct Tools {
    /// How they get there: `upload`, `attach` as a CD, or `disable`.
    #[field(template = "tools_mode")]
    mode: Option<Text>,
    /// Their medium on the builder; that of the product without.
    #[field(path, template = "tools_source_path")]
    source_path: Option<HostPath>,
    /// Which of the product's media is uploaded: `windows`, `linux`, `darwin`.
    #[field(template = "tools_upload_flavor")]
    upload_flavor: Option<Text>,
    /// Where it goes in the guest, with `{{ flavor }}`; `{{ flavor }}.iso` without.
    #[field(template = "tools_upload_path", facts("flavor"))]
    upload_path: Option<Template>,
    at: Places,
}

/// Settings of the machine's file, as VMware spells them.
#[derive(Clone, Debug, Config)]
#[config(constructors(new))]
pub struct Vmx {
    /// Settings before the first start: `cpuid.coresPerSocket` to `2`.
    #[field(rename = "data", each = "set", template = "vmx_data")]
    vmx_data: Vec<(String, Template)>,
    /// Settings of the image, put in after all steps.
    #[field(rename = "data_post", each = "set_afterwards", template = "vmx_data_post")]
    vmx_data_post: Vec<(String, Template)>,
    /// Whether the image has no network adapters: Vagrant makes its own.
    #[field(rename = "remove_ethernet_interfaces", template = "vmx_remove_ethernet_interfaces")]
    vmx_remove_ethernet_interfaces: bool,
    /// What VMware calls the machine.
    #[field(rename = "display_name", template = "display_name")]
    display_name: Option<Template>,
    at: Places,
}

/// What is made of the machine.
#[derive(Clone, Debug, Config)]
#[config(constructors(format(format), skip(skip_export = true), new))]
pub struct Export {
    /// The form: `vmx`, `ovf` or `ova`; `vmx` without.
    #[field(rename = "export_format", template = "format")]
    format: Option<Text>,
    /// More arguments of `ovftool`.
    #[field(template = "ovftool_options")]
    ovftool_options: Vec<Template>,
    /// Leaves the machine as it was built.
    #[field(template = "skip_export")]
    skip_export: bool,
    /// Leaves disks as they are: not made smaller.
    #[field(template = "skip_compaction")]
    skip_compaction: bool,
    at: Places,
}

/// The machine's disks.
#[derive(Clone, Debug, Config)]
#[config(constructors(new))]
pub struct Disks {
    /// The controller: `ide`, `sata`, `nvme`, or a SCSI one: `lsilogic` without.
    #[field(rename = "adapter_type", template = "disk_adapter_type")]
    disk_adapter_type: Option<Text>,
    /// The name of the disk's file; `disk` without.
    #[field(template = "vmdk_name")]
    vmdk_name: Option<Text>,
    /// How it is stored: `0` grows, `1` grows in pieces of 2 GB, `2` and `3` are whole from the start; `thin`, `zeroedthick`,
    /// `eagerzeroedthick` on ESXi.
    #[field(rename = "type_id", template = "disk_type_id")]
    disk_type_id: Option<Text>,
    /// Sizes of more disks, in MB.
    #[field(rename = "additional", template = "disk_additional_size")]
    disk_additional_size: Vec<u32>,
    at: Places,
}

impl Common {
    pub(super) fn check_all(&self, problems: &mut Diagnostics) {
        self.machine.check_all(problems);
        if let Some(vnc) = &self.vnc {
            vnc.check_all(problems);
        }
        if let Some(tools) = &self.tools {
            tools.check_all(problems);
        }
        if let Some(export) = &self.export {
            export.check_all(problems);
        }
    }

    /// Whether there is a guest for steps.
    pub(super) fn guest(&self) -> HasGuest {
        self.machine.guest()
    }
}

impl Run {
    /// As the product does it, with a window.
    #[track_caller]
    pub fn new() -> Self {
        Self::defaults()
    }
}

impl Tools {
    /// As the product does it.
    #[track_caller]
    pub fn new() -> Self {
        Self::defaults()
    }

    /// The tools' medium for guests of this flavour (`windows`, `linux`, `darwin`), uploaded.
    #[track_caller]
    pub fn upload(flavor: impl Into<Text>) -> Self {
        Self::defaults().upload_flavor(flavor)
    }

    /// The tools as `mode` says: `upload`, `attach`, `disable`.
    #[track_caller]
    pub fn with_mode(mode: impl Into<Text>) -> Self {
        Self::defaults().mode(mode)
    }
}

impl Vmx {
    /// No setting yet.
    #[track_caller]
    pub fn new() -> Self {
        Self::defaults()
    }
}

impl Export {
    /// As the product does it.
    #[track_caller]
    pub fn new() -> Self {
        Self::defaults()
    }

    /// The form: `vmx`, `ovf`, `ova`.
    #[track_caller]
    pub fn format(format: impl Into<Text>) -> Self {
        Self::defaults().export_format(format)
    }

    /// Nothing is made: the machine stays as it was built.
    #[track_caller]
    pub fn skip() -> Self {
        Self::defaults().skip_export(true)
    }

    pub(super) fn check_all(&self, problems: &mut Diagnostics) {
        problems.check_word("export_format", self.format.as_ref(), &["vmx", "ovf", "ova"]);
        if self.skip_export && !self.ovftool_options.is_empty() {
            problems.warning(
                "ovftool_options",
                "no-effect",
                "nothing is exported, so `ovftool_options` has no effect",
            );
        }
    }
}

impl Disks {
    /// One disk as the source says, with the usual controller.
    #[track_caller]
    pub fn new() -> Self {
        Self::defaults()
    }
}

impl Tools {
    pub(super) fn check_all(&self, problems: &mut Diagnostics) {
        problems.check_word("tools_mode", self.mode.as_ref(), &["upload", "attach", "disable"]);
    }
}
