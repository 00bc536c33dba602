//! Deflates chunks apart from each other, as parts of one stream.
//!
//! Chunks that are worth no effort get none: zeros are compressed once, and what is random, encrypted or compressed
//! already is stored. The rest goes through libdeflate, which at the size of zlib's output is about twice as fast but
//! knows whole buffers only; [`super::splice`] joins them. The result is a function of chunk and level alone.

use libdeflater::{CompressionLvl, Compressor};

use super::format::BY_GAIN;
use super::splice::{Tables, reopen};
use crate::io::block::{BLOCK, Block, Buffer, Pool};

/// The most bytes of one stored block.
const STORED: usize = 0xffff;
/// Slices of a chunk that are looked at to learn whether it is worth compressing, and the bytes of each.
const SLICES: usize = 16;
const SLICE: usize = 4 << 10;
/// Bits a byte above which the slices together look random; truly random ones have 7.997.
const RANDOM: f64 = 7.97;

/// The levels between which the gain decides, the bytes that are tasted, and the least gain in thousandths for which the
/// careful one is worth its time. Measured on executables: at a sixtieth more bytes than the careful level alone, a
/// twelfth less time.
const QUICK: u32 = 1;
const CAREFUL: u32 = 2;
const TASTE: usize = 16 << 10;
const GAIN: usize = 25;

/// Deflates chunks of at most [`BLOCK`] bytes, on one thread.
pub(super) struct Deflater {
    compressor: Compressor,
    quick: Compressor,
    by_gain: bool,
    tables: Tables,
    pool: Pool,
    /// Room for the longest result, never cleared.
    room: Vec<u8>,
    zeros: Option<Vec<u8>>,
}

impl Deflater {
    /// `level` from 1 to 9, or [`BY_GAIN`]. Buffers of results come from `pool`.
    pub(super) fn new(level: u32, pool: Pool) -> Self {
        let at = |level: u32| {
            let level = i32::try_from(level)
                .ok()
                .and_then(|level| CompressionLvl::new(level).ok());
            Compressor::new(level.expect("the level was checked, and libdeflate has 0 to 12"))
        };
        Self {
            compressor: at(if level == BY_GAIN { CAREFUL } else { level }),
            quick: at(QUICK),
            by_gain: level == BY_GAIN,
            tables: Tables::new(),
            pool,
            room: Vec::new(),
            zeros: None,
        }
    }

    /// Deflates the chunk to whole bytes after which the stream can go on.
    pub(super) fn deflate(&mut self, chunk: &Block) -> Buffer {
        if chunk.is_zeros() && chunk.len() == BLOCK {
            return self.zeros();
        }
        if looks_random(chunk) && !self.shrinks(chunk) {
            return store(chunk, self.pool.take());
        }
        self.compress(chunk)
    }

    fn zeros(&mut self) -> Buffer {
        if self.zeros.is_none() {
            let once = self.compress(&Block::zeros(BLOCK));
            self.zeros = Some(once.bytes.clone());
        }
        let mut buffer = self.pool.take();
        buffer.bytes.clear();
        buffer
            .bytes
            .extend_from_slice(self.zeros.as_deref().unwrap_or_default());
        buffer
    }

    fn compress(&mut self, chunk: &[u8]) -> Buffer {
        let careful = !self.by_gain || self.gains(chunk);
        let compressor = if careful { &mut self.compressor } else { &mut self.quick };
        let mut buffer = self.pool.take();
        let joined = match compress_into(&mut self.room, compressor, chunk) {
            Some(result) if result.len() < stored_len(chunk.len()) => {
                buffer.bytes.clear();
                buffer.bytes.extend_from_slice(result);
                reopen(&mut buffer.bytes, &mut self.tables)
            }
            _ => false,
        };
        if joined { buffer } else { store(chunk, buffer) }
    }

    /// Whether the careful level makes a slice from the middle smaller by enough. A short chunk is worth the care.
    fn gains(&mut self, chunk: &[u8]) -> bool {
        if chunk.len() < 4 * TASTE {
            return true;
        }
        let taste = middle(chunk, TASTE);
        let mut len = |compressor| compress_into(&mut self.room, compressor, taste).map_or(taste.len(), <[u8]>::len);
        let (quick, careful) = (len(&mut self.quick), len(&mut self.compressor));
        quick.saturating_sub(careful) * 1000 > quick * GAIN
    }

    /// Whether a slice from the middle gets smaller by more than a hundredth: what looks random may still repeat.
    fn shrinks(&mut self, chunk: &[u8]) -> bool {
        let slice = middle(chunk, SLICES * SLICE);
        compress_into(&mut self.room, &mut self.quick, slice)
            .is_some_and(|result| result.len() < slice.len() - slice.len() / 100)
    }
}

fn middle(chunk: &[u8], len: usize) -> &[u8] {
    let len = len.min(chunk.len());
    &chunk[(chunk.len() - len) / 2..][..len]
}

/// Compresses into `room`, which grows as needed and is never cleared.
fn compress_into<'a>(room: &'a mut Vec<u8>, compressor: &mut Compressor, bytes: &[u8]) -> Option<&'a [u8]> {
    let bound = compressor.deflate_compress_bound(bytes.len());
    room.resize(room.len().max(bound), 0);
    let len = compressor.deflate_compress(bytes, room).ok()?;
    Some(&room[..len])
}

/// Whether the distribution of bytes leaves nothing to gain.
fn looks_random(chunk: &[u8]) -> bool {
    if chunk.len() < SLICES * SLICE {
        return false;
    }
    let mut count = [0u32; 256];
    let stride = (chunk.len() - SLICE) / (SLICES - 1);
    for slice in 0..SLICES {
        for byte in &chunk[slice * stride..][..SLICE] {
            count[usize::from(*byte)] += 1;
        }
    }
    let all = (SLICES * SLICE) as f64;
    let entropy: f64 = count
        .iter()
        .filter(|n| **n > 0)
        .map(|n| f64::from(*n) / all)
        .map(|p| -p * p.log2())
        .sum();
    entropy > RANDOM
}

fn stored_len(len: usize) -> usize {
    len + 5 * len.div_ceil(STORED)
}

/// The chunk as stored blocks, none of them final.
fn store(chunk: &[u8], mut buffer: Buffer) -> Buffer {
    buffer.bytes.clear();
    buffer.bytes.reserve(stored_len(chunk.len()));
    for part in chunk.chunks(STORED) {
        let len = u16::try_from(part.len()).expect("a stored block holds at most 65535 bytes");
        buffer.bytes.push(0);
        buffer.bytes.extend_from_slice(&len.to_le_bytes());
        buffer.bytes.extend_from_slice(&(!len).to_le_bytes());
        buffer.bytes.extend_from_slice(part);
    }
    buffer
}
