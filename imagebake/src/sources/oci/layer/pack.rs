//! A folder in overlay form to a tar archive, byte for byte the same for the same contents.

use super::{Flavor, OPAQUE, WHITEOUT, is_private};
use crate::error::{Context, Error, ErrorKind, Result};
use std::{
    collections::HashMap,
    ffi::{OsStr, OsString},
    fs::{self, File, Metadata},
    io::{Read, Write},
    os::unix::{
        ffi::OsStrExt,
        fs::{FileTypeExt, MetadataExt},
    },
    path::Path,
};

/// How a folder is packed.
#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
pub(in super::super) struct Packing {
    /// Whose whiteouts and opaque marks it has; without, the folder is an ordinary one and has none.
    pub(in super::super) flavor: Option<Flavor>,
    /// No time stamp is later than this, in seconds since 1970.
    pub(in super::super) latest: Option<i64>,
    /// Every file belongs to this user and group, whoever owns it on the builder.
    pub(in super::super) owner: Option<(u32, u32)>,
}

/// Writes what `folder` holds as a tar archive and says how many entries that were; the folder itself is not one.
pub(in super::super) fn pack(folder: &Path, packing: Packing, out: &mut dyn Write) -> Result<u64> {
    let mut packer = Packer {
        packing,
        out,
        links: HashMap::new(),
        entries: 0,
        buffer: vec![0; 256 << 10],
    };
    packer.folder(folder, &mut Vec::new())?;
    if packer.entries > 0 {
        packer.out.write_all(&[0; 1024]).path("write", "the layer")?;
    }
    Ok(packer.entries)
}

struct Packer<'a> {
    packing: Packing,
    out: &'a mut dyn Write,
    /// Where a file with several names was written first.
    links: HashMap<(u64, u64), Vec<u8>>,
    entries: u64,
    buffer: Vec<u8>,
}

/// One entry's header, before it is bytes.
struct Header<'a> {
    kind: u8,
    name: &'a [u8],
    link: &'a [u8],
    mode: u32,
    uid: u32,
    gid: u32,
    size: u64,
    mtime: i64,
    device: Option<(u32, u32)>,
    xattrs: Vec<(String, Vec<u8>)>,
}

impl Packer<'_> {
    fn folder(&mut self, folder: &Path, name: &mut Vec<u8>) -> Result<()> {
        let read = || -> std::io::Result<Vec<OsString>> {
            fs::read_dir(folder)?
                .map(|entry| entry.map(|entry| entry.file_name()))
                .collect()
        };
        let mut names = read().path("read the folder", folder)?;
        names.sort_by(|a, b| a.as_bytes().cmp(b.as_bytes()));
        for child in names {
            let path = folder.join(&child);
            let length = name.len();
            name.extend_from_slice(child.as_bytes());
            self.entry(&path, &child, length, name)?;
            name.truncate(length);
        }
        Ok(())
    }

    fn entry(&mut self, path: &Path, own_name: &OsStr, parent: usize, name: &mut Vec<u8>) -> Result<()> {
        let about = fs::symlink_metadata(path).path("read", path)?;
        let kind = about.file_type();
        if kind.is_char_device() && about.rdev() == 0 && self.packing.flavor.is_some() {
            let mut marker = name[..parent].to_vec();
            marker.extend_from_slice(WHITEOUT);
            marker.extend_from_slice(own_name.as_bytes());
            return self.marker(&marker, about.mtime());
        }
        if own_name.as_bytes().starts_with(WHITEOUT) && self.packing.flavor.is_some() {
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!(
                    "a layer cannot hold the file {}: names that begin with `.wh.` mark removals",
                    path.display()
                ),
            )
            .hint("remove or rename it in a step"));
        }
        if kind.is_socket() {
            // A socket is of no use without the process behind it; the archive format has none.
            return Ok(());
        }
        let mut header = self.header(path, &about)?;
        if kind.is_dir() {
            name.push(b'/');
            header.kind = b'5';
            header.name = name;
            self.write(&header)?;
            if self.packing.flavor.is_some_and(|flavor| is_opaque(path, flavor)) {
                let mut marker = name.clone();
                marker.extend_from_slice(OPAQUE);
                self.marker(&marker, about.mtime())?;
            }
            return self.folder(path, name);
        }
        if about.nlink() > 1 {
            let key = (about.dev(), about.ino());
            if let Some(first) = self.links.get(&key).cloned() {
                header.kind = b'1';
                header.name = name;
                header.link = &first;
                header.xattrs.clear();
                return self.write(&header);
            }
            self.links.insert(key, name.clone());
        }
        header.name = name;
        if kind.is_symlink() {
            let target = fs::read_link(path).path("read the link", path)?;
            header.kind = b'2';
            header.mode = 0o777;
            header.link = target.as_os_str().as_bytes();
            return self.write(&header);
        }
        if kind.is_file() {
            header.size = about.len();
            self.write(&header)?;
            return self.contents(path, about.len());
        }
        header.kind = match kind {
            kind if kind.is_char_device() => b'3',
            kind if kind.is_block_device() => b'4',
            _ => b'6',
        };
        if !kind.is_fifo() {
            header.device = Some((rustix::fs::major(about.rdev()), rustix::fs::minor(about.rdev())));
        }
        self.write(&header)
    }

    fn header(&self, path: &Path, about: &Metadata) -> Result<Header<'static>> {
        let (uid, gid) = self.packing.owner.unwrap_or((about.uid(), about.gid()));
        Ok(Header {
            kind: b'0',
            name: b"",
            link: b"",
            mode: about.mode() & 0o7777,
            uid,
            gid,
            size: 0,
            mtime: self.clamp(about.mtime()),
            device: None,
            xattrs: xattrs_of(path)?,
        })
    }

    fn clamp(&self, mtime: i64) -> i64 {
        self.packing.latest.map_or(mtime, |latest| mtime.min(latest))
    }

    /// An empty file whose name says it all.
    fn marker(&mut self, name: &[u8], mtime: i64) -> Result<()> {
        let header = Header {
            kind: b'0',
            name,
            link: b"",
            mode: 0o644,
            uid: 0,
            gid: 0,
            size: 0,
            mtime: self.clamp(mtime),
            device: None,
            xattrs: Vec::new(),
        };
        self.write(&header)
    }

    fn write(&mut self, header: &Header<'_>) -> Result<()> {
        self.entries += 1;
        let extended = extended(header);
        if !extended.is_empty() {
            let size = extended.len() as u64;
            let block = block(b'x', b"PaxHeaders/entry", b"", 0o644, (0, 0), size, 0, None);
            self.out.write_all(&block).path("write", "the layer")?;
            self.out.write_all(&extended).path("write", "the layer")?;
            self.pad(size)?;
        }
        let block = block(
            header.kind,
            header.name,
            header.link,
            header.mode,
            (header.uid, header.gid),
            header.size,
            header.mtime,
            header.device,
        );
        self.out.write_all(&block).path("write", "the layer")
    }

    fn contents(&mut self, path: &Path, size: u64) -> Result<()> {
        let mut file = File::open(path).path("read", path)?;
        let mut left = size;
        while left > 0 {
            let want = usize::try_from(left).map_or(self.buffer.len(), |left| left.min(self.buffer.len()));
            let got = file.read(&mut self.buffer[..want]).path("read", path)?;
            if got == 0 {
                return Err(Error::new(
                    ErrorKind::Integrity,
                    format!("{} became shorter while it was read", path.display()),
                )
                .hint("something else writes it: build again when it is quiet"));
            }
            self.out.write_all(&self.buffer[..got]).path("write", "the layer")?;
            left -= got as u64;
        }
        self.pad(size)
    }

    fn pad(&mut self, size: u64) -> Result<()> {
        let over = (size % 512) as usize;
        match over {
            0 => Ok(()),
            over => self.out.write_all(&[0; 512][over..]).path("write", "the layer"),
        }
    }
}

/// Records for what the plain header has no room for.
fn extended(header: &Header<'_>) -> Vec<u8> {
    let mut records = Vec::new();
    let mut record = |name: &str, value: &[u8]| {
        let fixed = name.len() + value.len() + 3;
        let mut length = fixed + 1;
        while fixed + length.to_string().len() != length {
            length = fixed + length.to_string().len();
        }
        records.extend_from_slice(format!("{length} {name}=").as_bytes());
        records.extend_from_slice(value);
        records.push(b'\n');
    };
    let plain = |text: &[u8]| text.len() <= 100 && text.is_ascii();
    if [header.name, header.link]
        .iter()
        .any(|text| std::str::from_utf8(text).is_err())
    {
        record("hdrcharset", b"BINARY");
    }
    if !plain(header.name) {
        record("path", header.name);
    }
    if !plain(header.link) {
        record("linkpath", header.link);
    }
    if header.size >= 1 << 33 {
        record("size", header.size.to_string().as_bytes());
    }
    if header.uid >= 1 << 21 {
        record("uid", header.uid.to_string().as_bytes());
    }
    if header.gid >= 1 << 21 {
        record("gid", header.gid.to_string().as_bytes());
    }
    if !(0..1 << 33).contains(&header.mtime) {
        record("mtime", header.mtime.to_string().as_bytes());
    }
    for (name, value) in &header.xattrs {
        record(&format!("SCHILY.xattr.{name}"), value);
    }
    records
}

#[expect(
    clippy::too_many_arguments,
    reason = "they are the fields of a tar header, in its order"
)]
fn block(
    kind: u8,
    name: &[u8],
    link: &[u8],
    mode: u32,
    (uid, gid): (u32, u32),
    size: u64,
    mtime: i64,
    device: Option<(u32, u32)>,
) -> [u8; 512] {
    let mut block = [0; 512];
    let text = |at: &mut [u8], text: &[u8]| {
        let length = text.len().min(at.len());
        at[..length].copy_from_slice(&text[..length]);
    };
    let number = |at: &mut [u8], number: u64| {
        let width = at.len() - 1;
        // What does not fit is in the extended records.
        let fits = number < 1 << (3 * width as u32).min(63);
        let digits = format!("{:0width$o}", if fits { number } else { 0 });
        at[..width].copy_from_slice(digits.as_bytes());
    };
    text(&mut block[0..100], name);
    number(&mut block[100..108], mode.into());
    number(&mut block[108..116], uid.into());
    number(&mut block[116..124], gid.into());
    number(&mut block[124..136], size);
    number(&mut block[136..148], mtime.try_into().unwrap_or(0));
    block[148..156].fill(b' ');
    block[156] = kind;
    text(&mut block[157..257], link);
    block[257..265].copy_from_slice(b"ustar\x0000");
    if let Some((major, minor)) = device {
        number(&mut block[329..337], major.into());
        number(&mut block[337..345], minor.into());
    }
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block
}

fn xattrs_of(path: &Path) -> Result<Vec<(String, Vec<u8>)>> {
    let names = match xattr::list(path) {
        Ok(names) => names,
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::NOTSUP.raw_os_error()) => return Ok(Vec::new()),
        Err(error) => return Err(Error::io("read the extended attributes of", path, error)),
    };
    let mut found = Vec::new();
    for name in names {
        let Some(text) = name.to_str().filter(|name| !is_private(name)) else {
            continue;
        };
        if let Some(value) = xattr::get(path, &name).path("read an extended attribute of", path)? {
            found.push((text.to_owned(), value));
        }
    }
    found.sort();
    Ok(found)
}

fn is_opaque(path: &Path, flavor: Flavor) -> bool {
    matches!(xattr::get(path, flavor.opaque()), Ok(Some(value)) if value == b"y")
}
