//! What builder and guest say to each other: length-prefixed JSON, and open files beside it.

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{
    io::{self, IoSlice, IoSliceMut, Read, Write},
    mem::MaybeUninit,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    path::PathBuf,
};

/// The variable that makes a process of ours one of a guest.
pub(super) const MARKER: &str = "IMAGEBAKE_OCI_INIT";
/// The variable that carries [`Spec`] from the outer process to the guest's first.
pub(super) const SPEC: &str = "IMAGEBAKE_OCI_SPEC";

/// How many open files go with one request at most.
const MAX_FILES: usize = 4;
/// No header is longer than this many bytes.
const MAX_HEADER: usize = 64 << 20;

/// A guest, as its processes set it up.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in super::super) struct Spec {
    /// The folder that `lower` is relative to.
    #[serde(with = "crate::value::path_text::exact")]
    pub(in super::super) layers: PathBuf,
    /// Lower folders of the overlay, topmost first.
    pub(in super::super) lower: Vec<String>,
    /// The guest's own folder, with `upper`, `work`, `below` and `root` in it; also relative to `layers`.
    pub(in super::super) workspace: String,
    /// The guest's host name.
    pub(in super::super) hostname: String,
    /// In a user namespace, without the system's root.
    pub(in super::super) rootless: bool,
}

/// What a guest's first process says while it sets up.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Progress {
    /// It is in its user namespace and waits for its ids to be mapped.
    Unshared,
    /// It is ready for requests.
    Ready,
    /// It gave up.
    Failed {
        /// What it was about.
        doing: String,
        /// The system's error number.
        errno: i32,
    },
}

/// What is asked of a guest.
#[derive(Debug, Serialize, Deserialize)]
pub(in super::super) enum Request {
    /// Runs a program. Files: what it reads, prints, and prints as errors.
    Exec {
        /// The program and its arguments.
        argv: Vec<String>,
        /// All of its environment.
        env: Vec<(String, String)>,
        /// The folder it starts in.
        dir: String,
        /// `name`, `uid`, `name:group`, `uid:gid`.
        user: String,
    },
    /// Writes a file. Files: where its content comes from.
    Write {
        path: String,
        mode: Option<u32>,
        owner: String,
    },
    /// Reads a file. Files: where its content goes.
    Read { path: String },
    /// Unpacks a tree. Files: where the archive comes from.
    Unpack { path: String, owner: String },
    /// Packs a tree. Files: where the archive goes.
    Pack { path: String },
    /// Removes files. Files: none.
    Remove { paths: Vec<String> },
}

/// How a request ended.
#[derive(Debug, Serialize, Deserialize)]
pub(in super::super) enum Reply {
    /// A program ended with this code.
    Code(i32),
    /// A program was ended by this signal.
    Signal(i32),
    /// It is done.
    Done,
    /// It failed.
    Failed {
        /// What failed, as the user reads it.
        message: String,
        /// The system's error number; 0 where there is none.
        errno: i32,
        /// What the user may do.
        hint: Option<String>,
    },
}

impl Reply {
    pub(super) fn failed(message: impl Into<String>, error: &io::Error) -> Self {
        Self::Failed {
            message: message.into(),
            errno: error.raw_os_error().unwrap_or(0),
            hint: None,
        }
    }
}

/// The bytes of one message.
pub(super) fn encoded(message: &impl Serialize) -> io::Result<Vec<u8>> {
    let text = serde_json::to_vec(message)?;
    let length = u32::try_from(text.len()).map_err(io::Error::other)?;
    let mut bytes = length.to_le_bytes().to_vec();
    bytes.extend_from_slice(&text);
    Ok(bytes)
}

pub(super) fn write_message(mut to: impl Write, message: &impl Serialize) -> io::Result<()> {
    to.write_all(&encoded(message)?)
}

pub(super) fn read_message<T: DeserializeOwned>(mut from: impl Read) -> io::Result<T> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let length = u32::from_le_bytes(length) as usize;
    if length > MAX_HEADER {
        return Err(io::Error::other("a message is too long"));
    }
    let mut text = vec![0; length];
    from.read_exact(&mut text)?;
    Ok(serde_json::from_slice(&text)?)
}

/// Sends open files.
pub(super) fn send_files(socket: impl AsFd, files: &[BorrowedFd<'_>]) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_FILES))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    if !ancillary.push(SendAncillaryMessage::ScmRights(files)) {
        return Err(io::Error::other("too many files for one request"));
    }
    rustix::net::sendmsg(socket, &[IoSlice::new(b"r")], &mut ancillary, SendFlags::NOSIGNAL)?;
    Ok(())
}

/// Receives open files; `None` when the other side is gone.
pub(super) fn receive_files(socket: impl AsFd) -> io::Result<Option<Vec<OwnedFd>>> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_FILES))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0];
    let got = rustix::net::recvmsg(
        socket,
        &mut [IoSliceMut::new(&mut byte)],
        &mut ancillary,
        RecvFlags::CMSG_CLOEXEC,
    )?;
    if got.bytes == 0 {
        return Ok(None);
    }
    let mut files = Vec::new();
    for message in ancillary.drain() {
        if let RecvAncillaryMessage::ScmRights(received) = message {
            files.extend(received);
        }
    }
    Ok(Some(files))
}
