//! An imported package on disk: all of it or nothing, and nothing that is there already without being told.

use super::driver;
use crate::error::{Context, Error, ErrorKind, Result};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// Writes files below `folder`, which is made where it is not there. Rust is formatted first.
pub(super) fn write(folder: &Path, files: &BTreeMap<String, String>, force: bool) -> Result<()> {
    let there: Vec<&str> = files
        .keys()
        .map(String::as_str)
        .filter(|path| folder.join(path).exists())
        .collect();
    if let (false, [first, ..]) = (force, &there[..]) {
        let more = match there.len() {
            1 => String::new(),
            count => format!(" and {} more", count - 1),
        };
        return Err(Error::new(
            ErrorKind::AlreadyExists,
            format!("{}{more} is there already", folder.join(first).display()),
        )
        .hint("name another folder with --out, or replace what is there with --force"));
    }
    // Beside its final place, so that the rename does not cross file systems and rustfmt sees the same settings.
    let parent = match folder.exists() {
        true => folder,
        false => folder
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty())
            .unwrap_or(Path::new(".")),
    };
    fs::create_dir_all(parent).path("make the folder", parent)?;
    let temporary = tempfile::Builder::new()
        .prefix(".import-")
        .tempdir_in(parent)
        .path("make a folder in", parent)?;
    let mut rust = Vec::new();
    for (path, text) in files {
        let path = temporary.path().join(path);
        let below = path.parent().unwrap_or(temporary.path());
        fs::create_dir_all(below).path("make the folder", below)?;
        fs::write(&path, text).path("write", &path)?;
        if path.extension().is_some_and(|extension| extension == "rs") {
            rust.push(path);
        }
    }
    driver::format(&rust)?;
    if !folder.exists() {
        let temporary = temporary.keep();
        let done = set_mode(&temporary).and_then(|()| fs::rename(&temporary, folder).path("rename to", folder));
        if done.is_err() {
            let _ = fs::remove_dir_all(&temporary);
        }
        return done;
    }
    for path in files.keys() {
        let (from, to) = (temporary.path().join(path), folder.join(path));
        let below = to.parent().unwrap_or(folder);
        fs::create_dir_all(below).path("make the folder", below)?;
        fs::rename(&from, &to).path("rename to", &to)?;
    }
    Ok(())
}

/// Replaces one file, whole or not at all.
pub(super) fn replace(path: &Path, text: &str) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let temporary = tempfile::NamedTempFile::new_in(folder).path("make a file in", folder)?;
    fs::write(temporary.path(), text).path("write", temporary.path())?;
    let mode = fs::metadata(path).path("read", path)?.permissions();
    fs::set_permissions(temporary.path(), mode).path("set the mode of", temporary.path())?;
    temporary
        .persist(path)
        .map(drop)
        .map_err(|error| Error::io("write", path, error.error))
}

/// A temporary folder is its owner's alone; a project is not.
fn set_mode(folder: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).path("set the mode of", folder)
}

/// The files that differ from what stands below `folder`, formatted as it is.
pub(super) fn stale(folder: &Path, files: &BTreeMap<String, String>) -> Result<Vec<PathBuf>> {
    let temporary = tempfile::Builder::new()
        .prefix(".import-")
        .tempdir_in(folder)
        .path("make a folder in", folder)?;
    let inside = temporary.path().join("package");
    write(&inside, files, false)?;
    let differs = |path: &&String| fs::read(inside.join(path)).ok() != fs::read(folder.join(path)).ok();
    Ok(files.keys().filter(differs).map(PathBuf::from).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(text: &str) -> BTreeMap<String, String> {
        let files = [("Cargo.toml", "[package]\n"), ("src/main.rs", text)];
        files.map(|(path, text)| (path.to_owned(), text.to_owned())).into()
    }

    #[test]
    fn a_package_appears_whole_and_formatted() {
        let folder = tempfile::tempdir().expect("a folder");
        let out = folder.path().join("a/web");
        write(&out, &files("fn main(){}"), false).expect("written");
        assert_eq!(
            fs::read_to_string(out.join("src/main.rs")).expect("there"),
            "fn main() {}\n"
        );
        assert_eq!(fs::read_dir(folder.path().join("a")).expect("there").count(), 1);
        assert!(stale(&out, &files("fn main( ) { }")).expect("compared").is_empty());
        assert_eq!(
            stale(&out, &files("fn main() { x() }")).expect("compared"),
            [Path::new("src/main.rs")]
        );
    }

    #[test]
    fn what_is_there_stays_unless_it_may_be_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let out = folder.path().join("web");
        write(&out, &files("fn main() {}"), false).expect("written");
        fs::write(out.join("notes.md"), "mine").expect("written");
        let error = write(&out, &files("fn main() { 1; }"), false).expect_err("it is there");
        assert!(
            error.message().contains("Cargo.toml and 1 more is there already"),
            "{}",
            error.message()
        );
        write(&out, &files("fn main() { 1; }"), true).expect("written");
        assert!(
            fs::read_to_string(out.join("src/main.rs"))
                .expect("there")
                .contains("1;")
        );
        assert_eq!(fs::read_to_string(out.join("notes.md")).expect("there"), "mine");
    }

    #[test]
    fn what_rustfmt_cannot_read_is_not_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let out = folder.path().join("web");
        assert!(write(&out, &files("fn main() {"), false).is_err());
        assert_eq!(fs::read_dir(folder.path()).expect("there").count(), 0);
    }
}
