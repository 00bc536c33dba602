//! Formats whose chunks are encoded apart from each other: on all cores, written in order.
//!
//! ```text
//!                     ┌─▶ worker ─┐
//! blocks ─▶ chunks ───┼─▶ worker ─┼──▶ writer: pieces in the order of their chunks
//!    │                └─▶ worker ─┘        ▲
//!    └────── promises, in order ───────────┘
//! ```
//!
//! Chunks are cut at fixed offsets of the input, so the output does not depend on the number of workers, nor on the
//! sizes in which the input arrives. Both channels are bounded.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use super::encoder::Encoder;
use super::output::Output;
use crate::io::block::{Block, Buffer, Pool};

/// A format that is a head, one piece for each chunk, and a tail.
pub(super) trait ChunkCodec: Send + Sync + 'static {
    /// Bytes of every chunk but the last.
    fn chunk(&self) -> usize;
    fn head(&self) -> Vec<u8>;
    /// The encoder of one thread.
    fn worker(&self) -> Box<dyn ChunkWorker>;
    /// `crc` and `len` are those of the whole input.
    fn tail(&self, crc: u32, len: u64) -> Vec<u8>;
}

pub(super) trait ChunkWorker {
    fn encode(&mut self, chunk: &Block) -> io::Result<Piece>;
}

/// An encoded chunk.
pub(super) struct Piece {
    pub(super) bytes: Block,
    /// Bytes of the chunk.
    pub(super) len: usize,
    /// Checksum of the chunk itself, for formats that have one.
    pub(super) crc: crc32fast::Hasher,
}

type Promise = Receiver<io::Result<Piece>>;

struct Job {
    chunk: Block,
    done: SyncSender<io::Result<Piece>>,
}

/// Encodes with a [`ChunkCodec`].
pub(super) struct Parallel {
    chunk: usize,
    pool: Pool,
    filling: Option<Buffer>,
    jobs: Option<SyncSender<Job>>,
    promises: Option<SyncSender<Promise>>,
    workers: Vec<JoinHandle<()>>,
    writer: Option<JoinHandle<io::Result<Output>>>,
}

impl Parallel {
    pub(super) fn new(codec: impl ChunkCodec, threads: usize, output: Output) -> Self {
        let codec = Arc::new(codec);
        let (jobs, waiting) = sync_channel::<Job>(threads);
        let (promises, promised) = sync_channel::<Promise>(threads * 2);
        let waiting = Arc::new(Mutex::new(waiting));
        let workers = (0..threads)
            .map(|_| {
                let (codec, waiting) = (codec.clone(), waiting.clone());
                std::thread::spawn(move || work(&*codec, &waiting))
            })
            .collect();
        let chunk = codec.chunk();
        let writer = std::thread::spawn(move || write(&*codec, promised, output));
        Self {
            chunk,
            pool: Pool::default(),
            filling: None,
            jobs: Some(jobs),
            promises: Some(promises),
            workers,
            writer: Some(writer),
        }
    }

    fn submit(&mut self, chunk: Block) -> io::Result<()> {
        let (done, promise) = sync_channel(1);
        let sent = self
            .promises
            .as_ref()
            .is_some_and(|promises| promises.send(promise).is_ok())
            && self
                .jobs
                .as_ref()
                .is_some_and(|jobs| jobs.send(Job { chunk, done }).is_ok());
        if sent {
            Ok(())
        } else {
            Err(self.close().err().unwrap_or_else(gone))
        }
    }

    /// Lets all threads end. The writer's error is the cause of whatever closed a channel early.
    fn close(&mut self) -> io::Result<Output> {
        self.jobs = None;
        self.promises = None;
        for worker in self.workers.drain(..) {
            if let Err(panic) = worker.join() {
                std::panic::resume_unwind(panic);
            }
        }
        match self.writer.take().ok_or_else(gone)?.join() {
            Ok(written) => written,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

impl Encoder for Parallel {
    fn block(&mut self, block: &Block) -> io::Result<()> {
        if self.filling.is_none() && block.len() == self.chunk {
            return self.submit(block.clone());
        }
        let mut rest: &[u8] = block;
        while !rest.is_empty() {
            let filling = self.filling.get_or_insert_with(|| {
                let mut buffer = self.pool.take();
                buffer.bytes.clear();
                buffer
            });
            let (now, later) = rest.split_at(rest.len().min(self.chunk - filling.bytes.len()));
            filling.bytes.extend_from_slice(now);
            rest = later;
            if filling.bytes.len() == self.chunk
                && let Some(full) = self.filling.take()
            {
                self.submit(Block::found(full))?;
            }
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> io::Result<Output> {
        if let Some(last) = self.filling.take() {
            self.submit(Block::found(last))?;
        }
        self.close()
    }
}

impl Drop for Parallel {
    /// The output's temporary file is gone once its writer has ended, so that is waited for.
    fn drop(&mut self) {
        self.jobs = None;
        self.promises = None;
        for worker in self.workers.drain(..) {
            let _ = worker.join();
        }
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

fn work(codec: &impl ChunkCodec, waiting: &Mutex<Receiver<Job>>) {
    let mut worker = codec.worker();
    loop {
        let job = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        // Nobody waits for the piece once the writer has failed.
        let _ = job.done.send(worker.encode(&job.chunk));
    }
}

fn write(codec: &impl ChunkCodec, promised: Receiver<Promise>, mut output: Output) -> io::Result<Output> {
    output.piece(codec.head().into())?;
    let mut crc = crc32fast::Hasher::new();
    let mut len = 0;
    for promise in promised {
        let piece = promise.recv().map_err(|_| gone())??;
        crc.combine(&piece.crc);
        len += piece.len as u64;
        output.piece(piece.bytes)?;
    }
    output.piece(codec.tail(crc.finalize(), len).into())?;
    Ok(output)
}

fn gone() -> io::Error {
    io::Error::other("a compression thread ended early")
}
