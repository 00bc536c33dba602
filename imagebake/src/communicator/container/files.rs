//! How files travel: small ones in the open shell, others as the input or output of a program, and as an archive that the engine unpacks
//! where they are large, where they are many, and where the container has no programs.

use super::{ContainerComm, ContainerEngine, Exec, exec::SMALL};
use crate::{
    communicator::{
        Command, Exit, FileAttrs, HostFolder, OutputSink,
        posix::{self, SAID, script, write_line},
        remote_quote,
        tree::{self, FileEntry},
    },
    engine::random_id,
    error::{Error, ErrorKind, Result},
    event::Stream as OutputStream,
    io::temporary_file,
    value::GuestPath,
};
use futures_util::StreamExt;
use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError, atomic::Ordering},
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncSeekExt, AsyncWrite, AsyncWriteExt};
use tokio_util::io::StreamReader;

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
        match self.way_for(to, attrs).await? {
            Way::Place(place) => self.write_in_place(place, &head, from).await,
            Way::Archive => self.write_as_archive(head, from, to, attrs).await,
            Way::Input => match self
                .write_as_input(&mut (&head[..]).chain(&mut *from), to, attrs)
                .await?
            {
                (0, _) => Ok(()),
                (126 | 127, _) if whole => self.write_as_archive(head, from, to, attrs).await,
                (_, said) => Err(refused("write", to, &said)),
            },
        }
    }

    /// Who owns what is uploaded, unless its attributes say so.
    async fn uploader(&self) -> Result<Option<(u64, u64)>> {
        match self.0.settings.own_uploads {
            true => self.ids().await.map(Some),
            false => Ok(None),
        }
    }

    /// How a file gets in. For a large one this makes it, empty, and looks whether an archive would put the content there: the engine
    /// unpacks it twice as fast as a program reads it, but sees no file systems that are mounted in the container, and would replace a link
    /// by a file.
    async fn way_for(&self, to: &GuestPath, attrs: &FileAttrs) -> Result<Way> {
        if self.0.settings.windows || self.0.no_shell.load(Ordering::Relaxed) {
            return Ok(Way::Archive);
        }
        let path = to.as_str();
        let Some((size, (folder, name))) = attrs
            .size
            .filter(|size| *size >= LARGE)
            .zip(path.rsplit_once('/').filter(|_| path.starts_with('/')))
        else {
            return Ok(Way::Input);
        };
        let owner = self.uploader().await?.map(|(user, group)| format!("{user}:{group}"));
        let make = write_line(":", to, attrs, owner);
        let path = remote_quote(path);
        let line = format!("{{ {make}; }} || exit 73; test -L {path} || stat -c '%d %a %u %g' / {path}; exit 0");
        match self.as_root(line).await? {
            (0, said) => Ok(match Facts::of_both(&String::from_utf8_lossy(&said)) {
                Some(facts) => Way::Place(Place {
                    folder: if folder.is_empty() { "/" } else { folder }.to_owned(),
                    name: name.to_owned(),
                    size,
                    facts,
                }),
                None => Way::Input,
            }),
            (126 | 127, _) => Ok(Way::Archive),
            (_, said) => Err(refused("write", to, &said)),
        }
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
        content: &mut (dyn AsyncRead + Send + Unpin),
        to: &GuestPath,
        attrs: &FileAttrs,
    ) -> Result<(i64, Vec<u8>)> {
        let owner = self.uploader().await?.map(|(user, group)| format!("{user}:{group}"));
        let line = write_line("cat", to, attrs, owner);
        self.give(vec!["/bin/sh".to_owned(), "-c".to_owned(), line], content)
            .await
    }

    /// Runs a program of ours as root that reads `content`: how it ended, and what it said.
    async fn give(&self, argv: Vec<String>, content: &mut (dyn AsyncRead + Send + Unpin)) -> Result<(i64, Vec<u8>)> {
        let exec = Exec {
            argv,
            user: Some("0".to_owned()),
            stdin: true,
            ..Exec::default()
        };
        let session = self.0.engine.open(exec).await?;
        let (mut input, mut printed) = (session.input, session.output);
        let feed = async {
            let mut buffer = vec![0; 256 << 10];
            loop {
                let count = content.read(&mut buffer).await?;
                if count == 0 || input.write_all(&buffer[..count]).await.is_err() {
                    break;
                }
            }
            // A reader that failed has stopped reading, and says why in what it prints.
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
        // A reader that failed reads no more: then what it said is all that is waited for.
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
        Ok((self.ended(&session.id).await?, said))
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
        // An archive has to say how large its files are before their first byte. What is here already is counted, and what gives more than
        // it promised is not believed: files of `/proc` say that they are empty.
        let whole = head.len() <= SMALL;
        let size = match whole {
            true => Some(head.len() as u64),
            false => attrs.size.filter(|size| *size > head.len() as u64),
        };
        let mut stored;
        let mut rest = (&head[..]).chain(from);
        let (size, content): (_, &mut (dyn AsyncRead + Send + Unpin)) = match size {
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

    pub(super) async fn write_tree(&self, from: &HostFolder, to: &GuestPath) -> Result<()> {
        let path = from.path();
        if !path.is_dir() {
            return Err(
                Error::new(ErrorKind::NotFound, format!("{} is not a folder", path.display()))
                    .hint("name a folder on the builder"),
            );
        }
        let owner = self.uploader().await?;
        // An engine that unpacks an archive makes a missing folder root's, and none at all for an archive of nothing.
        let empty = std::fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none());
        let somebody = owner.filter(|owner| *owner != (0, 0));
        if empty || somebody.is_some() {
            self.make_folder(to, somebody.unwrap_or_default()).await?;
        }
        let archive = from.archive(to.as_str(), owner);
        if !self.on_a_mount(to).await? {
            return self.0.engine.put("/", archive).await;
        }
        let argv = ["tar", "-x", "-p", "-f", "-", "-C", "/"].map(str::to_owned).to_vec();
        match self.give(argv, &mut StreamReader::new(archive)).await? {
            (0, _) => Ok(()),
            (_, said) => Err(refused("write", to, &said)),
        }
    }

    /// Whether a tree lies, or would lie, on a file system that is mounted in the container: the engine sees the volumes that it mounted
    /// itself, but no `tmpfs`, and nothing that a step mounted. A program of the container has to pack and unpack there.
    async fn on_a_mount(&self, folder: &GuestPath) -> Result<bool> {
        let path = remote_quote(folder.as_str());
        let line = format!(
            "p={path}; until test -e \"$p\"; do case $p in */*) p=${{p%/*}};; *) p=;; esac; test \"$p\" || p=/; done; \
             test \"$(stat -c %d \"$p\")\" = \"$(stat -c %d /)\" || {{ stat -f -c %T \"$p\"; command -v tar; }}; true"
        );
        if self.0.settings.windows {
            return Ok(false);
        }
        let (exit, said) = self.listen_to(Command::shell(line)).await?;
        if !exit.success() {
            // There is no shell, and what was printed is the engine's word for it.
            return Ok(false);
        }
        let mut lines = said.lines();
        match (lines.next(), lines.next()) {
            (Some("tmpfs" | "ramfs"), None) => Err(Error::new(
                ErrorKind::Unsupported,
                format!("{folder} is on a file system in memory, which the engine cannot reach, and the container has no `tar`"),
            )
            .hint("name a folder outside of `tmpfs`, or install `tar` in a step before")),
            (_, tar) => Ok(tar.is_some()),
        }
    }

    /// What a short command prints.
    async fn listen_to(&self, command: Command) -> Result<(Exit, String)> {
        let (sink, mut printed) = OutputSink::channel();
        let run = self.run(command, sink);
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
        Ok((exit?, text))
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
        let folder = from.as_str().trim_end_matches(['/', '\\']);
        if !self.on_a_mount(from).await? {
            let archive = self.0.engine.get(&format!("{folder}/.")).await?;
            return tree::unpack(archive, from, "container", to).await;
        }
        let exec = Exec {
            argv: ["tar", "-c", "-f", "-", "-C", &format!("{folder}/"), "."]
                .map(str::to_owned)
                .to_vec(),
            user: Some("0".to_owned()),
            ..Exec::default()
        };
        let session = self.0.engine.open(exec).await?;
        let said = Arc::new(Mutex::new(Vec::new()));
        let archive = session.output.filter_map({
            let said = said.clone();
            move |told| {
                let packed = match told {
                    Ok((OutputStream::Stdout, bytes)) => Some(Ok(bytes)),
                    Ok((OutputStream::Stderr, bytes)) => {
                        let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
                        let room = SAID - said.len().min(SAID);
                        said.extend_from_slice(&bytes[..bytes.len().min(room)]);
                        None
                    }
                    Err(error) => Some(Err(error)),
                };
                std::future::ready(packed)
            }
        });
        let unpacked = tree::unpack(Box::pin(archive), from, "container", to).await;
        match self.ended(&session.id).await? {
            0 => unpacked,
            _ => Err(refused(
                "read",
                from,
                &said.lock().unwrap_or_else(PoisonError::into_inner),
            )),
        }
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
            let (_, text) = self.listen_to(Command::shell("id -u && id -g")).await?;
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

/// How a file gets into a container.
enum Way {
    /// Read by a program in it.
    Input,
    /// Unpacked by the engine, over a file that was made before.
    Place(Place),
    /// Unpacked by the engine, wherever that is.
    Archive,
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
