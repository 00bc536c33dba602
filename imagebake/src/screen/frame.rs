//! One moment of a screen.

use crate::error::{Error, ErrorKind, Result};
use std::io::Cursor;

/// What a screen shows: rows of pixels from the top, each `0x00RRGGBB`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Frame {
    width: usize,
    height: usize,
    pixels: Vec<u32>,
}

/// A rectangle of a screen; its right and lower edges are not in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// The left edge.
    pub left: usize,
    /// The upper edge.
    pub top: usize,
    /// The first column to the right of it.
    pub right: usize,
    /// The first row below it.
    pub bottom: usize,
}

impl Region {
    /// Whether `other` is in it.
    pub fn contains(&self, other: &Region) -> bool {
        self.left <= other.left && self.top <= other.top && self.right >= other.right && self.bottom >= other.bottom
    }

    /// Whether it is as small as a text cursor, the only thing that changes on a screen at rest.
    pub fn is_cursor(&self) -> bool {
        self.right - self.left <= 32 && self.bottom - self.top <= 64
    }
}

impl std::fmt::Debug for Frame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Frame({}x{})", self.width, self.height)
    }
}

impl Frame {
    /// A black screen.
    pub fn new(width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            pixels: vec![0; width * height],
        }
    }

    /// Pixels from left to right.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Pixels from top to bottom.
    pub fn height(&self) -> usize {
        self.height
    }

    /// The pixels of one row.
    pub fn row(&self, y: usize) -> &[u32] {
        &self.pixels[y * self.width..][..self.width]
    }

    pub(crate) fn row_mut(&mut self, y: usize) -> &mut [u32] {
        &mut self.pixels[y * self.width..][..self.width]
    }

    /// Whether everything on it has one colour: nothing is shown yet.
    pub fn is_blank(&self) -> bool {
        self.pixels.iter().all(|pixel| Some(pixel) == self.pixels.first())
    }

    /// The smallest rectangle with every pixel that is another one in `other`; all of it where the sizes differ, nothing where both are equal.
    pub fn difference(&self, other: &Frame) -> Option<Region> {
        if (self.width, self.height) != (other.width, other.height) {
            return Some(Region {
                left: 0,
                top: 0,
                right: self.width,
                bottom: self.height,
            });
        }
        let mut found: Option<Region> = None;
        for y in 0..self.height {
            let (ours, theirs) = (self.row(y), other.row(y));
            if ours == theirs {
                continue;
            }
            let differs = |x: &usize| ours[*x] != theirs[*x];
            let left = (0..self.width).find(differs).unwrap_or(0);
            let right = (0..self.width).rfind(differs).map_or(self.width, |x| x + 1);
            let region = found.get_or_insert(Region {
                left,
                top: y,
                right,
                bottom: y + 1,
            });
            region.left = region.left.min(left);
            region.right = region.right.max(right);
            region.bottom = y + 1;
        }
        found
    }

    /// As a PNG file.
    ///
    /// # Errors
    /// Of a screen without pixels.
    pub fn png(&self) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        let failed = |error: png::EncodingError| {
            Error::new(ErrorKind::Unsupported, "the screen cannot be written as a picture").because(error)
        };
        let (width, height) = (u32::try_from(self.width), u32::try_from(self.height));
        let mut encoder = png::Encoder::new(&mut out, width.unwrap_or(0), height.unwrap_or(0));
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        let bytes: Vec<u8> = self
            .pixels
            .iter()
            .flat_map(|pixel| {
                let [_, red, green, blue] = pixel.to_be_bytes();
                [red, green, blue]
            })
            .collect();
        let mut writer = encoder.write_header().map_err(failed)?;
        writer.write_image_data(&bytes).map_err(failed)?;
        writer.finish().map_err(failed)?;
        Ok(out)
    }

    /// From a picture in the form PPM (`P6`), which QEMU writes; nothing where it is none.
    pub(crate) fn from_ppm(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes.strip_prefix(b"P6")?;
        let mut numbers = [0_usize; 3];
        for number in &mut numbers {
            rest = rest.trim_ascii_start();
            let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            *number = std::str::from_utf8(&rest[..digits]).ok()?.parse().ok()?;
            rest = &rest[digits..];
        }
        let [width, height, 255] = numbers else { return None };
        let colours = rest.get(1..)?.get(..width.checked_mul(height)?.checked_mul(3)?)?;
        let pixel = |rgb: &[u8]| u32::from_be_bytes([0, rgb[0], rgb[1], rgb[2]]);
        Some(Self {
            width,
            height,
            pixels: colours.chunks_exact(3).map(pixel).collect(),
        })
    }

    /// From a picture file, with what of it is transparent.
    pub(super) fn read_png(bytes: &[u8]) -> std::result::Result<(Self, Vec<bool>), png::DecodingError> {
        let mut decoder = png::Decoder::new(Cursor::new(bytes));
        decoder.set_transformations(png::Transformations::normalize_to_color8() | png::Transformations::ALPHA);
        let mut reader = decoder.read_info()?;
        let mut buffer = vec![0; reader.output_buffer_size().unwrap_or(0)];
        let info = reader.next_frame(&mut buffer)?;
        let colour = |pixel: &[u8]| match *pixel {
            [grey, alpha] => ([0, grey, grey, grey], alpha),
            [red, green, blue, alpha] => ([0, red, green, blue], alpha),
            _ => ([0; 4], 0),
        };
        let size = info.color_type.samples();
        let read = buffer[..info.buffer_size()].chunks_exact(size).map(colour);
        let (pixels, seen) = read
            .map(|(pixel, alpha)| (u32::from_be_bytes(pixel), alpha > 127))
            .unzip();
        let frame = Self {
            width: info.width as usize,
            height: info.height as usize,
            pixels,
        };
        Ok((frame, seen))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_the_smallest_rectangle() {
        let black = Frame::new(40, 30);
        assert_eq!(black.difference(&black.clone()), None);
        let mut dotted = black.clone();
        dotted.row_mut(3)[7] = 0xff_ffff;
        dotted.row_mut(9)[5] = 0xff;
        let region = dotted.difference(&black).expect("it differs");
        assert_eq!((region.left, region.top, region.right, region.bottom), (5, 3, 8, 10));
        assert!(black.is_blank() && !dotted.is_blank());
        let other = Frame::new(20, 30);
        assert_eq!(black.difference(&other).expect("all").right, 40);
    }

    #[test]
    fn the_simplest_picture_file_is_read() {
        let frame = Frame::from_ppm(b"P6\n2 1\n255\n\x01\x02\x03\x0a\x20\x30").expect("read");
        assert_eq!(frame.row(0), [0x01_0203, 0x0a_2030]);
        for wrong in ["P5\n1 1\n255\n123", "P6\n9 9\n255\n123", "P6\n1 1\n", "P6\n-1 1\n255\n"] {
            assert!(Frame::from_ppm(wrong.as_bytes()).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_picture_file_has_the_same_pixels() {
        let mut frame = Frame::new(3, 2);
        frame.row_mut(1)[2] = 0x12_3456;
        let (read, seen) = Frame::read_png(&frame.png().expect("written")).expect("read");
        assert!(read == frame && seen.iter().all(|seen| *seen));
    }
}
