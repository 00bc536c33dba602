//! Ports of the builder that lead into a machine behind it.

use crate::{field::Places, plan::Diagnostics};
use imagebake_macros::Config;

/// The port of the builder that leads to the machine's SSH or WinRM, where the machine has no address of its own.
#[derive(Clone, Debug, Config)]
#[config(constructors(range(host_port_min, host_port_max), unmapped(skip_nat_mapping = true), new))]
pub struct HostPorts {
    /// The first port that may be used; 2222 without.
    #[field(template = "host_port_min", unkeyed)]
    pub(crate) host_port_min: Option<u16>,
    /// The last port that may be used; 4444 without.
    #[field(template = "host_port_max", unkeyed)]
    pub(crate) host_port_max: Option<u16>,
    /// No port is mapped: the machine is reached by its own address.
    #[field(template = "skip_nat_mapping", unkeyed)]
    pub(crate) skip_nat_mapping: bool,
    /// The older name of the first port.
    #[field(template = "ssh_host_port_min", unkeyed)]
    pub(crate) ssh_host_port_min: Option<u16>,
    /// The older name of the last port.
    #[field(template = "ssh_host_port_max", unkeyed)]
    pub(crate) ssh_host_port_max: Option<u16>,
    at: Places,
}

impl HostPorts {
    /// The usual ports.
    #[track_caller]
    pub fn new() -> Self {
        Self::defaults()
    }

    /// Ports from `first` to `last`.
    #[track_caller]
    pub fn range(first: u16, last: u16) -> Self {
        Self::defaults().host_port_min(first).host_port_max(last)
    }

    /// No port: the machine is reached by its own address.
    #[track_caller]
    pub fn unmapped() -> Self {
        Self::defaults().skip_nat_mapping(true)
    }

    /// Finds what is wrong with the settings. Sources call it from their own check.
    pub fn check_all(&self, problems: &mut Diagnostics) {
        problems.check_range(
            ("host_port_min", self.host_port_min.unwrap_or(2222)),
            ("host_port_max", self.host_port_max.unwrap_or(4444)),
        );
    }
}
