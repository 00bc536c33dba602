//! Containers of an engine, by what every engine offers: programs started in them, and archives put into and taken out of them.
//!
//! One shell stays open in the container and runs the commands (`shell.rs`); what it cannot do (a terminal, another user, several at once,
//! large input) is a program started for itself. Trees are tar archives that are made and unpacked while they travel.
//! This module knows no engine's API: that is behind [`ContainerEngine`].

mod exec;
mod files;
mod shell;

#[cfg(feature = "docker")]
pub(crate) use super::tree::reading;
pub use super::{
    folder::{Keep, pack_some},
    tree::{EngineStream, TarStream},
};

use super::{Command, Communicator, Exit, FileAttrs, GuestSystem, HostFolder, OutputSink};
use crate::{
    error::{Error, ErrorKind, Result},
    event::Stream as OutputStream,
    value::GuestPath,
};
use bytes::Bytes;
use shell::Shell;
use std::{
    future::Future,
    path::Path,
    pin::Pin,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::{Mutex, OnceCell},
};

/// A program to start in a container.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Exec {
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// Variables besides the container's own: `NAME=value`.
    pub env: Vec<String>,
    /// The user; the container's own without.
    pub user: Option<String>,
    /// The folder it starts in; the container's own without.
    pub dir: Option<String>,
    /// Whether it reads.
    pub stdin: bool,
    /// Whether it gets a terminal.
    pub tty: bool,
}

/// A program that was started.
pub struct Session {
    /// What the engine calls it.
    pub id: String,
    /// What it prints, until its streams are closed.
    pub output: EngineStream<(OutputStream, Bytes)>,
    /// What it reads; shutting it down is the end of its input.
    pub input: Pin<Box<dyn AsyncWrite + Send>>,
}

/// How a container is.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Condition {
    /// Whether its main program runs.
    pub running: bool,
    /// How that ended.
    pub exit_code: Option<i64>,
    /// Whether the kernel ended it for want of memory.
    pub out_of_memory: bool,
    /// What the engine says is wrong with it.
    pub error: Option<String>,
}

/// One container, as its engine offers it.
pub trait ContainerEngine: Clone + Send + Sync + 'static {
    /// Starts a program.
    fn open(&self, exec: Exec) -> impl Future<Output = Result<Session>> + Send;
    /// Joins the container's main program, which reads and has no terminal.
    fn attach(&self) -> impl Future<Output = Result<Session>> + Send;
    /// The exit code of a started program; `None` while it runs.
    fn exit_code(&self, id: &str) -> impl Future<Output = Result<Option<i64>>> + Send;
    /// Unpacks `tar` in the folder, which exists.
    fn put(&self, folder: &str, tar: TarStream) -> impl Future<Output = Result<()>> + Send;
    /// The file or folder as a tar archive.
    fn get(&self, path: &str) -> impl Future<Output = Result<EngineStream<Bytes>>> + Send;
    /// How the container is; `None` when there is none.
    fn condition(&self) -> impl Future<Output = Result<Option<Condition>>> + Send;
    /// Ends every program in the container and starts its main one again; its files stay.
    fn restart(&self) -> impl Future<Output = Result<()>> + Send;
}

/// How a container is talked to.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The user that commands run as; the container's own without.
    pub user: Option<String>,
    /// Whether commands get a terminal.
    pub terminal: bool,
    /// Whether uploaded files belong to that user; trees otherwise keep the owners that they have on the builder.
    pub own_uploads: bool,
    /// Whether it is a Windows container.
    pub windows: bool,
}

/// The communicator of a container. Clones talk to the same one.
#[derive(Clone)]
pub struct ContainerComm<E: ContainerEngine>(Arc<Inner<E>>);

struct Inner<E: ContainerEngine> {
    engine: E,
    settings: Settings,
    shell: Mutex<Option<Shell>>,
    /// The image has no shell: there is no point in trying again.
    no_shell: AtomicBool,
    /// The numbers of the user that commands run as, and of its group.
    ids: OnceCell<(u64, u64)>,
    /// The large files that were uploaded to the container's own file system.
    placed: std::sync::Mutex<Vec<files::Place>>,
}

impl<E: ContainerEngine> ContainerComm<E> {
    /// A container that runs.
    pub fn new(engine: E, settings: Settings) -> Self {
        Self(Arc::new(Inner {
            engine,
            settings,
            shell: Mutex::new(None),
            no_shell: AtomicBool::new(false),
            ids: OnceCell::new(),
            placed: std::sync::Mutex::default(),
        }))
    }

    /// A container whose main program is a shell that `session` has joined: no other program has to be started for the commands.
    pub fn in_shell(engine: E, settings: Settings, session: Session) -> Self {
        let comm = Self::new(engine, settings);
        if let Ok(mut place) = comm.0.shell.try_lock() {
            *place = Some(Shell::joined(session));
        }
        comm
    }

    /// `error`, unless the container itself is what went wrong.
    async fn explained(&self, error: Error) -> Error {
        let gone = |what: String| {
            Error::new(ErrorKind::Unreachable, what)
                .hint("the container's main program must not end before the steps do: look at `run_command` and at what the step kills")
        };
        match self.0.engine.condition().await {
            Ok(None) => gone("the container was removed while a step ran in it".to_owned()).because(error),
            Ok(Some(condition)) if !condition.running => {
                let how = match (condition.out_of_memory, condition.exit_code, condition.error) {
                    (true, _, _) => "for want of memory".to_owned(),
                    (_, _, Some(error)) => format!("with the error `{error}`"),
                    (_, code, _) => format!("with exit code {}", code.unwrap_or_default()),
                };
                gone(format!("the container ended {how} while a step ran in it")).because(error)
            }
            // The engine does not answer either: that is what the user has to know. Its containers are gone, whenever it comes back.
            Err(unreachable) => unreachable.permanent(),
            Ok(Some(_)) => error,
        }
    }

    /// Moves files; where the engine cannot be talked to, it is said why.
    async fn moving(&self, work: impl Future<Output = Result<()>>) -> Result<()> {
        match work.await {
            Err(error) if error.kind() == ErrorKind::Unreachable => Err(self.explained(error).await),
            moved => moved,
        }
    }
}

impl<E: ContainerEngine> Communicator for ContainerComm<E> {
    const KIND: &'static str = "container";

    fn system(&self) -> GuestSystem {
        match self.0.settings.windows {
            true => GuestSystem::Windows,
            false => GuestSystem::Unix,
        }
    }

    async fn exec(&self, command: Command, output: OutputSink) -> Result<Exit> {
        self.run(command, output).await
    }

    async fn upload(&self, from: &mut (dyn AsyncRead + Send + Unpin), to: &GuestPath, attrs: &FileAttrs) -> Result<()> {
        self.moving(self.write_file(from, to, attrs)).await
    }

    async fn download(&self, from: &GuestPath, to: &mut (dyn AsyncWrite + Send + Unpin)) -> Result<()> {
        self.moving(self.read_file(from, to)).await
    }

    async fn upload_dir(&self, from: &HostFolder, to: &GuestPath) -> Result<()> {
        self.moving(self.write_tree(from, to)).await
    }

    async fn download_dir(&self, from: &GuestPath, to: &Path) -> Result<()> {
        self.moving(self.read_tree(from, to)).await
    }

    async fn reconnect(&self, within: Duration) -> Result<()> {
        self.0.shell.lock().await.take();
        let mut ticks = tokio::time::interval(Duration::from_millis(200));
        let running = async {
            loop {
                ticks.tick().await;
                if matches!(self.0.engine.condition().await, Ok(Some(condition)) if condition.running) {
                    return;
                }
            }
        };
        tokio::time::timeout(within, running).await.map_err(|_| {
            Error::new(
                ErrorKind::Timeout,
                format!("the container does not run again after {within:?}"),
            )
            .hint("a container that ends does not start by itself: restart it in the step, or leave it running")
        })
    }
}
