//! The settings of `windows-shell`.

use crate::provisioners::script_variables::ScriptVariables;
use crate::{
    describe::Component,
    field::Places,
    plan::Diagnostics,
    provisioner::unwritten_provisioner,
    value::{GuestPath, HostPath, Template},
};
use imagebake_macros::Config;
use std::time::Duration;

/// Runs commands or batch scripts with `cmd` in a Windows machine.
///
/// ```
/// use imagebake::prelude::*;
///
/// let clean = WindowsShell::inline(["del /q C:\\Windows\\Temp\\*"]);
/// let image = Image::new().source(Null::local()).provision(clean);
/// ```
#[derive(Clone, Debug, Config)]
#[config(constructors(inline(inline), script(script), scripts(scripts)))]
pub struct WindowsShell {
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
    /// How `{{ vars }}` writes each variable; `set "{{ name }}={{ value }}" && ` without.
    #[field(template = "env_var_format", facts("name", "value"))]
    env_var_format: Option<Template>,
    /// The command that runs each script; `{{ vars }}"{{ path }}"` without.
    #[field(template = "execute_command", facts("path", "vars"))]
    execute_command: Option<Template>,
    /// Exit codes that count as success.
    #[field(default = [0], template = "valid_exit_codes")]
    valid_exit_codes: Vec<i64>,
    /// Leaves line ends as they are; otherwise they become those of Windows.
    #[field(template = "binary")]
    binary: bool,
    /// The script's path in the guest.
    #[field(default = "c:/Windows/Temp/script.bat", template = "remote_path")]
    remote_path: GuestPath,
    /// How long a script is tried to be started; machines may restart.
    #[field(default = Duration::from_secs(300), template = "start_retry_timeout")]
    start_retry_timeout: Duration,
    at: Places,
}

impl WindowsShell {
    /// Commands, run one after another in one script.
    #[track_caller]
    pub fn inline(commands: impl IntoIterator<Item: Into<Template>>) -> Self {
        Self::defaults().with_inline(commands)
    }

    /// A batch script on the builder; relative to the folder of the image's crate.
    #[track_caller]
    pub fn script(path: impl Into<HostPath>) -> Self {
        Self::defaults().with_script(path)
    }

    /// Several batch scripts on the builder.
    #[track_caller]
    pub fn scripts(paths: impl IntoIterator<Item: Into<HostPath>>) -> Self {
        Self::defaults().with_scripts(paths)
    }
}

impl Component for WindowsShell {
    const KIND: &'static str = "windows-shell";

    fn check(&self, problems: &mut Diagnostics) {
        problems.check_any(&[
            ("inline", !self.inline.is_empty()),
            ("script", self.script.is_some()),
            ("scripts", !self.scripts.is_empty()),
        ]);
        if self.valid_exit_codes.is_empty() {
            problems.error("valid_exit_codes", "empty", "no exit code would count as success");
        }
        self.variables.check_all(problems);
    }
}

unwritten_provisioner!(WindowsShell);
