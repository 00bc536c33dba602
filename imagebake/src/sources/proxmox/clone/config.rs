//! The settings of `proxmox-clone`.

use super::super::{
    access::Connection,
    artifact::ProxmoxTemplate,
    machine::{Common, Hardware},
};
use crate::{
    describe::{Component, Info},
    field::Places,
    plan::Diagnostics,
    source::unwritten_source,
    value::Text,
};
use imagebake_macros::Config;

/// A copy of a machine or template of Proxmox.
///
/// ```
/// use imagebake::{prelude::*, sources::proxmox};
///
/// fn web() -> Image {
///     let pve = proxmox::Connection::new("https://pve.example.org:8006/api2/json", proxmox::NodeName::new("pve1"))
///         .token("baker@pve!images", Secret::env("PVE_TOKEN"));
///     let machine = proxmox::clone::Machine::from_name(pve, "debian-12").full_clone(false).ssh(Ssh::user("packer"));
///     Image::new().source(machine)
/// }
/// # web();
/// ```
#[derive(Clone, Debug, Config)]
#[config(constructors(from_name(connection, clone_vm), from_id(connection, clone_vm_id)))]
pub struct Machine {
    /// Who asks Proxmox' API, and where.
    #[field(private, rename = "with_connection", group)]
    connection: Option<Connection>,
    /// The machine to copy, by its name.
    #[field(private, rename = "with_name", template = "clone_vm")]
    clone_vm: Option<Text>,
    /// The same, by its number.
    #[field(private, rename = "with_id", template = "clone_vm_id")]
    clone_vm_id: Option<u32>,
    /// Whether the copy has all of its disk: it has, without.
    #[field(template = "full_clone")]
    full_clone: Option<bool>,
    /// The servers of names that cloud-init sets, with spaces between them.
    #[field(template = "nameserver")]
    nameserver: Option<Text>,
    /// The domain that names without one are in.
    #[field(template = "searchdomain")]
    searchdomain: Option<Text>,
    /// Addresses that cloud-init sets, one for each network adapter.
    #[field(each = "ipconfig", template = "ipconfig")]
    ipconfig: Vec<IpConfig>,
    /// What changes in what it is made of.
    #[field(group)]
    hardware: Option<Hardware>,
    #[field(flatten)]
    common: Common,
    at: Places,
}

/// Addresses of a network adapter.
#[derive(Clone, Debug, Config)]
#[config(constructors(new(ip)))]
pub struct IpConfig {
    /// Of IPv4, with the length of its network, or `dhcp`.
    #[field(template = "ip")]
    ip: Option<Text>,
    /// The way out of IPv4.
    #[field(template = "gateway")]
    gateway: Option<Text>,
    /// Of IPv6, with the length of its network, or `auto`, `dhcp`.
    #[field(template = "ip6")]
    ip6: Option<Text>,
    /// The way out of IPv6.
    #[field(template = "gateway6")]
    gateway6: Option<Text>,
    at: Places,
}

impl Machine {
    /// A copy of the machine called `name`.
    #[track_caller]
    pub fn from_name(connection: Connection, name: impl Into<Text>) -> Self {
        Self::defaults().with_connection(connection).with_name(name)
    }

    /// A copy of the machine with the number `id`.
    #[track_caller]
    pub fn from_id(connection: Connection, id: u32) -> Self {
        Self::defaults().with_connection(connection).with_id(id)
    }
}

impl IpConfig {
    /// An address of IPv4 with the length of its network, or `dhcp`.
    #[track_caller]
    pub fn new(address: impl Into<Text>) -> Self {
        Self::defaults().ip(address)
    }
}

impl Component for Machine {
    const KIND: &'static str = "proxmox-clone";

    fn check(&self, problems: &mut Diagnostics) {
        self.common.check_all(problems);
        if let Some(connection) = &self.connection {
            connection.check_all(problems);
        }
        if let Some(hardware) = &self.hardware {
            hardware.check_all(problems);
        }
        if self.clone_vm_id.is_some_and(|id| id < 100) {
            problems.error("clone_vm_id", "out-of-range", "numbers of machines start at 100");
        }
    }
}

unwritten_source!(Machine => ProxmoxTemplate, |source| Info::new(source.common.guest()));
