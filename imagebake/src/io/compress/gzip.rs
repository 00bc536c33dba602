//! gzip: one member, its chunks deflated on all cores.

use super::deflate::Deflater;
use super::parallel::{ChunkCodec, ChunkWorker, Piece};
use crate::io::block::{BLOCK, Block, Pool};

/// Header without name, time or system, so that equal input gives equal output (RFC 1952).
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
/// An empty final block with fixed codes.
const FINAL_BLOCK: [u8; 2] = [0x03, 0x00];

pub(super) struct Gzip {
    level: u32,
    pool: Pool,
}

impl Gzip {
    /// `level` from 1 to 9, or [`BY_GAIN`](super::format::BY_GAIN).
    pub(super) fn new(level: u32) -> Self {
        Self {
            level,
            pool: Pool::default(),
        }
    }
}

impl ChunkCodec for Gzip {
    fn chunk(&self) -> usize {
        BLOCK
    }

    fn head(&self) -> Vec<u8> {
        HEADER.to_vec()
    }

    fn worker(&self) -> Box<dyn ChunkWorker> {
        Box::new(Worker {
            deflater: Deflater::new(self.level, self.pool.clone()),
            zeros: None,
        })
    }

    fn tail(&self, crc: u32, len: u64) -> Vec<u8> {
        let mut tail = FINAL_BLOCK.to_vec();
        tail.extend_from_slice(&crc.to_le_bytes());
        // The length modulo 2^32, as the format has it.
        tail.extend_from_slice(&(len as u32).to_le_bytes());
        tail
    }
}

struct Worker {
    deflater: Deflater,
    zeros: Option<crc32fast::Hasher>,
}

impl Worker {
    fn crc(&mut self, chunk: &Block) -> crc32fast::Hasher {
        let compute = || {
            let mut crc = crc32fast::Hasher::new();
            crc.update(chunk);
            crc
        };
        if chunk.is_zeros() && chunk.len() == BLOCK {
            self.zeros.get_or_insert_with(compute).clone()
        } else {
            compute()
        }
    }
}

impl ChunkWorker for Worker {
    fn encode(&mut self, chunk: &Block) -> std::io::Result<Piece> {
        Ok(Piece {
            len: chunk.len(),
            crc: self.crc(chunk),
            bytes: Block::of(self.deflater.deflate(chunk)),
        })
    }
}
