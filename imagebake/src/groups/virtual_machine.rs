//! What machines of hypervisors have.

use crate::{describe::HasGuest, field::Places, plan::Diagnostics};
use imagebake_macros::Config;

/// A machine's first screen, and the files that what is typed there asks for.
#[derive(Clone, Debug, Config)]
#[config(flatten)]
pub struct Console {
    /// What is typed at its first screen.
    #[field(group)]
    boot: Option<crate::groups::Boot>,
    /// Files that it fetches while it is installed.
    #[field(group)]
    http: Option<crate::groups::Http>,
    at: Places,
}

/// Settings of a machine that a hypervisor runs: what it is installed with, how it is turned off, how steps reach it.
#[derive(Clone, Debug, Config)]
#[config(flatten)]
pub struct VirtualMachine {
    #[field(flatten)]
    console: crate::groups::Console,
    /// A floppy disk made for the build.
    #[field(group)]
    floppy: Option<crate::groups::Floppy>,
    /// A CD made for the build.
    #[field(group)]
    cd: Option<crate::groups::Cd>,
    /// How it is turned off.
    #[field(group)]
    shutdown: Option<crate::groups::Shutdown>,
    #[field(flatten)]
    communication: crate::groups::Communication,
    at: Places,
}

impl Console {
    /// Finds what is wrong with the settings. Sources call it from their own check.
    pub(crate) fn check_all(&self, problems: &mut Diagnostics) {
        if let Some(http) = &self.http {
            http.check_all(problems);
        }
        if let Some(boot) = &self.boot {
            boot.check_all(problems);
        }
    }
}

impl VirtualMachine {
    /// Finds what is wrong with the settings. Sources call it from their own check.
    pub(crate) fn check_all(&self, problems: &mut Diagnostics) {
        self.communication.check_all(problems);
        self.console.check_all(problems);
    }

    /// Whether a machine has a guest for steps.
    pub(crate) fn guest(&self) -> HasGuest {
        self.communication.guest()
    }
}
