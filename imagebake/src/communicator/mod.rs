//! How a machine is talked to: commands and files, whatever carries them.
//!
//! Implementations write plain `async fn`s of [`Communicator`]; provisioners see [`Remote`], a concrete handle with the helpers
//! that everybody needs. This module knows no protocol.

pub mod container;
#[cfg(feature = "testing")]
pub mod contract;
mod folder;
pub(crate) mod local;
mod none;
mod posix;
mod remote;
mod resets;
pub mod ssh;
mod tree;
pub mod winrm;

pub use folder::HostFolder;
pub use local::Local;
pub use none::NoCommunicator;
pub use remote::{Captured, Remote};
pub(crate) use remote::{ErasedCommunicator, keep_output, quote_posix as remote_quote};
pub use resets::{Resets, ResetsTold};

use crate::{
    error::{Error, ErrorKind, Result},
    event::Stream,
    value::GuestPath,
};
use bytes::Bytes;
use std::{future::Future, path::Path, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::mpsc,
};

/// The family of a guest's system: decides quoting and paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GuestSystem {
    /// POSIX shell and paths.
    Unix,
    /// `cmd` and PowerShell, backslashes.
    Windows,
}

/// What is to be run.
#[derive(Clone, Debug)]
pub enum CommandLine {
    /// A line for the guest's shell.
    Shell(String),
    /// A program and its arguments, without a shell.
    Program(Vec<String>),
}

/// A command for a guest.
#[derive(Clone)]
#[non_exhaustive]
pub struct Command {
    /// What is to be run.
    pub line: CommandLine,
    /// Variables added to the guest's own environment. Not visible in process lists.
    pub env: Vec<(String, String)>,
    /// What it reads on standard input; nothing without.
    pub stdin: Option<Bytes>,
    /// The folder it starts in; the communicator's own without.
    pub dir: Option<GuestPath>,
    /// The user it runs as; the communicator's own without.
    pub user: Option<String>,
    /// Ended with its children after this long.
    pub timeout: Option<Duration>,
}

impl Command {
    /// A line for the guest's shell. Data must be quoted: [`Remote::quote`].
    pub fn shell(line: impl Into<String>) -> Self {
        Self::of(CommandLine::Shell(line.into()))
    }

    /// A program and its arguments, without a shell.
    pub fn program<S: Into<String>>(arguments: impl IntoIterator<Item = S>) -> Self {
        Self::of(CommandLine::Program(arguments.into_iter().map(Into::into).collect()))
    }

    fn of(line: CommandLine) -> Self {
        Self {
            line,
            env: Vec::new(),
            stdin: None,
            dir: None,
            user: None,
            timeout: None,
        }
    }

    /// Adds a variable.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// Gives it something to read.
    #[must_use]
    pub fn stdin(mut self, bytes: impl Into<Bytes>) -> Self {
        self.stdin = Some(bytes.into());
        self
    }

    /// Starts it in `dir`.
    #[must_use]
    pub fn dir(mut self, dir: impl Into<GuestPath>) -> Self {
        self.dir = Some(dir.into());
        self
    }

    /// Runs it as `user`.
    #[must_use]
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.user = Some(user.into());
        self
    }

    /// Ends it with its children after `timeout`.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Exit {
    /// With this code.
    Code(i32),
    /// By this signal.
    Signal(i32),
}

impl Exit {
    /// Whether the code is 0.
    pub fn success(self) -> bool {
        self == Self::Code(0)
    }

    /// The code, as a shell would report it: 128 and the signal's number.
    pub fn code(self) -> i32 {
        match self {
            Self::Code(code) => code,
            Self::Signal(signal) => 128 + signal,
        }
    }
}

/// Where a communicator puts what a command prints; it holds the command back when nobody reads.
#[derive(Clone)]
pub struct OutputSink(mpsc::Sender<(Stream, Bytes)>);

impl OutputSink {
    /// A sink and the end to read it from.
    pub fn channel() -> (Self, mpsc::Receiver<(Stream, Bytes)>) {
        let (sender, receiver) = mpsc::channel(64);
        (Self(sender), receiver)
    }

    /// Hands on some bytes, cut anywhere.
    pub async fn send(&self, stream: Stream, bytes: impl Into<Bytes>) {
        // The reader goes away only when the step is cancelled; the output is then of no use.
        let _ = self.0.send((stream, bytes.into())).await;
    }
}

/// Owner, mode and size of a file in a guest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileAttrs {
    /// Permission bits; the guest's default without.
    pub mode: Option<u32>,
    /// Owner and group as the guest names them (`root:root`, `1000:1000`); the communicator's user without.
    pub owner: Option<String>,
    /// How many bytes will come, where that is known: what travels as an archive then need not be stored first. Only a hint to other ways;
    /// in an archive, a source that ends before is an error, and what it gives beyond that is cut off.
    pub size: Option<u64>,
}

impl FileAttrs {
    /// With these permission bits.
    pub fn mode(mode: u32) -> Self {
        Self {
            mode: Some(mode),
            ..Self::default()
        }
    }

    /// With so many bytes to come.
    pub fn sized(self, size: u64) -> Self {
        Self {
            size: Some(size),
            ..self
        }
    }
}

/// A file that a command is about: written before the command starts, for nobody else to read, and removed after its end.
#[derive(Clone)]
#[non_exhaustive]
pub struct Script {
    /// Where it stands in the guest.
    pub at: GuestPath,
    /// What is in it.
    pub content: Bytes,
    /// It stays in the guest.
    pub stays: bool,
}

impl Script {
    /// A script that is removed after its end.
    pub fn new(at: GuestPath, content: impl Into<Bytes>) -> Self {
        Self {
            at,
            content: content.into(),
            stays: false,
        }
    }

    /// Leaves it in the guest.
    #[must_use]
    pub fn stays(mut self, stays: bool) -> Self {
        self.stays = stays;
        self
    }
}

/// What became of a script that was brought into the guest.
#[derive(Debug)]
#[non_exhaustive]
pub struct Ran {
    /// How its command fared.
    pub exit: Result<Exit>,
    /// Whether it is gone, where its command ended.
    pub removed: Result<()>,
}

impl Ran {
    /// A command that fared so, with nothing left of its script.
    pub fn new(exit: Result<Exit>) -> Self {
        Self { exit, removed: Ok(()) }
    }
}

/// A connection to a machine.
///
/// Every method may be called several times at once. A command that prints without end is held back by its sink; dropping
/// the future ends the command.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a communicator",
    note = "implement `imagebake::communicator::Communicator`"
)]
pub trait Communicator: Send + Sync + 'static {
    /// `ssh`, `oci`, `local`.
    const KIND: &'static str;

    /// The guest's family.
    fn system(&self) -> GuestSystem {
        GuestSystem::Unix
    }

    /// Runs a command and waits for it.
    ///
    /// # Errors
    /// When it could not be started or the connection was lost; an exit code is not an error here.
    fn exec(&self, command: Command, output: OutputSink) -> impl Future<Output = Result<Exit>> + Send;

    /// Writes what `from` gives to the file `to`, replacing it.
    fn upload(
        &self,
        from: &mut (dyn AsyncRead + Send + Unpin),
        to: &GuestPath,
        attrs: &FileAttrs,
    ) -> impl Future<Output = Result<()>> + Send;

    /// Reads the file `from` into `to`.
    fn download(
        &self,
        from: &GuestPath,
        to: &mut (dyn AsyncWrite + Send + Unpin),
    ) -> impl Future<Output = Result<()>> + Send;

    /// Copies the *contents* of the folder `from` into the folder `to`, which is made where it is missing; modes, links and
    /// times are kept.
    fn upload_dir(&self, from: &HostFolder, to: &GuestPath) -> impl Future<Output = Result<()>> + Send;

    /// Copies the *contents* of the guest's folder `from` into the folder `to`.
    fn download_dir(&self, from: &GuestPath, to: &Path) -> impl Future<Output = Result<()>> + Send;

    /// Removes files; one that does not exist is no error. By the guest's own `rm`, unless the connection knows a better way.
    fn remove(&self, files: &[GuestPath]) -> impl Future<Output = Result<()>> + Send {
        async move {
            let (sink, mut printed) = OutputSink::channel();
            let names = files.iter().map(|file| file.as_str().to_owned());
            let words = ["rm", "-f", "--"].into_iter().map(str::to_owned).chain(names);
            let ended = self.exec(Command::program(words), sink);
            let drain = async { while printed.recv().await.is_some() {} };
            match tokio::join!(ended, drain).0? {
                exit if exit.success() => Ok(()),
                exit => {
                    let names: Vec<&str> = files.iter().map(GuestPath::as_str).collect();
                    let message = format!(
                        "cannot remove {} in the guest: `rm` ended with exit code {}",
                        names.join(", "),
                        exit.code()
                    );
                    Err(Error::new(ErrorKind::Io, message))
                }
            }
        }
    }

    /// Writes a script and runs `command`, which names it and reads nothing. By an upload, a command and a removal, unless the connection can do
    /// all of it at once.
    ///
    /// # Errors
    /// When nothing has run: it may be tried again. How the command fared is in what is returned.
    fn run_script(
        &self,
        script: &Script,
        command: Command,
        output: OutputSink,
    ) -> impl Future<Output = Result<Ran>> + Send {
        step_by_step(self, script, command, output)
    }

    /// Waits until the machine can be talked to again after a reboot or a lost connection.
    fn reconnect(&self, within: Duration) -> impl Future<Output = Result<()>> + Send {
        let _ = within;
        async { Ok(()) }
    }
}

/// An upload, a command and a removal.
async fn step_by_step<C: Communicator + ?Sized>(
    comm: &C,
    script: &Script,
    command: Command,
    output: OutputSink,
) -> Result<Ran> {
    let mut content = &script.content[..];
    comm.upload(&mut content, &script.at, &FileAttrs::mode(0o700)).await?;
    let mut ran = Ran::new(comm.exec(command, output).await);
    if ran.exit.is_ok() && !script.stays {
        ran.removed = comm.remove(std::slice::from_ref(&script.at)).await;
    }
    Ok(ran)
}

pub(crate) fn unsupported(kind: &str, what: &str) -> Error {
    Error::new(
        ErrorKind::Unsupported,
        format!("the communicator `{kind}` cannot {what}"),
    )
}
