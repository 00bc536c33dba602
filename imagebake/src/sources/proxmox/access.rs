//! Who asks Proxmox.

use super::names::NodeName;
use crate::{
    field::Places,
    plan::Diagnostics,
    value::{Secret, Text},
};
use imagebake_macros::Config;
use std::time::Duration;

/// Who asks Proxmox' API, and where.
#[derive(Clone, Debug, Config)]
#[config(
    constructors(new(proxmox_url, NodeName::new(node))),
    methods(password(username, password), token(username, token))
)]
pub struct Connection {
    /// The API: `https://pve.example.org:8006/api2/json`.
    #[field(private, rename = "with_url", template = "proxmox_url")]
    proxmox_url: Option<Text>,
    /// The user with the realm, as `baker@pve`; with the token's name, as `baker@pve!images`.
    #[field(private, rename = "with_user", template = "username")]
    username: Option<Text>,
    /// The password.
    #[field(private, rename = "with_password", template = "password")]
    password: Option<Secret>,
    /// The token.
    #[field(private, rename = "with_token", template = "token")]
    token: Option<Secret>,
    /// Trusts whoever answers.
    #[field(rename = "insecure", template = "insecure_skip_tls_verify")]
    insecure_skip_tls_verify: bool,
    /// The node that the machine runs on.
    #[field(private, rename = "with_node", template = "node")]
    node: Option<Text>,
    /// How long anything of Proxmox' may take; 60 s without.
    #[field(template = "task_timeout")]
    task_timeout: Option<Duration>,
    at: Places,
}

impl Connection {
    /// The API at `url`, for machines on `node`. It needs a password or a token.
    #[track_caller]
    pub fn new(url: impl Into<Text>, node: NodeName) -> Self {
        Self::defaults().with_url(url).with_node(node.into_text())
    }

    /// A user with a password: `baker@pve`.
    #[track_caller]
    #[must_use]
    pub fn password(self, user: impl Into<Text>, password: impl Into<Secret>) -> Self {
        self.with_user(user).with_password(password)
    }

    /// A user with a token: `baker@pve!images`.
    #[track_caller]
    #[must_use]
    pub fn token(self, user: impl Into<Text>, token: impl Into<Secret>) -> Self {
        self.with_user(user).with_token(token)
    }

    pub(super) fn check_all(&self, problems: &mut Diagnostics) {
        problems.check_any_of(&[("password", self.password.is_some()), ("token", self.token.is_some())]);
        for (field, text) in [("proxmox_url", &self.proxmox_url), ("node", &self.node)] {
            if text.as_ref().is_none_or(Text::is_empty) {
                problems.error(field, "empty", format!("`{field}` is empty"));
            }
        }
    }
}
