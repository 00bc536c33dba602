//! What a medium looks like from outside: one that is empty or cut off is refused before a machine looks at it for minutes.
//!
//! A CD says how long it is in its first volume descriptor (ECMA-119, 8.4): 32 KiB from its beginning the letters `CD001`, 80 bytes on the number of its
//! blocks, 128 bytes on how long a block is.

use crate::error::{Context, Error, ErrorKind, Result};
use std::{fs::File, os::unix::fs::FileExt, path::Path};

/// What a medium is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One that drives for CDs read.
    Cd,
    /// A disk, in whatever form.
    Disk,
}

const DESCRIPTOR: u64 = 32 << 10;
/// Programs that write CDs leave some of the blocks behind the last file out.
const PADDING: u64 = 150 * 2048;

/// Looks at the medium; gives what is worth a warning.
///
/// # Errors
/// When it is empty, or shorter than it says itself.
pub(crate) fn check(path: &Path, shape: Shape) -> Result<Option<String>> {
    let file = File::open(path).path("read", path)?;
    let length = file.metadata().path("read", path)?.len();
    let shown = path.display();
    if length == 0 {
        return Err(Error::new(ErrorKind::Integrity, format!("{shown} is empty")).hint("fetch or make it again"));
    }
    if shape == Shape::Disk {
        return Ok(None);
    }
    let mut descriptor = [0; 132];
    let is_cd = file.read_exact_at(&mut descriptor, DESCRIPTOR).is_ok() && &descriptor[1..6] == b"CD001";
    if !is_cd {
        return Ok(Some(format!(
            "{shown} does not look like a CD, and no machine will start from it as one: is it what you meant to fetch?"
        )));
    }
    let blocks = u32::from_le_bytes([descriptor[80], descriptor[81], descriptor[82], descriptor[83]]);
    let block = u16::from_le_bytes([descriptor[128], descriptor[129]]);
    let says = u64::from(blocks) * u64::from(block);
    if length + PADDING < says {
        return Err(Error::new(
            ErrorKind::Integrity,
            format!("{shown} is cut off: it says that it has {says} bytes, and {length} are there"),
        )
        .hint("fetch it again, and name its checksum"));
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cd(blocks: u32, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        let at = DESCRIPTOR as usize;
        bytes[at + 1..at + 6].copy_from_slice(b"CD001");
        bytes[at + 80..at + 84].copy_from_slice(&blocks.to_le_bytes());
        bytes[at + 128..at + 130].copy_from_slice(&2048_u16.to_le_bytes());
        bytes
    }

    #[test]
    fn media_that_are_empty_cut_off_or_something_else_are_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("medium.iso");
        let look = |bytes: &[u8], shape| {
            std::fs::write(&path, bytes).expect("written");
            check(&path, shape).map_err(|error| error.message().to_owned())
        };
        assert_eq!(look(&cd(1000, 1000 * 2048), Shape::Cd), Ok(None));
        assert_eq!(look(&cd(1000, 900 * 2048), Shape::Cd), Ok(None), "padding is left out");
        let short = look(&cd(1000, 100 * 2048), Shape::Cd).expect_err("cut off");
        assert!(
            short.ends_with("it says that it has 2048000 bytes, and 204800 are there"),
            "{short}"
        );
        let page = look(b"<html>not found</html>", Shape::Cd)
            .expect("a warning")
            .expect("a warning");
        assert!(page.contains("does not look like a CD"), "{page}");
        assert_eq!(look(b"<html>", Shape::Disk), Ok(None));
        assert!(look(b"", Shape::Disk).expect_err("empty").ends_with("is empty"));
    }
}
