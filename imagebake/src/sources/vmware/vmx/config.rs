//! The settings of `vmware-vmx`.

use super::super::machine::{Common, Disks};
use crate::{
    artifact::Files,
    describe::{Component, Info},
    field::Places,
    plan::Diagnostics,
    source::unwritten_source,
    value::{Template, Text},
};
use imagebake_macros::Config;

/// A copy of a VMware machine that there is already.
///
/// ```
/// use imagebake::{prelude::*, groups::Shutdown, sources::vmware};
///
/// fn web() -> Image {
///     let machine = vmware::vmx::Machine::from_vmx("base/base.vmx")
///         .linked(true)
///         .shutdown(Shutdown::command("sudo poweroff"));
///     Image::new().source(machine)
/// }
/// # web();
/// ```
#[derive(Clone, Debug, Config)]
#[config(constructors(from_vmx(source_path)))]
pub struct Machine {
    /// The machine's file, ending in `.vmx`.
    #[field(private, rename = "with_source", template = "source_path")]
    source_path: Option<Template>,
    /// Whether the copy keeps only what differs, in need of the original.
    #[field(template = "linked")]
    linked: bool,
    /// The snapshot to start from; the machine as it is without.
    #[field(template = "attach_snapshot")]
    attach_snapshot: Option<Text>,
    /// The copy's name; `packer-` and the source's name without.
    #[field(template = "vm_name")]
    vm_name: Option<Template>,
    /// A snapshot that the image gets.
    #[field(template = "snapshot_name")]
    snapshot_name: Option<Text>,
    /// What runs in it, as VMware names it.
    #[field(template = "guest_os_type")]
    guest_os_type: Option<Text>,
    /// The version of the virtual hardware; 21 without.
    #[field(template = "version")]
    version: Option<u32>,
    /// How disks are stored, and more of them.
    #[field(group)]
    disks: Option<Disks>,
    /// The controller of CD drives: `ide`, `sata`, `scsi`.
    #[field(template = "cdrom_adapter_type")]
    cdrom_adapter_type: Option<Text>,
    #[field(flatten)]
    common: Common,
    at: Places,
}

impl Machine {
    /// A copy of the machine whose file is `path`.
    #[track_caller]
    pub fn from_vmx(path: impl Into<Template>) -> Self {
        Self::defaults().with_source(path)
    }
}

impl Component for Machine {
    const KIND: &'static str = "vmware-vmx";

    fn check(&self, problems: &mut Diagnostics) {
        self.common.check_all(problems);
        if self.source_path.as_ref().is_none_or(Template::is_empty) {
            problems.error("source_path", "empty", "the machine's file needs a path");
        }
    }
}

unwritten_source!(Machine => Files, |source| Info::new(source.common.guest()).with_files());
