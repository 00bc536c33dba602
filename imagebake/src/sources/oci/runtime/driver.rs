//! The builder's side of a guest: the one place where processes are started.

use super::protocol::{self, MARKER, Progress, Reply, Request, Spec};
use crate::{
    communicator::OutputSink,
    error::{Error, ErrorKind, Result},
    event::Stream,
    io::joined,
};
use bytes::BytesMut;
use std::{
    io::{self, PipeReader, PipeWriter, Write},
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::{net::UnixStream, process::CommandExt},
    },
    path::PathBuf,
    process::{Command, Stdio},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    net::unix::pipe,
    sync::oneshot,
};

/// A guest that runs. Dropping it ends it with everything in it.
pub(in super::super) struct Running {
    socket: UnixStream,
    ended: tokio::sync::Mutex<oneshot::Receiver<()>>,
}

impl Running {
    /// Starts the guest that `spec` says.
    pub(in super::super) async fn start(spec: Spec) -> Result<Self> {
        let (said, heard) = oneshot::channel();
        let (over, ended) = oneshot::channel();
        // The kernel ends a guest when the *thread* that started it ends; this one stays for as long as the guest does.
        let thread = std::thread::Builder::new().name("oci guest".into()).spawn(move || {
            let (mut child, socket) = match begin(&spec) {
                Ok(begun) => begun,
                Err(error) => return drop(said.send(Err(error))),
            };
            // When nobody waits any more, the socket is closed with the message, and the guest ends.
            let _ = said.send(Ok(socket));
            let _ = child.wait();
            let _ = over.send(());
        });
        thread.map_err(|error| Error::io("start a thread for", "the guest", error))?;
        let socket = heard
            .await
            .unwrap_or_else(|_| Err(Error::new(ErrorKind::Internal, "the guest's thread is gone")))?;
        let ended = tokio::sync::Mutex::new(ended);
        Ok(Self { socket, ended })
    }

    /// Ends the guest and waits until nothing of it is left.
    pub(in super::super) async fn stop(&self) {
        let _ = self.socket.shutdown(std::net::Shutdown::Both);
        let _ = (&mut *self.ended.lock().await).await;
    }

    /// Sends a request with open files; the guest's end of the connection that the reply comes on is sent with them.
    fn send(&self, files: &[BorrowedFd<'_>]) -> Result<tokio::net::UnixStream> {
        let open = || -> io::Result<tokio::net::UnixStream> {
            let (ours, theirs) = UnixStream::pair()?;
            let mut all = vec![theirs.as_fd()];
            all.extend_from_slice(files);
            protocol::send_files(&self.socket, &all)?;
            ours.set_nonblocking(true)?;
            tokio::net::UnixStream::from_std(ours)
        };
        open().map_err(lost)
    }

    async fn reply(mut control: tokio::net::UnixStream, request: &Request) -> Result<Reply> {
        let message = protocol::encoded(request).map_err(lost)?;
        control.write_all(&message).await.map_err(lost)?;
        let mut bytes = Vec::new();
        control.read_to_end(&mut bytes).await.map_err(lost)?;
        let reply: Reply = protocol::read_message(&bytes[..]).map_err(lost)?;
        match reply {
            Reply::Failed { message, errno, hint } => Err(failed(message, errno, hint)),
            reply => Ok(reply),
        }
    }

    /// Runs a program; dropping the future ends it with its process group.
    pub(in super::super) async fn exec(
        &self,
        request: &Request,
        stdin: Option<bytes::Bytes>,
        output: &OutputSink,
    ) -> Result<Reply> {
        let (out, out_end) = read_end()?;
        let (err, err_end) = read_end()?;
        let (in_end, input): (OwnedFd, _) = match &stdin {
            Some(_) => {
                let (end, writer) = write_end()?;
                (end, Some(writer))
            }
            None => (OwnedFd::from(std::fs::File::open("/dev/null").map_err(lost)?), None),
        };
        let control = self.send(&[in_end.as_fd(), out_end.as_fd(), err_end.as_fd()])?;
        drop((in_end, out_end, err_end));
        let feed = async move {
            if let (Some(mut input), Some(bytes)) = (input, stdin) {
                // A program may end without reading all it was given.
                let _ = input.write_all(&bytes).await;
            }
        };
        let pipes = async {
            tokio::join!(
                feed,
                pump(out, Stream::Stdout, output),
                pump(err, Stream::Stderr, output)
            )
        };
        tokio::pin!(pipes);
        let reply = Self::reply(control, request);
        tokio::pin!(reply);
        tokio::select! {
            reply = &mut reply => {
                // A program left in the background may hold the pipes open for ever: what counts is the end of the command itself.
                let _ = tokio::time::timeout(Duration::from_millis(200), &mut pipes).await;
                reply
            }
            _ = &mut pipes => reply.await,
        }
    }

    /// Makes a request without data.
    pub(in super::super) async fn ask(&self, request: &Request) -> Result<()> {
        Self::reply(self.send(&[])?, request).await.map(drop)
    }

    /// Makes a request that takes data.
    pub(in super::super) async fn give(
        &self,
        request: &Request,
        from: &mut (dyn AsyncRead + Send + Unpin),
    ) -> Result<()> {
        let (end, mut writer) = write_end()?;
        let control = self.send(&[end.as_fd()])?;
        drop(end);
        let feed = async move {
            let copied = tokio::io::copy(from, &mut writer).await;
            drop(writer);
            copied
        };
        let (fed, reply) = tokio::join!(feed, Self::reply(control, request));
        reply?;
        fed.map(drop)
            .map_err(|error| Error::io("read", "what is to be uploaded", error))
    }

    /// Makes a request that gives data.
    pub(in super::super) async fn take(
        &self,
        request: &Request,
        to: &mut (dyn tokio::io::AsyncWrite + Send + Unpin),
    ) -> Result<()> {
        let (mut reader, end) = read_end()?;
        let control = self.send(&[end.as_fd()])?;
        drop(end);
        let drain = async move { tokio::io::copy(&mut reader, to).await };
        let (drained, reply) = tokio::join!(drain, Self::reply(control, request));
        reply?;
        drained
            .map(drop)
            .map_err(|error| Error::io("write", "what is downloaded", error))
    }

    /// Makes a request whose data a blocking function produces, on a thread of its own.
    pub(in super::super) async fn give_from(
        &self,
        request: &Request,
        produce: impl FnOnce(&mut dyn Write) -> Result<()> + Send + 'static,
    ) -> Result<()> {
        let (end, writer) = io::pipe().map_err(lost)?;
        let control = self.send(&[end.as_fd()])?;
        drop(end);
        let producer = tokio::task::spawn_blocking(move || produce_into(writer, produce));
        let reply = Self::reply(control, request).await;
        let produced = joined(producer.await);
        // When both failed, the guest's failure closed the pipe and is the reason.
        reply.and(produced)
    }

    /// Makes a request whose data a blocking function takes, on a thread of its own.
    pub(in super::super) async fn take_into(
        &self,
        request: &Request,
        consume: impl FnOnce(PipeReader) -> Result<()> + Send + 'static,
    ) -> Result<()> {
        let (reader, end) = io::pipe().map_err(lost)?;
        let control = self.send(&[end.as_fd()])?;
        drop(end);
        let consumer = tokio::task::spawn_blocking(move || consume(reader));
        let reply = Self::reply(control, request).await;
        reply.and(joined(consumer.await))
    }
}

fn produce_into(writer: PipeWriter, produce: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
    let mut out = io::BufWriter::with_capacity(256 << 10, writer);
    produce(&mut out)?;
    out.flush()
        .map_err(|error| Error::io("send", "the folder to the guest", error))
}

fn lost(error: io::Error) -> Error {
    Error::new(ErrorKind::Unreachable, "the connection to the guest is lost")
        .because(error)
        .hint("its first process was ended, by the system's out-of-memory killer or by a user: build again")
}

pub(super) fn failed(message: String, errno: i32, hint: Option<String>) -> Error {
    let mut error = match errno {
        0 => Error::new(ErrorKind::Io, message),
        errno => {
            let cause = io::Error::from_raw_os_error(errno);
            let kind = match cause.kind() {
                io::ErrorKind::NotFound => ErrorKind::NotFound,
                io::ErrorKind::PermissionDenied => ErrorKind::PermissionDenied,
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ErrorKind::NoSpace,
                _ => ErrorKind::Io,
            };
            Error::new(kind, message).because(cause)
        }
    };
    if let Some(hint) = hint {
        error = error.hint(hint);
    }
    error
}

fn read_end() -> Result<(pipe::Receiver, OwnedFd)> {
    let open = || -> io::Result<_> {
        let (reader, writer) = io::pipe()?;
        let reader = OwnedFd::from(reader);
        rustix::io::ioctl_fionbio(&reader, true)?;
        Ok((pipe::Receiver::from_owned_fd(reader)?, OwnedFd::from(writer)))
    };
    open().map_err(lost)
}

fn write_end() -> Result<(OwnedFd, pipe::Sender)> {
    let open = || -> io::Result<_> {
        let (reader, writer) = io::pipe()?;
        let writer = OwnedFd::from(writer);
        rustix::io::ioctl_fionbio(&writer, true)?;
        Ok((OwnedFd::from(reader), pipe::Sender::from_owned_fd(writer)?))
    };
    open().map_err(lost)
}

async fn pump(mut from: pipe::Receiver, stream: Stream, to: &OutputSink) {
    let mut buffer = BytesMut::with_capacity(64 << 10);
    loop {
        buffer.reserve(32 << 10);
        match from.read_buf(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(_) => to.send(stream, buffer.split().freeze()).await,
        }
    }
}

/// Starts a process that is root of a user namespace and waits for work.
pub(super) fn start_tool() -> Result<(UnixStream, std::process::Child)> {
    let (socket, mut child) = spawn("tool")?;
    match wait_until_ready(&socket, child.id(), true) {
        Ok(()) => Ok((socket, child)),
        Err(error) => {
            drop(socket);
            let _ = child.kill();
            let _ = child.wait();
            Err(error)
        }
    }
}

fn spawn(role: &str) -> Result<(UnixStream, std::process::Child)> {
    if super::is_guest() {
        return Err(Error::new(
            ErrorKind::Config,
            "this program builds images before it looks whether it is a process of a guest itself",
        )
        .hint("begin `main` with `imagebake::main()`, or with `imagebake::sources::oci::enter_if_asked()`"));
    }
    let (ours, theirs) = UnixStream::pair().map_err(|error| Error::io("open a socket to", "the guest", error))?;
    let child = super::own_program()
        .env(MARKER, role)
        .stdin(Stdio::from(OwnedFd::from(theirs)))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // Ctrl-C at the terminal is the builder's to deal with.
        .process_group(0)
        .spawn()
        .map_err(|error| Error::io("start", "a process for the guest", error))?;
    Ok((ours, child))
}

/// Starts the guest's processes and waits until it is ready.
fn begin(spec: &Spec) -> Result<(std::process::Child, UnixStream)> {
    let (ours, mut child) = spawn("outer")?;
    match shake_hands(spec, &ours, child.id()) {
        Ok(()) => Ok((child, ours)),
        Err(error) => {
            drop(ours);
            let _ = child.kill();
            let _ = child.wait();
            Err(error)
        }
    }
}

fn no_answer(error: io::Error) -> Error {
    Error::new(
        ErrorKind::Config,
        "this program does not become a guest's process when it is started as one",
    )
    .because(error)
    .hint("begin `main` with `imagebake::main()`, or with `imagebake::sources::oci::enter_if_asked()`")
}

fn shake_hands(spec: &Spec, socket: &UnixStream, pid: u32) -> Result<()> {
    protocol::write_message(socket, spec).map_err(no_answer)?;
    wait_until_ready(socket, pid, spec.rootless)
}

fn wait_until_ready(socket: &UnixStream, pid: u32, rootless: bool) -> Result<()> {
    loop {
        match protocol::read_message(socket).map_err(no_answer)? {
            Progress::Unshared => {
                map_ids(pid)?;
                let mut socket = socket;
                socket.write_all(b"m").map_err(no_answer)?;
            }
            Progress::Ready => return Ok(()),
            Progress::Failed { doing, errno } => return Err(refused(&doing, errno, rootless)),
        }
    }
}

fn refused(doing: &str, errno: i32, rootless: bool) -> Error {
    let cause = io::Error::from_raw_os_error(errno);
    let denied = cause.kind() == io::ErrorKind::PermissionDenied;
    let kind = if denied {
        ErrorKind::PermissionDenied
    } else {
        ErrorKind::Unsupported
    };
    let error = Error::new(kind, format!("cannot start a guest: cannot {doing}")).because(cause);
    match rootless {
        true => error.hint(
            "the kernel must allow user namespaces (sysctls kernel.unprivileged_userns_clone, \
             kernel.apparmor_restrict_unprivileged_userns) and overlays in them (Linux 5.11); or build as root",
        ),
        false => {
            error.hint("in a container this needs CAP_SYS_ADMIN, and a state folder that is not on an overlay itself")
        }
    }
}

// ---- ids of user namespaces

/// Whether a guest without the system's root has more ids than one.
pub(in super::super) fn has_id_ranges() -> bool {
    id_ranges().is_some()
}

/// The ranges of user and group ids that the user was given, where the helpers that map them are installed.
fn id_ranges() -> Option<((u32, u32), (u32, u32))> {
    program("newuidmap").and(program("newgidmap"))?;
    let uid = rustix::process::getuid().as_raw();
    let names = [user_name(uid).unwrap_or_default(), uid.to_string()];
    Some((range_of("/etc/subuid", &names)?, range_of("/etc/subgid", &names)?))
}

/// Maps the user namespace of `pid`: all ranges that the user was given, or the one id there is.
fn map_ids(pid: u32) -> Result<()> {
    let (uid, gid) = (rustix::process::getuid().as_raw(), rustix::process::getgid().as_raw());
    if let Some((uids, gids)) = id_ranges() {
        let mapped = map_with("newuidmap", pid, uid, uids).and_then(|()| map_with("newgidmap", pid, gid, gids));
        return mapped.map_err(|error| {
            Error::new(ErrorKind::PermissionDenied, "cannot map the guest's user and group ids")
                .because(error)
                .hint("check the ranges in /etc/subuid and /etc/subgid, and the package `uidmap`")
        });
    }
    let write = |name: &str, text: String| {
        let path = PathBuf::from(format!("/proc/{pid}/{name}"));
        std::fs::write(&path, text).map_err(|error| Error::io("map the guest's ids in", &path, error))
    };
    write("setgroups", "deny".to_owned())?;
    write("uid_map", format!("0 {uid} 1"))?;
    write("gid_map", format!("0 {gid} 1"))
}

fn map_with(helper: &str, pid: u32, own: u32, (first, count): (u32, u32)) -> io::Result<()> {
    let output = Command::new(helper)
        .args([pid, 0, own, 1, 1, first, count].map(|number| number.to_string()))
        .stdin(Stdio::null())
        .output()?;
    match output.status.success() {
        true => Ok(()),
        false => Err(io::Error::other(format!(
            "{helper}: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        ))),
    }
}

fn user_name(uid: u32) -> Option<String> {
    let text = std::fs::read_to_string("/etc/passwd").ok()?;
    text.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    })
}

/// The first range that `file` gives to one of `names`: where it begins and how many ids it has.
fn range_of(file: &str, names: &[String]) -> Option<(u32, u32)> {
    let text = std::fs::read_to_string(file).ok()?;
    text.lines().find_map(|line| {
        let mut fields = line.trim().split(':');
        let name = fields.next()?;
        let range = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
        names.iter().any(|known| known == name).then_some(range)
    })
}

// ---- programs of the builder

/// Where a program of the builder is.
pub(in super::super) fn program(name: &str) -> Option<String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin", "/sbin"].map(PathBuf::from));
    let found = folders.map(|folder| folder.join(name)).find(|path| path.is_file());
    found.map(|path| path.to_string_lossy().into_owned())
}

/// Runs a program of the builder that installs a system, with its children ended when the future is dropped.
pub(in super::super) async fn install(arguments: Vec<String>, output: OutputSink) -> Result<()> {
    let shown = arguments.join(" ");
    let command = crate::communicator::Command::program(arguments).env("DEBIAN_FRONTEND", "noninteractive");
    let exit = crate::communicator::Communicator::exec(&crate::communicator::Local, command, output).await?;
    match exit.success() {
        true => Ok(()),
        false => Err(Error::new(
            ErrorKind::CommandFailed,
            format!("`{shown}` ended with exit code {}", exit.code()),
        )
        .command(crate::error::CommandFailure::new(shown, Some(exit.code())))),
    }
}
