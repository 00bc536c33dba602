//! Blocks: the unit in which bulk data moves between threads.
//!
//! A block is read once and shared by reference between all consumers. Its buffer goes back to the pool when the last
//! of them lets go, so that a run of any length touches the same few pages. A block of zeros has no buffer at all.

use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// Bytes of a full block: 1 MiB. Blocks start at multiples of this in their file, and only the last one is shorter.
pub const BLOCK: usize = 1 << 20;

static ZEROS: [u8; BLOCK] = [0; BLOCK];

/// Up to [`BLOCK`] consecutive bytes of a stream; cheap to clone.
#[derive(Debug, Clone)]
pub struct Block(Repr);

#[derive(Debug, Clone)]
enum Repr {
    Data(Arc<Buffer>),
    Zeros(usize),
}

impl Block {
    /// `len` zeros that occupy no memory of their own; `len` is at most [`BLOCK`].
    #[must_use]
    pub fn zeros(len: usize) -> Self {
        assert!(len <= BLOCK, "a block holds at most {BLOCK} bytes");
        Self(Repr::Zeros(len))
    }

    /// Whether this block is known to hold nothing but zeros: a hole, or read and found empty.
    #[must_use]
    pub fn is_zeros(&self) -> bool {
        matches!(self.0, Repr::Zeros(_))
    }

    /// A block of these bytes, whatever they are.
    pub(crate) fn of(buffer: Buffer) -> Self {
        Self(Repr::Data(Arc::new(buffer)))
    }

    /// A block of these bytes, or a block of zeros if that is all they are.
    pub(crate) fn found(buffer: Buffer) -> Self {
        if buffer.bytes.len() <= BLOCK && is_all_zeros(&buffer.bytes) {
            Self(Repr::Zeros(buffer.bytes.len()))
        } else {
            Self::of(buffer)
        }
    }
}

impl From<Vec<u8>> for Block {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Repr::Data(Arc::new(Buffer {
            bytes,
            home: Weak::new(),
        })))
    }
}

impl Deref for Block {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            Repr::Data(buffer) => &buffer.bytes,
            Repr::Zeros(len) => &ZEROS[..*len],
        }
    }
}

/// Whether all bytes are zero; gives up at the first that is not.
pub(crate) fn is_all_zeros(bytes: &[u8]) -> bool {
    bytes.chunks(BLOCK).all(|chunk| *chunk == ZEROS[..chunk.len()])
}

/// Bytes on loan from a [`Pool`].
#[derive(Debug)]
pub(crate) struct Buffer {
    pub(crate) bytes: Vec<u8>,
    home: Weak<Mutex<Vec<Vec<u8>>>>,
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if let Some(free) = self.home.upgrade() {
            free.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(std::mem::take(&mut self.bytes));
        }
    }
}

/// Buffers that are used again. It hands out as many as are asked for: the bound is that of the channels in between.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pool(Arc<Mutex<Vec<Vec<u8>>>>);

impl Pool {
    /// A buffer that comes back to this pool when it is dropped. It holds what it last held, which the caller replaces:
    /// clearing it here would cost as much again as filling it.
    pub(crate) fn take(&self) -> Buffer {
        let mut bytes = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop()
            .unwrap_or_default();
        bytes.clear();
        Buffer {
            bytes,
            home: Arc::downgrade(&self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_come_home() {
        let pool = Pool::default();
        let mut buffer = pool.take();
        buffer.bytes.extend_from_slice(b"abc");
        let at = buffer.bytes.as_ptr();
        let block = Block::found(buffer);
        let shared = block.clone();
        drop(block);
        assert_eq!(&*shared, b"abc");
        drop(shared);
        let again = pool.take();
        assert_eq!(again.bytes.as_ptr(), at);
    }

    #[test]
    fn zeros_are_found_and_cost_nothing() {
        let pool = Pool::default();
        let mut buffer = pool.take();
        buffer.bytes.resize(BLOCK, 0);
        let block = Block::found(buffer);
        assert!(block.is_zeros());
        assert_eq!(block.len(), BLOCK);
        let mut buffer = pool.take();
        buffer.bytes.resize(BLOCK, 0);
        buffer.bytes[BLOCK - 1] = 1;
        assert!(!Block::found(buffer).is_zeros());
    }
}
