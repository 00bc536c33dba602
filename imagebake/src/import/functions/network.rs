//! Addresses, and secrets that are looked up outside: those are not known to an evaluation.

use super::{Failure, Function, Kind, Outcome, bad, failed, function, nullable, number, p, text, whole};
use crate::import::value::{Type, Value};
use bigdecimal::num_bigint::{BigInt, Sign};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub(super) const TABLE: &[Function] = &[
    function(
        "cidrhost",
        &[p("prefix", Kind::Text), p("hostnum", Kind::Number)],
        Kind::Text,
        |_, a| {
            let network = Network::parse(text(a, 0))?;
            let number = number(a, 1);
            if !number.is_integer() {
                return Err(bad(1, "a whole number is required"));
            }
            network.host(&number.to_bigint())
        },
    ),
    function("cidrnetmask", &[p("prefix", Kind::Text)], Kind::Text, |_, a| {
        let network = Network::parse(text(a, 0))?;
        if network.bits != 32 {
            return Err(bad(0, "IPv6 has no netmasks"));
        }
        let mask = u32::try_from(network.mask()).map_err(|_| failed("no netmask"))?;
        Ok(Ipv4Addr::from(mask).to_string().into())
    }),
    function(
        "cidrsubnet",
        &[
            p("prefix", Kind::Text),
            p("newbits", Kind::Number),
            p("netnum", Kind::Number),
        ],
        Kind::Text,
        |_, a| {
            let network = Network::parse(text(a, 0))?;
            let subnet = network.subnet(whole(a, 1)?, &number(a, 2).to_bigint())?;
            Ok(subnet.to_string().into())
        },
    ),
    function("cidrsubnets", &[p("prefix", Kind::Text)], Kind::Texts, |_, a| {
        subnets(a)
    })
    .rest(p("newbits", Kind::Number)),
    function(
        "aws_secretsmanager",
        &[p("name", Kind::Text), nullable("key", Kind::Text)],
        Kind::Text,
        looked_up,
    ),
    function(
        "aws_secretsmanager_raw",
        &[p("name", Kind::Text)],
        Kind::Text,
        looked_up,
    ),
    function("consul_key", &[p("key", Kind::Text)], Kind::Text, looked_up),
    function(
        "vault",
        &[p("path", Kind::Text), p("key", Kind::Text)],
        Kind::Text,
        looked_up,
    ),
];

fn looked_up(_: &crate::import::context::Context, _: &[Value]) -> Outcome {
    Ok(Value::Unknown(Type::String))
}

/// An address and how many bits of it name the network.
#[derive(Clone, Copy)]
struct Network {
    address: u128,
    prefix: u32,
    /// 32 or 128.
    bits: u32,
}

impl Network {
    fn parse(text: &str) -> Result<Self, Failure> {
        let wrong = || bad(0, format!("{text:?} is no network; one like 10.0.0.0/16 is required"));
        let (address, prefix) = text.split_once('/').ok_or_else(wrong)?;
        let prefix: u32 = prefix.parse().map_err(|_| wrong())?;
        let (address, bits) = match address.parse().map_err(|_| wrong())? {
            IpAddr::V4(address) => (u128::from(u32::from(address)), 32),
            IpAddr::V6(address) => (u128::from(address), 128),
        };
        if prefix > bits {
            return Err(wrong());
        }
        let mut network = Self { address, prefix, bits };
        network.address &= network.mask();
        Ok(network)
    }

    fn mask(&self) -> u128 {
        let host = self.bits - self.prefix;
        let all = if self.bits == 128 {
            u128::MAX
        } else {
            (1 << self.bits) - 1
        };
        match host {
            128 => 0,
            host => all & !((1_u128 << host) - 1),
        }
    }

    fn shown(&self, address: u128) -> String {
        match u32::try_from(address) {
            Ok(address) if self.bits == 32 => Ipv4Addr::from(address).to_string(),
            _ => Ipv6Addr::from(address).to_string(),
        }
    }

    /// The address of that number; negative ones count from the end.
    fn host(&self, number: &BigInt) -> Outcome {
        let size = BigInt::from(1) << (self.bits - self.prefix);
        let at = if number.sign() == Sign::Minus {
            &size + number
        } else {
            number.clone()
        };
        if at.sign() == Sign::Minus || at >= size {
            return Err(bad(1, format!("the prefix does not have room for host {number}")));
        }
        let at = u128::try_from(at).map_err(|_| failed("there is no such address"))?;
        Ok(self.shown(self.address | at).into())
    }

    fn subnet(&self, bits: i64, number: &BigInt) -> Result<Self, Failure> {
        let bits = u32::try_from(bits).map_err(|_| bad(1, "a whole number from 0 is required"))?;
        let prefix = self.prefix + bits;
        if prefix > self.bits {
            return Err(bad(1, format!("the prefix cannot be extended by {bits} bits")));
        }
        let number = u128::try_from(number.clone()).map_err(|_| bad(2, "a whole number from 0 is required"))?;
        if bits < 128 && number >= 1 << bits {
            return Err(bad(2, format!("{bits} bits do not have room for network {number}")));
        }
        let shift = self.bits - prefix;
        Ok(Self {
            address: self.address | if shift < 128 { number << shift } else { 0 },
            prefix,
            bits: self.bits,
        })
    }
}

impl std::fmt::Display for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.shown(self.address), self.prefix)
    }
}

/// Networks one after the other, each at the next place that its size allows.
fn subnets(arguments: &[Value]) -> Outcome {
    let network = Network::parse(text(arguments, 0))?;
    let mut next = BigInt::from(network.address);
    let end = BigInt::from(network.address) + (BigInt::from(1) << (network.bits - network.prefix));
    let mut out = Vec::new();
    for at in 1..arguments.len() {
        let bits = u32::try_from(whole(arguments, at)?).ok().filter(|bits| *bits >= 1);
        let bits = bits.ok_or_else(|| bad(at, "a whole number from 1 is required"))?;
        let prefix = network.prefix + bits;
        if prefix > network.bits {
            return Err(bad(at, format!("the prefix cannot be extended by {bits} bits")));
        }
        let size = BigInt::from(1) << (network.bits - prefix);
        let start = ((&next + &size - BigInt::from(1)) / &size) * &size;
        if &start + &size > end {
            return Err(bad(at, "there is no room left for this network"));
        }
        next = &start + &size;
        let address = u128::try_from(start).map_err(|_| failed("there is no such address"))?;
        let subnet = Network {
            address,
            prefix,
            bits: network.bits,
        };
        out.push(subnet.to_string().into());
    }
    Ok(Value::List(Type::String, out))
}
