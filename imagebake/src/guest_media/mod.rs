//! Floppy disks and CDs that are made for a build, by writers of our own: no program is needed, and the same files give the same bytes.
//!
//! A [`Tree`] is what is on a medium. [`floppy`] makes a disk of 1.44 MB (FAT12, with long names), [`write_cd`] a CD (ISO 9660 with Rock Ridge for
//! Unix and Joliet for Windows). What they deliberately do not do: other sizes, bootable media, reading.

mod fat;
mod iso;
mod tree;

pub use fat::floppy;
pub use iso::write_cd;
pub use tree::{Entry, Tree};

/// The moment that stands on a medium: that of `SOURCE_DATE_EPOCH`, or one that is always the same.
pub(crate) fn moment(fixed: Option<i64>) -> jiff::civil::DateTime {
    const ALWAYS: i64 = 315_532_800; // 1980-01-01, the first that FAT knows.
    let seconds = fixed.unwrap_or(ALWAYS).max(ALWAYS);
    let moment = jiff::Timestamp::from_second(seconds).unwrap_or_default();
    moment.to_zoned(jiff::tz::TimeZone::UTC).datetime()
}
