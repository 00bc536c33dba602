//! A CD: ISO 9660, with Rock Ridge (names and modes for Unix) and Joliet (names for Windows) in one image, over the same bytes of files.
//!
//! ```text
//! 16 empty | descriptors | path tables | folders of ISO and Rock Ridge | folders of Joliet | files
//! ```
//!
//! Everything has its place before anything is written, so that files of any size are written as they are read.

use super::{Entry, Tree, moment};
use crate::error::{Error, ErrorKind, Result};
use jiff::civil::DateTime;
use std::{collections::HashSet, io::Write};

const SECTOR: usize = 2048;
/// Descriptors begin behind sixteen sectors that belong to whoever starts from the disc.
const FIRST: u32 = 16;
/// Longer names do not fit into a folder's records.
const LONGEST_NAME: usize = 103;
const FOLDER: u8 = 2;

/// Writes a CD with `tree` on it, called `label`. `fixed` is the moment of `SOURCE_DATE_EPOCH`, where there is one: without it the same one stands
/// on every disc, so that the same files give the same bytes. Blocking.
///
/// # Errors
/// When a name or the label cannot be on a CD, a file has 4 GiB or more, or something cannot be read or written.
pub fn write_cd(tree: &Tree, label: &str, fixed: Option<i64>, out: &mut impl Write) -> Result<()> {
    if label.len() > 32 || label.encode_utf16().count() > 16 || label.chars().any(char::is_control) {
        let message = format!("`{label}` is no name of a CD: it has up to 16 characters");
        return Err(Error::new(ErrorKind::Config, message).hint("set a shorter `cd_label`"));
    }
    let disc = Disc::lay_out(tree, label, moment(fixed))?;
    out.write_all(&disc.before_files()).map_err(Error::from)?;
    for file in &disc.files {
        file.write_to(out)?;
        let rest = (SECTOR as u64 - file.size() % SECTOR as u64) % SECTOR as u64;
        out.write_all(&vec![0; rest as usize]).map_err(Error::from)?;
    }
    out.flush().map_err(Error::from)
}

/// Which names folders are written with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Names {
    /// Eight and three letters, with the true name beside them.
    RockRidge,
    /// Sixteen bits a character.
    Joliet,
}

/// A folder, with the numbers of what is in it.
#[derive(Default)]
struct Folder<'a> {
    parent: usize,
    children: Vec<Child<'a>>,
    /// Its name in its parent, in both forms.
    names: [Vec<u8>; 2],
    depth: usize,
    extents: [u32; 2],
    sizes: [u32; 2],
}

struct Child<'a> {
    name: &'a str,
    names: [Vec<u8>; 2],
    what: What,
}

#[derive(Clone, Copy)]
enum What {
    Folder(usize),
    File(usize),
}

struct Disc<'a> {
    label: &'a str,
    moment: DateTime,
    /// Those nearer to the first one come first, as path tables want it.
    folders: Vec<Folder<'a>>,
    files: Vec<&'a Entry>,
    places: Vec<u32>,
    tables: [u32; 4],
    table_sizes: [u32; 2],
    sectors: u32,
}

fn index(names: Names) -> usize {
    usize::from(names == Names::Joliet)
}

impl<'a> Disc<'a> {
    fn lay_out(tree: &'a Tree, label: &'a str, moment: DateTime) -> Result<Self> {
        let mut disc = Self {
            label,
            moment,
            folders: vec![Folder {
                names: [vec![0], vec![0]],
                ..Folder::default()
            }],
            files: Vec::new(),
            places: Vec::new(),
            tables: [0; 4],
            table_sizes: [0; 2],
            sectors: 0,
        };
        let mut waiting = vec![(0, tree)];
        let mut at = 0;
        while let Some((own, tree)) = waiting.get(at).copied() {
            at += 1;
            let mut taken = HashSet::new();
            for (name, entry) in tree.entries() {
                check_name(name)?;
                let is_folder = matches!(entry, Entry::Folder(_));
                let names = [iso_name(name, is_folder, &mut taken), joliet_name(name)];
                let what = match entry {
                    Entry::Folder(below) => {
                        let number = disc.folders.len();
                        disc.folders.push(Folder {
                            parent: own,
                            names: names.clone(),
                            depth: disc.folders[own].depth + 1,
                            ..Folder::default()
                        });
                        waiting.push((number, below));
                        What::Folder(number)
                    }
                    file => {
                        if u32::try_from(file.size()).is_err() {
                            let message = format!("`{name}` has 4 GiB or more, which no file on a CD has");
                            return Err(Error::new(ErrorKind::Config, message).hint("serve it by HTTP, or upload it"));
                        }
                        disc.files.push(file);
                        What::File(disc.files.len() - 1)
                    }
                };
                disc.folders[own].children.push(Child { name, names, what });
            }
        }
        disc.give_places()?;
        Ok(disc)
    }

    fn give_places(&mut self) -> Result<()> {
        let full = || Error::new(ErrorKind::NoSpace, "the files are more than a CD image can hold");
        // Behind them: the two volumes and the end of the descriptors.
        let mut next = FIRST + 3;
        let mut take = |bytes: u64| {
            let place = next;
            let sectors = u32::try_from(bytes.div_ceil(SECTOR as u64)).ok()?;
            next = next.checked_add(sectors)?;
            Some(place)
        };
        for names in [Names::RockRidge, Names::Joliet] {
            let form = index(names);
            let size = self.path_table(names, false).len();
            self.table_sizes[form] = size as u32;
            self.tables[form * 2] = take(size as u64).ok_or_else(full)?;
            self.tables[form * 2 + 1] = take(size as u64).ok_or_else(full)?;
        }
        for names in [Names::RockRidge, Names::Joliet] {
            for number in 0..self.folders.len() {
                let size = self.folder(number, names).len();
                self.folders[number].sizes[index(names)] = size as u32;
                self.folders[number].extents[index(names)] = take(size as u64).ok_or_else(full)?;
            }
        }
        for file in &self.files {
            self.places.push(take(file.size()).ok_or_else(full)?);
        }
        self.sectors = next;
        Ok(())
    }

    fn before_files(&self) -> Vec<u8> {
        let mut out = vec![0; SECTOR * FIRST as usize];
        let mut put = |bytes: Vec<u8>| {
            out.extend(bytes);
            out.resize(out.len().next_multiple_of(SECTOR), 0);
        };
        put(self.descriptor(Names::RockRidge));
        put(self.descriptor(Names::Joliet));
        put(b"\xffCD001\x01".to_vec());
        for names in [Names::RockRidge, Names::Joliet] {
            put(self.path_table(names, false));
            put(self.path_table(names, true));
        }
        for names in [Names::RockRidge, Names::Joliet] {
            for number in 0..self.folders.len() {
                put(self.folder(number, names));
            }
        }
        out
    }

    fn descriptor(&self, names: Names) -> Vec<u8> {
        let form = index(names);
        let mut out = vec![0; SECTOR];
        out[0] = 1 + form as u8;
        out[1..7].copy_from_slice(b"CD001\x01");
        let mut text = |at: usize, length: usize, text: &str| {
            let field = &mut out[at..at + length];
            match names {
                Names::RockRidge => {
                    field.fill(b' ');
                    field[..text.len()].copy_from_slice(text.as_bytes());
                }
                Names::Joliet => {
                    for pair in field.chunks_exact_mut(2) {
                        pair.copy_from_slice(&[0, b' ']);
                    }
                    field[..text.encode_utf16().count() * 2].copy_from_slice(&joliet_name(text));
                }
            }
        };
        text(8, 32, "");
        text(40, 32, self.label);
        for (at, length) in [
            (190, 128),
            (318, 128),
            (446, 128),
            (574, 128),
            (702, 37),
            (739, 37),
            (776, 37),
        ] {
            text(at, length, "");
        }
        out[80..88].copy_from_slice(&both32(self.sectors));
        if names == Names::Joliet {
            out[88..91].copy_from_slice(b"%/E"); // UCS-2, level 3.
        }
        out[120..124].copy_from_slice(&both16(1));
        out[124..128].copy_from_slice(&both16(1));
        out[128..132].copy_from_slice(&both16(SECTOR as u16));
        out[132..140].copy_from_slice(&both32(self.table_sizes[form]));
        out[140..144].copy_from_slice(&self.tables[form * 2].to_le_bytes());
        out[148..152].copy_from_slice(&self.tables[form * 2 + 1].to_be_bytes());
        let root = self.record(
            &[0],
            self.folders[0].extents[form],
            self.folders[0].sizes[form],
            FOLDER,
            &[],
        );
        out[156..156 + root.len()].copy_from_slice(&root);
        let now = self.moment.strftime("%Y%m%d%H%M%S00").to_string();
        for at in [813, 830] {
            out[at..at + 16].copy_from_slice(now.as_bytes());
        }
        for at in [847, 864] {
            out[at..at + 16].fill(b'0');
        }
        out[881] = 1;
        out
    }

    /// All folders, by depth, in both orders of bytes.
    fn path_table(&self, names: Names, big: bool) -> Vec<u8> {
        let form = index(names);
        let mut out = Vec::new();
        // Numbers of folders in the table: by depth, then by the parent's number, then by name.
        let mut order: Vec<usize> = (0..self.folders.len()).collect();
        let mut numbers = vec![0_usize; self.folders.len()];
        order.sort_by_key(|number| self.folders[*number].depth);
        let mut start = 0;
        while start < order.len() {
            let depth = self.folders[order[start]].depth;
            let end = order[start..]
                .iter()
                .position(|number| self.folders[*number].depth != depth);
            let end = end.map_or(order.len(), |length| start + length);
            order[start..end].sort_by_key(|number| {
                let folder = &self.folders[*number];
                (numbers[folder.parent], folder.names[form].clone())
            });
            for (place, number) in order.iter().enumerate().take(end).skip(start) {
                numbers[*number] = place;
            }
            start = end;
        }
        for number in order {
            let folder = &self.folders[number];
            let name = &folder.names[form];
            let parent = numbers[folder.parent] as u16 + 1;
            let extent = folder.extents[form];
            out.extend([name.len() as u8, 0]);
            match big {
                true => {
                    out.extend(extent.to_be_bytes());
                    out.extend(parent.to_be_bytes());
                }
                false => {
                    out.extend(extent.to_le_bytes());
                    out.extend(parent.to_le_bytes());
                }
            }
            out.extend(name);
            out.resize(out.len().next_multiple_of(2), 0);
        }
        out
    }

    /// The records of a folder; none goes over the end of a sector.
    fn folder(&self, number: usize, names: Names) -> Vec<u8> {
        let form = index(names);
        let folder = &self.folders[number];
        let parent = &self.folders[folder.parent];
        let ridge = |bytes: Vec<u8>| if names == Names::RockRidge { bytes } else { Vec::new() };
        let begin = if number == 0 { ridge(first_use()) } else { Vec::new() };
        let own = [begin, ridge(self.attributes(true, folder))].concat();
        let mut records = vec![
            self.record(&[0], folder.extents[form], folder.sizes[form], FOLDER, &own),
            self.record(
                &[1],
                parent.extents[form],
                parent.sizes[form],
                FOLDER,
                &ridge(self.attributes(true, parent)),
            ),
        ];
        let mut children: Vec<&Child<'_>> = folder.children.iter().collect();
        children.sort_by(|one, other| one.names[form].cmp(&other.names[form]));
        for child in children {
            let name = ridge(name_entry(child.name));
            records.push(match child.what {
                What::Folder(below) => {
                    let below = &self.folders[below];
                    let more = [name, ridge(self.attributes(true, below))].concat();
                    self.record(
                        &child.names[form],
                        below.extents[form],
                        below.sizes[form],
                        FOLDER,
                        &more,
                    )
                }
                What::File(file) => {
                    let more = [name, ridge(self.attributes(false, folder))].concat();
                    let place = self.places.get(file).copied().unwrap_or(0);
                    self.record(&child.names[form], place, self.files[file].size() as u32, 0, &more)
                }
            });
        }
        let mut out = Vec::new();
        for record in records {
            if out.len() % SECTOR + record.len() > SECTOR {
                out.resize(out.len().next_multiple_of(SECTOR), 0);
            }
            out.extend(record);
        }
        out.resize(out.len().next_multiple_of(SECTOR), 0);
        out
    }

    fn record(&self, name: &[u8], extent: u32, size: u32, flags: u8, more: &[u8]) -> Vec<u8> {
        let mut out = vec![0, 0];
        out.extend(both32(extent));
        out.extend(both32(size));
        out.extend(self.short_moment());
        out.extend([flags, 0, 0]);
        out.extend(both16(1));
        out.push(name.len() as u8);
        out.extend(name);
        out.resize(out.len().next_multiple_of(2), 0);
        out.extend(more);
        out.resize(out.len().next_multiple_of(2), 0);
        out[0] = out.len() as u8;
        out
    }

    fn short_moment(&self) -> [u8; 7] {
        let (day, time) = (self.moment.date(), self.moment.time());
        let years = (day.year() - 1900).clamp(0, 255) as u8;
        [
            years,
            day.month() as u8,
            day.day() as u8,
            time.hour() as u8,
            time.minute() as u8,
            time.second() as u8,
            0,
        ]
    }

    /// Rock Ridge: who may do what (`PX`), and since when (`TF`). Everybody may read; scripts may be run from it.
    fn attributes(&self, is_folder: bool, folder: &Folder<'_>) -> Vec<u8> {
        let below = folder
            .children
            .iter()
            .filter(|child| matches!(child.what, What::Folder(_)));
        let (mode, links) = match is_folder {
            true => (0o040_555, 2 + below.count() as u32),
            false => (0o100_555, 1),
        };
        let mut out = b"PX\x24\x01".to_vec();
        for number in [mode, links, 0, 0] {
            out.extend(both32(number));
        }
        out.extend(b"TF\x0c\x01\x02");
        out.extend(self.short_moment());
        out
    }
}

/// Rock Ridge: that it is used, and which version.
fn first_use() -> Vec<u8> {
    const NAME: &[u8] = b"RRIP_1991A";
    let mut out = b"SP\x07\x01\xbe\xef\x00".to_vec();
    out.extend(b"ER");
    out.extend([8 + NAME.len() as u8, 1, NAME.len() as u8, 0, 0, 1]);
    out.extend(NAME);
    out
}

/// Rock Ridge: the name as it is.
fn name_entry(name: &str) -> Vec<u8> {
    let mut out = b"NM".to_vec();
    out.extend([5 + name.len() as u8, 1, 0]);
    out.extend(name.as_bytes());
    out
}

fn both32(number: u32) -> [u8; 8] {
    let mut out = [0; 8];
    out[..4].copy_from_slice(&number.to_le_bytes());
    out[4..].copy_from_slice(&number.to_be_bytes());
    out
}

fn both16(number: u16) -> [u8; 4] {
    let mut out = [0; 4];
    out[..2].copy_from_slice(&number.to_le_bytes());
    out[2..].copy_from_slice(&number.to_be_bytes());
    out
}

fn check_name(name: &str) -> Result<()> {
    // Joliet has no place for these.
    let forbidden = |c: char| c.is_control() || "*/:;?\\".contains(c);
    if name.len() > LONGEST_NAME || name.chars().any(forbidden) {
        let message = format!("`{name}` is no name that a file on a CD can have");
        let help = format!("use up to {LONGEST_NAME} bytes, without `* / : ; ? \\`");
        return Err(Error::new(ErrorKind::Config, message).hint(help));
    }
    Ok(())
}

/// Sixteen bits a character; what needs more is two of them.
fn joliet_name(name: &str) -> Vec<u8> {
    name.encode_utf16().flat_map(u16::to_be_bytes).collect()
}

/// A name of eight and three letters that nothing in the folder has yet.
fn iso_name(name: &str, is_folder: bool, taken: &mut HashSet<Vec<u8>>) -> Vec<u8> {
    let letters = |text: &str, most: usize| -> String {
        let letter = |c: char| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_uppercase()
            } else {
                '_'
            }
        };
        text.chars().map(letter).take(most).collect()
    };
    let (stem, extension) = match name.rsplit_once('.') {
        Some((stem, extension)) if !is_folder => (letters(stem, 8), letters(extension, 3)),
        _ => (letters(name, 8), String::new()),
    };
    let made = |stem: &str| match is_folder {
        true => stem.as_bytes().to_vec(),
        false => format!("{stem}.{extension};1").into_bytes(),
    };
    let plain = made(&stem);
    if taken.insert(plain.clone()) {
        return plain;
    }
    let numbered = |number: usize| {
        let tail = format!("_{number}");
        made(&format!("{}{tail}", &stem[..stem.len().min(8 - tail.len())]))
    };
    (1..1_000_000)
        .map(numbered)
        .find(|name| taken.insert(name.clone()))
        .unwrap_or(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disc(tree: &Tree, label: &str, fixed: Option<i64>) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        write_cd(tree, label, fixed, &mut out).map(|()| out)
    }

    #[test]
    fn a_disc_is_the_same_each_time() {
        let mut tree = Tree::new();
        tree.add_bytes("user-data", "#cloud-config\n").expect("added");
        tree.add_bytes("a/b/c", vec![7; 5000]).expect("added");
        let one = disc(&tree, "cidata", None).expect("made");
        assert_eq!(one.len() % SECTOR, 0);
        assert_eq!(one, disc(&tree, "cidata", None).expect("made"));
        assert_ne!(one, disc(&tree, "cidata", Some(1_700_000_000)).expect("made"));
        assert_eq!(&one[16 * SECTOR + 40..][..7], b"cidata ");
        let sectors = u32::from_le_bytes(one[16 * SECTOR + 80..][..4].try_into().expect("four"));
        assert_eq!(
            sectors as usize * SECTOR,
            one.len(),
            "the size on the label is that of the disc"
        );
    }

    #[test]
    fn what_cannot_be_on_a_disc_is_refused() {
        assert!(disc(&Tree::new(), "a label much too long for it", None).is_err());
        for name in ["x".repeat(104), "a:b".to_owned()] {
            let mut tree = Tree::new();
            tree.add_bytes(&name, "").expect("added");
            assert!(disc(&tree, "cidata", None).is_err(), "{name}");
        }
    }

    #[test]
    fn names_of_old_systems_are_unique() {
        let mut taken = HashSet::new();
        let mut name = |name: &str, folder| String::from_utf8(iso_name(name, folder, &mut taken)).expect("letters");
        assert_eq!(name("user-data", false), "USER_DAT.;1");
        assert_eq!(name("user-data2", false), "USER_D_1.;1");
        assert_eq!(name("Setup.exe", false), "SETUP.EXE;1");
        assert_eq!(name("drivers.d", true), "DRIVERS_");
    }
}
