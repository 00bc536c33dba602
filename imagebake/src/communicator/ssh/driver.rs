//! One connection: handshake, host key, login, channels. The only place, with its sisters, that names the SSH library.

use super::{
    auth_driver::{Key, login},
    breaking::Breaking,
    pace::Pace,
    route::{Hop, Route},
    trust::{Known, Presented, Trust, Verdict},
    tunnel::Tunnel,
};
use crate::{
    communicator::Exit,
    error::{Context, Error, ErrorKind, Result},
    event::Stream,
};
use bytes::Bytes;
use russh::{
    ChannelMsg, ChannelReadHalf, ChannelWriteHalf, Disconnect, Preferred, Pty, Sig, cipher,
    client::{self, Config, DisconnectReason, Handle, Handler, Msg, Session},
    kex,
    keys::{Algorithm, PublicKey, PublicKeyBase64, PublicKeyOrCertificate, known_hosts::known_host_keys_path},
};
use std::{
    borrow::Cow,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, UnixStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};

/// How long a server may take to agree on keys, and then to answer a login.
const HANDSHAKE: Duration = Duration::from_secs(30);

/// OpenSSH allows ten sessions on a connection, where `MaxSessions` says nothing else.
const SESSIONS: usize = 8;

/// What one connection has learnt.
#[derive(Default)]
struct Seen {
    shown: Option<Presented>,
    new: bool,
    refused: Option<Error>,
    /// Why the server ended it, in its words or the library's.
    end: Option<String>,
    openssh: bool,
    dropbear: bool,
    agent_requested: bool,
}

/// What the server does unasked.
pub(super) struct Events {
    server: String,
    trust: Trust,
    seen: Arc<Mutex<Seen>>,
    agent: Option<PathBuf>,
    tunnels: Vec<Tunnel>,
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Handler for Events {
    type Error = russh::Error;

    async fn check_server_key(&mut self, key: &PublicKeyOrCertificate) -> Result<bool, russh::Error> {
        let PublicKeyOrCertificate::PublicKey { key, .. } = key else {
            return Ok(false);
        };
        let shown = presented(key);
        let mut seen = lock(&self.seen);
        seen.shown = Some(shown.clone());
        match self.trust.judge(&self.server, &shown) {
            Verdict::Trusted => Ok(true),
            Verdict::New => {
                seen.new = true;
                Ok(true)
            }
            Verdict::Refused(error) => {
                seen.refused = Some(error);
                Ok(false)
            }
        }
    }

    async fn kex_done(
        &mut self,
        _: Option<&[u8]>,
        _: &russh::Names,
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        let says = |word: &str| {
            session
                .remote_sshid()
                .windows(word.len())
                .any(|part| part == word.as_bytes())
        };
        let mut seen = lock(&self.seen);
        (seen.openssh, seen.dropbear) = (says("OpenSSH"), says("dropbear"));
        Ok(())
    }

    async fn server_channel_open_agent_forward(
        &mut self,
        channel: russh::Channel<Msg>,
        reply: client::ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), russh::Error> {
        let Some(path) = self.agent.clone() else { return Ok(()) };
        reply.accept().await;
        tokio::spawn(async move {
            let carried = async {
                let mut agent = UnixStream::connect(path).await?;
                tokio::io::copy_bidirectional(&mut channel.into_stream(), &mut agent).await
            };
            if let Err(error) = carried.await {
                tracing::debug!(%error, "the way to the agent ended");
            }
        });
        Ok(())
    }

    async fn server_channel_open_forwarded_tcpip(
        &mut self,
        channel: russh::Channel<Msg>,
        address: &str,
        port: u32,
        _: &str,
        _: u32,
        reply: client::ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), russh::Error> {
        let asked = |tunnel: &&Tunnel| u32::from(tunnel.listen_port) == port;
        let mut candidates = self.tunnels.iter().filter(asked);
        let found = candidates
            .clone()
            .find(|tunnel| tunnel.listen_host == address)
            .or(candidates.next());
        let Some(tunnel) = found.cloned() else { return Ok(()) };
        reply.accept().await;
        tokio::spawn(async move {
            let carried = async {
                let mut to = TcpStream::connect((tunnel.host.as_str(), tunnel.port)).await?;
                tokio::io::copy_bidirectional(&mut channel.into_stream(), &mut to).await
            };
            if let Err(error) = carried.await {
                tracing::warn!(%error, %tunnel, "a connection through the tunnel broke");
            }
        });
        Ok(())
    }

    async fn disconnected(&mut self, reason: DisconnectReason<russh::Error>) -> Result<(), russh::Error> {
        match reason {
            DisconnectReason::ReceivedDisconnect(told) => {
                lock(&self.seen).end = Some(told.message);
                Ok(())
            }
            DisconnectReason::Error(error) => {
                lock(&self.seen).end = Some(error.to_string());
                Err(error)
            }
        }
    }
}

fn presented(key: &PublicKey) -> Presented {
    Presented {
        algorithm: key.algorithm().as_str().to_owned(),
        blob: key.public_key_base64(),
    }
}

/// The keys that a `known_hosts` file has for a server.
pub(super) fn known(file: &Path, host: &str, port: u16) -> Result<Vec<Known>> {
    let keys = known_host_keys_path(host, port, file).map_err(|error| {
        Error::new(ErrorKind::Config, format!("{} cannot be understood", file.display()))
            .because(error)
            .hint("each line is a host, an algorithm and a key; remove the broken one")
    })?;
    let of = |(line, key): (usize, PublicKey)| Known {
        file: file.to_owned(),
        line,
        key: presented(&key),
    };
    Ok(keys.into_iter().map(of).collect())
}

/// A host key that nothing knew before.
pub(super) struct NewKey(pub(super) Presented);

/// A connection that somebody is logged in on.
pub(super) struct Connection {
    handle: Handle<Events>,
    seen: Arc<Mutex<Seen>>,
    server: String,
    agent: bool,
    terminal: bool,
    /// Sessions that may be open at once.
    places: Arc<Semaphore>,
    /// How many those are.
    room: AtomicUsize,
    /// The machine that it goes through.
    _bastion: Option<Arc<Connection>>,
}

impl Connection {
    /// Speaks SSH on `stream` and logs in.
    pub(super) async fn open<S>(
        stream: S,
        hop: &Hop,
        keys: &[Key],
        trust: Trust,
        route: &Route,
        bastion: Option<Arc<Connection>>,
    ) -> Result<(Self, Option<NewKey>)>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let server = hop.server();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let config = Arc::new(config(route, &trust));
        // What is forwarded is the target's, never the bastion's.
        let is_target = std::ptr::eq(hop, &route.target);
        let agent = route.forward_agent.clone().filter(|_| is_target);
        let stream = Breaking::new(stream, route.resets.as_ref().filter(|_| is_target));
        let events = Events {
            server: server.clone(),
            trust,
            seen: seen.clone(),
            agent: agent.clone(),
            tunnels: if is_target {
                route.remote_tunnels.clone()
            } else {
                Vec::new()
            },
        };
        let silent = || {
            Error::new(
                ErrorKind::Unreachable,
                format!("{server} stopped answering before somebody was logged in"),
            )
            .temporary()
        };
        let shaken = tokio::time::timeout(HANDSHAKE, client::connect_stream(config, stream, events)).await;
        let mut handle = match shaken.map_err(|_| silent())? {
            Ok(handle) => handle,
            Err(error) => return Err(lock(&seen).refused.take().unwrap_or_else(|| failed(&server, error))),
        };
        let new = {
            let seen = lock(&seen);
            seen.shown.clone().filter(|_| seen.new)
        };
        // The server answers a refusal late on purpose, several times perhaps.
        let tries = HANDSHAKE * 2;
        tokio::time::timeout(tries, login(&mut handle, &server, &hop.login, keys))
            .await
            .map_err(|_| silent())?
            .map_err(|error| match lock(&seen).end.take() {
                Some(said) if error.is_temporary() => error.context("the server said", said),
                _ => error,
            })?;
        // Of dropbear's sessions, one that begins while another ends may be closed at once, without a word: seen up to 2022.83, with OpenSSH's
        // own client too.
        let places = if lock(&seen).dropbear { 1 } else { SESSIONS };
        let connection = Self {
            handle,
            places: Arc::new(Semaphore::new(places)),
            room: AtomicUsize::new(places),
            seen,
            server,
            agent: agent.is_some(),
            terminal: route.terminal,
            _bastion: bastion,
        };
        Ok((connection, new.map(NewKey)))
    }

    /// A place for one more session, where there is one.
    pub(super) fn place(&self) -> Option<OwnedSemaphorePermit> {
        self.places.clone().try_acquire_owned().ok()
    }

    /// The server refused a session for which there was a place: it allows fewer, and the place goes.
    pub(super) fn has_fewer(&self, place: OwnedSemaphorePermit) {
        let fewer = |room: usize| (room > 1).then(|| room - 1);
        if !self.is_closed()
            && self
                .room
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, fewer)
                .is_ok()
        {
            place.forget();
        }
    }

    /// Waits for a place; `None` where another connection is the better answer.
    pub(super) async fn wait_for_place(&self) -> Option<OwnedSemaphorePermit> {
        let alone = lock(&self.seen).dropbear;
        match alone {
            true => None,
            false => self.places.clone().acquire_owned().await.ok(),
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.handle.is_closed()
    }

    /// The connection ended while something was under way.
    pub(super) fn lost(&self, what: &str) -> Error {
        let error = Error::new(
            ErrorKind::Unreachable,
            format!("the connection to {} was lost while {what}", self.server),
        )
        .temporary();
        match &lock(&self.seen).end {
            Some(said) => error.context("reason", said),
            None => error,
        }
    }

    /// A connection from the server's side to somewhere else.
    pub(super) async fn reach(
        &self,
        host: &str,
        port: u16,
    ) -> Result<impl AsyncRead + AsyncWrite + Unpin + Send + 'static> {
        let channel = self
            .handle
            .channel_open_direct_tcpip(host, port.into(), "127.0.0.1", 0)
            .await;
        channel.map(russh::Channel::into_stream).map_err(|error| {
            Error::new(
                ErrorKind::Unreachable,
                format!("{} cannot connect to {host}:{port}", self.server),
            )
            .because(error)
            .temporary()
        })
    }

    /// Has the server listen for a tunnel.
    pub(super) async fn listen(&self, tunnel: &Tunnel) -> Result<()> {
        let listening = self
            .handle
            .tcpip_forward(&tunnel.listen_host, tunnel.listen_port.into())
            .await;
        listening.map(drop).map_err(|error| {
            Error::new(
                ErrorKind::Unreachable,
                format!(
                    "{} does not listen at {}:{} for a tunnel",
                    self.server, tunnel.listen_host, tunnel.listen_port
                ),
            )
            .because(error)
            .hint("is the port free there, and does the server allow forwarding (`AllowTcpForwarding`)?")
        })
    }

    /// Starts a line of the login shell. The connection ending before the server agreed is told apart by its error: nothing ran.
    pub(super) async fn start(&self, line: &str, terminal: bool) -> Result<(Reader, Writer)> {
        let wrong = |error: russh::Error| match self.is_closed() {
            true => self.lost("a command was started"),
            false => Error::new(ErrorKind::Unreachable, format!("{} opens no session", self.server))
                .because(error)
                .temporary()
                .hint("how many sessions a connection may have is `MaxSessions` in the server's settings"),
        };
        let channel = self.handle.channel_open_session().await.map_err(wrong)?;
        let (read, write) = channel.split();
        if self.agent && self.wants_agent() {
            write.agent_forward(false).await.map_err(wrong)?;
        }
        if terminal && self.terminal {
            // What is written is not to come back, and is handed on as it is.
            let modes = [
                (Pty::ECHO, 0),
                (Pty::ICRNL, 0),
                (Pty::TTY_OP_ISPEED, 115_200),
                (Pty::TTY_OP_OSPEED, 115_200),
            ];
            write
                .request_pty(false, "xterm", 80, 40, 0, 0, &modes)
                .await
                .map_err(wrong)?;
        }
        write.exec(false, line).await.map_err(wrong)?;
        let pace = Arc::new(Pace::new());
        let reader = Reader {
            half: read,
            pace: pace.clone(),
        };
        let half = Arc::new(write);
        Ok((reader, Writer { half, pace }))
    }

    /// Opens a subsystem of the server.
    pub(super) async fn subsystem(&self, name: &str) -> Result<russh::Channel<Msg>> {
        let wrong = |error: russh::Error| {
            Error::new(
                ErrorKind::Unsupported,
                format!("{} has no subsystem `{name}`", self.server),
            )
            .because(error)
            .hint("choose another way for files with `file_transfer_method`")
        };
        let mut channel = self.handle.channel_open_session().await.map_err(wrong)?;
        channel.request_subsystem(true, name).await.map_err(wrong)?;
        loop {
            match channel.wait().await {
                Some(ChannelMsg::Success) => return Ok(channel),
                Some(ChannelMsg::WindowAdjusted { .. }) => {}
                _ => return Err(wrong(russh::Error::RequestDenied)),
            }
        }
    }

    /// OpenSSH keeps what was granted for the whole connection, and complains in its log when asked again.
    fn wants_agent(&self) -> bool {
        let mut seen = lock(&self.seen);
        let asked = std::mem::replace(&mut seen.agent_requested, true);
        !(asked && seen.openssh)
    }

    /// Comes back once everything that the server had sent before has arrived.
    pub(super) async fn caught_up(&self) -> bool {
        self.handle.send_ping().await.is_ok()
    }

    /// Says goodbye.
    pub(super) async fn close(&self) {
        let _ = self.handle.disconnect(Disconnect::ByApplication, "", "").await;
    }
}

/// What a command tells.
pub(super) enum Told {
    Bytes(Stream, Bytes),
    Exit(Exit),
    /// The server does not start it.
    Denied,
    /// Its streams are closed.
    End,
}

/// What a command prints, and how it ends.
pub(super) struct Reader {
    half: ChannelReadHalf,
    pace: Arc<Pace>,
}

impl Reader {
    pub(super) async fn next(&mut self) -> Told {
        loop {
            return match self.half.wait().await {
                Some(ChannelMsg::Data { data }) => Told::Bytes(Stream::Stdout, data),
                Some(ChannelMsg::ExtendedData { data, .. }) => Told::Bytes(Stream::Stderr, data),
                Some(ChannelMsg::ExitStatus { exit_status }) => Told::Exit(Exit::Code(exit_status as i32)),
                Some(ChannelMsg::ExitSignal { signal_name, .. }) => Told::Exit(Exit::Signal(number(&signal_name))),
                Some(ChannelMsg::Failure) => Told::Denied,
                Some(ChannelMsg::Close) | None => Told::End,
                Some(ChannelMsg::WindowAdjusted { new_size }) => {
                    self.pace.told(new_size);
                    continue;
                }
                Some(_) => continue,
            };
        }
    }
}

/// What a command reads.
#[derive(Clone)]
pub(super) struct Writer {
    half: Arc<ChannelWriteHalf<Msg>>,
    pace: Arc<Pace>,
}

impl Writer {
    /// Hands on bytes, as fast as the command reads.
    pub(super) async fn send(&self, bytes: Bytes) -> Result<(), ()> {
        self.pace.wait().await;
        self.pace.sent(bytes.len());
        self.half.data_bytes(bytes).await.map_err(drop)
    }

    /// There is no more.
    pub(super) async fn end(&self) {
        let _ = self.half.eof().await;
    }

    /// Ends the command, as far as the server does that.
    pub(super) async fn kill(&self) {
        let _ = self.half.signal(Sig::KILL).await;
        let _ = self.half.close().await;
    }

    pub(super) async fn close(&self) {
        let _ = self.half.close().await;
    }
}

/// Signals have names on the way, and everywhere the same ones.
fn number(signal: &Sig) -> i32 {
    match signal {
        Sig::HUP => 1,
        Sig::INT => 2,
        Sig::QUIT => 3,
        Sig::ILL => 4,
        Sig::ABRT => 6,
        Sig::FPE => 8,
        Sig::KILL => 9,
        Sig::USR1 => 10,
        Sig::SEGV => 11,
        Sig::PIPE => 13,
        Sig::ALRM => 14,
        Sig::TERM => 15,
        Sig::Custom(name) => match name.split('@').next().unwrap_or_default() {
            "TRAP" => 5,
            "BUS" => 7,
            "USR2" => 12,
            "XCPU" => 24,
            "XFSZ" => 25,
            "SYS" => 31,
            _ => 0,
        },
    }
}

fn config(route: &Route, trust: &Trust) -> Config {
    let mut preferred = Preferred::default();
    let known = trust.algorithms();
    // A server with several keys shows the first that is asked for.
    let mut keys = preferred.key.to_vec();
    let is_known = |algorithm: &Algorithm| known.iter().any(|known| plain(algorithm) == known);
    keys.sort_by_key(|algorithm| !is_known(algorithm));
    preferred.key = Cow::Owned(keys);
    preferred.cipher = Cow::Owned(
        route
            .ciphers
            .iter()
            .filter_map(|name| cipher::Name::try_from(name.as_str()).ok())
            .collect(),
    );
    let extensions = preferred.kex.iter().filter(|name| {
        let name: &str = name.as_ref();
        name.starts_with("ext-info") || name.starts_with("kex-strict")
    });
    let exchanges = route
        .key_exchanges
        .iter()
        .filter_map(|name| kex::Name::try_from(name.as_str()).ok());
    preferred.kex = Cow::Owned(exchanges.chain(extensions.cloned()).collect());
    Config {
        client_id: russh::SshId::Standard(Cow::Borrowed(concat!("SSH-2.0-imagebake_", env!("CARGO_PKG_VERSION")))),
        window_size: 8 << 20,
        maximum_packet_size: 32 << 10,
        keepalive_interval: route.keep_alive,
        inactivity_timeout: route.silence,
        preferred,
        nodelay: true,
        ..Config::default()
    }
}

/// RSA keys are `ssh-rsa` in files, whatever they sign with.
fn plain(algorithm: &Algorithm) -> &str {
    match algorithm {
        Algorithm::Rsa { .. } => "ssh-rsa",
        other => other.as_str(),
    }
}

/// Why the handshake did not succeed.
fn failed(server: &str, error: russh::Error) -> Error {
    match error {
        russh::Error::NoCommonAlgo { kind, ours, theirs } => {
            let (what, field) = match format!("{kind:?}").as_str() {
                "Cipher" => ("cipher", "`ciphers`"),
                "Kex" => ("key exchange", "`key_exchange_algorithms`"),
                _ => ("algorithm", "what the server offers"),
            };
            Error::new(
                ErrorKind::Unsupported,
                format!("{server} and the builder have no {what} in common"),
            )
            .context("the builder offers", ours.join(", "))
            .context("the server offers", theirs.join(", "))
            .hint(format!("look at {field}"))
        }
        russh::Error::Version => Error::new(
            ErrorKind::Unsupported,
            format!("what answers at {server} does not speak SSH 2"),
        )
        .hint("look at `port`"),
        error => Error::new(
            ErrorKind::Unreachable,
            format!("the connection to {server} ended during the handshake"),
        )
        .because(error)
        .temporary(),
    }
}

/// Appends a line to a file of host keys.
pub(super) async fn record(file: &Path, line: &str) -> Result<()> {
    use tokio::io::AsyncWriteExt;
    if let Some(folder) = file.parent() {
        tokio::fs::create_dir_all(folder)
            .await
            .path("make the folder", folder)?;
    }
    let mut open = tokio::fs::OpenOptions::new();
    let mut out = open.create(true).append(true).open(file).await.path("write", file)?;
    out.write_all(line.as_bytes()).await.path("write", file)?;
    out.flush().await.path("write", file)
}

/// Whether the library knows all the names; a test holds the lists together.
#[cfg(test)]
mod tests {
    use super::*;
    use crate::communicator::ssh::config::{CIPHERS, KEY_EXCHANGES};
    use std::str::FromStr;

    #[test]
    fn the_library_knows_every_algorithm_that_may_be_named() {
        for name in CIPHERS {
            assert!(cipher::Name::try_from(*name).is_ok(), "{name}");
        }
        for name in KEY_EXCHANGES {
            assert!(kex::Name::try_from(*name).is_ok(), "{name}");
        }
        assert!(Algorithm::from_str("ssh-ed25519").is_ok());
    }
}
