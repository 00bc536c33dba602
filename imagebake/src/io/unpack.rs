//! Unpacks tar archives that nobody vouches for.
//!
//! No entry may leave the target folder: absolute names and `..` are refused, and so is every entry whose way leads
//! through a symbolic link, whoever made that link. What stands under an entry's name is replaced, never written
//! through. It deliberately knows no container layers: whiteouts, ownership maps and extended attributes belong to those.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _, symlink};
use std::path::{Component, Path, PathBuf};

use super::control::Control;
use super::error::{Error, Result};

/// What an archive may bring beyond files, folders and links that stay inside.
#[derive(Debug, Clone, Default)]
pub struct UnpackOptions {
    outside_links: bool,
    limit: Option<u64>,
}

impl UnpackOptions {
    /// Files, folders, hard links and symbolic links that point inside; any size.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Also makes symbolic links that are absolute or lead out of the folder, as root file systems have them. They are
    /// still never followed while unpacking.
    #[must_use]
    pub fn outside_links(mut self, allowed: bool) -> Self {
        self.outside_links = allowed;
        self
    }

    /// Refuses an archive that unpacks to more than this many bytes of file content.
    #[must_use]
    pub fn limit(mut self, bytes: u64) -> Self {
        self.limit = Some(bytes);
        self
    }
}

/// What was unpacked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unpacked {
    /// Entries of any type.
    pub entries: u64,
    /// Bytes of file content.
    pub bytes: u64,
}

/// Unpacks an uncompressed tar stream into an existing folder. `archive` names it in errors only. Mode bits below
/// setuid and modification times are kept; owners are not. Devices, pipes and sockets are refused.
///
/// Blocking.
///
/// # Errors
///
/// An unsafe or damaged entry, writing failed, more content than the limit, or the flag was raised. What was unpacked
/// before stays, so that a caller unpacks into a folder of its own and drops it on error.
pub fn unpack_tar(
    stream: impl Read,
    archive: &Path,
    folder: &Path,
    options: &UnpackOptions,
    control: &Control,
) -> Result<Unpacked> {
    let damaged = |source| Error::Damaged {
        path: archive.to_owned(),
        source,
    };
    let mut tar = tar::Archive::new(stream);
    let mut done = Unpacked::default();
    // A folder without write permission must still take its entries, so folder modes come last, deepest first.
    let mut folder_modes: Vec<(PathBuf, u32)> = Vec::new();
    for entry in tar.entries().map_err(damaged)? {
        control.check()?;
        let mut entry = entry.map_err(damaged)?;
        let name = entry.path().map_err(damaged)?.into_owned();
        let refuse = |why| Error::UnsafeEntry {
            archive: archive.to_owned(),
            entry: name.display().to_string(),
            why,
        };
        let inside = inside(&name).map_err(refuse)?;
        if inside.as_os_str().is_empty() {
            continue;
        }
        let target = folder.join(&inside);
        if let Some(parent) = inside.parent() {
            make_folders(folder, parent, refuse)?;
        }
        let mode = entry.header().mode().map_err(damaged)? & 0o1777;
        let kind = entry.header().entry_type();
        done.entries += 1;
        match kind {
            tar::EntryType::Directory => {
                make_folders(folder, &inside, refuse)?;
                folder_modes.push((target, mode));
            }
            tar::EntryType::Regular | tar::EntryType::Continuous | tar::EntryType::GNUSparse => {
                done.bytes = done.bytes.saturating_add(entry.size());
                if options.limit.is_some_and(|limit| done.bytes > limit) {
                    return Err(refuse("brings more bytes than the limit allows"));
                }
                clear_the_way(&target, refuse)?;
                let mut file = OpenOptions::new()
                    .write(true)
                    .create_new(true)
                    .mode(0o600)
                    .open(&target)
                    .map_err(Error::on("create", &target))?;
                copy_content(&mut entry, &mut file, &target, archive, control)?;
                finish_file(&file, mode, entry.header().mtime().unwrap_or(0)).map_err(Error::on("write", &target))?;
            }
            tar::EntryType::Symlink => {
                let to = link_of(&entry).map_err(damaged)?;
                if !options.outside_links && leaves(&inside, &to) {
                    return Err(refuse("is a symbolic link that leads out of the folder"));
                }
                clear_the_way(&target, refuse)?;
                symlink(&to, &target).map_err(Error::on("create", &target))?;
            }
            tar::EntryType::Link => {
                let to = self::inside(&link_of(&entry).map_err(damaged)?).map_err(refuse)?;
                make_sure_no_links(folder, &to, refuse)?;
                let to = folder.join(to);
                if !fs::symlink_metadata(&to).is_ok_and(|found| found.is_file()) {
                    return Err(refuse("is a hard link to something that is not a file of the archive"));
                }
                if to != target {
                    clear_the_way(&target, refuse)?;
                    fs::hard_link(&to, &target).map_err(Error::on("create", &target))?;
                }
            }
            tar::EntryType::Block | tar::EntryType::Char | tar::EntryType::Fifo => {
                return Err(refuse("is a device or pipe"));
            }
            _ => return Err(refuse("is of an unknown type")),
        }
    }
    for (path, mode) in folder_modes.into_iter().rev() {
        fs::set_permissions(&path, Permissions::from_mode(mode)).map_err(Error::on("write", &path))?;
    }
    Ok(done)
}

/// The name without `.` components, or why it is refused.
fn inside(name: &Path) -> Result<PathBuf, &'static str> {
    let mut inside = PathBuf::new();
    for component in name.components() {
        match component {
            Component::Normal(part) => inside.push(part),
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return Err("has an absolute name"),
            Component::ParentDir => return Err("leads out of the folder with `..`"),
        }
    }
    Ok(inside)
}

/// Whether a symbolic link at `at` (relative to the folder) to `to` leads out of the folder, read letter by letter.
fn leaves(at: &Path, to: &Path) -> bool {
    let mut depth = at.components().count() - 1;
    for component in to.components() {
        match component {
            Component::Normal(_) => depth += 1,
            Component::CurDir => {}
            Component::ParentDir if depth > 0 => depth -= 1,
            _ => return true,
        }
    }
    false
}

fn link_of<R: Read>(entry: &tar::Entry<'_, R>) -> io::Result<PathBuf> {
    let name = entry
        .link_name()?
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "a link without a target"))?;
    Ok(name.into_owned())
}

fn make_folders(folder: &Path, below: &Path, refuse: impl Fn(&'static str) -> Error + Copy) -> Result<()> {
    let mut at = folder.to_owned();
    for part in below.components() {
        at.push(part);
        match fs::symlink_metadata(&at) {
            Ok(found) if found.is_dir() => {}
            Ok(found) if found.is_symlink() => return Err(refuse("leads through a symbolic link")),
            Ok(_) => return Err(refuse("leads through a file")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir(&at).map_err(Error::on("create", &at))?;
            }
            Err(error) => return Err(Error::os("create", &at, error)),
        }
    }
    Ok(())
}

fn make_sure_no_links(folder: &Path, below: &Path, refuse: impl Fn(&'static str) -> Error) -> Result<()> {
    let mut at = folder.to_owned();
    for part in below.components() {
        at.push(part);
        if fs::symlink_metadata(&at).is_ok_and(|found| found.is_symlink()) {
            return Err(refuse("leads through a symbolic link"));
        }
    }
    Ok(())
}

/// Removes what an earlier entry left under this name, so that it is replaced and never written through.
fn clear_the_way(target: &Path, refuse: impl Fn(&'static str) -> Error) -> Result<()> {
    match fs::symlink_metadata(target) {
        Ok(found) if found.is_dir() => Err(refuse("would replace a folder")),
        Ok(_) => fs::remove_file(target).map_err(Error::on("replace", target)),
        Err(_) => Ok(()),
    }
}

fn copy_content(from: &mut impl Read, to: &mut File, target: &Path, archive: &Path, control: &Control) -> Result<()> {
    use io::Write as _;
    let mut buffer = vec![0; 256 << 10];
    loop {
        control.check()?;
        match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(read) => to.write_all(&buffer[..read]).map_err(Error::on("write", target))?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(source) => {
                return Err(Error::Damaged {
                    path: archive.to_owned(),
                    source,
                });
            }
        }
    }
}

fn finish_file(file: &File, mode: u32, mtime: u64) -> io::Result<()> {
    file.set_permissions(Permissions::from_mode(mode))?;
    file.set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_secs(mtime.min(u64::from(u32::MAX) * 2)))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Entry {
        name: &'static str,
        kind: tar::EntryType,
        link: &'static str,
        bytes: &'static [u8],
    }

    fn file(name: &'static str, bytes: &'static [u8]) -> Entry {
        Entry {
            name,
            kind: tar::EntryType::Regular,
            link: "",
            bytes,
        }
    }

    fn link(name: &'static str, kind: tar::EntryType, link: &'static str) -> Entry {
        Entry {
            name,
            kind,
            link,
            bytes: b"",
        }
    }

    /// An archive with names as they stand, which the builder of the crate would refuse.
    fn archive(entries: &[Entry]) -> Vec<u8> {
        let mut tar = tar::Builder::new(Vec::new());
        for entry in entries {
            let mut header = tar::Header::new_gnu();
            header.as_gnu_mut().unwrap().name[..entry.name.len()].copy_from_slice(entry.name.as_bytes());
            header.as_gnu_mut().unwrap().linkname[..entry.link.len()].copy_from_slice(entry.link.as_bytes());
            header.set_entry_type(entry.kind);
            header.set_mode(0o4755);
            header.set_mtime(1_000_000_000);
            header.set_size(entry.bytes.len() as u64);
            header.set_cksum();
            tar.append(&header, entry.bytes).unwrap();
        }
        tar.into_inner().unwrap()
    }

    fn unpack(entries: &[Entry], folder: &Path, options: &UnpackOptions) -> Result<Unpacked> {
        unpack_tar(
            &archive(entries)[..],
            Path::new("a.tar"),
            folder,
            options,
            &Control::new(),
        )
    }

    #[test]
    fn files_folders_and_links_arrive() {
        let folder = tempfile::tempdir().unwrap();
        let entries = [
            link("./", tar::EntryType::Directory, ""),
            link("d", tar::EntryType::Directory, ""),
            file("d/a", b"one"),
            file("deep/er/b", b"two"),
            link("d/soft", tar::EntryType::Symlink, "../deep/er/b"),
            link("hard", tar::EntryType::Link, "d/a"),
            file("d/a2", b""),
        ];
        let done = unpack(&entries, folder.path(), &UnpackOptions::new()).unwrap();
        assert_eq!(done, Unpacked { entries: 6, bytes: 6 });
        assert_eq!(fs::read(folder.path().join("hard")).unwrap(), b"one");
        assert_eq!(fs::read(folder.path().join("d/soft")).unwrap(), b"two");
        let metadata = fs::metadata(folder.path().join("d/a")).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o7777, 0o755);
        assert_eq!(
            metadata
                .modified()
                .unwrap()
                .duration_since(std::time::UNIX_EPOCH)
                .unwrap()
                .as_secs(),
            1_000_000_000
        );
    }

    #[test]
    fn nothing_escapes() {
        use tar::EntryType::{Block, Directory, Fifo, Link, Symlink};
        let cases: [(&[Entry], &str); 12] = [
            (&[file("/etc/x", b"x")], "absolute"),
            (&[file("../x", b"x")], "`..`"),
            (&[file("a/../../x", b"x")], "`..`"),
            (&[link("out", Symlink, "/etc")], "leads out"),
            (&[link("a/out", Symlink, "../../x")], "leads out"),
            (
                &[link("in", Symlink, "d"), file("in/x", b"x")],
                "through a symbolic link",
            ),
            (
                &[link("in", Symlink, "."), link("in/y", Directory, "")],
                "through a symbolic link",
            ),
            (
                &[link("in", Symlink, "d"), link("hard", Link, "in/x")],
                "through a symbolic link",
            ),
            (&[link("hard", Link, "../outside")], "`..`"),
            (&[link("hard", Link, "/etc/passwd")], "absolute"),
            (&[link("dev", Block, "")], "device"),
            (&[link("pipe", Fifo, "")], "device or pipe"),
        ];
        for (entries, why) in cases {
            let around = tempfile::tempdir().unwrap();
            let folder = around.path().join("in");
            fs::create_dir(&folder).unwrap();
            let error = unpack(entries, &folder, &UnpackOptions::new()).unwrap_err();
            assert!(matches!(error, Error::UnsafeEntry { .. }), "{error}");
            assert!(error.to_string().contains(why), "{error} does not say {why}");
            assert_eq!(fs::read_dir(around.path()).unwrap().count(), 1);
        }
    }

    #[test]
    fn links_to_the_outside_are_made_on_request_and_never_followed() {
        let around = tempfile::tempdir().unwrap();
        let (folder, outside) = (around.path().join("in"), around.path().join("outside"));
        fs::create_dir(&folder).unwrap();
        fs::write(&outside, b"safe").unwrap();
        let options = UnpackOptions::new().outside_links(true);
        let entries = [link("x", tar::EntryType::Symlink, "../outside"), file("x", b"replaced")];
        unpack(&entries, &folder, &options).unwrap();
        assert_eq!(fs::read(&outside).unwrap(), b"safe");
        assert_eq!(fs::read(folder.join("x")).unwrap(), b"replaced");
        let entries = [link("y", tar::EntryType::Symlink, ".."), file("y/outside", b"gone")];
        unpack(&entries, &folder, &options).unwrap_err();
        assert_eq!(fs::read(&outside).unwrap(), b"safe");
    }

    #[test]
    fn a_cut_archive_and_a_bomb_are_errors() {
        let folder = tempfile::tempdir().unwrap();
        let bytes = archive(&[file("a", &[7; 5000])]);
        let cut = unpack_tar(
            &bytes[..2000],
            Path::new("a.tar"),
            folder.path(),
            &UnpackOptions::new(),
            &Control::new(),
        );
        assert!(matches!(cut, Err(Error::Damaged { .. })), "{cut:?}");
        let bomb = unpack(
            &[file("a", &[7; 5000])],
            folder.path(),
            &UnpackOptions::new().limit(4999),
        );
        assert!(bomb.unwrap_err().to_string().contains("limit"));
    }
}
