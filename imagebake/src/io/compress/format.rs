//! Which format an output has, by its name.

use std::fmt;
use std::ops::RangeInclusive;
use std::path::Path;
use std::str::FromStr;

use crate::io::error::{Error, Result};

/// The default of gzip, which is no level that can be asked for.
pub(super) const BY_GAIN: u32 = 0;

/// A compression of one stream of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// gzip, `.gz`; levels 1 to 9, by default 3 where that gains enough over 1, which is decided for each MiB.
    Gzip,
    /// Zstandard, `.zst`; levels 1 to 22, by default 3.
    Zstd,
    /// xz, `.xz`; levels 0 to 9, by default 6; cargo feature `xz`.
    Xz,
    /// lz4 frame, `.lz4`; one level; cargo feature `lz4`.
    Lz4,
    /// bzip2, `.bz2`; levels 1 to 9, by default 9; cargo feature `bzip2`.
    Bzip2,
}

impl Codec {
    fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Xz => "xz",
            Self::Lz4 => "lz4",
            Self::Bzip2 => "bzip2",
        }
    }

    fn levels(self) -> (RangeInclusive<u32>, u32) {
        match self {
            Self::Gzip => (1..=9, BY_GAIN),
            Self::Zstd => (1..=22, 3),
            Self::Xz => (0..=9, 6),
            Self::Lz4 => (1..=1, 1),
            Self::Bzip2 => (1..=9, 9),
        }
    }

    fn is_compiled(self) -> bool {
        match self {
            Self::Gzip | Self::Zstd => true,
            Self::Xz => cfg!(feature = "xz"),
            Self::Lz4 => cfg!(feature = "lz4"),
            Self::Bzip2 => cfg!(feature = "bzip2"),
        }
    }

    pub(super) fn not_compiled(self) -> Error {
        // The feature of a codec has its name.
        Error::FormatNotCompiled {
            format: self.name(),
            feature: self.name(),
        }
    }
}

/// What an output file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// One file, compressed.
    Single(Codec),
    /// A tar archive of any number of files, compressed or not.
    Tar(Option<Codec>),
    /// A zip archive of any number of files; levels 1 to 9, by default 6; cargo feature `zip`.
    Zip,
}

/// Extensions and their formats; a longer one stands before its own end. The first of a format is the one shown.
const EXTENSIONS: [(&str, Format); 18] = [
    (".tar.gz", Format::Tar(Some(Codec::Gzip))),
    (".tgz", Format::Tar(Some(Codec::Gzip))),
    (".tar.zst", Format::Tar(Some(Codec::Zstd))),
    (".tzst", Format::Tar(Some(Codec::Zstd))),
    (".tar.xz", Format::Tar(Some(Codec::Xz))),
    (".txz", Format::Tar(Some(Codec::Xz))),
    (".tar.lz4", Format::Tar(Some(Codec::Lz4))),
    (".tar.bz2", Format::Tar(Some(Codec::Bzip2))),
    (".tbz2", Format::Tar(Some(Codec::Bzip2))),
    (".tbz", Format::Tar(Some(Codec::Bzip2))),
    (".tar", Format::Tar(None)),
    (".zip", Format::Zip),
    (".gz", Format::Single(Codec::Gzip)),
    (".zst", Format::Single(Codec::Zstd)),
    (".xz", Format::Single(Codec::Xz)),
    (".lz4", Format::Single(Codec::Lz4)),
    (".bz2", Format::Single(Codec::Bzip2)),
    (".zstd", Format::Single(Codec::Zstd)),
];

impl Format {
    /// The format that the extension of `path` names, in any case.
    ///
    /// # Errors
    ///
    /// No known format has that extension; the error lists those known.
    pub fn of_path(path: &Path) -> Result<Self> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        by_extension(&name).ok_or_else(|| unknown(&name))
    }

    /// The extension with its dot: `.tar.gz`.
    #[must_use]
    pub fn extension(self) -> &'static str {
        EXTENSIONS
            .iter()
            .find(|(_, format)| *format == self)
            .map_or("", |(extension, _)| extension)
    }

    /// Whether it holds several files and their names.
    #[must_use]
    pub fn is_archive(self) -> bool {
        !matches!(self, Self::Single(_))
    }

    /// The compression levels that can be asked for; none for a bare tar.
    #[must_use]
    pub fn levels(self) -> Option<RangeInclusive<u32>> {
        self.levels_and_default().map(|(levels, _)| levels)
    }

    fn levels_and_default(self) -> Option<(RangeInclusive<u32>, u32)> {
        match self {
            Self::Single(codec) | Self::Tar(Some(codec)) => Some(codec.levels()),
            Self::Tar(None) => None,
            Self::Zip => Some((1..=9, 6)),
        }
    }

    /// Whether this binary can write it.
    ///
    /// # Errors
    ///
    /// The cargo feature that brings it, by name.
    pub fn check_compiled(self) -> Result<()> {
        match self {
            Self::Single(codec) | Self::Tar(Some(codec)) if !codec.is_compiled() => Err(codec.not_compiled()),
            Self::Zip if !cfg!(feature = "zip") => Err(Error::FormatNotCompiled {
                format: "zip",
                feature: "zip",
            }),
            _ => Ok(()),
        }
    }

    /// Refuses a level that the format does not have.
    ///
    /// # Errors
    ///
    /// The range that it has.
    pub fn check_level(self, asked: Option<u32>) -> Result<()> {
        self.level(asked).map(drop)
    }

    /// The level to use.
    pub(super) fn level(self, asked: Option<u32>) -> Result<u32> {
        let format = self.extension();
        match (self.levels_and_default(), asked) {
            (None, None) => Ok(0),
            (None, Some(level)) => Err(Error::Level {
                format,
                level,
                min: 0,
                max: 0,
            }),
            (Some((_, default)), None) => Ok(default),
            (Some((levels, _)), Some(level)) if levels.contains(&level) => Ok(level),
            (Some((levels, _)), Some(level)) => Err(Error::Level {
                format,
                level,
                min: *levels.start(),
                max: *levels.end(),
            }),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.extension().trim_start_matches('.'))
    }
}

impl FromStr for Format {
    type Err = Error;

    /// Reads an extension with or without its dot, in any case: `tar.gz`, `.ZIP`.
    fn from_str(name: &str) -> Result<Self> {
        let dotted = format!(".{}", name.trim_start_matches('.').to_ascii_lowercase());
        EXTENSIONS
            .iter()
            .find(|(extension, _)| *extension == dotted)
            .map(|(_, format)| *format)
            .ok_or_else(|| unknown(name))
    }
}

fn by_extension(name: &str) -> Option<Format> {
    let name = name.to_ascii_lowercase();
    // A name that is nothing but an extension, such as `.tar`, is a hidden file without one.
    let has = |extension: &str| name.len() > extension.len() && name.ends_with(extension);
    EXTENSIONS
        .iter()
        .find(|(extension, _)| has(extension))
        .map(|(_, format)| *format)
}

fn unknown(name: &str) -> Error {
    let known: Vec<&str> = EXTENSIONS.iter().map(|(extension, _)| *extension).collect();
    Error::UnknownFormat {
        name: name.to_owned(),
        known: known.join(" "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_the_output_names_its_format() {
        let of = |name: &str| Format::of_path(Path::new(name)).unwrap();
        assert_eq!(of("out/web-1.4.tar.gz"), Format::Tar(Some(Codec::Gzip)));
        assert_eq!(of("web.TGZ"), Format::Tar(Some(Codec::Gzip)));
        assert_eq!(of("disk.raw.zst"), Format::Single(Codec::Zstd));
        assert_eq!(of("a.tar"), Format::Tar(None));
        assert_eq!(of("a.zip"), Format::Zip);
        assert_eq!("tar.lz4".parse::<Format>().unwrap(), Format::Tar(Some(Codec::Lz4)));
    }

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        for name in ["disk.rar", "disk", ".gz", "gz", ""] {
            let error = Format::of_path(Path::new(name)).unwrap_err().to_string();
            assert!(
                error.contains(".tar.gz .tgz") && error.contains(".bz2"),
                "{name}: {error}"
            );
        }
    }

    #[test]
    fn extension_and_format_name_each_other() {
        for (extension, format) in EXTENSIONS {
            assert_eq!(extension.parse::<Format>().unwrap(), format);
            assert_eq!(format.extension().parse::<Format>().unwrap(), format);
        }
    }

    #[test]
    fn a_level_out_of_range_is_refused_with_the_range() {
        let error = Format::Single(Codec::Gzip).level(Some(10)).unwrap_err().to_string();
        assert!(error.contains("from 1 to 9"), "{error}");
        assert_eq!(Format::Single(Codec::Xz).level(Some(0)).unwrap(), 0);
        assert!(Format::Tar(None).level(Some(1)).is_err());
    }
}
