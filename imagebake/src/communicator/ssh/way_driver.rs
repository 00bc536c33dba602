//! The way to a server: a TCP connection, directly or through a proxy, at the first moment something answers.

use super::{bastion::ProxyKind, prompt::Prompt, route::ProxyWay};
use crate::error::{Error, ErrorKind, Result};
use base64::{Engine, engine::general_purpose::STANDARD};
use futures_util::{StreamExt, future::BoxFuture, stream::FuturesUnordered};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, lookup_host},
    sync::Mutex,
    time::timeout,
};

/// How long an open connection may say nothing before it is given up.
const SILENT: Duration = Duration::from_secs(8);
/// When another one is opened beside it.
const NEXT: Duration = Duration::from_secs(1);
/// The same for a port that is forwarded into a machine: it takes connections long before the machine does. Those come to life together once there is
/// somebody to answer, and each has a machine that is starting begin a process: at two a second, an emulated Debian spent 5 of 30 CPU seconds on
/// them, and its server refused some for their number (`MaxStartups`).
const NEXT_FORWARDED: Duration = Duration::from_secs(2);
/// What a proxy's answer may be long.
const ANSWER: usize = 8 << 10;

/// Connections that are being opened to one server.
#[derive(Default)]
pub(super) struct Opening(Mutex<FuturesUnordered<BoxFuture<'static, Result<TcpStream>>>>);

impl Opening {
    /// Opens one more, and gives the first of all on which a server has spoken; `None` when none has yet.
    pub(super) async fn next(&self, host: &str, port: u16, forwarded: bool) -> Result<Option<Prompt>> {
        let mut open = self.0.lock().await;
        open.push(Box::pin(answering(host.to_owned(), port)));
        let next = if forwarded { NEXT_FORWARDED } else { NEXT };
        match timeout(next, open.next()).await {
            Ok(Some(Ok(stream))) => {
                open.clear();
                Ok(Some(Prompt::new(stream)))
            }
            Ok(Some(Err(error))) => Err(error),
            Ok(None) | Err(_) => Ok(None),
        }
    }
}

/// A connection on which the server has said something: it speaks first.
async fn answering(host: String, port: u16) -> Result<TcpStream> {
    let speak = async {
        let stream = connect(&host, port).await?;
        match stream.peek(&mut [0]).await {
            Ok(0) => Err(unreachable(format!("{host}:{port} closes connections at once"))),
            Ok(_) => Ok(stream),
            Err(error) => Err(unreachable(format!("cannot connect to {host}:{port}")).because(error)),
        }
    };
    timeout(SILENT, speak)
        .await
        .unwrap_or_else(|_| Err(unreachable(format!("{host}:{port} takes connections but says nothing"))))
}

pub(super) async fn connect(host: &str, port: u16) -> Result<TcpStream> {
    let addresses: Vec<_> = lookup_host((host, port))
        .await
        .map_err(|error| {
            Error::new(ErrorKind::NotFound, format!("the name {host} cannot be looked up"))
                .because(error)
                .hint("look at `host`, and at the builder's name servers")
        })?
        .collect();
    let mut last = None;
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                // Commands and answers are small, and each is waited for.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Err(error) => last = Some(error),
        }
    }
    let error = unreachable(format!("cannot connect to {host}:{port}"));
    Err(match last {
        Some(last) => error.because(last),
        None => error,
    })
}

fn unreachable(message: String) -> Error {
    Error::new(ErrorKind::Unreachable, message).temporary()
}

/// A connection to `host` that the proxy made.
pub(super) async fn through_proxy(proxy: &ProxyWay, host: &str, port: u16) -> Result<Prompt> {
    let work = async {
        let connected = connect(&proxy.host, proxy.port).await;
        let stream = connected.map_err(|error| error.context("on the way", "the proxy"))?;
        match proxy.kind {
            ProxyKind::Socks5 => socks5(proxy, stream, host, port).await,
            ProxyKind::Http => http(proxy, stream, host, port).await,
        }
    };
    let connected = timeout(Duration::from_secs(30), work).await.unwrap_or_else(|_| {
        let (at, to) = (format!("{}:{}", proxy.host, proxy.port), format!("{host}:{port}"));
        Err(unreachable(format!(
            "the proxy {at} does not answer the wish for a connection to {to}"
        )))
    });
    connected.map(Prompt::new)
}

async fn socks5(proxy: &ProxyWay, stream: TcpStream, host: &str, port: u16) -> Result<TcpStream> {
    use tokio_socks::{Error as Refused, tcp::Socks5Stream};
    let made = match &proxy.login {
        Some((user, password)) => {
            Socks5Stream::connect_with_password_and_socket(stream, (host, port), user, password).await
        }
        None => Socks5Stream::connect_with_socket(stream, (host, port)).await,
    };
    made.map(Socks5Stream::into_inner).map_err(|error| {
        let at = format!("the proxy {}:{}", proxy.host, proxy.port);
        match error {
            Refused::PasswordAuthFailure(_) | Refused::NoAcceptableAuthMethods => {
                Error::new(ErrorKind::PermissionDenied, format!("{at} refuses the login"))
                    .because(error)
                    .hint("look at `proxy_user` and `proxy_password`")
            }
            Refused::HostUnreachable
            | Refused::NetworkUnreachable
            | Refused::ConnectionRefused
            | Refused::TtlExpired => unreachable(format!("{at} cannot connect to {host}:{port}")).because(error),
            Refused::Io(_) => unreachable(format!("the connection to {at} broke")).because(error),
            _ => Error::new(
                ErrorKind::Unreachable,
                format!("{at} makes no connection to {host}:{port}"),
            )
            .because(error)
            .hint("is it a SOCKS5 proxy, and does it allow this host and port?"),
        }
    })
}

async fn http(proxy: &ProxyWay, mut stream: TcpStream, host: &str, port: u16) -> Result<TcpStream> {
    let target = match host.contains(':') {
        true => format!("[{host}]:{port}"),
        false => format!("{host}:{port}"),
    };
    let mut request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n");
    if let Some((user, password)) = &proxy.login {
        let login = STANDARD.encode(format!("{user}:{}", password.as_str()));
        request.push_str(&format!("Proxy-Authorization: Basic {login}\r\n"));
    }
    request.push_str("\r\n");
    stream.write_all(request.as_bytes()).await?;
    // Byte by byte: what follows the answer is the server's.
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") && answer.len() < ANSWER {
        match stream.read_u8().await {
            Ok(byte) => answer.push(byte),
            Err(_) => break,
        }
    }
    let text = String::from_utf8_lossy(&answer);
    let status = text.lines().next().unwrap_or_default().trim().to_owned();
    let at = format!("the proxy {}:{}", proxy.host, proxy.port);
    let code = status.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5));
    match code.and_then(|code| code.parse::<u16>().ok()) {
        Some(200..=299) => Ok(stream),
        Some(407) => Err(
            Error::new(ErrorKind::PermissionDenied, format!("{at} refuses the login: {status}"))
                .hint("look at `proxy_user` and `proxy_password`"),
        ),
        Some(502..=504) => Err(unreachable(format!("{at} cannot connect to {target}: {status}"))),
        Some(_) => Err(Error::new(
            ErrorKind::Unreachable,
            format!("{at} makes no connection to {target}: {status}"),
        )
        .hint("does it allow `CONNECT` to this host and port?")),
        None => Err(Error::new(ErrorKind::Unreachable, format!("{at} does not speak HTTP"))
            .hint("a SOCKS proxy is `Proxy::socks5`")),
    }
}
