//! What all sources of Proxmox machines have.

use super::names::PoolName;
use crate::{
    describe::HasGuest,
    field::Places,
    groups::Iso,
    plan::Diagnostics,
    value::{HostPath, Template, Text},
};
use imagebake_macros::Config;
use std::time::Duration;

/// Settings of every machine of Proxmox.
#[derive(Clone, Debug, Config)]
#[config(flatten)]
pub struct Common {
    /// What becomes of it.
    #[field(group)]
    outcome: Option<crate::sources::proxmox::Outcome>,
    #[field(flatten)]
    console: crate::groups::Console,
    #[field(flatten)]
    communication: crate::groups::Communication,
    at: Places,
}

/// What the machine is made of.
#[derive(Clone, Debug, Config)]
#[config(constructors(new))]
pub struct Hardware {
    /// Its name while it is built.
    #[field(template = "vm_name")]
    vm_name: Option<Template>,
    /// Its number; a free one without.
    #[field(template = "vm_id")]
    vm_id: Option<u32>,
    /// Its tags, with `;` between them.
    #[field(template = "tags")]
    tags: Option<Text>,
    /// Its resource pool.
    #[field(template = "pool")]
    pool: Option<Text>,
    /// What runs in it: `l26`, `win11`, `other`; `other` without.
    #[field(template = "os")]
    os: Option<Text>,
    /// Memory in MB; 512 without.
    #[field(template = "memory")]
    memory: Option<u32>,
    /// Memory in MB that is left to it; 0 without, which is all.
    #[field(template = "ballooning_minimum")]
    ballooning_minimum: Option<u32>,
    /// Cores of each socket; 1 without.
    #[field(template = "cores")]
    cores: Option<u32>,
    /// Sockets; 1 without.
    #[field(template = "sockets")]
    sockets: Option<u32>,
    /// The processor's model; `kvm64` without.
    #[field(template = "cpu_type")]
    cpu_type: Option<Text>,
    /// Whether it knows of the host's memory nodes.
    #[field(template = "numa")]
    numa: bool,
    /// The machine: `pc`, `q35`.
    #[field(template = "machine")]
    machine: Option<Text>,
    /// The firmware: `seabios` or `ovmf`.
    #[field(template = "bios")]
    bios: Option<Text>,
    /// What it starts from, in order: `order=virtio0;ide2`.
    #[field(template = "boot")]
    boot: Option<Text>,
    /// The disk of EFI's variables.
    #[field(template = "efi_config")]
    efi_config: Option<EfiConfig>,
    /// The older way to name that disk's storage.
    #[field(template = "efidisk")]
    efidisk: Option<Text>,
    /// Its TPM.
    #[field(template = "tpm_config")]
    tpm_config: Option<TpmConfig>,
    /// Its source of random numbers.
    #[field(template = "rng0")]
    rng0: Option<Rng>,
    /// Its screen.
    #[field(template = "vga")]
    vga: Option<Vga>,
    /// Its network adapters.
    #[field(each = "network_adapter", template = "network_adapters")]
    network_adapters: Vec<NetworkAdapter>,
    /// Its disks.
    #[field(each = "disk", template = "disks")]
    disks: Vec<Disk>,
    /// Devices of the host that it has.
    #[field(each = "pci_device", template = "pci_devices")]
    pci_devices: Vec<PciDevice>,
    /// Its serial ports: `socket`, or a device of the host.
    #[field(template = "serials")]
    serials: Vec<Text>,
    /// The controller of SCSI disks; `lsi` without.
    #[field(template = "scsi_controller")]
    scsi_controller: Option<Text>,
    /// Whether Proxmox speaks with the agent in it: it does, without.
    #[field(template = "qemu_agent")]
    qemu_agent: Option<bool>,
    /// More arguments of QEMU.
    #[field(template = "qemu_additional_args")]
    qemu_additional_args: Option<Text>,
    /// Whether machines of it start with the node.
    #[field(template = "onboot")]
    onboot: bool,
    /// Whether it runs without the processor's help.
    #[field(template = "disable_kvm")]
    disable_kvm: bool,
    /// A pause after each typed key; 5 ms without.
    #[field(template = "boot_key_interval")]
    boot_key_interval: Option<Duration>,
    /// The network adapter whose address is connected to.
    #[field(template = "vm_interface")]
    vm_interface: Option<Text>,
    /// More media.
    #[field(each = "additional_iso", template = "additional_iso_files")]
    additional_iso_files: Vec<IsoFile>,
    at: Places,
}

/// What becomes of the machine.
#[derive(Clone, Debug, Config)]
#[config(constructors(template, machine(skip_convert_to_template = true)))]
pub struct Outcome {
    /// The template's name; the machine's without.
    #[field(template = "template_name")]
    template_name: Option<Template>,
    /// What it is for.
    #[field(template = "template_description", cosmetic)]
    template_description: Option<Template>,
    /// Whether it stays a machine.
    #[field(template = "skip_convert_to_template")]
    skip_convert_to_template: bool,
    /// Whether it gets a drive for cloud-init.
    #[field(template = "cloud_init")]
    cloud_init: bool,
    /// The storage of that drive; that of the first disk without.
    #[field(template = "cloud_init_storage_pool")]
    cloud_init_storage_pool: Option<Text>,
    /// How that drive is attached: `ide`, `scsi` or `sata`; `ide` without.
    #[field(template = "cloud_init_disk_type")]
    cloud_init_disk_type: Option<Text>,
    /// Whether cloud-init leaves packages as they are.
    #[field(template = "cloud_init_disable_upgrade_packages")]
    cloud_init_disable_upgrade_packages: Option<bool>,
    at: Places,
}

/// The disk of EFI's variables.
#[derive(Clone, Debug, Config)]
#[config(constructors(new(efi_storage_pool)))]
pub struct EfiConfig {
    /// Its storage.
    #[field(private, rename = "with_pool", template = "efi_storage_pool")]
    efi_storage_pool: Option<Text>,
    /// Its form; `raw` without.
    #[field(template = "efi_format")]
    efi_format: Option<Text>,
    /// Its size: `2m` or `4m`; `4m` without.
    #[field(template = "efi_type")]
    efi_type: Option<Text>,
    /// Whether it knows the usual keys of secure boot.
    #[field(template = "pre_enrolled_keys")]
    pre_enrolled_keys: Option<bool>,
    at: Places,
}

/// A TPM.
#[derive(Clone, Debug, Config)]
#[config(constructors(new(tpm_storage_pool)))]
pub struct TpmConfig {
    /// Its storage.
    #[field(private, rename = "with_pool", template = "tpm_storage_pool")]
    tpm_storage_pool: Option<Text>,
    /// `v1.2` or `v2.0`; `v2.0` without.
    #[field(template = "tpm_version")]
    tpm_version: Option<Text>,
    at: Places,
}

/// A source of random numbers.
#[derive(Clone, Debug, Config)]
#[config(constructors(new(source, max_bytes)))]
pub struct Rng {
    /// Where they come from: `/dev/urandom`, `/dev/random`, `/dev/hwrng`.
    #[field(private, rename = "with_source", template = "source")]
    source: Option<Text>,
    /// How many bytes it gives at once; 0 for any number.
    #[field(private, rename = "with_max_bytes", template = "max_bytes")]
    max_bytes: Option<u32>,
    /// In how many milliseconds.
    #[field(template = "period")]
    period: Option<u32>,
    at: Places,
}

/// A screen.
#[derive(Clone, Debug, Config)]
#[config(constructors(new(kind)))]
pub struct Vga {
    /// `std`, `qxl`, `virtio`, `serial0`, `none`, …; `std` without.
    #[field(private, rename = "with_kind", template = "type")]
    kind: Option<Text>,
    /// Its memory in MB.
    #[field(template = "memory")]
    memory: Option<u32>,
    at: Places,
}

/// A network adapter.
#[derive(Clone, Debug, Config)]
#[config(constructors(on(bridge)))]
pub struct NetworkAdapter {
    /// The bridge it is attached to: `vmbr0`.
    #[field(private, rename = "with_bridge", template = "bridge")]
    bridge: Option<Text>,
    /// Its kind: `e1000`, `virtio`; `e1000` without.
    #[field(template = "model")]
    model: Option<Text>,
    /// Its address; `repeatable` for one made of the machine's number.
    #[field(template = "mac_address")]
    mac_address: Option<Text>,
    /// The largest packet; 1 for the bridge's own.
    #[field(template = "mtu")]
    mtu: Option<u32>,
    /// Its VLAN.
    #[field(template = "vlan_tag")]
    vlan_tag: Option<Text>,
    /// How many queues it has.
    #[field(template = "packet_queues")]
    packet_queues: Option<u32>,
    /// Whether Proxmox' firewall is before it.
    #[field(template = "firewall")]
    firewall: Option<bool>,
    at: Places,
}

/// A disk.
#[derive(Clone, Debug, Config)]
#[config(constructors(new(disk_size, PoolName::new(storage_pool))))]
pub struct Disk {
    /// Its size: `20G`.
    #[field(private, rename = "with_size", template = "disk_size")]
    disk_size: Option<Text>,
    /// Its storage.
    #[field(private, rename = "with_pool", template = "storage_pool")]
    storage_pool: Option<Text>,
    /// What older versions had to be told of that storage; not looked at any more.
    #[field(template = "storage_pool_type")]
    storage_pool_type: Option<Text>,
    /// How it is attached: `scsi`, `virtio`, `sata`, `ide`; `scsi` without.
    #[field(template = "type")]
    kind: Option<Text>,
    /// Its form: `raw`, `qcow2`; `raw` without.
    #[field(template = "format")]
    format: Option<Text>,
    /// What the host caches: `none`, `writeback`, …; `none` without.
    #[field(template = "cache_mode")]
    cache_mode: Option<Text>,
    /// How the host writes it: `native`, `threads`, `io_uring`.
    #[field(template = "asyncio")]
    asyncio: Option<Text>,
    /// Whether blocks given up are freed.
    #[field(template = "discard")]
    discard: Option<bool>,
    /// Whether it says that it does not rotate.
    #[field(template = "ssd")]
    ssd: Option<bool>,
    /// Whether it has a thread of its own.
    #[field(template = "io_thread")]
    io_thread: Option<bool>,
    /// Whether backups leave it out.
    #[field(template = "exclude_from_backup")]
    exclude_from_backup: Option<bool>,
    at: Places,
}

/// A device of the host.
#[derive(Clone, Debug, Config)]
#[config(constructors(at(host), mapped(mapping)))]
pub struct PciDevice {
    /// Its address: `0000:01:00.0`.
    #[field(template = "host")]
    host: Option<Text>,
    /// The same by a name of the cluster.
    #[field(template = "mapping")]
    mapping: Option<Text>,
    /// What it says it is.
    #[field(template = "device_id")]
    device_id: Option<Text>,
    /// Who it says made it.
    #[field(template = "vendor_id")]
    vendor_id: Option<Text>,
    /// What it says its card is.
    #[field(template = "sub_device_id")]
    sub_device_id: Option<Text>,
    /// Who it says made its card.
    #[field(template = "sub_vendor_id")]
    sub_vendor_id: Option<Text>,
    /// The share of it.
    #[field(template = "mdev")]
    mdev: Option<Text>,
    /// Whether it is on PCI Express.
    #[field(template = "pcie")]
    pcie: Option<bool>,
    /// Whether it is the first and only screen.
    #[field(template = "legacy_igd")]
    legacy_igd: Option<bool>,
    /// Whether it is the first screen.
    #[field(template = "x_vga")]
    x_vga: Option<bool>,
    /// Whether its firmware is hidden.
    #[field(template = "hide_rombar")]
    hide_rombar: Option<bool>,
    /// A firmware of its own.
    #[field(template = "romfile")]
    romfile: Option<Text>,
    at: Places,
}

/// A medium in a drive of the machine.
#[derive(Clone, Debug, Config)]
#[config(constructors(stored(iso_file), fetched(iso), made_of(cd_files), made_for_build))]
pub struct IsoFile {
    /// A medium that Proxmox has: `local:iso/debian.iso`.
    #[field(private, rename = "with_file", template = "iso_file")]
    iso_file: Option<Text>,
    /// A medium that is fetched.
    #[field(private, rename = "with_iso", group)]
    iso: Option<Iso>,
    /// The storage it is uploaded to.
    #[field(template = "iso_storage_pool")]
    iso_storage_pool: Option<Text>,
    /// Whether Proxmox fetches it by itself.
    #[field(template = "iso_download_pve")]
    iso_download_pve: Option<bool>,
    /// Files of the builder that a medium is made of.
    #[field(path, template = "cd_files")]
    cd_files: Option<Vec<HostPath>>,
    /// Files by path that are not on the builder's disk; never rendered.
    #[field(template = "cd_content")]
    cd_content: Vec<(String, Text)>,
    /// The name of that medium.
    #[field(template = "cd_label")]
    cd_label: Option<Text>,
    /// How the drive is attached: `ide`, `sata`, `scsi`; `ide` without.
    #[field(template = "type")]
    kind: Option<Text>,
    /// The number of the drive.
    #[field(template = "index")]
    index: Option<Text>,
    /// The older way to say both: `ide3`.
    #[field(template = "device")]
    device: Option<Text>,
    /// Whether the drive is empty in the end.
    #[field(template = "unmount")]
    unmount: Option<bool>,
    /// Whether an empty drive stays.
    #[field(template = "keep_cdrom_device")]
    keep_cdrom_device: Option<bool>,
    at: Places,
}

impl Common {
    pub(super) fn check_all(&self, problems: &mut Diagnostics) {
        self.communication.check_all(problems);
        self.console.check_all(problems);
    }

    /// Whether there is a guest for steps.
    pub(super) fn guest(&self) -> HasGuest {
        self.communication.guest()
    }
}

impl Hardware {
    /// As Proxmox does it: one core, 512 MB, no disk.
    #[track_caller]
    pub fn new() -> Self {
        Self::defaults()
    }

    pub(super) fn check_all(&self, problems: &mut Diagnostics) {
        if self.vm_id.is_some_and(|id| id < 100) {
            problems.error("vm_id", "out-of-range", "numbers of machines start at 100");
        }
        if self.ballooning_minimum.unwrap_or(0) > self.memory.unwrap_or(512) {
            problems.error(
                "ballooning_minimum",
                "out-of-range",
                "what is left to it is more than it has",
            );
        }
        for disk in &self.disks {
            problems.check_word("disks", disk.kind.as_ref(), &["ide", "sata", "scsi", "virtio"]);
            if disk.io_thread == Some(true)
                && disk
                    .kind
                    .as_ref()
                    .is_some_and(|kind| matches!(kind.to_string().as_str(), "ide" | "sata"))
            {
                problems.error(
                    "disks",
                    "contradiction",
                    "a thread of its own is for disks on `scsi` and `virtio`",
                );
            }
        }
        for iso in &self.additional_iso_files {
            iso.check_all("additional_iso_files", problems);
        }
        if self
            .pci_devices
            .iter()
            .any(|device| device.host.is_some() && device.mapping.is_some())
        {
            problems.error(
                "pci_devices",
                "contradiction",
                "a device has an address or a name of the cluster, not both",
            );
        }
    }
}

impl Outcome {
    /// A template.
    #[track_caller]
    pub fn template() -> Self {
        Self::defaults()
    }

    /// A machine.
    #[track_caller]
    pub fn machine() -> Self {
        Self::defaults().skip_convert_to_template(true)
    }
}

impl EfiConfig {
    /// A disk in this storage.
    #[track_caller]
    pub fn new(pool: impl Into<Text>) -> Self {
        Self::defaults().with_pool(pool)
    }
}

impl TpmConfig {
    /// With its state in this storage.
    #[track_caller]
    pub fn new(pool: impl Into<Text>) -> Self {
        Self::defaults().with_pool(pool)
    }
}

impl Rng {
    /// Numbers of `source`, at most `max_bytes` at once.
    #[track_caller]
    pub fn new(source: impl Into<Text>, max_bytes: u32) -> Self {
        Self::defaults().with_source(source).with_max_bytes(max_bytes)
    }
}

impl Vga {
    /// A screen of a kind.
    #[track_caller]
    pub fn new(kind: impl Into<Text>) -> Self {
        Self::defaults().with_kind(kind)
    }
}

impl NetworkAdapter {
    /// An adapter at the bridge `bridge`.
    #[track_caller]
    pub fn on(bridge: impl Into<Text>) -> Self {
        Self::defaults().with_bridge(bridge)
    }
}

impl Disk {
    /// A disk of a size in a storage.
    #[track_caller]
    pub fn new(size: impl Into<Text>, pool: PoolName) -> Self {
        Self::defaults().with_size(size).with_pool(pool.into_text())
    }
}

impl PciDevice {
    /// The device at an address of the host: `0000:01:00.0`.
    #[track_caller]
    pub fn at(address: impl Into<Text>) -> Self {
        Self::defaults().host(address)
    }

    /// The device that the cluster calls `name`.
    #[track_caller]
    pub fn mapped(name: impl Into<Text>) -> Self {
        Self::defaults().mapping(name)
    }
}

impl IsoFile {
    /// A medium made of what `cd_content` says.
    #[track_caller]
    pub fn made_for_build() -> Self {
        Self::defaults()
    }

    /// A medium that Proxmox has: `local:iso/debian.iso`.
    #[track_caller]
    pub fn stored(file: impl Into<Text>) -> Self {
        Self::defaults().with_file(file)
    }

    /// A medium that is fetched and uploaded.
    #[track_caller]
    pub fn fetched(iso: Iso) -> Self {
        Self::defaults().with_iso(iso)
    }

    /// A medium made of files of the builder.
    #[track_caller]
    pub fn made_of(files: impl IntoIterator<Item: Into<HostPath>>) -> Self {
        Self::defaults().cd_files(files)
    }

    pub(super) fn check_all(&self, field: &'static str, problems: &mut Diagnostics) {
        let fetched = self.iso.is_some();
        if fetched && self.iso_file.is_some() {
            problems.error(
                field,
                "contradiction",
                "a medium is there already or is fetched, not both",
            );
        }
        problems.check_word(field, self.kind.as_ref(), &["ide", "sata", "scsi"]);
    }
}
