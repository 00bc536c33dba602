//! Logging in: what is tried, in which order, and what is said when nothing was let in.

use super::{
    driver::Events,
    route::{CertificateText, KeyText, Login},
};
use crate::error::{Error, ErrorKind, Result};
use russh::{
    MethodKind, MethodSet,
    client::{AuthResult, Handle, KeyboardInteractiveAuthResponse},
    keys::{
        Algorithm, Certificate, HashAlg, PrivateKey, PrivateKeyWithHashAlg,
        agent::{AgentIdentity, client::AgentClient},
        decode_secret_key,
    },
};
use std::{path::Path, sync::Arc};

/// How many questions in a row a server may ask.
const QUESTIONS: usize = 10;

/// A key that was read.
pub(super) struct Key {
    shown: String,
    private: Arc<PrivateKey>,
    certificate: Option<(String, Certificate)>,
}

impl Key {
    /// Its public half as a line for an `authorized_keys` file, without a comment.
    pub(super) fn public(&self) -> Result<String> {
        let mut public = self.private.public_key().clone();
        public.set_comment("");
        let line = public.to_openssh().map_err(|error| {
            Error::new(ErrorKind::Internal, "the public half of a key cannot be written").because(error)
        })?;
        Ok(line.trim_end().to_owned())
    }
}

/// Reads keys and their certificates.
pub(super) fn parse(keys: &[KeyText]) -> Result<Vec<Key>> {
    keys.iter().map(parse_one).collect()
}

fn parse_one(key: &KeyText) -> Result<Key> {
    let blame = |error: Error| match &key.named {
        Some(named) => named.blame(error),
        None => error,
    };
    let passphrase = key.passphrase.as_ref().map(|text| text.as_str());
    let private = decode_secret_key(&key.text, passphrase).map_err(|error| {
        let (what, hint) = match (error, passphrase) {
            (russh::keys::Error::KeyIsEncrypted, _) => (
                "is encrypted",
                match key.named.as_ref().map(|named| named.field) {
                    Some("bastion_private_key_file") => "keep it in an agent: `bastion_agent_auth`",
                    _ => "give its passphrase with `private_key_passphrase`",
                },
            ),
            (_, Some(_)) => ("cannot be opened", "is `private_key_passphrase` the right one?"),
            (_, None) => (
                "is no private key",
                "keys are in OpenSSH's form, PEM or PuTTY's; the public half, `.pub`, is not what is needed here",
            ),
        };
        blame(Error::new(ErrorKind::Config, format!("{} {what}", key.shown)).hint(hint))
    })?;
    let certificate = match &key.certificate {
        None => None,
        Some(CertificateText { shown, text, named }) => {
            let certificate = Certificate::from_openssh(text.trim()).map_err(|error| {
                let message = format!("{shown} is no OpenSSH certificate");
                let error = Error::new(ErrorKind::Config, message).because(error);
                named.blame(error.hint("certificates are what `ssh-keygen -s` writes: `NAME-cert.pub`"))
            })?;
            if certificate.public_key() != private.public_key().key_data() {
                let message = format!("{shown} is not a certificate of the key {}", key.shown);
                let error = Error::new(ErrorKind::Config, message);
                return Err(named.blame(error.hint("name the key that was signed")));
            }
            Some((shown.clone(), certificate))
        }
    };
    Ok(Key {
        shown: key.shown.clone(),
        private: Arc::new(private),
        certificate,
    })
}

/// Logs in.
///
/// # Errors
/// [`ErrorKind::PermissionDenied`] with all that was tried when nothing is accepted; a temporary one when the connection ends.
pub(super) async fn login(handle: &mut Handle<Events>, server: &str, login: &Login, keys: &[Key]) -> Result<()> {
    let mut attempt = Attempt {
        handle,
        user: &login.user,
        offered: MethodSet::empty(),
        tried: Vec::new(),
    };
    let done = attempt.all(login, keys).await;
    match done {
        Ok(true) => Ok(()),
        Ok(false) => Err(attempt.refused(server)),
        Err(error) => Err(Error::new(
            ErrorKind::Unreachable,
            format!("the connection to {server} ended while logging in"),
        )
        .because(error)
        .temporary()),
    }
}

struct Attempt<'a> {
    handle: &'a mut Handle<Events>,
    user: &'a str,
    /// What the server would take now.
    offered: MethodSet,
    /// What was refused, in words.
    tried: Vec<String>,
}

impl Attempt<'_> {
    async fn all(&mut self, login: &Login, keys: &[Key]) -> Result<bool, russh::Error> {
        let first = self.handle.authenticate_none(self.user).await?;
        if self.took(first, None)? {
            return Ok(true);
        }
        for key in keys {
            if self.with_key(key).await? {
                return Ok(true);
            }
        }
        if let Some(agent) = &login.agent
            && self.offers(MethodKind::PublicKey)
            && self.with_agent(agent).await?
        {
            return Ok(true);
        }
        let Some(password) = &login.password else {
            return Ok(false);
        };
        if self.offers(MethodKind::Password) {
            let result = self.handle.authenticate_password(self.user, password.as_str()).await?;
            if self.took(result, Some("password".to_owned()))? {
                return Ok(true);
            }
        }
        match self.offers(MethodKind::KeyboardInteractive) {
            true => self.with_answers(password).await,
            false => Ok(false),
        }
    }

    fn offers(&self, method: MethodKind) -> bool {
        self.offered.contains(&method)
    }

    /// Whether that was all the server wants; notes what was tried.
    fn took(&mut self, result: AuthResult, tried: Option<String>) -> Result<bool, russh::Error> {
        match result {
            AuthResult::Success => return Ok(true),
            AuthResult::Failure {
                remaining_methods,
                partial_success,
            } => {
                // The library says of a connection that ended, too, that nothing remains.
                if self.handle.is_closed() {
                    return Err(russh::Error::Disconnect);
                }
                self.offered = remaining_methods;
                self.tried.extend(tried.map(|tried| match partial_success {
                    true => format!("{tried} (accepted, but the server wants more)"),
                    false => tried,
                }));
            }
        }
        Ok(false)
    }

    async fn with_key(&mut self, key: &Key) -> Result<bool, russh::Error> {
        if !self.offers(MethodKind::PublicKey) {
            return Ok(false);
        }
        if let Some((shown, certificate)) = &key.certificate {
            let result = self
                .handle
                .authenticate_openssh_cert(self.user, key.private.clone(), certificate.clone())
                .await?;
            if self.took(result, Some(format!("publickey with the certificate {shown}")))? {
                return Ok(true);
            }
        }
        if !self.offers(MethodKind::PublicKey) {
            return Ok(false);
        }
        let hash = self.hash_for(key.private.algorithm()).await?;
        let print = key.private.fingerprint(HashAlg::Sha256);
        let signer = PrivateKeyWithHashAlg::new(key.private.clone(), hash);
        let result = self.handle.authenticate_publickey(self.user, signer).await?;
        self.took(result, Some(format!("publickey {} ({print})", key.shown)))
    }

    /// RSA keys sign with what the server takes.
    async fn hash_for(&self, algorithm: Algorithm) -> Result<Option<HashAlg>, russh::Error> {
        Ok(match algorithm.is_rsa() {
            true => self
                .handle
                .best_supported_rsa_hash()
                .await?
                .unwrap_or(Some(HashAlg::Sha512)),
            false => None,
        })
    }

    async fn with_agent(&mut self, path: &Path) -> Result<bool, russh::Error> {
        let identities = async {
            let mut agent = AgentClient::connect_uds(path).await?;
            let identities = agent.request_identities().await?;
            Ok::<_, russh::keys::Error>((agent, identities))
        };
        let (mut agent, identities) = match identities.await {
            Ok(both) => both,
            Err(error) => {
                self.tried.push(format!("the agent, which does not answer: {error}"));
                return Ok(false);
            }
        };
        if identities.is_empty() {
            self.tried.push("the agent, which has no key".to_owned());
        }
        for identity in identities {
            if !self.offers(MethodKind::PublicKey) {
                break;
            }
            let (shown, signed) = match &identity {
                AgentIdentity::PublicKey { key, comment } => {
                    let hash = self.hash_for(key.algorithm()).await?;
                    let shown = format!(
                        "publickey {comment} of the agent ({})",
                        key.fingerprint(HashAlg::Sha256)
                    );
                    let result = self
                        .handle
                        .authenticate_publickey_with(self.user, key.clone(), hash, &mut agent)
                        .await;
                    (shown, result)
                }
                AgentIdentity::Certificate { certificate, comment } => {
                    let hash = self.hash_for(certificate.algorithm()).await?;
                    let shown = format!("publickey with the certificate {comment} of the agent");
                    let result = self
                        .handle
                        .authenticate_certificate_with(self.user, certificate.clone(), hash, &mut agent)
                        .await;
                    (shown, result)
                }
            };
            match signed {
                Ok(result) if self.took(result.clone(), Some(shown))? => return Ok(true),
                Ok(_) => {}
                Err(error) => self.tried.push(format!("the agent, which does not sign: {error}")),
            }
        }
        Ok(false)
    }

    /// Questions that are not echoed want the password; what else a server asks for is who logs in.
    async fn with_answers(&mut self, password: &str) -> Result<bool, russh::Error> {
        let tried = || Some("keyboard-interactive with the password".to_owned());
        let mut told = self
            .handle
            .authenticate_keyboard_interactive_start(self.user, None)
            .await?;
        for _ in 0..QUESTIONS {
            let prompts = match told {
                KeyboardInteractiveAuthResponse::Success => return Ok(true),
                KeyboardInteractiveAuthResponse::Failure {
                    remaining_methods,
                    partial_success,
                } => {
                    let result = AuthResult::Failure {
                        remaining_methods,
                        partial_success,
                    };
                    return self.took(result, tried());
                }
                KeyboardInteractiveAuthResponse::InfoRequest { prompts, .. } => prompts,
            };
            let answer = |echo: bool| if echo { self.user } else { password };
            let answers = prompts.iter().map(|prompt| answer(prompt.echo).to_owned()).collect();
            told = self.handle.authenticate_keyboard_interactive_respond(answers).await?;
        }
        self.tried
            .push("keyboard-interactive, which asks without end".to_owned());
        Ok(false)
    }

    fn refused(&self, server: &str) -> Error {
        let offered = self.offered.iter().map(String::from).collect::<Vec<_>>().join(", ");
        let tried = match &self.tried[..] {
            [] => "nothing: what is given is none of what the server takes".to_owned(),
            tried => tried.join("; "),
        };
        let hint = match self.tried.is_empty() {
            true => "give one of what the server takes: a key, an agent, a password",
            false => "is it the right user, and does the server know the key or password?",
        };
        Error::new(
            ErrorKind::PermissionDenied,
            format!("{server} does not let the user `{}` in", self.user),
        )
        .context("tried", tried)
        .context("the server takes", offered)
        .hint(hint)
    }
}
