//! The builder's port that leads to the machine's SSH.
//!
//! QEMU opens it, one after the other until one is free: nobody can take it in between. Only where the user's own network wants to know the
//! port before QEMU runs is one looked for beforehand, and another one if it was taken meanwhile. Nobody but the builder can use it, unless
//! `ssh_host` names another of its addresses.

use super::{arguments::same, config::Machine, qmp::Qmp};
use crate::{
    error::{Error, ErrorKind, Result},
    groups::HostPorts,
    value::Text,
};
use std::net::{IpAddr, Ipv4Addr, TcpListener, UdpSocket};

/// How the machine's server is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// By a port at this address of the builder's, which QEMU opens once it runs.
    Opened(Ipv4Addr, Range),
    /// By a port that the user's own network is told.
    Told(Range),
    /// At an address of its own, or by what the user's own network does: `ssh_host` and `ssh_port` say where.
    Own,
}

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
        let (first, last) = ports.map_or(HostPorts::USUAL, HostPorts::range_of);
        (!unmapped).then_some(Range { first, last })
    }
}

impl Machine {
    /// How the machine's server is reached.
    pub(super) async fn way_in(&self) -> Result<Way> {
        let Some(range) = self.host_range() else {
            return Ok(Way::Own);
        };
        if let Some(way) = self.own_way(range) {
            return Ok(way);
        }
        let host = self.communication.ssh.as_ref().and_then(|ssh| ssh.host.as_ref());
        Ok(match host.map(Text::reveal).transpose()? {
            None => Way::Opened(Ipv4Addr::LOCALHOST, range),
            Some(host) => address_of_the_builder(&host)
                .await
                .map_or(Way::Own, |address| Way::Opened(address, range)),
        })
    }

    /// How it is reached by what the user's own arguments make of the network, where they do.
    fn own_way(&self, range: Range) -> Option<Way> {
        let all = self.qemuargs.iter().map(|words| {
            let words = words.as_slice().iter().map(ToString::to_string);
            words.collect::<Vec<String>>()
        });
        let all: Vec<Vec<String>> = all.collect();
        if all.iter().flatten().any(|word| word.contains("ssh_host_port")) {
            return Some(Way::Told(range));
        }
        let is_network = |option: &str| ["netdev", "net", "nic"].iter().any(|network| same(option, network));
        let mut networks = all
            .iter()
            .filter(|words| words.first().is_some_and(|option| is_network(option)));
        // One like ours, with more said of it: a port can be opened in it.
        let like_ours = |words: &Vec<String>| {
            let value = words[1..].concat();
            same(&words[0], "netdev")
                && value.starts_with("user,")
                && value.split(',').any(|part| part == "id=user.0")
                && !value.contains("hostfwd=")
        };
        let first = networks.next()?;
        match like_ours(first) && networks.next().is_none() {
            true => None,
            false => Some(Way::Own),
        }
    }
}

/// The address of the builder's that `host` is; `None` where it is somebody else's, or not known yet.
async fn address_of_the_builder(host: &str) -> Option<Ipv4Addr> {
    let found = tokio::net::lookup_host((host, 0)).await.ok()?;
    let mut addresses = found.filter_map(|address| match address.ip() {
        IpAddr::V4(address) => Some(address),
        IpAddr::V6(address) => address.is_loopback().then_some(Ipv4Addr::LOCALHOST),
    });
    addresses.find(|address| UdpSocket::bind((*address, 0)).is_ok())
}

/// Has QEMU open a port at `address` that leads to `guest`.
pub(super) async fn open(qmp: &Qmp, address: Ipv4Addr, range: Range, guest: u16) -> Result<u16> {
    let mut said = String::new();
    for port in range.ports() {
        said = qmp
            .monitor(&format!("hostfwd_add user.0 tcp:{address}:{port}-:{guest}"))
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

    #[tokio::test]
    async fn where_the_machine_is_reached_is_what_its_network_says() {
        use crate::{communicator::ssh::Ssh, groups::Iso, value::Checksum};
        let machine = || Machine::from_disk(Iso::new("debian.qcow2", Checksum::none()));
        let with = |words: &[&'static str]| machine().qemuarg(words.to_vec());
        let at = |host: &'static str| machine().ssh(Ssh::user("root").host(host));
        let range = Range {
            first: 2222,
            last: 4444,
        };
        let usual = Way::Opened(Ipv4Addr::LOCALHOST, range);
        let older = HostPorts::range(2300, 2400).ssh_host_port_min(2350);
        let older_range = Range {
            first: 2350,
            last: 2400,
        };
        for (machine, way) in [
            (machine(), usual),
            (
                machine().host_ports(older),
                Way::Opened(Ipv4Addr::LOCALHOST, older_range),
            ),
            (machine().host_ports(HostPorts::unmapped()), Way::Own),
            (machine().net_bridge("br0"), Way::Own),
            (at("localhost"), usual),
            (at("127.0.0.1"), usual),
            (at("0.0.0.0"), Way::Opened(Ipv4Addr::UNSPECIFIED, range)),
            // An address of documentation is nobody's here.
            (at("192.0.2.7"), Way::Own),
            (at("nobody.invalid"), Way::Own),
            (with(&["-netdev", "user,id=user.0,net=10.9.0.0/24"]), usual),
            (with(&["-netdev", "user,id=mine"]), Way::Own),
            (with(&["-netdev", "user,id=user.0,hostfwd=tcp::2022-:22"]), Way::Own),
            (
                with(&["-netdev", "user,id=user.0,hostfwd=tcp::{{ ssh_host_port }}-:22"]),
                Way::Told(range),
            ),
            (with(&["-nic", "tap"]), Way::Own),
            (with(&["-device", "virtio-rng-pci"]), usual),
        ] {
            assert_eq!(machine.way_in().await.expect("found"), way, "{machine:?}");
        }
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
