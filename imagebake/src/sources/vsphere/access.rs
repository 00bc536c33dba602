//! Who asks vSphere.

use crate::{
    field::Places,
    plan::Diagnostics,
    value::{Secret, Text},
};
use imagebake_macros::Config;

/// Who logs in to vSphere.
#[derive(Clone, Debug, Config)]
#[config(constructors(new(username, password)))]
pub struct Login {
    /// The user.
    #[field(private, rename = "with_user", template = "username")]
    username: Option<Text>,
    /// The password.
    #[field(private, rename = "with_password", template = "password")]
    password: Option<Secret>,
    at: Places,
}

/// The vCenter server that is asked.
#[derive(Clone, Debug, Config)]
#[config(constructors(new(vcenter_server, login)))]
pub struct Connection {
    /// Its name or address.
    #[field(private, rename = "with_server", template = "vcenter_server")]
    vcenter_server: Option<Text>,
    /// Who logs in.
    #[field(private, rename = "with_login", group)]
    login: Option<Login>,
    /// Trusts whoever answers.
    #[field(rename = "insecure", template = "insecure_connection")]
    insecure_connection: bool,
    /// The data centre, where there are several.
    #[field(template = "datacenter")]
    datacenter: Option<Text>,
    at: Places,
}

impl Login {
    /// A user, as `administrator@vsphere.local`, and the password.
    #[track_caller]
    pub fn new(user: impl Into<Text>, password: impl Into<Secret>) -> Self {
        Self::defaults().with_user(user).with_password(password)
    }

    pub(crate) fn check_all(&self, problems: &mut Diagnostics) {
        if self.username.as_ref().is_none_or(Text::is_empty) {
            problems.error("username", "empty", "the login needs a user");
        }
        // What is asked for later is not known yet.
        let is_empty = |password: &Secret| password.is_at_hand() && password.expose().is_ok_and(str::is_empty);
        if self.password.as_ref().is_none_or(is_empty) {
            problems.error("password", "empty", "the login needs a password");
        }
    }
}

impl Connection {
    /// The vCenter server `server`.
    #[track_caller]
    pub fn new(server: impl Into<Text>, login: Login) -> Self {
        Self::defaults().with_server(server).with_login(login)
    }

    pub(super) fn check_all(&self, problems: &mut Diagnostics) {
        if self.vcenter_server.as_ref().is_none_or(Text::is_empty) {
            problems.error("vcenter_server", "empty", "the server needs a name");
        }
        if let Some(login) = &self.login {
            login.check_all(problems);
        }
    }
}
