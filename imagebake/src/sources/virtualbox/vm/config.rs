//! The settings of `virtualbox-vm`.

use super::super::machine::{Export, GuestAdditions, PowerOff, Run};
use crate::{
    artifact::Files,
    communicator::{ssh::Ssh, winrm::WinRm},
    describe::{Component, Describe, Info, feature},
    field::Places,
    groups::{Boot, Cd, Floppy, HostPorts, Http, Shutdown, check_machine, guest_of},
    plan::Diagnostics,
    source::Runtime,
    value::{Template, Text},
};
use imagebake_macros::Config;

/// A machine that VirtualBox has already, changed in place and put into a snapshot.
///
/// ```
/// use imagebake::{prelude::*, groups::Shutdown, sources::virtualbox};
///
/// fn web() -> Image {
///     let machine = virtualbox::vm::Machine::existing("base")
///         .attach_snapshot("installed")
///         .target_snapshot("web")
///         .shutdown(Shutdown::command("sudo poweroff"));
///     Image::new().source(machine)
/// }
/// # web();
/// ```
#[derive(Clone, Debug, Config)]
#[config(constructors(existing(vm_name)))]
pub struct Machine {
    /// The machine's name in VirtualBox.
    #[field(private, rename = "with_vm_name", template = "vm_name")]
    vm_name: Template,
    /// The snapshot to start from: `installed`, or a path of names; the machine as it is without.
    #[field(template = "attach_snapshot")]
    attach_snapshot: Option<Text>,
    /// The snapshot that is made.
    #[field(template = "target_snapshot")]
    target_snapshot: Option<Text>,
    /// Whether a snapshot of that name is replaced.
    #[field(template = "force_delete_snapshot")]
    force_delete_snapshot: bool,
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
    /// What else is said of turning it off.
    #[field(group)]
    power_off: Option<PowerOff>,
    /// The builder's port that leads to it.
    #[field(group)]
    host_ports: Option<HostPorts>,
    /// The older name of `skip_nat_mapping`.
    #[field(template = "ssh_skip_nat_mapping")]
    ssh_skip_nat_mapping: bool,
    /// How it runs while it is built, and where what is made goes.
    #[field(group)]
    run: Option<Run>,
    /// VirtualBox's additions for the guest.
    #[field(group)]
    guest_additions: Option<GuestAdditions>,
    /// What is made of it.
    #[field(group)]
    export: Option<Export>,
    at: Places,
}

impl Machine {
    /// The machine that VirtualBox calls `name`.
    #[track_caller]
    pub fn existing(name: impl Into<Template>) -> Self {
        Self::defaults().with_vm_name(name)
    }
}

impl Component for Machine {
    const KIND: &'static str = "virtualbox-vm";

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
        if let Some(run) = &self.run {
            run.check_all(problems);
        }
        if let Some(additions) = &self.guest_additions {
            additions.check_all(problems);
        }
        if let Some(ports) = &self.host_ports {
            ports.check_all(problems);
        }
        if let Some(export) = &self.export {
            export.check_all(problems);
        }
        if self.vm_name.is_empty() {
            problems.error("vm_name", "empty", "the machine needs a name");
        }
        if self.force_delete_snapshot && self.target_snapshot.is_none() {
            problems.warning(
                "force_delete_snapshot",
                "no-effect",
                "no snapshot is made, so none is replaced",
            );
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
