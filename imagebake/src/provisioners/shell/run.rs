//! How `shell` runs: bring the script in, run it, take it away.

use super::config::Shell;
use crate::{
    communicator::{Command, Exit, FileAttrs, GuestSystem, Remote, Script, remote_quote},
    engine::{Backoff, Cx, random_id, wait_until},
    error::{CommandFailure, Context, Error, ErrorKind, Result},
    provisioner::Provisioner,
    provisioners::script::{InlineScript, assignments, interpreter_of},
    value::{GuestPath, Template, Vars},
};
use bytes::Bytes;
use std::{future::Future, time::Duration};
use zeroize::Zeroizing;

impl Provisioner for Shell {
    async fn provision(&self, cx: &Cx, guest: &Remote) -> Result<()> {
        if guest.system() != GuestSystem::Unix {
            return Err(
                Error::new(ErrorKind::Unsupported, "`shell` is for guests with a POSIX shell")
                    .hint("leave the step out for this source with `.except([…])`"),
            );
        }
        let env = self.environment(cx)?;
        if !self.inline.is_empty() {
            self.run_inline(cx, guest, &env).await?;
        }
        for script in self.all_scripts() {
            let path = cx.input_path(script);
            let bytes = tokio::fs::read(&path).await.path("read the script", &path)?;
            let bytes = if self.binary { bytes } else { with_unix_ends(bytes) };
            let interpreter = interpreter_of(&bytes).unwrap_or_else(|| words(&self.inline_shebang.to_string()));
            let at = self.path_in_guest();
            let ready = Ready { at, bytes, interpreter };
            let exit = self.run_script(cx, guest, &env, ready).await?;
            if !self.accepts(exit) {
                let message = format!("the script `{script}` ended with exit code {}", exit.code());
                return Err(Error::new(ErrorKind::CommandFailed, message)
                    .command(CommandFailure::new(script.to_string(), Some(exit.code())))
                    .hint("accept the code with `valid_exit_codes`, or mend the script"));
            }
        }
        match self.pause_after {
            Some(pause) => cx.pause(pause).await,
            None => Ok(()),
        }
    }
}

/// The variables of the scripts, and which of them are secret.
struct Environment {
    all: Vec<(String, Zeroizing<String>)>,
    secrets: Vec<String>,
}

impl Environment {
    /// A file for a shell to read.
    fn file(&self) -> String {
        self.all
            .iter()
            .map(|(name, value)| format!("export {name}={}\n", remote_quote(value)))
            .collect()
    }

    fn pairs(&self) -> Vec<(String, String)> {
        let pair = |(name, value): &(String, Zeroizing<String>)| (name.clone(), value.to_string());
        self.all.iter().map(pair).collect()
    }
}

/// A script, where it goes in the guest, and what runs it there.
struct Ready {
    at: GuestPath,
    bytes: Vec<u8>,
    interpreter: Vec<String>,
}

/// Whether the machine went away meanwhile.
enum Back {
    WasThere,
    Again,
}

impl Shell {
    fn environment(&self, cx: &Cx) -> Result<Environment> {
        let mut all: Vec<_> = cx
            .script_env()
            .into_iter()
            .map(|(name, value)| (name, Zeroizing::new(value)))
            .collect();
        let variables = self.variables.all();
        let secrets = variables.iter().filter(|(_, value)| value.is_secret());
        let secrets = secrets.map(|(name, _)| name.clone()).collect();
        for (name, value) in variables {
            let value = cx.render(&value)?;
            all.push((name, value));
        }
        Ok(Environment { all, secrets })
    }

    fn accepts(&self, exit: Exit) -> bool {
        self.valid_exit_codes.contains(&exit.code())
    }

    fn path_in_guest(&self) -> GuestPath {
        match (&self.remote_path, &self.remote_file) {
            (Some(path), _) => path.clone(),
            (None, Some(name)) => self.remote_folder.join(&name.to_string()),
            (None, None) => self.remote_folder.join(&format!("imagebake-{}.sh", random_id())),
        }
    }

    async fn run_inline(&self, cx: &Cx, guest: &Remote, env: &Environment) -> Result<()> {
        let render = |command: &Template| cx.render(command).map(|text| text.to_string());
        let commands = self.inline.iter().map(render).collect::<Result<Vec<_>>>()?;
        let script = InlineScript::new(&self.inline_shebang.reveal()?, commands);
        let at = self.path_in_guest();
        let note = GuestPath::from(format!("{at}.failed-at"));
        let bytes = script.text(note.as_str()).into_bytes();
        let interpreter = script.interpreter();
        let ready = Ready { at, bytes, interpreter };
        let exit = self.run_script(cx, guest, env, ready).await?;
        if self.accepts(exit) {
            if script.is_numbered() && !exit.success() {
                self.clean(cx, guest, &[&note]).await;
            }
            return Ok(());
        }
        let mut noted = Vec::new();
        if script.is_numbered() {
            // The machine may be gone with the script: then there is no note, and the failure is the same.
            let _ = guest.download(&note, &mut noted).await;
            self.clean(cx, guest, &[&note]).await;
        }
        Err(script.failure(exit.code(), std::str::from_utf8(&noted).ok()))
    }

    /// Brings a script into the guest, runs it and takes it away.
    async fn run_script(&self, cx: &Cx, guest: &Remote, env: &Environment, script: Ready) -> Result<Exit> {
        if self.is_plain() {
            return self.run_at_once(cx, guest, env, script).await;
        }
        let Ready { at, bytes, interpreter } = script;
        let at = &at;
        let bytes = Bytes::from(bytes);
        self.until_it_reaches(cx, || async {
            guest.write(at, bytes.clone(), &FileAttrs::mode(0o700)).await.map(Some)
        })
        .await?;
        let (mut command, env_file) = self.command(cx, guest, env, at, interpreter).await?;
        if let Some(user) = &self.user {
            // The files are the communicator's until now, and the user has to read them. There is a wrapper only beside some.
            let wrapper = wrapper(at);
            let mut line = format!("chown {} {}", guest.quote(user), guest.quote(at.as_str()));
            if let Some(file) = &env_file {
                let (user, wrapper) = (guest.quote(user), guest.quote(wrapper.as_str()));
                line.push_str(&format!(" {}", guest.quote(file.as_str())));
                line.push_str(&format!(" && {{ [ ! -e {wrapper} ] || chown {user} {wrapper}; }}"));
            }
            if let Err(error) = guest.sh(&line).await {
                if let Some(file) = &env_file {
                    // That the user is unknown is the reason; what is left goes with the machine.
                    let _ = remove_variables(guest, file, at).await;
                }
                return Err(error);
            }
        }
        command.user = self.user.clone();
        let ended = guest.exec(command).await;
        if let Some(file) = &env_file {
            let removed = remove_variables(guest, file, at).await;
            if ended.is_ok() {
                removed?;
            }
        }
        let (exit, back) = self.or_back_again(cx, guest, ended).await?;
        if let (Back::Again, Some(file)) = (back, &env_file) {
            // It could not be removed while the machine was away.
            remove_variables(guest, file, at).await?;
        }
        self.clean(cx, guest, &[at]).await;
        Ok(exit)
    }

    /// Whether nothing is said of how the script is run: then bringing it in, running it and taking it away may be one.
    fn is_plain(&self) -> bool {
        self.execute_command.is_none() && !self.use_env_var_file && self.user.is_none()
    }

    async fn run_at_once(
        &self,
        cx: &Cx,
        guest: &Remote,
        env: &Environment,
        Ready { at, bytes, interpreter }: Ready,
    ) -> Result<Exit> {
        let at = &at;
        let script = Script::new(at.clone(), bytes).stays(self.skip_clean);
        let command = self.plain_command(env, at, interpreter);
        let ran = self
            .until_it_reaches(cx, || async {
                guest.run_script(&script, command.clone()).await.map(Some)
            })
            .await?;
        if let Err(error) = ran.removed {
            stays(cx, &error);
        }
        let (exit, back) = self.or_back_again(cx, guest, ran.exit).await?;
        if let Back::Again = back {
            self.clean(cx, guest, &[at]).await;
        }
        Ok(exit)
    }

    async fn until_it_reaches<T, F: Future<Output = Result<Option<T>>>>(
        &self,
        cx: &Cx,
        bring: impl FnMut() -> F,
    ) -> Result<T> {
        let pauses = Backoff::new(Duration::from_millis(200), Duration::from_secs(5));
        wait_until(
            cx,
            "the script to reach the guest",
            self.start_retry_timeout,
            pauses,
            bring,
        )
        .await
    }

    /// How a script ended, the machine being waited for where it was to go away.
    async fn or_back_again(&self, cx: &Cx, guest: &Remote, ended: Result<Exit>) -> Result<(Exit, Back)> {
        match ended {
            Err(error) if self.expect_disconnect && error.kind() == ErrorKind::Unreachable => {
                let why = error.facts().iter().find(|(name, _)| *name == "reason");
                let why = why.map(|(_, why)| format!(" ({why})")).unwrap_or_default();
                cx.say(format!(
                    "the connection ended as expected{why}; waiting for the machine to come back"
                ));
                guest.reconnect(self.start_retry_timeout).await?;
                Ok((Exit::Code(self.valid_exit_codes[0]), Back::Again))
            }
            Err(error) if error.kind() == ErrorKind::Unreachable => {
                Err(error.hint("if the script reboots the machine, say `.expect_disconnect(true)`"))
            }
            ended => ended.map(|exit| (exit, Back::WasThere)),
        }
    }

    /// A script by its interpreter, its variables being the communicator's to hand over.
    fn plain_command(&self, env: &Environment, at: &GuestPath, interpreter: Vec<String>) -> Command {
        let mut command = Command::program(interpreter.into_iter().chain([at.to_string()]));
        command.env = env.pairs();
        command.dir = self.working_dir.clone();
        command
    }

    /// What runs the script that stands at `at`, and the file with its variables where there is one.
    async fn command(
        &self,
        cx: &Cx,
        guest: &Remote,
        env: &Environment,
        at: &GuestPath,
        interpreter: Vec<String>,
    ) -> Result<(Command, Option<GuestPath>)> {
        let custom = self.execute_command.as_ref();
        let names_file = custom.is_some_and(|line| line.to_string().contains("env_var_file"));
        let needs_file = self.use_env_var_file || names_file || (custom.is_some() && !env.secrets.is_empty());
        let env_file = GuestPath::from(format!("{at}.env"));
        let mut path = at.clone();
        if needs_file {
            let text = self.file_of(cx, env)?;
            guest
                .write(&env_file, text.as_bytes().to_vec(), &FileAttrs::mode(0o600))
                .await?;
            if !names_file {
                // A command of the user's own may lose the environment (`sudo`): the script reads it itself.
                path = wrapper(at);
                let run = interpreter
                    .iter()
                    .map(|word| guest.quote(word))
                    .collect::<Vec<_>>()
                    .join(" ");
                let text = format!(
                    "#!/bin/sh\n. {}\nexec {run} {} \"$@\"\n",
                    guest.quote(env_file.as_str()),
                    guest.quote(at.as_str())
                );
                guest.write(&path, text, &FileAttrs::mode(0o700)).await?;
            }
        }
        let mut command = match custom {
            Some(line) => {
                let mut vars = Vars::new();
                vars.insert("path".into(), guest.quote(path.as_str()).into());
                vars.insert("env_var_file".into(), guest.quote(env_file.as_str()).into());
                vars.insert("vars".into(), self.assignments(cx, env)?.as_str().into());
                Command::shell(cx.render_with(line, vars)?.as_str())
            }
            None if needs_file => Command::program(["/bin/sh", path.as_str()]),
            None => self.plain_command(env, at, interpreter),
        };
        if !needs_file {
            command.env = env.pairs();
        }
        command.dir = self.working_dir.clone();
        Ok((command, needs_file.then_some(env_file)))
    }

    /// `{{ vars }}`: the variables as a shell writes them before a command; never secret ones.
    fn assignments(&self, cx: &Cx, env: &Environment) -> Result<Zeroizing<String>> {
        let open = env.all.iter().filter(|(name, _)| !env.secrets.contains(name));
        let open = open.map(|(name, value)| (name.as_str(), value.as_str()));
        assignments(cx, &self.env_var_format, open)
    }

    /// The file that a shell reads the variables from: exported, unless a format of the user's own says how.
    fn file_of(&self, cx: &Cx, env: &Environment) -> Result<Zeroizing<String>> {
        if !self.has_env_var_format() {
            return Ok(env.file().into());
        }
        let mut text = Zeroizing::new(String::new());
        for (name, value) in &env.all {
            text.push_str(&assignments(
                cx,
                &self.env_var_format,
                [(name.as_str(), value.as_str())],
            )?);
            text.push('\n');
        }
        Ok(text)
    }

    /// Takes scripts away, unless they are to stay. One that stays is no reason to fail, but nobody should have to find it.
    async fn clean(&self, cx: &Cx, guest: &Remote, files: &[&GuestPath]) {
        if self.skip_clean {
            return;
        }
        let files: Vec<GuestPath> = files.iter().map(|file| (*file).clone()).collect();
        if let Err(error) = guest.remove(&files).await {
            stays(cx, &error);
        }
    }
}

/// Warns of a script that could not be removed.
fn stays(cx: &Cx, error: &Error) {
    if !is_gone(error) {
        cx.warn(format!("the script stays in the guest: {}", error.full()));
    }
}

/// A machine that is gone, or a build that ends, has no files left to remove.
fn is_gone(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Unreachable | ErrorKind::Cancelled)
}

/// Takes the file with the variables away, whatever `skip_clean` says of scripts: it may hold secrets, and would be in the image.
async fn remove_variables(guest: &Remote, file: &GuestPath, at: &GuestPath) -> Result<()> {
    match guest.remove(&[file.clone(), wrapper(at)]).await {
        Err(error) if !is_gone(&error) => {
            Err(error.hint("the file holds the step's variables, secret ones too, and would be in the image"))
        }
        _ => Ok(()),
    }
}

fn wrapper(at: &GuestPath) -> GuestPath {
    GuestPath::from(format!("{at}.run"))
}

fn words(shebang: &str) -> Vec<String> {
    shebang
        .trim_start_matches("#!")
        .split_whitespace()
        .map(str::to_owned)
        .collect()
}

fn with_unix_ends(bytes: Vec<u8>) -> Vec<u8> {
    match memchr::memchr(b'\r', &bytes) {
        None => bytes,
        Some(_) => {
            let mut out = Vec::with_capacity(bytes.len());
            for (i, byte) in bytes.iter().enumerate() {
                if *byte != b'\r' || bytes.get(i + 1) != Some(&b'\n') {
                    out.push(*byte);
                }
            }
            out
        }
    }
}
