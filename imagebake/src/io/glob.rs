//! The files that a pattern matches, in the order of their names.

use crate::error::{Context, Error, ErrorKind, Result};
use globset::{GlobBuilder, GlobMatcher};
use std::{
    io,
    path::{Component, Path, PathBuf},
};

/// Files under `pattern`, an absolute path that may have wildcards. A path that exists as it is written is itself, whatever is in
/// its name. Blocking.
///
/// # Errors
/// Nothing matches, the pattern cannot be read as one, or a folder cannot be listed.
pub(crate) fn files(pattern: &Path) -> Result<Vec<PathBuf>> {
    if pattern.is_file() {
        return Ok(vec![pattern.to_owned()]);
    }
    let nothing = || {
        Error::new(ErrorKind::NotFound, format!("no file matches {}", pattern.display()))
            .hint("check that the step before wrote it; relative names start at the current folder")
    };
    matching(pattern, false)?.ok_or_else(nothing)
}

/// Files and folders under `pattern`, as [`files`] finds files. Blocking.
///
/// # Errors
/// As those of [`files`].
pub(crate) fn entries(pattern: &Path) -> Result<Vec<PathBuf>> {
    if pattern.exists() {
        return Ok(vec![pattern.to_owned()]);
    }
    let nothing = || {
        Error::new(ErrorKind::NotFound, format!("nothing matches {}", pattern.display()))
            .hint("check the name and the folder; relative names start at the folder of the image's crate")
    };
    matching(pattern, true)?.ok_or_else(nothing)
}

/// What a pattern with wildcards matches; nothing where that is nothing, or where it has none.
fn matching(pattern: &Path, folders: bool) -> Result<Option<Vec<PathBuf>>> {
    let (folder, wild) = split(pattern);
    let Some(wild) = wild else { return Ok(None) };
    let matcher = matcher(&wild)?;
    let depth = if wild.contains("**") {
        usize::MAX
    } else {
        Path::new(&wild).components().count()
    };
    let mut found = Vec::new();
    let mut walk = Walk {
        base: &folder,
        matcher: &matcher,
        folders,
        found: &mut found,
    };
    walk.through(&folder, depth)?;
    found.sort();
    Ok((!found.is_empty()).then_some(found))
}

/// The folder before the first part with a wildcard, and the rest.
fn split(pattern: &Path) -> (PathBuf, Option<String>) {
    let mut folder = PathBuf::new();
    let mut wild: Vec<String> = Vec::new();
    for part in pattern.components() {
        let text = part.as_os_str().to_string_lossy();
        match part {
            Component::Normal(_) if !wild.is_empty() || text.contains(['*', '?', '[', '{']) => {
                wild.push(text.into_owned())
            }
            other => folder.push(other),
        }
    }
    (folder, (!wild.is_empty()).then(|| wild.join("/")))
}

fn matcher(wild: &str) -> Result<GlobMatcher> {
    let glob = GlobBuilder::new(wild)
        .literal_separator(true)
        .build()
        .map_err(|error| {
            Error::new(ErrorKind::Config, format!("{wild:?} is not a pattern of file names"))
                .because(error)
                .hint("write a bracket that is part of a name as `[[]`")
        })?;
    Ok(glob.compile_matcher())
}

struct Walk<'a> {
    base: &'a Path,
    matcher: &'a GlobMatcher,
    folders: bool,
    found: &'a mut Vec<PathBuf>,
}

impl Walk<'_> {
    fn through(&mut self, folder: &Path, depth: usize) -> Result<()> {
        let entries = match std::fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(Error::io("list", folder, error)),
        };
        for entry in entries {
            let entry = entry.path("list", folder)?;
            let (path, kind) = (entry.path(), entry.file_type().path("look at", entry.path())?);
            let matches = path
                .strip_prefix(self.base)
                .is_ok_and(|below| self.matcher.is_match(below));
            // What is in a folder that matches comes with it.
            let taken = kind.is_dir() && self.folders && matches;
            if kind.is_dir() && depth > 1 && !taken {
                self.through(&path, depth - 1)?;
            }
            // A link to a file is one; links to folders are not followed, since they may lead back.
            let is_file = kind.is_file() || (kind.is_symlink() && path.is_file());
            if taken || (is_file && matches) {
                self.found.push(path);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_find_files_in_order_and_nothing_is_an_error() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["b.raw", "a.raw", "c.txt", "sub/d.raw", "sub/deep/e.raw", "odd[1].raw"] {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
            std::fs::write(path, name).expect("written");
        }
        let found = |pattern: &str| -> Vec<String> {
            let found = files(&folder.path().join(pattern)).expect("found");
            let below = found
                .iter()
                .map(|path| path.strip_prefix(folder.path()).expect("below"));
            below.map(|path| path.display().to_string()).collect()
        };
        assert_eq!(found("*.raw"), ["a.raw", "b.raw", "odd[1].raw"]);
        assert_eq!(found("*/*.raw"), ["sub/d.raw"]);
        assert_eq!(found("**/*.raw").len(), 5);
        assert_eq!(found("{a,c}.*"), ["a.raw", "c.txt"]);
        assert_eq!(found("odd[1].raw"), ["odd[1].raw"]);
        for pattern in ["*.iso", "missing.raw", "no/such/*.raw"] {
            let error = files(&folder.path().join(pattern)).expect_err("nothing");
            assert!(error.message().contains("no file matches"), "{error}");
        }
    }
}
