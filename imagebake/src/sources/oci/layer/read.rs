//! Reads tar archives entry by entry: plain, GNU and PAX headers, with values of any bytes. Sparse entries are refused, not misread.

use std::{
    collections::BTreeMap,
    io::{self, Read},
};

/// One entry's header, extensions applied.
#[derive(Debug, Default)]
pub(super) struct Header {
    pub(super) kind: u8,
    pub(super) name: Vec<u8>,
    pub(super) link: Vec<u8>,
    pub(super) mode: u32,
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) size: u64,
    pub(super) mtime: i64,
    pub(super) device: (u32, u32),
    pub(super) xattrs: Vec<(String, Vec<u8>)>,
}

/// No name or extension is longer than this many bytes.
const MAX_EXTENSION: u64 = 16 << 20;

/// An archive as it is read.
pub(super) struct Archive<R> {
    stream: R,
    /// What is left of the current entry's content, and its padding.
    left: u64,
    padding: u64,
    global: BTreeMap<String, Vec<u8>>,
}

impl<R: Read> Archive<R> {
    pub(super) fn new(stream: R) -> Self {
        Self {
            stream,
            left: 0,
            padding: 0,
            global: BTreeMap::new(),
        }
    }

    /// The next entry; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Header>> {
        let mut own: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        let (mut long_name, mut long_link) = (None, None);
        loop {
            self.skip()?;
            let Some(block) = self.block()? else {
                return match own.is_empty() && long_name.is_none() && long_link.is_none() {
                    true => Ok(None),
                    false => Err(bad("it ends after an entry's extension")),
                };
            };
            let mut header = plain(&block)?;
            self.left = header.size;
            self.padding = padding(header.size);
            match header.kind {
                b'x' => own.extend(records(&self.extension()?)?),
                b'g' => {
                    let more = records(&self.extension()?)?;
                    self.global.extend(more);
                }
                b'L' => long_name = Some(text(self.extension()?)),
                b'K' => long_link = Some(text(self.extension()?)),
                b'S' => return Err(bad("it has sparse entries: make it without `--sparse`")),
                _ => {
                    header.name = long_name.take().unwrap_or(header.name);
                    header.link = long_link.take().unwrap_or(header.link);
                    let mut all = self.global.clone();
                    all.append(&mut own);
                    extend(&mut header, all)?;
                    if header.kind != b'0' {
                        // Some programs give links and folders a size, which is none of the archive's.
                        header.size = if matches!(header.kind, b'1'..=b'6') {
                            0
                        } else {
                            header.size
                        };
                    }
                    self.left = header.size;
                    self.padding = padding(header.size);
                    return Ok(Some(header));
                }
            }
        }
    }

    fn block(&mut self) -> io::Result<Option<[u8; 512]>> {
        let mut block = [0; 512];
        let mut got = 0;
        while got < block.len() {
            match self.stream.read(&mut block[got..])? {
                0 if got == 0 => return Ok(None),
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                more => got += more,
            }
        }
        Ok(block.iter().any(|byte| *byte != 0).then_some(block))
    }

    fn skip(&mut self) -> io::Result<()> {
        let rest = self.left + self.padding;
        let skipped = io::copy(&mut (&mut self.stream).take(rest), &mut io::sink())?;
        (self.left, self.padding) = (0, 0);
        match skipped == rest {
            true => Ok(()),
            false => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    fn extension(&mut self) -> io::Result<Vec<u8>> {
        if self.left > MAX_EXTENSION {
            return Err(bad("an extension is too long"));
        }
        let mut bytes = Vec::new();
        self.read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// The current entry's content.
impl<R: Read> Read for Archive<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let want = usize::try_from(self.left).map_or(buffer.len(), |left| left.min(buffer.len()));
        if want == 0 {
            return Ok(0);
        }
        let got = self.stream.read(&mut buffer[..want])?;
        if got == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left -= got as u64;
        Ok(got)
    }
}

fn bad(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why.to_owned())
}

fn padding(size: u64) -> u64 {
    (512 - size % 512) % 512
}

/// A field's text, without what fills it up.
fn text(mut bytes: Vec<u8>) -> Vec<u8> {
    if let Some(end) = bytes.iter().position(|byte| *byte == 0) {
        bytes.truncate(end);
    }
    bytes
}

fn plain(block: &[u8; 512]) -> io::Result<Header> {
    let sum: u32 = block
        .iter()
        .enumerate()
        .map(|(i, byte)| if (148..156).contains(&i) { 32 } else { u32::from(*byte) })
        .sum();
    if number(&block[148..156])? != u64::from(sum) {
        return Err(bad("a header's checksum is wrong"));
    }
    let id = |field: &[u8]| number(field).and_then(|id| u32::try_from(id).map_err(io::Error::other));
    let mut name = text(block[0..100].to_vec());
    let prefix = text(block[345..500].to_vec());
    if &block[257..263] == b"ustar\0" && !prefix.is_empty() {
        name = [prefix, name].join(&b'/');
    }
    let kind = match block[156] {
        // Old archives mark folders by their names alone.
        0 | b'7' | b'0' if name.ends_with(b"/") => b'5',
        0 | b'7' => b'0',
        kind => kind,
    };
    Ok(Header {
        kind,
        name,
        link: text(block[157..257].to_vec()),
        mode: id(&block[100..108])? & 0o7777,
        uid: id(&block[108..116])?,
        gid: id(&block[116..124])?,
        size: number(&block[124..136])?,
        mtime: number(&block[136..148]).unwrap_or(0).try_into().unwrap_or(0),
        device: (id(&block[329..337]).unwrap_or(0), id(&block[337..345]).unwrap_or(0)),
        xattrs: Vec::new(),
    })
}

/// Octal digits, or GNU's binary form for what does not fit.
fn number(field: &[u8]) -> io::Result<u64> {
    if field[0] & 0x80 != 0 {
        let bytes = field
            .iter()
            .enumerate()
            .map(|(i, byte)| if i == 0 { byte & 0x7f } else { *byte });
        return bytes.into_iter().try_fold(0u64, |sum, byte| {
            sum.checked_mul(256)
                .map(|sum| sum + u64::from(byte))
                .ok_or_else(|| bad("a number is too large"))
        });
    }
    let digits = field
        .iter()
        .skip_while(|byte| **byte == b' ')
        .take_while(|byte| !matches!(byte, 0 | b' '));
    digits.copied().try_fold(0u64, |sum, digit| match digit {
        b'0'..=b'7' => sum
            .checked_mul(8)
            .map(|sum| sum + u64::from(digit - b'0'))
            .ok_or_else(|| bad("a number is too large")),
        _ => Err(bad("a number is not octal")),
    })
}

/// `LENGTH NAME=VALUE\n`, again and again; the length alone says where a value ends.
fn records(mut bytes: &[u8]) -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut found = Vec::new();
    while !bytes.is_empty() && bytes[0] != 0 {
        let wrong = || bad("an extension is malformed");
        let space = bytes.iter().position(|byte| *byte == b' ').ok_or_else(wrong)?;
        let length = std::str::from_utf8(&bytes[..space])
            .ok()
            .and_then(|text| text.parse::<usize>().ok());
        let length = length
            .filter(|length| *length > space + 1 && *length <= bytes.len())
            .ok_or_else(wrong)?;
        let record = bytes[space + 1..length].strip_suffix(b"\n").ok_or_else(wrong)?;
        let equals = record.iter().position(|byte| *byte == b'=').ok_or_else(wrong)?;
        let name = String::from_utf8_lossy(&record[..equals]).into_owned();
        found.push((name, record[equals + 1..].to_vec()));
        bytes = &bytes[length..];
    }
    Ok(found)
}

fn extend(header: &mut Header, records: BTreeMap<String, Vec<u8>>) -> io::Result<()> {
    for (name, value) in records {
        let number = || -> io::Result<f64> {
            let text = std::str::from_utf8(&value).map_err(io::Error::other)?;
            text.parse().map_err(io::Error::other)
        };
        let whole = || -> io::Result<u64> {
            let text = std::str::from_utf8(&value).map_err(io::Error::other)?;
            text.parse().map_err(io::Error::other)
        };
        let id = || whole().and_then(|id| u32::try_from(id).map_err(io::Error::other));
        match name.as_str() {
            "path" => header.name = value,
            "linkpath" => header.link = value,
            "size" => header.size = whole()?,
            "uid" => header.uid = id()?,
            "gid" => header.gid = id()?,
            "mtime" => header.mtime = number()?.floor() as i64,
            name if name.starts_with("GNU.sparse.") => {
                return Err(bad("it has sparse entries: make it without `--sparse`"));
            }
            name => {
                if let Some(name) = name.strip_prefix("SCHILY.xattr.") {
                    header.xattrs.push((name.to_owned(), value));
                }
            }
        }
    }
    Ok(())
}
