//! Where a project is, where its state lives, and what relative paths start from.
//!
//! Root: `--project`, `IMAGEBAKE_PROJECT`, else the nearest folder at or above `$CARGO_MANIFEST_DIR` of the environment (else of the
//! current folder) with `imagebake.toml` or `Cargo.lock`, else the current folder. Inputs of an image start at the folder of its
//! crate; outputs and paths on the command line start at the current folder. State is `.imagebake` below the root.
//!
//! Folders that paths start from have no symbolic links in them: a project is the same one whichever way it was entered, and `..` leads where
//! the system leads.

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
                Error::io("find the project folder", &told, error)
                    .hint("name an existing folder with --project or IMAGEBAKE_PROJECT")
            })?,
            None => {
                let start = named("CARGO_MANIFEST_DIR")
                    .filter(|dir| dir.is_dir())
                    .unwrap_or_else(|| current_dir.clone());
                let marked = |dir: &&Path| dir.join("imagebake.toml").is_file() || dir.join("Cargo.lock").is_file();
                // A path with links in it has other parents than the folder itself.
                let start = start.canonicalize().unwrap_or(start);
                start.ancestors().find(marked).unwrap_or(&current_dir).to_owned()
            }
        };
        if !root.is_dir() {
            return Err(
                Error::new(ErrorKind::NotFound, format!("{} is not a folder", root.display()))
                    .hint("name the project's folder with --project or IMAGEBAKE_PROJECT"),
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
        let folder = match entry.dir {
            "" => self.crate_dir(entry.crate_dir),
            dir => self.crate_dir(entry.crate_dir).join(dir),
        };
        folder.canonicalize().unwrap_or(folder)
    }

    /// The folder of a crate that is at `path` in its workspace, of which the project may be a part.
    fn crate_dir(&self, path: &str) -> PathBuf {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        // `team/web` is `web` in a project that is the folder `team`, and the project itself where that is `team/web`.
        let inside = (1..=parts.len())
            .rev()
            .filter(|many| self.root.ends_with(parts[..*many].join("/")))
            .map(|many| self.root.join(parts[many..].join("/")));
        let candidates: Vec<PathBuf> = std::iter::once(self.root.join(path)).chain(inside).collect();
        let crates = candidates.iter().find(|folder| folder.join("Cargo.toml").is_file());
        let folder = crates.or_else(|| candidates.iter().find(|folder| folder.is_dir()));
        // The binary was carried away with its project's data: the root is all there is.
        folder.unwrap_or(&self.root).clone()
    }
}

/// An input that cannot be read: as it was written, where that is, and what it started from.
pub(crate) fn unreadable(written: &HostPath, resolved: &Path, base: &Path, error: std::io::Error) -> Error {
    let place = match resolved == written.as_path() {
        true => String::new(),
        false => format!(" (that is {})", resolved.display()),
    };
    let reason = Error::from(error);
    let message = format!("cannot read `{written}`{place}: {}", reason.message());
    let hint = match (written.as_path().is_absolute(), base.is_dir()) {
        (true, _) => "check the path".to_owned(),
        (false, true) => format!(
            "relative paths of this image start at {}; if its crate is not there, name the project's folder with --project",
            base.display()
        ),
        (false, false) => format!(
            "relative paths of this image start at {}, which does not exist: name the project's folder with --project",
            base.display()
        ),
    };
    Error::new(reason.kind(), message).hint(hint)
}

/// `path` from `base`, without `.`, and without `..` but after a symbolic link, which leads elsewhere.
pub(crate) fn resolve(base: &Path, path: &HostPath) -> PathBuf {
    let mut out = PathBuf::new();
    for part in base.join(path.as_path()).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir
                if matches!(out.components().next_back(), Some(Component::Normal(_))) && !out.is_symlink() =>
            {
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
    fn after_a_link_the_parent_is_the_systems() {
        let folder = tempfile::tempdir().expect("a folder");
        let base = folder.path().canonicalize().expect("it exists");
        std::fs::create_dir_all(base.join("far/away")).expect("made");
        std::fs::write(base.join("far/x"), "far").expect("written");
        std::os::unix::fs::symlink("far/away", base.join("link")).expect("made");
        let resolved = resolve(&base, &HostPath::from("link/../x"));
        assert_eq!(resolved, base.join("link/../x"));
        assert_eq!(std::fs::read_to_string(resolved).expect("read"), "far");
        assert_eq!(resolve(&base, &HostPath::from("far/../x")), base.join("x"));
    }

    #[test]
    fn a_crate_is_found_in_its_workspace_in_a_part_of_it_and_carried_away() {
        let folder = tempfile::tempdir().expect("a folder");
        let base = folder.path().canonicalize().expect("it exists");
        for made in ["ws/team/web/team/web", "away"] {
            std::fs::create_dir_all(base.join(made)).expect("made");
        }
        std::fs::write(base.join("ws/team/web/Cargo.toml"), "").expect("written");
        let found = |root: &str| {
            let project = Project::find(Some(&base.join(root)), None).expect("it exists");
            project
                .crate_dir("team/web")
                .strip_prefix(&base)
                .expect("below")
                .to_owned()
        };
        for root in ["ws", "ws/team", "ws/team/web"] {
            assert_eq!(found(root), Path::new("ws/team/web"), "{root}");
        }
        assert_eq!(found("away"), Path::new("away"));
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
