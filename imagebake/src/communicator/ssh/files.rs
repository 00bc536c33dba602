//! Files over the streams of commands: `cat` and `tar` are all that the guest needs.

use super::{comm::SshComm, driver::Writer};
use crate::{
    communicator::{
        FileAttrs, HostFolder, OutputSink,
        posix::{SAID, option_safe, refused, write_line},
        remote_quote, tree,
    },
    error::{Error, ErrorKind, Result},
    event::Stream,
    value::GuestPath,
};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use std::path::Path;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    sync::mpsc,
};

const BLOCK: usize = 256 << 10;

type Printed = mpsc::Receiver<(Stream, Bytes)>;

impl SshComm {
    pub(super) async fn write_file(
        &self,
        from: &mut (dyn AsyncRead + Send + Unpin),
        to: &GuestPath,
        attrs: &FileAttrs,
    ) -> Result<()> {
        let script = write_line("cat", to, attrs, None);
        let (sink, printed) = OutputSink::channel();
        let feed = |writer: Writer| async move {
            let mut buffer = BytesMut::with_capacity(BLOCK);
            while from.read_buf(&mut buffer).await? > 0 {
                if writer.send(buffer.split().freeze()).await.is_err() {
                    return Ok(());
                }
                buffer.reserve(BLOCK);
            }
            writer.end().await;
            Ok(())
        };
        let write = async {
            let exit = self.script(&script, &format!("cat > {to}"), &sink, feed).await;
            drop(sink);
            exit
        };
        let (exit, said) = tokio::try_join!(write, async { Ok(said(printed).await) })?;
        match exit.success() {
            true => Ok(()),
            false => Err(refused("write", to, "machine", &said)),
        }
    }

    pub(super) async fn read_file(&self, from: &GuestPath, to: &mut (dyn AsyncWrite + Send + Unpin)) -> Result<()> {
        let script = format!("exec cat -- {}", remote_quote(from.as_str()));
        let (sink, mut printed) = OutputSink::channel();
        let read = async {
            let exit = self.script(&script, &format!("cat {from}"), &sink, nothing).await;
            drop(sink);
            exit
        };
        let write = async {
            let mut said = Vec::new();
            while let Some((stream, bytes)) = printed.recv().await {
                match stream {
                    Stream::Stdout => to.write_all(&bytes).await?,
                    Stream::Stderr => keep(&mut said, &bytes),
                }
            }
            to.flush().await?;
            Ok(said)
        };
        let (exit, said) = tokio::try_join!(read, write)?;
        match exit.success() {
            true => Ok(()),
            false => Err(refused("read", from, "machine", &said)),
        }
    }

    pub(super) async fn write_tree(&self, from: &HostFolder, to: &GuestPath) -> Result<()> {
        let target = option_safe(to);
        // Owners on the builder mean nothing there: what is unpacked belongs to who logged in.
        let script = format!("mkdir -p {target} && exec tar -xpof - -C {target}");
        let mut archive = from.archive("", None);
        let (sink, printed) = OutputSink::channel();
        let feed = |writer: Writer| async move {
            while let Some(block) = archive.next().await {
                if writer.send(block?).await.is_err() {
                    return Ok(());
                }
            }
            writer.end().await;
            Ok(())
        };
        let write = async {
            let exit = self.script(&script, &format!("tar -x in {to}"), &sink, feed).await;
            drop(sink);
            exit
        };
        let (exit, said) = tokio::try_join!(write, async { Ok(said(printed).await) })?;
        match exit.code() {
            0 => Ok(()),
            127 => Err(no_tar()),
            _ => Err(refused("write", to, "machine", &said)),
        }
    }

    pub(super) async fn read_tree(&self, from: &GuestPath, to: &Path) -> Result<()> {
        let script = format!("exec tar -cf - -C {} .", option_safe(from));
        let (sink, mut printed) = OutputSink::channel();
        let (blocks, archive) = mpsc::channel::<Result<Bytes>>(4);
        let read = async {
            let exit = self.script(&script, &format!("tar -c in {from}"), &sink, nothing).await;
            drop(sink);
            exit
        };
        let sort = async move {
            let mut said = Vec::new();
            while let Some((stream, bytes)) = printed.recv().await {
                match stream {
                    // Who unpacks has said why it stopped.
                    Stream::Stdout => drop(blocks.send(Ok(bytes)).await),
                    Stream::Stderr => keep(&mut said, &bytes),
                }
            }
            Ok(said)
        };
        let next =
            |mut archive: mpsc::Receiver<Result<Bytes>>| async { archive.recv().await.map(|item| (item, archive)) };
        let stream = Box::pin(futures_util::stream::unfold(archive, next));
        let unpack = async { Ok(tree::unpack(stream, from, "machine", to).await) };
        let (exit, said, unpacked) = tokio::try_join!(read, sort, unpack)?;
        match exit.code() {
            0 => unpacked,
            127 => Err(no_tar()),
            _ => Err(refused("read", from, "machine", &said)),
        }
    }
}

/// Input that ends at once.
pub(super) async fn nothing(writer: Writer) -> Result<()> {
    writer.end().await;
    Ok(())
}

fn no_tar() -> Error {
    Error::new(ErrorKind::Unsupported, "the machine has no `tar`")
        .hint("choose another way for files: `.file_transfer_method(FileTransfer::Sftp)`")
}

fn keep(said: &mut Vec<u8>, bytes: &[u8]) {
    said.extend_from_slice(&bytes[..bytes.len().min(SAID - said.len().min(SAID))]);
}

/// What was printed, up to a bound.
pub(super) async fn said(mut printed: Printed) -> Vec<u8> {
    let mut said = Vec::new();
    while let Some((_, bytes)) = printed.recv().await {
        keep(&mut said, &bytes);
    }
    said
}
