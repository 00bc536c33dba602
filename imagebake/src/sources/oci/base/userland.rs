//! Programs of the builder as a base: each with its interpreter and libraries, found by reading the files themselves, so that nothing of
//! theirs is run.

use super::{Base, once, rootfs, stamp};
use crate::{
    error::{Context, Error, ErrorKind, Result},
    plan::nearest,
    sources::oci::{config::Compression, image::Platform, store::Store},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Component, Path, PathBuf},
};

mod elf;

pub(super) fn import(store: &Store, names: &[String], compression: Compression) -> Result<Base> {
    let mut finder = Finder::new();
    for name in names {
        finder.program(name)?;
    }
    let mut hasher = blake3::Hasher::new();
    for path in &finder.files {
        let about = fs::symlink_metadata(path).path("read", path)?;
        stamp(&mut hasher, path, &about);
    }
    let key = format!("userland 1 {} {}", hasher.finalize().to_hex(), compression.name());
    once(store, &key, || {
        let folder = store.temporary_folder()?;
        let root = folder.path().join("root");
        lay_out(&root, &finder.files)?;
        let layer = rootfs::of_folder(store, &root, compression, Some((0, 0)))?;
        let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
        names.sort_unstable();
        let mut base = rootfs::of_layer(
            layer,
            &Platform::host(),
            format!("programs of the builder: {}", names.join(" ")),
        );
        let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        base.config.set_env(&[("PATH".to_owned(), path.to_owned())]);
        Ok(Base::new(base.chain, base.config))
    })
}

/// Collects files and the links that lead to them, all under the names that the builder has them by.
struct Finder {
    files: BTreeSet<PathBuf>,
    folders: Vec<PathBuf>,
    /// Where a library of a name was found.
    libraries: BTreeMap<String, PathBuf>,
}

impl Finder {
    fn new() -> Self {
        let mut folders = Vec::new();
        configured(Path::new("/etc/ld.so.conf"), &mut folders, 0);
        for folder in ["/lib64", "/usr/lib64", "/lib", "/usr/lib"] {
            folders.push(PathBuf::from(folder));
        }
        Self {
            files: BTreeSet::new(),
            folders,
            libraries: BTreeMap::new(),
        }
    }

    fn program(&mut self, name: &str) -> Result<()> {
        let path = match name.contains('/') {
            true => Some(PathBuf::from(name)).filter(|path| path.is_absolute() && is_program(path)),
            false => on_path().map(|folder| folder.join(name)).find(|path| is_program(path)),
        };
        let path = path.ok_or_else(|| {
            let error = Error::new(ErrorKind::NotFound, format!("the builder has no program `{name}`"));
            match nearest(name, all_programs().iter().map(String::as_str)) {
                Some(near) => error.hint(format!("did you mean `{near}`? It must be installed and on PATH")),
                None => error.hint("install it, or leave it out"),
            }
        })?;
        self.file(&path)
    }

    /// A file with the links on the way to it, and what it needs in turn.
    fn file(&mut self, path: &Path) -> Result<()> {
        let real = self.follow(path)?;
        let Some(real) = real else { return Ok(()) };
        let bytes = fs::read(&real).path("read", &real)?;
        if let Some(interpreter) = script_interpreter(&bytes) {
            return self.file(Path::new(&interpreter));
        }
        let Some(needs) = elf::needs(&bytes) else { return Ok(()) };
        if let Some(interpreter) = &needs.interpreter {
            self.file(Path::new(interpreter))?;
        }
        for library in &needs.libraries {
            let found = self.library(library, &needs, &real)?;
            self.file(&found)?;
        }
        Ok(())
    }

    /// Notes every link that `path` goes through; the file at the end, unless it was known.
    fn follow(&mut self, path: &Path) -> Result<Option<PathBuf>> {
        let mut real = PathBuf::from("/");
        let mut left: Vec<PathBuf> = path
            .components()
            .rev()
            .map(|part| PathBuf::from(part.as_os_str()))
            .collect();
        let mut hops = 0;
        while let Some(part) = left.pop() {
            match part.components().next() {
                Some(Component::RootDir) => {
                    real = PathBuf::from("/");
                    continue;
                }
                Some(Component::ParentDir) => {
                    real.pop();
                    continue;
                }
                Some(Component::Normal(_)) => {}
                _ => continue,
            }
            let next = real.join(&part);
            match fs::read_link(&next) {
                Ok(target) => {
                    hops += 1;
                    if hops > 40 {
                        return Err(
                            Error::new(ErrorKind::Config, format!("{} is a circle of links", path.display()))
                                .hint("repair it on the builder"),
                        );
                    }
                    self.files.insert(next);
                    left.extend(target.components().rev().map(|part| PathBuf::from(part.as_os_str())));
                }
                Err(_) => real = next,
            }
        }
        Ok(self.files.insert(real.clone()).then_some(real))
    }

    fn library(&mut self, name: &str, needs: &elf::Needs, of: &Path) -> Result<PathBuf> {
        if name.contains('/') {
            return Ok(PathBuf::from(name));
        }
        let origin = of.parent().unwrap_or(Path::new("/"));
        let own = needs.folders.iter().map(|folder| {
            let folder = folder.replace("${ORIGIN}", "$ORIGIN");
            PathBuf::from(folder.replace("$ORIGIN", &origin.to_string_lossy()))
        });
        let fits = |path: &PathBuf| elf::is_for(path, needs.machine);
        if let Some(found) = own.map(|folder| folder.join(name)).find(fits) {
            return Ok(found);
        }
        if let Some(found) = self.libraries.get(name) {
            return Ok(found.clone());
        }
        let found = self.folders.iter().map(|folder| folder.join(name)).find(fits);
        let found = found.ok_or_else(|| {
            Error::new(
                ErrorKind::NotFound,
                format!("the builder lacks the library `{name}`, which {} needs", of.display()),
            )
            .hint("install the package that has it, or leave the program out")
        })?;
        self.libraries.insert(name.to_owned(), found.clone());
        Ok(found)
    }
}

fn is_program(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0)
}

fn on_path() -> impl Iterator<Item = PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path)
        .filter(|folder| folder.is_absolute())
        .collect();
    // A user's PATH often lacks where the administrator's programs are.
    folders.into_iter().chain(["/usr/sbin", "/sbin"].map(PathBuf::from))
}

fn all_programs() -> Vec<String> {
    let entries = on_path()
        .filter_map(|folder| fs::read_dir(folder).ok())
        .flatten()
        .flatten();
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    names.dedup();
    names
}

fn script_interpreter(bytes: &[u8]) -> Option<String> {
    let line = bytes.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
    let line = std::str::from_utf8(line).ok()?;
    line.split_whitespace().next().map(str::to_owned)
}

/// The folders that the loader's configuration names.
fn configured(file: &Path, folders: &mut Vec<PathBuf>, depth: u32) {
    let Ok(text) = fs::read_to_string(file) else { return };
    for line in text.lines() {
        let line = line.split('#').next().unwrap_or("").trim();
        if let Some(pattern) = line.strip_prefix("include ") {
            // The pattern is always of one folder: `/etc/ld.so.conf.d/*.conf`.
            let folder = Path::new(pattern.trim())
                .parent()
                .unwrap_or(Path::new("/etc/ld.so.conf.d"));
            let entries = fs::read_dir(folder).into_iter().flatten().flatten();
            let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
            files.retain(|path| path.extension().is_some_and(|extension| extension == "conf"));
            files.sort();
            for file in files.iter().filter(|_| depth < 4) {
                configured(file, folders, depth + 1);
            }
        } else if line.starts_with('/') {
            folders.push(PathBuf::from(line));
        }
    }
}

/// Makes the root file system.
fn lay_out(root: &Path, files: &BTreeSet<PathBuf>) -> Result<()> {
    let make = |folder: &Path, mode: u32| -> Result<()> {
        fs::create_dir_all(folder).path("make the folder", folder)?;
        fs::set_permissions(folder, fs::Permissions::from_mode(mode)).path("set the mode of", folder)
    };
    make(root, 0o755)?;
    // The builder's own layout: `/bin` is a link on most systems, and programs expect it either way.
    for name in ["bin", "sbin", "lib", "lib64"] {
        let (host, inside) = (Path::new("/").join(name), root.join(name));
        if let Ok(target) = fs::read_link(&host) {
            make(&root.join(target.strip_prefix("/").unwrap_or(&target)), 0o755)?;
            symlink(&target, &inside).path("make the link", &inside)?;
        }
    }
    for path in files {
        let inside = root.join(path.strip_prefix("/").unwrap_or(path));
        if inside.symlink_metadata().is_ok() {
            continue;
        }
        if let Some(folder) = inside.parent() {
            fs::create_dir_all(folder).path("make the folder", folder)?;
        }
        match fs::read_link(path) {
            Ok(target) => symlink(&target, &inside).path("make the link", &inside)?,
            Err(_) => {
                fs::copy(path, &inside).path("copy", path)?;
                let about = fs::metadata(path).path("read", path)?;
                let time = about.modified().path("read", path)?;
                let file = fs::File::options().write(true).open(&inside);
                // A program without write permission keeps the time of the copy when the builder is not root.
                if let Ok(file) = file {
                    file.set_modified(time).path("set the time of", &inside)?;
                }
            }
        }
    }
    for (folder, mode) in [
        ("tmp", 0o1777),
        ("root", 0o700),
        ("etc", 0o755),
        ("var/tmp", 0o1777),
        ("home", 0o755),
    ] {
        make(&root.join(folder), mode)?;
    }
    let accounts = [
        (
            "etc/passwd",
            "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n",
        ),
        ("etc/group", "root:x:0:\nnogroup:x:65534:\n"),
    ];
    for (name, text) in accounts {
        let path = root.join(name);
        fs::write(&path, text).path("write", &path)?;
    }
    settle(root)
}

/// Folders and made files get a fixed time, so that the same programs give the same layer.
fn settle(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder).path("read the folder", folder)?.flatten() {
        let path = entry.path();
        let kind = entry.file_type().path("read", &path)?;
        if kind.is_dir() {
            settle(&path)?;
        }
        let made = kind.is_symlink() || kind.is_dir() || path.ends_with("etc/passwd") || path.ends_with("etc/group");
        if made {
            let epoch = rustix::fs::Timespec { tv_sec: 0, tv_nsec: 0 };
            let times = rustix::fs::Timestamps {
                last_access: epoch,
                last_modification: epoch,
            };
            rustix::fs::utimensat(rustix::fs::CWD, &path, &times, rustix::fs::AtFlags::SYMLINK_NOFOLLOW)
                .map_err(std::io::Error::from)
                .path("set the time of", &path)?;
        }
    }
    Ok(())
}
