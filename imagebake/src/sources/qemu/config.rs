//! The settings of `qemu`.

use crate::{
    artifact::Files,
    boot_command::Action,
    describe::{Component, Describe, HasGuest, Info, feature},
    field::Places,
    groups::{Boot, Cd, CloudInit, Communication, Floppy, HostPorts, Http, Iso, Shutdown, Vnc},
    plan::Diagnostics,
    source::Runtime,
    value::{HostPath, Secret, Template, Text, Words},
};
use imagebake_macros::Config;
use std::time::Duration;

/// A machine of QEMU: installed from a medium, or started from a disk.
///
/// ```
/// use imagebake::{prelude::*, groups::{Boot, Cd, Iso, Shutdown}, sources::qemu, value::Checksum};
///
/// fn web() -> Image {
///     let disk = Iso::new("https://example.org/debian.qcow2", Checksum::file("https://example.org/SHA512SUMS"));
///     let machine = qemu::Machine::from_disk(disk)
///         .memory(2048)
///         .disk_size("20G")
///         .cd(Cd::new().label("cidata").files(["cloud-init/user-data", "cloud-init/meta-data"]))
///         .shutdown(Shutdown::command("sudo poweroff"));
///     Image::new().source(machine)
/// }
/// # web();
/// ```
#[derive(Clone, Debug, Config)]
#[config(constructors(from_iso(iso), from_disk(iso, disk_image = true)))]
pub struct Machine {
    /// The medium, or the disk to start from.
    #[field(private, rename = "with_iso", group)]
    pub(super) iso: Option<Iso>,
    /// Whether what is fetched is a disk.
    #[field(private, rename = "with_disk_image", template = "disk_image")]
    pub(super) disk_image: bool,
    /// Whether the image keeps only what differs from that disk, in need of it.
    #[field(template = "use_backing_file", unkeyed)]
    pub(super) use_backing_file: bool,
    /// The machine's name, and that of its disk's file; `packer-` and the source's name without.
    #[field(template = "vm_name")]
    pub(super) vm_name: Option<Template>,
    /// The folder for what is made, relative to the current folder; `output-` and the source's name without.
    #[field(template = "output_directory", unkeyed)]
    pub(super) output_directory: Option<Template>,
    /// The disk's form: `qcow2` or `raw`; `qcow2` without.
    #[field(template = "format", unkeyed)]
    pub(super) format: Option<Text>,
    /// The disk's size: `40G`, `40960M`, or a number of MB; 40960M without, or that of the disk it starts from.
    #[field(template = "disk_size")]
    pub(super) disk_size: Option<Text>,
    /// Sizes of more disks.
    #[field(each = "additional_disk", template = "disk_additional_size")]
    pub(super) disk_additional_size: Vec<Text>,
    /// Leaves a disk that the machine starts from as large as it is.
    #[field(template = "skip_resize_disk")]
    pub(super) skip_resize_disk: bool,
    /// How the disk is attached: `virtio`, `virtio-scsi`, `ide`, `sata`, `scsi`, `nvme`, `sd`; `virtio` without.
    #[field(template = "disk_interface")]
    pub(super) disk_interface: Option<Text>,
    /// Stores the machine after each step, so that a build whose step 7 failed is run again from where step 6 ended, and one whose first steps have
    /// not changed begins behind them. A machine that is installed, from a medium or by what is typed, is stored before its first step too.
    ///
    /// What is stored is disks and the firmware's variables, no memory: a step after which a later build begins finds the machine as after a
    /// reboot, without what ran, without `/tmp` where that is in memory, and nothing is typed at its first screen. Cloud-init is told who may log in,
    /// and nothing else. Steps that need more than that of one another are one step. The guest is asked to `sync` before; one that has no such
    /// command is not stored, which a warning tells.
    ///
    /// A state is found again as long as nothing has changed of what came before it: the medium, the settings, the steps and the files that they
    /// read. What the builder lends the machine (memory, processors, the accelerator, ports) and what becomes of the image afterwards may
    /// change. While the machine runs, its disks are below the state folder, in the form `qcow2`; the image is written from them, in its own form and
    /// in need of none of them. At a build's end the states of its own list of steps stay; `cleanup --cache` removes all.
    #[field(unkeyed)]
    pub(super) step_snapshots: bool,
    /// What the builder caches: `writeback`, `writethrough`, `none`, `unsafe`, `directsync`. `unsafe` without: what is made outlives no crash
    /// of the builder, and the finished image is written through.
    #[field(template = "disk_cache", unkeyed)]
    pub(super) disk_cache: Option<Text>,
    /// Whether blocks given up by the guest are freed: `unmap` or `ignore`; `ignore` without.
    #[field(template = "disk_discard", unkeyed)]
    pub(super) disk_discard: Option<Text>,
    /// What is done with zeroes: `off`, `on` or `unmap`; `off` without, `unmap` where blocks are freed.
    #[field(template = "disk_detect_zeroes", unkeyed)]
    pub(super) disk_detect_zeroes: Option<Text>,
    /// What the finished image is written as, where that is not the disk's form: `qcow2`, `raw`, `vmdk`, `vdi`, `vhd` or `vhdx`.
    #[field(unkeyed)]
    pub(super) image_format: Option<Text>,
    /// Whether a qcow2 image is compressed.
    #[field(template = "disk_compression", unkeyed)]
    pub(super) disk_compression: bool,
    /// Leaves the disk as it is afterwards: not made smaller.
    #[field(template = "skip_compaction", unkeyed)]
    pub(super) skip_compaction: bool,
    /// More arguments of `qemu-img`.
    #[field(template = "qemu_img_args")]
    pub(super) qemu_img_args: Option<ImgArguments>,
    /// How media for CD drives are attached: `ide`, `sata`, `scsi`, `virtio`, `virtio-scsi`; as the machine does it without.
    #[field(template = "cdrom_interface")]
    pub(super) cdrom_interface: Option<Text>,
    /// Uses a medium of the builder where it is, and keeps no copy: so it is in any case; what is fetched is kept.
    #[field(template = "iso_skip_cache", unkeyed)]
    pub(super) iso_skip_cache: bool,
    /// The machine: `pc`, `q35`, `virt`; `pc` without.
    #[field(template = "machine_type")]
    pub(super) machine_type: Option<Text>,
    /// `kvm`, `hvf`, `tcg`, `whpx`, `xen`, `hax` or `none`; the best one that works without.
    #[field(template = "accelerator", unkeyed)]
    pub(super) accelerator: Option<Text>,
    /// Processors: sockets times cores times threads, and no more than those come to where they are given.
    #[field(template = "cpus", unkeyed)]
    pub(super) cpus: Option<u32>,
    /// Sockets; 1 without.
    #[field(template = "sockets", unkeyed)]
    pub(super) sockets: Option<u32>,
    /// Cores of each socket; 1 without.
    #[field(template = "cores", unkeyed)]
    pub(super) cores: Option<u32>,
    /// Threads of each core; 1 without.
    #[field(template = "threads", unkeyed)]
    pub(super) threads: Option<u32>,
    /// The processor's model: `host`, `max`, `qemu64`.
    #[field(template = "cpu_model")]
    pub(super) cpu_model: Option<Text>,
    /// Memory in MB; 512 without.
    #[field(template = "memory", unkeyed)]
    pub(super) memory: Option<u32>,
    /// Whether the firmware is EFI.
    #[field(template = "efi_boot")]
    pub(super) efi_boot: bool,
    /// The firmware's code; OVMF of the builder without.
    #[field(path, template = "efi_firmware_code")]
    pub(super) efi_firmware_code: Option<HostPath>,
    /// The firmware's variables, of which the machine gets a copy; OVMF of the builder without.
    #[field(path, template = "efi_firmware_vars")]
    pub(super) efi_firmware_vars: Option<HostPath>,
    /// Whether the image is without the variables' file.
    #[field(template = "efi_drop_efivars", unkeyed)]
    pub(super) efi_drop_efivars: bool,
    /// Another firmware than the machine's own.
    #[field(path, template = "firmware")]
    pub(super) firmware: Option<HostPath>,
    /// Whether that firmware is attached as flash.
    #[field(template = "use_pflash")]
    pub(super) use_pflash: bool,
    /// Whether the machine has a TPM, by the program `swtpm`.
    #[field(template = "vtpm")]
    pub(super) vtpm: bool,
    /// Whether that is a TPM 1.2, not 2.0.
    #[field(template = "use_tpm1")]
    pub(super) use_tpm1: bool,
    /// The TPM's device: `tpm-tis` without, `tpm-tis-device` for ARM, `tpm-spapr` for POWER.
    #[field(template = "tpm_device_type")]
    pub(super) tpm_device_type: Option<Text>,
    /// The network adapter: `virtio-net`, `e1000`; `virtio-net` without.
    #[field(template = "net_device")]
    pub(super) net_device: Option<Text>,
    /// A bridge of the builder that the machine is attached to, instead of a network of its own behind the builder. Its address there is what the
    /// builder's table of neighbours or a DHCP server's leases on the builder say, or what `ssh_host` says.
    #[field(template = "net_bridge")]
    pub(super) net_bridge: Option<Text>,
    /// The graphics card.
    #[field(template = "vga")]
    pub(super) vga: Option<Text>,
    /// What shows the screen: `gtk`, `sdl`, `none`, …
    #[field(template = "display", unkeyed)]
    pub(super) display: Option<Text>,
    /// Leaves the display to QEMU.
    #[field(template = "use_default_display", unkeyed)]
    pub(super) use_default_display: bool,
    /// Whether it runs without a window, whatever is said of the display.
    #[field(template = "headless", unkeyed)]
    pub(super) headless: bool,
    /// Where its screen is reached.
    #[field(group)]
    pub(super) vnc: Option<Vnc>,
    /// Whether that screen asks for a password.
    #[field(template = "vnc_use_password", unkeyed)]
    pub(super) vnc_use_password: bool,
    /// The password; one made for the build without.
    #[field(template = "vnc_password", unkeyed)]
    pub(super) vnc_password: Option<Secret>,
    /// Whether QEMU's control socket is offered.
    #[field(template = "qmp_enable", unkeyed)]
    pub(super) qmp_enable: bool,
    /// Where it is.
    #[field(template = "qmp_socket_path", unkeyed)]
    pub(super) qmp_socket_path: Option<Template>,
    /// The program: `qemu-system-x86_64` without.
    #[field(template = "qemu_binary", unkeyed)]
    pub(super) qemu_binary: Option<Text>,
    /// More arguments, each an option with its value: `["-device", "virtio-rng-pci"]`. One that the settings here make too is replaced.
    #[field(
        each = "qemuarg",
        template = "qemuargs",
        facts(
            "http_ip",
            "http_port",
            "http_dir",
            "name",
            "output_dir",
            "ssh_host_port",
            "ssh_public_key"
        )
    )]
    pub(super) qemuargs: Vec<Words>,
    /// The boot command as pairs of keys and what they are for, which is shown meanwhile.
    #[field(
        each = "boot_step",
        template = "boot_steps",
        facts("http_ip", "http_port", "name", "ssh_public_key")
    )]
    pub(super) boot_steps: Vec<Words>,
    /// A pause after each key.
    #[field(template = "boot_key_interval", unkeyed)]
    pub(super) boot_key_interval: Option<Duration>,
    /// Whether the machine is started once, and not again after the installation turned it off: so it is in any case.
    #[field(template = "run_once", unkeyed)]
    pub(super) run_once: bool,
    /// The builder's port that leads to it.
    #[field(group)]
    pub(super) host_ports: Option<HostPorts>,
    /// What is typed at its first screen.
    #[field(group)]
    pub(super) boot: Option<Boot>,
    /// Files that it fetches while it is installed.
    #[field(group)]
    pub(super) http: Option<Http>,
    /// A floppy disk made for the build.
    #[field(group)]
    pub(super) floppy: Option<Floppy>,
    /// A CD made for the build.
    #[field(group)]
    pub(super) cd: Option<Cd>,
    /// What cloud-init in it is told: who may log in, by a key made for the build.
    #[field(group)]
    pub(super) cloud_init: Option<CloudInit>,
    /// How it is turned off.
    #[field(group)]
    pub(super) shutdown: Option<Shutdown>,
    #[field(flatten)]
    pub(super) communication: Communication,
    pub(super) at: Places,
}

/// More arguments of `qemu-img`, by what it does.
#[derive(Clone, Debug, Config)]
#[config(constructors(new))]
pub struct ImgArguments {
    /// When a disk is converted.
    #[field(template = "convert")]
    pub(super) convert: Vec<Text>,
    /// When a disk is made.
    #[field(template = "create")]
    pub(super) create: Vec<Text>,
    /// When a disk is resized.
    #[field(template = "resize")]
    pub(super) resize: Vec<Text>,
    at: Places,
}

impl ImgArguments {
    /// None yet.
    #[track_caller]
    pub fn new() -> Self {
        Self::defaults()
    }
}

impl Machine {
    /// A machine with an empty disk, installed from `iso`.
    #[track_caller]
    pub fn from_iso(iso: Iso) -> Self {
        Self::defaults().with_iso(iso)
    }

    /// A machine that starts from `disk`.
    #[track_caller]
    pub fn from_disk(disk: Iso) -> Self {
        Self::defaults().with_iso(disk).with_disk_image(true)
    }
}

impl Machine {
    /// Whether steps reach it over SSH.
    pub(super) fn wants_ssh(&self) -> bool {
        self.communication.is_ssh()
    }

    /// Whether it takes more than a start until somebody can log in: an installation from a medium, or what is typed.
    #[cfg(feature = "ssh")]
    pub(super) fn is_installed(&self) -> bool {
        !self.disk_image || self.boot.as_ref().is_some_and(Boot::types) || !self.boot_steps.is_empty()
    }

    /// Whether a template tells the machine the public half of the key that logs in.
    pub(super) fn tells_key(&self) -> bool {
        let boot = self
            .boot
            .iter()
            .flat_map(Boot::actions)
            .filter_map(|action| match action {
                Action::Keys(keys) => Some(keys),
                _ => None,
            });
        let steps = self.boot_steps.iter().chain(&self.qemuargs).flat_map(Words::as_slice);
        let served = self.http.iter().flat_map(Http::template_texts).map(|(_, text)| text);
        boot.chain(steps).chain(served).any(|template| {
            let used = template.variables().unwrap_or_default();
            used.iter().any(|name| name == "ssh_public_key")
        })
    }

    /// The machine's memory.
    pub(super) fn megabytes(&self) -> u32 {
        self.memory.unwrap_or(512)
    }

    /// The disk's size, where one is said: zero is the usual one, as in templates.
    pub(super) fn disk_bytes(&self) -> Option<u64> {
        self.disk_size.as_ref().and_then(size_of).filter(|size| *size > 0)
    }

    /// What of the settings nothing does in a program without the cargo feature `machines`.
    #[cfg(not(feature = "machines"))]
    fn not_built_in(&self) -> Option<&'static str> {
        let typed = self.boot.as_ref().is_some_and(Boot::types) || !self.boot_steps.is_empty();
        let all = [
            ("what is typed at the first screen", typed),
            ("a server of files", self.http.is_some()),
            ("a floppy disk", self.floppy.is_some()),
            ("a CD", self.cd.is_some()),
        ];
        all.into_iter().find(|(_, set)| *set).map(|(what, _)| what)
    }
}

/// `40G`, `40960M`, `40960`: bytes. A number alone counts MB, one before `b` bytes.
pub(super) fn size_of(text: &Text) -> Option<u64> {
    let text = text.to_string().to_ascii_lowercase();
    let digits = text.strip_suffix('b').unwrap_or(&text);
    let (digits, shift) = match digits.char_indices().next_back()? {
        (at, unit) if unit.is_ascii_alphabetic() => {
            let power = "kmgtpe".find(unit)?;
            (&digits[..at], 10 * (power as u32 + 1))
        }
        _ if digits.len() < text.len() => (digits, 0),
        _ => (digits, 20),
    };
    let number: u64 = digits.parse().ok()?;
    number.checked_shl(shift).filter(|bytes| bytes >> shift == number)
}

impl Component for Machine {
    const KIND: &'static str = "qemu";

    fn check(&self, problems: &mut Diagnostics) {
        self.check_all(problems);
    }
}

impl Describe for Machine {
    type Artifact = Files;
    type Feature = feature::core;
    const RUNTIME: Runtime<Self> = Runtime::of();

    fn info(&self) -> Info {
        let megabytes = u64::from(self.megabytes());
        let guest = self.communication.guest();
        let info = Info::new(guest).with_files().local_memory(megabytes << 20);
        if self.communication.winrm.is_some() {
            return info.unsupported("steps cannot run over WinRM yet: it is described and planned");
        }
        #[cfg(not(feature = "machines"))]
        if let Some(what) = self.not_built_in() {
            return info.unsupported(format!(
                "{what} needs the cargo feature `machines` of imagebake: add it in Cargo.toml"
            ));
        }
        match guest != HasGuest::Never && cfg!(not(feature = "ssh")) {
            true => info.unsupported("the cargo feature `ssh` of imagebake is off: add it in Cargo.toml"),
            false => info,
        }
    }
}
