//! The built-in sources, one folder per platform.

pub mod docker;
pub mod file;
pub mod null;
pub mod oci;

use crate::catalog::Entry;

pub(crate) fn components() -> Vec<Entry> {
    vec![
        Entry::source::<docker::Container>(),
        Entry::source::<file::File>(),
        Entry::source::<null::Null>(),
        Entry::source::<oci::Oci>(),
    ]
}
