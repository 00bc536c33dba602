//! Keys made for one build.

use crate::error::{Error, ErrorKind, Result};
use russh::keys::{Algorithm, PrivateKey, key::safe_rng, ssh_key::LineEnding};
use std::fmt;
use zeroize::Zeroizing;

/// An Ed25519 key pair that lives as long as a build.
#[derive(Clone)]
pub struct TemporaryKey {
    private: Zeroizing<String>,
    public: String,
}

impl TemporaryKey {
    /// A new one; `comment` is how it is recognised in an `authorized_keys` file.
    ///
    /// # Errors
    /// When it cannot be written down, which only a mistake in the program brings about.
    pub fn generate(comment: &str) -> Result<Self> {
        let wrong =
            |error: russh::keys::ssh_key::Error| Error::new(ErrorKind::Internal, "cannot make a key").because(error);
        let mut key = PrivateKey::random(&mut safe_rng(), Algorithm::Ed25519).map_err(wrong)?;
        key.set_comment(comment);
        Ok(Self {
            private: key.to_openssh(LineEnding::LF).map_err(wrong)?,
            public: key.public_key().to_openssh().map_err(wrong)?,
        })
    }

    /// The line for an `authorized_keys` file.
    pub fn public(&self) -> &str {
        &self.public
    }

    /// The private half in OpenSSH's form.
    pub fn private(&self) -> &Zeroizing<String> {
        &self.private
    }
}

impl fmt::Debug for TemporaryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TemporaryKey({})", self.public)
    }
}
