//! Keys made for one build.

use super::config::{KeyType, Ssh};
use crate::error::{Error, ErrorKind, Result};
use russh::keys::{
    Algorithm, EcdsaCurve, PrivateKey,
    key::safe_rng,
    ssh_key::{
        LineEnding,
        private::{KeypairData, RsaKeypair},
    },
};
use std::fmt;
use zeroize::Zeroizing;

/// A key pair that lives as long as a build.
#[derive(Clone)]
pub struct TemporaryKey {
    private: Zeroizing<String>,
    public: String,
}

impl TemporaryKey {
    /// A new one of the sort Ed25519; `comment` is how it is recognised in an `authorized_keys` file.
    ///
    /// # Errors
    /// When it cannot be written down, which only a mistake in the program brings about.
    pub fn generate(comment: &str) -> Result<Self> {
        Self::of_type(KeyType::Ed25519, None, comment)
    }

    /// A new one as the settings of a connection want it. One of RSA takes seconds, in which nothing else can run: for threads of its own.
    ///
    /// # Errors
    /// As [`TemporaryKey::generate`].
    pub fn wanted(ssh: &Ssh) -> Result<Self> {
        let comment = ssh
            .temporary_key_pair_name
            .as_ref()
            .map(|name| name.reveal())
            .transpose()?;
        let comment = comment.as_ref().map_or("imagebake", |name| name.as_str());
        Self::of_type(ssh.key_type(), ssh.key_bits(), comment)
    }

    fn of_type(sort: KeyType, bits: Option<u32>, comment: &str) -> Result<Self> {
        let wrong =
            |error: russh::keys::ssh_key::Error| Error::new(ErrorKind::Internal, "cannot make a key").because(error);
        let mut random = safe_rng();
        let key = match sort {
            KeyType::Ed25519 => PrivateKey::random(&mut random, Algorithm::Ed25519),
            KeyType::Ecdsa => {
                let curve = match bits {
                    Some(256) => EcdsaCurve::NistP256,
                    Some(384) => EcdsaCurve::NistP384,
                    _ => EcdsaCurve::NistP521,
                };
                PrivateKey::random(&mut random, Algorithm::Ecdsa { curve })
            }
            KeyType::Rsa => RsaKeypair::random(&mut random, bits.unwrap_or(4096) as usize)
                .and_then(|pair| PrivateKey::new(KeypairData::from(pair), "")),
        };
        let mut key = key.map_err(wrong)?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use russh::keys::{PublicKey, decode_secret_key};

    #[test]
    fn keys_are_of_the_sort_and_size_that_is_asked_for() {
        let ssh = || Ssh::user("root");
        let cases = [
            (ssh(), "ssh-ed25519", "imagebake"),
            (ssh().temporary_key_pair_name("mine"), "ssh-ed25519", "mine"),
            (
                ssh().temporary_key_pair_type(KeyType::Ecdsa),
                "ecdsa-sha2-nistp521",
                "imagebake",
            ),
            (
                ssh()
                    .temporary_key_pair_type(KeyType::Ecdsa)
                    .temporary_key_pair_bits(256),
                "ecdsa-sha2-nistp256",
                "imagebake",
            ),
            (ssh().temporary_key_pair_bits(2048), "ssh-rsa", "imagebake"),
        ];
        for (ssh, algorithm, comment) in cases {
            let key = TemporaryKey::wanted(&ssh).expect("made");
            let words: Vec<&str> = key.public().split_whitespace().collect();
            assert_eq!((words[0], words[2]), (algorithm, comment));
            let private = decode_secret_key(key.private(), None).expect("read again");
            let public = PublicKey::from_openssh(key.public()).expect("a line");
            assert_eq!(private.public_key().key_data(), public.key_data());
            if let Some(rsa) = public.key_data().rsa() {
                assert_eq!(rsa.key_size(), 2048);
            }
        }
    }
}
