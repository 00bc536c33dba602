//! What all sources of VirtualBox machines have.

use crate::{
    describe::HasGuest,
    field::Places,
    plan::Diagnostics,
    value::{Template, Text, Words},
};
use imagebake_macros::Config;
use std::time::Duration;

/// Settings of every machine of VirtualBox.
#[derive(Clone, Debug, Config)]
#[config(flatten)]
pub struct Common {
    #[field(flatten)]
    machine: crate::groups::VirtualMachine,
    /// What else is said of turning it off.
    #[field(group)]
    power_off: Option<crate::sources::virtualbox::PowerOff>,
    /// The builder's port that leads to it.
    #[field(group)]
    host_ports: Option<crate::groups::HostPorts>,
    /// The older name of `skip_nat_mapping`.
    #[field(template = "ssh_skip_nat_mapping")]
    ssh_skip_nat_mapping: bool,
    /// How it runs while it is built, and where what is made goes.
    #[field(group)]
    run: Option<crate::sources::virtualbox::Run>,
    /// VirtualBox's additions for the guest.
    #[field(group)]
    guest_additions: Option<crate::sources::virtualbox::GuestAdditions>,
    /// What is made of it.
    #[field(group)]
    export: Option<crate::sources::virtualbox::Export>,
    at: Places,
}

/// How the machine runs while it is built.
#[derive(Clone, Debug, Config)]
#[config(constructors(new))]
pub struct Run {
    /// Whether it runs without a window.
    #[field(template = "headless")]
    headless: bool,
    /// The builder's address of its remote screen; `127.0.0.1` without.
    #[field(template = "vrdp_bind_address")]
    vrdp_bind_address: Option<Text>,
    /// The first port of the remote screen; 5900 without.
    #[field(template = "vrdp_port_min")]
    vrdp_port_min: Option<u16>,
    /// The last port of the remote screen; 6000 without.
    #[field(template = "vrdp_port_max")]
    vrdp_port_max: Option<u16>,
    /// The folder for what is made, relative to the current folder; `output-` and the source's name without.
    #[field(template = "output_directory")]
    output_directory: Option<Template>,
    /// The name of what is made, without an ending; the machine's name without.
    #[field(template = "output_filename")]
    output_filename: Option<Template>,
    /// The file in the guest that the product's version is written to; `.vbox_version` without. Empty for none.
    #[field(template = "virtualbox_version_file")]
    virtualbox_version_file: Option<Text>,
    /// Calls of VBoxManage before the start: `["modifyvm", "{{ name }}", "--nested-hw-virt", "on"]`.
    #[field(each = "vboxmanage", template = "vboxmanage", facts("name"))]
    vboxmanage: Vec<Words>,
    /// Calls of VBoxManage after all steps.
    #[field(each = "vboxmanage_post", template = "vboxmanage_post", facts("name"))]
    vboxmanage_post: Vec<Words>,
    at: Places,
}

/// VirtualBox's additions for the guest.
#[derive(Clone, Debug, Config)]
#[config(prefix = "guest_additions_", constructors(mode(mode), upload(path), new))]
pub struct GuestAdditions {
    /// How they get there: `upload`, `attach` as a CD, or `disable`; `upload` without.
    #[field(private, rename = "with_mode", template = "guest_additions_mode")]
    mode: Option<Text>,
    /// The controller of that CD: `ide` without.
    #[field(template = "guest_additions_interface")]
    interface: Option<Text>,
    /// Where they are uploaded to, with `{{ version }}`; `VBoxGuestAdditions.iso` without.
    #[field(template = "guest_additions_path", facts("version"))]
    path: Option<Template>,
    /// The digest of their medium; the product's own list without.
    #[field(template = "guest_additions_sha256")]
    sha256: Option<Text>,
    /// Where their medium is; the product's own or its server without.
    #[field(template = "guest_additions_url", facts("version"))]
    url: Option<Template>,
    at: Places,
}

/// What else is said of turning the machine off.
#[derive(Clone, Debug, Config)]
#[config(constructors(new))]
pub struct PowerOff {
    /// How long to wait after it is off; 2 s without.
    #[field(template = "post_shutdown_delay")]
    post_shutdown_delay: Option<Duration>,
    /// Somebody else turns it off: a step, or the installation itself.
    #[field(template = "disable_shutdown")]
    disable_shutdown: bool,
    /// The power button is pressed, where no command is given.
    #[field(template = "acpi_shutdown")]
    acpi_shutdown: bool,
    at: Places,
}

/// What is made of the machine.
#[derive(Clone, Debug, Config)]
#[config(constructors(format(format), skip(skip_export = true), new))]
pub struct Export {
    /// The form: `ovf` or `ova`; `ovf` without.
    #[field(rename = "export_format", template = "format")]
    format: Option<Text>,
    /// More arguments of `VBoxManage export`.
    #[field(template = "export_opts")]
    export_opts: Vec<Template>,
    /// Nothing is made.
    #[field(template = "skip_export")]
    skip_export: bool,
    /// The machine stays in VirtualBox.
    #[field(template = "keep_registered")]
    keep_registered: bool,
    at: Places,
}

impl Common {
    pub(super) fn check_all(&self, problems: &mut Diagnostics) {
        self.machine.check_all(problems);
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

    pub(super) fn check_all(&self, problems: &mut Diagnostics) {
        problems.check_range(
            ("vrdp_port_min", self.vrdp_port_min.unwrap_or(5900)),
            ("vrdp_port_max", self.vrdp_port_max.unwrap_or(6000)),
        );
    }
}

impl GuestAdditions {
    /// As the product does it: they are uploaded.
    #[track_caller]
    pub fn new() -> Self {
        Self::defaults()
    }

    /// `upload`, `attach` or `disable`.
    #[track_caller]
    pub fn mode(mode: impl Into<Text>) -> Self {
        Self::defaults().with_mode(mode)
    }

    /// Uploaded to `path` in the guest.
    #[track_caller]
    pub fn upload(path: impl Into<Template>) -> Self {
        Self::defaults().path(path)
    }

    pub(super) fn check_all(&self, problems: &mut Diagnostics) {
        problems.check_word(
            "guest_additions_mode",
            self.mode.as_ref(),
            &["upload", "attach", "disable"],
        );
    }
}

impl PowerOff {
    /// As it is without.
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

    /// The form: `ovf`, `ova`.
    #[track_caller]
    pub fn format(format: impl Into<Text>) -> Self {
        Self::defaults().export_format(format)
    }

    /// Nothing is made.
    #[track_caller]
    pub fn skip() -> Self {
        Self::defaults().skip_export(true)
    }

    pub(super) fn check_all(&self, problems: &mut Diagnostics) {
        problems.check_word("export_format", self.format.as_ref(), &["ovf", "ova"]);
    }
}
