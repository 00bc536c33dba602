//! What both ways to run Puppet have.

use crate::{field::Places, plan::Diagnostics};
use imagebake_macros::Config;

/// How Puppet is called.
#[derive(Clone, Debug, Config)]
#[config(flatten)]
pub struct Call {
    /// Goes on whatever Puppet says; otherwise 0 and 2 are success.
    #[field(template = "ignore_exit_codes")]
    ignore_exit_codes: bool,
    /// Runs without `sudo`.
    #[field(template = "prevent_sudo")]
    prevent_sudo: bool,
    /// The folder of the program in the machine.
    #[field(template = "puppet_bin_dir")]
    puppet_bin_dir: Option<crate::value::GuestPath>,
    at: Places,
}

/// Where in the machine it is called, and as whom.
#[derive(Clone, Debug, Config)]
#[config(flatten)]
pub struct Surroundings {
    /// Removes the folder for what is copied afterwards.
    #[field(template = "clean_staging_directory")]
    clean_staging_directory: bool,
    /// The folder that Puppet starts in; the staging folder without.
    #[field(template = "working_directory")]
    working_directory: Option<crate::value::GuestPath>,
    /// `unix` or `windows`; from the communicator without.
    #[field(template = "guest_os_type")]
    guest_os_type: Option<crate::value::Text>,
    #[field(flatten)]
    elevated: crate::provisioners::elevated::Elevated,
    at: Places,
}

impl Surroundings {
    pub(super) fn check_all(&self, problems: &mut Diagnostics) {
        problems.check_word("guest_os_type", self.guest_os_type.as_ref(), &["unix", "windows"]);
        self.elevated.check_all(problems);
    }
}
