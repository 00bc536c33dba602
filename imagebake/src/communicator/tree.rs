//! Trees and files as tar archives, made and unpacked while they travel: what is held in memory is a few blocks.

use crate::{
    error::{Context, Error, ErrorKind, Result},
    io::{Control, UnpackOptions, joined, unpack_tar},
    value::GuestPath,
};
use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt};
use std::{
    fs,
    io::{self, Read, Write},
    path::{Path, PathBuf},
    pin::Pin,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    sync::mpsc,
};

/// A tar archive on its way to a machine.
pub type TarStream = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;
/// Bytes on their way from a machine.
pub type EngineStream<T> = Pin<Box<dyn Stream<Item = Result<T>> + Send>>;

pub(super) const BLOCK: usize = 256 << 10;

/// Something that is complete only when it is told so.
pub(super) trait Finish: Write {
    fn finish(self: Box<Self>) -> io::Result<()>;
}

impl Finish for Sender {
    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.flush()
    }
}

impl Finish for flate2::write::GzEncoder<Sender> {
    fn finish(self: Box<Self>) -> io::Result<()> {
        (*self).finish()?.flush()
    }
}

/// One file in an archive, as its header says it.
pub(super) struct FileEntry<'a> {
    pub(super) name: &'a str,
    pub(super) size: u64,
    pub(super) mode: u32,
    pub(super) owner: (u64, u64),
}

impl FileEntry<'_> {
    /// What stands before the content.
    fn head(&self) -> io::Result<Bytes> {
        let mut header = tar::Header::new_gnu();
        header.set_size(self.size);
        header.set_mode(self.mode);
        header.set_uid(self.owner.0);
        header.set_gid(self.owner.1);
        header.set_entry_type(tar::EntryType::Regular);
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        header.set_mtime(now.map_or(0, |now| now.as_secs()));
        let mut archive = tar::Builder::new(Vec::with_capacity(512));
        archive.append_data(&mut header, self.name, io::empty())?;
        Ok(Bytes::copy_from_slice(archive.get_ref()))
    }

    /// What stands behind it: the last block filled up, and the archive's two empty blocks.
    fn tail(&self) -> Bytes {
        let used = (self.size % 512) as usize;
        Bytes::from(vec![0; (512 - used) % 512 + 1024])
    }
}

/// One file as an archive, made of what `from` gives while it gives it: the archive is complete when the work beside it is done, and
/// has to be read meanwhile.
pub(super) fn of_file<'a>(
    file: FileEntry<'a>,
    from: &'a mut (dyn AsyncRead + Send + Unpin),
) -> (TarStream, impl Future<Output = Result<()>> + Send + 'a) {
    let (sender, receiver) = mpsc::channel(4);
    let feed = async move {
        // Nobody reads it where the reader is gone: why, the reader says.
        if sender.send(Ok(file.head()?)).await.is_err() {
            return Ok(());
        }
        let mut left = file.size;
        while left > 0 {
            let mut block = BytesMut::with_capacity(BLOCK.min(usize::try_from(left).unwrap_or(BLOCK)));
            let count = from.take(left).read_buf(&mut block).await;
            let count = match count {
                Ok(0) => Err(io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    format!("became shorter while it was uploaded: {left} bytes lack"),
                )),
                other => other,
            };
            match count {
                Ok(count) => {
                    left -= count as u64;
                    if sender.send(Ok(block.freeze())).await.is_err() {
                        return Ok(());
                    }
                }
                Err(error) => {
                    let told = io::Error::new(error.kind(), error.to_string());
                    let _ = sender.send(Err(told)).await;
                    return Err(error.into());
                }
            }
        }
        let _ = sender.send(Ok(file.tail())).await;
        Ok(())
    };
    (received(receiver), feed)
}

/// What `write` writes, as a stream; it runs on a thread of its own and is held back by whoever reads.
pub(super) fn streamed(write: impl FnOnce(Sender) -> io::Result<()> + Send + 'static) -> TarStream {
    let (sender, receiver) = mpsc::channel(4);
    tokio::task::spawn_blocking(move || {
        let out = Sender {
            channel: sender.clone(),
            held: BytesMut::with_capacity(BLOCK),
        };
        if let Err(error) = write(out) {
            // Nobody reads it where the reader is gone: then that is known already.
            let _ = sender.blocking_send(Err(error));
        }
    });
    received(receiver)
}

fn received(receiver: mpsc::Receiver<io::Result<Bytes>>) -> TarStream {
    let next =
        |mut receiver: mpsc::Receiver<io::Result<Bytes>>| async { receiver.recv().await.map(|item| (item, receiver)) };
    Box::pin(futures_util::stream::unfold(receiver, next))
}

pub(super) struct Sender {
    channel: mpsc::Sender<io::Result<Bytes>>,
    held: BytesMut,
}

impl Write for Sender {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = (BLOCK - self.held.len()).min(bytes.len());
        self.held.extend_from_slice(&bytes[..room]);
        if self.held.len() == BLOCK {
            self.flush()?;
        }
        Ok(room)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.held.is_empty() {
            return Ok(());
        }
        let block = std::mem::replace(&mut self.held, BytesMut::with_capacity(BLOCK)).freeze();
        let gone = |_| io::Error::new(io::ErrorKind::BrokenPipe, "nobody reads the archive any more");
        self.channel.blocking_send(Ok(block)).map_err(gone)
    }
}

/// A stream as something to read from on a thread for blocking work.
pub(crate) struct Receiver {
    channel: mpsc::Receiver<Result<Bytes>>,
    block: Bytes,
}

impl Read for Receiver {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.block.is_empty() {
            match self.channel.blocking_recv() {
                None => return Ok(0),
                Some(block) => self.block = block.map_err(|error| io::Error::other(error.full()))?,
            }
        }
        let count = self.block.len().min(into.len());
        into[..count].copy_from_slice(&self.block.split_to(count));
        Ok(count)
    }
}

/// Runs `work` on a thread of its own, with `stream` to read from.
pub(crate) async fn reading<T: Send + 'static>(
    mut stream: EngineStream<Bytes>,
    work: impl FnOnce(Receiver) -> Result<T> + Send + 'static,
) -> Result<T> {
    let (sender, receiver) = mpsc::channel(4);
    let receiver = Receiver {
        channel: receiver,
        block: Bytes::new(),
    };
    let work = tokio::task::spawn_blocking(move || work(receiver));
    while let Some(block) = stream.next().await {
        let failed = block.as_ref().err().map(|error| (error.kind(), error.full()));
        if sender.send(block).await.is_err() {
            break;
        }
        if let Some((kind, text)) = failed {
            drop(sender);
            let _ = work.await;
            return Err(Error::new(kind, text).hint("look whether the machine runs and the path exists in it"));
        }
    }
    drop(sender);
    joined(work.await)
}

/// Unpacks an archive of the folder `from`; `place` is the sort of machine that it comes from.
pub(super) async fn unpack(stream: EngineStream<Bytes>, from: &GuestPath, place: &str, to: &Path) -> Result<()> {
    let (shown, to) = (PathBuf::from(format!("the {place}'s {from}")), to.to_owned());
    reading(stream, move |stream| {
        fs::create_dir_all(&to).path("make the folder", &to)?;
        let options = UnpackOptions::new().outside_links(true);
        unpack_tar(stream, &shown, &to, &options, &Control::new())?;
        Ok(())
    })
    .await
}

/// The one file in what the engine gives for a file of the container.
pub(super) async fn single_file(
    stream: EngineStream<Bytes>,
    from: &GuestPath,
    to: &mut (dyn AsyncWrite + Send + Unpin),
) -> Result<()> {
    let (sender, mut blocks) = mpsc::channel::<Bytes>(4);
    let shown = from.to_string();
    let work = reading(stream, move |stream| {
        let mut archive = tar::Archive::new(stream);
        let wrong = || {
            Error::new(
                ErrorKind::Unsupported,
                format!("{shown} is not a file in the container"),
            )
            .hint("name a file; a folder's name ends in `/`")
        };
        let mut entry = archive.entries()?.next().ok_or_else(wrong)??;
        if !entry.header().entry_type().is_file() {
            return Err(wrong());
        }
        let mut buffer = vec![0; BLOCK];
        loop {
            let count = entry.read(&mut buffer)?;
            if count == 0 || sender.blocking_send(Bytes::copy_from_slice(&buffer[..count])).is_err() {
                break;
            }
        }
        // The rest of the archive is padding, and has to be read for the engine to be done.
        drop(sender);
        Ok(())
    });
    let write = async {
        while let Some(block) = blocks.recv().await {
            to.write_all(&block).await?;
        }
        to.flush().await?;
        Ok::<_, Error>(())
    };
    let (read, written) = tokio::join!(work, write);
    read.and(written)
}
