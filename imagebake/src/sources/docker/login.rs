//! Credentials of a registry.

use crate::{
    field::Places,
    plan::Diagnostics,
    value::{Secret, Text},
};
use imagebake_macros::Config;

/// Credentials of a registry. They are sent to the engine with the one request that needs them, and stored nowhere.
#[derive(Clone, Debug, Config)]
#[config(constructors(
    new(login_username, login_password, login = true),
    ecr(login_server, aws, ecr_login = true)
))]
pub struct Login {
    /// Whether templates log in.
    #[field(private, template = "login")]
    login: bool,
    /// The registry: `ghcr.io`; the registry of the image's own name without.
    #[field(rename = "server", template = "login_server")]
    pub(super) login_server: Option<Text>,
    /// The user.
    #[field(private, template = "login_username")]
    pub(super) login_username: Option<Text>,
    /// The password or token.
    #[field(private, template = "login_password")]
    pub(super) login_password: Option<Secret>,
    /// Amazon's registry, whose password is made from an access key.
    #[field(private, rename = "with_ecr", template = "ecr_login")]
    pub(super) ecr_login: bool,
    /// Access to Amazon's registry.
    #[field(group)]
    aws: Option<EcrAccess>,
    pub(super) at: Places,
}

/// Access to Amazon's container registry; without keys the usual places are looked at.
#[derive(Clone, Debug, Config)]
#[config(constructors(new))]
pub struct EcrAccess {
    /// The access key.
    #[field(template = "aws_access_key")]
    aws_access_key: Option<Text>,
    /// Its secret.
    #[field(template = "aws_secret_key")]
    aws_secret_key: Option<Secret>,
    /// The session token of temporary keys.
    #[field(template = "aws_token")]
    aws_token: Option<Secret>,
    /// The profile of the shared configuration.
    #[field(template = "aws_profile")]
    aws_profile: Option<Text>,
    /// Whether the public registry is meant, whatever the server's name.
    #[field(template = "aws_force_use_public_ecr")]
    aws_force_use_public_ecr: bool,
    at: Places,
}

impl EcrAccess {
    /// Keys from the usual places: environment, shared configuration, instance.
    pub fn new() -> Self {
        Self::defaults()
    }
}

impl Login {
    /// A user and a password or token.
    #[track_caller]
    pub fn new(user: impl Into<Text>, password: impl Into<Secret>) -> Self {
        Self::defaults()
            .login(true)
            .login_username(user)
            .login_password(password)
    }

    /// Amazon's registry at `server`.
    #[track_caller]
    pub fn ecr(server: impl Into<Text>, access: EcrAccess) -> Self {
        let mut login = Self::defaults().with_ecr(true).server(server);
        login.aws = Some(access);
        login
    }

    pub(crate) fn check_all(&self, problems: &mut Diagnostics) {
        if !self.ecr_login && self.login_username.as_ref().is_none_or(Text::is_empty) {
            problems.error("login_username", "empty", "the login needs a user");
        }
    }
}

/// A registry's name as it is written: with a port, without a scheme.
#[cfg(feature = "docker")]
pub(super) fn bare_server(server: &str) -> &str {
    let bare = server.trim_start_matches("https://").trim_start_matches("http://");
    bare.trim_end_matches('/')
}
