//! Digests of an artifact's files, with the progress shown: read once, and only where nobody has read them in passing.

use super::Cx;
use crate::{
    error::Result,
    io::{Control, DigestKind, Digests, FileRef},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::Metadata,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

/// Which digests of a post-processor's files somebody behind it wants.
#[derive(Default)]
pub(crate) struct WantedDigests {
    pub(crate) of_input: Vec<DigestKind>,
    pub(crate) of_output: Vec<DigestKind>,
}

/// What is known of files that several chains of a unit read: whoever reads one first computes what the others want.
#[derive(Default)]
pub(super) struct KnownDigests(Mutex<BTreeMap<PathBuf, (Identity, Digests)>>);

/// A file as it was when its bytes were read: once it is written to or replaced, nothing is known of it any more.
#[derive(Clone, Copy, PartialEq)]
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
    fn learn(&self, file: &FileRef) {
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

    fn recall(&self, file: FileRef) -> FileRef {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match known.get(file.path()) {
            Some((of, digests)) if of.size == file.size() && Identity::of(file.path()) == Some(*of) => {
                file.with_digests(digests)
            }
            _ => file,
        }
    }
}

impl Cx {
    /// `file` with its digests of `kinds`; it is read only where one of them is not known, be it by this reference or because
    /// another step of the unit has read the file since it was last written.
    ///
    /// # Errors
    /// When the file cannot be read, or has another size than it says.
    pub async fn digested(&self, file: FileRef, kinds: &BTreeSet<DigestKind>) -> Result<FileRef> {
        let file = self.with_known_digests(file);
        if file.digests().missing(kinds).is_empty() {
            return Ok(file);
        }
        let name = file.path().file_name().unwrap_or_default().to_string_lossy();
        let bar = self.progress(&format!("checksum of {name}"), Some(file.size()));
        let control = Control::new().on_progress(move |progress| bar.set(progress.done));
        let file = file.digest_async(kinds.clone(), control).await?;
        self.learn_digests(&file);
        Ok(file)
    }

    /// `file` with what other steps of the unit have learnt about its bytes.
    pub fn with_known_digests(&self, file: FileRef) -> FileRef {
        self.known_digests().recall(file)
    }

    /// Tells the steps that come later what this one computed while it read `file`.
    pub fn learn_digests(&self, file: &FileRef) {
        self.known_digests().learn(file);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::digest_bytes;

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
