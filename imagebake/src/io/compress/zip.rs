//! zip archives, written as a stream: what is known only at the end of a file stands behind it.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ::zip::write::{SimpleFileOptions, StreamWriter};
use ::zip::{CompressionMethod, DateTime, ZipWriter};

use super::container::{Container, Member};
use super::output::Output;
use crate::io::block::Block;
use crate::io::read::Consumer;

/// Size from which an entry has 64-bit fields; below 4 GiB, so that incompressible content cannot overflow.
const LARGE: u64 = 0xf000_0000;

pub(super) struct Zip {
    writer: Option<ZipWriter<StreamWriter<Sink>>>,
    level: u32,
    given_up: Arc<AtomicBool>,
}

/// The output, until it is given up: the writer completes an archive when it is dropped, and complains on standard error
/// where that fails.
struct Sink {
    output: Output,
    given_up: Arc<AtomicBool>,
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.given_up.load(Ordering::Relaxed) {
            Ok(bytes.len())
        } else {
            self.output.write(bytes)
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.given_up.load(Ordering::Relaxed) {
            Ok(())
        } else {
            self.output.flush()
        }
    }
}

impl Zip {
    /// `level` from 1 to 9.
    pub(super) fn new(level: u32, output: Output) -> Self {
        let given_up = Arc::new(AtomicBool::new(false));
        let sink = Sink {
            output,
            given_up: given_up.clone(),
        };
        Self {
            writer: Some(ZipWriter::new_stream(sink)),
            level,
            given_up,
        }
    }

    fn writer(&mut self) -> &mut ZipWriter<StreamWriter<Sink>> {
        self.writer.as_mut().expect("the writer is taken by `finish` alone")
    }
}

impl Consumer for Zip {
    fn block(&mut self, block: &Block) -> io::Result<()> {
        self.writer().write_all(block)
    }
}

impl Container for Zip {
    fn start(&mut self, member: &Member) -> io::Result<()> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(i64::from(self.level)))
            // The first moment that the format knows: local time without a zone cannot be reproduced.
            .last_modified_time(DateTime::default())
            .unix_permissions(member.mode)
            .large_file(member.size >= LARGE);
        Ok(self.writer().start_file(member.name.as_str(), options)?)
    }

    fn end(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> io::Result<Output> {
        let mut writer = self.writer.take().expect("`finish` is called once");
        writer.flush()?;
        match writer.finish() {
            Ok(sink) => Ok(sink.into_inner().output),
            Err(error) => {
                self.given_up.store(true, Ordering::Relaxed);
                Err(error.into())
            }
        }
    }
}

impl Drop for Zip {
    fn drop(&mut self) {
        self.given_up.store(true, Ordering::Relaxed);
    }
}
