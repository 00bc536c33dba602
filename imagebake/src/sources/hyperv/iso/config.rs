//! The settings of `hyperv-iso`.

use super::super::machine::Hardware;
use crate::{
    artifact::Files,
    describe::{Component, Info},
    field::Places,
    groups::{Iso, VirtualMachine},
    plan::Diagnostics,
    source::unwritten_source,
};
use imagebake_macros::Config;

/// A Hyper-V machine, installed from a medium, or with a disk that there is.
///
/// ```
/// use imagebake::{communicator::winrm::WinRm, groups::{Floppy, Iso, Shutdown}, prelude::*, sources::hyperv, value::Checksum};
///
/// fn base() -> Image {
///     let iso = Iso::new("https://example.org/windows.iso", Checksum::none());
///     let machine = hyperv::iso::Machine::from_iso(iso)
///         .hardware(hyperv::Hardware::new().generation(2).memory(4096).switch_name("packer"))
///         .floppy(Floppy::new().files(["answer/Autounattend.xml"]))
///         .winrm(WinRm::user("vagrant").password(Secret::env("PASSWORD")))
///         .shutdown(Shutdown::command("shutdown /s /t 0"));
///     Image::new().source(machine)
/// }
/// # base();
/// ```
#[derive(Clone, Debug, Config)]
#[config(constructors(from_iso(iso)))]
pub struct Machine {
    /// The medium, or the disk to start from.
    #[field(private, rename = "with_iso", group)]
    iso: Option<Iso>,
    /// What it is made of, and how it runs while it is built.
    #[field(group)]
    hardware: Option<Hardware>,
    /// Whether a machine of generation 1 has the older network adapter, which starts from the network.
    #[field(template = "use_legacy_network_adapter")]
    use_legacy_network_adapter: bool,
    /// Whether the disk is a whole VHD, as Azure takes it.
    #[field(template = "use_fixed_vhd_format")]
    use_fixed_vhd_format: bool,
    #[field(flatten)]
    machine: VirtualMachine,
    at: Places,
}

impl Machine {
    /// A machine installed from `iso`; a medium that ends in `.vhd` or `.vhdx` is its disk.
    #[track_caller]
    pub fn from_iso(iso: Iso) -> Self {
        Self::defaults().with_iso(iso)
    }
}

impl Component for Machine {
    const KIND: &'static str = "hyperv-iso";

    fn check(&self, problems: &mut Diagnostics) {
        self.machine.check_all(problems);
        if let Some(iso) = &self.iso {
            iso.check_all(problems);
        }
        if let Some(hardware) = &self.hardware {
            hardware.check_all(problems);
        }
    }
}

unwritten_source!(Machine => Files, |source| Info::new(source.machine.guest()).with_files());
