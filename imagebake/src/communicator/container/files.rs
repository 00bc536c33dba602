//! How single files travel: small ones in the open shell, large ones as the input or output of a program, and as an archive where the
//! container has no programs.

use super::{ContainerComm, ContainerEngine, Exec, exec::SMALL};
use crate::{
    communicator::{
        Command, FileAttrs, OutputSink,
        posix::{self, SAID, script, write_line},
        remote_quote, tree,
    },
    engine::random_id,
    error::{Error, ErrorKind, Result},
    event::Stream as OutputStream,
    value::GuestPath,
};
use futures_util::StreamExt;
use std::{path::Path, sync::atomic::Ordering};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

impl<E: ContainerEngine> ContainerComm<E> {
    pub(super) async fn write_file(
        &self,
        from: &mut (dyn AsyncRead + Send + Unpin),
        to: &GuestPath,
        attrs: &FileAttrs,
    ) -> Result<()> {
        let mut head = Vec::with_capacity(SMALL);
        (&mut *from).take(SMALL as u64 + 1).read_to_end(&mut head).await?;
        let whole = head.len() <= SMALL;
        if whole && self.write_in_shell(&head, to, attrs).await? {
            return Ok(());
        }
        if whole || self.0.settings.windows || self.0.no_shell.load(Ordering::Relaxed) {
            return self.write_as_archive(head, from, to, attrs).await;
        }
        self.write_as_input(&head, from, to, attrs).await
    }

    /// Whether the open shell wrote it; otherwise something better suited has to, or has to say why it cannot.
    async fn write_in_shell(&self, bytes: &[u8], to: &GuestPath, attrs: &FileAttrs) -> Result<bool> {
        let Ok(text) = std::str::from_utf8(bytes) else {
            return Ok(false);
        };
        if text.contains('\0') || self.0.settings.terminal || !self.0.settings.own_uploads {
            return Ok(false);
        }
        let line = write_line(&format!("printf '%s' {}", remote_quote(text)), to, attrs, None);
        let (sink, mut printed) = OutputSink::channel();
        let mark = random_id();
        let script = script(&line, &[], None, &mark);
        let run = async {
            let exit = self.script(&script, &mark, &sink).await;
            drop(sink);
            exit
        };
        let (exit, ()) = tokio::join!(run, async { while printed.recv().await.is_some() {} });
        Ok(exit?.is_some_and(|exit| exit.success()))
    }

    /// `cat` writes what it reads: no size has to be known, and nothing is stored on the way.
    async fn write_as_input(
        &self,
        head: &[u8],
        from: &mut (dyn AsyncRead + Send + Unpin),
        to: &GuestPath,
        attrs: &FileAttrs,
    ) -> Result<()> {
        let owner = match self.0.settings.own_uploads {
            true => {
                let (user, group) = self.ids().await?;
                Some(format!("{user}:{group}"))
            }
            false => None,
        };
        let line = write_line("cat", to, attrs, owner);
        let exec = Exec {
            argv: vec!["/bin/sh".to_owned(), "-c".to_owned(), line],
            user: Some("0".to_owned()),
            stdin: true,
            ..Exec::default()
        };
        let session = self.0.engine.open(exec).await?;
        let (mut input, mut printed) = (session.input, session.output);
        let feed = async {
            let mut sent = input.write_all(head).await;
            let mut buffer = vec![0; 256 << 10];
            while sent.is_ok() {
                let count = from.read(&mut buffer).await?;
                if count == 0 {
                    break;
                }
                sent = input.write_all(&buffer[..count]).await;
            }
            // A writer that failed has stopped reading, and says why in what it prints.
            let _ = input.shutdown().await;
            Ok::<_, Error>(())
        };
        let listen = async {
            let mut said = Vec::new();
            while let Some(told) = printed.next().await {
                let (_, bytes) = told?;
                said.extend_from_slice(&bytes[..bytes.len().min(SAID - said.len().min(SAID))]);
            }
            Ok::<_, Error>(said)
        };
        // A writer that failed reads no more: then what it said is all that is waited for.
        tokio::pin!(feed, listen);
        let mut feeding = true;
        let said = loop {
            tokio::select! {
                fed = &mut feed, if feeding => {
                    fed?;
                    feeding = false;
                }
                said = &mut listen => break said?,
            }
        };
        match self.ended(&session.id).await? {
            0 => Ok(()),
            _ => Err(refused("write", to, &said)),
        }
    }

    async fn write_as_archive(
        &self,
        head: Vec<u8>,
        from: &mut (dyn AsyncRead + Send + Unpin),
        to: &GuestPath,
        attrs: &FileAttrs,
    ) -> Result<()> {
        let mut owner = match self.0.settings.own_uploads {
            true => self.ids().await?,
            false => (0, 0),
        };
        if let Some(told) = &attrs.owner {
            owner = numbers(told).ok_or_else(|| {
                Error::new(
                    ErrorKind::Unsupported,
                    format!("the container has no shell to look up the owner `{told}`"),
                )
                .hint("write the owner as numbers: `1000:1000`")
            })?;
        }
        // An archive has to say how large its files are before their first byte.
        let mut file = tempfile_async(&head).await?;
        tokio::io::copy(from, &mut file).await?;
        let path = to.as_str().replace('\\', "/");
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
        let folder = if folder.is_empty() { "/" } else { folder };
        let archive = tree::of_file(file, name, attrs.mode.unwrap_or(0o644), owner).await?;
        self.0.engine.put(folder, archive).await
    }

    pub(super) async fn read_file(&self, from: &GuestPath, to: &mut (dyn AsyncWrite + Send + Unpin)) -> Result<()> {
        if self.0.settings.windows || self.0.settings.terminal || self.0.no_shell.load(Ordering::Relaxed) {
            return tree::single_file(self.0.engine.get(from.as_str()).await?, from, to).await;
        }
        let (sink, mut printed) = OutputSink::channel();
        let command = self.run(Command::program(["cat", "--", from.as_str()]), sink);
        let write = async {
            let mut said = Vec::new();
            while let Some((stream, bytes)) = printed.recv().await {
                match stream {
                    OutputStream::Stdout => to.write_all(&bytes).await?,
                    OutputStream::Stderr => {
                        said.extend_from_slice(&bytes[..bytes.len().min(SAID - said.len().min(SAID))]);
                    }
                }
            }
            to.flush().await?;
            Ok::<_, Error>(said)
        };
        let (exit, said) = tokio::join!(command, write);
        let said = said?;
        match exit? {
            exit if exit.success() => Ok(()),
            exit if matches!(exit.code(), 126 | 127) => {
                tree::single_file(self.0.engine.get(from.as_str()).await?, from, to).await
            }
            _ => Err(refused("read", from, &said)),
        }
    }

    pub(super) async fn write_tree(&self, from: &Path, to: &GuestPath) -> Result<()> {
        if !from.is_dir() {
            return Err(
                Error::new(ErrorKind::NotFound, format!("{} is not a folder", from.display()))
                    .hint("name a folder on the builder"),
            );
        }
        let owner = match self.0.settings.own_uploads {
            true => Some(self.ids().await?),
            false => None,
        };
        // An engine that unpacks an archive makes a missing folder root's, and none at all for an archive of nothing.
        let empty = std::fs::read_dir(from).is_ok_and(|mut entries| entries.next().is_none());
        let somebody = owner.filter(|owner| *owner != (0, 0));
        if empty || somebody.is_some() {
            self.make_folder(to, somebody.unwrap_or_default()).await?;
        }
        self.0.engine.put("/", tree::pack(from, to.as_str(), owner)).await
    }

    /// Makes a folder that is missing.
    async fn make_folder(&self, folder: &GuestPath, (user, group): (u64, u64)) -> Result<()> {
        let path = remote_quote(folder.as_str());
        let exec = Exec {
            argv: vec![
                "/bin/sh".to_owned(),
                "-c".to_owned(),
                format!("test -d {path} || {{ mkdir -p {path} && chown {user}:{group} {path}; }}"),
            ],
            user: Some("0".to_owned()),
            ..Exec::default()
        };
        let mut session = self.0.engine.open(exec).await?;
        let mut said = Vec::new();
        while let Some(told) = session.output.next().await {
            said.extend_from_slice(&told?.1);
        }
        match self.ended(&session.id).await? {
            // Without a shell the engine makes it.
            0 | 126 | 127 => Ok(()),
            _ => Err(refused("make", folder, &said)),
        }
    }

    pub(super) async fn read_tree(&self, from: &GuestPath, to: &Path) -> Result<()> {
        let folder = format!("{}/.", from.as_str().trim_end_matches(['/', '\\']));
        tree::unpack(self.0.engine.get(&folder).await?, from, "container", to).await
    }

    /// The numbers of the user that commands run as, and of its group.
    pub(super) async fn ids(&self) -> Result<(u64, u64)> {
        let ask = || async {
            if let Some(user) = &self.0.settings.user
                && let Some(told) = numbers(user).filter(|_| user.contains(':'))
            {
                return Ok(told);
            }
            if self.0.settings.windows {
                return Ok((0, 0));
            }
            let (sink, mut printed) = OutputSink::channel();
            let run = self.run(Command::shell("id -u && id -g"), sink);
            let keep = async {
                let mut text = Vec::new();
                while let Some((stream, bytes)) = printed.recv().await {
                    if stream == OutputStream::Stdout && text.len() < SAID {
                        text.extend_from_slice(&bytes);
                    }
                }
                String::from_utf8_lossy(&text).into_owned()
            };
            let (exit, text) = tokio::join!(run, keep);
            exit?;
            let mut lines = text.lines().map(|line| line.trim().parse::<u64>());
            match (lines.next(), lines.next()) {
                (Some(Ok(user)), Some(Ok(group))) => Ok((user, group)),
                // A container without programs has no other user than its root in practice.
                _ => Ok((0, 0)),
            }
        };
        self.0.ids.get_or_try_init(ask).await.copied()
    }
}

/// Why the container could not read or write a file; its room is the engine's.
fn refused(doing: &str, path: &GuestPath, said: &[u8]) -> Error {
    let error = posix::refused(doing, path, "container", said);
    match error.kind() {
        ErrorKind::NoSpace => error.hint(
            "make room where the engine keeps its data: `docker system df` shows what takes it, `docker system prune` removes what nobody uses",
        ),
        _ => error,
    }
}

/// `1000`, `1000:50`.
fn numbers(owner: &str) -> Option<(u64, u64)> {
    let (user, group) = owner.split_once(':').unwrap_or((owner, owner));
    Some((user.parse().ok()?, group.parse().ok()?))
}

async fn tempfile_async(head: &[u8]) -> Result<tokio::fs::File> {
    let file = tokio::task::spawn_blocking(tempfile::tempfile)
        .await
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))?;
    let mut file = tokio::fs::File::from_std(file);
    file.write_all(head).await?;
    Ok(file)
}
