//! The settings of `powershell`.

use crate::provisioners::script_variables::ScriptVariables;
use crate::{
    describe::Component,
    field::Places,
    plan::Diagnostics,
    provisioner::unwritten_provisioner,
    provisioners::elevated::Elevated,
    value::{GuestPath, HostPath, Template, Text},
};
use imagebake_macros::Config;
use std::time::Duration;

/// Runs PowerShell in a Windows machine: commands, or scripts of the builder.
///
/// Variables are handed over in a file of their own. With `elevated_user` the script runs as a scheduled task of that user, which has
/// rights that a remote session lacks (Windows Update, some installers).
///
/// ```
/// use imagebake::prelude::*;
///
/// let features = Powershell::inline(["Install-WindowsFeature -Name Web-Server"]).env("ENVIRONMENT", "build");
/// let image = Image::new().source(Null::local()).provision(features.max_retries(2));
/// ```
#[derive(Clone, Debug, Config)]
#[config(constructors(inline(inline), script(script), scripts(scripts)))]
pub struct Powershell {
    /// Commands, run one after another in one script.
    #[field(private, rename = "with_inline", template = "inline")]
    inline: Vec<Template>,
    /// One script on the builder.
    #[field(private, rename = "with_script", path, template = "script")]
    script: Option<HostPath>,
    /// Scripts on the builder, run one after another.
    #[field(private, rename = "with_scripts", path, template = "scripts")]
    scripts: Vec<HostPath>,
    #[field(flatten)]
    variables: ScriptVariables,
    /// How `{{ vars }}` writes each variable; `$env:{{ name }}="{{ value }}"; ` without.
    #[field(template = "env_var_format", facts("name", "value"))]
    env_var_format: Option<Template>,
    /// The same for scripts of `elevated_user`.
    #[field(template = "elevated_env_var_format", facts("name", "value"))]
    elevated_env_var_format: Option<Template>,
    /// The command that runs each script, with `{{ path }}` for its path in the guest and `{{ vars }}` for the file with the variables.
    #[field(template = "execute_command", facts("path", "vars"))]
    execute_command: Option<Template>,
    /// The same for scripts of `elevated_user`.
    #[field(template = "elevated_execute_command", facts("path", "vars"))]
    elevated_execute_command: Option<Template>,
    #[field(flatten)]
    elevated: Elevated,
    /// What scripts may run meanwhile: `bypass` without; `none` leaves the machine's own policy alone.
    #[field(template = "execution_policy")]
    execution_policy: Option<Text>,
    /// Runs `pwsh`, which is PowerShell 7, instead of Windows PowerShell.
    #[field(template = "use_pwsh")]
    use_pwsh: bool,
    /// Traces the scripts: 0 is off, 1 each line, 2 also assignments.
    #[field(template = "debug_mode")]
    debug_mode: Option<u32>,
    /// Exit codes that count as success.
    #[field(default = [0], template = "valid_exit_codes")]
    valid_exit_codes: Vec<i64>,
    /// Leaves line ends as they are.
    #[field(template = "binary")]
    binary: bool,
    /// The script's path in the guest; a name that nobody has, in `C:/Windows/Temp`, without.
    #[field(template = "remote_path")]
    remote_path: Option<GuestPath>,
    /// The path of the file with the variables.
    #[field(template = "remote_env_var_path")]
    remote_env_var_path: Option<GuestPath>,
    /// Leaves scripts and variables in the guest.
    #[field(template = "skip_clean")]
    skip_clean: bool,
    /// How long a script is tried to be started; machines may restart.
    #[field(default = Duration::from_secs(300), template = "start_retry_timeout")]
    start_retry_timeout: Duration,
    /// Waits this long after the scripts.
    #[field(template = "pause_after")]
    pause_after: Option<Duration>,
    at: Places,
}

impl Powershell {
    /// Commands, run one after another in one script.
    #[track_caller]
    pub fn inline(commands: impl IntoIterator<Item: Into<Template>>) -> Self {
        Self::defaults().with_inline(commands)
    }

    /// A script on the builder; relative to the folder of the image's crate.
    #[track_caller]
    pub fn script(path: impl Into<HostPath>) -> Self {
        Self::defaults().with_script(path)
    }

    /// Several scripts on the builder.
    #[track_caller]
    pub fn scripts(paths: impl IntoIterator<Item: Into<HostPath>>) -> Self {
        Self::defaults().with_scripts(paths)
    }
}

const POLICIES: &[&str] = &[
    "none",
    "bypass",
    "allsigned",
    "default",
    "remotesigned",
    "restricted",
    "undefined",
    "unrestricted",
];

impl Component for Powershell {
    const KIND: &'static str = "powershell";

    fn check(&self, problems: &mut Diagnostics) {
        problems.check_any(&[
            ("inline", !self.inline.is_empty()),
            ("script", self.script.is_some()),
            ("scripts", !self.scripts.is_empty()),
        ]);
        self.elevated.check_all(problems);
        problems.check_word("execution_policy", self.execution_policy.as_ref(), POLICIES);
        if self.debug_mode.is_some_and(|mode| mode > 2) {
            problems.error(
                "debug_mode",
                "out-of-range",
                "the trace is 0 (off), 1 (lines) or 2 (lines and assignments)",
            );
        }
        if self.valid_exit_codes.is_empty() {
            problems.error("valid_exit_codes", "empty", "no exit code would count as success");
        }
        self.variables.check_all(problems);
    }
}

unwritten_provisioner!(Powershell);
