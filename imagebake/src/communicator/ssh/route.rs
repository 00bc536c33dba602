//! The way to a machine as plain data: what the user wrote, joined with what the platform knows.

use super::{
    bastion::ProxyKind,
    config::{CIPHERS, CIPHERS_BY_DEFAULT, FileTransfer, KEY_EXCHANGES, KEY_EXCHANGES_BY_DEFAULT, Ssh},
    hosts::HostKey,
    key_driver::TemporaryKey,
    tunnel::Tunnel,
};
use crate::{
    communicator::Resets,
    engine::Cx,
    error::{Context, Error, ErrorKind, Result},
    field::{Place, Places},
    value::{HostPath, Secret, Text},
};
use std::{path::PathBuf, str::FromStr, time::Duration};
use zeroize::Zeroizing;

/// What a platform knows of its machine, besides what the user wrote.
#[derive(Clone, Debug)]
pub struct Access {
    host: String,
    port: Option<u16>,
    host_keys: Vec<HostKey>,
    key: Option<TemporaryKey>,
    resets: Option<Resets>,
    starting: bool,
}

impl Access {
    /// A machine at `host` that is starting: it may answer late, and know its keys later.
    pub fn starting(host: impl Into<String>) -> Self {
        Self {
            host: host.into(),
            port: None,
            host_keys: Vec::new(),
            key: None,
            resets: None,
            starting: true,
        }
    }

    /// A machine at `host` that runs already.
    pub fn running(host: impl Into<String>) -> Self {
        Self {
            starting: false,
            ..Self::starting(host)
        }
    }

    /// The machine's address, learnt later.
    #[must_use]
    pub fn at(mut self, host: impl Into<String>) -> Self {
        self.host = host.into();
        self
    }

    /// Where its server is reached, when that is not the user's to say: a forwarded port.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// A host key that it was given, or that its console showed.
    #[must_use]
    pub fn host_key(mut self, key: HostKey) -> Self {
        self.host_keys.push(key);
        self
    }

    /// When it is reset: connections to it break then.
    #[must_use]
    pub fn resets(mut self, resets: Resets) -> Self {
        self.resets = Some(resets);
        self
    }

    /// The key made for the build.
    #[must_use]
    pub fn key(mut self, key: TemporaryKey) -> Self {
        self.key = Some(key);
        self
    }
}

/// A private key, not parsed yet.
#[derive(Clone)]
pub(super) struct KeyText {
    /// What messages call it.
    pub(super) shown: String,
    pub(super) text: Zeroizing<String>,
    pub(super) passphrase: Option<Zeroizing<String>>,
    pub(super) certificate: Option<CertificateText>,
    /// Where it was named; the key made for the build is named nowhere.
    pub(super) named: Option<Named>,
}

/// A certificate, not parsed yet.
#[derive(Clone)]
pub(super) struct CertificateText {
    /// What messages call it.
    pub(super) shown: String,
    pub(super) text: String,
    pub(super) named: Named,
}

/// The setting that names a key or a certificate.
#[derive(Clone)]
pub(super) struct Named {
    /// As users know it.
    pub(super) field: &'static str,
    pub(super) at: Option<Place>,
}

impl Named {
    /// `error`, of which this is the cause.
    pub(super) fn blame(&self, error: Error) -> Error {
        error.of_setting(self.field, self.at.clone())
    }
}

/// Who logs in, with what.
pub(super) struct Login {
    pub(super) user: String,
    pub(super) keys: Vec<KeyText>,
    pub(super) agent: Option<PathBuf>,
    pub(super) password: Option<Zeroizing<String>>,
}

/// A server on the way.
pub(super) struct Hop {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) login: Login,
    pub(super) pins: Vec<HostKey>,
    /// What says where it is, and who logs in.
    pub(super) named: (Named, Named),
}

impl Hop {
    /// `host:port`, as messages show it.
    pub(super) fn server(&self) -> String {
        match self.host.contains(':') {
            true => format!("[{}]:{}", self.host, self.port),
            false => format!("{}:{}", self.host, self.port),
        }
    }
}

pub(super) struct ProxyWay {
    pub(super) kind: ProxyKind,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) login: Option<(String, Zeroizing<String>)>,
    /// What says where it is.
    pub(super) named: Named,
}

/// All that is needed to connect, again and again.
pub(super) struct Route {
    pub(super) proxy: Option<ProxyWay>,
    pub(super) bastion: Option<Hop>,
    pub(super) target: Hop,
    pub(super) ciphers: Vec<String>,
    pub(super) key_exchanges: Vec<String>,
    /// How often logging in is tried; as long as there is time without.
    pub(super) attempts: Option<u32>,
    pub(super) timeout: Duration,
    pub(super) keep_alive: Option<Duration>,
    /// How long nothing may arrive.
    pub(super) silence: Option<Duration>,
    pub(super) pause: Option<Duration>,
    /// The agent that commands in the guest may use.
    pub(super) forward_agent: Option<PathBuf>,
    pub(super) terminal: bool,
    pub(super) transfer: FileTransfer,
    pub(super) local_tunnels: Vec<Tunnel>,
    pub(super) remote_tunnels: Vec<Tunnel>,
    /// Whether the machine is starting, so that nothing of it is final yet.
    pub(super) starting: bool,
    /// Whether its port is one of the builder that leads into the machine, and so open before the machine's.
    pub(super) forwarded: bool,
    /// When the machine is reset, where that is told.
    pub(super) resets: Option<Resets>,
}

impl Route {
    /// Reads the files that the settings name.
    pub(super) async fn resolve(cx: &Cx, ssh: &Ssh, access: Access) -> Result<Self> {
        let given = given_keys(cx, ssh).await?;
        let mut keys = given.clone();
        if let Some(key) = &access.key {
            keys.push(KeyText {
                shown: "the key made for the build".to_owned(),
                text: key.private().clone(),
                passphrase: None,
                certificate: None,
                named: None,
            });
        }
        let agent = std::env::var_os("SSH_AUTH_SOCK")
            .filter(|path| !path.is_empty())
            .map(PathBuf::from);
        let mut pins = access.host_keys;
        pins.extend(host_keys(&ssh.host_keys)?);
        let target = Hop {
            host: match &ssh.host {
                Some(host) => host.reveal()?.to_string(),
                None => access.host,
            },
            port: access.port.unwrap_or(ssh.port),
            login: Login {
                user: ssh.user.reveal()?.to_string(),
                keys,
                agent: wanted_agent(ssh.agent_auth, &agent).map_err(blame("ssh_agent_auth", &ssh.at))?,
                password: ssh.password.as_ref().map(expose).transpose()?,
            },
            pins,
            named: (setting("ssh_host", &ssh.at), setting("ssh_user", &ssh.at)),
        };
        let keep_alive = Some(ssh.keep_alive_interval).filter(|interval| !interval.is_zero());
        Ok(Self {
            proxy: proxy(ssh)?,
            bastion: bastion(cx, ssh, given, &agent).await?,
            target,
            ciphers: names(&ssh.ciphers, &CIPHERS[..CIPHERS_BY_DEFAULT]),
            key_exchanges: names(&ssh.key_exchange_algorithms, &KEY_EXCHANGES[..KEY_EXCHANGES_BY_DEFAULT]),
            attempts: attempts(ssh, access.starting),
            timeout: ssh.time_to_connect(),
            keep_alive,
            // A server that does not read, while much is written to it, is never asked whether it is there.
            silence: ssh
                .read_write_timeout
                .filter(|time| !time.is_zero())
                .or(keep_alive.map(|interval| (interval * 4).max(Duration::from_secs(60)))),
            pause: ssh.pause_before_connecting,
            forward_agent: agent.filter(|_| !ssh.disable_agent_forwarding),
            terminal: ssh.pty,
            transfer: ssh.file_transfer_method,
            local_tunnels: tunnels(&ssh.local_tunnels)?,
            remote_tunnels: tunnels(&ssh.remote_tunnels)?,
            starting: access.starting,
            forwarded: access.starting && access.port.is_some(),
            resets: access.resets,
        })
    }
}

/// How often a machine is asked to let somebody in: one that starts as long as there is time, where it is said how much, since a server that an
/// installer has may be the one that refuses; one that runs once.
fn attempts(ssh: &Ssh, starting: bool) -> Option<u32> {
    let is_set = |field| ssh.at.get(field).is_some();
    match (starting, is_set("ssh_handshake_attempts")) {
        (true, false) if is_set("ssh_timeout") || is_set("ssh_wait_timeout") => None,
        (false, false) => Some(1),
        _ => Some(ssh.handshake_attempts.max(1)),
    }
}

/// The private keys that the settings give.
async fn given_keys(cx: &Cx, ssh: &Ssh) -> Result<Vec<KeyText>> {
    let named = |field| setting(field, &ssh.at);
    let passphrase = ssh.private_key_passphrase.as_ref().map(expose).transpose()?;
    let certificate = match &ssh.certificate_file {
        Some(path) => Some(read_certificate(cx, path, named("ssh_certificate_file")).await?),
        None => None,
    };
    let mut keys = Vec::new();
    if let Some(path) = &ssh.private_key_file {
        let named = named("ssh_private_key_file");
        keys.push(read_key(cx, path, named, passphrase.clone(), certificate.clone()).await?);
    }
    if let Some(text) = &ssh.private_key {
        keys.push(KeyText {
            shown: text.to_string(),
            text: expose(text)?,
            passphrase,
            certificate,
            named: Some(named("ssh_private_key")),
        });
    }
    Ok(keys)
}

async fn read_key(
    cx: &Cx,
    path: &HostPath,
    named: Named,
    passphrase: Option<Zeroizing<String>>,
    certificate: Option<CertificateText>,
) -> Result<KeyText> {
    let text = read(cx, "private key", path).await;
    Ok(KeyText {
        shown: path.to_string(),
        text: text.map_err(|error| named.blame(error))?,
        passphrase,
        certificate,
        named: Some(named),
    })
}

async fn read_certificate(cx: &Cx, path: &HostPath, named: Named) -> Result<CertificateText> {
    let text = read(cx, "certificate", path).await;
    Ok(CertificateText {
        shown: path.to_string(),
        text: text.map_err(|error| named.blame(error))?.to_string(),
        named,
    })
}

/// The bastion, where `given` are the machine's own keys: they are tried where it has none.
async fn bastion(cx: &Cx, ssh: &Ssh, given: Vec<KeyText>, agent: &Option<PathBuf>) -> Result<Option<Hop>> {
    let Some(bastion) = &ssh.bastion else { return Ok(None) };
    let named = |field| setting(field, &bastion.at);
    let keys = match &bastion.bastion_private_key_file {
        None => given,
        Some(path) => {
            let certificate = match &bastion.bastion_certificate_file {
                Some(path) => Some(read_certificate(cx, path, named("bastion_certificate_file")).await?),
                None => None,
            };
            vec![read_key(cx, path, named("bastion_private_key_file"), None, certificate).await?]
        }
    };
    Ok(Some(Hop {
        host: bastion.bastion_host.reveal()?.to_string(),
        port: bastion.bastion_port,
        login: Login {
            user: bastion.bastion_user.reveal()?.to_string(),
            keys,
            agent: wanted_agent(bastion.bastion_agent_auth, agent).map_err(blame("bastion_agent_auth", &bastion.at))?,
            password: bastion.bastion_password.as_ref().map(expose).transpose()?,
        },
        pins: host_keys(&bastion.bastion_host_keys)?,
        named: (named("bastion_host"), named("bastion_user")),
    }))
}

fn proxy(ssh: &Ssh) -> Result<Option<ProxyWay>> {
    let Some(proxy) = &ssh.proxy else { return Ok(None) };
    let login = match &proxy.proxy_user {
        Some(user) => {
            let password = proxy.proxy_password.as_ref().map(expose).transpose()?;
            Some((user.reveal()?.to_string(), password.unwrap_or_default()))
        }
        None => None,
    };
    Ok(Some(ProxyWay {
        kind: proxy.proxy_kind,
        host: proxy.proxy_host.reveal()?.to_string(),
        port: proxy.proxy_port,
        login,
        named: setting("proxy_host", &proxy.at),
    }))
}

fn setting(field: &'static str, at: &Places) -> Named {
    Named {
        field,
        at: at.get(field),
    }
}

/// Names the setting that an error is about.
fn blame(field: &'static str, at: &Places) -> impl Fn(Error) -> Error {
    let named = setting(field, at);
    move |error| named.blame(error)
}

fn wanted_agent(wanted: bool, agent: &Option<PathBuf>) -> Result<Option<PathBuf>> {
    match (wanted, agent) {
        (true, None) => Err(Error::new(
            ErrorKind::Config,
            "the keys of the agent are wanted, and `SSH_AUTH_SOCK` names none",
        )
        .hint(
            "start one with `eval $(ssh-agent)` and add the key with `ssh-add`, or name a key with `private_key_file`",
        )),
        (true, Some(path)) => Ok(Some(path.clone())),
        (false, _) => Ok(None),
    }
}

fn expose(secret: &Secret) -> Result<Zeroizing<String>> {
    secret.expose().map(|text| Zeroizing::new(text.to_owned()))
}

fn host_keys(texts: &[Text]) -> Result<Vec<HostKey>> {
    let read = |text: &Text| {
        HostKey::from_str(&text.to_string())
            .map_err(|message| Error::new(ErrorKind::Config, message).hint("mend `host_key`"))
    };
    texts.iter().map(read).collect()
}

fn tunnels(texts: &[Text]) -> Result<Vec<Tunnel>> {
    let read = |text: &Text| {
        Tunnel::from_str(&text.to_string())
            .map_err(|message| Error::new(ErrorKind::Config, message).hint("write it as `8080:localhost:80`"))
    };
    texts.iter().map(read).collect()
}

fn names(given: &[Text], default: &[&str]) -> Vec<String> {
    match given {
        [] => default.iter().map(|name| (*name).to_owned()).collect(),
        given => given.iter().map(Text::to_string).collect(),
    }
}

/// A file that the settings name; `~/` is the home folder.
async fn read(cx: &Cx, what: &str, path: &HostPath) -> Result<Zeroizing<String>> {
    let home = path
        .as_path()
        .strip_prefix("~")
        .ok()
        .and_then(|rest| Some(std::env::home_dir()?.join(rest)));
    let path = home.unwrap_or_else(|| cx.input_path(path));
    let bytes = tokio::fs::read(&path).await.path(&format!("read the {what}"), &path);
    let bytes = bytes.map_err(|error| error.hint("relative paths start at the folder of the image's crate"))?;
    String::from_utf8(bytes).map(Zeroizing::new).map_err(|_| {
        let message = format!("{} is no {what}: it is no text", path.display());
        Error::new(ErrorKind::Config, message).hint("keys are in OpenSSH's form, PEM or PuTTY's")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_that_starts_is_asked_as_long_as_the_user_gives_it() {
        let ssh = || Ssh::user("root");
        let minute = Duration::from_secs(60);
        for (ssh, starting, times) in [
            (ssh(), true, Some(10)),
            (ssh(), false, Some(1)),
            (ssh().timeout(minute), true, None),
            (ssh().wait_timeout(minute), true, None),
            (ssh().timeout(minute), false, Some(1)),
            (ssh().timeout(minute).handshake_attempts(3), true, Some(3)),
            (ssh().handshake_attempts(3), false, Some(3)),
        ] {
            assert_eq!(attempts(&ssh, starting), times);
        }
    }
}
