//! Layers: the difference that a folder holds as a tar archive, and back.
//!
//! A folder is in overlay form: a character device 0/0 is a whiteout, an extended attribute marks an opaque folder. An archive is in
//! the image spec's form: `.wh.NAME` and `.wh..wh..opq`. Both directions stream; neither knows of images or stores.

mod pack;
mod read;
mod search;
mod unpack;

pub(super) use pack::{Packing, pack};
pub(super) use search::Searched;
pub(super) use unpack::{Unpacking, unpack};

use serde::{Deserialize, Serialize};

/// Whose extended attributes the overlay reads: those of the system's root, or those of a user namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Flavor {
    /// `trusted.overlay.*`
    Trusted,
    /// `user.overlay.*`, with the mount option `userxattr`.
    User,
    /// The same, where one id is all there is: every file is the guest's root's on disk, and keeps its owner in the blob.
    Single,
}

impl Flavor {
    /// The attribute that hides what lower layers have in a folder.
    pub(super) fn opaque(self) -> &'static str {
        match self {
            Self::Trusted => "trusted.overlay.opaque",
            Self::User | Self::Single => "user.overlay.opaque",
        }
    }

    /// Whether all of it happens in a user namespace.
    pub(super) fn is_rootless(self) -> bool {
        self != Self::Trusted
    }
}

/// What marks a removed name in an archive.
const WHITEOUT: &[u8] = b".wh.";
/// What marks a folder in an archive that hides everything below.
const OPAQUE: &[u8] = b".wh..wh..opq";

/// Attributes that belong to the overlay or to the builder's own policy, never to a layer.
fn is_private(name: &str) -> bool {
    ["trusted.overlay.", "user.overlay.", "security.selinux", "system.nfs4"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests;
