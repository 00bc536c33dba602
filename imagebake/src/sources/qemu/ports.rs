//! The builder's port that leads to the machine's SSH.
//!
//! QEMU opens it, one after the other until one is free: nobody can take it in between. Only where the user's own network wants to know the
//! port before QEMU runs is one looked for beforehand, and another one if it was taken meanwhile.

use super::{config::Machine, qmp::Qmp};
use crate::error::{Error, ErrorKind, Result};
use std::net::TcpListener;

/// The ports that may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) first: u16,
    pub(super) last: u16,
}

impl Range {
    /// The ports, beginning anywhere: builds that start together do not ask for the same ones.
    pub(super) fn ports(self) -> impl Iterator<Item = u16> {
        let count = u32::from(self.last.saturating_sub(self.first)) + 1;
        let begin = std::process::id() % count;
        (0..count).map(move |i| self.first + ((begin + i) % count) as u16)
    }

    fn exhausted(self, why: &str) -> Error {
        let Self { first, last } = self;
        Error::new(
            ErrorKind::Busy,
            format!("no port from {first} to {last} of the builder can lead to the machine: {why}"),
        )
        .hint("widen the range with `.host_ports(HostPorts::range(…))`, or end what uses them")
    }
}

impl Machine {
    /// The range, unless the machine is reached by its own address.
    pub(super) fn host_range(&self) -> Option<Range> {
        let ports = self.host_ports.as_ref();
        let unmapped = ports.is_some_and(|ports| ports.skip_nat_mapping) || self.net_bridge.is_some();
        let first = ports.and_then(|ports| ports.host_port_min.or(ports.ssh_host_port_min));
        let last = ports.and_then(|ports| ports.host_port_max.or(ports.ssh_host_port_max));
        (!unmapped).then_some(Range {
            first: first.unwrap_or(2222),
            last: last.unwrap_or(4444),
        })
    }
}

/// Has QEMU open a port that leads to `guest`.
pub(super) async fn open(qmp: &Qmp, range: Range, guest: u16) -> Result<u16> {
    let mut said = String::new();
    for port in range.ports() {
        said = qmp
            .monitor(&format!("hostfwd_add user.0 tcp:127.0.0.1:{port}-:{guest}"))
            .await?;
        if said.is_empty() {
            return Ok(port);
        }
    }
    Err(range.exhausted(&said))
}

/// A port that is free at this moment, other than those in `tried`.
pub(super) fn free(range: Range, tried: &[u16]) -> Result<u16> {
    let is_free = |port: &u16| !tried.contains(port) && TcpListener::bind(("127.0.0.1", *port)).is_ok();
    range
        .ports()
        .find(is_free)
        .ok_or_else(|| range.exhausted("all are in use"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_port_of_a_range_is_tried_once() {
        let mut ports: Vec<u16> = Range {
            first: 2222,
            last: 2230,
        }
        .ports()
        .collect();
        ports.sort_unstable();
        assert_eq!(ports, (2222..=2230).collect::<Vec<_>>());
        assert_eq!(
            Range {
                first: 65535,
                last: 65535
            }
            .ports()
            .collect::<Vec<_>>(),
            [65535]
        );
    }

    #[test]
    fn a_range_in_use_is_exhausted() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let error = free(
            Range {
                first: port,
                last: port,
            },
            &[],
        )
        .expect_err("taken");
        assert!(error.message().contains(&port.to_string()), "{}", error.message());
    }
}
