//! Work on trees that the store owns. The system's root does it in place; without root it is done by a process that is root of a user
//! namespace, so that files have their owners.

use super::{
    super::{
        layer::{self, Flavor, Packing, Unpacking},
        store,
    },
    driver,
    protocol::{self, Reply},
};
use crate::{
    error::{Context, Error, ErrorKind, Result},
    io::off_the_async_threads,
    value::path_text,
};
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File},
    io::{self, Read, Write},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
};

/// One piece of work.
#[derive(Debug, Serialize, Deserialize)]
pub(in super::super) enum Work {
    /// Unpacks a layer's blob into an empty folder.
    Unpack {
        #[serde(with = "path_text::exact")]
        blob: PathBuf,
        shown: String,
        /// The digest that the uncompressed archive must have, where it comes from elsewhere.
        diff_id: Option<String>,
        #[serde(with = "path_text::exact")]
        folder: PathBuf,
        #[serde(with = "path_text::exact_list")]
        parents: Vec<PathBuf>,
        flavor: Flavor,
    },
    /// Packs a folder; the archive goes where the caller says.
    Pack {
        #[serde(with = "path_text::exact")]
        folder: PathBuf,
        packing: Packing,
    },
    /// Removes a tree.
    Remove {
        #[serde(with = "path_text::exact")]
        folder: PathBuf,
    },
}

/// Does `work`; what it writes goes to `out`. Says how many entries there were. Blocking.
pub(in super::super) fn run(work: Work, out: &mut dyn Write) -> Result<u64> {
    match super::super::flavor() {
        Flavor::Trusted => here(work, out),
        Flavor::User | Flavor::Single => there(work, out),
    }
}

fn here(work: Work, out: &mut dyn Write) -> Result<u64> {
    match work {
        Work::Unpack {
            blob,
            shown,
            diff_id,
            folder,
            parents,
            flavor,
        } => {
            let file = File::open(&blob).path("read", &blob)?;
            let (_, stream) = store::decompressed(file).path("read", &blob)?;
            let how = Unpacking {
                flavor: Some(flavor),
                owners: flavor != Flavor::Single,
            };
            let Some(expected) = diff_id else {
                return layer::unpack(stream, &shown, &folder, &parents, how);
            };
            let mut stream = store::HashingReader::new(stream);
            let entries = layer::unpack(&mut stream, &shown, &folder, &parents, how)?;
            let (digest, _) = stream.finish().path("read", &blob)?;
            match digest == expected {
                true => Ok(entries),
                false => Err(Error::new(
                    ErrorKind::Integrity,
                    format!("{shown} unpacks to {digest}, not to {expected}"),
                )
                .hint("it is damaged: fetch or make the image again")),
            }
        }
        Work::Pack { folder, packing } => layer::pack(&folder, packing, out),
        Work::Remove { folder } => match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::io("remove", &folder, error)),
            _ => Ok(0),
        },
    }
}

/// In a process of its own.
fn there(work: Work, mut out: &mut dyn Write) -> Result<u64> {
    let (socket, mut child) = driver::start_tool()?;
    let done = (|| -> Result<Reply> {
        let lost = |error: io::Error| Error::io("talk to", "the process that works on the store", error);
        protocol::write_message(&socket, &work).map_err(lost)?;
        if matches!(work, Work::Pack { .. }) {
            copy_frames(&socket, &mut out).map_err(|error| Error::io("write", "the layer", error))?;
        }
        protocol::read_message(&socket).map_err(lost)
    })();
    drop(socket);
    let _ = child.wait();
    match done? {
        Reply::Code(entries) => Ok(u64::try_from(entries).unwrap_or(0)),
        Reply::Failed { message, errno, hint } => Err(driver::failed(message, errno, hint)),
        _ => Err(Error::new(
            ErrorKind::Internal,
            "the process that works on the store said something else",
        )),
    }
}

/// The other side of [`there`], in the user namespace.
pub(super) fn serve(socket: &UnixStream) -> i32 {
    let Ok(work) = protocol::read_message::<Work>(socket) else {
        return 1;
    };
    let framed = matches!(work, Work::Pack { .. });
    let mut out = io::BufWriter::with_capacity(256 << 10, Frames(socket));
    let done = here(work, &mut out).and_then(|entries| {
        out.flush().path("write", "the layer")?;
        Ok(entries)
    });
    let ended = match framed {
        true => out.get_mut().end(),
        false => Ok(()),
    };
    let reply = match (done, ended) {
        (Ok(entries), Ok(())) => Reply::Code(i32::try_from(entries).unwrap_or(i32::MAX)),
        (Err(error), _) => Reply::Failed {
            message: error.full(),
            errno: 0,
            hint: error.hints().first().cloned(),
        },
        (_, Err(error)) => Reply::failed("cannot send the layer", &error),
    };
    i32::from(protocol::write_message(socket, &reply).is_err())
}

/// Bytes in pieces with their lengths, so that a reply can follow; an empty piece ends them.
struct Frames<'a>(&'a UnixStream);

impl Frames<'_> {
    fn end(&mut self) -> io::Result<()> {
        self.0.write_all(&0u32.to_le_bytes())
    }
}

impl Write for Frames<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let piece = &bytes[..bytes.len().min(1 << 20)];
        if !piece.is_empty() {
            self.0.write_all(&(piece.len() as u32).to_le_bytes())?;
            self.0.write_all(piece)?;
        }
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn copy_frames(mut from: &UnixStream, to: &mut dyn Write) -> io::Result<()> {
    loop {
        let mut length = [0; 4];
        from.read_exact(&mut length)?;
        let length = u64::from(u32::from_le_bytes(length));
        if length == 0 {
            return Ok(());
        }
        if io::copy(&mut from.take(length), to)? != length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// Removes a tree of mapped ids.
pub(in super::super) async fn remove(folder: &Path) -> Result<()> {
    let work = Work::Remove {
        folder: folder.to_owned(),
    };
    off_the_async_threads(move || run(work, &mut io::sink()).map(drop)).await
}
