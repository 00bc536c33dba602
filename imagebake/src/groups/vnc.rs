//! The screen of a machine, over VNC.

use crate::{field::Places, plan::Diagnostics, value::Text};
use imagebake_macros::Config;

/// Where the machine's screen and keyboard are reached: it is how a boot command is typed.
#[derive(Clone, Debug, Config)]
#[config(prefix = "vnc_", constructors(new))]
pub struct Vnc {
    /// No screen is offered, and nothing can be typed.
    #[field(template = "disable_vnc", unkeyed)]
    pub(crate) disable: bool,
    /// The builder's address that it listens on; `127.0.0.1` without.
    #[field(template = "vnc_bind_address", unkeyed)]
    pub(crate) bind_address: Option<Text>,
    /// The first port that may be used; 5900 without.
    #[field(template = "vnc_port_min", unkeyed)]
    pub(crate) port_min: Option<u16>,
    /// The last port that may be used; 6000 without.
    #[field(template = "vnc_port_max", unkeyed)]
    pub(crate) port_max: Option<u16>,
    at: Places,
}

impl Vnc {
    /// As the platform does it.
    #[track_caller]
    pub fn new() -> Self {
        Self::defaults()
    }

    /// Whether no screen is offered.
    pub fn is_disabled(&self) -> bool {
        self.disable
    }

    /// Finds what is wrong with the settings. Sources call it from their own check.
    pub fn check_all(&self, problems: &mut Diagnostics) {
        problems.check_range(
            ("vnc_port_min", self.port_min.unwrap_or(5900)),
            ("vnc_port_max", self.port_max.unwrap_or(6000)),
        );
    }
}
