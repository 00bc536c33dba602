//! The settings of `vmware-iso`.

use super::super::machine::{Common, Disks};
use crate::{
    artifact::Files,
    describe::{Component, Info},
    field::Places,
    groups::Iso,
    plan::Diagnostics,
    source::unwritten_source,
    value::{HostPath, Template, Text},
};
use imagebake_macros::Config;

/// A VMware machine, installed from a medium.
///
/// ```
/// use imagebake::{prelude::*, groups::{Boot, Http, Iso, Shutdown}, sources::vmware, value::Checksum};
///
/// fn base() -> Image {
///     let iso = Iso::new("https://example.org/debian.iso", Checksum::file("https://example.org/SHA256SUMS"));
///     let machine = vmware::iso::Machine::from_iso(iso)
///         .guest_os_type("debian12-64")
///         .disk_size(65_536)
///         .boot(Boot::keys(["<esc>auto url=http://{{ http_ip }}:{{ http_port }}/preseed.cfg<enter>"]))
///         .http(Http::directory("http"))
///         .shutdown(Shutdown::command("sudo poweroff"));
///     Image::new().source(machine)
/// }
/// # base();
/// ```
#[derive(Clone, Debug, Config)]
#[config(constructors(from_iso(iso)))]
pub struct Machine {
    /// The medium.
    #[field(private, rename = "with_iso", group)]
    iso: Option<Iso>,
    /// The machine's name, and that of its files; `packer-` and the source's name without.
    #[field(template = "vm_name")]
    vm_name: Option<Template>,
    /// What runs in it, as VMware names it: `ubuntu-64`, `windows2019srv-64`; `other` without.
    #[field(template = "guest_os_type")]
    guest_os_type: Option<Text>,
    /// The version of the virtual hardware; 21 without.
    #[field(template = "version")]
    version: Option<u32>,
    /// `bios`, `efi` or `efi-secure`; the product's choice without.
    #[field(template = "firmware")]
    firmware: Option<Text>,
    /// Processors; the product's choice without.
    #[field(template = "cpus")]
    cpus: Option<u32>,
    /// Cores of each socket.
    #[field(template = "cores")]
    cores: Option<u32>,
    /// Memory in MB; 512 without.
    #[field(template = "memory")]
    memory: Option<u32>,
    /// The size of the disk in MB; 40000 without.
    #[field(template = "disk_size")]
    disk_size: Option<u32>,
    /// How disks are stored, and more of them.
    #[field(group)]
    disks: Option<Disks>,
    /// The controller of CD drives: `ide`, `sata`, `scsi`.
    #[field(template = "cdrom_adapter_type")]
    cdrom_adapter_type: Option<Text>,
    /// The network: `nat`, `hostonly`, `bridged`, or the name of a virtual one; `nat` without.
    #[field(template = "network")]
    network: Option<Text>,
    /// The network's name on ESXi.
    #[field(template = "network_name")]
    network_name: Option<Text>,
    /// The adapter: `e1000`, `e1000e`, `vmxnet3`.
    #[field(template = "network_adapter_type")]
    network_adapter_type: Option<Text>,
    /// Whether it has a sound card.
    #[field(template = "sound")]
    sound: bool,
    /// Whether it has USB.
    #[field(template = "usb")]
    usb: bool,
    /// The version of USB: `2.0` or `3.1`.
    #[field(template = "usb_version")]
    usb_version: Option<Text>,
    /// A serial port: `FILE:path`, `PIPE:…`, `DEVICE:…`, `AUTO:…` or `none`.
    #[field(template = "serial")]
    serial: Option<Text>,
    /// A parallel port: `FILE:path`, `DEVICE:…`, `AUTO:…` or `none`.
    #[field(template = "parallel")]
    parallel: Option<Text>,
    /// Whether it may run machines of its own.
    #[field(template = "vhv_enabled")]
    vhv_enabled: bool,
    /// A template of the machine's file, instead of the built-in one.
    #[field(path, template = "vmx_template_path")]
    vmx_template_path: Option<HostPath>,
    /// A template of the lines for further disks.
    #[field(path, template = "vmx_disk_template_path")]
    vmx_disk_template_path: Option<HostPath>,
    /// A snapshot that the image gets.
    #[field(template = "snapshot_name")]
    snapshot_name: Option<Text>,
    #[field(flatten)]
    common: Common,
    at: Places,
}

impl Machine {
    /// A machine installed from `iso`.
    #[track_caller]
    pub fn from_iso(iso: Iso) -> Self {
        Self::defaults().with_iso(iso)
    }
}

impl Component for Machine {
    const KIND: &'static str = "vmware-iso";

    fn check(&self, problems: &mut Diagnostics) {
        self.common.check_all(problems);
        if let Some(iso) = &self.iso {
            iso.check_all(problems);
        }
        problems.check_word("firmware", self.firmware.as_ref(), &["bios", "efi", "efi-secure"]);
    }
}

unwritten_source!(Machine => Files, |source| Info::new(source.common.guest()).with_files());
