//! What sources of vSphere make.

use crate::artifact::Artifact;

/// A machine or template of vSphere.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct VsphereMachine {
    /// Its name, with its folder.
    pub name: String,
}

impl Artifact for VsphereMachine {
    const KIND: &'static str = "vsphere-machine";
    fn id(&self) -> String {
        self.name.clone()
    }
    fn builder_id(&self) -> &'static str {
        "jetbrains.vsphere"
    }
}
