//! How a machine is turned off.

use crate::{field::Places, value::Template};
use imagebake_macros::Config;
use std::time::Duration;

/// How the machine is turned off before its image is taken.
#[derive(Clone, Debug, Config)]
#[config(prefix = "shutdown_", constructors(command(command), by_platform))]
pub struct Shutdown {
    /// The command that turns it off; the power button, or whatever the platform has, without.
    #[field(private, rename = "with_command", template = "shutdown_command", unkeyed)]
    pub(crate) command: Option<Template>,
    /// How long it may take; 5 min without.
    #[field(template = "shutdown_timeout", unkeyed)]
    pub(crate) timeout: Option<Duration>,
    at: Places,
}

impl Shutdown {
    /// Turns it off by a command in the machine.
    #[track_caller]
    pub fn command(command: impl Into<Template>) -> Self {
        Self::defaults().with_command(command)
    }

    /// Turns it off as the platform does.
    #[track_caller]
    pub fn by_platform() -> Self {
        Self::defaults()
    }
}
