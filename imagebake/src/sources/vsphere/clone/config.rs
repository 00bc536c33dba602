//! The settings of `vsphere-clone`.

use super::super::{
    access::Connection,
    artifact::VsphereMachine,
    machine::{Common, Hardware, Location},
};
use crate::{
    describe::{Component, Info},
    field::Places,
    plan::Diagnostics,
    source::unwritten_source,
    value::{HostPath, Secret, Template, Text},
};
use imagebake_macros::Config;

/// A copy of a machine or template of vSphere.
///
/// ```
/// use imagebake::{groups::Shutdown, prelude::*, sources::vsphere};
///
/// fn web() -> Image {
///     let vcenter = vsphere::Connection::new("vcenter.example.org", vsphere::Login::new("baker@vsphere.local", Secret::env("VC_PASSWORD")));
///     let machine = vsphere::clone::Machine::new(vcenter, vsphere::Location::named("web").cluster("c1"), "templates/debian-12")
///         .linked_clone(true)
///         .outcome(vsphere::Outcome::template())
///         .shutdown(Shutdown::command("sudo poweroff"))
///         .ssh(Ssh::user("packer"));
///     Image::new().source(machine)
/// }
/// # web();
/// ```
#[derive(Clone, Debug, Config)]
#[config(constructors(new(connection, location, template)))]
pub struct Machine {
    /// The server that is asked.
    #[field(private, rename = "with_connection", group)]
    connection: Option<Connection>,
    /// Where it is kept and runs.
    #[field(private, rename = "with_location", group)]
    location: Option<Location>,
    /// The machine or template to copy.
    #[field(private, rename = "with_template", template = "template")]
    template: Option<Template>,
    /// Whether the copy keeps only what differs, in need of the original's newest snapshot.
    #[field(template = "linked_clone")]
    linked_clone: bool,
    /// What changes in what it is made of.
    #[field(group)]
    hardware: Option<Hardware>,
    /// The size of its first disk in MB; as it is without.
    #[field(template = "disk_size")]
    disk_size: Option<u32>,
    /// Its network; as it is without.
    #[field(template = "network")]
    network: Option<Text>,
    /// The address of its network adapter.
    #[field(template = "mac_address")]
    mac_address: Option<Text>,
    /// What is changed in its system before it starts.
    #[field(template = "customize")]
    customize: Option<Customize>,
    /// Properties that its system asks for.
    #[field(template = "vapp")]
    vapp: Option<Vapp>,
    #[field(flatten)]
    common: Common,
    at: Places,
}

/// Properties that a machine's system asks for.
#[derive(Clone, Debug, Config)]
#[config(constructors(new))]
pub struct Vapp {
    /// Names to values.
    #[field(each = "property", template = "properties")]
    properties: Vec<(String, Template)>,
    at: Places,
}

/// What is changed in a copy's system before it starts.
#[derive(Clone, Debug, Config)]
#[config(constructors(linux(linux_options), windows(windows_options), sysprep(windows_sysprep_file)))]
pub struct Customize {
    /// What Linux is told.
    #[field(template = "linux_options")]
    linux_options: Option<LinuxOptions>,
    /// What Windows is told.
    #[field(template = "windows_options")]
    windows_options: Option<WindowsOptions>,
    /// Answers for Windows' own preparation.
    #[field(path, template = "windows_sysprep_file")]
    windows_sysprep_file: Option<HostPath>,
    /// The same as text.
    #[field(template = "windows_sysprep_text")]
    windows_sysprep_text: Option<Secret>,
    /// Its network adapters, in order.
    #[field(each = "interface", template = "network_interface")]
    network_interface: Vec<NetworkInterface>,
    /// The way out of IPv4.
    #[field(template = "ipv4_gateway")]
    ipv4_gateway: Option<Text>,
    /// The way out of IPv6.
    #[field(template = "ipv6_gateway")]
    ipv6_gateway: Option<Text>,
    /// Servers of names.
    #[field(template = "dns_server_list")]
    dns_server_list: Option<Vec<Text>>,
    /// Domains that names without one are in.
    #[field(template = "dns_suffix_list")]
    dns_suffix_list: Option<Vec<Text>>,
    at: Places,
}

/// What Linux is told.
#[derive(Clone, Debug, Config)]
#[config(constructors(new(host_name)))]
pub struct LinuxOptions {
    /// Its name.
    #[field(template = "host_name")]
    host_name: Option<Template>,
    /// Its domain.
    #[field(template = "domain")]
    domain: Option<Text>,
    /// Whether the hardware's clock is UTC: it is, without.
    #[field(template = "hw_clock_utc")]
    hw_clock_utc: Option<bool>,
    /// Its time zone; `UTC` without.
    #[field(template = "time_zone")]
    time_zone: Option<Text>,
    at: Places,
}

/// What Windows is told.
#[derive(Clone, Debug, Config)]
#[config(constructors(new(computer_name)))]
pub struct WindowsOptions {
    /// Its name.
    #[field(template = "computer_name")]
    computer_name: Option<Template>,
    /// Its workgroup.
    #[field(template = "workgroup")]
    workgroup: Option<Text>,
    /// The administrator's password.
    #[field(template = "admin_password")]
    admin_password: Option<Secret>,
    /// Whether the administrator is logged in at the start.
    #[field(template = "auto_logon")]
    auto_logon: Option<bool>,
    /// How often; once without.
    #[field(template = "auto_logon_count")]
    auto_logon_count: Option<u32>,
    /// Commands at the first start.
    #[field(template = "run_once_command_list")]
    run_once_command_list: Option<Vec<Text>>,
    /// Its time zone, by Microsoft's number; 85 without, which is GMT.
    #[field(template = "time_zone")]
    time_zone: Option<u32>,
    /// Whose it is; `Administrator` without.
    #[field(template = "full_name")]
    full_name: Option<Text>,
    /// Whose organisation; `Built by Packer` without.
    #[field(template = "organization_name")]
    organization_name: Option<Text>,
    /// The key of its licence.
    #[field(template = "product_key")]
    product_key: Option<Secret>,
    at: Places,
}

/// A network adapter's addresses.
#[derive(Clone, Debug, Config)]
#[config(constructors(dhcp, ipv4(ipv4_address, ipv4_netmask)))]
pub struct NetworkInterface {
    /// Its address of IPv4; by DHCP without.
    #[field(template = "ipv4_address")]
    ipv4_address: Option<Text>,
    /// The length of that one's network.
    #[field(template = "ipv4_netmask")]
    ipv4_netmask: Option<u32>,
    /// Its address of IPv6.
    #[field(template = "ipv6_address")]
    ipv6_address: Option<Text>,
    /// The length of that one's network.
    #[field(template = "ipv6_netmask")]
    ipv6_netmask: Option<u32>,
    /// Servers of names.
    #[field(template = "dns_server_list")]
    dns_server_list: Option<Vec<Text>>,
    /// Its domain.
    #[field(template = "dns_domain")]
    dns_domain: Option<Text>,
    at: Places,
}

impl Machine {
    /// A copy of `template` at `location`, made by the server of `connection`.
    #[track_caller]
    pub fn new(connection: Connection, location: Location, template: impl Into<Template>) -> Self {
        Self::defaults()
            .with_connection(connection)
            .with_location(location)
            .with_template(template)
    }
}

impl Vapp {
    /// No property yet.
    #[track_caller]
    pub fn new() -> Self {
        Self::defaults()
    }
}

impl Customize {
    /// A Linux.
    #[track_caller]
    pub fn linux(options: LinuxOptions) -> Self {
        Self::defaults().linux_options(options)
    }

    /// A Windows.
    #[track_caller]
    pub fn windows(options: WindowsOptions) -> Self {
        Self::defaults().windows_options(options)
    }

    /// A Windows, by answers in a file for its own preparation.
    #[track_caller]
    pub fn sysprep(answers: impl Into<HostPath>) -> Self {
        Self::defaults().windows_sysprep_file(answers)
    }
}

impl LinuxOptions {
    /// A Linux of this name and domain.
    #[track_caller]
    pub fn new(host_name: impl Into<Template>) -> Self {
        Self::defaults().host_name(host_name)
    }
}

impl WindowsOptions {
    /// A Windows of this name.
    #[track_caller]
    pub fn new(computer_name: impl Into<Template>) -> Self {
        Self::defaults().computer_name(computer_name)
    }
}

impl NetworkInterface {
    /// Addresses by DHCP.
    #[track_caller]
    pub fn dhcp() -> Self {
        Self::defaults()
    }

    /// An address of IPv4 and the length of its network.
    #[track_caller]
    pub fn ipv4(address: impl Into<Text>, length: u32) -> Self {
        Self::defaults().ipv4_address(address).ipv4_netmask(length)
    }
}

impl Component for Machine {
    const KIND: &'static str = "vsphere-clone";

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
        if self.template.as_ref().is_none_or(Template::is_empty) {
            problems.error("template", "empty", "the machine to copy needs a name");
        }
        if self.linked_clone && self.disk_size.is_some() {
            problems.check_exclusive(&[("linked_clone", true), ("disk_size", true)]);
        }
        if self.mac_address.is_some() && self.network.is_none() {
            problems.error("mac_address", "missing", "an address of the adapter needs `network`");
        }
        if let Some(customize) = &self.customize {
            problems.check_exclusive(&[
                ("customize", customize.linux_options.is_some()),
                ("customize", customize.windows_options.is_some()),
                ("customize", customize.windows_sysprep_file.is_some()),
                ("customize", customize.windows_sysprep_text.is_some()),
            ]);
        }
    }
}

unwritten_source!(Machine => VsphereMachine, |source| Info::new(source.common.guest()));
