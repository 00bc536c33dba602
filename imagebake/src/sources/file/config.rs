//! The settings of `file`.

use crate::{
    artifact::Files,
    describe::{Component, Describe, HasGuest, Info, feature},
    field::Places,
    plan::Diagnostics,
    source::Runtime,
    value::{HostPath, Template},
};
use imagebake_macros::Config;

/// A file on the builder.
///
/// ```
/// use imagebake::{prelude::*, sources::file};
///
/// fn release_notes() -> Image {
///     let notes = file::File::content("built {{ iso_time }}\n", "notes.txt");
///     Image::new().source(notes.post(Checksum::of(DigestKind::Sha256)))
/// }
/// # release_notes();
/// ```
#[derive(Clone, Debug, Config)]
#[config(constructors(content(content, target), copy(source, target)))]
pub struct File {
    /// The text that the file shall have.
    #[field(private, rename = "with_content", template = "content")]
    pub(super) content: Option<Template>,
    /// The file to copy; relative to the folder of the image's crate.
    #[field(private, rename = "with_source", path, template = "source")]
    pub(super) source: Option<HostPath>,
    /// The file to write; relative to the current folder.
    #[field(required, template = "target")]
    pub(super) target: Template,
    at: Places,
}

impl File {
    /// The text `content`, which may use facts, as the file `target`.
    #[track_caller]
    pub fn content(content: impl Into<Template>, target: impl Into<Template>) -> Self {
        Self::defaults().with_content(content).target(target)
    }

    /// A copy of the file `source` as the file `target`.
    #[track_caller]
    pub fn copy(source: impl Into<HostPath>, target: impl Into<Template>) -> Self {
        Self::defaults().with_source(source).target(target)
    }
}

impl File {
    pub(super) fn at_source(&self) -> Option<crate::field::Place> {
        self.at.get("source")
    }
}

impl Component for File {
    const KIND: &'static str = "file";

    fn check(&self, problems: &mut Diagnostics) {
        if self.target.is_empty() {
            problems.error("target", "empty", "the file needs a name");
        }
        if self.target.is_secret() {
            problems.error("target", "secret", "the name of a file cannot be a secret");
        }
    }
}

impl Describe for File {
    type Artifact = Files;
    type Feature = feature::core;
    const RUNTIME: Runtime<Self> = Runtime::of();

    fn info(&self) -> Info {
        Info::new(HasGuest::Never).with_files()
    }
}
