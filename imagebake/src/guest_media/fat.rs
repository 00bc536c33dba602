//! A floppy disk of 1.44 MB: FAT12, with short names for firmware and long ones for everybody else.
//!
//! ```text
//! boot sector | FAT | FAT again | root, 224 entries | clusters of one sector
//! ```

use super::{Entry, Tree, moment};
use crate::error::{Error, ErrorKind, Result};
use jiff::civil::DateTime;
use std::collections::HashSet;

const SECTOR: usize = 512;
const SECTORS: usize = 2880;
const FAT_SECTORS: usize = 9;
const ROOT_ENTRIES: usize = 224;
const ENTRY: usize = 32;
const ROOT: usize = SECTOR * (1 + 2 * FAT_SECTORS);
const DATA: usize = ROOT + ROOT_ENTRIES * ENTRY;
/// Clusters that can hold something; their numbers begin with 2.
const CLUSTERS: usize = (SECTORS * SECTOR - DATA) / SECTOR;
const FOLDER: u8 = 0x10;
const ARCHIVE: u8 = 0x20;
const LABEL: u8 = 0x08;
const LONG_NAME: u8 = 0x0f;

/// The bytes of a floppy disk with `tree` on it, called `label`. `fixed` is the moment of `SOURCE_DATE_EPOCH`, where there is one: without it the
/// same one stands on every disk, so that the same files give the same bytes. Blocking: reads files.
///
/// # Errors
/// When there is not room for it, a name or the label cannot be on such a disk, or a file cannot be read.
pub fn floppy(tree: &Tree, label: &str, fixed: Option<i64>) -> Result<Vec<u8>> {
    let mut disk = Disk {
        bytes: vec![0; SECTORS * SECTOR],
        next: 2,
        moment: moment(fixed),
    };
    let label = short_label(label)?;
    let name = disk.entry(&label, LABEL, 0, 0);
    disk.bytes[ROOT..][..ENTRY].copy_from_slice(&name);
    let root = disk.fill(tree, 0)?;
    if root.len() + ENTRY > ROOT_ENTRIES * ENTRY {
        let message = "there are too many files for the first folder of a floppy disk";
        return Err(
            Error::new(ErrorKind::NoSpace, message).hint("put them into a folder with `floppy_dirs`, or use a CD")
        );
    }
    disk.bytes[ROOT + ENTRY..][..root.len()].copy_from_slice(&root);
    disk.link(0, 0xff0);
    disk.link(1, 0xfff);
    let (first, second) = disk.bytes[SECTOR..].split_at_mut(FAT_SECTORS * SECTOR);
    second[..FAT_SECTORS * SECTOR].copy_from_slice(first);
    // What tells one disk from another follows from what is on it.
    let serial = crc32fast::hash(&disk.bytes[SECTOR..]);
    disk.boot_sector(&label, serial);
    Ok(disk.bytes)
}

struct Disk {
    bytes: Vec<u8>,
    /// The first cluster that is free.
    next: usize,
    moment: DateTime,
}

impl Disk {
    fn boot_sector(&mut self, label: &[u8; 11], serial: u32) {
        let sector = &mut self.bytes[..SECTOR];
        sector[..3].copy_from_slice(&[0xeb, 0x3c, 0x90]);
        sector[3..11].copy_from_slice(b"MSDOS5.0");
        let mut put = |at: usize, value: usize| sector[at..at + 2].copy_from_slice(&(value as u16).to_le_bytes());
        put(11, SECTOR);
        put(14, 1); // The sector itself.
        put(17, ROOT_ENTRIES);
        put(19, SECTORS);
        put(22, FAT_SECTORS);
        put(24, 18); // Sectors of a track.
        put(26, 2); // Heads.
        sector[13] = 1; // Sectors of a cluster.
        sector[16] = 2; // FATs.
        sector[21] = 0xf0; // A disk of 1.44 MB.
        sector[38] = 0x29; // Serial number, label and form follow.
        sector[39..43].copy_from_slice(&serial.to_le_bytes());
        sector[43..54].copy_from_slice(label);
        sector[54..62].copy_from_slice(b"FAT12   ");
        // Whoever starts from it gets the firmware's next choice: `int 18h`.
        sector[62..64].copy_from_slice(&[0xcd, 0x18]);
        sector[510..].copy_from_slice(&[0x55, 0xaa]);
    }

    /// Notes what follows a cluster: 12 bits each.
    fn link(&mut self, cluster: usize, follower: usize) {
        let at = SECTOR + cluster * 3 / 2;
        let pair = usize::from(self.bytes[at]) | usize::from(self.bytes[at + 1]) << 8;
        let pair = match cluster % 2 {
            0 => (pair & 0xf000) | follower,
            _ => (pair & 0x000f) | follower << 4,
        };
        self.bytes[at..at + 2].copy_from_slice(&(pair as u16).to_le_bytes());
    }

    /// Clusters for so many bytes, one after the other: the first of them, 0 for none.
    fn reserve(&mut self, size: usize) -> Result<usize> {
        let count = size.div_ceil(SECTOR);
        if count == 0 {
            return Ok(0);
        }
        let first = self.next;
        if first + count > CLUSTERS + 2 {
            let message = "the files do not fit on a floppy disk of 1.44 MB";
            return Err(Error::new(ErrorKind::NoSpace, message)
                .hint("leave some out, or use a CD: `.cd(Cd::new().files([…]))`"));
        }
        self.next += count;
        for cluster in first..first + count {
            let last = cluster + 1 == first + count;
            self.link(cluster, if last { 0xfff } else { cluster + 1 });
        }
        Ok(first)
    }

    fn put(&mut self, cluster: usize, bytes: &[u8]) {
        if cluster != 0 {
            self.bytes[DATA + (cluster - 2) * SECTOR..][..bytes.len()].copy_from_slice(bytes);
        }
    }

    /// Writes what is in a folder, and gives the folder's own entries. `own` is its cluster, 0 for the first folder.
    fn fill(&mut self, tree: &Tree, own: usize) -> Result<Vec<u8>> {
        let (mut entries, mut taken) = (Vec::new(), HashSet::new());
        for (name, entry) in tree.entries() {
            check_name(name)?;
            let short = short_name(name, &mut taken);
            if !is_short(name, &short) {
                entries.extend(long_entries(name, &short));
            }
            let (attributes, cluster, size) = match entry {
                Entry::Folder(below) => {
                    let size = (below.entries().map(|(name, _)| 1 + long_length(name)).sum::<usize>() + 2) * ENTRY;
                    let cluster = self.reserve(size)?;
                    let mut folder = Vec::with_capacity(size);
                    folder.extend(self.entry(b".          ", FOLDER, cluster, 0));
                    folder.extend(self.entry(b"..         ", FOLDER, own, 0));
                    folder.extend(self.fill(below, cluster)?);
                    self.put(cluster, &folder);
                    (FOLDER, cluster, 0)
                }
                file => {
                    // Room first: what does not fit is not read.
                    let size = usize::try_from(file.size()).unwrap_or(usize::MAX / 2);
                    let cluster = self.reserve(size)?;
                    let mut bytes = Vec::with_capacity(size);
                    file.write_to(&mut bytes)?;
                    self.put(cluster, &bytes);
                    (ARCHIVE, cluster, size)
                }
            };
            entries.extend(self.entry(&short, attributes, cluster, size));
        }
        Ok(entries)
    }

    fn entry(&self, name: &[u8; 11], attributes: u8, cluster: usize, size: usize) -> [u8; ENTRY] {
        let (day, time) = (self.moment.date(), self.moment.time());
        let years = (day.year() - 1980).clamp(0, 127) as u16;
        let date = years << 9 | (day.month() as u16) << 5 | day.day() as u16;
        let clock = (time.hour() as u16) << 11 | (time.minute() as u16) << 5 | ((time.second() as u16) / 2);
        let mut entry = [0; ENTRY];
        entry[..11].copy_from_slice(name);
        entry[11] = attributes;
        for (at, value) in [
            (14, clock),
            (16, date),
            (18, date),
            (22, clock),
            (24, date),
            (26, cluster as u16),
        ] {
            entry[at..at + 2].copy_from_slice(&value.to_le_bytes());
        }
        entry[28..].copy_from_slice(&(size as u32).to_le_bytes());
        entry
    }
}

fn check_name(name: &str) -> Result<()> {
    let forbidden = |c: char| c.is_control() || "\"*:<>?|/\\".contains(c);
    if name.chars().any(forbidden) || name.ends_with(['.', ' ']) || name.encode_utf16().count() > 255 {
        let message = format!("`{name}` is no name that a file on a floppy disk can have");
        return Err(
            Error::new(ErrorKind::Config, message).hint("leave out `\" * : < > ? |`, and dots and spaces at its end")
        );
    }
    Ok(())
}

fn short_label(label: &str) -> Result<[u8; 11]> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || " _-$~!#%&'()@^`{}".contains(c);
    if label.len() > 11 || !label.chars().all(allowed) {
        let message =
            format!("`{label}` is no name of a floppy disk: it has up to eleven letters, digits, `_` and `-`");
        return Err(Error::new(ErrorKind::Config, message).hint("set a shorter `floppy_label`"));
    }
    let mut padded = [b' '; 11];
    padded[..label.len()].copy_from_slice(label.to_ascii_uppercase().as_bytes());
    Ok(padded)
}

/// A name of eight and three characters that nothing in the folder has yet.
fn short_name(name: &str, taken: &mut HashSet<[u8; 11]>) -> [u8; 11] {
    let (stem, extension) = match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => (stem, extension),
        _ => (name, ""),
    };
    let letters = |text: &str, most: usize| -> Vec<u8> {
        let known = |c: char| match c {
            c if c.is_ascii_alphanumeric() || "_-$~!#%&'()@^`{}".contains(c) => Some(c.to_ascii_uppercase() as u8),
            '.' | ' ' => None,
            _ => Some(b'_'),
        };
        text.chars().filter_map(known).take(most).collect()
    };
    let (stem, extension) = (letters(stem, 8), letters(extension, 3));
    let made = |stem: &[u8]| {
        let mut short = [b' '; 11];
        short[..stem.len()].copy_from_slice(stem);
        short[8..8 + extension.len()].copy_from_slice(&extension);
        short
    };
    let plain = made(&stem);
    if !stem.is_empty() && same_letters(name, &plain) && taken.insert(plain) {
        return plain;
    }
    let numbered = |number: usize| {
        let tail = format!("~{number}");
        let kept = stem.len().min(8 - tail.len());
        made(&[&stem[..kept], tail.as_bytes()].concat())
    };
    (1..1_000_000)
        .map(numbered)
        .find(|short| taken.insert(*short))
        .unwrap_or(plain)
}

/// `README  TXT` as `README.TXT`.
fn dotted(short: &[u8; 11]) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
    match (text(&short[..8]), text(&short[8..])) {
        (stem, extension) if extension.is_empty() => stem,
        (stem, extension) => format!("{stem}.{extension}"),
    }
}

fn same_letters(name: &str, short: &[u8; 11]) -> bool {
    dotted(short).eq_ignore_ascii_case(name)
}

/// Whether a name needs no long one beside it.
fn is_short(name: &str, short: &[u8; 11]) -> bool {
    dotted(short) == name
}

/// How many entries the long form of a name takes, at most.
fn long_length(name: &str) -> usize {
    name.encode_utf16().count().div_ceil(13)
}

/// The entries before that of the short name, the last part first.
fn long_entries(name: &str, short: &[u8; 11]) -> Vec<u8> {
    const PLACES: [usize; 13] = [1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30];
    let sum = short
        .iter()
        .fold(0_u8, |sum, byte| sum.rotate_right(1).wrapping_add(*byte));
    let units: Vec<u16> = name.encode_utf16().collect();
    let parts: Vec<&[u16]> = units.chunks(13).collect();
    let mut entries = Vec::new();
    for (index, part) in parts.iter().enumerate().rev() {
        let mut entry = [0; ENTRY];
        entry[0] = (index as u8 + 1) | if index + 1 == parts.len() { 0x40 } else { 0 };
        entry[11] = LONG_NAME;
        entry[13] = sum;
        for (i, place) in PLACES.into_iter().enumerate() {
            let unit = match part.get(i) {
                Some(unit) => *unit,
                None if i == part.len() => 0,
                None => 0xffff,
            };
            entry[place..place + 2].copy_from_slice(&unit.to_le_bytes());
        }
        entries.extend(entry);
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names_are_unique() {
        let mut taken = HashSet::new();
        let mut short = |name: &str| dotted(&short_name(name, &mut taken));
        assert_eq!(
            short("Autounattend.xml"),
            "AUTOUNAT~1.XML".replace("AUTOUNAT~1", "AUTOUN~1")
        );
        assert_eq!(short("autounattend2.xml"), "AUTOUN~2.XML");
        assert_eq!(short("ks.cfg"), "KS.CFG");
        assert_eq!(short("KS.CFG"), "KS~1.CFG");
        assert_eq!(short("ä ö.tar.gz"), "__TAR~1.GZ");
        assert_eq!(short(".profile"), "PROFILE~1".replace("PROFILE~1", "PROFIL~1"));
    }

    #[test]
    fn a_disk_is_the_same_each_time_and_has_a_limit() {
        let mut tree = Tree::new();
        tree.add_bytes("a/b.txt", "text").expect("added");
        let disk = floppy(&tree, "packer", None).expect("made");
        assert_eq!(disk.len(), 1_474_560);
        assert_eq!(disk, floppy(&tree, "packer", None).expect("made"));
        assert_ne!(disk, floppy(&tree, "packer", Some(1_700_000_000)).expect("made"));
        tree.add_bytes("large", vec![0; CLUSTERS * SECTOR]).expect("added");
        assert_eq!(
            floppy(&tree, "packer", None).expect_err("full").kind(),
            ErrorKind::NoSpace
        );
        let mut many = Tree::new();
        for number in 0..224 {
            many.add_bytes(&format!("F{number}"), "").expect("added");
        }
        assert_eq!(
            floppy(&many, "packer", None).expect_err("full").kind(),
            ErrorKind::NoSpace
        );
        assert!(floppy(&Tree::new(), "much too long", None).is_err());
        let mut odd = Tree::new();
        odd.add_bytes("a?", "").expect("added");
        assert!(floppy(&odd, "packer", None).is_err());
    }
}
