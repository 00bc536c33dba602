//! The settings of `hyperv-vmcx`.

use super::super::machine::Hardware;
use crate::{
    artifact::Files,
    describe::{Component, Info},
    field::Places,
    groups::{Iso, VirtualMachine},
    plan::Diagnostics,
    source::unwritten_source,
    value::{Template, Text},
};
use imagebake_macros::Config;

/// A copy of a Hyper-V machine: of one that Hyper-V has, or of an exported one.
///
/// ```
/// use imagebake::{groups::Shutdown, prelude::*, sources::hyperv};
///
/// fn web() -> Image {
///     let machine = hyperv::vmcx::Machine::from_vm("base")
///         .clone_from_snapshot_name("installed")
///         .shutdown(Shutdown::command("sudo poweroff"));
///     Image::new().source(machine)
/// }
/// # web();
/// ```
#[derive(Clone, Debug, Config)]
#[config(constructors(from_vm(clone_from_vm_name), from_export(clone_from_vmcx_path)))]
pub struct Machine {
    /// The folder of an exported machine.
    #[field(private, rename = "with_path", template = "clone_from_vmcx_path")]
    clone_from_vmcx_path: Option<Template>,
    /// The machine in Hyper-V.
    #[field(private, rename = "with_vm", template = "clone_from_vm_name")]
    clone_from_vm_name: Option<Template>,
    /// The snapshot to copy; the machine as it is without.
    #[field(template = "clone_from_snapshot_name")]
    clone_from_snapshot_name: Option<Text>,
    /// Whether the copy has all snapshots.
    #[field(template = "clone_all_snapshots")]
    clone_all_snapshots: bool,
    /// Whether a copy is made for comparing, which imports machines of other hosts.
    #[field(template = "copy_in_compare")]
    copy_in_compare: bool,
    /// A medium in its drive.
    #[field(group)]
    iso: Option<Iso>,
    /// What changes in what it is made of, and how it runs while it is built.
    #[field(group)]
    hardware: Option<Hardware>,
    #[field(flatten)]
    machine: VirtualMachine,
    at: Places,
}

impl Machine {
    /// A copy of the machine that Hyper-V calls `name`.
    #[track_caller]
    pub fn from_vm(name: impl Into<Template>) -> Self {
        Self::defaults().with_vm(name)
    }

    /// A copy of the machine exported to the folder `path`.
    #[track_caller]
    pub fn from_export(path: impl Into<Template>) -> Self {
        Self::defaults().with_path(path)
    }
}

impl Component for Machine {
    const KIND: &'static str = "hyperv-vmcx";

    fn check(&self, problems: &mut Diagnostics) {
        self.machine.check_all(problems);
        if let Some(iso) = &self.iso {
            iso.check_all(problems);
        }
        if let Some(hardware) = &self.hardware {
            hardware.check_all(problems);
        }
        if self.clone_from_snapshot_name.is_some() && self.clone_from_vm_name.is_none() {
            problems.error(
                "clone_from_snapshot_name",
                "contradiction",
                "an exported machine has no snapshots to choose from",
            );
        }
    }
}

unwritten_source!(Machine => Files, |source| Info::new(source.machine.guest()).with_files());
