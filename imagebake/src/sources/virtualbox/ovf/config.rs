//! The settings of `virtualbox-ovf`.

use super::super::machine::{Export, GuestAdditions, PowerOff, Run};
use crate::{
    artifact::Files,
    communicator::{ssh::Ssh, winrm::WinRm},
    describe::{Component, Describe, Info, feature},
    field::Places,
    groups::{Boot, Cd, Floppy, HostPorts, Http, Shutdown, check_machine, guest_of},
    plan::Diagnostics,
    source::Runtime,
    value::{Checksum, Template, Text},
};
use imagebake_macros::Config;

/// A VirtualBox machine, imported from an archive that an earlier build exported.
///
/// ```
/// use imagebake::{prelude::*, groups::Shutdown, sources::virtualbox, value::Checksum};
///
/// fn web() -> Image {
///     let machine = virtualbox::ovf::Machine::from_ovf("base/base.ova", Checksum::none())
///         .shutdown(Shutdown::command("sudo poweroff"));
///     Image::new().source(machine)
/// }
/// # web();
/// ```
#[derive(Clone, Debug, Config)]
#[config(constructors(from_ovf(source_path, checksum)))]
pub struct Machine {
    /// The archive: a path or an address, ending in `.ovf` or `.ova`.
    #[field(private, rename = "with_source", template = "source_path")]
    source_path: Option<Template>,
    /// What it must be.
    #[field(private, rename = "with_checksum", template = "checksum")]
    checksum: Checksum,
    /// Where a fetched archive is kept on the builder.
    #[field(template = "target_path")]
    target_path: Option<Template>,
    /// More arguments of `VBoxManage import`.
    #[field(template = "import_flags")]
    import_flags: Vec<Template>,
    /// What import does with addresses: `keepallmacs`, `keepnatmacs`, `importtovdi`.
    #[field(template = "import_opts")]
    import_opts: Option<Text>,
    /// The machine's name; `packer-` and the source's name without.
    #[field(template = "vm_name")]
    vm_name: Option<Template>,
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
    /// The machine in the archive at `path`, which must be what `checksum` says.
    #[track_caller]
    pub fn from_ovf(path: impl Into<Template>, checksum: Checksum) -> Self {
        Self::defaults().with_source(path).with_checksum(checksum)
    }
}

impl Component for Machine {
    const KIND: &'static str = "virtualbox-ovf";

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
        if self.source_path.as_ref().is_none_or(Template::is_empty) {
            problems.error("source_path", "empty", "the archive needs a path");
        }
        if let Some(problem) = self.checksum.problem() {
            problems.error("checksum", "checksum", problem);
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
