//! The settings of a WinRM connection, as a group that every source with a Windows machine has.

use crate::{
    field::Places,
    plan::{Diagnostic, Diagnostics},
    value::{Secret, Text},
};
use imagebake_macros::Config;
use std::time::Duration;

/// A WinRM connection: how steps reach a Windows machine without an SSH server.
///
/// ```
/// use imagebake::communicator::winrm::WinRm;
/// use std::time::Duration;
///
/// let machine = WinRm::user("vagrant").password(imagebake::value::Secret::env("PASSWORD")).timeout(Duration::from_secs(3600));
/// ```
#[derive(Clone, Debug, Config)]
#[config(
    prefix = "winrm_",
    constructors(user(username, communicator = "winrm"), in_reserve(username))
)]
pub struct WinRm {
    /// What templates call the way in.
    #[field(private, template = "communicator")]
    communicator: Option<Text>,
    /// Who logs in.
    #[field(required, rename = "with_user", template = "winrm_username")]
    username: Text,
    /// The password; the platform's own, where it makes one, without.
    #[field(template = "winrm_password")]
    password: Option<Secret>,
    /// The machine's name or address. Sources that start a machine know it themselves, and this overrides it.
    #[field(template = "winrm_host")]
    host: Option<Text>,
    /// Where its server listens; 5985 without, 5986 with TLS.
    #[field(template = "winrm_port")]
    port: Option<u16>,
    /// How long the machine may take until somebody is logged in; 30 min without.
    #[field(template = "winrm_timeout")]
    timeout: Option<Duration>,
    /// Whether TLS is spoken.
    #[field(template = "winrm_use_ssl")]
    use_ssl: bool,
    /// Trusts any certificate.
    #[field(template = "winrm_insecure")]
    insecure: bool,
    /// Whether the password is proved by NTLM instead of being sent.
    #[field(template = "winrm_use_ntlm")]
    use_ntlm: Option<bool>,
    /// Whether the builder's `NO_PROXY` gets the machine's address, so that no proxy is on the way.
    #[field(template = "winrm_no_proxy")]
    no_proxy: bool,
    /// A pause before the first connection.
    #[field(template = "pause_before_connecting")]
    pause_before_connecting: Option<Duration>,
    at: Places,
}

impl WinRm {
    /// A connection as `user`.
    #[track_caller]
    pub fn user(user: impl Into<Text>) -> Self {
        Self::defaults().communicator("winrm").with_user(user)
    }

    /// The same, where the source's `communicator` says whether it is used.
    #[track_caller]
    pub fn in_reserve(user: impl Into<Text>) -> Self {
        Self::defaults().with_user(user)
    }

    /// Whether steps go over it, whatever the source's `communicator` says.
    pub(crate) fn is_chosen(&self) -> bool {
        self.communicator.is_some()
    }

    /// Finds what is wrong with the settings. Sources call it from their own check.
    pub fn check_all(&self, problems: &mut Diagnostics) {
        if self.username.is_empty() {
            problems.error("winrm_username", "empty", "the login needs a user");
        }
        if self.port == Some(0) {
            problems.error(
                "winrm_port",
                "out-of-range",
                "port 0 is no port: they go from 1 to 65535",
            );
        }
        if self.insecure && !self.use_ssl {
            let problem = Diagnostic::warning("no-effect", "there is no certificate to trust without `use_ssl`");
            problems.push(problem.field("winrm_insecure"));
        }
    }
}
