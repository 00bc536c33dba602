//! Streaming: files are read once, in bounded memory, with holes staying holes.
//!
//! - [`FileRef`] names a file of an artifact and what is known of its bytes; [`read_once`] reads it for any number of
//!   [`Consumer`]s, each on its own thread.
//! - [`DigestKind`], [`Digests`] and [`Hashers`]: any set of digests in one pass.
//! - [`compress()`](compress::compress): every format, on all cores, the digests of input and output in the same pass.
//! - [`AtomicFile`] and [`write_atomically`]: nothing half-written stands under a final name.
//! - [`copy_sparse`] copies a file without filling its holes, [`unpack_tar`] unpacks without leaving its target folder.
//!
//! Everything here blocks and is meant for `tokio::task::spawn_blocking`; functions named `…_async` do that themselves and
//! stop when their future is dropped. What it deliberately does not do: retries, network, and any printing. [`Control`]
//! carries progress out and the cancel flag in.

mod atomic;
mod block;
pub mod compress;
mod control;
mod copy;
mod digest;
mod error;
mod file_ref;
pub(crate) mod glob;
mod known;
mod read;
mod threads;
mod unpack;

pub use atomic::{AtomicFile, write_atomically};
pub use block::{BLOCK, Block};
pub use control::{Cancel, Control, Progress};
pub use copy::{Copied, copy_sparse, copy_sparse_async};
pub use digest::{DigestKind, Digests, Hasher, Hashers, digest_bytes};
pub use error::{Error, Result};
pub use file_ref::FileRef;
pub(crate) use known::KnownDigests;
pub use known::Reading;
pub use read::{Consumer, read_once};
pub(crate) use threads::{joined, off_the_async_threads, temporary_file};
pub use unpack::{UnpackOptions, Unpacked, unpack_tar};
