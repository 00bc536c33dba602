//! What sources of Proxmox make.

use crate::artifact::Artifact;

/// A machine or template of Proxmox.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ProxmoxTemplate {
    /// Its number.
    pub vm_id: u32,
}

impl Artifact for ProxmoxTemplate {
    const KIND: &'static str = "proxmox-template";
    fn id(&self) -> String {
        self.vm_id.to_string()
    }
    fn builder_id(&self) -> &'static str {
        "proxmox.iso"
    }
}
