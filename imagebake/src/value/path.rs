//! Paths that cannot be confused: on the builder, or in the guest.

use std::{
    fmt,
    path::{Path, PathBuf},
};

/// A path on the machine that builds. A relative input starts at the folder of the image's crate, a relative output at the current
/// folder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostPath(PathBuf);

impl HostPath {
    /// The path as it was written.
    pub fn as_path(&self) -> &Path {
        &self.0
    }
}

impl<T: Into<PathBuf>> From<T> for HostPath {
    fn from(path: T) -> Self {
        Self(path.into())
    }
}

impl fmt::Display for HostPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(f)
    }
}

/// A path in the guest, in the guest's own form; never interpreted by the builder's system.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GuestPath(String);

impl GuestPath {
    /// The path as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it ends in a separator, which means "into this folder" or "the contents of this folder".
    pub fn names_folder(&self) -> bool {
        self.0.ends_with(['/', '\\'])
    }

    /// `name` inside this folder.
    #[must_use]
    pub fn join(&self, name: &str) -> Self {
        match self.0.as_str() {
            "" => Self(name.to_owned()),
            folder => Self(format!(
                "{}/{}",
                folder.trim_end_matches('/'),
                name.trim_start_matches('/')
            )),
        }
    }
}

impl<T: Into<String>> From<T> for GuestPath {
    fn from(path: T) -> Self {
        Self(path.into())
    }
}

impl fmt::Display for GuestPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
