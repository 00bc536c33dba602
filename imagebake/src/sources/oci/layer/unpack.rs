//! A layer's tar archive to a folder in overlay form. No entry leaves the folder: names are resolved by the kernel with the folder
//! as root.

use super::{
    Flavor, OPAQUE, WHITEOUT, is_private,
    read::{Archive, Header},
};
use crate::error::{Context, Error, ErrorKind, Result};
use rustix::{
    fs::{AtFlags, FileType, Gid, Mode, OFlags, ResolveFlags, Timespec, Timestamps, Uid},
    io::Errno,
};
use std::{
    ffi::OsStr,
    fs::File,
    io::{self, Read, Write},
    os::{
        fd::{AsFd, AsRawFd, OwnedFd},
        unix::ffi::OsStrExt,
    },
    path::{Path, PathBuf},
};

/// How a layer is unpacked.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Unpacking {
    /// Whose whiteouts and opaque marks are made; without, the archive is an ordinary one and has none.
    pub(in super::super) flavor: Option<Flavor>,
    /// Give files their owners; without, everything belongs to who unpacks.
    pub(in super::super) owners: bool,
}

/// Unpacks the tar `archive`, called `shown` in errors, into the empty `folder`. Where a hard link leads to a file of another layer,
/// that file is copied from the first of `parents` (topmost first) that has it.
pub(in super::super) fn unpack(
    archive: impl Read,
    shown: &str,
    folder: &Path,
    parents: &[PathBuf],
    how: Unpacking,
) -> Result<u64> {
    let root = open_root(folder)?;
    let mut unpacker = Unpacker {
        root,
        folder,
        parents,
        how,
        shown,
        parent: None,
        folders: Vec::new(),
        buffer: vec![0; 256 << 10],
    };
    let mut archive = Archive::new(archive);
    let mut entries = 0;
    while let Some(header) = archive.next().map_err(|error| damaged(shown, error))? {
        unpacker.entry(header, &mut archive)?;
        entries += 1;
    }
    unpacker.finish()?;
    Ok(entries)
}

fn open_root(folder: &Path) -> Result<OwnedFd> {
    rustix::fs::open(
        folder,
        OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC,
        Mode::empty(),
    )
    .map_err(io::Error::from)
    .path("open the folder", folder)
}

fn damaged(shown: &str, error: io::Error) -> Error {
    if error.kind() == io::ErrorKind::StorageFull {
        return Error::io("unpack", shown, error);
    }
    Error::new(
        ErrorKind::Integrity,
        format!("{shown} is damaged, or not a tar archive"),
    )
    .because(error)
    .hint("fetch or make it again")
}

struct Unpacker<'a> {
    root: OwnedFd,
    folder: &'a Path,
    parents: &'a [PathBuf],
    how: Unpacking,
    shown: &'a str,
    /// The folder of the entry before: the next is often in it too.
    parent: Option<(PathBuf, OwnedFd)>,
    /// Folders get their modes and times last, when nothing is made in them any more.
    folders: Vec<(PathBuf, u32, i64)>,
    buffer: Vec<u8>,
}

impl Unpacker<'_> {
    fn entry<R: Read>(&mut self, mut about: Header, archive: &mut Archive<R>) -> Result<()> {
        about.xattrs.retain(|(name, _)| !is_private(name));
        let path = self.inside(&about.name)?;
        let Some(name) = path.file_name().map(OsStr::to_owned) else {
            // The root itself.
            if about.kind == b'5' {
                self.attributes_of_folder(Path::new("."), &about)?;
            }
            return Ok(());
        };
        let parent = self.parent_of(&path)?;
        let parent = parent.as_fd();
        let bytes = name.as_bytes();
        if let Some(flavor) = self.how.flavor {
            if bytes == OPAQUE {
                return self.mark_opaque(&parent_path(&path), flavor);
            }
            if let Some(hidden) = bytes.strip_prefix(WHITEOUT) {
                return self.white_out(parent, OsStr::from_bytes(hidden), &path, flavor);
            }
        }
        let was_hidden = self.clear(parent, &name, about.kind == b'5', &path)?;
        match about.kind {
            b'5' => {
                match rustix::fs::mkdirat(parent, &name, Mode::from_raw_mode(0o755)) {
                    Ok(()) | Err(Errno::EXIST) => {}
                    Err(error) => return Err(self.failed("make the folder", &path, error)),
                }
                self.attributes_of_folder(&path, &about)?;
                if let (true, Some(flavor)) = (was_hidden, self.how.flavor) {
                    self.mark_opaque(&path, flavor)?;
                }
                return Ok(());
            }
            b'0' => {
                return self.file(parent, &name, &path, archive, &about);
            }
            b'2' => {
                rustix::fs::symlinkat(OsStr::from_bytes(&about.link), parent, &name)
                    .map_err(|error| self.failed("make the link", &path, error))?;
            }
            b'1' => return self.hard_link(parent, &name, &path, &about.link),
            b'3' | b'4' | b'6' => {
                let file_type = match about.kind {
                    b'3' => FileType::CharacterDevice,
                    b'4' => FileType::BlockDevice,
                    _ => FileType::Fifo,
                };
                let device = rustix::fs::makedev(about.device.0, about.device.1);
                match rustix::fs::mknodat(parent, &name, file_type, Mode::from_raw_mode(0o600), device) {
                    Ok(()) => {}
                    // Without the system's root there are no devices; images have theirs mounted at run time.
                    Err(Errno::PERM) if self.how.flavor.is_some_and(Flavor::is_rootless) => return Ok(()),
                    Err(error) => return Err(self.failed("make the device", &path, error)),
                }
            }
            _ => {
                return Err(Error::new(
                    ErrorKind::Unsupported,
                    format!("{}: the entry {} is of an unknown type", self.shown, path.display()),
                )
                .hint("make the archive with a common tar program"));
            }
        }
        self.attributes_of_name(parent, &name, &path, &about)
    }

    /// `raw` from the root, without `.`; refused where it climbs out.
    fn inside(&self, raw: &[u8]) -> Result<PathBuf> {
        use std::path::Component;
        let mut path = PathBuf::new();
        for part in Path::new(OsStr::from_bytes(raw)).components() {
            match part {
                Component::Normal(part) => path.push(part),
                Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
                Component::ParentDir => {
                    return Err(Error::new(
                        ErrorKind::Integrity,
                        format!(
                            "{}: the entry {} climbs out of the archive",
                            self.shown,
                            String::from_utf8_lossy(raw)
                        ),
                    )
                    .hint("the archive is not safe to use"));
                }
            }
        }
        Ok(path)
    }

    /// The folder that `path` is in, made where it is missing.
    fn parent_of(&mut self, path: &Path) -> Result<OwnedFd> {
        let wanted = parent_path(path);
        if let Some((known, fd)) = &self.parent
            && *known == wanted
        {
            return fd.try_clone().path("open the folder", &wanted);
        }
        let fd = self.open_folder(&wanted)?;
        let copy = fd.try_clone().path("open the folder", &wanted)?;
        self.parent = Some((wanted, fd));
        Ok(copy)
    }

    fn open_folder(&self, path: &Path) -> Result<OwnedFd> {
        if let Ok(fd) = self.open_in_root(path) {
            return Ok(fd);
        }
        let mut made = PathBuf::new();
        for part in path.components() {
            let parent = self
                .open_in_root(&made)
                .map_err(|error| self.failed("open the folder", &made, error))?;
            match rustix::fs::mkdirat(&parent, part.as_os_str(), Mode::from_raw_mode(0o755)) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(error) => return Err(self.failed("make the folder", path, error)),
            }
            made.push(part);
        }
        self.open_in_root(path)
            .map_err(|error| self.failed("open the folder", path, error))
    }

    fn open_in_root(&self, path: &Path) -> rustix::io::Result<OwnedFd> {
        let path = if path.as_os_str().is_empty() {
            Path::new(".")
        } else {
            path
        };
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        rustix::fs::openat2(&self.root, path, flags, Mode::empty(), ResolveFlags::IN_ROOT)
    }

    /// Takes away what stands under a name that comes again; says whether it was a whiteout.
    fn clear(&mut self, parent: impl AsFd, name: &OsStr, wants_folder: bool, path: &Path) -> Result<bool> {
        let about = match rustix::fs::statat(&parent, name, AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => return Ok(false),
            Err(error) => return Err(self.failed("look at", path, error)),
            Ok(about) => about,
        };
        let kind = FileType::from_raw_mode(about.st_mode);
        if kind == FileType::Directory {
            if !wants_folder {
                // By the open parent: the builder would follow a link in the path out of the folder.
                let full = Path::new(&through(&parent)).join(name);
                std::fs::remove_dir_all(&full).path("replace the folder", path)?;
                self.parent = None;
            }
            return Ok(false);
        }
        rustix::fs::unlinkat(&parent, name, AtFlags::empty()).map_err(|error| self.failed("replace", path, error))?;
        Ok(kind == FileType::CharacterDevice && about.st_rdev == 0)
    }

    fn white_out(&self, parent: impl AsFd, name: &OsStr, path: &Path, flavor: Flavor) -> Result<()> {
        match rustix::fs::statat(&parent, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(about) if FileType::from_raw_mode(about.st_mode) == FileType::Directory => {
                return self.mark_opaque(&parent_path(path).join(name), flavor);
            }
            // The layer brings its own, which hides the lower one anyway.
            Ok(_) => return Ok(()),
            Err(_) => {}
        }
        let mode = Mode::from_raw_mode(0o000);
        rustix::fs::mknodat(&parent, name, FileType::CharacterDevice, mode, 0)
            .map_err(|error| self.failed("mark as removed", path, error))
    }

    fn mark_opaque(&self, folder: &Path, flavor: Flavor) -> Result<()> {
        let fd = self.open_folder(folder)?;
        set_xattr(&fd, flavor.opaque(), b"y").map_err(|error| self.failed("mark as replaced", folder, error))
    }

    fn file<R: Read>(
        &mut self,
        parent: impl AsFd,
        name: &OsStr,
        path: &Path,
        archive: &mut Archive<R>,
        about: &Header,
    ) -> Result<()> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd = rustix::fs::openat(&parent, name, flags, Mode::from_raw_mode(0o600))
            .map_err(|error| self.failed("make", path, error))?;
        let mut file = File::from(fd);
        loop {
            let got = archive
                .read(&mut self.buffer)
                .map_err(|error| damaged(self.shown, error))?;
            if got == 0 {
                break;
            }
            file.write_all(&self.buffer[..got])
                .path("write", self.folder.join(path))?;
        }
        if self.how.owners {
            chown_fd(&file, about).map_err(|error| self.no_owner(path, about, error))?;
        }
        // After the owner: changing that takes setuid bits away.
        rustix::fs::fchmod(&file, Mode::from_raw_mode(about.mode))
            .map_err(|error| self.failed("set the mode of", path, error))?;
        for (name, value) in &about.xattrs {
            self.xattr(&file, name, value, path)?;
        }
        rustix::fs::futimens(&file, &times(about.mtime)).map_err(|error| self.failed("set the time of", path, error))
    }

    fn hard_link(&self, parent: impl AsFd, name: &OsStr, path: &Path, target: &[u8]) -> Result<()> {
        let target = self.inside(target)?;
        let folder = self.open_folder(&parent_path(&target))?;
        let target_name = target.file_name().unwrap_or_default();
        match rustix::fs::linkat(&folder, target_name, &parent, name, AtFlags::empty()) {
            Ok(()) => return Ok(()),
            Err(Errno::NOENT) => {}
            Err(error) => return Err(self.failed("make the hard link", path, error)),
        }
        for lower in self.parents {
            let lower_root = open_root(lower)?;
            let flags = OFlags::RDONLY | OFlags::CLOEXEC;
            let Ok(found) = rustix::fs::openat2(&lower_root, &target, flags, Mode::empty(), ResolveFlags::IN_ROOT)
            else {
                continue;
            };
            let from = File::from(found);
            let stat = rustix::fs::fstat(&from).map_err(|error| self.failed("read", &target, error))?;
            let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
            let to = rustix::fs::openat(&parent, name, flags, Mode::from_raw_mode(0o600))
                .map_err(|error| self.failed("make", path, error))?;
            let mut to = File::from(to);
            io::copy(&mut &from, &mut to).path("write", self.folder.join(path))?;
            if self.how.owners {
                let (uid, gid) = (Uid::from_raw(stat.st_uid), Gid::from_raw(stat.st_gid));
                rustix::fs::fchown(&to, Some(uid), Some(gid))
                    .map_err(|error| self.failed("set the owner of", path, error))?;
            }
            rustix::fs::fchmod(&to, Mode::from_raw_mode(stat.st_mode & 0o7777))
                .map_err(|error| self.failed("set the mode of", path, error))?;
            return rustix::fs::futimens(&to, &times(stat.st_mtime as i64))
                .map_err(|error| self.failed("set the time of", path, error));
        }
        Err(Error::new(
            ErrorKind::Integrity,
            format!(
                "{}: {} is a hard link to {}, which no layer has",
                self.shown,
                path.display(),
                target.display()
            ),
        )
        .hint("fetch or make the image again"))
    }

    fn attributes_of_name(&self, parent: impl AsFd, name: &OsStr, path: &Path, about: &Header) -> Result<()> {
        if self.how.owners {
            let (uid, gid) = (Uid::from_raw(about.uid), Gid::from_raw(about.gid));
            rustix::fs::chownat(&parent, name, Some(uid), Some(gid), AtFlags::SYMLINK_NOFOLLOW)
                .map_err(|error| self.no_owner(path, about, error))?;
        }
        if about.kind != b'2' {
            rustix::fs::chmodat(&parent, name, Mode::from_raw_mode(about.mode), AtFlags::empty())
                .map_err(|error| self.failed("set the mode of", path, error))?;
        }
        rustix::fs::utimensat(&parent, name, &times(about.mtime), AtFlags::SYMLINK_NOFOLLOW)
            .map_err(|error| self.failed("set the time of", path, error))
    }

    fn attributes_of_folder(&mut self, path: &Path, about: &Header) -> Result<()> {
        let fd = self.open_folder(if path == Path::new(".") { Path::new("") } else { path })?;
        if self.how.owners {
            let (uid, gid) = (Uid::from_raw(about.uid), Gid::from_raw(about.gid));
            rustix::fs::chownat(&fd, "", Some(uid), Some(gid), AtFlags::EMPTY_PATH)
                .map_err(|error| self.no_owner(path, about, error))?;
        }
        for (name, value) in &about.xattrs {
            self.xattr(&fd, name, value, path)?;
        }
        self.folders.push((path.to_owned(), about.mode, about.mtime));
        Ok(())
    }

    fn xattr(&self, fd: impl AsFd, name: &str, value: &[u8], path: &Path) -> Result<()> {
        match set_xattr(fd, name, value) {
            Ok(()) => Ok(()),
            // Not every file system and not every user can store every attribute; capabilities matter, labels do not.
            Err(Errno::NOTSUP | Errno::PERM)
                if self.how.flavor.is_some_and(Flavor::is_rootless) || !name.starts_with("security.cap") =>
            {
                Ok(())
            }
            Err(error) => Err(self.failed("set an extended attribute of", path, error)),
        }
    }

    fn finish(self) -> Result<()> {
        for (path, mode, mtime) in self.folders.iter().rev() {
            let path = if path == Path::new(".") { Path::new("") } else { path };
            let fd = match self.open_in_root(path) {
                Ok(fd) => fd,
                // Something else took its place later in the archive.
                Err(Errno::NOENT | Errno::NOTDIR) => continue,
                Err(error) => return Err(self.failed("open the folder", path, error)),
            };
            let through = through(&fd);
            rustix::fs::chmod(&through, Mode::from_raw_mode(*mode))
                .and_then(|()| rustix::fs::utimensat(rustix::fs::CWD, &through, &times(*mtime), AtFlags::empty()))
                .map_err(|error| self.failed("set mode and time of", path, error))?;
        }
        Ok(())
    }

    fn failed(&self, doing: &str, path: &Path, error: Errno) -> Error {
        Error::io(doing, self.folder.join(path), error.into()).context("archive", self.shown)
    }

    fn no_owner(&self, path: &Path, about: &Header, error: Errno) -> Error {
        let failed = self.failed("set the owner of", path, error);
        if matches!(error, Errno::INVAL | Errno::PERM) {
            return failed
                .context("owner", format!("{}:{}", about.uid, about.gid))
                .hint("without root this needs the package `uidmap` and ranges of ids in /etc/subuid and /etc/subgid");
        }
        failed
    }
}

fn parent_path(path: &Path) -> PathBuf {
    path.parent().map(Path::to_owned).unwrap_or_default()
}

fn chown_fd(file: &File, about: &Header) -> rustix::io::Result<()> {
    rustix::fs::fchown(file, Some(Uid::from_raw(about.uid)), Some(Gid::from_raw(about.gid)))
}

/// The path by which calls that know no `O_PATH` reach an open file.
fn through(fd: impl AsFd) -> String {
    format!("/proc/self/fd/{}", fd.as_fd().as_raw_fd())
}

fn set_xattr(fd: impl AsFd, name: &str, value: &[u8]) -> rustix::io::Result<()> {
    rustix::fs::setxattr(through(fd), name, value, rustix::fs::XattrFlags::empty())
}

fn times(mtime: i64) -> Timestamps {
    let moment = Timespec {
        tv_sec: mtime,
        tv_nsec: 0,
    };
    Timestamps {
        last_access: moment,
        last_modification: moment,
    }
}
