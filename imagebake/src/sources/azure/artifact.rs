//! What sources of Azure make.

use crate::artifact::Artifact;

/// An image of Azure: a managed image, a version in a gallery, or a disk.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AzureImage {
    /// Its whole id, or the disk's address.
    pub id: String,
}

impl Artifact for AzureImage {
    const KIND: &'static str = "azure-image";
    fn id(&self) -> String {
        self.id.clone()
    }
    fn builder_id(&self) -> &'static str {
        "Azure.ResourceManagement.VMImage"
    }
}
