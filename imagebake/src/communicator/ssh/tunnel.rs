//! Ports on one side that lead to the other.

use std::{fmt, str::FromStr};

/// `8080:localhost:80`: what listens on one side, and where it leads on the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tunnel {
    /// The address to listen on: the loopback without.
    pub(crate) listen_host: String,
    /// The port to listen on.
    pub(crate) listen_port: u16,
    /// Where connections lead.
    pub(crate) host: String,
    /// The port there.
    pub(crate) port: u16,
}

impl FromStr for Tunnel {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let port = |text: &str| match text.parse::<u16>() {
            Ok(port) if port != 0 => Ok(port),
            _ => Err(format!("`{text}` in the tunnel is no port: they go from 1 to 65535")),
        };
        let parts = split(text);
        let (listen_host, rest) = match &parts[..] {
            [listen, _, _] => ("localhost", [listen, &parts[1], &parts[2]]),
            [address, listen, _, _] => (address.as_str(), [listen, &parts[2], &parts[3]]),
            _ => return Err(format!("`{text}` is no tunnel")),
        };
        let [listen, host, to] = rest;
        if host.is_empty() || listen_host.is_empty() {
            return Err(format!("`{text}` is no tunnel: a host is missing"));
        }
        Ok(Self {
            listen_host: listen_host.to_owned(),
            listen_port: port(listen)?,
            host: host.clone(),
            port: port(to)?,
        })
    }
}

impl fmt::Display for Tunnel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}:{}:{}",
            self.listen_host, self.listen_port, self.host, self.port
        )
    }
}

/// The parts between colons; those in brackets, as addresses of IPv6 are written, are one part.
fn split(text: &str) -> Vec<String> {
    let (mut parts, mut inside) = (vec![String::new()], false);
    for letter in text.chars() {
        match letter {
            '[' => inside = true,
            ']' => inside = false,
            ':' if !inside => parts.push(String::new()),
            letter => parts.last_mut().expect("there is one from the start").push(letter),
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tunnels_are_read_as_they_are_written() {
        let read = |text: &str| text.parse::<Tunnel>().map(|tunnel| tunnel.to_string());
        assert_eq!(read("8080:web:80").as_deref(), Ok("localhost:8080:web:80"));
        assert_eq!(read("0.0.0.0:8080:web:80").as_deref(), Ok("0.0.0.0:8080:web:80"));
        assert_eq!(read("8080:[::1]:80").as_deref(), Ok("localhost:8080:::1:80"));
        for wrong in [
            "",
            "80",
            "80:web",
            "80:web:http",
            "0:web:80",
            "80::80",
            "a:b:c:d:e",
            "99999:web:80",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
