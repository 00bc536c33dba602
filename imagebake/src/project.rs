//! Where a project is, where its state lives, and what relative paths start from.
//!
//! Root: `--project`, `IMAGEBAKE_PROJECT`, else the nearest folder at or above `$CARGO_MANIFEST_DIR` of the environment (else of the
//! current folder) with `imagebake.toml` or `Cargo.lock`, else the current folder. Inputs of an image start at the folder of its
//! crate; outputs and paths on the command line start at the current folder. State is `.imagebake` below the root.

use crate::{
    error::{Context, Error, ErrorKind, Result},
    registry::ImageEntry,
    value::HostPath,
};
use std::path::{Component, Path, PathBuf};

/// A user's project on this machine.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Project {
    /// The project's folder, absolute.
    pub root: PathBuf,
    /// Where journals, logs, run records and stores are.
    pub state_dir: PathBuf,
    /// The current folder when the program began.
    pub current_dir: PathBuf,
    /// What outside objects say they belong to: the folder's name and a hash of its path.
    pub id: String,
}

impl Project {
    /// Finds the project; `root` and `state_dir` are what the user said on the command line.
    ///
    /// # Errors
    /// When the current folder is gone, or a folder that was named does not exist.
    pub fn find(root: Option<&Path>, state_dir: Option<&Path>) -> Result<Self> {
        let current_dir = std::env::current_dir().path("find the current folder", ".")?;
        let named = |name: &str| {
            std::env::var_os(name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        };
        let root = match root.map(Path::to_owned).or_else(|| named("IMAGEBAKE_PROJECT")) {
            Some(told) => current_dir.join(&told).canonicalize().map_err(|error| {
                Error::io("find the project folder", &told, error).hint("name an existing folder with --project")
            })?,
            None => {
                let start = named("CARGO_MANIFEST_DIR")
                    .filter(|dir| dir.is_dir())
                    .unwrap_or_else(|| current_dir.clone());
                let marked = |dir: &&Path| dir.join("imagebake.toml").is_file() || dir.join("Cargo.lock").is_file();
                start.ancestors().find(marked).unwrap_or(&current_dir).to_owned()
            }
        };
        if !root.is_dir() {
            return Err(
                Error::new(ErrorKind::NotFound, format!("{} is not a folder", root.display()))
                    .hint("name the project's folder with --project"),
            );
        }
        let state_dir = match state_dir.map(Path::to_owned).or_else(|| named("IMAGEBAKE_STATE_DIR")) {
            Some(told) => current_dir.join(told),
            None => root.join(".imagebake"),
        };
        let name = root
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        let name: String = name
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
            .take(30)
            .collect();
        let hash = blake3::hash(root.as_os_str().as_encoded_bytes()).to_hex();
        Ok(Self {
            id: format!("{name}-{}", &hash[..8]),
            root,
            state_dir,
            current_dir,
        })
    }

    /// The folder that an image's relative inputs start from.
    pub(crate) fn image_dir(&self, entry: &ImageEntry) -> PathBuf {
        let folder = self.root.join(entry.crate_dir);
        match (folder.is_dir(), entry.dir) {
            (true, "") => folder,
            (true, dir) => folder.join(dir),
            // The binary was carried away with its project's data: the root is all there is.
            (false, dir) => self.root.join(dir),
        }
    }
}

/// `path` from `base`, without `.` and with `..` taken away where that needs no disk.
pub(crate) fn resolve(base: &Path, path: &HostPath) -> PathBuf {
    let mut out = PathBuf::new();
    for part in base.join(path.as_path()).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(out.components().next_back(), Some(Component::Normal(_))) => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_paths_start_at_the_base_and_absolute_ones_do_not() {
        let at = |path: &str| resolve(Path::new("/p/images"), &HostPath::from(path));
        assert_eq!(at("a/./b"), Path::new("/p/images/a/b"));
        assert_eq!(at("../x"), Path::new("/p/x"));
        assert_eq!(at("/etc/x"), Path::new("/etc/x"));
    }

    #[test]
    fn a_named_project_must_exist() {
        let error = Project::find(Some(Path::new("/no/such/folder")), None).expect_err("it does not exist");
        assert!(error.message().contains("/no/such/folder"));
        let found = tempfile::tempdir().expect("a folder");
        let project = Project::find(Some(found.path()), None).expect("it exists");
        assert_eq!(project.state_dir, project.root.join(".imagebake"));
    }
}
