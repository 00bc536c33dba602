//! What a build makes.

use crate::{error::Result, io::FileRef};
use std::{any::Any, fmt, future::Future, path::PathBuf, pin::Pin, sync::Arc};

/// The result of a source or of a post-processor: a machine image, an image in a registry, files.
///
/// Cheap to clone: it describes what exists outside the process.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an artifact",
    note = "implement `imagebake::artifact::Artifact`"
)]
pub trait Artifact: Clone + Send + Sync + 'static {
    /// What it is: `oci-image`, `files`.
    const KIND: &'static str;

    /// Its identity on its platform: a digest, an AMI id with its region.
    fn id(&self) -> String;

    /// Its files on the builder.
    fn files(&self) -> Vec<FileRef> {
        Vec::new()
    }

    /// Its folders on the builder, where it is no file: an image's layout. They are shown, and neither hashed nor compressed.
    fn folders(&self) -> Vec<PathBuf> {
        Vec::new()
    }

    /// What Packer's manifest calls the maker of such an artifact (`packer.file`): scripts look for it.
    fn builder_id(&self) -> &'static str {
        Self::KIND
    }

    /// Removes it: its files by default. Called when every consumer gave it up.
    fn destroy(&self) -> impl Future<Output = Result<()>> + Send {
        let files = self.files();
        async move {
            for file in files {
                match tokio::fs::remove_file(file.path()).await {
                    Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                        return Err(crate::error::Error::io("remove", file.path(), error));
                    }
                    _ => {}
                }
            }
            Ok(())
        }
    }
}

/// An artifact that has files on the builder, so that it can be compressed or hashed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no files",
    note = "only an artifact with files on the builder can be compressed or hashed"
)]
pub trait HasFiles: Artifact {}

/// Files on the builder.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Files {
    /// The files.
    pub files: Vec<FileRef>,
    /// What Packer's manifest calls their maker.
    pub builder_id: &'static str,
}

impl Files {
    /// `files` made by the component that templates call `builder_id` (`packer.post-processor.compress`).
    pub fn new(files: Vec<FileRef>, builder_id: &'static str) -> Self {
        Self { files, builder_id }
    }
}

impl Artifact for Files {
    const KIND: &'static str = "files";
    fn id(&self) -> String {
        self.files
            .iter()
            .map(|file| file.path().display().to_string())
            .collect::<Vec<_>>()
            .join(",")
    }
    fn files(&self) -> Vec<FileRef> {
        self.files.clone()
    }
    fn builder_id(&self) -> &'static str {
        self.builder_id
    }
}

impl HasFiles for Files {}

type Boxed<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

trait Erased: Send + Sync {
    fn kind(&self) -> &'static str;
    fn id(&self) -> String;
    fn files(&self) -> Vec<FileRef>;
    fn folders(&self) -> Vec<PathBuf>;
    fn builder_id(&self) -> &'static str;
    fn destroy(&self) -> Boxed<'_, ()>;
    fn as_any(&self) -> &dyn Any;
}

impl<A: Artifact> Erased for A {
    fn kind(&self) -> &'static str {
        A::KIND
    }
    fn id(&self) -> String {
        Artifact::id(self)
    }
    fn files(&self) -> Vec<FileRef> {
        Artifact::files(self)
    }
    fn folders(&self) -> Vec<PathBuf> {
        Artifact::folders(self)
    }
    fn builder_id(&self) -> &'static str {
        Artifact::builder_id(self)
    }
    fn destroy(&self) -> Boxed<'_, ()> {
        Box::pin(Artifact::destroy(self))
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// Any artifact, its type forgotten: what a chain of an image starts from. Whether it has files is a matter of planning.
#[derive(Clone)]
pub struct AnyArtifact(Arc<dyn Erased>);

impl AnyArtifact {
    /// Forgets the type.
    pub fn new<A: Artifact>(artifact: A) -> Self {
        match (&artifact as &dyn Any).downcast_ref::<Self>() {
            Some(already) => already.clone(),
            None => Self(Arc::new(artifact)),
        }
    }

    /// The artifact, when it is an `A`.
    pub fn downcast<A: Artifact>(&self) -> Option<A> {
        match (self as &dyn Any).downcast_ref::<A>() {
            Some(any) => Some(any.clone()),
            None => self.0.as_any().downcast_ref::<A>().cloned(),
        }
    }

    /// What it is.
    pub fn kind(&self) -> &'static str {
        self.0.kind()
    }
}

impl Artifact for AnyArtifact {
    const KIND: &'static str = "artifact";
    fn id(&self) -> String {
        self.0.id()
    }
    fn files(&self) -> Vec<FileRef> {
        self.0.files()
    }
    fn folders(&self) -> Vec<PathBuf> {
        self.0.folders()
    }
    fn builder_id(&self) -> &'static str {
        self.0.builder_id()
    }
    async fn destroy(&self) -> Result<()> {
        self.0.destroy().await
    }
}

impl HasFiles for AnyArtifact {}

impl fmt::Debug for AnyArtifact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnyArtifact")
            .field("kind", &self.kind())
            .field("id", &self.0.id())
            .finish()
    }
}
