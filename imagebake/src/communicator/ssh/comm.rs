//! The communicator: keeps the connection and runs commands on it.

use super::{
    auth_driver::{Key, parse},
    command::{GO, NOT_WRITTEN, Preamble, Prepared, marked},
    config::{FileTransfer, Ssh},
    driver::{Connection, Reader, Told, Writer},
    files::{nothing, said},
    hosts::HostKey,
    route::{Access, Route},
    sftp_driver::Sftp,
};
use crate::{
    communicator::{
        Command, Communicator, Exit, FileAttrs, HostFolder, OutputSink, Ran, Script,
        posix::{killer, refused},
        remote_quote, step_by_step, unsupported,
    },
    engine::{Backoff, Cx, random_id, wait_until},
    error::{CommandFailure, Error, ErrorKind, Result},
    event::Stream,
    value::GuestPath,
};
use bytes::Bytes;
use std::{
    future::Future,
    path::Path,
    pin::pin,
    sync::{
        Arc, Mutex as SyncMutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::{Mutex, Notify, OwnedSemaphorePermit},
    task::JoinSet,
    time::{Instant, timeout},
};

/// How long a command's streams may stay open after its end, when something that it left behind holds them.
const GRACE: Duration = Duration::from_millis(200);
/// How long a server may refuse further sessions, or lose connections, before a command counts as not started: it takes a moment until what has
/// ended is counted as ended.
const SESSION: Duration = Duration::from_secs(10);
/// How long the ends of abandoned commands are waited for.
const ENDING: Duration = Duration::from_secs(5);

/// A machine reached by SSH. Clones share the connection.
#[derive(Clone)]
pub struct SshComm(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) cx: Cx,
    pub(super) route: Route,
    pub(super) keys: Vec<Key>,
    pub(super) bastion_keys: Vec<Key>,
    pub(super) current: Mutex<Option<Arc<Connection>>>,
    /// What the machine showed first: after a reboot it must show it again.
    pub(super) learnt: SyncMutex<Option<HostKey>>,
    /// More connections, to a server that has one session on each.
    pub(super) more: Mutex<Vec<Arc<Connection>>>,
    pub(super) sftp: Mutex<Option<Arc<Sftp>>>,
    /// Listeners of tunnels.
    pub(super) tunnels: SyncMutex<JoinSet<()>>,
}

pub(super) fn lock<T>(mutex: &SyncMutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl SshComm {
    /// Connects to a machine, as soon as its server answers.
    ///
    /// # Errors
    /// When it does not answer in time, shows another host key than expected, or lets nobody in.
    pub async fn connect(cx: &Cx, ssh: &Ssh, access: Access) -> Result<Self> {
        let comm = Self::prepare(cx, ssh, access).await?;
        if let Some(pause) = comm.0.route.pause {
            cx.pause(pause).await?;
        }
        comm.listen().await?;
        comm.connection().await?;
        Ok(comm)
    }

    /// Looks, without connecting to the machine, whether keys and certificates can be read, and what is on the way can be reached.
    pub(crate) async fn probe(cx: &Cx, ssh: &Ssh, access: Access) -> Result<()> {
        Self::prepare(cx, ssh, access).await?.look_at_way().await
    }

    /// The public half of the private key that the settings name, as a line for an `authorized_keys` file.
    ///
    /// # Errors
    /// When the key cannot be read.
    pub(crate) async fn public_key(cx: &Cx, ssh: &Ssh) -> Result<Option<String>> {
        let route = Route::resolve(cx, ssh, Access::starting("127.0.0.1")).await?;
        parse(&route.target.login.keys)?.first().map(Key::public).transpose()
    }

    async fn prepare(cx: &Cx, ssh: &Ssh, access: Access) -> Result<Self> {
        let route = Route::resolve(cx, ssh, access).await?;
        let keys = parse(&route.target.login.keys)?;
        let bastion_keys = match &route.bastion {
            Some(hop) => parse(&hop.login.keys)?,
            None => Vec::new(),
        };
        Ok(Self(Arc::new(Inner {
            cx: cx.clone(),
            route,
            keys,
            bastion_keys,
            current: Mutex::new(None),
            learnt: SyncMutex::default(),
            more: Mutex::default(),
            sftp: Mutex::default(),
            tunnels: SyncMutex::default(),
        })))
    }

    /// The machine's address as it was connected to.
    pub fn host(&self) -> &str {
        &self.0.route.target.host
    }

    /// The port of its server.
    pub fn port(&self) -> u16 {
        self.0.route.target.port
    }

    /// Who is logged in.
    pub fn user(&self) -> &str {
        &self.0.route.target.login.user
    }

    /// Waits for the ends of commands that were given up, and disconnects.
    pub async fn close(&self) {
        self.0.cx.settle().await;
        lock(&self.0.tunnels).abort_all();
        for connection in self
            .0
            .more
            .lock()
            .await
            .drain(..)
            .chain(self.0.current.lock().await.take())
        {
            connection.close().await;
        }
    }

    /// A connection with a place for one more session.
    async fn place(&self) -> Result<(Arc<Connection>, OwnedSemaphorePermit)> {
        let connection = self.connection().await?;
        if let Some(place) = connection.place() {
            return Ok((connection, place));
        }
        if let Some(place) = connection.wait_for_place().await {
            return Ok((connection, place));
        }
        let mut more = self.0.more.lock().await;
        more.retain(|connection| !connection.is_closed());
        let free = more
            .iter()
            .find_map(|connection| Some((connection.clone(), connection.place()?)));
        if let Some(free) = free {
            return Ok(free);
        }
        let connection = self.connect_within(self.0.route.timeout).await?;
        let place = connection.place().expect("a new connection has room");
        more.push(connection.clone());
        Ok((connection, place))
    }

    /// Starts a line, on a new connection where the old one turns out to be dead.
    async fn start(&self, line: &str, terminal: bool) -> Result<Started> {
        let pauses = Backoff::new(Duration::from_millis(20), Duration::from_secs(1));
        let started = wait_until(&self.0.cx, "a session", SESSION, pauses, || async {
            let (connection, place) = self.place().await?;
            let (reader, writer) = match connection.start(line, terminal).await {
                Ok(started) => started,
                Err(error) => {
                    connection.has_fewer(place);
                    return Err(error);
                }
            };
            Ok(Some(Started {
                connection,
                place,
                reader,
                writer,
            }))
        });
        started.await
    }

    /// Runs a script of `/bin/sh` that reads what `feed` writes.
    pub(super) async fn script<F: Future<Output = Result<()>>>(
        &self,
        script: &str,
        shown: &str,
        output: &OutputSink,
        feed: impl FnOnce(Writer) -> F,
    ) -> Result<Exit> {
        let mark = random_id();
        // What programs say is looked at, and is not to be in the user's language.
        let script = format!("export LC_ALL=C\n{script}");
        let what = What {
            line: &marked(&script, &mark, false),
            mark,
            shown,
            terminal: false,
            begun: None,
        };
        self.run(what, output, feed).await
    }

    async fn run<F: Future<Output = Result<()>>>(
        &self,
        what: What<'_>,
        output: &OutputSink,
        feed: impl FnOnce(Writer) -> F,
    ) -> Result<Exit> {
        let What {
            line,
            mark,
            shown,
            terminal,
            begun,
        } = what;
        let Started {
            connection,
            place,
            mut reader,
            writer,
        } = self.start(line, terminal).await?;
        let (mut before, mut before_errors) = (Preamble::new(&mark), Preamble::new(&mark));
        let mut abandoned = Abandoned {
            cx: self.0.cx.clone(),
            connection: connection.clone(),
            writer: writer.clone(),
            place: Some(place),
            mark: Some(mark),
        };
        let mut feed = pin!(feed(writer.clone()));
        let mut feeding = true;
        let mut exit = None;
        let mut caught_up = false;
        loop {
            let next = async {
                match exit {
                    None => Some(reader.next().await),
                    Some(_) => timeout(GRACE, reader.next()).await.ok(),
                }
            };
            let told = tokio::select! {
                fed = &mut feed, if feeding => {
                    fed?;
                    feeding = false;
                    continue;
                }
                told = next => told,
            };
            match told {
                Some(Told::Bytes(stream, bytes)) => {
                    caught_up = false;
                    let bytes = match stream {
                        Stream::Stdout => before.strip(bytes),
                        Stream::Stderr => before_errors.strip(bytes),
                    };
                    if let (true, Some(begun)) = (before.is_over(), begun) {
                        begun.notify_one();
                    }
                    if !bytes.is_empty() {
                        output.send(stream, bytes).await;
                    }
                }
                Some(Told::Exit(ended)) => {
                    exit = Some(ended);
                    // What has ended reads no more.
                    feeding = false;
                }
                Some(Told::Denied) => {
                    abandoned.mark = None;
                    return Err(unsupported("ssh", "run commands: the server refuses")
                        .hint("does the server allow this user commands, or only a fixed one (`ForceCommand`)?"));
                }
                Some(Told::End) => break,
                // Its end is known and its streams are quiet: is there more on the way, or does something in the background hold them?
                None if caught_up => break,
                None => caught_up = connection.caught_up().await,
            }
        }
        abandoned.mark = None;
        writer.close().await;
        match exit {
            None => Err(connection.lost(&format!("`{shown}` ran"))),
            // Nothing of it has run, and it says so itself.
            Some(Exit::Code(NOT_WRITTEN)) if before_errors.is_over() && !before.is_over() => {
                Ok(Exit::Code(NOT_WRITTEN))
            }
            Some(Exit::Code(code)) if !before.is_over() => {
                let said = [before.said(), before_errors.said()].join("\n");
                Err(self.never_begun(shown, code, said.trim()))
            }
            Some(exit) => Ok(exit),
        }
    }

    fn never_begun(&self, shown: &str, code: i32, said: &str) -> Error {
        let message = format!(
            "the login shell of `{}` ended with exit code {code} and did not run `{shown}`",
            self.user()
        );
        let error = Error::new(ErrorKind::Unsupported, message).hint(
            "may this user run commands, and do the shell's own files (`.bashrc`, `.profile`) let it go on without a terminal?",
        );
        match said {
            "" => error,
            said => error.context("it said", said),
        }
    }

    /// Runs a script that must succeed; what it says is why it does not.
    pub(super) async fn checked(&self, script: &str, doing: &str, path: &GuestPath) -> Result<()> {
        let (sink, printed) = OutputSink::channel();
        let run = async {
            let exit = self.script(script, script, &sink, nothing).await;
            drop(sink);
            exit
        };
        let (exit, said) = tokio::try_join!(run, async { Ok(said(printed).await) })?;
        match exit.success() {
            true => Ok(()),
            false => Err(refused(doing, path, "machine", &said)),
        }
    }

    /// The SFTP session of the connection, opened where there is none.
    async fn sftp(&self) -> Result<Arc<Sftp>> {
        let mut place = self.0.sftp.lock().await;
        match &*place {
            Some(open) if !open.is_closed() => Ok(open.clone()),
            _ => {
                let (connection, place_of_session) = self.place().await?;
                let open = Sftp::open(connection, place_of_session).await?;
                Ok(place.insert(Arc::new(open)).clone())
            }
        }
    }

    /// Runs a command, as the trait says.
    async fn run_command(&self, command: Command, output: &OutputSink) -> Result<Exit> {
        let mark = random_id();
        let terminal = self.0.route.terminal;
        let prepared = Prepared::new(&command, &mark, terminal)?;
        let feed = |writer: Writer| async move {
            let pieces = [Bytes::from(prepared.header), command.stdin.unwrap_or_default()];
            // A terminal's input ends with a letter.
            let last = if terminal {
                Bytes::from_static(b"\x04")
            } else {
                Bytes::new()
            };
            for piece in pieces.into_iter().chain([last]) {
                if !piece.is_empty() && writer.send(piece).await.is_err() {
                    return Ok(());
                }
            }
            writer.end().await;
            Ok(())
        };
        let what = What {
            line: &prepared.line,
            mark,
            shown: &prepared.shown,
            terminal: true,
            begun: None,
        };
        self.run(what, output, feed).await
    }

    /// Brings a script in and runs it in one session; `None` where the machine does not take the script so.
    async fn script_at_once(&self, script: &Script, command: &Command, output: &OutputSink) -> Result<Option<Ran>> {
        let mark = random_id();
        let prepared = Prepared::with_script(command, script, &mark)?;
        let (begun, told) = (Notify::new(), AtomicBool::new(false));
        let feed = |writer: Writer| {
            let (begun, told) = (&begun, &told);
            async move {
                for piece in [Bytes::from(prepared.header), script.content.clone()] {
                    if !piece.is_empty() && writer.send(piece).await.is_err() {
                        return Ok(());
                    }
                }
                begun.notified().await;
                told.store(true, Ordering::Relaxed);
                if writer.send(Bytes::from_static(GO.as_bytes())).await.is_ok() {
                    writer.end().await;
                }
                Ok(())
            }
        };
        let what = What {
            line: &prepared.line,
            mark,
            shown: &prepared.shown,
            terminal: false,
            begun: Some(&begun),
        };
        match self.run(what, output, feed).await {
            Ok(Exit::Code(NOT_WRITTEN)) if !told.load(Ordering::Relaxed) => Ok(None),
            Err(error) if !told.load(Ordering::Relaxed) => Err(error),
            exit => Ok(Some(Ran::new(exit))),
        }
    }

    /// Whether the machine is on its way down, so that getting in says nothing.
    async fn is_going_down(&self, connection: &Connection) -> bool {
        let ask = async {
            let line = "exec /bin/sh -c 'systemctl is-system-running 2>/dev/null'";
            let Ok((mut reader, writer)) = connection.start(line, false).await else {
                return true;
            };
            writer.end().await;
            let mut said = Vec::new();
            loop {
                match reader.next().await {
                    Told::Bytes(Stream::Stdout, bytes) => said.extend_from_slice(&bytes),
                    Told::Bytes(..) => {}
                    Told::Exit(_) => return stopping(&said),
                    Told::Denied => return false,
                    Told::End => return connection.is_closed() || stopping(&said),
                }
            }
        };
        timeout(ENDING, ask).await.unwrap_or(true)
    }
}

/// What a login shell says by itself stands in front.
fn stopping(said: &[u8]) -> bool {
    said.trim_ascii_end().ends_with(b"stopping")
}

/// A line, and what is made of it.
struct What<'a> {
    line: &'a str,
    mark: String,
    /// In words, for messages.
    shown: &'a str,
    terminal: bool,
    /// Is told when it says that it has begun.
    begun: Option<&'a Notify>,
}

/// A command on its connection.
struct Started {
    connection: Arc<Connection>,
    place: OwnedSemaphorePermit,
    reader: Reader,
    writer: Writer,
}

/// Ends a command that nobody waits for any more.
struct Abandoned {
    cx: Cx,
    connection: Arc<Connection>,
    writer: Writer,
    place: Option<OwnedSemaphorePermit>,
    mark: Option<String>,
}

impl Drop for Abandoned {
    fn drop(&mut self) {
        let Some(mark) = self.mark.take() else { return };
        if self.connection.is_closed() {
            return;
        }
        let (connection, writer, place) = (self.connection.clone(), self.writer.clone(), self.place.take());
        self.cx.settle_later(async move {
            // Not every server passes signals on, and none to what has left the group. What has only just begun has no mark yet, and gets the
            // signal.
            let line = format!("exec /bin/sh -c {}", remote_quote(&killer(&mark)));
            let kill = async {
                let Ok((mut reader, writer)) = connection.start(&line, false).await else {
                    return;
                };
                writer.end().await;
                while !matches!(reader.next().await, Told::End) {}
            };
            let _ = timeout(ENDING, kill).await;
            writer.kill().await;
            drop(place);
        });
    }
}

impl Communicator for SshComm {
    const KIND: &'static str = "ssh";

    async fn exec(&self, command: Command, output: OutputSink) -> Result<Exit> {
        if command.user.is_some() {
            return Err(unsupported(Self::KIND, "run commands as another user").hint("put `sudo -u` into the command"));
        }
        let Some(limit) = command.timeout else {
            return self.run_command(command, &output).await;
        };
        let shown = match &command.line {
            crate::communicator::CommandLine::Shell(line) => line.clone(),
            crate::communicator::CommandLine::Program(words) => words.join(" "),
        };
        timeout(limit, self.run_command(command, &output))
            .await
            .unwrap_or_else(|_| {
                let message = format!("`{shown}` did not end within {}", humantime::format_duration(limit));
                Err(Error::new(ErrorKind::Timeout, message)
                    .command(CommandFailure::new(shown, None))
                    .hint("give it more time, or look why it hangs"))
            })
    }

    async fn run_script(&self, script: &Script, command: Command, output: OutputSink) -> Result<Ran> {
        // What a terminal takes is no file's content, and where another way for files is asked for, it is taken.
        let at_once = matches!(self.0.route.transfer, FileTransfer::Stream) && !self.0.route.terminal;
        let at_once = at_once && command.user.is_none() && command.timeout.is_none() && command.stdin.is_none();
        if at_once && let Some(ran) = self.script_at_once(script, &command, &output).await? {
            return Ok(ran);
        }
        step_by_step(self, script, command, output).await
    }

    async fn upload(&self, from: &mut (dyn AsyncRead + Send + Unpin), to: &GuestPath, attrs: &FileAttrs) -> Result<()> {
        match self.0.route.transfer {
            FileTransfer::Stream => self.write_file(from, to, attrs).await,
            FileTransfer::Sftp => {
                self.sftp().await?.write(from, to, attrs).await?;
                self.own(to, attrs).await
            }
            FileTransfer::Scp => self.scp_write(from, to, attrs).await,
        }
    }

    async fn download(&self, from: &GuestPath, to: &mut (dyn AsyncWrite + Send + Unpin)) -> Result<()> {
        match self.0.route.transfer {
            FileTransfer::Stream => self.read_file(from, to).await,
            FileTransfer::Sftp => self.sftp().await?.read(from, to).await,
            FileTransfer::Scp => self.scp_read(from, to).await,
        }
    }

    async fn upload_dir(&self, from: &HostFolder, to: &GuestPath) -> Result<()> {
        let path = from.path();
        if !path.is_dir() {
            return Err(
                Error::new(ErrorKind::NotFound, format!("{} is not a folder", path.display()))
                    .hint("name a folder on the builder"),
            );
        }
        match self.0.route.transfer {
            FileTransfer::Stream => self.write_tree(from, to).await,
            FileTransfer::Sftp => self.sftp().await?.write_tree(path, to).await,
            FileTransfer::Scp => self.scp_write_tree(path, to).await,
        }
    }

    async fn download_dir(&self, from: &GuestPath, to: &Path) -> Result<()> {
        match self.0.route.transfer {
            FileTransfer::Stream => self.read_tree(from, to).await,
            FileTransfer::Sftp => self.sftp().await?.read_tree(from, to).await,
            FileTransfer::Scp => self.scp_read_tree(from, to).await,
        }
    }

    async fn reconnect(&self, within: Duration) -> Result<()> {
        let mut current = self.0.current.lock().await;
        for old in self.0.more.lock().await.drain(..).chain(current.take()) {
            old.close().await;
        }
        let deadline = Instant::now() + within;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let connection = self.connect_within(left).await.map_err(|error| match error.kind() {
                ErrorKind::Timeout => {
                    let waited = humantime::format_duration(within);
                    let server = self.0.route.target.server();
                    Error::new(
                        ErrorKind::Timeout,
                        format!("{server} did not come back within {waited}"),
                    )
                    .because(error)
                    .hint("does the machine start again by itself, at the same address? Its console may say more")
                }
                _ => error,
            })?;
            if !self.is_going_down(&connection).await {
                *current = Some(connection);
                return Ok(());
            }
            self.0.cx.pause(Duration::from_millis(500)).await?;
        }
    }
}
