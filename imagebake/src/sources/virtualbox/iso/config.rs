//! The settings of `virtualbox-iso`.

use super::super::machine::Common;
use crate::{
    artifact::Files,
    describe::{Component, Info},
    field::Places,
    groups::Iso,
    plan::Diagnostics,
    source::unwritten_source,
    value::{Template, Text},
};
use imagebake_macros::Config;

/// A VirtualBox machine, installed from a medium.
///
/// ```
/// use imagebake::{prelude::*, groups::{Boot, Iso, Shutdown}, sources::virtualbox, value::Checksum};
///
/// fn base() -> Image {
///     let iso = Iso::new("https://example.org/debian.iso", Checksum::file("https://example.org/SHA256SUMS"));
///     let machine = virtualbox::iso::Machine::from_iso(iso)
///         .guest_os_type("Debian_64")
///         .memory(2048)
///         .run(virtualbox::Run::new().headless(true).vboxmanage(["modifyvm", "{{ name }}", "--nested-hw-virt", "on"]))
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
    /// The machine's name; `packer-` and the source's name without.
    #[field(template = "vm_name")]
    vm_name: Option<Template>,
    /// What runs in it, as VirtualBox names it: `Ubuntu_64`, `Windows2019_64`; `Other` without.
    #[field(template = "guest_os_type")]
    guest_os_type: Option<Text>,
    /// Processors; 1 without.
    #[field(template = "cpus")]
    cpus: Option<u32>,
    /// Memory in MB; 512 without.
    #[field(template = "memory")]
    memory: Option<u32>,
    /// The size of the disk in MB; 40000 without.
    #[field(template = "disk_size")]
    disk_size: Option<u32>,
    /// Sizes of more disks, in MB.
    #[field(template = "disk_additional_size")]
    disk_additional_size: Vec<u32>,
    /// The disks' controller: `ide`, `sata`, `scsi`, `pcie` or `virtio`; `ide` without.
    #[field(template = "hard_drive_interface")]
    hard_drive_interface: Option<Text>,
    /// Whether unused blocks of the disk are given back.
    #[field(template = "hard_drive_discard")]
    hard_drive_discard: bool,
    /// Whether the guest is told that the disk does not rotate.
    #[field(template = "hard_drive_nonrotational")]
    hard_drive_nonrotational: bool,
    /// Ports of the SATA controller; 1 without.
    #[field(template = "sata_port_count")]
    sata_port_count: Option<u32>,
    /// Ports of the NVMe controller; 1 without.
    #[field(template = "nvme_port_count")]
    nvme_port_count: Option<u32>,
    /// The medium's controller: `ide`, `sata` or `virtio`; `ide` without.
    #[field(template = "iso_interface")]
    iso_interface: Option<Text>,
    /// Whether the image keeps the medium in its drive.
    #[field(template = "bundle_iso")]
    bundle_iso: bool,
    /// `piix3` or `ich9`; `piix3` without.
    #[field(template = "chipset")]
    chipset: Option<Text>,
    /// `bios` or `efi`; `bios` without.
    #[field(template = "firmware")]
    firmware: Option<Text>,
    /// Whether it may run machines of its own.
    #[field(template = "nested_virt")]
    nested_virt: Option<bool>,
    /// Whether its clock is `local` or `UTC`; `local` without.
    #[field(template = "rtc_time_base")]
    rtc_time_base: Option<Text>,
    /// The network adapter: `82540EM` without.
    #[field(template = "nic_type")]
    nic_type: Option<Text>,
    /// The sound card's driver; `none` without.
    #[field(template = "sound")]
    sound: Option<Text>,
    /// `ac97`, `hda` or `sb16`; `ac97` without.
    #[field(template = "audio_controller")]
    audio_controller: Option<Text>,
    /// Whether it has USB.
    #[field(template = "usb")]
    usb: bool,
    /// `ohci`, `ehci` or `xhci`; `ehci` without.
    #[field(template = "usb_controller")]
    usb_controller: Option<Text>,
    /// `ps2`, `usb`, `usbtablet` or `usbmultitouch`; `ps2` without.
    #[field(template = "mouse")]
    mouse: Option<Text>,
    /// `ps2` or `usb`; `ps2` without.
    #[field(template = "keyboard")]
    keyboard: Option<Text>,
    /// `vboxvga`, `vboxsvga`, `vmsvga` or `none`; the product's choice without.
    #[field(template = "gfx_controller")]
    gfx_controller: Option<Text>,
    /// Memory of the screen in MB, from 1 to 128; 4 without.
    #[field(template = "gfx_vram_size")]
    gfx_vram_size: Option<u32>,
    /// Whether the screen is accelerated.
    #[field(template = "gfx_accelerate_3d")]
    gfx_accelerate_3d: bool,
    /// The screen's size under EFI: `1920x1080`.
    #[field(template = "gfx_efi_resolution")]
    gfx_efi_resolution: Option<Text>,
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
    const KIND: &'static str = "virtualbox-iso";

    fn check(&self, problems: &mut Diagnostics) {
        self.common.check_all(problems);
        if let Some(iso) = &self.iso {
            iso.check_all(problems);
        }
        for (field, word, known) in [
            ("firmware", &self.firmware, &["bios", "efi"][..]),
            ("chipset", &self.chipset, &["piix3", "ich9"]),
            (
                "hard_drive_interface",
                &self.hard_drive_interface,
                &["ide", "sata", "scsi", "pcie", "virtio"],
            ),
            ("iso_interface", &self.iso_interface, &["ide", "sata", "virtio"]),
            ("audio_controller", &self.audio_controller, &["ac97", "hda", "sb16"]),
            ("rtc_time_base", &self.rtc_time_base, &["local", "UTC"]),
            (
                "gfx_controller",
                &self.gfx_controller,
                &["vboxvga", "vboxsvga", "vmsvga", "none"],
            ),
        ] {
            problems.check_word(field, word.as_ref(), known);
        }
        if self.gfx_vram_size.is_some_and(|size| !(1..=128).contains(&size)) {
            problems.error("gfx_vram_size", "out-of-range", "the screen has from 1 to 128 MB");
        }
        if self.hard_drive_nonrotational && self.hard_drive_discard && self.hard_drive_interface.is_none() {
            problems.warning(
                "hard_drive_discard",
                "no-effect",
                "the IDE controller gives no blocks back: choose `sata`",
            );
        }
    }
}

unwritten_source!(Machine => Files, |source| Info::new(source.common.guest()).with_files());
