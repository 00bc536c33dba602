//! The compressed file as it is written: counted, digested and invisible until it is complete.

use std::io::{self, Write};
use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

use crate::io::atomic::AtomicFile;
use crate::io::block::Block;
use crate::io::digest::{DigestKind, Digests, Hasher, Hashers};
use crate::io::error::{Error, Result};
use crate::io::file_ref::FileRef;

/// Pieces that wait for one hasher at most.
const WAITING: usize = 8;
/// Bytes that encoders of small writes gather before they are written and hashed.
const GATHER: usize = 256 << 10;

/// Where an encoder writes to.
pub(super) struct Output {
    file: AtomicFile,
    written: u64,
    gathered: Vec<u8>,
    lanes: Vec<Lane>,
}

struct Lane {
    kind: DigestKind,
    pieces: SyncSender<Block>,
    hasher: JoinHandle<Hasher>,
}

impl Output {
    /// Starts the file and a thread for each digest of it.
    pub(super) fn create(path: &Path, digests: impl IntoIterator<Item = DigestKind>) -> Result<Self> {
        let file = AtomicFile::create(path)?;
        let lane = |(kind, mut hasher): (DigestKind, Hasher)| {
            let (pieces, taken) = sync_channel::<Block>(WAITING);
            let hasher = std::thread::spawn(move || {
                taken.iter().for_each(|piece| hasher.update(&piece));
                hasher
            });
            Lane { kind, pieces, hasher }
        };
        let lanes = Hashers::new(digests).into_parts().into_iter().map(lane).collect();
        Ok(Self {
            file,
            written: 0,
            gathered: Vec::new(),
            lanes,
        })
    }

    /// Writes a piece as it is.
    pub(super) fn piece(&mut self, piece: Block) -> io::Result<()> {
        self.flush()?;
        self.put(piece)
    }

    fn put(&mut self, piece: Block) -> io::Result<()> {
        self.file
            .write_all(&piece)
            .map_err(Error::on("write", self.file.path()))?;
        self.written += piece.len() as u64;
        for lane in &self.lanes {
            lane.pieces
                .send(piece.clone())
                .map_err(|_| io::Error::other("a hashing thread ended early"))?;
        }
        Ok(())
    }

    /// Gives the file its final name.
    pub(super) fn commit(mut self) -> Result<FileRef> {
        let path = self.file.path().to_owned();
        self.flush().map_err(Error::on("write", &path))?;
        let mut digests = Vec::with_capacity(self.lanes.len());
        for lane in self.lanes {
            drop(lane.pieces);
            match lane.hasher.join() {
                Ok(hasher) => digests.push((lane.kind, hasher.finish())),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        self.file.commit()?;
        Ok(FileRef::written(path, self.written, Digests::from_iter(digests)))
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.gathered.extend_from_slice(bytes);
        if self.gathered.len() >= GATHER {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.gathered.is_empty() {
            return Ok(());
        }
        let gathered = std::mem::replace(&mut self.gathered, Vec::with_capacity(GATHER));
        self.put(gathered.into())
    }
}
