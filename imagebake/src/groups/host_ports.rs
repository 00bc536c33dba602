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

    /// The ports that may be used where nothing is said.
    pub(crate) const USUAL: (u16, u16) = (2222, 4444);

    /// The first and the last port that may be used. An older name goes before the newer one, as it does in templates.
    pub(crate) fn range_of(&self) -> (u16, u16) {
        let (first, last) = Self::USUAL;
        (
            self.ssh_host_port_min.or(self.host_port_min).unwrap_or(first),
            self.ssh_host_port_max.or(self.host_port_max).unwrap_or(last),
        )
    }

    /// Finds what is wrong with the settings. Sources call it from their own check.
    pub fn check_all(&self, problems: &mut Diagnostics) {
        let named = |older: Option<u16>, names: [&'static str; 2]| names[usize::from(older.is_some())];
        let (first, last) = self.range_of();
        problems.check_range(
            (
                named(self.ssh_host_port_min, ["host_port_min", "ssh_host_port_min"]),
                first,
            ),
            (
                named(self.ssh_host_port_max, ["host_port_max", "ssh_host_port_max"]),
                last,
            ),
        );
        let (set, mapped) = (self.range_of() != Self::USUAL, !self.skip_nat_mapping);
        if set && !mapped {
            problems.warning(
                "host_port_min",
                "no-effect",
                "no port is mapped, so that no range of ports is used",
            );
        }
    }
}
