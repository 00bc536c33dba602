//! Encoders: bytes in, compressed bytes out, for every codec.

use std::io::{self, Write};

use super::format::Codec;
use super::gzip::Gzip;
use super::output::Output;
use super::parallel::Parallel;
use crate::io::block::Block;
use crate::io::error::Result;

/// Takes the bytes of one stream and writes them encoded.
pub(super) trait Encoder: Send {
    fn block(&mut self, block: &Block) -> io::Result<()>;
    fn finish(self: Box<Self>) -> io::Result<Output>;
}

/// The encoder of `codec`; `level` is within its range. Without a codec, bytes go through as they are.
///
/// # Errors
///
/// The codec was left out of this binary or cannot be set up.
pub(super) fn encoder(codec: Option<Codec>, level: u32, threads: usize, output: Output) -> Result<Box<dyn Encoder>> {
    Ok(match codec {
        None => Box::new(Plain(output)),
        Some(Codec::Gzip) => Box::new(Parallel::new(Gzip::new(level), threads, output)),
        Some(Codec::Zstd) => zstd_encoder(level, threads, output)?,
        Some(codec) => optional(codec, level, threads, output)?,
    })
}

fn optional(codec: Codec, level: u32, threads: usize, output: Output) -> Result<Box<dyn Encoder>> {
    let _ = (&level, &threads, &output);
    match codec {
        #[cfg(feature = "xz")]
        Codec::Xz => super::xz::encoder(level, threads, output),
        #[cfg(feature = "lz4")]
        Codec::Lz4 => Ok(super::lz4::encoder(output)),
        #[cfg(feature = "bzip2")]
        Codec::Bzip2 => Ok(Box::new(Parallel::new(
            super::bzip2::Bzip2::new(level),
            threads,
            output,
        ))),
        other => Err(other.not_compiled()),
    }
}

struct Plain(Output);

impl Encoder for Plain {
    fn block(&mut self, block: &Block) -> io::Result<()> {
        self.0.piece(block.clone())
    }

    fn finish(self: Box<Self>) -> io::Result<Output> {
        Ok(self.0)
    }
}

/// An encoder of a codec's crate, which is a writer with an end.
pub(super) struct Writer<W> {
    pub(super) writer: W,
    pub(super) end: fn(W) -> io::Result<Output>,
}

impl<W: Write + Send> Encoder for Writer<W> {
    fn block(&mut self, block: &Block) -> io::Result<()> {
        self.writer.write_all(block)
    }

    fn finish(self: Box<Self>) -> io::Result<Output> {
        (self.end)(self.writer)
    }
}

/// One frame with a content checksum. Its jobs are cut by size, so any number of workers writes the same bytes; none at
/// all would not.
fn zstd_encoder(level: u32, threads: usize, output: Output) -> Result<Box<dyn Encoder>> {
    let workers = u32::try_from(threads).unwrap_or(1);
    let level = i32::try_from(level).unwrap_or(zstd::DEFAULT_COMPRESSION_LEVEL);
    let set_up = || -> io::Result<_> {
        let mut writer = zstd::Encoder::new(output, level)?;
        writer.include_checksum(true)?;
        writer.multithread(workers)?;
        Ok(writer)
    };
    let writer = set_up().map_err(crate::io::Error::on("set up zstd for", "the output".as_ref()))?;
    Ok(Box::new(Writer {
        writer,
        end: zstd::Encoder::finish,
    }))
}
