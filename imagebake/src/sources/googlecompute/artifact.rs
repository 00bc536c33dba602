//! What `googlecompute` makes.

use crate::artifact::Artifact;

/// An image of Google's Compute Engine.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct GoogleImage {
    /// Its project.
    pub project: String,
    /// Its name.
    pub name: String,
}

impl Artifact for GoogleImage {
    const KIND: &'static str = "google-image";
    fn id(&self) -> String {
        self.name.clone()
    }
    fn builder_id(&self) -> &'static str {
        "packer.googlecompute"
    }
}
