//! Which files of the project there are.

use super::{Lookup, LookupCx};
use crate::{
    error::{Error, ErrorKind, Result},
    value::HostPath,
};
use globset::{GlobBuilder, GlobMatcher};
use std::path::Path;

/// Deeper folders than a project has.
const DEEPEST: usize = 64;

/// The files of a folder that a glob matches; see [`Data::files`](super::Data::files).
pub struct FileNames {
    folder: HostPath,
    glob: String,
}

impl FileNames {
    pub(super) fn new(folder: HostPath, glob: String) -> Self {
        Self { folder, glob }
    }
}

#[diagnostic::do_not_recommend]
impl Lookup for FileNames {
    const KIND: &'static str = "files";
    type Answer = Vec<String>;

    fn question(&self) -> String {
        format!("{}/{}", self.folder, self.glob)
    }

    fn is_local(&self) -> bool {
        true
    }

    async fn look_up(&self, cx: &LookupCx<'_>) -> Result<Vec<String>> {
        let glob = GlobBuilder::new(&self.glob)
            .literal_separator(true)
            .build()
            .map_err(|error| Error::new(ErrorKind::Config, format!("`{}` is no glob: {error}", self.glob)))?
            .compile_matcher();
        let folder = cx.input_path(&self.folder);
        let found = tokio::task::spawn_blocking(move || {
            let mut found = Vec::new();
            collect(&folder, "", &glob, 0, &mut found);
            found.sort();
            found
        });
        found
            .await
            .map_err(|error| Error::new(ErrorKind::Internal, format!("cannot list files: {error}")))
    }
}

/// A folder that cannot be read has no files: what is wanted of it is missed where it is used.
fn collect(folder: &Path, before: &str, glob: &GlobMatcher, depth: usize, found: &mut Vec<String>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = format!("{before}{}", entry.file_name().to_string_lossy());
        let path = entry.path();
        if !path.is_dir() {
            if glob.is_match(&name) {
                found.push(name);
            }
        } else if depth < DEEPEST {
            collect(&path, &format!("{name}/"), glob, depth + 1, found);
        }
    }
}
