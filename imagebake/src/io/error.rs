//! What can go wrong while files are read, compressed, copied or unpacked.
//!
//! Each message names the file and ends with what to do next; nothing here decides whether to retry.

use std::io;
use std::path::{Path, PathBuf};

use crate::error::ErrorKind;

/// The result of everything in [`crate::io`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of the streaming layer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused a read, write, create or rename.
    #[error("cannot {action} {}: {}", path.display(), explain(source))]
    Os {
        /// What was tried, as a verb: `read`, `create`, `write`, `rename`.
        action: &'static str,
        /// The file it was tried on.
        path: PathBuf,
        /// The operating system's own error.
        #[source]
        source: io::Error,
    },
    /// The input grew, shrank or was rewritten while it was read, so that digests and output would describe no state of it.
    #[error("{} changed while it was read ({before} bytes at the start, {after} now); stop what writes to it, then build again", path.display())]
    Changed {
        /// The input.
        path: PathBuf,
        /// Its size in bytes when it was opened.
        before: u64,
        /// The bytes that could be read, or its size in bytes when reading ended.
        after: u64,
    },
    /// A file was expected and something else stands there.
    #[error("{} is {what}, not a file; name a regular file", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
        /// What stands there: `a folder`, `a device`.
        what: &'static str,
    },
    /// No known format has the extension of the output.
    #[error(
        "the format of {name:?} is unknown: its extension is none of {known}; rename the output or state the format"
    )]
    UnknownFormat {
        /// The name of the output, or the format as it was given.
        name: String,
        /// Every known extension, separated by commas.
        known: String,
    },
    /// The format is known, but was left out of this binary.
    #[error("{format} is not compiled in; add the cargo feature {feature:?} to the dependency `imagebake`")]
    FormatNotCompiled {
        /// The format.
        format: &'static str,
        /// The cargo feature that brings it.
        feature: &'static str,
    },
    /// A compression level outside the format's range.
    #[error("{format} has no compression level {level}; choose one from {min} to {max}")]
    Level {
        /// The format.
        format: &'static str,
        /// The level asked for.
        level: u32,
        /// The lowest level.
        min: u32,
        /// The highest level.
        max: u32,
    },
    /// A format that holds one file was given none or several.
    #[error("{format} holds exactly one file and {count} were given; use an archive such as .tar.gz or .zip")]
    NotOneFile {
        /// The format.
        format: &'static str,
        /// How many files were given.
        count: usize,
    },
    /// Two inputs would have the same name in the archive.
    #[error("two files would both be {name:?} in the archive; give them different names")]
    SameName {
        /// The name in the archive.
        name: String,
    },
    /// The output is one of the inputs.
    #[error("{} is both input and output; choose another output name", path.display())]
    OutputIsInput {
        /// The path.
        path: PathBuf,
    },
    /// An archive entry that would leave the target folder or overwrite something through a link.
    #[error("{}: entry {entry:?} {why}; the archive is not unpacked", archive.display())]
    UnsafeEntry {
        /// The archive.
        archive: PathBuf,
        /// The entry's name, lossily decoded.
        entry: String,
        /// What is wrong with it, as a clause.
        why: &'static str,
    },
    /// The archive or compressed file is damaged.
    #[error("{} is damaged: {source}; fetch or build it again", path.display())]
    Damaged {
        /// The archive.
        path: PathBuf,
        /// What the decoder found.
        #[source]
        source: io::Error,
    },
    /// A string that names no digest.
    #[error("{name:?} is no known checksum type; choose from {known}")]
    UnknownDigest {
        /// The string.
        name: String,
        /// Every known digest, separated by commas.
        known: String,
    },
    /// The work was cancelled; nothing was left under the final name.
    #[error("cancelled")]
    Cancelled,
}

impl Error {
    /// Wraps an operating system error with what was tried on which path. The error of a cancelled or already
    /// explained operation that travelled through [`io::Error`] comes out as itself.
    pub(crate) fn os(action: &'static str, path: &Path, source: io::Error) -> Self {
        match source.downcast::<Self>() {
            Ok(inner) => inner,
            Err(source) => Self::Os {
                action,
                path: path.to_owned(),
                source,
            },
        }
    }

    /// `map_err` argument for [`Error::os`].
    pub(crate) fn on<'a>(action: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> Self + 'a {
        move |source| Self::os(action, path, source)
    }

    /// Whether the same call may succeed later without anybody changing anything in the image's description.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Os { source, .. } => {
                matches!(
                    source.kind(),
                    io::ErrorKind::Interrupted | io::ErrorKind::TimedOut | io::ErrorKind::ResourceBusy
                )
            }
            _ => false,
        }
    }
}

impl From<Error> for crate::error::Error {
    /// What happened becomes the message, what to do next the hint.
    fn from(error: Error) -> Self {
        let kind = match error {
            Error::Os { action, path, source } => {
                let advice = advice(&source);
                let error = Self::of_system(action, path, source);
                return advice.into_iter().fold(error, Self::hint);
            }
            Error::Cancelled => return Self::cancelled(),
            Error::Changed { .. } => ErrorKind::Busy,
            Error::UnsafeEntry { .. } | Error::Damaged { .. } => ErrorKind::Integrity,
            Error::FormatNotCompiled { .. } => ErrorKind::Unsupported,
            _ => ErrorKind::Config,
        };
        let text = error.to_string();
        match text.rsplit_once("; ") {
            Some((message, hint)) => Self::new(kind, message).hint(hint),
            None => Self::new(kind, text),
        }
    }
}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        io::Error::other(error)
    }
}

fn explain(source: &io::Error) -> String {
    match advice(source) {
        Some(advice) => format!("{source}; {advice}"),
        None => source.to_string(),
    }
}

fn advice(source: &io::Error) -> Option<&'static str> {
    Some(match source.kind() {
        io::ErrorKind::StorageFull => "free space on that disk or choose an output folder on another one",
        io::ErrorKind::QuotaExceeded => "free space within the quota or choose another output folder",
        io::ErrorKind::ReadOnlyFilesystem => "choose an output folder on a writable file system",
        io::ErrorKind::PermissionDenied => "check the owner and mode of the file and its folder",
        io::ErrorKind::NotFound => "check the path and the folder that relative paths start at",
        io::ErrorKind::FileTooLarge => "the file system or a limit (`ulimit -f`) forbids files of this size",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_explained_error_survives_the_trip_through_std() {
        let through: io::Error = Error::Cancelled.into();
        assert!(matches!(Error::os("read", Path::new("x"), through), Error::Cancelled));
    }

    #[test]
    fn a_full_disk_says_what_to_do() {
        let full = Error::os(
            "write",
            Path::new("out.gz"),
            io::Error::from(io::ErrorKind::StorageFull),
        );
        assert!(full.to_string().starts_with("cannot write out.gz: "), "{full}");
        assert!(full.to_string().contains("free space"), "{full}");
        let crossing = crate::error::Error::from(full);
        assert_eq!(crossing.kind(), ErrorKind::NoSpace);
        assert_eq!(crossing.message(), "cannot write out.gz");
        assert!(crossing.hints()[0].starts_with("free space"));
    }
}
