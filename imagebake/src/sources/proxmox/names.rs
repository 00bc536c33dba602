//! Names of Proxmox that are not to be swapped.

use crate::value::Text;

/// A node of the cluster.
#[derive(Clone, Debug, Default)]
pub struct NodeName(Text);

impl NodeName {
    /// The node called so: `pve1`.
    pub fn new(name: impl Into<Text>) -> Self {
        Self(name.into())
    }

    pub(super) fn into_text(self) -> Text {
        self.0
    }
}

/// A storage of the cluster.
#[derive(Clone, Debug, Default)]
pub struct PoolName(Text);

impl PoolName {
    /// The storage called so: `local-lvm`.
    pub fn new(name: impl Into<Text>) -> Self {
        Self(name.into())
    }

    pub(super) fn into_text(self) -> Text {
        self.0
    }
}
