//! The settings of `vsphere-iso`.

use super::super::{
    access::Connection,
    artifact::VsphereMachine,
    machine::{Common, Hardware, Location},
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

/// A machine of vSphere, installed from a medium.
///
/// ```
/// use imagebake::{groups::{Boot, Iso, Shutdown}, prelude::*, sources::vsphere, value::Checksum};
///
/// fn base() -> Image {
///     let vcenter = vsphere::Connection::new("vcenter.example.org", vsphere::Login::new("baker@vsphere.local", Secret::env("VC_PASSWORD")));
///     let machine = vsphere::iso::Machine::new(vcenter, vsphere::Location::named("base").cluster("c1").datastore("fast"))
///         .iso(Iso::new("https://example.org/debian.iso", Checksum::file("https://example.org/SHA256SUMS")))
///         .guest_os_type("debian12_64Guest")
///         .hardware(vsphere::Hardware::new().cpus(2).ram(4096).disk(vsphere::Storage::of(32_768).disk_thin_provisioned(true)))
///         .network_adapter(vsphere::NetworkAdapter::new("vmxnet3").network("VM Network"))
///         .boot(Boot::keys(["<esc>auto<enter>"]))
///         .outcome(vsphere::Outcome::template())
///         .shutdown(Shutdown::command("sudo poweroff"))
///         .ssh(Ssh::user("packer"));
///     Image::new().source(machine)
/// }
/// # base();
/// ```
#[derive(Clone, Debug, Config)]
#[config(constructors(new(connection, location)))]
pub struct Machine {
    /// The server that is asked.
    #[field(private, rename = "with_connection", group)]
    connection: Option<Connection>,
    /// Where it is kept and runs.
    #[field(private, rename = "with_location", group)]
    location: Option<Location>,
    /// The medium, fetched by the builder.
    #[field(group)]
    iso: Option<Iso>,
    /// What runs in it, as vSphere names it; `otherGuest` without.
    #[field(template = "guest_os_type")]
    guest_os_type: Option<Text>,
    /// The version of the virtual hardware.
    #[field(template = "vm_version")]
    vm_version: Option<u32>,
    /// What it is made of.
    #[field(group)]
    hardware: Option<Hardware>,
    /// Its network adapters.
    #[field(each = "network_adapter", template = "network_adapters")]
    network_adapters: Vec<NetworkAdapter>,
    /// Controllers of USB: `usb`, `xhci`.
    #[field(template = "usb_controller")]
    usb_controller: Vec<Text>,
    /// Whether the builder's copy of the medium is fetched again.
    #[field(template = "local_cache_overwrite")]
    local_cache_overwrite: bool,
    /// Whether the server's copy of the medium is replaced.
    #[field(template = "remote_cache_overwrite")]
    remote_cache_overwrite: bool,
    /// Whether the server's copy goes in the end.
    #[field(template = "remote_cache_cleanup")]
    remote_cache_cleanup: bool,
    /// The datastore of that copy; the machine's own without.
    #[field(template = "remote_cache_datastore")]
    remote_cache_datastore: Option<Text>,
    /// The folder of that copy; `packer_cache` without.
    #[field(template = "remote_cache_path")]
    remote_cache_path: Option<Text>,
    #[field(flatten)]
    common: Common,
    at: Places,
}

/// A network adapter.
#[derive(Clone, Debug, Config)]
#[config(constructors(new(network_card)))]
pub struct NetworkAdapter {
    /// Its kind: `vmxnet3`, `e1000`.
    #[field(private, rename = "with_card", template = "network_card")]
    network_card: Option<Text>,
    /// The network; the first there is without.
    #[field(template = "network")]
    network: Option<Text>,
    /// Its address.
    #[field(template = "mac_address")]
    mac_address: Option<Text>,
    /// Whether it is a real one's share.
    #[field(template = "passthrough")]
    passthrough: Option<bool>,
    at: Places,
}

impl Machine {
    /// A machine at `location`, made by the server of `connection`.
    #[track_caller]
    pub fn new(connection: Connection, location: Location) -> Self {
        Self::defaults().with_connection(connection).with_location(location)
    }
}

impl NetworkAdapter {
    /// An adapter of a kind: `vmxnet3`, `e1000`.
    #[track_caller]
    pub fn new(card: impl Into<Text>) -> Self {
        Self::defaults().with_card(card)
    }
}

impl Component for Machine {
    const KIND: &'static str = "vsphere-iso";

    fn check(&self, problems: &mut Diagnostics) {
        self.common.check_all(problems);
        if let Some(connection) = &self.connection {
            connection.check_all(problems);
        }
        if let Some(location) = &self.location {
            location.check_all(problems);
        }
        if let Some(hardware) = &self.hardware {
            hardware.check_all(problems);
        }
        if let Some(iso) = &self.iso {
            iso.check_all(problems);
        }
    }
}

unwritten_source!(Machine => VsphereMachine, |source| Info::new(source.common.guest()));
