//! The settings of `shell-local`.

use crate::{
    describe::Component,
    field::Places,
    plan::Diagnostics,
    provisioners::script_variables::ScriptVariables,
    value::{HostPath, Template, Text},
};
use imagebake_macros::Config;

/// Runs commands or scripts on the builder.
///
/// Scripts see the build's facts as variables: `PACKER_BUILD_NAME`, `PACKER_BUILDER_TYPE`, `IMAGEBAKE_IMAGE`, `IMAGEBAKE_SOURCE`, and
/// so on. Secrets among the variables are handed over in the environment, never on a command line.
///
/// ```
/// use imagebake::prelude::*;
///
/// let greet = ShellLocal::inline(["echo hello from $IMAGEBAKE_SOURCE"]).env("LANG", "C");
/// let image = Image::new().source(Null::none()).provision(greet);
/// ```
#[derive(Clone, Debug, Config)]
#[config(constructors(inline(inline), script(script), scripts(scripts), command(command)))]
pub struct ShellLocal {
    /// Commands, run one after another in one script; the first that fails ends it.
    #[field(private, rename = "with_inline", template = "inline")]
    inline: Vec<Template>,
    /// One command: templates' older way to say `inline`.
    #[field(private, rename = "with_command", template = "command")]
    command: Option<Template>,
    /// One script on the builder.
    #[field(private, rename = "with_script", path, template = "script")]
    script: Option<HostPath>,
    /// Scripts on the builder, run one after another.
    #[field(private, rename = "with_scripts", path, template = "scripts")]
    scripts: Vec<HostPath>,
    /// The interpreter of an inline script.
    #[field(default = "/bin/sh -e", template = "inline_shebang")]
    inline_shebang: Text,
    #[field(flatten)]
    variables: ScriptVariables,
    /// How `{{ vars }}` writes each variable: `{{ name }}='{{ value }}' ` without.
    #[field(template = "env_var_format", facts("name", "value"))]
    env_var_format: Option<Template>,
    /// The program and arguments that run each script, with `{{ script }}` for its path and `{{ vars }}` for the variables as
    /// shell assignments. Without it a script is run by its interpreter.
    #[field(template = "execute_command", facts("script", "vars"))]
    execute_command: Vec<Template>,
    /// Exit codes that count as success.
    #[field(default = [0], template = "valid_exit_codes")]
    valid_exit_codes: Vec<i32>,
    /// Only on builders of these systems (`linux`, `macos`, `windows`); elsewhere nothing runs.
    #[field(template = "only_on")]
    only_on: Vec<Text>,
    /// What the temporary file of an inline script ends in.
    #[field(template = "tempfile_extension")]
    tempfile_extension: Option<Text>,
    /// How paths are written for a POSIX shell on Windows.
    #[field(
        private,
        superseded = "builders are Unix systems, whose paths need no translation",
        template = "use_linux_pathing"
    )]
    use_linux_pathing: bool,
    /// The folder that scripts start in; the image's own without.
    working_dir: Option<HostPath>,
    at: Places,
}

impl ShellLocal {
    /// Commands, run one after another in one script.
    #[track_caller]
    pub fn inline(commands: impl IntoIterator<Item: Into<Template>>) -> Self {
        Self::defaults().with_inline(commands)
    }

    /// A script on the builder.
    #[track_caller]
    pub fn script(path: impl Into<HostPath>) -> Self {
        Self::defaults().with_script(path)
    }

    /// Several scripts on the builder.
    #[track_caller]
    pub fn scripts(paths: impl IntoIterator<Item: Into<HostPath>>) -> Self {
        Self::defaults().with_scripts(paths)
    }

    /// One command, as older templates write it: `inline` is the same for several.
    #[track_caller]
    pub fn command(command: impl Into<Template>) -> Self {
        Self::defaults().with_command(command)
    }

    pub(super) fn parts(&self) -> Parts<'_> {
        Parts {
            inline: self.inline.iter().chain(&self.command).collect(),
            scripts: self.script.iter().chain(&self.scripts).collect(),
            shebang: &self.inline_shebang,
            env: self.variables.all(),
            env_var_format: self.env_var_format.as_ref(),
            execute_command: &self.execute_command,
            valid_exit_codes: &self.valid_exit_codes,
            only_on: &self.only_on,
            extension: self.tempfile_extension.as_ref(),
            working_dir: self.working_dir.as_ref(),
        }
    }
}

/// The settings as `run.rs` reads them.
pub(super) struct Parts<'a> {
    pub(super) inline: Vec<&'a Template>,
    pub(super) scripts: Vec<&'a HostPath>,
    pub(super) shebang: &'a Text,
    pub(super) env: Vec<(String, Template)>,
    pub(super) env_var_format: Option<&'a Template>,
    pub(super) execute_command: &'a [Template],
    pub(super) valid_exit_codes: &'a [i32],
    pub(super) only_on: &'a [Text],
    pub(super) extension: Option<&'a Text>,
    pub(super) working_dir: Option<&'a HostPath>,
}

impl Component for ShellLocal {
    const KIND: &'static str = "shell-local";

    fn check(&self, problems: &mut Diagnostics) {
        if self.parts().inline.is_empty() && self.parts().scripts.is_empty() {
            let problem = problems.error("inline", "empty", "there is nothing to run");
            *problem = problem.clone().help("give at least one command or script");
        }
        if self.valid_exit_codes.is_empty() {
            problems.error("valid_exit_codes", "empty", "no exit code would count as success");
        }
        self.variables.check_all(problems);
        let systems = ["linux", "macos", "windows", "freebsd", "openbsd", "netbsd", "darwin"];
        for system in self
            .only_on
            .iter()
            .map(Text::to_string)
            .filter(|name| !systems.contains(&name.as_str()))
        {
            let message = format!("`{system}` is not a system: {}", systems.join(", "));
            problems.error("only_on", "unknown-system", message);
        }
    }
}
