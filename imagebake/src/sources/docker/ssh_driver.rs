//! An engine behind `ssh://`: a socket of our own, each connection of which is `docker system dial-stdio` on the other side.

use super::endpoint::Endpoint;
use crate::error::{Context, Error, ErrorKind, Result};
use std::{path::PathBuf, process::Stdio};
use tokio::{
    net::{UnixListener, UnixStream},
    process::Command,
    task::JoinHandle,
};

/// The local end; gone with its value.
pub(super) struct Tunnel {
    folder: tempfile::TempDir,
    accepting: JoinHandle<()>,
}

impl Drop for Tunnel {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Tunnel {
    /// Listens; nothing is connected before the first request.
    pub(super) fn open(at: &Endpoint) -> Result<Self> {
        let target = Target::parse(&at.host)?;
        let folder = tempfile::Builder::new()
            .prefix("imagebake-docker-")
            .tempdir()
            .path("make the folder", std::env::temp_dir())?;
        let socket = folder.path().join("engine.sock");
        let listener = UnixListener::bind(&socket).path("listen at", &socket)?;
        let accepting = tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let target = target.clone();
                tokio::spawn(async move {
                    if let Err(error) = carry(connection, &target).await {
                        tracing::warn!(%error, "the way to the engine over SSH broke");
                    }
                });
            }
        });
        Ok(Self { folder, accepting })
    }

    /// The socket to connect to.
    pub(super) fn socket(&self) -> PathBuf {
        self.folder.path().join("engine.sock")
    }
}

/// What `ssh` is told.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Target {
    arguments: Vec<String>,
}

impl Target {
    fn parse(host: &str) -> Result<Self> {
        let wrong = || {
            Error::new(ErrorKind::Config, format!("`{host}` is not an engine's address"))
                .hint("write it as `ssh://user@host:22`")
        };
        let rest = host.strip_prefix("ssh://").ok_or_else(wrong)?.trim_end_matches('/');
        let (user, place) = match rest.rsplit_once('@') {
            Some((user, place)) => (Some(user), place),
            None => (None, rest),
        };
        let (name, port) = match place.rsplit_once(':') {
            Some((name, port)) if !place.ends_with(']') => (name, Some(port)),
            _ => (place, None),
        };
        let name = name.trim_start_matches('[').trim_end_matches(']');
        // Nothing that `ssh` would take for an option.
        if name.is_empty() || name.starts_with('-') || user.is_some_and(|user| user.is_empty() || user.starts_with('-'))
        {
            return Err(wrong());
        }
        let mut arguments = Vec::new();
        if let Some(user) = user {
            arguments.extend(["-l".to_owned(), user.to_owned()]);
        }
        if let Some(port) = port {
            port.parse::<u16>().map_err(|_| wrong())?;
            arguments.extend(["-p".to_owned(), port.to_owned()]);
        }
        arguments.extend(["--", name, "docker", "system", "dial-stdio"].map(str::to_owned));
        Ok(Self { arguments })
    }
}

async fn carry(connection: UnixStream, target: &Target) -> std::io::Result<()> {
    let mut child = Command::new("ssh")
        .args(["-T", "-o", "ConnectTimeout=30", "-o", "BatchMode=yes"])
        .args(&target.arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .spawn()?;
    let mut stdin = child.stdin.take().expect("it is piped");
    let mut stdout = child.stdout.take().expect("it is piped");
    let (mut from_us, mut to_us) = connection.into_split();
    let there = async move {
        tokio::io::copy(&mut from_us, &mut stdin).await?;
        // Only when it is closed does the other side know that nothing more comes; shutting it down does not.
        drop(stdin);
        Ok(())
    };
    let back = async move {
        tokio::io::copy(&mut stdout, &mut to_us).await?;
        tokio::io::AsyncWriteExt::shutdown(&mut to_us).await
    };
    tokio::try_join!(there, back)?;
    child.wait().await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_becomes_arguments_and_never_options() {
        let of = |host: &str| Target::parse(host).map(|target| target.arguments.join(" "));
        assert_eq!(
            of("ssh://me@far:2222").expect("an address"),
            "-l me -p 2222 -- far docker system dial-stdio"
        );
        assert_eq!(
            of("ssh://[::1]").expect("an address"),
            "-- ::1 docker system dial-stdio"
        );
        for wrong in ["ssh://", "ssh://-oProxyCommand=x", "ssh://-l@far", "ssh://far:http"] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
    }
}
