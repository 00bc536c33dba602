//! Folders of the builder on their way to a machine, as archives that are made while they travel.
//!
//! Each file is opened once, by its name in a folder that is open already, and its bytes are read once: for the archive and for what
//! the run's record says of them. Unpacking, and the streams themselves, are `tree.rs`'s.

use super::tree::{BLOCK, Finish, TarStream, streamed};
use crate::{
    engine::Cx,
    io::{DigestKind, Digests, FileRef, digest_bytes},
};
use rustix::{
    fd::{AsFd, OwnedFd},
    fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat, fstat, openat, readlinkat, statat},
};
use std::{
    collections::HashMap,
    ffi::{CStr, CString, OsStr},
    fs::File,
    io::{self, Read, Write},
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    sync::mpsc,
};

/// A folder of the builder, whose contents go to a machine.
#[derive(Clone)]
pub struct HostFolder {
    path: PathBuf,
    /// Whose record says what was read.
    told: Option<Cx>,
}

impl HostFolder {
    /// The folder at `path`.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            told: None,
        }
    }

    /// Its files' digests go on the run's record, computed of what is sent.
    pub(super) fn recorded(self, cx: &Cx) -> Self {
        Self {
            told: Some(cx.clone()),
            ..self
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder's contents as an archive that is to be unpacked at the root, below `target`, whose own folders are made where they are
    /// missing. Modes, times, symbolic and hard links are kept; so are owners, unless one is given for all.
    pub fn archive(&self, target: &str, owner: Option<(u64, u64)>) -> TarStream {
        let (folder, target) = (self.clone(), PathBuf::from(target.trim_matches('/')));
        streamed(move |out| {
            let mut archive = tar::Builder::new(out);
            let mut packer = Packer::new(owner, Box::new(|_| true));
            packer.learnt = folder.told.map(Learnt::new);
            packer.pack(&mut archive, &folder.path, &target)?;
            archive.into_inner()?.flush()?;
            if let Some(learnt) = packer.learnt {
                learnt.cx.record_tree(folder.path, learnt.files);
            }
            Ok(())
        })
    }
}

/// Says of a path below a packed folder whether it belongs into the archive.
pub type Keep = Box<dyn Fn(&Path) -> bool + Send>;

/// The contents of `folder` that `keep` wants, all of one owner, and `more` files; compressed or not.
pub fn pack_some(folder: &Path, keep: Keep, more: Vec<(String, Vec<u8>)>, compress: bool) -> TarStream {
    let folder = folder.to_owned();
    streamed(move |out| {
        let out: Box<dyn Finish> = match compress {
            true => Box::new(flate2::write::GzEncoder::new(out, flate2::Compression::fast())),
            false => Box::new(out),
        };
        let mut archive = tar::Builder::new(out);
        Packer::new(Some((0, 0)), keep).pack(&mut archive, &folder, Path::new(""))?;
        for (name, bytes) in more {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            archive.append_data(&mut header, name, &bytes[..])?;
        }
        archive.into_inner()?.finish()
    })
}

struct Packer {
    owner: Option<(u64, u64)>,
    keep: Keep,
    /// The first name of each file that has several.
    links: HashMap<(u64, u64), PathBuf>,
    /// The bytes of the file that is being packed, where they are few.
    bytes: Vec<u8>,
    learnt: Option<Learnt>,
}

/// The files that were packed, for the run's record.
struct Learnt {
    cx: Cx,
    /// In the order of their paths.
    files: Vec<FileRef>,
    /// Who reads large ones at the same time and has the time to hash them: what comes from the disk comes once.
    beside: Option<mpsc::Sender<PathBuf>>,
}

impl Learnt {
    fn new(cx: Cx) -> Self {
        Self {
            cx,
            files: Vec::new(),
            beside: None,
        }
    }

    fn small(&mut self, path: PathBuf, bytes: &[u8]) {
        let digests = digest_bytes(bytes, [DigestKind::Sha256]);
        self.files.push(FileRef::written(path, bytes.len() as u64, digests));
    }

    fn large(&mut self, path: PathBuf, size: u64) {
        let beside = self.beside.get_or_insert_with(|| self.cx.digest_beside());
        // Gone when the run is: then nobody wants it.
        let _ = beside.send(path.clone());
        self.another_name(path, size);
    }

    fn another_name(&mut self, path: PathBuf, size: u64) {
        self.files.push(FileRef::written(path, size, Digests::default()));
    }
}

/// Something in an open folder.
struct Place<'a> {
    folder: &'a OwnedFd,
    entry: &'a CStr,
    /// Where it is, for messages and records.
    path: PathBuf,
    /// What it is called in the archive.
    name: PathBuf,
}

impl Place<'_> {
    fn open(&self, more: OFlags) -> io::Result<(OwnedFd, Stat)> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | more;
        let file = openat(self.folder, self.entry, flags, Mode::empty())?;
        let about = fstat(&file)?;
        Ok((file, about))
    }

    fn look(&self) -> io::Result<Stat> {
        Ok(statat(self.folder, self.entry, AtFlags::SYMLINK_NOFOLLOW)?)
    }
}

impl Packer {
    fn new(owner: Option<(u64, u64)>, keep: Keep) -> Self {
        Self {
            owner,
            keep,
            links: HashMap::new(),
            bytes: Vec::new(),
            learnt: None,
        }
    }

    fn pack<W: Write>(&mut self, archive: &mut tar::Builder<W>, folder: &Path, name: &Path) -> io::Result<()> {
        let opened = openat(CWD, folder, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty());
        let opened = opened.map_err(|error| named(error.into(), folder))?;
        self.folder(archive, &opened, folder, name)
    }

    fn folder<W: Write>(
        &mut self,
        archive: &mut tar::Builder<W>,
        folder: &OwnedFd,
        path: &Path,
        name: &Path,
    ) -> io::Result<()> {
        for (entry, kind) in entries(folder).map_err(|error| named(error, path))? {
            let plain = OsStr::from_bytes(entry.to_bytes());
            let place = Place {
                folder,
                entry: &entry,
                path: path.join(plain),
                name: name.join(plain),
            };
            if (self.keep)(&place.name) {
                let path = place.path.clone();
                self.entry(archive, place, kind).map_err(|error| named(error, &path))?;
            }
        }
        Ok(())
    }

    fn entry<W: Write>(&mut self, archive: &mut tar::Builder<W>, place: Place<'_>, kind: FileType) -> io::Result<()> {
        let kind = match kind {
            // Some file systems do not say it in the listing.
            FileType::Unknown => FileType::from_raw_mode(place.look()?.st_mode),
            kind => kind,
        };
        match kind {
            FileType::Directory => {
                let (folder, about) = place.open(OFlags::DIRECTORY)?;
                let mut header = self.header(&about, tar::EntryType::Directory);
                archive.append_data(&mut header, &place.name, io::empty())?;
                self.folder(archive, &folder, &place.path, &place.name)
            }
            FileType::Symlink => {
                let mut header = self.header(&place.look()?, tar::EntryType::Symlink);
                let to = readlinkat(place.folder, place.entry, Vec::new())?;
                archive.append_link(&mut header, &place.name, OsStr::from_bytes(to.as_bytes()))
            }
            FileType::RegularFile => self.file(archive, place),
            _ => Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "is a device, a pipe or a socket and cannot be uploaded",
            )),
        }
    }

    fn file<W: Write>(&mut self, archive: &mut tar::Builder<W>, place: Place<'_>) -> io::Result<()> {
        // Without waiting, should it have become a pipe meanwhile.
        let (file, about) = place.open(OFlags::NONBLOCK)?;
        let size = u64::try_from(about.st_size).unwrap_or_default();
        if about.st_nlink > 1 {
            let first = self.links.entry((about.st_dev, about.st_ino));
            let first = first.or_insert_with(|| place.name.clone());
            if *first != place.name {
                let first = first.clone();
                let mut header = self.header(&about, tar::EntryType::Link);
                archive.append_link(&mut header, &place.name, first)?;
                if let Some(learnt) = &mut self.learnt {
                    learnt.another_name(place.path, size);
                }
                return Ok(());
            }
        }
        let mut header = self.header(&about, tar::EntryType::Regular);
        header.set_size(size);
        // Its size was said already: what grows meanwhile is cut, what shrinks is an error.
        let mut content = File::from(file).take(size);
        if size <= BLOCK as u64 {
            let mut bytes = std::mem::take(&mut self.bytes);
            bytes.clear();
            bytes.resize(size as usize, 0);
            let packed = content
                .read_exact(&mut bytes)
                .map_err(shorter)
                .and_then(|()| archive.append_data(&mut header, &place.name, &bytes[..]));
            if let Some(learnt) = &mut self.learnt {
                learnt.small(place.path, &bytes);
            }
            self.bytes = bytes;
            return packed;
        }
        if let Some(learnt) = &mut self.learnt {
            learnt.large(place.path, size);
        }
        archive.append_data(&mut header, &place.name, &mut content)?;
        match content.limit() {
            0 => Ok(()),
            _ => Err(shorter(io::ErrorKind::UnexpectedEof.into())),
        }
    }

    fn header(&self, about: &Stat, kind: tar::EntryType) -> tar::Header {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(about.st_mode & 0o7777);
        header.set_mtime(u64::try_from(about.st_mtime).unwrap_or_default());
        let (user, group) = self.owner.unwrap_or((about.st_uid.into(), about.st_gid.into()));
        header.set_uid(user);
        header.set_gid(group);
        header.set_size(0);
        header
    }
}

/// What is in a folder, in the order of names.
fn entries(folder: impl AsFd) -> io::Result<Vec<(CString, FileType)>> {
    let mut entries = Vec::new();
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        if !matches!(entry.file_name().to_bytes(), b"." | b"..") {
            entries.push((entry.file_name().to_owned(), entry.file_type()));
        }
    }
    entries.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    Ok(entries)
}

fn named(error: io::Error, path: &Path) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

fn shorter(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => io::Error::new(error.kind(), "became shorter while it was uploaded"),
        _ => error,
    }
}
