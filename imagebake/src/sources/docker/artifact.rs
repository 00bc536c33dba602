//! What `docker` makes.

use super::endpoint::Endpoint;
use crate::{
    artifact::{Artifact, HasFiles},
    io::FileRef,
};

/// An image that the engine has.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct DockerImage {
    /// The engine's id of the image: `sha256:…`.
    pub id: String,
    /// Names that the build gave it: `acme/web:1.4`.
    pub tags: Vec<String>,
    /// What registries call it since it was pushed: `ghcr.io/acme/web@sha256:…`.
    pub digests: Vec<String>,
    /// Its size in the engine, in bytes, layers that it shares included.
    pub size: u64,
    /// The engine that has it.
    pub(crate) engine: Endpoint,
    /// What Packer's manifest calls the maker.
    pub(crate) maker: Maker,
}

/// Who made an image, in the words of Packer's manifest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Maker {
    #[default]
    Source,
    Import,
    Tag,
    Push,
}

impl Artifact for DockerImage {
    const KIND: &'static str = "docker-image";

    fn id(&self) -> String {
        let names = [self.digests.last(), self.tags.last()];
        match (self.maker, names) {
            (Maker::Push, [Some(digest), _]) => digest.clone(),
            (Maker::Tag | Maker::Push, [_, Some(tag)]) => tag.clone(),
            _ => self.id.clone(),
        }
    }

    fn builder_id(&self) -> &'static str {
        match self.maker {
            Maker::Source => "packer.docker",
            Maker::Import => "packer.post-processor.docker-import",
            Maker::Tag => "packer.post-processor.docker-tag",
            Maker::Push => "packer.post-processor.docker-push",
        }
    }

    #[cfg(feature = "docker")]
    async fn destroy(&self) -> crate::error::Result<()> {
        let engine = super::driver::Engine::open(&self.engine).await?;
        for tag in &self.tags {
            engine.remove_image(tag).await?;
        }
        engine.remove_image(&self.id).await
    }
}

/// A file with an image or with a container's file system.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DockerArchive {
    /// The archive.
    pub file: FileRef,
    /// The image in it; a container's file system has none.
    pub image: Option<DockerImage>,
}

impl DockerArchive {
    pub(crate) fn new(file: FileRef, image: Option<DockerImage>) -> Self {
        Self { file, image }
    }
}

impl Artifact for DockerArchive {
    const KIND: &'static str = "docker-archive";

    fn id(&self) -> String {
        self.file.path().display().to_string()
    }

    fn files(&self) -> Vec<FileRef> {
        vec![self.file.clone()]
    }

    fn builder_id(&self) -> &'static str {
        match self.image {
            Some(_) => "packer.post-processor.docker-save",
            None => "packer.docker",
        }
    }
}

impl HasFiles for DockerArchive {}
