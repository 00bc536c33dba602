//! The settings of `qemu`.

use crate::{
    artifact::Files,
    communicator::{ssh::Ssh, winrm::WinRm},
    describe::{Component, Describe, Info, feature},
    field::Places,
    groups::{Boot, Cd, Floppy, HostPorts, Http, Iso, Shutdown, Vnc, check_machine, guest_of},
    plan::{Diagnostic, Diagnostics},
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
pub struct Machine {
    /// The medium, or the disk to start from.
    #[field(private, rename = "with_iso", group)]
    iso: Option<Iso>,
    /// Whether what is fetched is a disk.
    #[field(private, rename = "with_disk_image", template = "disk_image")]
    disk_image: bool,
    /// Whether the image keeps only what differs from that disk, in need of it.
    #[field(template = "use_backing_file")]
    use_backing_file: bool,
    /// The machine's name, and that of its disk's file; `packer-` and the source's name without.
    #[field(template = "vm_name")]
    vm_name: Option<Template>,
    /// The folder for what is made, relative to the current folder; `output-` and the source's name without.
    #[field(template = "output_directory")]
    output_directory: Option<Template>,
    /// The disk's form: `qcow2` or `raw`; `qcow2` without.
    #[field(template = "format")]
    format: Option<Text>,
    /// The disk's size: `40G`, `40960M`, or a number of MB; 40960M without, or that of the disk it starts from.
    #[field(template = "disk_size")]
    disk_size: Option<Text>,
    /// Sizes of more disks.
    #[field(each = "additional_disk", template = "disk_additional_size")]
    disk_additional_size: Vec<Text>,
    /// Leaves a disk that the machine starts from as large as it is.
    #[field(template = "skip_resize_disk")]
    skip_resize_disk: bool,
    /// How the disk is attached: `virtio`, `virtio-scsi`, `ide`, `sata`, `scsi`, `nvme`; `virtio` without.
    #[field(template = "disk_interface")]
    disk_interface: Option<Text>,
    /// What the builder caches: `writeback`, `writethrough`, `none`, `unsafe`, `directsync`; `writeback` without.
    #[field(template = "disk_cache")]
    disk_cache: Option<Text>,
    /// Whether blocks given up by the guest are freed: `unmap` or `ignore`; `ignore` without.
    #[field(template = "disk_discard")]
    disk_discard: Option<Text>,
    /// What is done with zeroes: `off`, `on` or `unmap`; `off` without, `unmap` where blocks are freed.
    #[field(template = "disk_detect_zeroes")]
    disk_detect_zeroes: Option<Text>,
    /// Whether a qcow2 image is compressed.
    #[field(template = "disk_compression")]
    disk_compression: bool,
    /// Leaves the disk as it is afterwards: not made smaller.
    #[field(template = "skip_compaction")]
    skip_compaction: bool,
    /// More arguments of `qemu-img`.
    #[field(template = "qemu_img_args")]
    qemu_img_args: Option<ImgArguments>,
    /// How the medium is attached: `virtio-scsi`, `virtio`, `ide`, …
    #[field(template = "cdrom_interface")]
    cdrom_interface: Option<Text>,
    /// Uses a medium of the builder where it is, and keeps no copy.
    #[field(template = "iso_skip_cache")]
    iso_skip_cache: bool,
    /// The machine: `pc`, `q35`, `virt`; `pc` without.
    #[field(template = "machine_type")]
    machine_type: Option<Text>,
    /// `kvm`, `hvf`, `tcg`, `whpx`, `xen`, `hax` or `none`; the best one that works without.
    #[field(template = "accelerator")]
    accelerator: Option<Text>,
    /// Processors: sockets times cores times threads.
    #[field(template = "cpus")]
    cpus: Option<u32>,
    /// Sockets; 1 without.
    #[field(template = "sockets")]
    sockets: Option<u32>,
    /// Cores of each socket; 1 without.
    #[field(template = "cores")]
    cores: Option<u32>,
    /// Threads of each core; 1 without.
    #[field(template = "threads")]
    threads: Option<u32>,
    /// The processor's model: `host`, `max`, `qemu64`.
    #[field(template = "cpu_model")]
    cpu_model: Option<Text>,
    /// Memory in MB; 512 without.
    #[field(template = "memory")]
    memory: Option<u32>,
    /// Whether the firmware is EFI.
    #[field(template = "efi_boot")]
    efi_boot: bool,
    /// The firmware's code; OVMF of the builder without.
    #[field(path, template = "efi_firmware_code")]
    efi_firmware_code: Option<HostPath>,
    /// The firmware's variables, of which the machine gets a copy; OVMF of the builder without.
    #[field(path, template = "efi_firmware_vars")]
    efi_firmware_vars: Option<HostPath>,
    /// Whether the image is without the variables' file.
    #[field(template = "efi_drop_efivars")]
    efi_drop_efivars: bool,
    /// Another firmware than the machine's own.
    #[field(path, template = "firmware")]
    firmware: Option<HostPath>,
    /// Whether that firmware is attached as flash.
    #[field(template = "use_pflash")]
    use_pflash: bool,
    /// Whether the machine has a TPM, by the program `swtpm`.
    #[field(template = "vtpm")]
    vtpm: bool,
    /// Whether that is a TPM 1.2, not 2.0.
    #[field(template = "use_tpm1")]
    use_tpm1: bool,
    /// The TPM's device: `tpm-tis` without, `tpm-tis-device` for ARM, `tpm-spapr` for POWER.
    #[field(template = "tpm_device_type")]
    tpm_device_type: Option<Text>,
    /// The network adapter: `virtio-net`, `e1000`; `virtio-net` without.
    #[field(template = "net_device")]
    net_device: Option<Text>,
    /// A bridge of the builder that the machine is attached to, instead of a network of its own behind the builder.
    #[field(template = "net_bridge")]
    net_bridge: Option<Text>,
    /// The graphics card.
    #[field(template = "vga")]
    vga: Option<Text>,
    /// What shows the screen: `gtk`, `sdl`, `none`, …
    #[field(template = "display")]
    display: Option<Text>,
    /// Leaves the display to QEMU.
    #[field(template = "use_default_display")]
    use_default_display: bool,
    /// Whether it runs without a window.
    #[field(template = "headless")]
    headless: bool,
    /// Where its screen is reached.
    #[field(group)]
    vnc: Option<Vnc>,
    /// Whether that screen asks for a password.
    #[field(template = "vnc_use_password")]
    vnc_use_password: bool,
    /// The password; one made for the build without.
    #[field(template = "vnc_password")]
    vnc_password: Option<Secret>,
    /// Whether QEMU's control socket is offered.
    #[field(template = "qmp_enable")]
    qmp_enable: bool,
    /// Where it is.
    #[field(template = "qmp_socket_path")]
    qmp_socket_path: Option<Template>,
    /// The program: `qemu-system-x86_64` without.
    #[field(template = "qemu_binary")]
    qemu_binary: Option<Text>,
    /// More arguments, each an option with its value: `["-device", "virtio-rng-pci"]`. One that the settings here make too is replaced.
    #[field(
        each = "qemuarg",
        template = "qemuargs",
        facts("http_ip", "http_port", "http_dir", "name", "output_dir", "ssh_host_port")
    )]
    qemuargs: Vec<Words>,
    /// The boot command as pairs of keys and what they are for, which is shown meanwhile.
    #[field(each = "boot_step", template = "boot_steps", facts("http_ip", "http_port", "name"))]
    boot_steps: Vec<Words>,
    /// A pause after each key.
    #[field(template = "boot_key_interval")]
    boot_key_interval: Option<Duration>,
    /// Whether the machine is started once, and not again after the installation turned it off.
    #[field(template = "run_once")]
    run_once: bool,
    /// The builder's port that leads to it.
    #[field(group)]
    host_ports: Option<HostPorts>,
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
    at: Places,
}

/// More arguments of `qemu-img`, by what it does.
#[derive(Clone, Debug, Config)]
pub struct ImgArguments {
    /// When a disk is converted.
    #[field(template = "convert")]
    convert: Vec<Text>,
    /// When a disk is made.
    #[field(template = "create")]
    create: Vec<Text>,
    /// When a disk is resized.
    #[field(template = "resize")]
    resize: Vec<Text>,
    at: Places,
}

impl ImgArguments {
    /// None yet.
    #[track_caller]
    pub fn new() -> Self {
        Self::defaults()
    }
}

impl Default for ImgArguments {
    #[track_caller]
    fn default() -> Self {
        Self::new()
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

const ACCELERATORS: &[&str] = &["none", "kvm", "tcg", "hax", "hvf", "whpx", "xen"];
const CACHES: &[&str] = &["writethrough", "writeback", "none", "unsafe", "directsync"];

/// `40G`, `40960M`, `40960`.
fn is_size(text: &Text) -> bool {
    let text = text.to_string();
    let digits = text.trim_end_matches(['b', 'B']);
    let digits = digits
        .strip_suffix(|c: char| "kKmMgGtTpPeE".contains(c))
        .unwrap_or(digits);
    !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit())
}

impl Component for Machine {
    const KIND: &'static str = "qemu";

    fn check(&self, problems: &mut Diagnostics) {
        check_machine(
            self.communicator.as_ref(),
            self.ssh.as_ref(),
            self.winrm.as_ref(),
            self.http.as_ref(),
            problems,
        );
        if let Some(iso) = &self.iso {
            iso.check_all(problems);
        }
        if let Some(vnc) = &self.vnc {
            vnc.check_all(problems);
        }
        if let Some(ports) = &self.host_ports {
            ports.check_all(problems);
        }
        for (field, word, known) in [
            ("format", &self.format, &["qcow2", "raw"][..]),
            ("accelerator", &self.accelerator, ACCELERATORS),
            ("disk_cache", &self.disk_cache, CACHES),
            ("disk_discard", &self.disk_discard, &["unmap", "ignore"]),
            ("disk_detect_zeroes", &self.disk_detect_zeroes, &["unmap", "on", "off"]),
        ] {
            problems.check_word(field, word.as_ref(), known);
        }
        for (field, size) in self.disk_size.iter().map(|size| ("disk_size", size)).chain(
            self.disk_additional_size
                .iter()
                .map(|size| ("disk_additional_size", size)),
        ) {
            if !is_size(size) {
                problems.error(
                    field,
                    "form",
                    format!("`{size}` is no size: write `40G`, `40960M` or a number of MB"),
                );
            }
        }
        if self.use_backing_file
            && !(self.disk_image && self.format.as_ref().is_none_or(|format| format.to_string() == "qcow2"))
        {
            let problem = Diagnostic::error(
                "contradiction",
                "only a qcow2 image that starts from a disk can keep what differs",
            );
            problems.push(
                problem
                    .field("use_backing_file")
                    .help("start `from_disk`, with the form `qcow2`"),
            );
        }
        if self.skip_resize_disk && !self.disk_image {
            problems.error(
                "skip_resize_disk",
                "contradiction",
                "there is no disk to start from whose size could stay",
            );
        }
        if self.disk_compression && self.format.as_ref().is_some_and(|format| format.to_string() != "qcow2") {
            problems.warning("disk_compression", "no-effect", "only qcow2 images are compressed");
        }
        if self.boot.is_some() && !self.boot_steps.is_empty() {
            let typed = self.boot.as_ref().is_some_and(Boot::types);
            problems.check_exclusive(&[("boot_command", typed), ("boot_steps", true)]);
        }
    }
}

impl Describe for Machine {
    type Artifact = Files;
    type Feature = feature::core;
    const RUNTIME: Runtime<Self> = Runtime::unwritten();

    fn info(&self) -> Info {
        let megabytes = u64::from(self.memory.unwrap_or(512));
        Info::new(guest_of(self.communicator.as_ref()))
            .with_files()
            .local_memory(megabytes << 20)
    }
}
