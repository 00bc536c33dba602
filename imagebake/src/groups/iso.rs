//! An installation medium.

use crate::{
    field::Places,
    plan::Diagnostics,
    value::{Checksum, Template, Text},
};
use imagebake_macros::Config;

/// An installation medium, fetched once and kept for later builds.
#[derive(Clone, Debug, Config)]
#[config(prefix = "iso_", constructors(new(url, checksum), mirrors(urls, checksum)))]
pub struct Iso {
    /// Where it is: an address, or a path on the builder.
    #[field(private, rename = "from_url", template = "iso_url", unkeyed)]
    pub(crate) url: Option<Template>,
    /// Places to try one after another.
    #[field(private, rename = "from_urls", template = "iso_urls", unkeyed)]
    pub(crate) urls: Vec<Template>,
    /// What it must be.
    #[field(required, rename = "with_checksum", template = "iso_checksum", unkeyed)]
    pub(crate) checksum: Checksum,
    /// The kind of the checksum.
    #[field(
        private,
        superseded = "the digits of `iso_checksum` say by their number which kind they are",
        template = "iso_checksum_type"
    )]
    checksum_type: Option<Text>,
    /// Where it is kept on the builder; the project's store without.
    #[field(template = "iso_target_path", unkeyed)]
    pub(crate) target_path: Option<Template>,
    /// What the kept file's name ends in; `iso` without.
    #[field(template = "iso_target_extension", unkeyed)]
    pub(crate) target_extension: Option<Text>,
    at: Places,
}

impl Iso {
    /// The medium at `url`, which must be what `checksum` says.
    #[track_caller]
    pub fn new(url: impl Into<Template>, checksum: Checksum) -> Self {
        Self::defaults().from_url(url).with_checksum(checksum)
    }

    /// The medium at the first of `urls` that has it.
    #[track_caller]
    pub fn mirrors(urls: impl IntoIterator<Item: Into<Template>>, checksum: Checksum) -> Self {
        Self::defaults().from_urls(urls).with_checksum(checksum)
    }

    /// Finds what is wrong with the settings. Sources call it from their own check.
    pub fn check_all(&self, problems: &mut Diagnostics) {
        problems.check_any(&[
            ("iso_url", self.url.as_ref().is_some_and(|url| !url.is_empty())),
            ("iso_urls", !self.urls.is_empty()),
        ]);
        if let Some(problem) = self.checksum.problem() {
            problems.error("iso_checksum", "checksum", problem);
        }
    }
}
