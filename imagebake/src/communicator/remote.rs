//! The handle that provisioners get: one concrete type over whatever connection there is.

use super::{Command, Communicator, Exit, FileAttrs, GuestSystem, HostFolder, OutputSink, Ran, Script};
use crate::{
    engine::Cx,
    error::{CommandFailure, Error, ErrorKind, Result},
    event::Stream,
    value::GuestPath,
};
use bytes::Bytes;
use std::{future::Future, path::Path, pin::Pin, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::mpsc,
};

type Boxed<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// The sealed, type-erased twin of [`Communicator`].
pub(crate) trait ErasedCommunicator: Send + Sync + 'static {
    fn kind(&self) -> &'static str;
    fn system(&self) -> GuestSystem;
    fn exec(&self, command: Command, output: OutputSink) -> Boxed<'_, Exit>;
    fn upload<'a>(
        &'a self,
        from: &'a mut (dyn AsyncRead + Send + Unpin),
        to: &'a GuestPath,
        attrs: &'a FileAttrs,
    ) -> Boxed<'a, ()>;
    fn download<'a>(&'a self, from: &'a GuestPath, to: &'a mut (dyn AsyncWrite + Send + Unpin)) -> Boxed<'a, ()>;
    fn upload_dir<'a>(&'a self, from: &'a HostFolder, to: &'a GuestPath) -> Boxed<'a, ()>;
    fn download_dir<'a>(&'a self, from: &'a GuestPath, to: &'a Path) -> Boxed<'a, ()>;
    fn remove<'a>(&'a self, files: &'a [GuestPath]) -> Boxed<'a, ()>;
    fn run_script<'a>(&'a self, script: &'a Script, command: Command, output: OutputSink) -> Boxed<'a, Ran>;
    fn reconnect(&self, within: Duration) -> Boxed<'_, ()>;
}

impl<C: Communicator> ErasedCommunicator for C {
    fn kind(&self) -> &'static str {
        C::KIND
    }
    fn system(&self) -> GuestSystem {
        Communicator::system(self)
    }
    fn exec(&self, command: Command, output: OutputSink) -> Boxed<'_, Exit> {
        Box::pin(Communicator::exec(self, command, output))
    }
    fn upload<'a>(
        &'a self,
        from: &'a mut (dyn AsyncRead + Send + Unpin),
        to: &'a GuestPath,
        attrs: &'a FileAttrs,
    ) -> Boxed<'a, ()> {
        Box::pin(Communicator::upload(self, from, to, attrs))
    }
    fn download<'a>(&'a self, from: &'a GuestPath, to: &'a mut (dyn AsyncWrite + Send + Unpin)) -> Boxed<'a, ()> {
        Box::pin(Communicator::download(self, from, to))
    }
    fn upload_dir<'a>(&'a self, from: &'a HostFolder, to: &'a GuestPath) -> Boxed<'a, ()> {
        Box::pin(Communicator::upload_dir(self, from, to))
    }
    fn download_dir<'a>(&'a self, from: &'a GuestPath, to: &'a Path) -> Boxed<'a, ()> {
        Box::pin(Communicator::download_dir(self, from, to))
    }
    fn remove<'a>(&'a self, files: &'a [GuestPath]) -> Boxed<'a, ()> {
        Box::pin(Communicator::remove(self, files))
    }
    fn run_script<'a>(&'a self, script: &'a Script, command: Command, output: OutputSink) -> Boxed<'a, Ran> {
        Box::pin(Communicator::run_script(self, script, command, output))
    }
    fn reconnect(&self, within: Duration) -> Boxed<'_, ()> {
        Box::pin(Communicator::reconnect(self, within))
    }
}

/// What a captured command printed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Captured {
    /// How it ended.
    pub exit: Exit,
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: Vec<u8>,
}

/// How much of a captured command's output is kept; it is meant for answers, not for logs.
const CAPTURE_LIMIT: usize = 8 << 20;

/// What a command prints on either stream, as far as is kept.
pub(crate) async fn keep_output(mut printed: mpsc::Receiver<(Stream, Bytes)>) -> (Vec<u8>, Vec<u8>) {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    while let Some((stream, bytes)) = printed.recv().await {
        let kept = if stream == Stream::Stdout {
            &mut stdout
        } else {
            &mut stderr
        };
        kept.extend_from_slice(&bytes[..bytes.len().min(CAPTURE_LIMIT.saturating_sub(kept.len()))]);
    }
    (stdout, stderr)
}

/// A machine that somebody is in: runs commands, moves files. Everything printed goes redacted into the unit's log.
#[derive(Clone)]
pub struct Remote {
    comm: Arc<dyn ErasedCommunicator>,
    cx: Cx,
}

impl Remote {
    pub(crate) fn new(comm: Arc<dyn ErasedCommunicator>, cx: Cx) -> Self {
        Self { comm, cx }
    }

    /// A handle on `comm` for a test of a provisioner.
    #[cfg(feature = "testing")]
    pub fn for_test(comm: impl Communicator, cx: Cx) -> Self {
        Self::new(Arc::new(comm), cx)
    }

    /// The communicator's kind: `oci`, `ssh`.
    pub fn kind(&self) -> &'static str {
        self.comm.kind()
    }

    /// The guest's family.
    pub fn system(&self) -> GuestSystem {
        self.comm.system()
    }

    /// Runs a command; what it prints goes into the log.
    ///
    /// # Errors
    /// When it could not be started or the connection was lost; an exit code is not an error here.
    pub async fn exec(&self, command: Command) -> Result<Exit> {
        let (sink, printed) = OutputSink::channel();
        self.logged(self.comm.exec(command, sink), printed).await
    }

    /// Brings a script into the guest and runs `command`, which names it; what it prints goes into the log.
    ///
    /// # Errors
    /// As [`Communicator::run_script`]: when nothing has run.
    pub async fn run_script(&self, script: &Script, command: Command) -> Result<Ran> {
        let (sink, printed) = OutputSink::channel();
        self.logged(self.comm.run_script(script, command, sink), printed).await
    }

    /// The answer of `work`, what it prints being logged.
    async fn logged<T>(
        &self,
        work: impl Future<Output = Result<T>>,
        mut printed: mpsc::Receiver<(Stream, Bytes)>,
    ) -> Result<T> {
        let mut streams = self.cx.output_streams();
        let log = async {
            while let Some((stream, bytes)) = printed.recv().await {
                streams.write(stream, &bytes).await;
            }
            streams.finish().await;
        };
        let both = async { Ok(tokio::join!(work, log)) };
        let (done, ()) = self.cx.until_cancelled(both).await?;
        done
    }

    /// Runs a command and keeps what it prints (8 MiB of each stream at most) instead of logging it.
    ///
    /// # Errors
    /// As [`Remote::exec`].
    pub async fn capture(&self, command: Command) -> Result<Captured> {
        let (sink, printed) = OutputSink::channel();
        let command = self.comm.exec(command, sink);
        let (exit, (stdout, stderr)) = self
            .cx
            .until_cancelled(async { Ok(tokio::join!(command, keep_output(printed))) })
            .await?;
        Ok(Captured {
            exit: exit?,
            stdout,
            stderr,
        })
    }

    /// Runs a shell line that must succeed.
    ///
    /// # Errors
    /// When it cannot run or ends with a code other than 0.
    pub async fn sh(&self, line: &str) -> Result<()> {
        let exit = self.exec(Command::shell(line)).await?;
        match exit.success() {
            true => Ok(()),
            false => Err(Error::new(
                ErrorKind::CommandFailed,
                format!("`{line}` ended with exit code {}", exit.code()),
            )
            .command(CommandFailure::new(line, Some(exit.code())))),
        }
    }

    /// Writes `bytes` to the file `to`.
    ///
    /// # Errors
    /// When the guest refuses.
    pub async fn write(&self, to: &GuestPath, bytes: impl Into<Bytes>, attrs: &FileAttrs) -> Result<()> {
        let bytes = bytes.into();
        let attrs = attrs.clone().sized(bytes.len() as u64);
        self.upload(&mut &bytes[..], to, &attrs).await
    }

    /// Writes what `from` gives to the file `to`.
    ///
    /// # Errors
    /// When `from` cannot be read or the guest refuses.
    pub async fn upload(
        &self,
        from: &mut (dyn AsyncRead + Send + Unpin),
        to: &GuestPath,
        attrs: &FileAttrs,
    ) -> Result<()> {
        self.cx.until_cancelled(self.comm.upload(from, to, attrs)).await
    }

    /// Reads the guest's file `from` into `to`.
    ///
    /// # Errors
    /// When it does not exist or cannot be read.
    pub async fn download(&self, from: &GuestPath, to: &mut (dyn AsyncWrite + Send + Unpin)) -> Result<()> {
        self.cx.until_cancelled(self.comm.download(from, to)).await
    }

    /// Copies the contents of the builder's folder `from` into the guest's folder `to`.
    ///
    /// # Errors
    /// When something cannot be read or written.
    pub async fn upload_dir(&self, from: &Path, to: &GuestPath) -> Result<()> {
        let from = HostFolder::new(from).recorded(&self.cx);
        self.cx.until_cancelled(self.comm.upload_dir(&from, to)).await
    }

    /// Copies the contents of the guest's folder `from` into the builder's folder `to`.
    ///
    /// # Errors
    /// When something cannot be read or written.
    pub async fn download_dir(&self, from: &GuestPath, to: &Path) -> Result<()> {
        self.cx.until_cancelled(self.comm.download_dir(from, to)).await
    }

    /// Removes files; one that does not exist is no error. Works in a guest without `rm` where the connection can.
    ///
    /// # Errors
    /// When the guest refuses, or cannot be talked to.
    pub async fn remove(&self, files: &[GuestPath]) -> Result<()> {
        self.cx.until_cancelled(self.comm.remove(files)).await
    }

    /// Waits until the machine can be talked to again.
    ///
    /// # Errors
    /// When it does not answer `within` that time.
    pub async fn reconnect(&self, within: Duration) -> Result<()> {
        self.cx.until_cancelled(self.comm.reconnect(within)).await
    }

    /// Makes a private folder for temporary files below `below` (`/tmp` by custom) and gives its path; the caller removes it.
    ///
    /// # Errors
    /// When the guest refuses.
    pub async fn temp_dir(&self, below: &GuestPath) -> Result<GuestPath> {
        let folder = below.join(&format!("imagebake-{}", crate::engine::random_id()));
        let made = self
            .capture(Command::shell(format!(
                "umask 077 && mkdir {}",
                self.quote(folder.as_str())
            )))
            .await?;
        match made.exit.success() {
            true => Ok(folder),
            false => {
                let said = String::from_utf8_lossy(&made.stderr).trim().to_owned();
                Err(Error::new(
                    ErrorKind::Io,
                    format!("cannot make a folder below {below} in the guest: {said}"),
                )
                .hint("choose another folder with `remote_folder`"))
            }
        }
    }

    /// `text` as one word of the guest's shell, whatever is in it.
    pub fn quote(&self, text: &str) -> String {
        match self.system() {
            GuestSystem::Unix => quote_posix(text),
            GuestSystem::Windows => format!("\"{}\"", text.replace('"', "\\\"")),
        }
    }
}

/// `text` as one word of a POSIX shell.
pub(crate) fn quote_posix(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./:=@%+,".contains(&byte);
    match !text.is_empty() && text.bytes().all(plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}
