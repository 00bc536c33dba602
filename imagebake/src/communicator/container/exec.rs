//! How commands run: in the open shell where it can, as a program of its own where it must.

use super::{
    ContainerComm, ContainerEngine, Exec,
    shell::{Ended, Shell},
};
use crate::{
    communicator::{
        Command, CommandLine, Exit, OutputSink,
        posix::{MARK, killer, script},
        remote_quote,
    },
    engine::random_id,
    error::{CommandFailure, Error, ErrorKind, Result},
};
use futures_util::StreamExt;
use std::{sync::atomic::Ordering, time::Duration};
use tokio::io::AsyncWriteExt;

/// Input up to this size can stand in what the shell reads.
pub(super) const SMALL: usize = 64 << 10;

impl<E: ContainerEngine> ContainerComm<E> {
    pub(super) async fn run(&self, command: Command, output: OutputSink) -> Result<Exit> {
        let shown = match &command.line {
            CommandLine::Shell(line) => line.clone(),
            CommandLine::Program(words) => words.join(" "),
        };
        if matches!(&command.line, CommandLine::Program(words) if words.is_empty()) {
            return Err(Error::new(ErrorKind::Config, "a command needs a program").hint("name one"));
        }
        let limit = command.timeout;
        let work = self.run_untimed(command, &output);
        let ended = match limit {
            None => work.await,
            Some(limit) => tokio::time::timeout(limit, work).await.unwrap_or_else(|_| {
                Err(
                    Error::new(ErrorKind::Timeout, format!("`{shown}` did not end within {limit:?}"))
                        .command(CommandFailure::new(shown, None))
                        .hint("give it more time, or look why it hangs"),
                )
            }),
        };
        match ended {
            Err(error) if error.kind() != ErrorKind::Timeout => Err(self.explained(error).await),
            ended => ended,
        }
    }

    async fn run_untimed(&self, command: Command, output: &OutputSink) -> Result<Exit> {
        if self.fits_shell(&command)
            && let Some(exit) = self.run_in_shell(&command, output).await?
        {
            return Ok(exit);
        }
        self.run_alone(command, output).await
    }

    fn fits_shell(&self, command: &Command) -> bool {
        let settings = &self.0.settings;
        let input = command.stdin.as_deref().unwrap_or_default();
        let own_user = command.user.is_none() || command.user == settings.user;
        let plain = !settings.windows && !settings.terminal;
        plain && own_user && input.len() <= SMALL && !input.contains(&0)
    }

    /// The command in the open shell; `None` when there is none, or another command has it.
    async fn run_in_shell(&self, command: &Command, output: &OutputSink) -> Result<Option<Exit>> {
        let line = match &command.line {
            CommandLine::Shell(line) => format!("exec /bin/sh -c {}", remote_quote(line)),
            CommandLine::Program(words) => {
                let words: Vec<_> = words.iter().map(|word| remote_quote(word)).collect();
                format!("exec {}", words.join(" "))
            }
        };
        let line = match &command.stdin {
            None => line,
            Some(bytes) => {
                let text = String::from_utf8(bytes.to_vec());
                let Ok(text) = text else { return Ok(None) };
                format!("printf '%s' {} | ( {line} )", remote_quote(&text))
            }
        };
        let mark = random_id();
        let dir = command.dir.as_ref().map(|dir| dir.as_str());
        self.script(&script(&line, &command.env, dir, &mark), &mark, output)
            .await
    }

    /// Lines for the open shell.
    pub(super) async fn script(&self, text: &str, mark: &str, output: &OutputSink) -> Result<Option<Exit>> {
        if self.0.settings.windows || self.0.no_shell.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let Ok(mut place) = self.0.shell.try_lock() else {
            return Ok(None);
        };
        // Taken out while it runs: a future that is dropped leaves no shell with half a command in it.
        let (mut shell, fresh) = match place.take() {
            Some(shell) => (shell, false),
            None => (Shell::open(&self.0.engine, self.0.settings.user.clone()).await?, true),
        };
        let mut abandoned = Abandoned {
            comm: self.clone(),
            user: self.0.settings.user.clone(),
            mark: Some(mark.to_owned()),
        };
        let held_back = fresh.then(OutputSink::channel);
        let ended = match held_back {
            // Where there is no shell the engine says so on the command's own streams: that is not the command's output.
            Some((sink, mut printed)) => {
                let run = async {
                    let ended = shell.run(text, &sink).await;
                    drop(sink);
                    ended
                };
                let forward = async {
                    let mut first = Vec::new();
                    while let Some((stream, bytes)) = printed.recv().await {
                        match first.len() {
                            0 if looks_like_engine(&bytes) => first.push((stream, bytes)),
                            _ => output.send(stream, bytes).await,
                        }
                    }
                    first
                };
                let (ended, first) = tokio::join!(run, forward);
                if matches!(ended, Ok(Ended::Code(_))) {
                    for (stream, bytes) in first {
                        output.send(stream, bytes).await;
                    }
                }
                ended
            }
            None => shell.run(text, output).await,
        };
        abandoned.mark = None;
        match ended? {
            Ended::Code(code) => {
                *place = Some(shell);
                Ok(Some(Exit::Code(code)))
            }
            Ended::Lost => {
                let code = match shell.id() {
                    "" => None,
                    id => self.0.engine.exit_code(id).await?,
                };
                if fresh && matches!(code, Some(126 | 127)) {
                    self.0.no_shell.store(true, Ordering::Relaxed);
                    return Ok(None);
                }
                let condition = self.0.engine.condition().await?;
                match (code, condition) {
                    // The command ended the shell that it ran in, and nothing else.
                    (Some(code), Some(condition)) if condition.running => Ok(Some(Exit::Code(code as i32))),
                    _ => Err(
                        Error::new(ErrorKind::Unreachable, "the connection to the container ended")
                            .hint("look whether the engine runs: `docker info`"),
                    ),
                }
            }
        }
    }

    async fn run_alone(&self, command: Command, output: &OutputSink) -> Result<Exit> {
        let settings = &self.0.settings;
        let mark = random_id();
        let argv = match command.line {
            CommandLine::Program(words) => words,
            CommandLine::Shell(line) if settings.windows => {
                let mut words = [
                    "powershell",
                    "-NoProfile",
                    "-NonInteractive",
                    "-ExecutionPolicy",
                    "Bypass",
                    "-Command",
                ]
                .map(str::to_owned)
                .to_vec();
                words.push(line);
                words
            }
            CommandLine::Shell(line) => vec!["/bin/sh".to_owned(), "-c".to_owned(), line],
        };
        let mut env: Vec<String> = command
            .env
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        env.push(format!("{MARK}={mark}"));
        let user = command.user.or_else(|| settings.user.clone());
        let session = self
            .0
            .engine
            .open(Exec {
                argv,
                env,
                user: user.clone(),
                dir: command.dir.map(|dir| dir.as_str().to_owned()),
                stdin: command.stdin.is_some(),
                tty: settings.terminal,
            })
            .await?;
        let mut abandoned = Abandoned {
            comm: self.clone(),
            user,
            mark: Some(mark),
        };
        let (mut input, mut printed) = (session.input, session.output);
        let feed = async {
            if let Some(bytes) = &command.stdin {
                // A program may end without reading all it was given.
                let _ = input.write_all(bytes).await;
                let _ = input.shutdown().await;
            }
        };
        let print = async {
            while let Some(told) = printed.next().await {
                let (stream, bytes) = told?;
                output.send(stream, bytes).await;
            }
            Ok::<_, Error>(())
        };
        let ((), printed) = tokio::join!(feed, print);
        printed?;
        let code = self.ended(&session.id).await?;
        abandoned.mark = None;
        Ok(Exit::Code(code as i32))
    }

    /// The exit code of a program that has closed its streams, which it may have done before its end.
    pub(super) async fn ended(&self, id: &str) -> Result<i64> {
        let mut pause = Duration::from_millis(2);
        loop {
            if let Some(code) = self.0.engine.exit_code(id).await? {
                return Ok(code);
            }
            let mut ticks = tokio::time::interval_at(tokio::time::Instant::now() + pause, pause);
            ticks.tick().await;
            pause = (pause * 2).min(Duration::from_secs(1));
        }
    }
}

/// How a container runtime begins to say that it could not start a program.
fn looks_like_engine(bytes: &[u8]) -> bool {
    bytes.starts_with(b"OCI runtime exec failed") || bytes.starts_with(b"exec failed")
}

/// Ends what a command started when nobody waits for it any more: engines let it run on.
struct Abandoned<E: ContainerEngine> {
    comm: ContainerComm<E>,
    /// Whom the command ran as; the container's own user without.
    user: Option<String>,
    mark: Option<String>,
}

impl<E: ContainerEngine> Drop for Abandoned<E> {
    fn drop(&mut self) {
        let (Some(mark), Ok(runtime)) = (self.mark.take(), tokio::runtime::Handle::try_current()) else {
            return;
        };
        if self.comm.0.settings.windows {
            return;
        }
        // A container's root may not look into the processes of others, and others not into root's, which `sudo` starts.
        for user in [self.user.take(), Some("0".to_owned())] {
            let comm = self.comm.clone();
            let exec = Exec {
                argv: vec!["/bin/sh".to_owned(), "-c".to_owned(), killer(&mark)],
                user,
                ..Exec::default()
            };
            runtime.spawn(async move {
                // The container may be gone by now, and the processes with it.
                if let Ok(mut session) = comm.0.engine.open(exec).await {
                    while session.output.next().await.is_some() {}
                }
            });
        }
    }
}
