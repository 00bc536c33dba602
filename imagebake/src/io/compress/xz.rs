//! xz: one stream of blocks that liblzma encodes on its own threads.

use std::io::Write as _;

use liblzma::stream::{Check, MtStreamBuilder};
use liblzma::write::XzEncoder;

use super::encoder::{Encoder, Writer};
use super::output::Output;
use crate::io::error::{Error, Result};

/// Bytes that all threads together may take; at level 9 one takes about 1.3 GB, and one there always is.
const MEMORY: u64 = 1 << 30;

/// `level` from 0 to 9. Blocks are cut by size alone, so the output does not depend on the number of threads.
pub(super) fn encoder(level: u32, threads: usize, output: Output) -> Result<Box<dyn Encoder>> {
    let mut builder = MtStreamBuilder::new();
    builder.preset(level).check(Check::Crc64);
    let mut threads = u32::try_from(threads).unwrap_or(1).max(1);
    loop {
        builder.threads(threads);
        if threads == 1 || builder.memusage() <= MEMORY {
            break;
        }
        threads -= 1;
    }
    let stream = builder
        .encoder()
        .map_err(|error| Error::os("set up xz for", "the output".as_ref(), error.into()))?;
    let end = |mut writer: XzEncoder<Output>| {
        writer.flush()?;
        writer.finish()
    };
    Ok(Box::new(Writer {
        writer: XzEncoder::new_stream(output, stream),
        end,
    }))
}
