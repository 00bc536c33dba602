//! On whose behalf a program runs in a Windows machine.

use crate::{field::Places, plan::Diagnostics};
use imagebake_macros::Config;

/// The user whose scheduled task runs a program in a Windows machine: it has rights that a remote session lacks.
#[derive(Clone, Debug, Config)]
#[config(flatten)]
pub struct Elevated {
    /// The user whose scheduled task runs it on Windows; the communicator's user, without a task, otherwise.
    #[field(template = "elevated_user")]
    elevated_user: Option<crate::value::Template>,
    /// The password of `elevated_user`; none for service accounts such as `SYSTEM`.
    #[field(template = "elevated_password")]
    elevated_password: Option<crate::value::Secret>,
    at: Places,
}

impl Elevated {
    pub(super) fn check_all(&self, problems: &mut Diagnostics) {
        if self.elevated_password.is_some() && self.elevated_user.is_none() {
            problems.error(
                "elevated_password",
                "no-user",
                "`elevated_password` is the password of `elevated_user`, which is not set",
            );
        }
    }
}
