//! Compresses files and packs them into archives, on all cores and in one read.
//!
//! ```text
//!                  ┌─▶ digests of the input that are wanted
//! file ─read once──┤
//!                  └─▶ [tar | zip] ─▶ codec on all cores ─▶ temporary file ─▶ final name
//!                                                       └─▶ digests of the output
//! ```
//!
//! The output is a function of the inputs' names, modes and bytes, the format and the level: neither the number of
//! threads nor the clock leaves a trace. Memory is bounded by blocks per thread whatever the size of the files. Holes are
//! not read; in the output they are zeros, which compress to next to nothing.
//!
//! What it deliberately does not do: folders and links as inputs (an artifact has files), encryption, and appending.

#[cfg(feature = "bzip2")]
mod bzip2;
mod container;
mod decompress;
mod deflate;
mod encoder;
mod format;
mod gzip;
#[cfg(feature = "lz4")]
mod lz4;
mod output;
mod parallel;
mod splice;
#[cfg(test)]
mod tests;
#[cfg(feature = "xz")]
mod xz;
#[cfg(feature = "zip")]
mod zip;

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use self::container::{Container, Member, Single, Tar};
use self::encoder::encoder;
use self::output::Output;
use super::control::{CancelOnDrop, Control};
use super::digest::{DigestKind, Hashers};
use super::error::{Error, Result};
use super::read::{Consumer, Input, feed};
use super::{file_ref::FileRef, threads::off_the_async_threads};

pub use decompress::{Decompressed, decompress};
pub use format::{Codec, Format};

/// How to compress. The default takes the format from the output's name, its default level and all cores, and computes
/// no digests.
#[derive(Debug, Clone, Default)]
pub struct Options {
    format: Option<Format>,
    level: Option<u32>,
    threads: Option<NonZeroUsize>,
    mtime: u64,
    input_digests: BTreeSet<DigestKind>,
    output_digests: BTreeSet<DigestKind>,
}

impl Options {
    /// The default.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes this format, whatever the output's name.
    #[must_use]
    pub fn format(mut self, format: Format) -> Self {
        self.format = Some(format);
        self
    }

    /// The compression level; each format has its own range, see [`Format::levels`].
    #[must_use]
    pub fn level(mut self, level: u32) -> Self {
        self.level = Some(level);
        self
    }

    /// The threads that compress; by default one for each core that the process may use.
    #[must_use]
    pub fn threads(mut self, threads: NonZeroUsize) -> Self {
        self.threads = Some(threads);
        self
    }

    /// The time of every file in a tar archive, in seconds since 1970; by default 0, so that archives are equal.
    #[must_use]
    pub fn mtime(mut self, seconds: u64) -> Self {
        self.mtime = seconds;
        self
    }

    /// Digests to compute of every input, unless it has them already.
    #[must_use]
    pub fn input_digests(mut self, kinds: impl IntoIterator<Item = DigestKind>) -> Self {
        self.input_digests = kinds.into_iter().collect();
        self
    }

    /// Digests to compute of the output.
    #[must_use]
    pub fn output_digests(mut self, kinds: impl IntoIterator<Item = DigestKind>) -> Self {
        self.output_digests = kinds.into_iter().collect();
        self
    }
}

/// Compresses `inputs` into the file `output`, replacing it once the new one is complete. The inputs gain the digests
/// that were asked for. In an archive, files are named by their path below the folder they have in common.
///
/// Blocking; [`compress_async`] is for async callers.
///
/// # Errors
///
/// The format is unknown or not compiled in, the level is out of its range, a format for one file was given another
/// number of them, reading or writing failed, an input changed, or the flag was raised. Nothing is left then.
pub fn compress(inputs: &mut [FileRef], output: &Path, options: &Options, control: &Control) -> Result<FileRef> {
    let format = options.format.map_or_else(|| Format::of_path(output), Ok)?;
    format.check_compiled()?;
    let level = format.level(options.level)?;
    if !format.is_archive() && inputs.len() != 1 {
        return Err(Error::NotOneFile {
            format: format.extension(),
            count: inputs.len(),
        });
    }
    let names = names_in_archive(inputs)?;
    for input in inputs.iter() {
        refuse_same_file(input.path(), output)?;
    }
    let threads = options
        .threads
        .or_else(|| std::thread::available_parallelism().ok())
        .map_or(1, NonZeroUsize::get);
    let total = inputs.iter().map(FileRef::size).sum();
    let mut done = 0;
    let file = Output::create(output, options.output_digests.iter().copied())?;
    let mut container = container(format, level, threads, file)?;
    let on_output = |action| Error::on(action, output);
    for (input, name) in inputs.iter_mut().zip(names) {
        let mut source = Input::open(input.path())?;
        let mut hashers = Hashers::new(input.digests().missing(&options.input_digests));
        container
            .start(&Member::new(name, source.metadata(), options.mtime))
            .map_err(on_output("write"))?;
        let mut consumers: Vec<&mut dyn Consumer> = hashers.consumers().collect();
        let archive: &mut dyn Consumer = &mut *container;
        consumers.push(archive);
        feed(&mut source, &mut consumers, control, done, total)?;
        container.end().map_err(on_output("write"))?;
        done += source.size();
        input.take(source.size(), hashers)?;
    }
    let file = container.finish().map_err(on_output("write"))?;
    control.check()?;
    file.commit()
}

/// [`compress`] away from the async threads; returns the inputs with their digests, and the output. Dropping the future
/// stops the work.
///
/// # Errors
///
/// As [`compress`].
pub async fn compress_async(
    mut inputs: Vec<FileRef>,
    output: PathBuf,
    options: Options,
    control: Control,
) -> Result<(Vec<FileRef>, FileRef)> {
    let _stop = CancelOnDrop(control.cancel().clone());
    off_the_async_threads(move || {
        let output = compress(&mut inputs, &output, &options, &control)?;
        Ok((inputs, output))
    })
    .await
}

fn container(format: Format, level: u32, threads: usize, output: Output) -> Result<Box<dyn Container>> {
    Ok(match format {
        Format::Single(codec) => Box::new(Single(encoder(Some(codec), level, threads, output)?)),
        Format::Tar(codec) => Box::new(Tar::new(encoder(codec, level, threads, output)?)),
        #[cfg(feature = "zip")]
        Format::Zip => Box::new(zip::Zip::new(level, output)),
        #[cfg(not(feature = "zip"))]
        Format::Zip => {
            return Err(Error::FormatNotCompiled {
                format: "zip",
                feature: "zip",
            });
        }
    })
}

fn refuse_same_file(input: &Path, output: &Path) -> Result<()> {
    let same = match (std::fs::canonicalize(input), std::fs::canonicalize(output)) {
        (Ok(input), Ok(output)) => input == output,
        _ => false,
    };
    if same {
        Err(Error::OutputIsInput {
            path: output.to_owned(),
        })
    } else {
        Ok(())
    }
}

/// The names of the files below the folder that all of them have in common: of a single file, its own name.
fn names_in_archive(inputs: &[FileRef]) -> Result<Vec<String>> {
    let mut folder: Option<PathBuf> = None;
    for input in inputs {
        let parent = input.path().parent().unwrap_or(Path::new(""));
        folder = Some(match folder {
            None => parent.to_owned(),
            Some(common) => common
                .components()
                .zip(parent.components())
                .take_while(|(a, b)| a == b)
                .map(|(a, _)| a)
                .collect(),
        });
    }
    let folder = folder.unwrap_or_default();
    let mut names: Vec<String> = Vec::with_capacity(inputs.len());
    for input in inputs {
        let below = input.path().strip_prefix(&folder).unwrap_or(input.path());
        // What has nothing in common may still start at the root or above the current folder.
        let parts: Vec<_> = below
            .components()
            .filter_map(|part| match part {
                std::path::Component::Normal(part) => Some(part.to_string_lossy()),
                _ => None,
            })
            .collect();
        let name = parts.join("/");
        if names.contains(&name) {
            return Err(Error::SameName { name });
        }
        names.push(name);
    }
    Ok(names)
}
