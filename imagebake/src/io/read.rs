//! One read of a file for all that is done with it.
//!
//! ```text
//!             ┌─ bounded channel ─▶ hasher md5      (own thread)
//! file ─read──┼─ bounded channel ─▶ hasher sha256   (own thread)
//!             └─ bounded channel ─▶ compressor      (own thread, its workers behind it)
//! ```
//!
//! The slowest consumer sets the pace; memory is bounded by the channels, whatever the size of the file. Holes are not
//! read from disk: they arrive as blocks of zeros without a buffer. A consumer's error stops the read and is returned.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use super::block::{BLOCK, Block, Pool};
use super::control::Control;
use super::error::{Error, Result};

/// What the file system says of a regular file; anything else is refused.
pub(super) fn regular(path: &Path) -> Result<Metadata> {
    let metadata = std::fs::metadata(path).map_err(Error::on("read", path))?;
    if metadata.is_file() {
        return Ok(metadata);
    }
    let what = match metadata.is_dir() {
        true => "a folder",
        false => "a device or pipe",
    };
    let path = path.to_owned();
    Err(Error::NotAFile { path, what })
}

/// Blocks that wait for one consumer at most.
const WAITING: usize = 4;

/// Takes the blocks of a file in order, on a thread of its own.
pub trait Consumer: Send {
    /// Takes the next block.
    ///
    /// # Errors
    ///
    /// Any error stops the read for all consumers.
    fn block(&mut self, block: &Block) -> io::Result<()>;
}

/// Reads the file once and feeds every block to every consumer, each on its own thread. Returns the bytes read.
///
/// Blocking; call it inside `tokio::task::spawn_blocking`.
///
/// # Errors
///
/// The file cannot be read, is not a regular file, or changed while it was read; a consumer failed; the control's flag
/// was raised.
pub fn read_once(path: &Path, consumers: &mut [&mut dyn Consumer], control: &Control) -> Result<u64> {
    let mut input = Input::open(path)?;
    let total = input.size();
    feed(&mut input, consumers, control, 0, total)?;
    Ok(total)
}

/// [`read_once`] for one of several inputs, `before` bytes of `total` being done already.
pub(crate) fn feed(
    input: &mut Input,
    consumers: &mut [&mut dyn Consumer],
    control: &Control,
    before: u64,
    total: u64,
) -> Result<()> {
    let path = input.path.clone();
    if input.size() <= BLOCK as u64 {
        // One block is not worth a thread.
        return feed_here(input, consumers, control, before, total);
    }
    thread::scope(|scope| {
        let mut lanes: Vec<SyncSender<Block>> = Vec::with_capacity(consumers.len());
        let mut threads = Vec::with_capacity(consumers.len());
        for consumer in consumers.iter_mut() {
            let (sender, blocks) = sync_channel::<Block>(WAITING);
            lanes.push(sender);
            threads.push(scope.spawn(move || blocks.iter().try_for_each(|block| consumer.block(&block))));
        }
        let read = distribute(input, &lanes, control, before, total);
        drop(lanes);
        // A consumer that failed is why its lane closed: its error is the cause, the reader's only the effect.
        let mut failed = None;
        for thread in threads {
            match thread.join() {
                Ok(Ok(())) => {}
                Ok(Err(error)) => failed = failed.or(Some(error)),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        match (failed, read) {
            (Some(error), _) => Err(Error::os("process", &path, error)),
            (None, read) => read,
        }
    })
}

/// [`feed`] on the caller's thread.
fn feed_here(
    input: &mut Input,
    consumers: &mut [&mut dyn Consumer],
    control: &Control,
    before: u64,
    total: u64,
) -> Result<()> {
    while let Some(block) = input.next_block()? {
        control.check()?;
        for consumer in consumers.iter_mut() {
            consumer
                .block(&block)
                .map_err(|error| Error::os("process", &input.path, error))?;
        }
        control.report(before + input.position(), total);
    }
    input.check_unchanged()
}

fn distribute(
    input: &mut Input,
    lanes: &[SyncSender<Block>],
    control: &Control,
    before: u64,
    total: u64,
) -> Result<()> {
    while let Some(block) = input.next_block()? {
        control.check()?;
        for lane in lanes {
            if lane.send(block.clone()).is_err() {
                return Err(Error::Cancelled);
            }
        }
        control.report(before + input.position(), total);
    }
    input.check_unchanged()
}

/// A file read block by block, holes skipped.
#[derive(Debug)]
pub(crate) struct Input {
    file: File,
    path: PathBuf,
    metadata: Metadata,
    position: u64,
    /// Everything from `position` up to here is a hole.
    hole_until: u64,
    /// Everything from `position` up to here is to be read.
    data_until: u64,
    pool: Pool,
}

impl Input {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        // Opening a pipe would wait for its other end, so what it is comes first.
        regular(path)?;
        let file = File::open(path).map_err(Error::on("read", path))?;
        let metadata = file.metadata().map_err(Error::on("read", path))?;
        Ok(Self {
            file,
            path: path.to_owned(),
            metadata,
            position: 0,
            hole_until: 0,
            data_until: 0,
            pool: Pool::default(),
        })
    }

    pub(crate) fn size(&self) -> u64 {
        self.metadata.len()
    }

    pub(crate) fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// The next block, or none at the end of the size that the file had when it was opened.
    pub(crate) fn next_block(&mut self) -> Result<Option<Block>> {
        let left = self.size() - self.position;
        if left == 0 {
            return Ok(None);
        }
        let len = usize::try_from(left).map_or(BLOCK, |left| left.min(BLOCK));
        let end = self.position + len as u64;
        self.look_for_data(end);
        let block = if self.hole_until >= end {
            Block::zeros(len)
        } else {
            self.read(len)?
        };
        self.position = end;
        Ok(Some(block))
    }

    fn read(&mut self, len: usize) -> Result<Block> {
        let mut buffer = self.pool.take();
        buffer.bytes.resize(len, 0);
        let mut filled = 0;
        while filled < len {
            match self
                .file
                .read_at(&mut buffer.bytes[filled..], self.position + filled as u64)
            {
                Ok(0) => return Err(self.changed(self.position + filled as u64)),
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Error::os("read", &self.path, error)),
            }
        }
        Ok(Block::found(buffer))
    }

    /// Learns what lies at `position`. A file system that cannot tell makes everything data.
    fn look_for_data(&mut self, end: u64) {
        if self.position < self.data_until || self.hole_until >= end {
            return;
        }
        let size = self.size();
        match rustix::fs::seek(&self.file, rustix::fs::SeekFrom::Data(self.position)) {
            Ok(data) if data < end => {
                self.data_until = rustix::fs::seek(&self.file, rustix::fs::SeekFrom::Hole(data)).unwrap_or(size);
            }
            Ok(data) => self.hole_until = data,
            Err(rustix::io::Errno::NXIO) => self.hole_until = size,
            Err(_) => self.data_until = size,
        }
    }

    /// Fails if the file is no longer what was opened. A hole at the end is never read, so that only this notices.
    pub(crate) fn check_unchanged(&self) -> Result<()> {
        let now = self.file.metadata().map_err(Error::on("read", &self.path))?;
        let same = |a: &Metadata, b: &Metadata| {
            a.len() == b.len() && a.mtime() == b.mtime() && a.mtime_nsec() == b.mtime_nsec()
        };
        if same(&now, &self.metadata) {
            Ok(())
        } else {
            Err(self.changed(now.len()))
        }
    }

    fn changed(&self, after: u64) -> Error {
        Error::Changed {
            path: self.path.clone(),
            before: self.size(),
            after,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Seek, SeekFrom, Write};
    use std::sync::Mutex;

    use super::*;
    use crate::io::{Cancel, Progress};

    #[derive(Default)]
    struct Collect {
        bytes: Vec<u8>,
        zero_blocks: usize,
    }

    impl Consumer for Collect {
        fn block(&mut self, block: &Block) -> io::Result<()> {
            self.bytes.extend_from_slice(block);
            self.zero_blocks += usize::from(block.is_zeros());
            Ok(())
        }
    }

    struct Fail;

    impl Consumer for Fail {
        fn block(&mut self, _: &Block) -> io::Result<()> {
            Err(io::Error::from(io::ErrorKind::StorageFull))
        }
    }

    fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    #[test]
    fn every_consumer_sees_every_byte_and_progress_ends_at_the_total() {
        let bytes: Vec<u8> = (0..3 * BLOCK + 17).map(|i| (i % 251) as u8).collect();
        let file = file(&bytes);
        let seen = std::sync::Arc::new(Mutex::new(Vec::new()));
        let control = Control::new().on_progress({
            let seen = seen.clone();
            move |progress: Progress| seen.lock().unwrap().push(progress)
        });
        let (mut a, mut b) = (Collect::default(), Collect::default());
        assert_eq!(
            read_once(file.path(), &mut [&mut a, &mut b], &control).unwrap(),
            bytes.len() as u64
        );
        assert!(a.bytes == bytes && b.bytes == bytes);
        let total = bytes.len() as u64;
        let seen = seen.lock().unwrap();
        assert_eq!(seen.len(), 4);
        assert_eq!(*seen.last().unwrap(), Progress { done: total, total });
    }

    #[test]
    fn holes_arrive_as_zeros() {
        let mut file = file(b"head");
        let size = 8 * BLOCK as u64 + 5;
        file.as_file_mut().set_len(size).unwrap();
        file.as_file_mut().seek(SeekFrom::Start(5 * BLOCK as u64)).unwrap();
        file.write_all(b"tail").unwrap();
        let mut all = Collect::default();
        read_once(file.path(), &mut [&mut all], &Control::new()).unwrap();
        assert_eq!(all.bytes.len() as u64, size);
        assert_eq!(all.zero_blocks, 7);
        assert_eq!(&all.bytes[..5], b"head\0");
        assert_eq!(&all.bytes[5 * BLOCK..5 * BLOCK + 5], b"tail\0");
        assert_eq!(all.bytes.iter().filter(|byte| **byte != 0).count(), 8);
    }

    #[test]
    fn an_empty_file_is_no_block() {
        let mut all = Collect::default();
        assert_eq!(
            read_once(file(b"").path(), &mut [&mut all], &Control::new()).unwrap(),
            0
        );
        assert!(all.bytes.is_empty());
    }

    #[test]
    fn the_error_of_a_consumer_stops_the_read_for_all() {
        let file = file(&vec![1; 64 * BLOCK]);
        let mut other = Collect::default();
        let error = read_once(file.path(), &mut [&mut Fail, &mut other], &Control::new()).unwrap_err();
        assert!(error.to_string().contains("free space"), "{error}");
        assert!(other.bytes.len() < 64 * BLOCK);
    }

    #[test]
    fn a_file_that_shrinks_or_grows_is_an_error() {
        struct Resize(File, u64);
        impl Consumer for Resize {
            fn block(&mut self, _: &Block) -> io::Result<()> {
                self.0.set_len(self.1)
            }
        }
        let bytes = vec![1; 32 * BLOCK];
        for size in [BLOCK as u64, 33 * BLOCK as u64] {
            let file = file(&bytes);
            let mut resize = Resize(file.reopen().unwrap(), size);
            let error = read_once(file.path(), &mut [&mut resize], &Control::new()).unwrap_err();
            assert!(matches!(error, Error::Changed { .. }), "{error}");
        }
    }

    #[test]
    fn a_raised_flag_stops_before_the_end() {
        let file = file(&vec![1; 32 * BLOCK]);
        let cancel = Cancel::default();
        let control = Control::new()
            .with_cancel(cancel.clone())
            .on_progress(move |_| cancel.cancel());
        let mut all = Collect::default();
        let error = read_once(file.path(), &mut [&mut all], &control).unwrap_err();
        assert!(matches!(error, Error::Cancelled), "{error}");
        assert_eq!(all.bytes.len(), BLOCK);
    }

    #[test]
    fn a_folder_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let error = read_once(folder.path(), &mut [], &Control::new()).unwrap_err();
        assert!(error.to_string().contains("is a folder, not a file"), "{error}");
    }
}
