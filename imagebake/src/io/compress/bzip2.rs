//! bzip2: a stream for each block of input, one after the other, which every decoder reads as one.

use std::io::{self, Write as _};

use bzip2::Compression;
use bzip2::write::BzEncoder;

use super::parallel::{ChunkCodec, ChunkWorker, Piece};
use crate::io::block::Block;

pub(super) struct Bzip2 {
    level: u32,
}

impl Bzip2 {
    /// `level` from 1 to 9: hundreds of kilobytes in a block.
    pub(super) fn new(level: u32) -> Self {
        Self { level }
    }
}

impl ChunkCodec for Bzip2 {
    /// A little less than the block size, which run lengths in random data could otherwise push into a second block.
    fn chunk(&self) -> usize {
        self.level as usize * 99_000
    }

    fn head(&self) -> Vec<u8> {
        Vec::new()
    }

    fn worker(&self) -> Box<dyn ChunkWorker> {
        Box::new(Worker { level: self.level })
    }

    /// Nothing, but for the stream that an empty input still is: without it the file would be no bzip2 file.
    fn tail(&self, _crc: u32, len: u64) -> Vec<u8> {
        if len > 0 {
            return Vec::new();
        }
        stream(self.level, &[]).expect("an encoder into memory does not fail")
    }
}

struct Worker {
    level: u32,
}

impl ChunkWorker for Worker {
    fn encode(&mut self, chunk: &Block) -> io::Result<Piece> {
        let bytes = stream(self.level, chunk)?;
        Ok(Piece {
            bytes: bytes.into(),
            len: chunk.len(),
            crc: crc32fast::Hasher::new(),
        })
    }
}

fn stream(level: u32, bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = BzEncoder::new(Vec::new(), Compression::new(level));
    encoder.write_all(bytes)?;
    encoder.finish()
}
