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

/// Bytes after which what was written is sent to disk, so that little is left to wait for at the end.
const WRITE_BACK: u64 = 64 << 20;

/// Where an encoder writes to.
pub(super) struct Output {
    file: AtomicFile,
    write_back: WriteBack,
    written: u64,
    gathered: Vec<u8>,
    lanes: Vec<Lane>,
}

/// Flushes the file to disk now and then, on a thread of its own that comes with the first flush.
#[derive(Default)]
struct WriteBack {
    due: u64,
    thread: Option<(SyncSender<()>, JoinHandle<io::Result<()>>)>,
}

impl WriteBack {
    fn written(&mut self, bytes: u64, file: &AtomicFile) -> io::Result<()> {
        self.due += bytes;
        if self.due < WRITE_BACK {
            return Ok(());
        }
        self.due = 0;
        if self.thread.is_none() {
            let file = file.as_file().try_clone()?;
            let (tell, told) = sync_channel(1);
            let flush = move || told.iter().try_for_each(|()| file.sync_data());
            self.thread = Some((tell, std::thread::spawn(flush)));
        }
        if let Some((tell, _)) = &self.thread {
            // One flush that waits is enough; one that failed says so at the end.
            let _ = tell.try_send(());
        }
        Ok(())
    }

    /// A disk tells a failed write to the first flush after it alone, so that error must not get lost here.
    fn finish(self) -> io::Result<()> {
        let Some((tell, thread)) = self.thread else {
            return Ok(());
        };
        drop(tell);
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
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
            write_back: WriteBack::default(),
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
        self.write_back
            .written(piece.len() as u64, &self.file)
            .map_err(Error::on("write", self.file.path()))?;
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
        self.write_back.finish().map_err(Error::on("write", &path))?;
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
