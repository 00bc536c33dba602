//! Digests of an artifact's files, with the progress shown: read once, and only where nobody has read them in passing.

use super::Cx;
use crate::{
    error::Result,
    io::{Control, DigestKind, FileRef},
};
use std::collections::BTreeSet;

impl Cx {
    /// `file` with its digests of `kinds`; it is read only where one of them is not known.
    ///
    /// # Errors
    /// When the file cannot be read, or has another size than it says.
    pub async fn digested(&self, file: FileRef, kinds: &BTreeSet<DigestKind>) -> Result<FileRef> {
        if file.digests().missing(kinds).is_empty() {
            return Ok(file);
        }
        let name = file.path().file_name().unwrap_or_default().to_string_lossy();
        let bar = self.progress(&format!("checksum of {name}"), Some(file.size()));
        let control = Control::new().on_progress(move |progress| bar.set(progress.done));
        Ok(file.digest_async(kinds.clone(), control).await?)
    }
}
