//! How steps reach a machine.

use crate::{
    describe::HasGuest,
    field::Places,
    plan::{Diagnostic, Diagnostics},
};
use imagebake_macros::Config;

/// How steps reach a machine: settings of every source that starts one.
#[derive(Clone, Debug, Config)]
#[config(flatten)]
pub struct Communication {
    /// How steps reach it: `ssh`, `winrm` or `none`; SSH without. `.winrm(…)` says so by itself.
    #[field(template = "communicator")]
    communicator: Option<crate::value::Text>,
    /// The SSH connection to it.
    #[field(group)]
    pub(crate) ssh: Option<crate::communicator::ssh::Ssh>,
    /// The WinRM connection to it.
    #[field(group)]
    pub(crate) winrm: Option<crate::communicator::winrm::WinRm>,
    at: Places,
}

impl Communication {
    /// The communicator, where it is named.
    fn named(&self) -> Option<String> {
        self.communicator.as_ref().map(ToString::to_string)
    }

    /// Whether a machine has a guest for steps: not where nothing connects to it.
    pub(crate) fn guest(&self) -> HasGuest {
        match self.named().as_deref() {
            Some("none") => HasGuest::Never,
            _ => HasGuest::Always,
        }
    }

    /// Whether steps reach it over SSH.
    pub(crate) fn is_ssh(&self) -> bool {
        self.named().is_none_or(|said| said == "ssh") && self.winrm.is_none()
    }

    /// Finds what is wrong with the settings. Sources call it from their own check.
    pub(crate) fn check_all(&self, problems: &mut Diagnostics) {
        problems.check_word("communicator", self.communicator.as_ref(), &["ssh", "winrm", "none"]);
        let said = self.named();
        let said = said.as_deref();
        if self.winrm.as_ref().is_some_and(|winrm| winrm.is_chosen()) && said.is_some_and(|said| said != "winrm") {
            problems.error(
                "communicator",
                "contradiction",
                "WinRM is set up, and another communicator is named",
            );
        }
        if said == Some("winrm") && self.winrm.is_none() {
            let problem = Diagnostic::error("missing", "WinRM needs to know who logs in").field("communicator");
            problems.push(problem.help("say `.winrm(WinRm::user(\"Administrator\"))`"));
        }
        if let (Some(ssh), None | Some("ssh")) = (&self.ssh, said) {
            ssh.check_all(problems);
        }
        if let Some(winrm) = &self.winrm {
            winrm.check_all(problems);
        }
    }
}
