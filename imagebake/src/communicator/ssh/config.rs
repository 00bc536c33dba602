//! The settings of an SSH connection, as a group that every source with a machine has.

use super::{
    bastion::{Bastion, Proxy},
    hosts::HostKey,
    tunnel::Tunnel,
};
use crate::{
    field::{FieldType, Named, Places, ToValue, Value},
    plan::{Diagnostics, nearest},
    value::{HostPath, Secret, Text},
};
use imagebake_macros::Config;
use std::{str::FromStr, time::Duration};

/// How files travel over SSH.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileTransfer {
    /// Files as the input and output of `cat`, folders of `tar`: nothing is needed but a shell.
    #[default]
    Stream,
    /// The SFTP subsystem of the server.
    Sftp,
    /// The program `scp` in the guest.
    Scp,
}

impl FileTransfer {
    fn name(self) -> &'static str {
        match self {
            Self::Stream => "stream",
            Self::Sftp => "sftp",
            Self::Scp => "scp",
        }
    }
}

impl ToValue for FileTransfer {
    const TYPE: FieldType = FieldType::Named(&Named::new("FileTransfer").of("communicator::ssh").words(&[
        ("stream", "Stream"),
        ("sftp", "Sftp"),
        ("scp", "Scp"),
    ]));
    fn to_value(&self) -> Value {
        Value::Text(self.name().into())
    }
}

/// The sort of a key that is made for the build.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyType {
    /// Ed25519, which every server since OpenSSH 6.5 takes; it has one size.
    #[default]
    Ed25519,
    /// ECDSA, of 256, 384 or 521 bits; 521 without a word.
    Ecdsa,
    /// RSA, of 4096 bits without a word: for servers that know nothing else. Making one takes seconds.
    Rsa,
}

impl KeyType {
    const NAMES: &[&str] = &["ed25519", "ecdsa", "rsa"];

    fn named(name: &str) -> Option<Self> {
        let all = [Self::Ed25519, Self::Ecdsa, Self::Rsa];
        all.into_iter().find(|sort| sort.name() == name)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Ed25519 => "ed25519",
            Self::Ecdsa => "ecdsa",
            Self::Rsa => "rsa",
        }
    }
}

impl From<KeyType> for Text {
    fn from(sort: KeyType) -> Self {
        Self::from(sort.name())
    }
}

/// An SSH connection: who logs in, with what, and how the way there goes.
///
/// Methods are tried in this order, as far as they are given and the server offers them: key with certificate, key, agent, password,
/// keyboard-interactive with the password. The server's host key must be known: from the platform, from [`Ssh::host_key`], from an
/// earlier build or from `~/.ssh/known_hosts`. Where nothing knows one, the first is trusted, recorded, and binding from then on.
///
/// ```
/// use imagebake::prelude::*;
///
/// fn tools() -> Image {
///     let machine = Ssh::user("root")
///         .host("192.0.2.7")
///         .private_key_file("keys/builder")
///         .host_key("SHA256:3pxcMVbIrNZ9W1ggYnWVcl0aj8pxSJQiQGHYmRTIPPI");
///     Image::new().source(Null::ssh(machine)).provision(Shell::inline(["uptime"]))
/// }
/// # tools();
/// ```
#[derive(Clone, Debug, Config)]
#[config(prefix = "ssh_", constructors(user(user)))]
pub struct Ssh {
    /// Who logs in.
    #[field(required, rename = "with_user", template = "ssh_username")]
    pub(crate) user: Text,
    /// The machine's name or address. Sources that start a machine know it themselves, and this overrides it.
    #[field(template = "ssh_host")]
    pub(crate) host: Option<Text>,
    /// Where its server listens.
    #[field(default = 22, template = "ssh_port")]
    pub(crate) port: u16,
    /// The password, also for keyboard-interactive.
    #[field(template = "ssh_password")]
    pub(crate) password: Option<Secret>,
    /// A private key in a file on the builder: OpenSSH's form, PEM or PuTTY's. `~/` is the home folder.
    #[field(path, template = "ssh_private_key_file")]
    pub(crate) private_key_file: Option<HostPath>,
    /// The private key itself, for keys from a secret manager.
    pub(crate) private_key: Option<Secret>,
    /// What an encrypted private key is opened with.
    pub(crate) private_key_passphrase: Option<Secret>,
    /// An OpenSSH certificate of the private key, in a file on the builder.
    #[field(path, template = "ssh_certificate_file")]
    pub(crate) certificate_file: Option<HostPath>,
    /// Whether the keys and certificates of the agent at `SSH_AUTH_SOCK` are tried.
    #[field(template = "ssh_agent_auth")]
    pub(crate) agent_auth: bool,
    /// Whether commands in the guest are kept from using the builder's agent; they may where `SSH_AUTH_SOCK` is set.
    #[field(template = "ssh_disable_agent_forwarding")]
    pub(crate) disable_agent_forwarding: bool,
    /// The platform's name of a key pair that it knows already.
    #[field(template = "ssh_keypair_name")]
    pub(crate) keypair_name: Option<Text>,
    /// The name of the key that is made for the build: that of its pair on platforms that keep key pairs, its comment elsewhere.
    #[field(template = "temporary_key_pair_name")]
    pub(crate) temporary_key_pair_name: Option<Text>,
    /// Whether the key made for the build is taken out of the guest's `authorized_keys` before the image is captured.
    #[field(template = "ssh_clear_authorized_keys", unkeyed)]
    pub(crate) clear_authorized_keys: bool,
    /// What the server's host key is: `ssh-ed25519 AAAA…` or a fingerprint, `SHA256:…`. Any other key is refused.
    #[field(each = "host_key")]
    pub(crate) host_keys: Vec<Text>,
    /// The ciphers that may be used, best first.
    #[field(template = "ssh_ciphers")]
    pub(crate) ciphers: Vec<Text>,
    /// The key exchanges that may be used, best first.
    #[field(template = "ssh_key_exchange_algorithms")]
    pub(crate) key_exchange_algorithms: Vec<Text>,
    /// Whether commands get a terminal: some programs need one. Standard error then cannot be told from standard output.
    #[field(template = "ssh_pty")]
    pub(crate) pty: bool,
    /// How long the machine may take until somebody is logged in. Where it is set, a machine that starts may refuse the login until it is over,
    /// unless `handshake_attempts` says how often: an installer may have a server of its own.
    #[field(default = Duration::from_secs(300), template = "ssh_timeout", unkeyed)]
    pub(crate) timeout: Duration,
    /// How often logging in is tried once the server answers. A machine that starts may know its keys a little later than it answers; one
    /// that runs already is asked once, unless this is set.
    #[field(default = 10, template = "ssh_handshake_attempts", unkeyed)]
    pub(crate) handshake_attempts: u32,
    /// How often the server is asked whether it is still there; three answers missing are a lost connection. Zero is never.
    #[field(default = Duration::from_secs(5), template = "ssh_keep_alive_interval", unkeyed)]
    pub(crate) keep_alive_interval: Duration,
    /// How long nothing may arrive before the connection counts as lost.
    #[field(template = "ssh_read_write_timeout", unkeyed)]
    pub(crate) read_write_timeout: Option<Duration>,
    /// A pause before the first connection.
    #[field(template = "pause_before_connecting", unkeyed)]
    pub(crate) pause_before_connecting: Option<Duration>,
    /// How files travel.
    #[field(default = FileTransfer::Stream, template = "ssh_file_transfer_method")]
    pub(crate) file_transfer_method: FileTransfer,
    /// A machine on the way, which the connection goes through.
    #[field(group)]
    pub(crate) bastion: Option<Bastion>,
    /// A proxy on the way.
    #[field(group)]
    pub(crate) proxy: Option<Proxy>,
    /// Ports of the guest that lead to the builder's side, while connected: `8080:localhost:80` makes port 8080 in the guest what
    /// `localhost:80` is to the builder. An address of the guest to listen on may come first.
    #[field(each = "remote_tunnel", template = "ssh_remote_tunnels")]
    pub(crate) remote_tunnels: Vec<Text>,
    /// Ports of the builder that lead to the guest's side, while connected: `8080:localhost:80` makes port 8080 of the builder what
    /// `localhost:80` is to the guest.
    #[field(each = "local_tunnel", template = "ssh_local_tunnels")]
    pub(crate) local_tunnels: Vec<Text>,
    /// The older name of `timeout`, which it goes before.
    #[field(template = "ssh_wait_timeout", unkeyed)]
    wait_timeout: Option<Duration>,
    /// What templates keep the made key's public half in.
    #[field(
        private,
        superseded = "keys made for the build are handed on inside the program",
        template = "ssh_public_key"
    )]
    made_public_key: Option<Text>,
    /// What templates keep the made key's private half in.
    #[field(
        private,
        superseded = "keys made for the build are handed on inside the program",
        template = "ssh_private_key"
    )]
    made_private_key: Option<Secret>,
    /// The sort of key that is made for the build, a `KeyType` or its name: `ed25519` without, or `rsa` where only the number of its bits is said.
    #[field(template = "temporary_key_pair_type")]
    pub(crate) temporary_key_pair_type: Option<Text>,
    /// How many bits it has; as many as its sort usually has without.
    #[field(template = "temporary_key_pair_bits")]
    pub(crate) temporary_key_pair_bits: Option<u32>,
    pub(crate) at: Places,
}

/// Where a name of an algorithm may come from, and what it is called in messages.
struct Algorithms {
    field: &'static str,
    what: &'static str,
    known: &'static [&'static str],
}

/// The ciphers that there are, best first.
pub(crate) const CIPHERS: &[&str] = &[
    "aes256-gcm@openssh.com",
    "aes128-gcm@openssh.com",
    "chacha20-poly1305@openssh.com",
    "aes256-ctr",
    "aes192-ctr",
    "aes128-ctr",
    "aes256-cbc",
    "aes192-cbc",
    "aes128-cbc",
];

/// How many of [`CIPHERS`] are offered where nothing is set: not those that are there for old devices only.
#[cfg(feature = "ssh")]
pub(crate) const CIPHERS_BY_DEFAULT: usize = 6;

/// The key exchanges that there are, best first.
pub(crate) const KEY_EXCHANGES: &[&str] = &[
    "mlkem768x25519-sha256",
    "curve25519-sha256",
    "curve25519-sha256@libssh.org",
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp521",
    "diffie-hellman-group-exchange-sha256",
    "diffie-hellman-group18-sha512",
    "diffie-hellman-group17-sha512",
    "diffie-hellman-group16-sha512",
    "diffie-hellman-group15-sha512",
    "diffie-hellman-group14-sha256",
    "diffie-hellman-group14-sha1",
    "diffie-hellman-group1-sha1",
    "diffie-hellman-group-exchange-sha1",
];

/// How many of [`KEY_EXCHANGES`] are offered where nothing is set: none with SHA-1.
#[cfg(feature = "ssh")]
pub(crate) const KEY_EXCHANGES_BY_DEFAULT: usize = 12;

impl Ssh {
    /// A connection as `user`.
    #[track_caller]
    pub fn user(user: impl Into<Text>) -> Self {
        Self::defaults().with_user(user)
    }

    /// Whether there is something to log in with besides a key made for the build.
    pub(crate) fn has_login(&self) -> bool {
        self.password.is_some() || self.private_key_file.is_some() || self.private_key.is_some() || self.agent_auth
    }

    /// How long the machine may take until somebody is logged in.
    #[cfg(feature = "ssh")]
    pub(crate) fn time_to_connect(&self) -> Duration {
        self.wait_timeout.unwrap_or(self.timeout)
    }

    /// Whether a private key is given.
    pub(crate) fn has_key(&self) -> bool {
        self.private_key_file.is_some() || self.private_key.is_some()
    }

    /// Finds what is wrong with the settings. Sources call it from their own check.
    pub(crate) fn check_all(&self, problems: &mut Diagnostics) {
        if self.user.is_empty() {
            problems.error("ssh_user", "empty", "the login needs a user");
        }
        if self.host.as_ref().is_some_and(Text::is_empty) {
            problems.error("ssh_host", "empty", "the host needs a name or an address");
        }
        if self.port == 0 {
            problems.error("ssh_port", "out-of-range", "port 0 is no port: they go from 1 to 65535");
        }
        if self.handshake_attempts == 0 {
            problems.error(
                "ssh_handshake_attempts",
                "out-of-range",
                "with no attempt nobody gets in: 1 at least",
            );
        }
        if self.wait_timeout.unwrap_or(self.timeout).is_zero() {
            problems.error("ssh_timeout", "out-of-range", "with no time nobody gets in");
        }
        if self.private_key_file.is_some() && self.private_key.is_some() {
            problems.error(
                "ssh_private_key",
                "contradiction",
                "`private_key_file` and `private_key` exclude each other",
            );
        }
        let has_key = self.has_key();
        if self.certificate_file.is_some() && !has_key {
            let problem = problems.error(
                "ssh_certificate_file",
                "no-key",
                "a certificate is of use with its private key only",
            );
            *problem = problem
                .clone()
                .help("name the key with `private_key_file`; certificates in an agent need `agent_auth` alone");
        }
        if self.private_key_passphrase.is_some() && !has_key {
            problems.error(
                "ssh_private_key_passphrase",
                "no-key",
                "there is no private key to open",
            );
        }
        for text in &self.host_keys {
            check_host_key("ssh_host_keys", text, problems);
        }
        let lists = [
            (
                &self.ciphers,
                Algorithms {
                    field: "ssh_ciphers",
                    what: "cipher",
                    known: CIPHERS,
                },
            ),
            (
                &self.key_exchange_algorithms,
                Algorithms {
                    field: "ssh_key_exchange_algorithms",
                    what: "key exchange",
                    known: KEY_EXCHANGES,
                },
            ),
        ];
        for (list, algorithms) in lists {
            for name in list {
                algorithms.check(&name.to_string(), problems);
            }
        }
        for (field, tunnels) in [
            ("ssh_remote_tunnels", &self.remote_tunnels),
            ("ssh_local_tunnels", &self.local_tunnels),
        ] {
            for tunnel in tunnels {
                if let Err(message) = Tunnel::from_str(&tunnel.to_string()) {
                    let problem = problems.error(field, "form", message);
                    *problem = problem.clone().help("write it as `8080:localhost:80`");
                }
            }
        }
        if let Some(bastion) = &self.bastion {
            bastion.check_all(self.has_key(), problems);
        }
        let sort = self.temporary_key_pair_type.as_ref();
        problems.check_word("ssh_temporary_key_pair_type", sort, KeyType::NAMES);
        self.check_key_size(problems);
        if let Some(proxy) = &self.proxy {
            proxy.check_all(problems);
        }
    }

    /// How many bits that key has, where it is said: zero is as many as usual, as in templates.
    pub(crate) fn key_bits(&self) -> Option<u32> {
        self.temporary_key_pair_bits.filter(|bits| *bits > 0)
    }

    /// The sort of key that is made for the build.
    pub(crate) fn key_type(&self) -> KeyType {
        let without = match self.key_bits() {
            Some(_) => KeyType::Rsa,
            None => KeyType::Ed25519,
        };
        let said = self.temporary_key_pair_type.as_ref().map(Text::to_string);
        said.and_then(|name| KeyType::named(&name)).unwrap_or(without)
    }

    fn check_key_size(&self, problems: &mut Diagnostics) {
        const BITS: &str = "ssh_temporary_key_pair_bits";
        let Some(bits) = self.key_bits() else {
            return;
        };
        let wrong = match self.key_type() {
            KeyType::Ed25519 => {
                problems.warning(BITS, "no-effect", "keys of the sort `ed25519` have one size");
                return;
            }
            KeyType::Ecdsa => (![256, 384, 521].contains(&bits)).then_some("`ecdsa` have 256, 384 or 521"),
            KeyType::Rsa => (!(2048..=16384).contains(&bits)).then_some("`rsa` have 2048 to 16384"),
        };
        if let Some(wrong) = wrong {
            problems.error(BITS, "out-of-range", format!("keys of the sort {wrong} bits"));
        }
    }

    /// As [`Ssh::check_all`], for a machine that runs already: everything has to be said here.
    pub(crate) fn check_existing(&self, problems: &mut Diagnostics) {
        self.check_all(problems);
        if self.host.is_none() {
            let problem = problems.error("ssh_host", "no-host", "a machine that runs already needs a host");
            *problem = problem
                .clone()
                .help("name it: `Ssh::user(\"root\").host(\"192.0.2.7\")`");
        }
        let given = self.password.is_some() || self.has_key() || self.agent_auth;
        if !given {
            let problem = problems.error("ssh_user", "no-method", "nothing is given to log in with");
            *problem = problem
                .clone()
                .help("add `.private_key_file(…)`, `.agent_auth(true)` or `.password(…)`");
        }
        for (name, set) in [
            ("ssh_keypair_name", self.keypair_name.is_some()),
            ("ssh_temporary_key_pair_name", self.temporary_key_pair_name.is_some()),
            ("ssh_temporary_key_pair_type", self.temporary_key_pair_type.is_some()),
            ("ssh_temporary_key_pair_bits", self.temporary_key_pair_bits.is_some()),
            ("ssh_clear_authorized_keys", self.clear_authorized_keys),
        ] {
            if set {
                let message = format!("`{name}` has no effect: no key is made for a machine that runs already");
                problems.warning(name, "no-effect", message);
            }
        }
        if self.host_keys.is_empty() {
            let host = self.host.as_ref().map(Text::to_string).unwrap_or_default();
            let message = format!(
                "no host key of {host} is given: what `~/.ssh/known_hosts` or an earlier build knows is binding; where nothing knows \
                 it, the first one seen is trusted and recorded"
            );
            let problem = problems.warning("ssh_host", "host-key", message);
            *problem = problem
                .clone()
                .help("pin it: `.host_key(\"SHA256:…\")`, as `ssh-keygen -lf` shows it");
        }
    }
}

pub(super) fn check_host_key(field: &'static str, text: &Text, problems: &mut Diagnostics) {
    if let Err(message) = HostKey::from_str(&text.to_string()) {
        let problem = problems.error(field, "form", message);
        *problem = problem
            .clone()
            .help("write a line of `ssh-keyscan` from the algorithm on, or a fingerprint as `ssh-keygen -lf` shows it");
    }
}

impl Algorithms {
    fn check(&self, name: &str, problems: &mut Diagnostics) {
        if self.known.contains(&name) {
            return;
        }
        let field = self.field;
        let problem = problems.error(
            field,
            "algorithm",
            format!("`{name}` is no {} that there is", self.what),
        );
        // Some names have their inventor behind them.
        let short = |known: &&&str| known.split('@').next() == Some(name);
        let near = self.known.iter().find(short).copied();
        let near = near.or_else(|| nearest(name, self.known.iter().copied()));
        let near = near.map(|near| format!("did you mean `{near}`? "));
        let all = self.known.join(", ");
        *problem = problem
            .clone()
            .help(format!("{}there are {all}", near.unwrap_or_default()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::{Config, TemplateName};

    fn problems(ssh: &Ssh) -> Vec<(String, String)> {
        let mut found = Diagnostics::new();
        ssh.check_existing(&mut found);
        let name = |problem: &crate::plan::Diagnostic| problem.field.clone().unwrap_or_default();
        found
            .iter()
            .map(|problem| (name(problem), problem.code.to_owned()))
            .collect()
    }

    fn good() -> Ssh {
        Ssh::user("root")
            .host("192.0.2.7")
            .agent_auth(true)
            .host_key("SHA256:3pxcMVbIrNZ9W1ggYnWVcl0aj8pxSJQiQGHYmRTIPPI")
    }

    #[test]
    fn what_is_complete_has_no_problem() {
        assert_eq!(problems(&good()), []);
    }

    #[test]
    fn what_cannot_work_is_said_before_anything_runs() {
        let case = |ssh: Ssh, field: &str, code: &str| {
            let found = problems(&ssh);
            assert!(
                found.contains(&(field.to_owned(), code.to_owned())),
                "{field} {code}: {found:?}"
            );
        };
        case(Ssh::user("").host("h"), "ssh_user", "empty");
        case(Ssh::user("root").host("h"), "ssh_user", "no-method");
        case(Ssh::user("root").agent_auth(true), "ssh_host", "no-host");
        case(Ssh::user("root").host("h").agent_auth(true), "ssh_host", "host-key");
        case(good().host_key("SHA256:short"), "ssh_host_keys", "form");
        case(good().port(0), "ssh_port", "out-of-range");
        case(good().ciphers(["aes256-gcm"]), "ssh_ciphers", "algorithm");
        case(
            good().key_exchange_algorithms(["curve25519"]),
            "ssh_key_exchange_algorithms",
            "algorithm",
        );
        case(good().certificate_file("x-cert.pub"), "ssh_certificate_file", "no-key");
        case(good().local_tunnel("8080"), "ssh_local_tunnels", "form");
        case(good().keypair_name("mine"), "ssh_keypair_name", "no-effect");
        case(good().bastion(Bastion::host("b", "me")), "bastion_host", "no-method");
        case(
            good()
                .temporary_key_pair_type(KeyType::Ecdsa)
                .temporary_key_pair_bits(400),
            "ssh_temporary_key_pair_bits",
            "out-of-range",
        );
        // The machine's own key is a key for the bastion as well.
        let found = problems(&good().private_key_file("id").bastion(Bastion::host("b", "me")));
        assert_eq!(found, []);
    }

    /// Every attribute of the group in templates that is about SSH.
    const ATTRIBUTES: &[&str] = &[
        "pause_before_connecting",
        "ssh_agent_auth",
        "ssh_bastion_agent_auth",
        "ssh_bastion_certificate_file",
        "ssh_bastion_host",
        "ssh_bastion_interactive",
        "ssh_bastion_password",
        "ssh_bastion_port",
        "ssh_bastion_private_key_file",
        "ssh_bastion_username",
        "ssh_certificate_file",
        "ssh_ciphers",
        "ssh_clear_authorized_keys",
        "ssh_disable_agent_forwarding",
        "ssh_file_transfer_method",
        "ssh_handshake_attempts",
        "ssh_host",
        "ssh_keep_alive_interval",
        "ssh_key_exchange_algorithms",
        "ssh_keypair_name",
        "ssh_local_tunnels",
        "ssh_password",
        "ssh_port",
        "ssh_private_key",
        "ssh_private_key_file",
        "ssh_proxy_host",
        "ssh_proxy_password",
        "ssh_proxy_port",
        "ssh_proxy_username",
        "ssh_pty",
        "ssh_public_key",
        "ssh_read_write_timeout",
        "ssh_remote_tunnels",
        "ssh_timeout",
        "ssh_username",
        "ssh_wait_timeout",
        "temporary_key_pair_bits",
        "temporary_key_pair_name",
        "temporary_key_pair_type",
    ];

    #[test]
    fn every_attribute_of_templates_has_a_row() {
        fn names(rows: &[crate::field::FieldMeta], into: &mut Vec<&'static str>) {
            for row in rows {
                match (row.template, row.ty) {
                    (_, FieldType::Group(shape)) => names(shape.rows, into),
                    (TemplateName::Is(name) | TemplateName::Superseded { name, .. }, _) => into.push(name),
                    _ => {}
                }
            }
        }
        let mut found = Vec::new();
        names(Ssh::FIELDS, &mut found);
        found.sort_unstable();
        assert_eq!(found, ATTRIBUTES);
    }
}
