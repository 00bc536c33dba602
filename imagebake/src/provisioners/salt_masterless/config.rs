//! The settings of `salt-masterless`.

use crate::{
    describe::Component,
    field::Places,
    plan::Diagnostics,
    provisioner::unwritten_provisioner,
    value::{GuestPath, HostPath, Text},
};
use imagebake_macros::Config;

/// Applies Salt states in the machine, without a master.
///
/// ```
/// use imagebake::prelude::*;
///
/// let states = SaltMasterless::state_tree("salt/roots").local_pillar_roots("salt/pillar");
/// let image = Image::new().source(Null::local()).provision(states);
/// ```
#[derive(Clone, Debug, Config)]
#[config(constructors(state_tree(local_state_tree)))]
pub struct SaltMasterless {
    /// The tree of states on the builder, which is copied.
    #[field(required, rename = "with_state_tree", path, template = "local_state_tree")]
    local_state_tree: HostPath,
    /// The pillars on the builder, which are copied.
    #[field(path, template = "local_pillar_roots")]
    local_pillar_roots: Option<HostPath>,
    /// Where the states go in the machine; `/srv/salt` without.
    #[field(template = "remote_state_tree")]
    remote_state_tree: Option<GuestPath>,
    /// Where the pillars go; `/srv/pillar` without.
    #[field(template = "remote_pillar_roots")]
    remote_pillar_roots: Option<GuestPath>,
    /// The state to apply instead of the highstate.
    #[field(template = "custom_state")]
    custom_state: Option<Text>,
    /// The minion's configuration on the builder.
    #[field(path, template = "minion_config")]
    minion_config: Option<HostPath>,
    /// A file of grains on the builder.
    #[field(path, template = "grains_file")]
    grains_file: Option<HostPath>,
    /// Formulas to fetch: `git::https://github.com/saltstack-formulas/nginx-formula.git//nginx`.
    #[field(template = "formulas")]
    formulas: Vec<Text>,
    /// Salt is there already.
    #[field(template = "skip_bootstrap")]
    skip_bootstrap: bool,
    /// Arguments of Salt's bootstrap script.
    #[field(template = "bootstrap_args")]
    bootstrap_args: Option<Text>,
    /// Runs without `sudo`.
    #[field(template = "disable_sudo")]
    disable_sudo: bool,
    /// The machine's folder for configuration on its way; `/tmp/salt` without.
    #[field(template = "temp_config_dir")]
    temp_config_dir: Option<GuestPath>,
    /// Goes on when a state fails.
    #[field(template = "no_exit_on_failure")]
    no_exit_on_failure: bool,
    /// How much Salt tells: `info` without.
    #[field(template = "log_level")]
    log_level: Option<Text>,
    /// More arguments of `salt-call`.
    #[field(template = "salt_call_args")]
    salt_call_args: Option<Text>,
    /// The folder of the program in the machine.
    #[field(template = "salt_bin_dir")]
    salt_bin_dir: Option<GuestPath>,
    /// `unix` or `windows`; `unix` without.
    #[field(template = "guest_os_type")]
    guest_os_type: Option<Text>,
    at: Places,
}

impl SaltMasterless {
    /// The states under `tree` on the builder.
    #[track_caller]
    pub fn state_tree(tree: impl Into<HostPath>) -> Self {
        Self::defaults().with_state_tree(tree)
    }
}

impl Component for SaltMasterless {
    const KIND: &'static str = "salt-masterless";

    fn check(&self, problems: &mut Diagnostics) {
        if self.local_state_tree.as_path().as_os_str().is_empty() {
            problems.error("local_state_tree", "empty", "the tree of states needs a path");
        }
        problems.check_word("guest_os_type", self.guest_os_type.as_ref(), &["unix", "windows"]);
        problems.check_exclusive(&[
            ("minion_config", self.minion_config.is_some()),
            ("remote_state_tree", self.remote_state_tree.is_some()),
        ]);
        problems.check_exclusive(&[
            ("minion_config", self.minion_config.is_some()),
            ("remote_pillar_roots", self.remote_pillar_roots.is_some()),
        ]);
    }
}

unwritten_provisioner!(SaltMasterless);
