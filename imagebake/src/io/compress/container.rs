//! What holds the files of an output: one stream, a tar archive, or a zip archive.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt as _;

use super::encoder::Encoder;
use super::output::Output;
use crate::io::block::Block;
use crate::io::read::Consumer;

/// A file as an archive names it.
pub(super) struct Member {
    /// Relative, with `/` between parts.
    pub(super) name: String,
    pub(super) size: u64,
    /// Permission bits.
    pub(super) mode: u32,
    /// Seconds since 1970.
    pub(super) mtime: u64,
}

impl Member {
    pub(super) fn new(name: String, metadata: &Metadata, mtime: u64) -> Self {
        Self {
            name,
            size: metadata.len(),
            mode: metadata.mode() & 0o7777,
            mtime,
        }
    }
}

/// Takes files one after the other: `start`, the file's blocks, `end`.
pub(super) trait Container: Consumer {
    fn start(&mut self, member: &Member) -> io::Result<()>;
    fn end(&mut self) -> io::Result<()>;
    fn finish(self: Box<Self>) -> io::Result<Output>;
}

/// The bytes of one file and nothing else.
pub(super) struct Single(pub(super) Box<dyn Encoder>);

impl Consumer for Single {
    fn block(&mut self, block: &Block) -> io::Result<()> {
        self.0.block(block)
    }
}

impl Container for Single {
    fn start(&mut self, _: &Member) -> io::Result<()> {
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn finish(self: Box<Self>) -> io::Result<Output> {
        self.0.finish()
    }
}

/// A GNU tar archive: names of any length, files of any size, holes as zeros, owner root.
pub(super) struct Tar {
    encoder: Box<dyn Encoder>,
    /// Bytes of the current file.
    size: u64,
}

/// The unit in which tar counts.
const RECORD: u64 = 512;

impl Tar {
    pub(super) fn new(encoder: Box<dyn Encoder>) -> Self {
        Self { encoder, size: 0 }
    }
}

impl Consumer for Tar {
    fn block(&mut self, block: &Block) -> io::Result<()> {
        self.encoder.block(block)
    }
}

impl Container for Tar {
    fn start(&mut self, member: &Member) -> io::Result<()> {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Regular);
        header.set_size(member.size);
        header.set_mode(member.mode);
        header.set_mtime(member.mtime);
        header.set_uid(0);
        header.set_gid(0);
        // The builder knows how to write long names; the content goes past it, so it is given none.
        let mut builder = tar::Builder::new(Vec::new());
        builder.append_data(&mut header, &member.name, io::empty())?;
        let head = std::mem::take(builder.get_mut());
        self.size = member.size;
        self.encoder.block(&head.into())
    }

    fn end(&mut self) -> io::Result<()> {
        let padding = (RECORD - self.size % RECORD) % RECORD;
        self.encoder.block(&Block::zeros(padding as usize))
    }

    fn finish(mut self: Box<Self>) -> io::Result<Output> {
        self.encoder.block(&Block::zeros(2 * RECORD as usize))?;
        self.encoder.finish()
    }
}
