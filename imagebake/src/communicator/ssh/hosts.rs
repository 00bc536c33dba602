//! Host keys as they are pinned.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD},
};
use sha2::{Digest, Sha256};
use std::{fmt, str::FromStr};

/// A host key as somebody pinned it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostKey(Pin);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Pin {
    /// The key itself: algorithm and the blob in base64.
    Key { algorithm: String, blob: String },
    /// `SHA256:…`, without padding.
    Fingerprint(String),
}

impl FromStr for HostKey {
    type Err = String;

    /// Reads `ssh-ed25519 AAAA… comment`, or `SHA256:…`.
    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if let Some(digest) = text.strip_prefix("SHA256:") {
            let digest = digest.trim_end_matches('=');
            return match STANDARD_NO_PAD.decode(digest) {
                Ok(bytes) if bytes.len() == 32 => Ok(Self(Pin::Fingerprint(format!("SHA256:{digest}")))),
                _ => Err(format!(
                    "`{text}` is no SHA-256 fingerprint: they have 43 letters after the colon"
                )),
            };
        }
        let mut words = text.split_whitespace();
        let (Some(algorithm), Some(blob)) = (words.next(), words.next()) else {
            return Err(format!("`{text}` is neither a public key nor a fingerprint"));
        };
        // A blob begins with the algorithm's name, its length before it.
        let named = STANDARD.decode(blob).ok().and_then(|bytes| {
            let length = u32::from_be_bytes(bytes.get(..4)?.try_into().ok()?) as usize;
            String::from_utf8(bytes.get(4..4 + length)?.to_vec()).ok()
        });
        match named {
            Some(named) if named == algorithm => Ok(Self(Pin::Key {
                algorithm: algorithm.to_owned(),
                blob: blob.to_owned(),
            })),
            Some(named) => Err(format!(
                "the key says of itself that it is `{named}`, not `{algorithm}`"
            )),
            None => Err(format!("what follows `{algorithm}` is no public key")),
        }
    }
}

impl HostKey {
    /// Its algorithm, where it is known.
    #[cfg(feature = "ssh")]
    pub(super) fn algorithm(&self) -> Option<&str> {
        match &self.0 {
            Pin::Key { algorithm, .. } => Some(algorithm),
            Pin::Fingerprint(_) => None,
        }
    }

    #[cfg(feature = "ssh")]
    pub(super) fn is(&self, key: &super::trust::Presented) -> bool {
        match &self.0 {
            Pin::Key { blob, .. } => *blob == key.blob,
            Pin::Fingerprint(print) => *print == key.fingerprint(),
        }
    }

    /// `SHA256:…`.
    pub fn fingerprint(&self) -> String {
        match &self.0 {
            Pin::Key { blob, .. } => fingerprint(blob),
            Pin::Fingerprint(print) => print.clone(),
        }
    }
}

impl fmt::Display for HostKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Pin::Key { algorithm, .. } => write!(f, "{} ({algorithm})", self.fingerprint()),
            Pin::Fingerprint(print) => f.write_str(print),
        }
    }
}

/// `SHA256:…` of a key's blob.
pub(super) fn fingerprint(blob: &str) -> String {
    let digest = Sha256::digest(STANDARD.decode(blob).unwrap_or_default());
    format!("SHA256:{}", STANDARD_NO_PAD.encode(digest))
}
