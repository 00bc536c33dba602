//! lz4: one frame of independent blocks with a content checksum.

use std::io::{self, Read};

use lz4_flex::frame::{BlockMode, BlockSize, FrameDecoder, FrameEncoder, FrameInfo};

use super::encoder::{Encoder, Writer};
use super::output::Output;

pub(super) fn encoder(output: Output) -> Box<dyn Encoder> {
    let info = FrameInfo::new()
        .block_mode(BlockMode::Independent)
        .block_size(BlockSize::Max4MB)
        .content_checksum(true);
    let end = |writer: FrameEncoder<Output>| writer.finish().map_err(io::Error::from);
    Box::new(Writer {
        writer: FrameEncoder::with_frame_info(info, output),
        end,
    })
}

pub(super) fn decoder<R: Read>(file: R) -> Whole<R> {
    Whole(FrameDecoder::new(Tail { file, last: [1; 8] }))
}

/// Refuses a file that ends between two blocks, which the decoder takes for the end of the frame.
pub(super) struct Whole<R: Read>(FrameDecoder<Tail<R>>);

impl<R: Read> Read for Whole<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.0.read(buffer)?;
        if read == 0 && !buffer.is_empty() && !self.0.get_ref().ends_a_frame() {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the lz4 frame has no end"));
        }
        Ok(read)
    }
}

/// A file and the last bytes read of it.
pub(super) struct Tail<R> {
    file: R,
    last: [u8; 8],
}

impl<R> Tail<R> {
    /// Whether an end mark of four zeros was read, with a content checksum behind it or without.
    fn ends_a_frame(&self) -> bool {
        self.last[..4] == [0; 4] || self.last[4..] == [0; 4]
    }
}

impl<R: Read> Read for Tail<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        for byte in &buffer[read.saturating_sub(8)..read] {
            self.last.rotate_left(1);
            self.last[7] = *byte;
        }
        Ok(read)
    }
}
