//! Machines on a bridge of the builder: which address the builder has there, and which one the machine was given.
//!
//! The machine's adapter has an address of its own making (MAC). Who was given which address for it is what the builder's neighbours table says, as
//! soon as the two have talked, or the leases of a DHCP server on the builder. Nothing is sent to find out.

use crate::error::{Error, ErrorKind, Result};
use std::{
    fs,
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    path::Path,
};

/// Where network interfaces are.
const INTERFACES: &str = "/sys/class/net";
const NEIGHBOURS: &str = "/proc/net/arp";
/// Where DHCP servers keep what they gave: dnsmasq's own place, and libvirt's for its networks.
const LEASES: &[&str] = &["/var/lib/misc", "/var/lib/dnsmasq", "/var/lib/libvirt/dnsmasq"];

/// The builder's address on a network interface.
pub(super) fn builder_on(interface: &str) -> Result<Ipv4Addr> {
    let none = || {
        Error::new(
            ErrorKind::Config,
            format!(
                "the builder has no address on the network interface `{interface}`, where the machine would find it"
            ),
        )
        .hint("give it one (`ip address add 192.0.2.1/24 dev …`), or name another with `http_interface`")
    };
    let index = fs::read_to_string(Path::new(INTERFACES).join(interface).join("ifindex")).map_err(|_| none())?;
    let index = index.trim().parse().map_err(|_| none())?;
    // Nothing is sent: for packets to everybody there, the system chooses the address that they would come from.
    let socket = UdpSocket::bind(("0.0.0.0", 0))?;
    let anywhere = Ipv4Addr::UNSPECIFIED;
    let chosen = rustix::net::sockopt::set_ip_multicast_if_with_ifindex(&socket, &anywhere, &anywhere, index);
    chosen.map_err(std::io::Error::from)?;
    let address = socket.connect(("224.0.0.1", 9)).and_then(|()| socket.local_addr());
    match address {
        Ok(SocketAddr::V4(address)) if !address.ip().is_unspecified() => Ok(*address.ip()),
        _ => Err(none()),
    }
}

/// Refuses a bridge that there is not.
pub(super) fn check(bridge: &str) -> Result<()> {
    let is_bridge = |name: &str| Path::new(INTERFACES).join(name).join("bridge").is_dir();
    if is_bridge(bridge) {
        return Ok(());
    }
    let entries = fs::read_dir(INTERFACES).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut bridges: Vec<String> = names.filter(|name| is_bridge(name)).collect();
    bridges.sort();
    let there = match bridges.is_empty() {
        true => "there is none".to_owned(),
        false => format!("there are: {}", bridges.join(", ")),
    };
    let error = Error::new(
        ErrorKind::NotFound,
        format!("`{bridge}` is no bridge of this builder; {there}"),
    );
    Err(error
        .context("field", "net_bridge")
        .hint("make it (`ip link add NAME type bridge`), or leave `net_bridge` out for a network behind the builder"))
}

/// An address for a network adapter that no other machine on the bridge has: QEMU's own is the same for all.
pub(super) fn new_mac() -> String {
    let [_, a, b, c] = crc32fast::hash(crate::engine::random_id().as_bytes()).to_be_bytes();
    format!("52:54:00:{a:02x}:{b:02x}:{c:02x}")
}

/// The adapter's address, of what QEMU's monitor says of its networks: each adapter on a line, what it is attached to on the next.
pub(super) fn mac_in(networks: &str) -> Option<String> {
    let mut lines = networks.lines().peekable();
    while let Some(line) = lines.next() {
        let attached = lines
            .peek()
            .is_some_and(|next| next.trim_start().starts_with("\\ user.0:"));
        if let (true, Some((_, rest))) = (attached, line.split_once("macaddr=")) {
            return rest.split([',', ' ', '\r']).next().map(str::to_lowercase);
        }
    }
    None
}

/// The address that a machine with this adapter has on `bridge`, where the builder knows it by now.
pub(super) fn machine_on(bridge: &str, mac: &str) -> Option<Ipv4Addr> {
    let table = fs::read_to_string(NEIGHBOURS).unwrap_or_default();
    if let Some(address) = neighbour(&table, bridge, mac) {
        return Some(address);
    }
    let files = LEASES.iter().flat_map(fs::read_dir).flatten().flatten();
    let leases = files
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|end| end == "leases"));
    leases
        .filter_map(|path| leased(&fs::read_to_string(path).ok()?, mac))
        .next()
}

/// `ADDRESS TYPE FLAGS MAC MASK DEVICE`; without flags nobody has answered.
fn neighbour(table: &str, bridge: &str, mac: &str) -> Option<Ipv4Addr> {
    table.lines().skip(1).find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [address, _, flags, of, _, device] = fields[..] else {
            return None;
        };
        (device == bridge && flags != "0x0" && of.eq_ignore_ascii_case(mac))
            .then(|| address.parse().ok())
            .flatten()
    })
}

/// `UNTIL MAC ADDRESS NAME CLIENT` for each, the last being the newest.
fn leased(text: &str, mac: &str) -> Option<Ipv4Addr> {
    text.lines().rev().find_map(|line| {
        let mut fields = line.split_whitespace().skip(1);
        (fields.next()?.eq_ignore_ascii_case(mac))
            .then(|| fields.next()?.parse().ok())
            .flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_where_the_builder_knows_it() {
        let table = "IP address       HW type     Flags       HW address            Mask     Device\n\
                     10.0.0.7         0x1         0x0         52:54:00:aa:bb:cc     *        br0\n\
                     10.0.0.8         0x1         0x2         52:54:00:AA:bb:cc     *        br1\n\
                     10.0.0.9         0x1         0x2         52:54:00:AA:bb:cc     *        br0\n";
        let of = |bridge, mac| neighbour(table, bridge, mac);
        assert_eq!(of("br0", "52:54:00:aa:bb:cc"), Some(Ipv4Addr::new(10, 0, 0, 9)));
        assert_eq!(of("br0", "52:54:00:aa:bb:cd"), None);
        let leases = "1790000000 52:54:00:aa:bb:cc 10.0.0.4 old *\n1790000001 52:54:00:aa:bb:cc 10.0.0.5 web 01:52\nduid 00:01\n";
        assert_eq!(leased(leases, "52:54:00:AA:BB:CC"), Some(Ipv4Addr::new(10, 0, 0, 5)));
        assert_eq!(leased(leases, "52:54:00:aa:bb:00"), None);
    }

    #[test]
    fn the_adapter_is_the_one_on_the_bridge() {
        let said = "virtio-net-pci.0: index=0,type=nic,model=virtio-net-pci,macaddr=52:54:00:12:34:57\r\n \\ other: index=0,type=user\r\n\
                    e1000.0: index=0,type=nic,model=e1000,macaddr=52:54:00:AB:34:56\r\n \\ user.0: index=0,type=tap,helper=bridge\r\n";
        assert_eq!(mac_in(said).as_deref(), Some("52:54:00:ab:34:56"));
        assert_eq!(mac_in("user.0: type=tap"), None);
        assert_ne!(new_mac(), new_mac());
    }

    #[test]
    fn what_is_no_bridge_is_told() {
        let error = builder_on("nothing0").expect_err("there is none");
        assert!(error.message().contains("`nothing0`"), "{}", error.message());
        let error = check("lo").expect_err("no bridge");
        assert!(error.message().contains("`lo` is no bridge"), "{}", error.message());
    }
}
