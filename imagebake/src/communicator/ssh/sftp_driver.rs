//! Files through the SFTP subsystem. Requests are answered out of step: many are on the way at once.

use super::{comm::SshComm, driver::Connection};
use crate::{
    communicator::{FileAttrs, remote_quote},
    error::{Context, Error, ErrorKind, Result},
    io::off_the_async_threads,
    value::GuestPath,
};
use futures_util::{StreamExt, TryStreamExt, future::BoxFuture, stream};
use russh_sftp::{
    client::{Config, SftpSession, error::Error as SftpError, fs::Metadata},
    protocol::{FileAttributes, OpenFlags, StatusCode},
};
use std::{
    fs::FileTimes,
    io, mem,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    pin::Pin,
    sync::Arc,
    task::{self, Poll, ready},
    time::{Duration, SystemTime},
};
use tokio::{
    fs,
    io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf},
    sync::{OwnedSemaphorePermit, oneshot},
};

/// How many files of a tree are on their way at once.
const AT_ONCE: usize = 32;
const BLOCK: usize = 256 << 10;

/// The session of one connection.
pub(super) struct Sftp {
    connection: Arc<Connection>,
    session: SftpSession,
    _place: OwnedSemaphorePermit,
}

impl Sftp {
    pub(super) async fn open(connection: Arc<Connection>, place: OwnedSemaphorePermit) -> Result<Self> {
        let channel = connection.subsystem("sftp").await?;
        let config = Config {
            max_concurrent_reads: 64,
            max_concurrent_writes: 64,
            request_timeout_secs: 120,
            ..Config::default()
        };
        let (tell, noise) = oneshot::channel();
        let stream = FirstWord {
            stream: channel.into_stream(),
            first: Vec::new(),
            tell: Some(tell),
        };
        let session = tokio::select! {
            biased;
            Ok(said) = noise => return Err(noisy(&said)),
            session = SftpSession::new_with_config(stream, config) => session,
        };
        let session = session.map_err(|error| {
            Error::new(ErrorKind::Unsupported, "the server's SFTP cannot be used")
                .because(error)
                .hint("choose another way for files with `file_transfer_method`")
        })?;
        Ok(Self {
            connection,
            session,
            _place: place,
        })
    }

    pub(super) fn is_closed(&self) -> bool {
        self.connection.is_closed()
    }

    pub(super) async fn write(
        &self,
        from: &mut (dyn AsyncRead + Send + Unpin),
        to: &GuestPath,
        attrs: &FileAttrs,
    ) -> Result<()> {
        let refused = |error| refused("write", to.as_str(), error);
        let flags = OpenFlags::CREATE | OpenFlags::TRUNCATE | OpenFlags::WRITE;
        let mut made = FileAttributes::empty();
        // Nobody else reads it before it has its mode.
        made.permissions = attrs.mode.map(|_| 0o600);
        let file = self
            .session
            .open_with_flags_and_attributes(to.as_str(), flags, made)
            .await;
        let mut file = file.map_err(refused)?;
        copy(from, &mut file).await.map_err(|error| match error.get_ref() {
            Some(_) => Error::new(ErrorKind::Io, format!("cannot write {to} in the machine")).because(error),
            None => error.into(),
        })?;
        file.close()
            .await
            .map_err(|error| Error::io("write in the machine", to.as_str(), error))?;
        let mut wanted = FileAttributes::empty();
        wanted.permissions = attrs.mode;
        let owner = attrs.owner.as_deref().and_then(numbers);
        (wanted.uid, wanted.gid) = (owner.map(|(user, _)| user), owner.map(|(_, group)| group));
        if !wanted.is_empty() || wanted.permissions.is_some() || wanted.uid.is_some() {
            self.session.set_metadata(to.as_str(), wanted).await.map_err(refused)?;
        }
        Ok(())
    }

    pub(super) async fn read(&self, from: &GuestPath, to: &mut (dyn AsyncWrite + Send + Unpin)) -> Result<()> {
        let file = self.session.open(from.as_str()).await;
        let mut file = file.map_err(|error| refused("read", from.as_str(), error))?;
        copy(&mut file, to)
            .await
            .map_err(|error| Error::io("read in the machine", from.as_str(), error))?;
        to.flush().await?;
        Ok(())
    }

    pub(super) async fn write_tree(&self, from: &Path, to: &GuestPath) -> Result<()> {
        self.make_folder(to.as_str()).await?;
        self.write_folder(from.to_owned(), to.as_str().trim_end_matches('/').to_owned())
            .await
    }

    /// Makes a folder and those above it.
    async fn make_folder(&self, path: &str) -> Result<()> {
        let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        for part in ends.map(|end| &path[..end]).filter(|part| !part.is_empty()) {
            if let Err(error) = self.session.create_dir(part).await
                && !self
                    .session
                    .metadata(part)
                    .await
                    .is_ok_and(|about| about.file_type().is_dir())
            {
                return Err(refused("make the folder", part, error));
            }
        }
        Ok(())
    }

    fn write_folder(&self, from: PathBuf, to: String) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let mut entries = fs::read_dir(&from).await.path("read the folder", &from)?;
            let (mut files, mut folders) = (Vec::new(), Vec::new());
            while let Some(entry) = entries.next_entry().await.path("read the folder", &from)? {
                let path = entry.path();
                let about = fs::symlink_metadata(&path).await.path("read", &path)?;
                let Some(name) = path.file_name().and_then(|name| name.to_str()).map(str::to_owned) else {
                    let message = format!("the name of {} is not UTF-8", path.display());
                    return Err(Error::new(ErrorKind::Unsupported, message).hint("rename it"));
                };
                let to = format!("{to}/{name}");
                match about.is_dir() {
                    true => folders.push((path, to, about)),
                    false => files.push((path, to, about)),
                }
            }
            let one = |(path, to, about)| self.write_entry(path, to, about);
            stream::iter(files)
                .map(Ok)
                .try_for_each_concurrent(AT_ONCE, one)
                .await?;
            for (path, to, about) in folders {
                if let Err(error) = self.session.create_dir(&to).await
                    && !self
                        .session
                        .metadata(&to)
                        .await
                        .is_ok_and(|there| there.file_type().is_dir())
                {
                    return Err(refused("make the folder", &to, error));
                }
                self.write_folder(path, to.clone()).await?;
                self.set(&to, &about).await?;
            }
            Ok(())
        })
    }

    async fn write_entry(&self, path: PathBuf, to: String, about: std::fs::Metadata) -> Result<()> {
        if about.is_symlink() {
            let target = fs::read_link(&path).await.path("read", &path)?;
            let _ = self.session.remove_file(&to).await;
            // Servers take the two names the other way round than the draft has them, since OpenSSH did.
            let made = self.session.symlink(target.to_string_lossy(), &to).await;
            return made.map_err(|error| refused("make the link", &to, error));
        }
        if !about.is_file() {
            let message = format!(
                "{} is a device, a pipe or a socket and cannot be uploaded",
                path.display()
            );
            return Err(Error::new(ErrorKind::Unsupported, message).hint("leave it out"));
        }
        let mut file = fs::File::open(&path).await.path("read", &path)?;
        self.write(&mut file, &GuestPath::from(to.as_str()), &FileAttrs::default())
            .await?;
        self.set(&to, &about).await
    }

    /// Gives something there the mode and the time of something here.
    async fn set(&self, to: &str, about: &std::fs::Metadata) -> Result<()> {
        let time = u32::try_from(about.mtime()).ok();
        let mut wanted = FileAttributes::empty();
        wanted.permissions = Some(about.mode() & 0o7777);
        (wanted.atime, wanted.mtime) = (time, time);
        let set = self.session.set_metadata(to, wanted).await;
        set.map_err(|error| refused("set the mode of", to, error))
    }

    pub(super) async fn read_tree(&self, from: &GuestPath, to: &Path) -> Result<()> {
        fs::create_dir_all(to).await.path("make the folder", to)?;
        self.read_folder(from.as_str().trim_end_matches('/').to_owned(), to.to_owned())
            .await
    }

    fn read_folder(&self, from: String, to: PathBuf) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let entries = self.session.read_dir(&from).await;
            let entries = entries.map_err(|error| refused("read the folder", &from, error))?;
            let (mut files, mut folders) = (Vec::new(), Vec::new());
            for entry in entries {
                let name = entry.file_name();
                if matches!(name.as_str(), "." | "..") {
                    continue;
                }
                // The server says what the names are, and is not to write outside the folder.
                if name.is_empty() || name.contains('/') {
                    let message = format!("the machine names a file `{name}` in {from}");
                    return Err(
                        Error::new(ErrorKind::Integrity, message).hint("what answers there is no usual SFTP server")
                    );
                }
                let (from, to, about) = (format!("{from}/{name}"), to.join(&name), entry.metadata());
                match about.file_type().is_dir() {
                    true => folders.push((from, to, about)),
                    false => files.push((from, to, about)),
                }
            }
            let one = |(from, to, about)| self.read_entry(from, to, about);
            stream::iter(files)
                .map(Ok)
                .try_for_each_concurrent(AT_ONCE, one)
                .await?;
            for (from, to, about) in folders {
                fs::create_dir_all(&to).await.path("make the folder", &to)?;
                self.read_folder(from, to.clone()).await?;
                keep(&to, &about).await?;
            }
            Ok(())
        })
    }

    async fn read_entry(&self, from: String, to: PathBuf, about: Metadata) -> Result<()> {
        if about.file_type().is_symlink() {
            let target = self.session.read_link(&from).await;
            let target = target.map_err(|error| refused("read the link", &from, error))?;
            let _ = fs::remove_file(&to).await;
            return fs::symlink(target, &to).await.path("make the link", &to);
        }
        if !about.file_type().is_file() {
            return Ok(());
        }
        // A link that stood there is replaced, not followed.
        if fs::symlink_metadata(&to).await.is_ok_and(|there| there.is_symlink()) {
            fs::remove_file(&to).await.path("replace", &to)?;
        }
        let mut file = fs::File::create(&to).await.path("write", &to)?;
        self.read(&GuestPath::from(from), &mut file).await?;
        keep(&to, &about).await
    }
}

/// Gives something here the mode and the time that it has there.
async fn keep(to: &Path, about: &Metadata) -> Result<()> {
    let (path, mode, time) = (to.to_owned(), about.permissions, about.mtime);
    let set = move || {
        if let Some(time) = time {
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(time.into());
            let times = FileTimes::new().set_modified(time).set_accessed(time);
            std::fs::File::open(&path)?.set_times(times)?;
        }
        match mode {
            Some(mode) => std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode & 0o7777)),
            None => Ok(()),
        }
    };
    off_the_async_threads(set).await.path("set the mode of", to)
}

/// A server's stream whose beginning is looked at: a program that the login shell starts may come after what the shell says by itself.
struct FirstWord<S> {
    stream: S,
    /// What was read of it and is not handed on yet.
    first: Vec<u8>,
    /// Is told what there was instead of an answer.
    tell: Option<oneshot::Sender<Vec<u8>>>,
}

/// An answer begins with its length, and the first one is of kind 2.
const ANSWER: usize = 5;

fn is_answer(first: &[u8; ANSWER]) -> bool {
    let [length @ .., kind] = first;
    u32::from_be_bytes(*length) < 1 << 18 && *kind == 2
}

impl<S: AsyncRead + Unpin> FirstWord<S> {
    /// Reads until it is known what the stream begins with.
    fn poll_first(&mut self, cx: &mut task::Context<'_>) -> Poll<io::Result<()>> {
        while self.tell.is_some() {
            let mut block = [0; 512];
            let mut into = ReadBuf::new(&mut block);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut into))?;
            self.first.extend_from_slice(into.filled());
            match self.first.first_chunk() {
                None if !into.filled().is_empty() => {}
                Some(first) if !is_answer(first) => {
                    let said = mem::take(&mut self.first);
                    self.tell.take().map(|tell| tell.send(said));
                }
                _ => self.tell = None,
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for FirstWord<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_first(cx))?;
        if self.first.is_empty() {
            return Pin::new(&mut self.stream).poll_read(cx, into);
        }
        let fits = self.first.len().min(into.remaining());
        into.put_slice(&self.first[..fits]);
        self.first.drain(..fits);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for FirstWord<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Why SFTP cannot be used where the login shell says something first.
fn noisy(said: &[u8]) -> Error {
    let said = String::from_utf8_lossy(said);
    let said = said.trim_start().lines().next().unwrap_or_default();
    let said: String = said.chars().filter(|letter| !letter.is_control()).take(80).collect();
    Error::new(
        ErrorKind::Unsupported,
        format!("the server's SFTP cannot be used: the login shell prints `{said}` before it"),
    )
    .hint(
        "let the shell's own files (`.bashrc`, `.profile`) print nothing where there is no terminal, or choose another way for files with \
         `file_transfer_method`",
    )
}

async fn copy(from: &mut (dyn AsyncRead + Send + Unpin), to: &mut (dyn AsyncWrite + Send + Unpin)) -> io::Result<()> {
    let mut from = tokio::io::BufReader::with_capacity(BLOCK, from);
    tokio::io::copy_buf(&mut from, to).await.map(drop)
}

/// `1000:50`.
fn numbers(owner: &str) -> Option<(u32, u32)> {
    let (user, group) = owner.split_once(':')?;
    Some((user.parse().ok()?, group.parse().ok()?))
}

fn refused(doing: &str, path: &str, error: SftpError) -> Error {
    let kind = match &error {
        SftpError::Status(status) => match status.status_code {
            StatusCode::NoSuchFile => ErrorKind::NotFound,
            StatusCode::PermissionDenied => ErrorKind::PermissionDenied,
            StatusCode::OpUnsupported => ErrorKind::Unsupported,
            _ => ErrorKind::Io,
        },
        SftpError::Timeout => ErrorKind::Timeout,
        _ => ErrorKind::Io,
    };
    Error::new(kind, format!("cannot {doing} {path} in the machine"))
        .because(error)
        .hint("look at the path, and at who may use it")
}

impl SshComm {
    /// Gives a file an owner that SFTP has no numbers for.
    pub(super) async fn own(&self, to: &GuestPath, attrs: &FileAttrs) -> Result<()> {
        let Some(owner) = attrs.owner.as_deref().filter(|owner| numbers(owner).is_none()) else {
            return Ok(());
        };
        let script = format!("exec chown {} {}", remote_quote(owner), remote_quote(to.as_str()));
        self.checked(&script, "change the owner of", to).await
    }
}
