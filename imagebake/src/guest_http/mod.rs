//! The HTTP server from which a machine fetches files while it is installed: kickstart files, preseeds, packages.
//!
//! ```text
//! Http (settings) ── Server::bind ──▶ a port that is ours ── serve(facts) ──▶ answers, until it is dropped
//! ```
//!
//! The port is known before anything is rendered, since what is served may name it. A listener ends with its process, so that nothing has to be
//! journalled. Requests are told in the unit's log. It deliberately serves one project's own files to its own machine: no TLS, nothing is
//! written, and nothing outside the folder is read, whatever links are in it.

mod answer;
mod content;

pub use content::Content;

use crate::{
    engine::Cx,
    error::{Error, ErrorKind, Result},
    groups::Http,
    value::Vars,
};
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use std::{convert::Infallible, io, net::IpAddr, sync::Arc};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, UnixListener},
    task::{JoinHandle, JoinSet},
};

enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// A port that was found and is ours, from which nothing is served yet.
pub struct Server {
    listener: Listener,
    port: u16,
}

/// A server at work; it ends when this is dropped.
pub struct Serving {
    accepting: JoinHandle<()>,
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Server {
    /// Takes a free port of those that the settings allow. A port is ours from the moment it is found.
    ///
    /// # Errors
    /// When none is free, or the address is none of this computer's.
    pub async fn bind(cx: &Cx, http: &Http) -> Result<Self> {
        let protocol = http.protocol();
        let address = http.address();
        if protocol == "unix" {
            return Self::bind_unix(address.as_deref());
        }
        let address = match (address, protocol.as_str()) {
            (Some(address), _) => address,
            (None, "tcp6") => "::".to_owned(),
            (None, _) => "0.0.0.0".to_owned(),
        };
        let ip: IpAddr = address.parse().map_err(|_| {
            Error::new(
                ErrorKind::Config,
                format!("`{address}` is no address of this computer to listen on"),
            )
            .hint("set `http_bind_address` to an IP address, or leave it out for all")
        })?;
        let (first, last) = http.ports();
        let count = u32::from(last) - u32::from(first) + 1;
        // Builds that start together begin at different ports.
        let begin = crc32fast::hash(format!("{}{}", cx.run_id(), &**cx.unit()).as_bytes()) % count;
        for step in 0..count {
            let port = u16::try_from(u32::from(first) + (begin + step) % count).unwrap_or(last);
            match TcpListener::bind((ip, port)).await {
                Ok(listener) => {
                    let port = listener.local_addr().map_or(port, |address| address.port());
                    return Ok(Self {
                        listener: Listener::Tcp(listener),
                        port,
                    });
                }
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
                Err(error) => return Err(cannot_listen(&format!("{ip} port {port}"), error)),
            }
        }
        let message = match count {
            1 => format!("port {first} of {ip} is in use, and the HTTP server may use no other"),
            _ => format!("all ports of {ip} from {first} to {last} are in use"),
        };
        Err(Error::new(ErrorKind::Busy, message)
            .temporary()
            .hint("widen `http_port_min` and `http_port_max`; `ss -ltnp` shows who listens"))
    }

    fn bind_unix(path: Option<&str>) -> Result<Self> {
        let Some(path) = path else {
            return Err(Error::new(ErrorKind::Config, "a Unix socket needs a path")
                .hint("set `http_bind_address` to where the socket is to be"));
        };
        // One that nobody listens at is left from a process that was killed.
        if std::os::unix::net::UnixStream::connect(path)
            .is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
        {
            let _ = std::fs::remove_file(path);
        }
        let listener = UnixListener::bind(path).map_err(|error| cannot_listen(path, error))?;
        Ok(Self {
            listener: Listener::Unix(listener),
            port: 0,
        })
    }

    /// The port; 0 of a Unix socket.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Serves what the settings say, with `facts` in the templates.
    ///
    /// # Errors
    /// When the folder is none, or a template cannot be rendered.
    pub fn serve(self, cx: &Cx, http: &Http, facts: &Vars) -> Result<Serving> {
        let content = Arc::new(Content::of(cx, http, facts)?);
        let cx = cx.clone();
        let accepting = tokio::spawn(async move {
            // Dropped with this task, and the connections with it.
            let mut connections = JoinSet::new();
            loop {
                let (cx, content) = (cx.clone(), content.clone());
                match &self.listener {
                    Listener::Tcp(listener) => match listener.accept().await {
                        Ok((stream, peer)) => {
                            let _ = stream.set_nodelay(true);
                            connections.spawn(converse(cx, content, stream, peer.ip().to_string()));
                        }
                        Err(error) => refused(&cx, &error).await,
                    },
                    Listener::Unix(listener) => match listener.accept().await {
                        Ok((stream, _)) => {
                            connections.spawn(converse(cx, content, stream, "a socket".to_owned()));
                        }
                        Err(error) => refused(&cx, &error).await,
                    },
                }
                while connections.try_join_next().is_some() {}
            }
        });
        Ok(Serving { accepting })
    }
}

fn cannot_listen(at: &str, error: io::Error) -> Error {
    Error::new(ErrorKind::Unreachable, format!("the HTTP server cannot listen at {at}"))
        .because(error)
        .hint("`http_bind_address` has to be an address of this computer, and ports below 1024 are for root")
}

/// A connection that could not be taken (too many open files) is no reason to end; to try at once again is none either.
async fn refused(cx: &Cx, error: &io::Error) {
    cx.note(format!("a connection to the HTTP server was not taken: {error}"));
    let _ = cx.pause(std::time::Duration::from_millis(50)).await;
}

async fn converse(cx: Cx, content: Arc<Content>, stream: impl AsyncRead + AsyncWrite + Unpin, peer: String) {
    let service = service_fn(|request: hyper::Request<hyper::body::Incoming>| {
        let (cx, content, peer) = (cx.clone(), content.clone(), peer.clone());
        async move {
            let asked = format!("{} {}", request.method(), request.uri().path());
            let range = request
                .headers()
                .get("range")
                .and_then(|range| range.to_str().ok())
                .map(str::to_owned);
            let (method, path) = (request.method().clone(), request.uri().path().to_owned());
            let answer = answer::answer(&content, &method, &path, range.as_deref()).await;
            let size = answer
                .headers()
                .get("content-length")
                .and_then(|size| size.to_str().ok())
                .unwrap_or("no");
            cx.note(format!(
                "HTTP: {peer} asked {asked}: {}, {size} bytes",
                answer.status().as_u16()
            ));
            Ok::<_, Infallible>(answer)
        }
    });
    // A guest that hangs up in the middle is its own affair.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}
