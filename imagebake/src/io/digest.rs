//! Digests of files, any set of kinds in one pass over the data.
//!
//! Computing them is kept apart from reading: [`Hashers`] are fed by [`read_once`](super::read_once), which gives each
//! kind a thread of its own, or block by block on the caller's thread with [`Hashers::update`] for small inputs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::Digest as _;

use super::block::Block;
use super::error::Error;
use super::read::Consumer;
use crate::field::{FieldType, Named, ToValue, Value};

/// A kind of digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DigestKind {
    /// MD5, 128 bits; broken against forgery, still asked for by file formats.
    Md5,
    /// SHA-1, 160 bits; broken against forgery.
    Sha1,
    /// SHA-224.
    Sha224,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
    /// BLAKE3, 256 bits; the fastest.
    Blake3,
}

impl DigestKind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::Md5,
        Self::Sha1,
        Self::Sha224,
        Self::Sha256,
        Self::Sha384,
        Self::Sha512,
        Self::Blake3,
    ];

    /// The name in templates, file names and JSON: `md5`, `sha256`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
            Self::Sha224 => "sha224",
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
            Self::Blake3 => "blake3",
        }
    }
}

impl fmt::Display for DigestKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for DigestKind {
    type Err = Error;

    /// Reads a name in any case.
    fn from_str(name: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name().eq_ignore_ascii_case(name))
            .ok_or_else(|| Error::UnknownDigest {
                name: name.to_owned(),
                known: Self::ALL.map(Self::name).join(", "),
            })
    }
}

impl ToValue for DigestKind {
    const TYPE: FieldType = FieldType::Named(&Named::new("DigestKind").of("io").words(&[
        ("md5", "Md5"),
        ("sha1", "Sha1"),
        ("sha224", "Sha224"),
        ("sha256", "Sha256"),
        ("sha384", "Sha384"),
        ("sha512", "Sha512"),
        ("blake3", "Blake3"),
    ]));

    fn to_value(&self) -> Value {
        Value::Text(self.name().into())
    }
}

/// Digests of one file as lower-case hexadecimal, by kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digests(BTreeMap<DigestKind, String>);

impl Digests {
    /// The digest of this kind, if it was computed.
    #[must_use]
    pub fn get(&self, kind: DigestKind) -> Option<&str> {
        self.0.get(&kind).map(String::as_str)
    }

    /// Those of `wanted` that were not computed yet.
    #[must_use]
    pub fn missing(&self, wanted: &BTreeSet<DigestKind>) -> BTreeSet<DigestKind> {
        wanted
            .iter()
            .copied()
            .filter(|kind| !self.0.contains_key(kind))
            .collect()
    }

    /// Adds the digests of `other`; where both have a kind, that of `other` stands.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// All digests, ordered by kind.
    pub fn iter(&self) -> impl Iterator<Item = (DigestKind, &str)> {
        self.0.iter().map(|(kind, hex)| (*kind, hex.as_str()))
    }

    /// Whether none was computed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<(DigestKind, String)> for Digests {
    fn from_iter<I: IntoIterator<Item = (DigestKind, String)>>(digests: I) -> Self {
        Self(digests.into_iter().collect())
    }
}

/// Computes one digest.
#[derive(Debug)]
pub struct Hasher(State);

#[derive(Debug)]
enum State {
    Md5(md5::Md5),
    Sha1(sha1::Sha1),
    Sha224(sha2::Sha224),
    Sha256(sha2::Sha256),
    Sha384(sha2::Sha384),
    Sha512(sha2::Sha512),
    Blake3(Box<blake3::Hasher>),
}

impl Hasher {
    /// A hasher that has seen nothing.
    #[must_use]
    pub fn new(kind: DigestKind) -> Self {
        Self(match kind {
            DigestKind::Md5 => State::Md5(md5::Md5::new()),
            DigestKind::Sha1 => State::Sha1(sha1::Sha1::new()),
            DigestKind::Sha224 => State::Sha224(sha2::Sha224::new()),
            DigestKind::Sha256 => State::Sha256(sha2::Sha256::new()),
            DigestKind::Sha384 => State::Sha384(sha2::Sha384::new()),
            DigestKind::Sha512 => State::Sha512(sha2::Sha512::new()),
            DigestKind::Blake3 => State::Blake3(Box::new(blake3::Hasher::new())),
        })
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            State::Md5(state) => state.update(bytes),
            State::Sha1(state) => state.update(bytes),
            State::Sha224(state) => state.update(bytes),
            State::Sha256(state) => state.update(bytes),
            State::Sha384(state) => state.update(bytes),
            State::Sha512(state) => state.update(bytes),
            State::Blake3(state) => {
                state.update(bytes);
            }
        }
    }

    /// The digest of all bytes taken, as lower-case hexadecimal.
    #[must_use]
    pub fn finish(self) -> String {
        match self.0 {
            State::Md5(state) => hex(&state.finalize()),
            State::Sha1(state) => hex(&state.finalize()),
            State::Sha224(state) => hex(&state.finalize()),
            State::Sha256(state) => hex(&state.finalize()),
            State::Sha384(state) => hex(&state.finalize()),
            State::Sha512(state) => hex(&state.finalize()),
            State::Blake3(state) => hex(state.finalize().as_bytes()),
        }
    }
}

impl Consumer for Hasher {
    fn block(&mut self, block: &Block) -> io::Result<()> {
        self.update(block);
        Ok(())
    }
}

/// One hasher for each wanted kind.
#[derive(Debug)]
pub struct Hashers(Vec<(DigestKind, Hasher)>);

impl Hashers {
    /// Hashers that have seen nothing.
    pub fn new(kinds: impl IntoIterator<Item = DigestKind>) -> Self {
        let kinds: BTreeSet<DigestKind> = kinds.into_iter().collect();
        Self(kinds.into_iter().map(|kind| (kind, Hasher::new(kind))).collect())
    }

    /// Feeds all hashers on this thread; for inputs too small to be worth threads.
    pub fn update(&mut self, bytes: &[u8]) {
        for (_, hasher) in &mut self.0 {
            hasher.update(bytes);
        }
    }

    /// Each hasher as a consumer of its own, for [`read_once`](super::read_once).
    pub fn consumers(&mut self) -> impl Iterator<Item = &mut dyn Consumer> {
        self.0.iter_mut().map(|(_, hasher)| hasher as &mut dyn Consumer)
    }

    /// The digests of all bytes taken.
    #[must_use]
    pub fn finish(self) -> Digests {
        self.0
            .into_iter()
            .map(|(kind, hasher)| (kind, hasher.finish()))
            .collect()
    }

    pub(crate) fn into_parts(self) -> Vec<(DigestKind, Hasher)> {
        self.0
    }
}

/// The digests of bytes in memory.
#[must_use]
pub fn digest_bytes(bytes: &[u8], kinds: impl IntoIterator<Item = DigestKind>) -> Digests {
    let mut hashers = Hashers::new(kinds);
    hashers.update(bytes);
    hashers.finish()
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_matches_its_published_vector() {
        let digests = digest_bytes(b"abc", DigestKind::ALL);
        let expected = [
            (DigestKind::Md5, "900150983cd24fb0d6963f7d28e17f72"),
            (DigestKind::Sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (
                DigestKind::Sha224,
                "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7",
            ),
            (
                DigestKind::Sha256,
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            ),
            (
                DigestKind::Sha384,
                "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
            ),
            (
                DigestKind::Sha512,
                "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
            ),
            (
                DigestKind::Blake3,
                "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85",
            ),
        ];
        assert_eq!(digests.iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn names_are_read_in_any_case_and_unknown_ones_are_refused() {
        assert_eq!("SHA256".parse::<DigestKind>().unwrap(), DigestKind::Sha256);
        let error = "crc32".parse::<DigestKind>().unwrap_err();
        assert!(
            error
                .to_string()
                .contains("md5, sha1, sha224, sha256, sha384, sha512, blake3"),
            "{error}"
        );
    }

    #[test]
    fn only_what_is_missing_is_asked_for_again() {
        let digests = digest_bytes(b"abc", [DigestKind::Md5]);
        let wanted = BTreeSet::from([DigestKind::Md5, DigestKind::Sha1]);
        assert_eq!(digests.missing(&wanted), BTreeSet::from([DigestKind::Sha1]));
        assert_eq!(
            serde_json::to_string(&digests).unwrap(),
            r#"{"md5":"900150983cd24fb0d6963f7d28e17f72"}"#
        );
    }
}
