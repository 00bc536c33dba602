//! A file artifact's file and what is known of its bytes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::control::{CancelOnDrop, Control};
use super::digest::{DigestKind, Digests, Hashers};
use super::error::{Error, Result};
use super::read::{Consumer, read_once, regular};
use super::threads::off_the_async_threads;

/// A file of an artifact: where it is, its size, and the digests computed so far.
///
/// Whoever writes the file, or is the first to read it, computes the wanted digests in that same pass; what is known is
/// never computed again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRef {
    path: PathBuf,
    size: u64,
    digests: Digests,
}

impl FileRef {
    /// The file at this path, its digests not known yet.
    ///
    /// # Errors
    ///
    /// There is no file at this path, or it is a folder or device.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self> {
        Self::look(path.into()).map(|(file, _)| file)
    }

    /// [`FileRef::open`], with all that the file system says of the file.
    pub(super) fn look(path: PathBuf) -> Result<(Self, std::fs::Metadata)> {
        let metadata = regular(&path)?;
        let file = Self {
            path,
            size: metadata.len(),
            digests: Digests::default(),
        };
        Ok((file, metadata))
    }

    /// A file whose writer knows its size in bytes and digests.
    #[must_use]
    pub fn written(path: impl Into<PathBuf>, size: u64, digests: Digests) -> Self {
        Self {
            path: path.into(),
            size,
            digests,
        }
    }

    /// Where the file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its size in bytes, holes included.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The digests computed so far.
    #[must_use]
    pub fn digests(&self) -> &Digests {
        &self.digests
    }

    /// With these digests, computed elsewhere of the same bytes.
    #[must_use]
    pub(crate) fn with_digests(mut self, digests: &Digests) -> Self {
        self.digests.extend(digests.clone());
        self
    }

    /// The same bytes under another path, after a rename.
    #[must_use]
    pub fn moved_to(self, path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            ..self
        }
    }

    /// Computes those of the wanted digests that are not known, in one read; none is read if all are known.
    ///
    /// Blocking; [`FileRef::digest_async`] is for async callers.
    ///
    /// # Errors
    ///
    /// As [`read_once`].
    pub fn digest(&mut self, wanted: &BTreeSet<DigestKind>, control: &Control) -> Result<&Digests> {
        self.read_with(wanted, &mut [], control)?;
        Ok(&self.digests)
    }

    /// [`FileRef::digest`] away from the async threads. Dropping the future stops the read.
    ///
    /// # Errors
    ///
    /// As [`read_once`].
    pub async fn digest_async(mut self, wanted: BTreeSet<DigestKind>, control: Control) -> Result<Self> {
        let _stop = CancelOnDrop(control.cancel().clone());
        off_the_async_threads(move || {
            self.digest(&wanted, &control)?;
            Ok(self)
        })
        .await
    }

    /// Reads the file once for `consumers` and for those of the wanted digests that are not known. Without consumers
    /// and with every digest known, nothing is read.
    ///
    /// # Errors
    ///
    /// As [`read_once`]; also when the file no longer has the size that this reference states.
    pub fn read_with(
        &mut self,
        wanted: &BTreeSet<DigestKind>,
        consumers: &mut [&mut dyn Consumer],
        control: &Control,
    ) -> Result<()> {
        let missing = self.digests.missing(wanted);
        if missing.is_empty() && consumers.is_empty() {
            return Ok(());
        }
        let mut hashers = Hashers::new(missing);
        let mut all: Vec<&mut dyn Consumer> = hashers.consumers().collect();
        for consumer in consumers.iter_mut() {
            all.push(*consumer);
        }
        let size = read_once(&self.path, &mut all, control)?;
        self.take(size, hashers)
    }

    /// Records the digests of a complete read of `size` bytes.
    pub(crate) fn take(&mut self, size: u64, hashers: Hashers) -> Result<()> {
        if size != self.size {
            return Err(Error::Changed {
                path: self.path.clone(),
                before: self.size,
                after: size,
            });
        }
        self.digests.extend(hashers.finish());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::io::{Block, digest_bytes};

    struct Count(u64);

    impl Consumer for Count {
        fn block(&mut self, block: &Block) -> io::Result<()> {
            self.0 += block.len() as u64;
            Ok(())
        }
    }

    #[test]
    fn one_read_serves_digests_and_consumers_and_known_digests_need_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("disk.raw");
        let bytes: Vec<u8> = (0..2_500_000u32).map(|i| (i >> 3) as u8).collect();
        std::fs::write(&path, &bytes).unwrap();
        let wanted = BTreeSet::from([DigestKind::Md5, DigestKind::Sha256, DigestKind::Blake3]);
        let mut file = FileRef::open(&path).unwrap();
        let mut count = Count(0);
        file.read_with(&wanted, &mut [&mut count], &Control::new()).unwrap();
        assert_eq!(count.0, bytes.len() as u64);
        assert_eq!(*file.digests(), digest_bytes(&bytes, wanted.clone()));
        std::fs::remove_file(&path).unwrap();
        file.digest(&wanted, &Control::new()).unwrap();
    }

    #[test]
    fn a_file_of_another_size_than_stated_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("disk.raw");
        std::fs::write(&path, b"one").unwrap();
        let mut file = FileRef::open(&path).unwrap();
        std::fs::write(&path, b"three").unwrap();
        let error = file
            .digest(&BTreeSet::from([DigestKind::Md5]), &Control::new())
            .unwrap_err();
        assert!(
            matches!(
                error,
                Error::Changed {
                    before: 3,
                    after: 5,
                    ..
                }
            ),
            "{error}"
        );
    }

    #[tokio::test]
    async fn async_callers_get_the_same_digests() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("disk.raw");
        std::fs::write(&path, b"abc").unwrap();
        let wanted = BTreeSet::from([DigestKind::Sha1]);
        let file = FileRef::open(&path)
            .unwrap()
            .digest_async(wanted.clone(), Control::new())
            .await
            .unwrap();
        assert_eq!(*file.digests(), digest_bytes(b"abc", wanted));
    }
}
