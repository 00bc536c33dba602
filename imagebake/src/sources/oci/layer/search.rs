//! No layer with a secret: what is packed passes a search on its way, which knows in which file a find stands.

use crate::{
    error::{Error, ErrorKind, Result},
    redact::{Redactor, Search},
};
use std::{
    collections::{BTreeSet, VecDeque},
    io::{self, Write},
};

/// More are not told.
const MOST: usize = 10;

/// A writer of an archive whose contents are searched.
pub(in super::super) struct Searched<W> {
    inner: W,
    search: Option<Search>,
    names: Names,
    /// Secret and file.
    found: BTreeSet<(String, String)>,
}

impl<W: Write> Searched<W> {
    /// Looks for the secrets that `redactor` knows now.
    pub(in super::super) fn new(inner: W, redactor: &Redactor) -> Self {
        Self {
            inner,
            search: redactor.search(),
            names: Names::default(),
            found: BTreeSet::new(),
        }
    }

    /// The writer below.
    ///
    /// # Errors
    /// When the archive has a secret in it.
    pub(in super::super) fn finish(self, step: &str) -> Result<W> {
        let Some((secret, file)) = self.found.first() else {
            return Ok(self.inner);
        };
        let more = match self.found.len() {
            1 => String::new(),
            count => format!(", and {} more", count - 1),
        };
        let message = format!("the step {step} leaves the secret `{secret}` in the image: in {file}{more}");
        let all: Vec<String> = self
            .found
            .iter()
            .map(|(secret, file)| format!("{secret} in {file}"))
            .collect();
        Err(Error::new(ErrorKind::Config, message)
            .context("found", all.join(", "))
            .hint("remove it in the same step: a later one only hides it, and whoever has the image can read it"))
    }
}

impl<W: Write> Write for Searched<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let wrote = self.inner.write(bytes)?;
        if let Some(search) = &mut self.search {
            let (names, found) = (&mut self.names, &mut self.found);
            names.pass(&bytes[..wrote], search.reach());
            search.push(&bytes[..wrote], |secret, at| {
                if found.len() < MOST {
                    found.insert((secret.to_owned(), names.at(at)));
                }
            });
        }
        Ok(wrote)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Which file of the archive a byte belongs to: a tar archive as `pack.rs` writes it, read as it passes.
#[derive(Default)]
struct Names {
    passed: u64,
    /// Where the last entries begin, and their names.
    entries: VecDeque<(u64, String)>,
    header: Vec<u8>,
    /// Bytes of the entry that are still to come, padding included.
    left: u64,
    /// The records before an entry, while they come.
    records: Option<Vec<u8>>,
    path: Option<String>,
    size: Option<u64>,
    /// Where the records began, which belong to the entry after them.
    begin: Option<u64>,
}

impl Names {
    /// Takes what passes; entries that begin further back than `reach` from it are forgotten.
    fn pass(&mut self, mut bytes: &[u8], reach: u64) {
        let oldest = self.passed.saturating_sub(reach);
        while self.entries.get(1).is_some_and(|(begin, _)| *begin <= oldest) {
            self.entries.pop_front();
        }
        while !bytes.is_empty() {
            let taken = match self.left {
                0 => self.take_header(bytes),
                left => {
                    let taken = bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                    if let Some(records) = &mut self.records {
                        records.extend_from_slice(&bytes[..taken]);
                    }
                    self.left -= taken as u64;
                    if self.left == 0 {
                        self.read_records();
                    }
                    taken
                }
            };
            self.passed += taken as u64;
            bytes = &bytes[taken..];
        }
    }

    fn take_header(&mut self, bytes: &[u8]) -> usize {
        let taken = bytes.len().min(512 - self.header.len());
        self.header.extend_from_slice(&bytes[..taken]);
        if self.header.len() < 512 {
            return taken;
        }
        let header = std::mem::take(&mut self.header);
        let text = |range: std::ops::Range<usize>| {
            let field = &header[range];
            let end = field.iter().position(|byte| *byte == 0).unwrap_or(field.len());
            String::from_utf8_lossy(&field[..end]).into_owned()
        };
        let size = u64::from_str_radix(text(124..136).trim(), 8).unwrap_or(0);
        let begin = self.passed + taken as u64 - 512;
        let padded = |size: u64| size.div_ceil(512) * 512;
        if header[156] == b'x' {
            self.begin.get_or_insert(begin);
            self.records = Some(Vec::new());
            self.left = padded(size);
            return taken;
        }
        let name = self.path.take().unwrap_or_else(|| text(0..100));
        self.left = padded(self.size.take().unwrap_or(size));
        if !name.is_empty() {
            self.entries.push_back((self.begin.take().unwrap_or(begin), name));
        }
        taken
    }

    /// `LENGTH NAME=VALUE` lines.
    fn read_records(&mut self) {
        let Some(records) = self.records.take() else { return };
        let mut rest = &records[..];
        while let Some(space) = rest.iter().position(|byte| *byte == b' ') {
            let length = std::str::from_utf8(&rest[..space])
                .ok()
                .and_then(|text| text.parse().ok());
            let Some(record) = length.and_then(|length: usize| rest.get(space + 1..length.saturating_sub(1))) else {
                return;
            };
            let text = String::from_utf8_lossy(record);
            match text.split_once('=') {
                Some(("path", path)) => self.path = Some(path.to_owned()),
                Some(("size", size)) => self.size = size.parse().ok(),
                _ => {}
            }
            rest = &rest[space + 1 + record.len() + 1..];
        }
    }

    /// The entry that the byte at `at` belongs to.
    fn at(&self, at: u64) -> String {
        let entry = self.entries.iter().rev().find(|(begin, _)| *begin <= at);
        entry.map_or_else(
            || "the layer".to_owned(),
            |(_, name)| format!("/{}", name.trim_end_matches('/')),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::oci::layer::{Packing, pack};

    #[test]
    fn each_file_with_a_secret_is_told_whatever_way_the_archive_is_cut() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: String| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            std::fs::write(path, text).expect("written");
        };
        let long = "n".repeat(120);
        write("a", "nothing".into());
        write(
            "b/conf",
            format!("{}password=correct-horse-battery\n", "x".repeat(1000)),
        );
        write(&format!("b/{long}"), "Y29ycmVjdC1ob3JzZS1iYXR0ZXJ5".into());
        write("c", "y".repeat(3000));
        let packing = Packing {
            flavor: None,
            latest: None,
            owner: None,
        };
        let mut archive = Vec::new();
        pack(folder.path(), packing, &mut archive).expect("packed");
        let redactor = Redactor::new();
        for size in [1, 7, 512, 700, 100_000] {
            let written = |redactor: &Redactor| {
                let mut out = Searched::new(Vec::new(), redactor);
                archive
                    .chunks(size)
                    .for_each(|chunk| out.write_all(chunk).expect("written"));
                out
            };
            redactor.register("token", "correct-horse-battery");
            let out = written(&redactor);
            let files: Vec<&str> = out.found.iter().map(|(_, file)| file.as_str()).collect();
            assert_eq!(files, ["/b/conf", &format!("/b/{long}")], "cut into {size}");
            let error = out.finish("2 shell").expect_err("it has a secret");
            assert!(
                error.message().contains("`token`") && !error.full().contains("correct-horse"),
                "{error}"
            );
            let other = Redactor::new();
            other.register("token", "another-secret");
            assert_eq!(written(&other).finish("2 shell").expect("none of them"), archive);
        }
    }
}
