//! What `oci` makes.

use crate::{
    artifact::{Artifact, HasFiles},
    error::{Error, Result},
    io::FileRef,
};
use std::path::PathBuf;

/// A container image: in the local store, and in the outputs that were asked for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OciImage {
    /// The digest of its manifest: `sha256:…`.
    pub digest: String,
    /// The digest of its config, which engines call the image's id.
    pub config_digest: String,
    /// Its name and tag.
    pub tag: Option<String>,
    /// What it runs on: `linux/amd64`.
    pub platform: String,
    /// The diff ids of its layers, lowest first.
    pub layers: Vec<String>,
    /// The folder of the OCI layout that was written.
    pub layout: Option<PathBuf>,
    /// The archives that were written.
    pub archives: Vec<FileRef>,
}

impl Artifact for OciImage {
    const KIND: &'static str = "oci-image";

    fn id(&self) -> String {
        self.digest.clone()
    }

    fn files(&self) -> Vec<FileRef> {
        self.archives.clone()
    }

    fn folders(&self) -> Vec<PathBuf> {
        self.layout.iter().cloned().collect()
    }

    fn builder_id(&self) -> &'static str {
        "packer.docker"
    }

    async fn destroy(&self) -> Result<()> {
        let gone = |path: &std::path::Path, result: std::io::Result<()>| match result {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io("remove", path, error)),
            _ => Ok(()),
        };
        for file in &self.archives {
            gone(file.path(), tokio::fs::remove_file(file.path()).await)?;
        }
        match &self.layout {
            Some(layout) => gone(layout, tokio::fs::remove_dir_all(layout).await),
            None => Ok(()),
        }
    }
}

impl HasFiles for OciImage {}
