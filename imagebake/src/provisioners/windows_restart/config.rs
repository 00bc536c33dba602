//! The settings of `windows-restart`.

use crate::{
    describe::Component,
    field::Places,
    plan::{Diagnostic, Diagnostics},
    provisioner::unwritten_provisioner,
    value::{Template, Text},
};
use imagebake_macros::Config;
use std::time::Duration;

/// Restarts a Windows machine and goes on when it answers again.
///
/// ```
/// use imagebake::prelude::*;
/// use std::time::Duration;
///
/// let restart = WindowsRestart::new().restart_timeout(Duration::from_secs(900)).check_registry(true);
/// let image = Image::new().source(Null::local()).provision(restart);
/// ```
#[derive(Clone, Debug, Config)]
#[config(constructors(new))]
pub struct WindowsRestart {
    /// What restarts it: an immediate, forced `shutdown /r` without.
    #[field(template = "restart_command")]
    restart_command: Option<Template>,
    /// What tells that it is back: it has to end with success. Without, a command that writes the machine's name.
    #[field(template = "restart_check_command")]
    restart_check_command: Option<Template>,
    /// How long it may take.
    #[field(default = Duration::from_secs(300), template = "restart_timeout")]
    restart_timeout: Duration,
    /// Waits until the registry has no sign of a pending restart.
    #[field(template = "check_registry")]
    check_registry: bool,
    /// The keys whose presence means a pending restart; those of Windows Update, servicing and file renames without.
    #[field(template = "registry_keys")]
    registry_keys: Vec<Text>,
    at: Places,
}

impl WindowsRestart {
    /// A restart with the machine's own `shutdown`.
    #[track_caller]
    pub fn new() -> Self {
        Self::defaults()
    }
}

impl Component for WindowsRestart {
    const KIND: &'static str = "windows-restart";

    fn check(&self, problems: &mut Diagnostics) {
        if !self.registry_keys.is_empty() && !self.check_registry {
            let problem = Diagnostic::warning("no-effect", "`registry_keys` are looked at only with `check_registry`");
            problems.push(problem.field("registry_keys").help("add `.check_registry(true)`"));
        }
    }
}

unwritten_provisioner!(WindowsRestart);
