//! The settings of `file`.

use crate::{
    describe::Component,
    field::Places,
    plan::{Diagnostic, Diagnostics},
    value::{HostPath, Template, Text},
};
use imagebake_macros::Config;

/// Copies files and folders into the machine, or out of it.
///
/// A folder written with a slash at its end (`"etc/"`) means its contents, without one the folder itself. A destination with a slash
/// at its end is a folder that the file is put into. Destination folders must exist.
///
/// ```
/// use imagebake::prelude::*;
///
/// let site = File::upload("site/", "/srv/www/");
/// let motd = File::content("built {{ iso_time }}\n", "/etc/motd").mode(0o644);
/// let log = File::download("/var/log/install.log", "logs/");
/// ```
#[derive(Clone, Debug, Config)]
#[config(constructors(
    upload(source, destination),
    upload_all(sources, destination),
    content(content, destination),
    download(source, destination, direction = "download")
))]
pub struct File {
    /// What is copied: on the builder for an upload, in the guest for a download.
    #[field(private, rename = "with_source", template = "source")]
    source: Option<HostPath>,
    /// All that is copied.
    #[field(private, rename = "with_sources", template = "sources")]
    sources: Vec<HostPath>,
    /// What is written, instead of a file.
    #[field(private, rename = "with_content", template = "content")]
    pub(super) content: Option<Template>,
    /// Where it goes.
    #[field(required, template = "destination")]
    pub(super) destination: Template,
    /// `upload` or `download`.
    #[field(default = "upload", template = "direction")]
    pub(super) direction: Text,
    /// The source is made during the build, by an earlier step: it is not looked for beforehand.
    #[field(template = "generated")]
    pub(super) generated: bool,
    /// Permission bits of an uploaded file; those of the source without.
    pub(super) mode: Option<u32>,
    /// Owner and group of an uploaded file (`www-data:www-data`); the communicator's user without.
    pub(super) owner: Option<String>,
    at: Places,
}

impl File {
    /// The file or folder `source` on the builder to `destination` in the guest.
    #[track_caller]
    pub fn upload(source: impl Into<HostPath>, destination: impl Into<Template>) -> Self {
        Self::defaults().with_source(source).destination(destination)
    }

    /// Several files or folders to `destination`, which is a folder.
    #[track_caller]
    pub fn upload_all(sources: impl IntoIterator<Item: Into<HostPath>>, destination: impl Into<Template>) -> Self {
        Self::defaults().with_sources(sources).destination(destination)
    }

    /// The text `content` to the file `destination` in the guest; facts are filled in.
    #[track_caller]
    pub fn content(content: impl Into<Template>, destination: impl Into<Template>) -> Self {
        Self::defaults().with_content(content).destination(destination)
    }

    /// The file or folder `source` in the guest to `destination` on the builder.
    #[track_caller]
    pub fn download(source: impl Into<HostPath>, destination: impl Into<Template>) -> Self {
        Self::defaults()
            .with_source(source)
            .destination(destination)
            .direction("download")
    }

    pub(super) fn all_sources(&self) -> impl Iterator<Item = &HostPath> {
        self.source.iter().chain(&self.sources)
    }

    pub(super) fn is_download(&self) -> bool {
        self.direction.to_string() == "download"
    }
}

impl Component for File {
    const KIND: &'static str = "file";

    fn check(&self, problems: &mut Diagnostics) {
        if self.destination.is_empty() {
            problems.error("destination", "empty", "the destination is empty");
        }
        if self.all_sources().any(|source| source.as_path().as_os_str().is_empty()) {
            problems.error("sources", "empty", "the source is empty");
        }
        if self.all_sources().next().is_none() && self.content.is_none() {
            problems.error("sources", "empty", "there is nothing to copy");
        }
        if self.all_sources().count() > 1 && !self.destination.to_string().ends_with('/') {
            let problem = Diagnostic::error("not-a-folder", "several files go into a folder").field("destination");
            problems.push(problem.help("end the destination with `/`"));
        }
        if self.is_download() && (self.mode.is_some() || self.owner.is_some()) {
            let field = if self.mode.is_some() { "mode" } else { "owner" };
            problems.error(field, "contradiction", "mode and owner are for uploads");
        }
        if self.mode.is_some_and(|mode| mode > 0o7777) {
            problems.error("mode", "mode", "permission bits are octal, 0o7777 at most: 0o644");
        }
    }
}
