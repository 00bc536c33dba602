//! The settings of `vmware-vmx`.

use super::super::machine::{Disks, Export, Run, Tools, Vmx};
use crate::{
    artifact::Files,
    communicator::{ssh::Ssh, winrm::WinRm},
    describe::{Component, Describe, Info, feature},
    field::Places,
    groups::{Boot, Cd, Floppy, Http, Shutdown, Vnc, check_machine, guest_of},
    plan::Diagnostics,
    source::Runtime,
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
    /// What is typed at its first screen.
    #[field(group)]
    boot: Option<Boot>,
    /// Files that it fetches while it is installed.
    #[field(group)]
    http: Option<Http>,
    /// A floppy disk made for the build.
    #[field(group)]
    floppy: Option<Floppy>,
    /// A CD made for the build.
    #[field(group)]
    cd: Option<Cd>,
    /// How it is turned off.
    #[field(group)]
    shutdown: Option<Shutdown>,
    /// How steps reach it: `ssh`, `winrm` or `none`; SSH without. `.winrm(…)` says so by itself.
    #[field(template = "communicator")]
    communicator: Option<Text>,
    /// The SSH connection to it.
    #[field(group)]
    ssh: Option<Ssh>,
    /// The WinRM connection to it.
    #[field(group)]
    winrm: Option<WinRm>,
    /// How it runs while it is built, and where its files go.
    #[field(group)]
    run: Option<Run>,
    /// Where its screen is reached.
    #[field(group)]
    vnc: Option<Vnc>,
    /// VMware's tools for the guest.
    #[field(group)]
    tools: Option<Tools>,
    /// Settings of the machine's file.
    #[field(group)]
    vmx: Option<Vmx>,
    /// What is made of it.
    #[field(group)]
    export: Option<Export>,
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
        check_machine(
            self.communicator.as_ref(),
            self.ssh.as_ref(),
            self.winrm.as_ref(),
            self.http.as_ref(),
            problems,
        );
        if let Some(boot) = &self.boot {
            boot.check_all(problems);
        }
        if self.source_path.as_ref().is_none_or(Template::is_empty) {
            problems.error("source_path", "empty", "the machine's file needs a path");
        }
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
}

impl Describe for Machine {
    type Artifact = Files;
    type Feature = feature::core;
    const RUNTIME: Runtime<Self> = Runtime::unwritten();

    fn info(&self) -> Info {
        Info::new(guest_of(self.communicator.as_ref())).with_files()
    }
}
