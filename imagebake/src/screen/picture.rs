//! What a screen is compared with.

use super::Frame;
use crate::error::{Context, Error, ErrorKind, Result};
use std::path::Path;

/// How far a colour may be off: cards and palettes round differently.
const TOLERANCE: u8 = 24;

/// A picture that a screen shows, or a part of it does; what is transparent may be anything.
#[derive(Clone, Debug)]
pub struct Picture {
    frame: Frame,
    /// The pixels that count, rarest colour first: most places of a screen are refused by the first of them.
    counting: Vec<(usize, usize)>,
}

impl Picture {
    /// The PNG file at `path`. Blocking.
    ///
    /// # Errors
    /// When it cannot be read, is no PNG, or nothing of it is to be seen.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).path("read the picture", path)?;
        let (frame, seen) = Frame::read_png(&bytes).map_err(|error| {
            Error::new(
                ErrorKind::Config,
                format!("{} is no picture in the form PNG", path.display()),
            )
            .because(error)
            .hint("the bundle of a failed build has a screenshot: cut the part out of it that is waited for")
        })?;
        Self::new(frame, &seen).ok_or_else(|| {
            Error::new(
                ErrorKind::Config,
                format!("everything in {} is transparent", path.display()),
            )
            .hint("leave visible what the screen is to be compared with")
        })
    }

    fn new(frame: Frame, seen: &[bool]) -> Option<Self> {
        let mut counts = std::collections::HashMap::new();
        let all = (0..frame.height()).flat_map(|y| (0..frame.width()).map(move |x| (x, y)));
        let mut counting: Vec<(usize, usize)> = all.filter(|(x, y)| seen[y * frame.width() + x]).collect();
        for (x, y) in &counting {
            *counts.entry(frame.row(*y)[*x]).or_insert(0_usize) += 1;
        }
        counting.sort_by_key(|(x, y)| counts[&frame.row(*y)[*x]]);
        (!counting.is_empty()).then_some(Self { frame, counting })
    }

    /// Whether `screen` shows it somewhere.
    pub fn is_shown(&self, screen: &Frame) -> bool {
        let (Some(right), Some(down)) = (
            screen.width().checked_sub(self.frame.width()),
            screen.height().checked_sub(self.frame.height()),
        ) else {
            return false;
        };
        (0..=down).any(|top| (0..=right).any(|left| self.is_at(screen, left, top)))
    }

    fn is_at(&self, screen: &Frame, left: usize, top: usize) -> bool {
        let equal = |(x, y): &(usize, usize)| near(self.frame.row(*y)[*x], screen.row(top + y)[left + x]);
        self.counting.iter().all(equal)
    }
}

fn near(one: u32, other: u32) -> bool {
    let (one, other) = (one.to_be_bytes(), other.to_be_bytes());
    one == other
        || one
            .iter()
            .zip(other)
            .all(|(one, other)| one.abs_diff(other) <= TOLERANCE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cross() -> Frame {
        let mut frame = Frame::new(5, 5);
        for i in 0..5 {
            frame.row_mut(2)[i] = 0xff_ffff;
            frame.row_mut(i)[2] = 0xff_ffff;
        }
        frame
    }

    #[test]
    fn a_part_is_found_wherever_it_is() {
        let picture = Picture::new(cross(), &[true; 25]).expect("something");
        let mut screen = Frame::new(40, 20);
        assert!(!picture.is_shown(&screen));
        for y in 0..5 {
            screen.row_mut(11 + y)[30..35].copy_from_slice(cross().row(y));
        }
        assert!(picture.is_shown(&screen));
        screen.row_mut(13)[31] = 0xf0_f0f0;
        assert!(picture.is_shown(&screen), "a shade off is the same");
        screen.row_mut(13)[31] = 0;
        assert!(!picture.is_shown(&screen));
        assert!(!picture.is_shown(&Frame::new(4, 4)), "a smaller screen cannot show it");
    }

    #[test]
    fn what_is_transparent_may_be_anything() {
        let mut seen = [true; 25];
        seen[2 * 5 + 1] = false;
        let picture = Picture::new(cross(), &seen).expect("something");
        let mut screen = cross();
        screen.row_mut(2)[1] = 0x12_3456;
        assert!(picture.is_shown(&screen));
        assert!(Picture::new(cross(), &[false; 25]).is_none());
    }

    #[test]
    fn a_file_that_is_no_picture_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("grub.png");
        std::fs::write(&path, "no picture").expect("written");
        let error = Picture::read(&path).expect_err("refused");
        assert!(error.message().contains("grub.png is no picture"), "{error}");
        std::fs::write(&path, cross().png().expect("written")).expect("written");
        assert!(Picture::read(&path).expect("read").is_shown(&cross()));
    }
}
