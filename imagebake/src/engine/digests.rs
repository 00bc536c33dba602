//! Digests of an artifact's files, with the progress shown: read once, and only where nobody has read them in passing.

use super::Cx;
use crate::{
    error::Result,
    io::{Cancel, Control, DigestKind, FileRef, KnownDigests, Reading},
    runs::digested_files,
    step::UnitStep,
};
use std::{
    collections::BTreeSet,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, mpsc},
};
use tokio::task::JoinHandle;

/// Which digests of a post-processor's files somebody behind it wants.
#[derive(Default)]
pub(crate) struct WantedDigests {
    pub(crate) of_input: Vec<DigestKind>,
    pub(crate) of_output: Vec<DigestKind>,
}

/// What a run knows of the files it reads, and who is reading them for its record.
#[derive(Default)]
pub(crate) struct RunDigests {
    known: Arc<KnownDigests>,
    cancel: Cancel,
    readers: Mutex<Vec<JoinHandle<()>>>,
}

impl RunDigests {
    /// Begins to compute the digests that the run's record has of what steps read, beside whatever goes on: the run need not read
    /// the files when it is over.
    fn read_beside(&self, paths: impl Iterator<Item = PathBuf> + Send + 'static) {
        let (known, control) = (self.known.clone(), Control::new().with_cancel(self.cancel.clone()));
        let read = move || paths.for_each(|path| drop(digested_files(&[path], &known, &control)));
        let reader = tokio::task::spawn_blocking(read);
        self.readers.lock().unwrap_or_else(PoisonError::into_inner).push(reader);
    }

    pub(super) fn known(&self) -> &Arc<KnownDigests> {
        &self.known
    }

    /// What is known when all readers are done; at once, and without what they had not read, where nobody is to wait for them.
    pub(super) async fn settle(&self, at_once: bool) -> (Arc<KnownDigests>, Control) {
        if at_once {
            self.cancel.cancel();
        }
        let readers = std::mem::take(&mut *self.readers.lock().unwrap_or_else(PoisonError::into_inner));
        for reader in readers {
            if let Err(failed) = reader.await
                && let Ok(panic) = failed.try_into_panic()
            {
                std::panic::resume_unwind(panic);
            }
        }
        (self.known.clone(), Control::new().with_cancel(self.cancel.clone()))
    }
}

impl Drop for RunDigests {
    /// A run that ends early leaves no reader behind.
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

impl Cx {
    fn read_by(&self, step: &UnitStep) -> Vec<PathBuf> {
        let inputs = step.step.inputs(self.names());
        inputs.iter().map(|path| self.input_path(path)).collect()
    }

    /// Computes what the run's record says of a step's files while the step reads them: they come from the disk once.
    pub(super) fn digest_files(&self, step: &UnitStep) {
        let paths = self.read_by(step);
        if !paths.is_empty() {
            let files = paths.into_iter().filter(|path| path.is_file());
            self.run_digests().read_beside(files);
        }
    }

    /// Computes what the run's record says of the folders that a step has read, unless whoever read them [said it](Self::record_tree).
    pub(super) fn digest_folders(&self, step: &UnitStep) {
        let paths = self.read_by(step);
        if !paths.is_empty() {
            let known = self.run_digests().known.clone();
            let folders = paths.into_iter();
            let folders = folders.filter(move |path| path.is_dir() && known.tree(path).is_none());
            self.run_digests().read_beside(folders);
        }
    }

    /// The files in a folder as a step read them, for the run's record; those without a digest are looked up for it.
    pub(crate) fn record_tree(&self, folder: PathBuf, files: Vec<FileRef>) {
        self.run_digests().known.learn_tree(folder, files);
    }

    /// A reader of large files for the run's record, who reads those that are sent to it one after the other.
    pub(crate) fn digest_beside(&self) -> mpsc::Sender<PathBuf> {
        let (sender, paths) = mpsc::channel();
        self.run_digests().read_beside(paths.into_iter());
        sender
    }

    /// `file` with its digests of `kinds`; it is read only where one of them is not known, be it by this reference or because
    /// another step of the run has read the file since it was last written.
    ///
    /// # Errors
    /// When the file cannot be read, or has another size than it says.
    pub async fn digested(&self, file: FileRef, kinds: &BTreeSet<DigestKind>) -> Result<FileRef> {
        let (file, reading) = self.reading(file);
        if file.digests().missing(kinds).is_empty() {
            return Ok(file);
        }
        let name = file.path().file_name().unwrap_or_default().to_string_lossy();
        let bar = self.progress(&format!("checksum of {name}"), Some(file.size()));
        let control = Control::new().on_progress(move |progress| bar.set(progress.done));
        let file = file.digest_async(kinds.clone(), control).await?;
        reading.done(&file);
        Ok(file)
    }

    /// `file` with what other steps of the run have learnt about its bytes, and what to tell, by [`Reading::done`], once it was
    /// read with further digests computed.
    pub fn reading(&self, file: FileRef) -> (FileRef, Reading) {
        self.run_digests().known.reading(file)
    }
}
