//! The settings of `artifice`.

use crate::{describe::Component, field::Places, plan::Diagnostics, value::Template};
use imagebake_macros::Config;

/// Goes on with these files in place of the artifact: what a provisioner or `shell-local` wrote on the builder.
#[derive(Clone, Debug, Config)]
#[config(constructors(from_files(files)))]
pub struct Artifice {
    /// Files, relative to the current folder; `*`, `?`, `[…]` and `{…}` match within a folder, `**` through folders.
    #[field(required, each = "file", template = "files")]
    files: Vec<Template>,
    at: Places,
}

impl Artifice {
    /// These files; each may use facts and match several: `"output/{{ image }}-*.raw"`.
    #[track_caller]
    pub fn from_files<T: Into<Template>>(files: impl IntoIterator<Item = T>) -> Self {
        // A loop, for in a closure the caller's line is lost.
        let mut artifice = Self::defaults();
        for file in files {
            artifice = artifice.file(file);
        }
        artifice
    }

    pub(super) fn patterns(&self) -> &[Template] {
        &self.files
    }
}

impl Component for Artifice {
    const KIND: &'static str = "artifice";

    fn check(&self, problems: &mut Diagnostics) {
        if self.files.is_empty() || self.files.iter().any(Template::is_empty) {
            problems.error("files", "empty", "name the files that the artifact shall have");
        }
        if self.files.iter().any(Template::is_secret) {
            problems.error("files", "secret", "the name of a file cannot be a secret");
        }
    }
}
