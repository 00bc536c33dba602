//! Files by the program `scp` in the guest, which is told of each file: mode, size, name; then the bytes. Every message is answered.
//!
//! Symbolic links are followed, as `scp` does.

use super::{comm::SshComm, driver::Writer};
use crate::{
    communicator::{
        FileAttrs, OutputSink,
        posix::{SAID, refused},
        remote_quote,
    },
    error::{Context, Error, ErrorKind, Result},
    event::Stream,
    io::{off_the_async_threads, temporary_file},
    value::GuestPath,
};
use bytes::{Buf, Bytes, BytesMut};
use futures_util::future::BoxFuture;
use std::{
    fs::FileTimes,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};
use tokio::{
    fs,
    io::{AsyncRead, AsyncReadExt, AsyncSeekExt, AsyncWrite, AsyncWriteExt},
    sync::{mpsc, oneshot},
};

const BLOCK: usize = 256 << 10;

/// A running `scp` in the guest.
struct Talk {
    writer: Writer,
    printed: mpsc::Receiver<(Stream, Bytes)>,
    held: BytesMut,
    said: Vec<u8>,
}

/// Why a conversation stopped: something here, or `scp` there, which says why in what it printed.
enum Stop {
    Here(Error),
    There,
}

impl<E: Into<Error>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Here(error.into())
    }
}

impl Talk {
    async fn fill(&mut self) -> Result<(), Stop> {
        loop {
            match self.printed.recv().await {
                Some((Stream::Stdout, bytes)) => {
                    self.held.extend_from_slice(&bytes);
                    return Ok(());
                }
                Some((Stream::Stderr, bytes)) => self.hear(&bytes),
                None => return Err(Stop::There),
            }
        }
    }

    fn hear(&mut self, bytes: &[u8]) {
        self.said
            .extend_from_slice(&bytes[..bytes.len().min(SAID - self.said.len().min(SAID))]);
    }

    async fn byte(&mut self) -> Result<u8, Stop> {
        while self.held.is_empty() {
            self.fill().await?;
        }
        Ok(self.held.get_u8())
    }

    async fn line(&mut self) -> Result<String, Stop> {
        let end = loop {
            match memchr::memchr(b'\n', &self.held) {
                Some(end) => break end,
                None if self.held.len() > SAID => return Err(Stop::There),
                None => self.fill().await?,
            }
        };
        let line = self.held.split_to(end + 1);
        Ok(String::from_utf8_lossy(&line[..end]).into_owned())
    }

    /// Waits for the answer to a message.
    async fn agreed(&mut self) -> Result<(), Stop> {
        match self.byte().await? {
            0 => Ok(()),
            _ => {
                let line = self.line().await?;
                self.hear(line.as_bytes());
                Err(Stop::There)
            }
        }
    }

    async fn send(&mut self, bytes: impl Into<Bytes>) -> Result<(), Stop> {
        self.writer.send(bytes.into()).await.map_err(|()| Stop::There)
    }

    async fn tell(&mut self, line: String) -> Result<(), Stop> {
        self.send(line).await?;
        self.agreed().await
    }

    /// One file of `size` bytes.
    async fn give(
        &mut self,
        from: &mut (dyn AsyncRead + Send + Unpin),
        name: &str,
        mode: u32,
        size: u64,
    ) -> Result<(), Stop> {
        self.tell(format!("C{mode:04o} {size} {name}\n")).await?;
        let mut from = from.take(size);
        let mut buffer = BytesMut::with_capacity(BLOCK);
        while from.read_buf(&mut buffer).await? > 0 {
            self.send(buffer.split().freeze()).await?;
            buffer.reserve(BLOCK);
        }
        if from.limit() > 0 {
            return Err(Stop::Here(
                Error::new(
                    ErrorKind::Integrity,
                    format!("{name} became shorter while it was uploaded"),
                )
                .hint("leave it alone while the build runs"),
            ));
        }
        self.send(&[0_u8][..]).await?;
        self.agreed().await
    }

    fn give_folder<'a>(&'a mut self, from: &'a Path) -> BoxFuture<'a, Result<(), Stop>> {
        Box::pin(async move {
            let mut entries = fs::read_dir(from).await.path("read the folder", from)?;
            let mut paths = Vec::new();
            while let Some(entry) = entries.next_entry().await.path("read the folder", from)? {
                paths.push(entry.path());
            }
            paths.sort();
            for path in paths {
                let about = fs::metadata(&path).await.path("read", &path)?;
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                if name.contains('\n') {
                    let message = format!(
                        "the name of {} has a line break, which `scp` cannot say",
                        path.display()
                    );
                    return Err(Stop::Here(
                        Error::new(ErrorKind::Unsupported, message).hint("choose another `file_transfer_method`"),
                    ));
                }
                let time = about.mtime().max(0);
                self.tell(format!("T{time} 0 {time} 0\n")).await?;
                let mode = about.mode() & 0o7777;
                if about.is_dir() {
                    self.tell(format!("D{mode:04o} 0 {name}\n")).await?;
                    self.give_folder(&path).await?;
                    self.tell("E\n".to_owned()).await?;
                } else {
                    let mut file = fs::File::open(&path).await.path("read", &path)?;
                    self.give(&mut file, &name, mode, about.len()).await?;
                }
            }
            Ok(())
        })
    }

    /// The bytes of a file.
    async fn take(&mut self, size: u64, to: &mut (dyn AsyncWrite + Send + Unpin)) -> Result<(), Stop> {
        let mut left = size;
        while left > 0 {
            if self.held.is_empty() {
                self.fill().await?;
            }
            let count = self.held.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            to.write_all(&self.held.split_to(count)).await?;
            left -= count as u64;
        }
        to.flush().await?;
        self.agreed().await?;
        self.send(&[0_u8][..]).await
    }

    /// What `scp -f` says next: `None` at its end.
    async fn next(&mut self) -> Result<Option<String>, Stop> {
        if self.held.is_empty() {
            match self.fill().await {
                Err(Stop::There) if self.said.is_empty() => return Ok(None),
                filled => filled?,
            }
        }
        let line = self.line().await?;
        match line.as_bytes().first() {
            Some(1 | 2) => {
                self.hear(&line.as_bytes()[1..]);
                Err(Stop::There)
            }
            _ => Ok(Some(line)),
        }
    }

    async fn take_tree(&mut self, to: &Path) -> Result<(), Stop> {
        // The folder itself is the first that is told: its contents are what is wanted.
        let mut folders: Vec<(PathBuf, u32, Option<u64>)> = Vec::new();
        let mut time = None;
        self.send(&[0_u8][..]).await?;
        while let Some(line) = self.next().await? {
            match line.split_at_checked(1) {
                Some(("T", rest)) => time = rest.split(' ').next().and_then(|seconds| seconds.parse().ok()),
                Some(("E", _)) => {
                    let Some((path, mode, time)) = folders.pop() else {
                        return Err(Stop::There);
                    };
                    if !folders.is_empty() {
                        keep(&path, mode, time).await?;
                    }
                }
                Some((kind @ ("C" | "D"), rest)) => {
                    let (mode, size, name) = told(rest)?;
                    let path = match folders.last() {
                        None => to.to_owned(),
                        Some((folder, ..)) => folder.join(name),
                    };
                    if kind == "D" {
                        fs::create_dir_all(&path).await.path("make the folder", &path)?;
                        folders.push((path, mode, time.take()));
                    } else {
                        let _ = fs::remove_file(&path).await;
                        let mut file = fs::File::create(&path).await.path("write", &path)?;
                        self.send(&[0_u8][..]).await?;
                        self.take(size, &mut file).await?;
                        keep(&path, mode, time.take()).await?;
                        continue;
                    }
                }
                _ => return Err(Stop::There),
            }
            self.send(&[0_u8][..]).await?;
        }
        Ok(())
    }
}

/// `0644 17 name`; a name that would lead elsewhere is refused.
fn told(rest: &str) -> Result<(u32, u64, &str)> {
    let wrong = || {
        Error::new(ErrorKind::Integrity, format!("`scp` in the machine says `{rest}`"))
            .hint("choose another `file_transfer_method`")
    };
    let mut parts = rest.splitn(3, ' ');
    let (Some(mode), Some(size), Some(name)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(wrong());
    };
    if name.is_empty() || name == "." || name == ".." || name.contains('/') {
        return Err(wrong());
    }
    let mode = u32::from_str_radix(mode, 8).map_err(|_| wrong())?;
    Ok((mode, size.parse().map_err(|_| wrong())?, name))
}

async fn keep(path: &Path, mode: u32, time: Option<u64>) -> Result<()> {
    let to = path.to_owned();
    let set = move || {
        if let Some(time) = time {
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(time);
            std::fs::File::open(&to)?.set_times(FileTimes::new().set_modified(time).set_accessed(time))?;
        }
        std::fs::set_permissions(&to, std::fs::Permissions::from_mode(mode & 0o7777))
    };
    off_the_async_threads(set).await.path("set the mode of", path)
}

impl SshComm {
    /// Starts `scp` and talks with it.
    async fn scp<T>(
        &self,
        script: &str,
        doing: &str,
        path: &GuestPath,
        talk: impl AsyncFnOnce(&mut Talk) -> Result<T, Stop>,
    ) -> Result<T> {
        let (sink, printed) = OutputSink::channel();
        let (hand, handed) = oneshot::channel();
        let run = async {
            let feed = |writer: Writer| async move {
                let _ = hand.send(writer);
                Ok(())
            };
            let exit = self.script(script, script, &sink, feed).await;
            drop(sink);
            exit
        };
        let talk = async {
            let Ok(writer) = handed.await else {
                return Ok((Err(Stop::There), Vec::new()));
            };
            let mut partner = Talk {
                writer,
                printed,
                held: BytesMut::new(),
                said: Vec::new(),
            };
            let done = match talk(&mut partner).await {
                Err(Stop::Here(error)) => return Err(error),
                done => done,
            };
            partner.writer.end().await;
            while let Some((stream, bytes)) = partner.printed.recv().await {
                if stream == Stream::Stderr || done.is_err() {
                    partner.hear(&bytes);
                }
            }
            Ok((done, partner.said))
        };
        let (exit, (done, said)) = tokio::try_join!(run, talk)?;
        match (exit.code(), done) {
            (0, Ok(done)) => Ok(done),
            (127, _) => Err(Error::new(ErrorKind::Unsupported, "the machine has no `scp`")
                .hint("choose another way for files with `file_transfer_method`")),
            _ => Err(refused(doing, path, "machine", &said)),
        }
    }

    pub(super) async fn scp_write(
        &self,
        from: &mut (dyn AsyncRead + Send + Unpin),
        to: &GuestPath,
        attrs: &FileAttrs,
    ) -> Result<()> {
        // `scp` wants to know the size before the first byte.
        let mut file = temporary_file().await?;
        let size = tokio::io::copy(from, &mut file).await?;
        file.rewind().await?;
        let (keep, mode) = match attrs.mode {
            Some(mode) => ("-p ", mode),
            None => ("", 0o666),
        };
        let script = format!("exec scp {keep}-t -- {}", remote_quote(to.as_str()));
        let name = to.as_str().rsplit('/').next().unwrap_or("file").replace('\n', "_");
        self.scp(&script, "write", to, async |talk| {
            talk.agreed().await?;
            talk.give(&mut file, &name, mode, size).await
        })
        .await?;
        match &attrs.owner {
            None => Ok(()),
            Some(owner) => {
                let script = format!("exec chown {} {}", remote_quote(owner), remote_quote(to.as_str()));
                self.checked(&script, "change the owner of", to).await
            }
        }
    }

    pub(super) async fn scp_read(&self, from: &GuestPath, to: &mut (dyn AsyncWrite + Send + Unpin)) -> Result<()> {
        let script = format!("exec scp -f -- {}", remote_quote(from.as_str()));
        self.scp(&script, "read", from, async |talk| {
            talk.send(&[0_u8][..]).await?;
            let Some(line) = talk.next().await? else {
                return Err(Stop::There);
            };
            let Some(("C", rest)) = line.split_at_checked(1) else {
                return Err(Stop::There);
            };
            let (_, size, _) = told(rest)?;
            talk.send(&[0_u8][..]).await?;
            talk.take(size, to).await
        })
        .await
    }

    pub(super) async fn scp_write_tree(&self, from: &Path, to: &GuestPath) -> Result<()> {
        let target = remote_quote(to.as_str());
        let script = format!("mkdir -p -- {target} && exec scp -rp -t -- {target}");
        self.scp(&script, "write", to, async |talk| {
            talk.agreed().await?;
            talk.give_folder(from).await
        })
        .await
    }

    pub(super) async fn scp_read_tree(&self, from: &GuestPath, to: &Path) -> Result<()> {
        let script = format!("exec scp -rp -f -- {}", remote_quote(from.as_str()));
        self.scp(&script, "read", from, async |talk| talk.take_tree(to).await)
            .await
    }
}
