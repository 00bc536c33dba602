//! What lies on the way to a machine: another machine, or a proxy.

use super::config::check_host_key;
use crate::{
    field::{FieldType, Named, Places, ToValue, Value},
    plan::Diagnostics,
    value::{HostPath, Secret, Text},
};
use imagebake_macros::Config;

/// A machine that the connection goes through. Its host key is checked as the machine's own is.
#[derive(Clone, Debug, Config)]
#[config(constructors(host(bastion_host, bastion_user)))]
pub struct Bastion {
    /// Its name or address.
    #[field(required, template = "ssh_bastion_host")]
    pub(crate) bastion_host: Text,
    /// Where its server listens.
    #[field(default = 22, template = "ssh_bastion_port")]
    pub(crate) bastion_port: u16,
    /// Who logs in there.
    #[field(required, template = "ssh_bastion_username")]
    pub(crate) bastion_user: Text,
    /// The password there, also for keyboard-interactive.
    #[field(template = "ssh_bastion_password")]
    pub(crate) bastion_password: Option<Secret>,
    /// Whether somebody would type what the bastion asks for.
    #[field(
        private,
        superseded = "what the bastion asks for is answered with `ssh_bastion_password`; a build has nobody to type",
        template = "ssh_bastion_interactive"
    )]
    bastion_interactive: Option<bool>,
    /// Whether the keys of the agent at `SSH_AUTH_SOCK` are tried there.
    #[field(template = "ssh_bastion_agent_auth")]
    pub(crate) bastion_agent_auth: bool,
    /// A private key for it, in a file on the builder; the machine's own without.
    #[field(path, template = "ssh_bastion_private_key_file")]
    pub(crate) bastion_private_key_file: Option<HostPath>,
    /// An OpenSSH certificate of that key.
    #[field(path, template = "ssh_bastion_certificate_file")]
    pub(crate) bastion_certificate_file: Option<HostPath>,
    /// What its host key is: `ssh-ed25519 AAAA…` or `SHA256:…`.
    #[field(each = "bastion_host_key")]
    pub(crate) bastion_host_keys: Vec<Text>,
    pub(super) at: Places,
}

impl Bastion {
    /// The machine at `host`, where `user` logs in.
    #[track_caller]
    pub fn host(host: impl Into<Text>, user: impl Into<Text>) -> Self {
        Self::defaults().bastion_host(host).bastion_user(user)
    }

    pub(super) fn check_all(&self, target_has_key: bool, problems: &mut Diagnostics) {
        for (field, text) in [
            ("bastion_host", &self.bastion_host),
            ("bastion_user", &self.bastion_user),
        ] {
            if text.is_empty() {
                problems.error(field, "empty", "the bastion needs a host and a user");
            }
        }
        if self.bastion_port == 0 {
            problems.error(
                "bastion_port",
                "out-of-range",
                "port 0 is no port: they go from 1 to 65535",
            );
        }
        let has_key = self.bastion_private_key_file.is_some() || target_has_key;
        if self.bastion_password.is_none() && !has_key && !self.bastion_agent_auth {
            let problem = problems.error(
                "bastion_host",
                "no-method",
                "nothing is given to log in to the bastion with",
            );
            *problem = problem
                .clone()
                .help("add `.bastion_private_key_file(…)`, `.bastion_agent_auth(true)` or `.bastion_password(…)`");
        }
        if self.bastion_certificate_file.is_some() && self.bastion_private_key_file.is_none() {
            problems.error(
                "bastion_certificate_file",
                "no-key",
                "a certificate is of use with its private key only",
            );
        }
        for text in &self.bastion_host_keys {
            check_host_key("bastion_host_keys", text, problems);
        }
    }
}

/// What a proxy speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProxyKind {
    /// SOCKS, version 5. The proxy looks the host's name up.
    #[default]
    Socks5,
    /// HTTP's `CONNECT`.
    Http,
}

impl ToValue for ProxyKind {
    const TYPE: FieldType = FieldType::Named(
        &Named::new("ProxyKind")
            .of("communicator::ssh")
            .words(&[("socks5", "Socks5"), ("http", "Http")]),
    );
    fn to_value(&self) -> Value {
        Value::Text(
            match self {
                Self::Socks5 => "socks5",
                Self::Http => "http",
            }
            .into(),
        )
    }
}

/// A proxy that the connection goes through; to the bastion where there is one.
#[derive(Clone, Debug, Config)]
#[config(constructors(socks5(proxy_host, proxy_port), http(proxy_host, proxy_port, proxy_kind = "http")))]
pub struct Proxy {
    /// Its name or address.
    #[field(required, template = "ssh_proxy_host")]
    pub(crate) proxy_host: Text,
    /// Where it listens.
    #[field(default = 1080, template = "ssh_proxy_port")]
    pub(crate) proxy_port: u16,
    /// What it speaks.
    #[field(private, default = ProxyKind::Socks5)]
    pub(crate) proxy_kind: ProxyKind,
    /// The user it wants to know.
    #[field(template = "ssh_proxy_username")]
    pub(crate) proxy_user: Option<Text>,
    /// The password of that user.
    #[field(template = "ssh_proxy_password")]
    pub(crate) proxy_password: Option<Secret>,
    pub(super) at: Places,
}

impl Proxy {
    /// A SOCKS5 proxy.
    #[track_caller]
    pub fn socks5(host: impl Into<Text>, port: u16) -> Self {
        Self::defaults().proxy_host(host).proxy_port(port)
    }

    /// An HTTP proxy that allows `CONNECT`.
    #[track_caller]
    pub fn http(host: impl Into<Text>, port: u16) -> Self {
        Self::socks5(host, port).proxy_kind(ProxyKind::Http)
    }

    pub(super) fn check_all(&self, problems: &mut Diagnostics) {
        if self.proxy_host.is_empty() {
            problems.error("proxy_host", "empty", "the proxy needs a name or an address");
        }
        if self.proxy_port == 0 {
            problems.error(
                "proxy_port",
                "out-of-range",
                "port 0 is no port: they go from 1 to 65535",
            );
        }
        if self.proxy_password.is_some() && self.proxy_user.is_none() {
            problems.error(
                "proxy_password",
                "no-user",
                "the proxy's password needs a user: `.proxy_user(…)`",
            );
        }
    }
}
