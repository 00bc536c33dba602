//! Copies of files that share or keep their holes.

use std::fs::File;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{SeekFrom, copy_file_range, ioctl_ficlone, seek};
use rustix::io::Errno;

use super::atomic::AtomicFile;
use super::control::{CancelOnDrop, Control};
use super::error::{Error, Result};
use super::read::regular;
use super::threads::off_the_async_threads;

/// Bytes moved between two looks at the cancel flag.
const STEP: u64 = 16 << 20;

/// What a copy took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copied {
    /// Size of the file in bytes, holes included.
    pub size: u64,
    /// Bytes that were moved: none where the file system shares them between both files.
    pub moved: u64,
}

/// Copies a file: by sharing its extents where the file system can (reflink), else inside the kernel, else by reading
/// and writing; holes stay holes. Mode bits are kept, owner and times are not. The copy appears complete or not at all.
///
/// Blocking; [`copy_sparse_async`] is for async callers.
///
/// # Errors
///
/// Reading or writing failed, `from` is no regular file or changed while it was read, or the flag was raised.
pub fn copy_sparse(from: &Path, to: &Path, control: &Control) -> Result<Copied> {
    let metadata = regular(from)?;
    if std::fs::canonicalize(to).is_ok_and(|to| std::fs::canonicalize(from).is_ok_and(|from| from == to)) {
        return Err(Error::OutputIsInput { path: to.to_owned() });
    }
    let source = File::open(from).map_err(Error::on("read", from))?;
    let size = source.metadata().map_err(Error::on("read", from))?.len();
    let target = AtomicFile::create(to)?;
    let moved = match ioctl_ficlone(target.as_file(), &source) {
        Ok(()) => 0,
        Err(_) => {
            target.as_file().set_len(size).map_err(Error::on("write", to))?;
            copy_extents(&source, target.as_file(), size, from, to, control)?
        }
    };
    let after = source.metadata().map_err(Error::on("read", from))?;
    if after.len() != size || after.modified().ok() != metadata.modified().ok() {
        return Err(Error::Changed {
            path: from.to_owned(),
            before: size,
            after: after.len(),
        });
    }
    let mode = std::fs::Permissions::from_mode(metadata.permissions().mode() & 0o7777);
    target.as_file().set_permissions(mode).map_err(Error::on("write", to))?;
    target.commit()?;
    control.report(size, size);
    Ok(Copied { size, moved })
}

/// [`copy_sparse`] away from the async threads. Dropping the future stops the copy.
///
/// # Errors
///
/// As [`copy_sparse`].
pub async fn copy_sparse_async(from: PathBuf, to: PathBuf, control: Control) -> Result<Copied> {
    let _stop = CancelOnDrop(control.cancel().clone());
    off_the_async_threads(move || copy_sparse(&from, &to, &control)).await
}

fn copy_extents(source: &File, target: &File, size: u64, from: &Path, to: &Path, control: &Control) -> Result<u64> {
    let mut mover = Mover {
        source,
        target,
        in_kernel: true,
        from,
        to,
    };
    let mut moved = 0;
    let mut position = 0;
    while let Some((data, end)) = next_extent(source, position, size).map_err(Error::on("read", from))? {
        position = data;
        while position < end {
            control.check()?;
            let step = mover.step(position, STEP.min(end - position))?;
            position += step;
            moved += step;
            control.report(position, size);
        }
    }
    Ok(moved)
}

/// The next range of data at or after `position`; a file system that cannot tell makes everything data.
fn next_extent(file: &File, position: u64, size: u64) -> io::Result<Option<(u64, u64)>> {
    if position >= size {
        return Ok(None);
    }
    match seek(file, SeekFrom::Data(position)) {
        Ok(data) if data >= size => Ok(None),
        Ok(data) => Ok(Some((
            data,
            seek(file, SeekFrom::Hole(data)).map_or(size, |hole| hole.min(size)),
        ))),
        Err(Errno::NXIO) => Ok(None),
        Err(Errno::INVAL | Errno::OPNOTSUPP) => Ok(Some((position, size))),
        Err(error) => Err(error.into()),
    }
}

struct Mover<'a> {
    source: &'a File,
    target: &'a File,
    in_kernel: bool,
    from: &'a Path,
    to: &'a Path,
}

impl Mover<'_> {
    /// Moves up to `len` bytes at `position`; returns how many.
    fn step(&mut self, position: u64, len: u64) -> Result<u64> {
        if self.in_kernel {
            let (mut read_at, mut write_at) = (position, position);
            let len = usize::try_from(len).unwrap_or(usize::MAX);
            match copy_file_range(self.source, Some(&mut read_at), self.target, Some(&mut write_at), len) {
                Ok(0) => return Err(self.shrank(position)),
                Ok(moved) => return Ok(moved as u64),
                Err(Errno::INTR) => return Ok(0),
                // Across file systems, on special ones, or forbidden by a sandbox: read and write instead.
                Err(Errno::XDEV | Errno::INVAL | Errno::OPNOTSUPP | Errno::NOSYS | Errno::PERM) => {
                    self.in_kernel = false
                }
                Err(error) => return Err(Error::os("write", self.to, error.into())),
            }
        }
        self.read_and_write(position, len.min(super::BLOCK as u64))
    }

    fn read_and_write(&self, position: u64, len: u64) -> Result<u64> {
        use std::os::unix::fs::FileExt as _;
        let mut buffer = vec![0; usize::try_from(len).expect("a step of reading is at most one block")];
        let read = self
            .source
            .read_at(&mut buffer, position)
            .map_err(Error::on("read", self.from))?;
        if read == 0 {
            return Err(self.shrank(position));
        }
        self.target
            .write_all_at(&buffer[..read], position)
            .map_err(Error::on("write", self.to))?;
        Ok(read as u64)
    }

    fn shrank(&self, after: u64) -> Error {
        let before = self.target.metadata().map_or(0, |metadata| metadata.len());
        Error::Changed {
            path: self.from.to_owned(),
            before,
            after,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Seek, Write};
    use std::os::unix::fs::MetadataExt as _;

    use super::*;
    use crate::io::Cancel;

    fn sparse(path: &Path) -> Vec<u8> {
        let mut file = File::create(path).unwrap();
        file.write_all(&[7; 10_000]).unwrap();
        file.seek(io::SeekFrom::Start(40 << 20)).unwrap();
        file.write_all(b"in the middle").unwrap();
        file.set_len(64 << 20).unwrap();
        std::fs::read(path).unwrap()
    }

    #[test]
    fn holes_stay_holes_and_mode_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("a"), folder.path().join("b"));
        let bytes = sparse(&from);
        std::fs::set_permissions(&from, std::fs::Permissions::from_mode(0o750)).unwrap();
        let copied = copy_sparse(&from, &to, &Control::new()).unwrap();
        assert_eq!(copied.size, 64 << 20);
        assert!(copied.moved < 1 << 20, "{copied:?}");
        assert!(std::fs::read(&to).unwrap() == bytes);
        let metadata = std::fs::metadata(&to).unwrap();
        assert!(metadata.blocks() * 512 < 1 << 20, "{} blocks", metadata.blocks());
        assert_eq!(metadata.mode() & 0o7777, 0o750);
    }

    #[test]
    fn reading_and_writing_gives_the_same_copy() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("a"), folder.path().join("b"));
        let bytes = sparse(&from);
        let (source, target) = (File::open(&from).unwrap(), File::create(&to).unwrap());
        target.set_len(64 << 20).unwrap();
        let mut mover = Mover {
            source: &source,
            target: &target,
            in_kernel: false,
            from: &from,
            to: &to,
        };
        let mut position = 0;
        while let Some((data, end)) = next_extent(&source, position, 64 << 20).unwrap() {
            position = data;
            while position < end {
                position += mover.step(position, end - position).unwrap();
            }
        }
        assert!(std::fs::read(&to).unwrap() == bytes);
    }

    #[test]
    fn a_cancelled_copy_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("a"), folder.path().join("b"));
        sparse(&from);
        let cancel = Cancel::default();
        cancel.cancel();
        match copy_sparse(&from, &to, &Control::new().with_cancel(cancel)) {
            Err(Error::Cancelled) => assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1),
            // On a file system that shares extents there is nothing to stop.
            other => assert_eq!(other.unwrap().moved, 0),
        }
    }

    #[test]
    fn a_copy_onto_itself_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, b"x").unwrap();
        let error = copy_sparse(&path, &folder.path().join("./a"), &Control::new()).unwrap_err();
        assert!(matches!(error, Error::OutputIsInput { .. }), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), b"x");
    }
}
