//! The settings of `shell`.

use crate::{
    describe::Component,
    field::Places,
    plan::{Diagnostic, Diagnostics},
    provisioners::script_variables::ScriptVariables,
    value::{GuestPath, HostPath, Template, Text},
};
use imagebake_macros::Config;
use std::time::Duration;

/// Runs commands or scripts in the machine.
///
/// Scripts see the build's facts as variables: `PACKER_BUILD_NAME`, `PACKER_BUILDER_TYPE`, `IMAGEBAKE_IMAGE`, and so on. Variables are
/// handed over by the communicator, or by a file that only the user can read where `execute_command` needs them: a secret is
/// never on a command line.
///
/// ```
/// use imagebake::prelude::*;
///
/// let install = Shell::inline(["apt-get update", "apt-get install -y nginx"])
///     .env("DEBIAN_FRONTEND", "noninteractive")
///     .env("TOKEN", Secret::env("REPO_TOKEN"));
/// let image = Image::new().source(Null::local()).provision(install.max_retries(2));
/// ```
#[derive(Clone, Debug, Config)]
#[config(constructors(inline(inline), script(script), scripts(scripts)))]
pub struct Shell {
    /// Commands, run one after another in one script; the first that fails ends it.
    #[field(private, rename = "with_inline", template = "inline")]
    pub(super) inline: Vec<Template>,
    /// One script on the builder.
    #[field(private, rename = "with_script", path, template = "script")]
    script: Option<HostPath>,
    /// Scripts on the builder, run one after another.
    #[field(private, rename = "with_scripts", path, template = "scripts")]
    scripts: Vec<HostPath>,
    /// The interpreter of an inline script, and of a script without a first line that names one.
    #[field(default = "/bin/sh -e", template = "inline_shebang")]
    pub(super) inline_shebang: Text,
    #[field(flatten)]
    pub(super) variables: ScriptVariables,
    /// How `{{ vars }}` writes each variable, and each line of the file with the variables; the file exports them without.
    #[field(
        default = "{{ name }}='{{ value }}' ",
        template = "env_var_format",
        facts("name", "value")
    )]
    pub(super) env_var_format: Template,
    /// The line that runs each script, with `{{ path }}` for its path in the guest, `{{ vars }}` for the variables as assignments and
    /// `{{ env_var_file }}` for a file that exports them. Without it a script is run by its interpreter.
    #[field(template = "execute_command", facts("path", "vars", "env_var_file"))]
    pub(super) execute_command: Option<Template>,
    /// Hands the variables over in a file that is read before the script.
    #[field(template = "use_env_var_file")]
    pub(super) use_env_var_file: bool,
    /// Leaves line ends as they are; otherwise those of Windows become those of Unix.
    #[field(template = "binary")]
    pub(super) binary: bool,
    /// Exit codes that count as success.
    #[field(default = [0], template = "valid_exit_codes")]
    pub(super) valid_exit_codes: Vec<i32>,
    /// The folder for scripts in the guest.
    #[field(default = "/tmp", template = "remote_folder")]
    pub(super) remote_folder: GuestPath,
    /// The name of the script in the guest; one that nobody has without.
    #[field(template = "remote_file")]
    pub(super) remote_file: Option<Text>,
    /// The path of the script in the guest, instead of folder and name.
    #[field(template = "remote_path")]
    pub(super) remote_path: Option<GuestPath>,
    /// The script may end the connection (a reboot): the next step waits until the machine is back.
    #[field(template = "expect_disconnect")]
    pub(super) expect_disconnect: bool,
    /// Leaves the scripts in the guest.
    #[field(template = "skip_clean")]
    pub(super) skip_clean: bool,
    /// Waits this long after the scripts.
    #[field(template = "pause_after")]
    pub(super) pause_after: Option<Duration>,
    /// How long to try to bring a script into the guest, and to wait for one that comes back.
    #[field(default = Duration::from_secs(300), template = "start_retry_timeout")]
    pub(super) start_retry_timeout: Duration,
    /// The user that runs the scripts; the communicator's own without.
    pub(super) user: Option<String>,
    /// The folder in the guest that scripts start in; the communicator's own without.
    pub(super) working_dir: Option<GuestPath>,
    at: Places,
}

impl Shell {
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

impl Shell {
    pub(super) fn has_env_var_format(&self) -> bool {
        self.at.get("env_var_format").is_some()
    }

    pub(super) fn all_scripts(&self) -> impl Iterator<Item = &HostPath> {
        self.script.iter().chain(&self.scripts)
    }
}

impl Component for Shell {
    const KIND: &'static str = "shell";

    fn check(&self, problems: &mut Diagnostics) {
        if self.inline.is_empty() && self.all_scripts().next().is_none() {
            let empty = Diagnostic::error("empty", "there is nothing to run").field("inline");
            problems.push(empty.help("give at least one command or script"));
        }
        if self.valid_exit_codes.is_empty() {
            problems.error("valid_exit_codes", "empty", "no exit code would count as success");
        }
        if self.remote_path.is_some() && self.remote_file.is_some() {
            problems.error("remote_file", "contradiction", "`remote_path` names the file already");
        }
        self.variables.check_all(problems);
    }
}
