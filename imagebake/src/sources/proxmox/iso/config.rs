//! The settings of `proxmox-iso`, which templates also call `proxmox`.

use super::super::{
    access::Connection,
    artifact::ProxmoxTemplate,
    machine::{Common, Hardware, IsoFile},
};
use crate::{
    describe::{Component, Info},
    field::Places,
    groups::Iso,
    plan::Diagnostics,
    source::unwritten_source,
    value::Text,
};
use imagebake_macros::Config;

/// A machine of Proxmox, installed from a medium.
///
/// ```
/// use imagebake::{prelude::*, sources::proxmox};
///
/// fn base() -> Image {
///     let pve = proxmox::Connection::new("https://pve.example.org:8006/api2/json", proxmox::NodeName::new("pve1"))
///         .token("baker@pve!images", Secret::env("PVE_TOKEN"));
///     let machine = proxmox::iso::Machine::new(pve, proxmox::IsoFile::stored("local:iso/debian.iso"))
///         .hardware(
///             proxmox::Hardware::new()
///                 .memory(2048)
///                 .disk(proxmox::Disk::new("20G", proxmox::PoolName::new("local-lvm")).kind("scsi"))
///                 .network_adapter(proxmox::NetworkAdapter::on("vmbr0").model("virtio")),
///         )
///         .ssh(Ssh::user("packer"));
///     Image::new().source(machine)
/// }
/// # base();
/// ```
#[derive(Clone, Debug, Config)]
#[config(constructors(new(connection, boot_iso), on(connection)))]
pub struct Machine {
    /// Who asks Proxmox' API, and where.
    #[field(private, rename = "with_connection", group)]
    connection: Option<Connection>,
    /// The medium that it starts from.
    #[field(private, rename = "with_boot_iso", template = "boot_iso")]
    boot_iso: Option<IsoFile>,
    /// That medium as templates said it before: `boot_iso` says it and more.
    #[field(rename = "older_iso", group)]
    iso: Option<Iso>,
    /// The older place of `boot_iso.iso_file`.
    #[field(template = "iso_file")]
    iso_file: Option<Text>,
    /// The older place of `boot_iso.iso_storage_pool`.
    #[field(template = "iso_storage_pool")]
    iso_storage_pool: Option<Text>,
    /// The older place of `boot_iso.iso_download_pve`.
    #[field(template = "iso_download_pve")]
    iso_download_pve: bool,
    /// The older place of `boot_iso.unmount`.
    #[field(template = "unmount_iso")]
    unmount_iso: bool,
    /// What it is made of.
    #[field(group)]
    hardware: Option<Hardware>,
    #[field(flatten)]
    common: Common,
    at: Places,
}

impl Machine {
    /// A machine that starts from `medium`.
    #[track_caller]
    pub fn new(connection: Connection, medium: IsoFile) -> Self {
        Self::defaults().with_connection(connection).with_boot_iso(medium)
    }

    /// A machine whose medium is told by the older settings: `iso_file`, or `older_iso` with `iso_storage_pool`.
    #[track_caller]
    pub fn on(connection: Connection) -> Self {
        Self::defaults().with_connection(connection)
    }
}

impl Component for Machine {
    const KIND: &'static str = "proxmox-iso";

    fn check(&self, problems: &mut Diagnostics) {
        self.common.check_all(problems);
        if let Some(connection) = &self.connection {
            connection.check_all(problems);
        }
        if let Some(hardware) = &self.hardware {
            hardware.check_all(problems);
        }
        if let Some(iso) = &self.boot_iso {
            iso.check_all("boot_iso", problems);
        }
    }
}

unwritten_source!(Machine => ProxmoxTemplate, |source| Info::new(source.common.guest()));
