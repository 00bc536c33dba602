//! Reads compressed files back, whatever they were compressed with.
//!
//! The format is recognised by the first bytes, since names lie. A file that nothing is known of is handed on as it is.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read};
use std::path::Path;

use super::format::Codec;
use crate::io::error::{Error, Result};

/// A stream of decompressed bytes.
pub struct Decompressed {
    codec: Option<Codec>,
    stream: Box<dyn Read + Send>,
}

impl Decompressed {
    /// What the file was compressed with; `None` if it was not.
    #[must_use]
    pub fn codec(&self) -> Option<Codec> {
        self.codec
    }
}

impl Read for Decompressed {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.stream.read(buffer)
    }
}

impl std::fmt::Debug for Decompressed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decompressed")
            .field("codec", &self.codec)
            .finish_non_exhaustive()
    }
}

/// Opens a file and decompresses it while it is read: gzip (all members), zstd, xz, lz4 and bzip2, or none of them.
///
/// Blocking.
///
/// # Errors
///
/// The file cannot be read, or the codec it needs is not compiled in. Damage shows while reading.
pub fn decompress(path: &Path) -> Result<Decompressed> {
    let file = File::open(path).map_err(Error::on("read", path))?;
    let mut file = BufReader::with_capacity(256 << 10, file);
    let codec = codec_of(file.fill_buf().map_err(Error::on("read", path))?);
    let stream: Box<dyn Read + Send> = match codec {
        None => Box::new(file),
        Some(Codec::Gzip) => Box::new(flate2::bufread::MultiGzDecoder::new(file)),
        Some(Codec::Zstd) => Box::new(zstd::Decoder::with_buffer(file).map_err(Error::on("read", path))?),
        #[cfg(feature = "xz")]
        Some(Codec::Xz) => Box::new(liblzma::bufread::XzDecoder::new_multi_decoder(file)),
        #[cfg(feature = "lz4")]
        Some(Codec::Lz4) => Box::new(super::lz4::decoder(file)),
        #[cfg(feature = "bzip2")]
        Some(Codec::Bzip2) => Box::new(bzip2::bufread::MultiBzDecoder::new(file)),
        #[cfg(not(all(feature = "xz", feature = "lz4", feature = "bzip2")))]
        Some(codec) => return Err(codec.not_compiled()),
    };
    Ok(Decompressed { codec, stream })
}

fn codec_of(start: &[u8]) -> Option<Codec> {
    const MAGIC: [(&[u8], Codec); 5] = [
        (&[0x1f, 0x8b], Codec::Gzip),
        (&[0x28, 0xb5, 0x2f, 0xfd], Codec::Zstd),
        (&[0xfd, b'7', b'z', b'X', b'Z', 0], Codec::Xz),
        (&[0x04, 0x22, 0x4d, 0x18], Codec::Lz4),
        (b"BZh", Codec::Bzip2),
    ];
    MAGIC
        .iter()
        .find(|(magic, _)| start.starts_with(magic))
        .map(|(_, codec)| *codec)
}
