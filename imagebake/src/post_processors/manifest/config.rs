//! The settings of `manifest`.

use crate::{describe::Component, field::Places, plan::Diagnostics, value::Template};
use imagebake_macros::Config;
use std::collections::BTreeMap;

/// Notes each artifact in a JSON file: `builds` has a row per unit, `last_run_uuid` names the rows of the last run. Rows are added, so
/// several images and runs share a file; it is written as a whole or not at all.
#[derive(Clone, Debug, Config)]
#[config(constructors(new, to(output)))]
pub struct Manifest {
    /// The file; relative to the current folder.
    #[field(default = "packer-manifest.json", template = "output")]
    output: Template,
    /// File names without their folders.
    #[field(template = "strip_path")]
    strip_path: bool,
    /// Leaves out the time of the build.
    #[field(template = "strip_time")]
    strip_time: bool,
    /// More values for scripts that read the file.
    #[field(each = "custom", template = "custom_data")]
    custom_data: BTreeMap<String, Template>,
    /// Adds what the image was made from: the project's commit, the digest of its `Cargo.lock`, the identity of the base, the values of
    /// variables (secrets by name) and the digests of the files that steps read.
    provenance: bool,
    /// Adds the artifacts' digests, computing SHA-256 where nobody else has.
    digests: bool,
    at: Places,
}

impl Manifest {
    /// A manifest in `packer-manifest.json`, where scripts written for Packer look for it.
    #[track_caller]
    pub fn new() -> Self {
        Self::defaults()
    }

    /// A manifest in the file `output`, which may use facts: `"{{ image }}.json"`.
    #[track_caller]
    pub fn to(output: impl Into<Template>) -> Self {
        Self::defaults().output(output)
    }

    pub(super) fn output_template(&self) -> &Template {
        &self.output
    }
    pub(super) fn strips_path(&self) -> bool {
        self.strip_path
    }
    pub(super) fn strips_time(&self) -> bool {
        self.strip_time
    }
    pub(super) fn custom_values(&self) -> &BTreeMap<String, Template> {
        &self.custom_data
    }
    pub(super) fn wants_provenance(&self) -> bool {
        self.provenance
    }
    pub(super) fn wants_digests(&self) -> bool {
        self.digests
    }
}

impl Component for Manifest {
    const KIND: &'static str = "manifest";

    fn check(&self, problems: &mut Diagnostics) {
        if self.output.is_empty() {
            problems.error("output", "empty", "the manifest needs the name of a file");
        }
        if self.output.is_secret() {
            problems.error("output", "secret", "the name of a file cannot be a secret");
        }
    }
}
