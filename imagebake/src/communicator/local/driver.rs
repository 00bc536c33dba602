//! Processes on the builder.
//!
//! Each runs in its own process group and dies with the parent: the group is killed when the future is dropped, and the kernel kills
//! the leader when the builder is gone.

use crate::{
    communicator::{Command, CommandLine, Exit, OutputSink},
    error::{CommandFailure, Context, Error, ErrorKind, Result},
    event::Stream,
};
use bytes::BytesMut;
use std::{os::unix::process::ExitStatusExt, path::Path, process::Stdio};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    process::{Child, Command as Process},
    time::timeout,
};

/// Kills the whole process group of a child that is still running when this is dropped.
struct Group(Option<rustix::process::Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }
}

/// Runs `command`; its output goes to `output` as it comes.
pub(crate) async fn run(command: Command, output: OutputSink) -> Result<Exit> {
    let (mut process, shown) = match &command.line {
        CommandLine::Shell(line) => {
            let mut process = Process::new("/bin/sh");
            process.arg("-c").arg(line);
            (process, line.clone())
        }
        CommandLine::Program(arguments) => {
            let (program, rest) = arguments
                .split_first()
                .ok_or_else(|| Error::new(ErrorKind::Config, "a command needs a program").hint("name one"))?;
            let mut process = Process::new(program);
            process.args(rest);
            (process, arguments.join(" "))
        }
    };
    if command.user.is_some() {
        return Err(
            super::super::unsupported("local", "run commands as another user").hint("put `sudo -u` into the command")
        );
    }
    process.envs(command.env.iter().map(|(name, value)| (name, value)));
    if let Some(dir) = &command.dir {
        process.current_dir(dir.as_str());
    }
    let mut child = spawn(&mut process, command.stdin.is_some(), &shown)?;
    let mut group = Group(child.id().and_then(|id| rustix::process::Pid::from_raw(id as i32)));
    let work = async {
        let stdin = child.stdin.take();
        let feed = async move {
            if let (Some(mut stdin), Some(bytes)) = (stdin, &command.stdin) {
                // A command may end without reading all it was given.
                let _ = stdin.write_all(bytes).await;
            }
        };
        let out = pump(child.stdout.take(), Stream::Stdout, &output);
        let err = pump(child.stderr.take(), Stream::Stderr, &output);
        // A grandchild in the background may hold the pipes open for ever: what counts is the end of the command itself.
        let pipes = async { tokio::join!(feed, out, err) };
        tokio::pin!(pipes);
        let status = tokio::select! {
            status = child.wait() => {
                let _ = timeout(std::time::Duration::from_millis(200), &mut pipes).await;
                status
            }
            _ = &mut pipes => child.wait().await,
        };
        status.path("wait for", &shown)
    };
    let status = match command.timeout {
        Some(limit) => timeout(limit, work).await.map_err(|_| {
            Error::new(ErrorKind::Timeout, format!("`{shown}` did not end within {limit:?}"))
                .command(CommandFailure::new(shown.clone(), None))
        })?,
        None => work.await,
    }?;
    group.0 = None;
    Ok(match (status.code(), status.signal()) {
        (Some(code), _) => Exit::Code(code),
        (None, signal) => Exit::Signal(signal.unwrap_or_default()),
    })
}

fn spawn(process: &mut Process, reads: bool, shown: &str) -> Result<Child> {
    process
        .stdin(if reads { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    // SAFETY: prctl is async-signal-safe and the closure allocates nothing.
    #[expect(unsafe_code, reason = "the only way to have the kernel end a child with its parent")]
    unsafe {
        process.pre_exec(|| {
            #[cfg(target_os = "linux")]
            rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
            Ok(())
        });
    }
    process.spawn().map_err(|error| {
        let program = shown.split_whitespace().next().unwrap_or(shown).to_owned();
        Error::io("start", &program, error).hint(format!("is `{program}` installed and on PATH?"))
    })
}

async fn pump(from: Option<impl AsyncRead + Unpin>, stream: Stream, to: &OutputSink) {
    let Some(mut from) = from else { return };
    let mut buffer = BytesMut::with_capacity(64 << 10);
    loop {
        buffer.reserve(32 << 10);
        match from.read_buf(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(_) => to.send(stream, buffer.split().freeze()).await,
        }
    }
}

/// `chown` by the system's own tool, which knows the names.
pub(crate) async fn change_owner(path: &Path, owner: &str) -> Result<()> {
    checked(
        "chown",
        ["--", owner]
            .map(std::ffi::OsStr::new)
            .into_iter()
            .chain([path.as_os_str()]),
    )
    .await
}

/// The contents of `from` into `to`, with modes, links and times.
pub(crate) async fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    tokio::fs::create_dir_all(to).await.path("make the folder", to)?;
    let contents = from.join(".");
    checked(
        "cp",
        [
            std::ffi::OsStr::new("-a"),
            std::ffi::OsStr::new("--"),
            contents.as_os_str(),
            to.as_os_str(),
        ],
    )
    .await
}

async fn checked<'a>(program: &str, arguments: impl IntoIterator<Item = &'a std::ffi::OsStr>) -> Result<()> {
    let output = Process::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .await
        .path("start", program)?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(Error::new(ErrorKind::Io, format!("{program} failed: {said}"))
        .command(CommandFailure::new(program, output.status.code())))
}
