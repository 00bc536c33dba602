//! Which host keys are trusted, and what is said of one that is not.
//!
//! ```text
//! pinned by the user or the platform ── only these
//! else known to this project's state or to ~/.ssh/known_hosts ── only these
//! else ── the first one seen, which is recorded and binding from then on
//! ```

use super::hosts::{HostKey, fingerprint};
use crate::error::{Error, ErrorKind};
use std::path::PathBuf;

/// A host key as a server showed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Presented {
    pub(super) algorithm: String,
    /// In base64.
    pub(super) blob: String,
}

impl Presented {
    pub(super) fn fingerprint(&self) -> String {
        fingerprint(&self.blob)
    }

    /// A line of a `known_hosts` file.
    pub(super) fn line(&self, host: &str, port: u16) -> String {
        format!("{} {} {}\n", known_name(host, port), self.algorithm, self.blob)
    }
}

/// What `known_hosts` files call a server.
fn known_name(host: &str, port: u16) -> String {
    match port {
        22 => host.to_owned(),
        port => format!("[{host}]:{port}"),
    }
}

/// A key that a file knows.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) file: PathBuf,
    pub(super) line: usize,
    pub(super) key: Presented,
}

/// What is known of a server before it shows its key.
#[derive(Clone, Debug)]
pub(super) enum Trust {
    /// Nothing but these.
    Pinned(Vec<HostKey>),
    /// What files know.
    Known(Vec<Known>),
    /// Nothing.
    FirstUse,
}

/// What comes of a key that was shown.
#[derive(Debug)]
pub(super) enum Verdict {
    Trusted,
    /// To be recorded.
    New,
    Refused(Error),
}

impl Trust {
    /// The algorithms of the keys that are known: the server is asked for one of these first.
    pub(super) fn algorithms(&self) -> Vec<String> {
        match self {
            Self::Pinned(pins) => pins.iter().filter_map(HostKey::algorithm).map(str::to_owned).collect(),
            Self::Known(known) => known.iter().map(|known| known.key.algorithm.clone()).collect(),
            Self::FirstUse => Vec::new(),
        }
    }

    pub(super) fn judge(&self, server: &str, key: &Presented) -> Verdict {
        let trusted = match self {
            Self::FirstUse => return Verdict::New,
            Self::Pinned(pins) => pins.iter().any(|pin| pin.is(key)),
            Self::Known(known) => known.iter().any(|known| known.key == *key),
        };
        match trusted {
            true => Verdict::Trusted,
            false => Verdict::Refused(self.refusal(server, key)),
        }
    }

    /// Both fingerprints, and what to do.
    fn refusal(&self, server: &str, key: &Presented) -> Error {
        let error = Error::new(
            ErrorKind::Integrity,
            format!("the host key of {server} is not the one that is expected"),
        )
        .context("shown", format!("{} ({})", key.fingerprint(), key.algorithm));
        match self {
            Self::Pinned(pins) => pins
                .iter()
                .fold(error, |error, pin| error.context("expected", pin))
                .hint("another machine may answer at that address; if the machine itself has a new key, change `host_key`"),
            Self::Known(known) => {
                let error = known.iter().fold(error, |error, known| {
                    let (print, algorithm) = (known.key.fingerprint(), &known.key.algorithm);
                    error.context("expected", format!("{print} ({algorithm})"))
                });
                known.iter().fold(error, |error, known| {
                    error.hint(format!(
                        "another machine may answer at that address; if the machine itself has a new key, remove line {} of {}",
                        known.line,
                        known.file.display()
                    ))
                })
            }
            Self::FirstUse => error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::str::FromStr;

    const BLOB: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ";

    fn shown(blob: &str) -> Presented {
        Presented {
            algorithm: "ssh-ed25519".to_owned(),
            blob: blob.to_owned(),
        }
    }

    #[test]
    fn pins_are_keys_or_fingerprints() {
        let key: HostKey = format!("ssh-ed25519 {BLOB} me@here").parse().expect("a key");
        assert_eq!(key.algorithm(), Some("ssh-ed25519"));
        let print: HostKey = key.fingerprint().parse().expect("a fingerprint");
        assert!(key.is(&shown(BLOB)) && print.is(&shown(BLOB)));
        for wrong in [
            "",
            "ssh-ed25519",
            "SHA256:abc",
            &format!("ssh-rsa {BLOB}"),
            "ssh-ed25519 AAAA",
            "MD5:00:11",
        ] {
            assert!(HostKey::from_str(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn another_key_is_refused_with_both_fingerprints() {
        let pin: HostKey = format!("ssh-ed25519 {BLOB}").parse().expect("a key");
        let other = shown("AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
        let known = Known {
            file: "known_hosts".into(),
            line: 7,
            key: shown(BLOB),
        };
        for trust in [Trust::Pinned(vec![pin.clone()]), Trust::Known(vec![known])] {
            assert!(matches!(trust.judge("h:22", &shown(BLOB)), Verdict::Trusted));
            let Verdict::Refused(error) = trust.judge("h:22", &other) else {
                panic!("{trust:?} trusts any key");
            };
            let said = format!("{error:?}");
            assert!(
                said.contains(&pin.fingerprint()) && said.contains(&other.fingerprint()),
                "{said}"
            );
        }
        assert!(matches!(Trust::FirstUse.judge("h:22", &other), Verdict::New));
        assert!(other.line("h", 2222).starts_with("[h]:2222 ssh-ed25519 AAAA"));
    }
}
