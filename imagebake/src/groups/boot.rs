//! What is typed at a machine's first screen.

use crate::{
    boot_command::{self, Action},
    field::Places,
    plan::{Diagnostic, Diagnostics},
    value::{HostPath, Template, Text},
};
use imagebake_macros::Config;
use std::time::Duration;

/// The keys that start an installation: typed at the machine's first screen, before anything in it listens.
///
/// Special keys are written `<enter>`, `<esc>`, `<f1>`, `<leftCtrlOn>`; `<wait>` and `<wait10s>` wait. `{{ http_ip }}` and `{{ http_port
/// }}` are where the machine reaches the files of [`Http`](super::Http), `{{ name }}` is the machine's name.
/// `{{ ssh_public_key | urlencode }}` is the key that logs in, where the platform knows it (`qemu` does).
///
/// Instead of a guess at how long something takes, what the machine shows can be waited for:
///
/// ```
/// # use imagebake::groups::Boot;
/// # let _ =
/// Boot::when_serial("grub>")
///     .then("linux /vmlinuz auto url=http://{{ http_ip }}:{{ http_port }}/preseed.cfg<enter>")
///     .wait_for_serial("grub>")
///     .then("boot<enter>")
/// # ;
/// ```
#[derive(Clone, Debug, Config)]
#[config(prefix = "boot_", constructors(keys(command), after(wait), new))]
pub struct Boot {
    /// What is typed, and what is waited for.
    #[field(
        path,
        template = "boot_command",
        facts("http_ip", "http_port", "name", "ssh_public_key")
    )]
    command: Vec<Action>,
    /// How long the machine gets before the first key; 10 s without, or nothing where the command begins with something that it waits for.
    #[field(template = "boot_wait", unkeyed)]
    wait: Option<Duration>,
    /// A pause between groups of keys, for firmware that loses them.
    #[field(template = "boot_keygroup_interval", unkeyed)]
    keygroup_interval: Option<Duration>,
    /// How long each thing that is waited for may take; a minute without.
    #[field(unkeyed)]
    timeout: Option<Duration>,
    at: Places,
}

impl Boot {
    /// How long a machine gets before the first key where nothing is said.
    pub const USUAL_WAIT: Duration = Duration::from_secs(10);

    /// Nothing is typed yet.
    #[track_caller]
    pub fn new() -> Self {
        Self::defaults()
    }

    /// Types `lines`, one after the other.
    #[track_caller]
    pub fn keys(lines: impl IntoIterator<Item: Into<Template>>) -> Self {
        Self::defaults().command(lines.into_iter().map(|line| Action::Keys(line.into())))
    }

    /// Types nothing, and waits only.
    #[track_caller]
    pub fn after(wait: Duration) -> Self {
        Self::defaults().wait(wait)
    }

    /// Begins when the machine has written something on its serial console that `pattern`, a regular expression, matches.
    #[track_caller]
    pub fn when_serial(pattern: impl Into<Text>) -> Self {
        Self::defaults().wait_for_serial(pattern)
    }

    /// Begins when the screen shows something and has not changed for `time`.
    #[track_caller]
    pub fn when_still(time: Duration) -> Self {
        Self::defaults().wait_for_still_screen(time)
    }

    /// Begins when the screen shows the picture in a PNG file, somewhere.
    #[track_caller]
    pub fn when_shown(picture: impl Into<HostPath>) -> Self {
        Self::defaults().wait_for_picture(picture)
    }

    #[track_caller]
    fn with(self, action: Action) -> Self {
        let command: Vec<Action> = self.command.iter().cloned().chain([action]).collect();
        self.command(command)
    }

    /// Then types `keys`.
    #[track_caller]
    #[must_use]
    pub fn then(self, keys: impl Into<Template>) -> Self {
        self.with(Action::Keys(keys.into()))
    }

    /// Then waits until the machine writes something on its serial console that `pattern`, a regular expression, matches. What was written before the
    /// keys in front of it were typed does not count.
    #[track_caller]
    #[must_use]
    pub fn wait_for_serial(self, pattern: impl Into<Text>) -> Self {
        self.with(Action::Serial(pattern.into()))
    }

    /// Then waits until the screen shows something and has not changed for `time`, but for a cursor.
    #[track_caller]
    #[must_use]
    pub fn wait_for_still_screen(self, time: Duration) -> Self {
        self.with(Action::StillScreen(time))
    }

    /// Then waits until the screen shows the picture in a PNG file, somewhere; what is transparent in it may be anything. The bundle of a failed
    /// build has a screenshot to cut it out of.
    #[track_caller]
    #[must_use]
    pub fn wait_for_picture(self, picture: impl Into<HostPath>) -> Self {
        self.with(Action::Picture(picture.into()))
    }

    /// Whether anything is typed.
    pub(crate) fn types(&self) -> bool {
        !self.command.is_empty()
    }

    /// What is done, in order.
    pub fn actions(&self) -> &[Action] {
        &self.command
    }

    /// How long the machine gets before the first key.
    pub fn first_wait(&self) -> Duration {
        let waits = |action: &Action| !matches!(action, Action::Keys(_));
        let without = match self.command.first() {
            Some(first) if waits(first) => Duration::ZERO,
            _ => Self::USUAL_WAIT,
        };
        self.wait.unwrap_or(without)
    }

    /// How long the machine gets before anything is done with it, where that is said.
    pub fn said_wait(&self) -> Option<Duration> {
        self.wait
    }

    /// The pause between groups of keys.
    pub fn between_groups(&self) -> Option<Duration> {
        self.keygroup_interval
    }

    /// How long each thing that is waited for may take.
    pub fn deadline(&self) -> Duration {
        self.timeout.unwrap_or(Duration::from_secs(60))
    }

    /// Finds what is wrong with the settings. Sources call it from their own check.
    pub fn check_all(&self, problems: &mut Diagnostics) {
        let mut texts: Vec<&Template> = Vec::new();
        // Texts between two waits are one command.
        for action in self.command.iter().map(Some).chain([None]) {
            if let Some(Action::Keys(keys)) = action {
                texts.push(keys);
                continue;
            }
            for problem in boot_command::check("boot_command", texts.drain(..)) {
                problems.push(problem);
            }
            if let Some(Action::Serial(pattern)) = action
                && !pattern.is_secret()
                && let Err(error) = regex_lite::Regex::new(&pattern.to_string())
            {
                let message = format!("`{pattern}` is no regular expression: {error}");
                let problem = Diagnostic::error("form", message).field("boot_command");
                problems.push(problem.help("a bracket or a dot that is meant as one has a backslash before it"));
            }
        }
    }
}
