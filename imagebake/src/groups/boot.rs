//! What is typed at a machine's first screen.

use crate::{field::Places, value::Template};
use imagebake_macros::Config;
use std::time::Duration;

/// The keys that start an installation: typed at the machine's first screen, before anything in it listens.
///
/// Special keys are written `<enter>`, `<esc>`, `<f1>`, `<leftCtrlOn>`; `<wait>` and `<wait10s>` wait. `{{ http_ip }}` and `{{ http_port
/// }}` are where the machine reaches the files of [`Http`](super::Http), `{{ name }}` is the machine's name.
#[derive(Clone, Debug, Config)]
#[config(prefix = "boot_", constructors(keys(command), after(wait), new))]
pub struct Boot {
    /// What is typed.
    #[field(template = "boot_command", facts("http_ip", "http_port", "name", "ssh_public_key"))]
    command: Vec<Template>,
    /// How long the machine gets before the first key; 10 s without.
    #[field(template = "boot_wait")]
    wait: Option<Duration>,
    /// A pause between groups of keys, for firmware that loses them.
    #[field(template = "boot_keygroup_interval")]
    keygroup_interval: Option<Duration>,
    at: Places,
}

impl Boot {
    /// Nothing is typed yet.
    #[track_caller]
    pub fn new() -> Self {
        Self::defaults()
    }

    /// Types `lines`, one after the other.
    #[track_caller]
    pub fn keys(lines: impl IntoIterator<Item: Into<Template>>) -> Self {
        Self::defaults().command(lines)
    }

    /// Whether anything is typed.
    pub(crate) fn types(&self) -> bool {
        !self.command.is_empty()
    }

    /// Types nothing, and waits only.
    #[track_caller]
    pub fn after(wait: Duration) -> Self {
        Self::defaults().wait(wait)
    }
}

impl Default for Boot {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}
