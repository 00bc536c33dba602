//! Files that appear under their final name complete or not at all.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::error::{Error, Result};

/// A file that is written beside its final name and renamed to it by [`AtomicFile::commit`].
///
/// Dropped without a commit, it is removed and whatever stood under the final name is untouched.
#[derive(Debug)]
pub struct AtomicFile {
    temporary: tempfile::NamedTempFile,
    path: PathBuf,
}

impl AtomicFile {
    /// Starts a file that shall stand at `path`, in the same folder, so that the rename cannot cross file systems.
    ///
    /// # Errors
    ///
    /// The folder does not exist or is not writable, or `path` is a folder.
    pub fn create(path: &Path) -> Result<Self> {
        use std::os::unix::fs::PermissionsExt as _;
        if path.is_dir() {
            return Err(Error::NotAFile {
                path: path.to_owned(),
                what: "a folder",
            });
        }
        let temporary = tempfile::Builder::new()
            .prefix(".imagebake-")
            .suffix(".partial")
            // As any new file: the process's umask applies.
            .permissions(std::fs::Permissions::from_mode(0o666))
            .tempfile_in(folder_of(path))
            .map_err(Error::on("create", path))?;
        Ok(Self {
            temporary,
            path: path.to_owned(),
        })
    }

    /// The final name.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file as it is being written.
    #[must_use]
    pub fn as_file(&self) -> &File {
        self.temporary.as_file()
    }

    /// Flushes the file to disk, gives it its final name (replacing what stood there) and flushes the folder.
    ///
    /// # Errors
    ///
    /// Writing back or renaming failed; then the temporary is removed.
    pub fn commit(self) -> Result<()> {
        let Self { temporary, path } = self;
        temporary.as_file().sync_all().map_err(Error::on("write", &path))?;
        temporary
            .persist(&path)
            .map_err(|failed| Error::os("rename to", &path, failed.error))?;
        let folder = folder_of(&path);
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(Error::on("flush", folder))
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.temporary.as_file().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.temporary.as_file().flush()
    }
}

/// Replaces the file at `path` by these bytes: a reader, or a crash, finds either the old content or the new.
///
/// # Errors
///
/// As [`AtomicFile::create`] and [`AtomicFile::commit`].
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = AtomicFile::create(path)?;
    file.write_all(bytes).map_err(Error::on("write", path))?;
    file.commit()
}

fn folder_of(path: &Path) -> &Path {
    path.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    #[test]
    fn only_a_commit_shows_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        std::fs::write(&path, b"old").unwrap();
        let mut file = AtomicFile::create(&path).unwrap();
        file.write_all(b"half").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        drop(file);
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        assert_eq!(names(folder.path()), ["out"]);
        write_atomically(&path, b"new").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        assert_eq!(names(folder.path()), ["out"]);
    }

    #[test]
    fn a_missing_folder_and_a_folder_in_the_way_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("no/such/out");
        let error = write_atomically(&missing, b"x").unwrap_err();
        assert!(error.to_string().contains("no/such/out"), "{error}");
        let error = write_atomically(folder.path(), b"x").unwrap_err();
        assert!(error.to_string().contains("is a folder"), "{error}");
    }
}
