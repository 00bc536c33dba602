//! What has been learnt about files' bytes, so that nobody reads them again for it.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::digest::Digests;
use super::file_ref::FileRef;

/// Digests of files by their paths, for as long as nobody writes to them: whoever reads a file first computes what the others want.
#[derive(Debug, Default)]
pub(crate) struct KnownDigests(Mutex<BTreeMap<PathBuf, (Identity, Digests)>>);

/// A file as it was when its bytes were read: once it is written to or replaced, nothing is known of it any more.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Identity {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
}

impl Identity {
    fn of(path: &Path) -> Option<Self> {
        std::fs::metadata(path).ok().map(|file| Self::from(&file))
    }
}

impl From<&Metadata> for Identity {
    fn from(file: &Metadata) -> Self {
        Self {
            device: file.dev(),
            inode: file.ino(),
            size: file.len(),
            modified: (file.mtime(), file.mtime_nsec()),
        }
    }
}

impl KnownDigests {
    /// Takes over what `file` knows.
    pub(crate) fn learn(&self, file: &FileRef) {
        let Some(identity) = Identity::of(file.path()) else {
            return;
        };
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (of, digests) = known
            .entry(file.path().to_owned())
            .or_insert_with(|| (identity, Digests::default()));
        if *of != identity {
            (*of, *digests) = (identity, Digests::default());
        }
        digests.extend(file.digests().clone());
    }

    /// `file` with what is known of it.
    pub(crate) fn recall(&self, file: FileRef) -> FileRef {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match known.get(file.path()) {
            Some((of, digests)) if of.size == file.size() && Identity::of(file.path()) == Some(*of) => {
                file.with_digests(digests)
            }
            _ => file,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::io::{Control, DigestKind, digest_bytes};

    #[test]
    fn what_one_step_learnt_another_knows_until_the_file_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("disk");
        std::fs::write(&path, b"abc").unwrap();
        let known = KnownDigests::default();
        let mut read = FileRef::open(&path).unwrap();
        for kind in [DigestKind::Md5, DigestKind::Sha256] {
            read.digest(&BTreeSet::from([kind]), &Control::new()).unwrap();
            known.learn(&read);
        }
        let recalled = known.recall(FileRef::open(&path).unwrap());
        assert_eq!(
            *recalled.digests(),
            digest_bytes(b"abc", [DigestKind::Md5, DigestKind::Sha256])
        );

        // A new file of the same size under the same name.
        let new = folder.path().join("new");
        std::fs::write(&new, b"xyz").unwrap();
        std::fs::rename(&new, &path).unwrap();
        let recalled = known.recall(FileRef::open(&path).unwrap());
        assert!(recalled.digests().is_empty());
        let mut read = recalled;
        read.digest(&BTreeSet::from([DigestKind::Sha1]), &Control::new())
            .unwrap();
        known.learn(&read);
        let recalled = known.recall(FileRef::open(&path).unwrap());
        assert_eq!(*recalled.digests(), digest_bytes(b"xyz", [DigestKind::Sha1]));
    }
}
