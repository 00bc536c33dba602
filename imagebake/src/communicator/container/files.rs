//! How single files travel: small ones in the open shell, large ones as the input or output of a program, and as an archive where the
//! container has no programs.

use super::{ContainerComm, ContainerEngine, Exec, exec::SMALL};
use crate::{
    communicator::{
        Command, FileAttrs, OutputSink,
        posix::{self, SAID, script, write_line},
        remote_quote,
        tree::{self, FileEntry},
    },
    engine::random_id,
    error::{Error, ErrorKind, Result},
    event::Stream as OutputStream,
    value::GuestPath,
};
use futures_util::StreamExt;
use std::{
    path::Path,
    sync::{PoisonError, atomic::Ordering},
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncSeekExt, AsyncWrite, AsyncWriteExt};

/// From here on it pays to look where a file is to lie before it is sent.
const LARGE: u64 = 4 << 20;
/// From here on it pays to empty a file before its container is removed.
const HUGE: u64 = 64 << 20;

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
        match self.place_for_archive(to, attrs).await? {
            Some(place) => self.write_in_place(place, &head, from).await,
            None => self.write_as_input(&head, from, to, attrs).await,
        }
    }

    /// Who owns what is uploaded, unless its attributes say so.
    async fn uploader(&self) -> Result<Option<(u64, u64)>> {
        match self.0.settings.own_uploads {
            true => self.ids().await.map(Some),
            false => Ok(None),
        }
    }

    /// Makes the file, empty, and looks whether an archive would put the content there: the engine unpacks it twice as fast as a program
    /// reads it, but sees no file systems that are mounted in the container, and would replace a link by a file.
    async fn place_for_archive(&self, to: &GuestPath, attrs: &FileAttrs) -> Result<Option<Place>> {
        let path = to.as_str();
        let Some((size, (folder, name))) = attrs
            .size
            .filter(|size| *size >= LARGE)
            .zip(path.rsplit_once('/').filter(|_| path.starts_with('/')))
        else {
            return Ok(None);
        };
        let owner = self.uploader().await?.map(|(user, group)| format!("{user}:{group}"));
        let make = write_line(":", to, attrs, owner);
        let path = remote_quote(path);
        let line = format!("{{ {make}; }} || exit 73; test -L {path} || stat -c '%d %a %u %g' / {path}; exit 0");
        let (code, said) = self.as_root(line).await?;
        if code != 0 {
            return Err(refused("write", to, &said));
        }
        Ok(Facts::of_both(&String::from_utf8_lossy(&said)).map(|facts| Place {
            folder: if folder.is_empty() { "/" } else { folder }.to_owned(),
            name: name.to_owned(),
            size,
            facts,
        }))
    }

    async fn write_in_place(&self, place: Place, head: &[u8], from: &mut (dyn AsyncRead + Send + Unpin)) -> Result<()> {
        let mut content = head.chain(from);
        let (archive, feed) = tree::of_file(place.entry(), &mut content);
        let (put, fed) = tokio::join!(self.0.engine.put(&place.folder, archive), feed);
        fed.and(put)?;
        if place.size >= HUGE {
            self.0.placed.lock().unwrap_or_else(PoisonError::into_inner).push(place);
        }
        Ok(())
    }

    /// Empties the large files that were uploaded, in a container that nobody needs any more: an engine that removes it has its file system
    /// written to the disk first, and then deletes it.
    ///
    /// Only what lies in the container's own file system is touched, through the engine, which knows no other. A failure costs time, no more.
    pub async fn drop_uploads(&self) {
        let placed = std::mem::take(&mut *self.0.placed.lock().unwrap_or_else(PoisonError::into_inner));
        for mut place in placed {
            place.size = 0;
            let folder = place.folder.clone();
            if let Err(error) = self.write_in_place(place, &[], &mut tokio::io::empty()).await {
                tracing::debug!(
                    error = error.full(),
                    folder,
                    "a large file is deleted with its container"
                );
            }
        }
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
        let owner = self.uploader().await?.map(|(user, group)| format!("{user}:{group}"));
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
        let mut owner = self.uploader().await?.unwrap_or_default();
        if let Some(told) = &attrs.owner {
            owner = numbers(told).ok_or_else(|| {
                Error::new(
                    ErrorKind::Unsupported,
                    format!("the container has no shell to look up the owner `{told}`"),
                )
                .hint("write the owner as numbers: `1000:1000`")
            })?;
        }
        let path = to.as_str().replace('\\', "/");
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
        let folder = if folder.is_empty() { "/" } else { folder };
        // An archive has to say how large its files are before their first byte.
        let mut stored;
        let mut rest = (&head[..]).chain(from);
        let (size, content): (_, &mut (dyn AsyncRead + Send + Unpin)) = match attrs.size {
            Some(size) => (size, &mut rest),
            None => {
                stored = temporary_file().await?;
                let size = tokio::io::copy(&mut rest, &mut stored).await?;
                stored.rewind().await?;
                (size, &mut stored)
            }
        };
        let entry = FileEntry {
            name,
            size,
            mode: attrs.mode.unwrap_or(0o644),
            owner,
        };
        let (archive, feed) = tree::of_file(entry, content);
        let (put, fed) = tokio::join!(self.0.engine.put(folder, archive), feed);
        fed.and(put)
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
        let owner = self.uploader().await?;
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
        let line = format!("test -d {path} || {{ mkdir -p {path} && chown {user}:{group} {path}; }}");
        match self.as_root(line).await? {
            // Without a shell the engine makes it.
            (0 | 126 | 127, _) => Ok(()),
            (_, said) => Err(refused("make", folder, &said)),
        }
    }

    /// Runs a line of ours as root: how it ended, and what it said.
    async fn as_root(&self, line: String) -> Result<(i64, Vec<u8>)> {
        let exec = Exec {
            argv: vec!["/bin/sh".to_owned(), "-c".to_owned(), line],
            user: Some("0".to_owned()),
            ..Exec::default()
        };
        let mut session = self.0.engine.open(exec).await?;
        let mut said = Vec::new();
        while let Some(told) = session.output.next().await {
            said.extend_from_slice(&told?.1);
        }
        Ok((self.ended(&session.id).await?, said))
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

async fn temporary_file() -> Result<tokio::fs::File> {
    let file = tokio::task::spawn_blocking(tempfile::tempfile)
        .await
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))?;
    Ok(tokio::fs::File::from_std(file))
}

/// A file of the container's own file system that an archive can replace.
pub(super) struct Place {
    folder: String,
    name: String,
    size: u64,
    facts: Facts,
}

impl Place {
    fn entry(&self) -> FileEntry<'_> {
        FileEntry {
            name: &self.name,
            size: self.size,
            mode: self.facts.mode,
            owner: self.facts.owner,
        }
    }
}

/// What `stat` says of a file.
#[derive(Debug, PartialEq, Eq)]
struct Facts {
    mode: u32,
    owner: (u64, u64),
}

impl Facts {
    /// Of the second line, whose file has to be on the device of the first one's. `None` also for what is no answer: there is no `stat`,
    /// or no file but a link.
    fn of_both(said: &str) -> Option<Self> {
        let mut lines = said.lines().map(|line| line.split(' ').collect::<Vec<_>>());
        let (root, file) = (lines.next()?, lines.next()?);
        let [device, mode, user, group] = file[..] else {
            return None;
        };
        (root.first() == Some(&device) && lines.next().is_none()).then_some(())?;
        Some(Self {
            mode: u32::from_str_radix(mode, 8).ok()?,
            owner: (user.parse().ok()?, group.parse().ok()?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_to_be_on_the_containers_own_file_system() {
        let own = Facts {
            mode: 0o4755,
            owner: (1000, 50),
        };
        assert_eq!(Facts::of_both("41 755 0 0\n41 4755 1000 50\n"), Some(own));
        for other in [
            "41 755 0 0\n42 644 0 0\n",
            "",
            "/bin/sh: stat: not found\n",
            "stat: unrecognized option: c\nusage\n",
            "41 755 0 0\nstat: cannot stat '/x'\n",
        ] {
            assert_eq!(Facts::of_both(other), None, "{other}");
        }
    }
}
