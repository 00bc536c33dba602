//! The variables of a script, which every provisioner that runs scripts has.

use super::script::{check_assignments, check_env};
use crate::{field::Places, plan::Diagnostics, value::Template};
use imagebake_macros::Config;

/// Variables of scripts.
#[derive(Clone, Debug, Config)]
#[config(flatten)]
pub struct ScriptVariables {
    /// Variables of the scripts.
    #[field(each = "env", template = "env")]
    envs: Vec<(String, crate::value::Template)>,
    /// More variables, each as `NAME=value`.
    #[field(template = "environment_vars")]
    environment_vars: Vec<crate::value::Template>,
    at: Places,
}

impl ScriptVariables {
    /// All of them, in order.
    pub(super) fn all(&self) -> Vec<(String, Template)> {
        let assigned = self.environment_vars.iter().filter_map(Template::assignment);
        self.envs.iter().cloned().chain(assigned).collect()
    }

    pub(super) fn check_all(&self, problems: &mut Diagnostics) {
        check_env("envs", self.envs.iter().map(|(name, _)| name.as_str()), problems);
        check_assignments("environment_vars", &self.environment_vars, problems);
    }
}
