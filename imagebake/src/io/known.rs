//! What has been learnt about files' bytes, so that nobody reads them again for it.

use std::collections::HashMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::digest::Digests;
use super::error::Result;
use super::file_ref::FileRef;

/// Digests of files by their paths, for as long as nobody writes to them: whoever reads a file first computes what the others want.
#[derive(Debug, Default)]
pub(crate) struct KnownDigests {
    files: Mutex<HashMap<PathBuf, (Identity, Digests)>>,
    /// The files in folders as somebody read them, in the order of their paths.
    trees: Mutex<HashMap<PathBuf, Vec<FileRef>>>,
}

/// A file as it was when its bytes were read: once it is written to or replaced, nothing is known of it any more.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Identity {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
}

/// What was written so short a time ago could be written again without a sign: file systems' clocks tick in milliseconds.
const TICK: Duration = Duration::from_millis(20);

impl Identity {
    fn of(path: &Path) -> Option<Self> {
        Self::told(&std::fs::metadata(path).ok()?)
    }

    fn told(file: &std::fs::Metadata) -> Option<Self> {
        let is_settled = match file.modified().ok()?.elapsed() {
            Ok(age) => age > TICK,
            // Written in the future by another clock.
            Err(ahead) => ahead.duration() > TICK,
        };
        is_settled.then(|| Self {
            device: file.dev(),
            inode: file.ino(),
            size: file.len(),
            modified: (file.mtime(), file.mtime_nsec()),
        })
    }
}

/// A file that is about to be read. What is computed of it is learnt only if nobody wrote to it meanwhile.
#[derive(Debug)]
#[must_use]
pub struct Reading {
    known: Arc<KnownDigests>,
    before: Option<Identity>,
    /// What others said of the file, which is theirs to answer for.
    stated: Digests,
}

impl Reading {
    /// Tells whoever reads the file later which digests were computed.
    pub fn done(self, file: &FileRef) {
        let Some(before) = self.before.filter(|before| Identity::of(file.path()) == Some(*before)) else {
            return;
        };
        let computed = file
            .digests()
            .iter()
            .filter(|(kind, _)| self.stated.get(*kind).is_none());
        let computed: Digests = computed.map(|(kind, hex)| (kind, hex.to_owned())).collect();
        let mut known = self.known.files.lock().unwrap_or_else(PoisonError::into_inner);
        let (of, digests) = known
            .entry(file.path().to_owned())
            .or_insert_with(|| (before, Digests::default()));
        if *of != before {
            (*of, *digests) = (before, Digests::default());
        }
        digests.extend(computed);
    }
}

impl KnownDigests {
    /// `file` with what is known of it, before it is read.
    pub(crate) fn reading(self: &Arc<Self>, file: FileRef) -> (FileRef, Reading) {
        let before = Identity::of(file.path());
        self.reading_as(file, before)
    }

    /// The file at `path`, as [`KnownDigests::reading`]: looked at once for both.
    ///
    /// # Errors
    /// As [`FileRef::open`].
    pub(crate) fn open(self: &Arc<Self>, path: PathBuf) -> Result<(FileRef, Reading)> {
        let (file, about) = FileRef::look(path)?;
        Ok(self.reading_as(file, Identity::told(&about)))
    }

    /// The files in the folder `path`, of which somebody has read all.
    pub(crate) fn tree(&self, path: &Path) -> Option<Vec<FileRef>> {
        let trees = self.trees.lock().unwrap_or_else(PoisonError::into_inner);
        trees.get(path).cloned()
    }

    /// Learns which files are in the folder `path`, and as far as they are known the digests of what was read.
    pub(crate) fn learn_tree(&self, path: PathBuf, files: Vec<FileRef>) {
        let mut trees = self.trees.lock().unwrap_or_else(PoisonError::into_inner);
        trees.insert(path, files);
    }

    fn reading_as(self: &Arc<Self>, file: FileRef, before: Option<Identity>) -> (FileRef, Reading) {
        let before = before.filter(|before| before.size == file.size());
        let found = {
            let known = self.files.lock().unwrap_or_else(PoisonError::into_inner);
            let found = known.get(file.path()).filter(|(of, _)| before == Some(*of));
            found.map(|(_, digests)| digests.clone()).unwrap_or_default()
        };
        let file = file.with_digests(&found);
        let reading = Reading {
            known: self.clone(),
            before,
            stated: file.digests().clone(),
        };
        (file, reading)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::io::{Control, DigestKind, digest_bytes};

    /// A file as another program left it a while ago.
    fn write(path: &Path, bytes: &[u8]) {
        std::fs::write(path, bytes).unwrap();
        let file = std::fs::File::options().write(true).open(path).unwrap();
        let before = std::time::SystemTime::now() - Duration::from_secs(60 + u64::from(bytes[0]));
        file.set_modified(before).unwrap();
    }

    fn read(known: &Arc<KnownDigests>, path: &Path, kind: DigestKind) {
        let (mut file, reading) = known.reading(FileRef::open(path).unwrap());
        file.digest(&BTreeSet::from([kind]), &Control::new()).unwrap();
        reading.done(&file);
    }

    fn recalled(known: &Arc<KnownDigests>, path: &Path) -> Digests {
        known.reading(FileRef::open(path).unwrap()).0.digests().clone()
    }

    #[test]
    fn what_one_step_learnt_another_knows_until_the_file_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("disk");
        write(&path, b"abc");
        let known = Arc::new(KnownDigests::default());
        for kind in [DigestKind::Md5, DigestKind::Sha256] {
            read(&known, &path, kind);
        }
        let both = digest_bytes(b"abc", [DigestKind::Md5, DigestKind::Sha256]);
        assert_eq!(recalled(&known, &path), both);

        // The same size under the same name.
        write(&path, b"xyz");
        assert!(recalled(&known, &path).is_empty());
        read(&known, &path, DigestKind::Sha1);
        assert_eq!(recalled(&known, &path), digest_bytes(b"xyz", [DigestKind::Sha1]));
    }

    #[test]
    fn nothing_is_learnt_of_a_file_that_somebody_wrote_meanwhile_or_just_now_nor_of_what_others_say() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("disk");
        let known = Arc::new(KnownDigests::default());
        write(&path, b"abc");
        let (mut file, reading) = known.reading(FileRef::open(&path).unwrap());
        file.digest(&BTreeSet::from([DigestKind::Md5]), &Control::new())
            .unwrap();
        write(&path, b"xyz");
        reading.done(&file);
        assert!(recalled(&known, &path).is_empty());

        let stale = FileRef::written(&path, 3, digest_bytes(b"abc", [DigestKind::Md5]));
        let (mut file, reading) = known.reading(stale);
        file.digest(&BTreeSet::from([DigestKind::Sha1]), &Control::new())
            .unwrap();
        reading.done(&file);
        assert_eq!(recalled(&known, &path), digest_bytes(b"xyz", [DigestKind::Sha1]));

        let now = folder.path().join("now");
        std::fs::write(&now, b"abc").unwrap();
        read(&known, &now, DigestKind::Md5);
        // A time in the middle of it would be another test.
        let age = std::fs::metadata(&now).unwrap().modified().unwrap().elapsed().unwrap();
        assert!(age > TICK || recalled(&known, &now).is_empty());
    }
}
