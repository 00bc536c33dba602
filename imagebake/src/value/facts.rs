//! What is known only while a build runs, as constants for templates.

use std::fmt;

/// A run-time fact. Its `Display` is the template text that stands for it, so `format!("web-{TIMESTAMP}")` is a template and a
/// misspelt fact does not compile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fact(&'static str);

impl Fact {
    /// The name as templates write it: `build.id`.
    pub const fn name(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{{ {} }}}}", self.0)
    }
}

/// Seconds since 1970 when the run began, fixed once per run; `SOURCE_DATE_EPOCH` wins.
pub const TIMESTAMP: Fact = Fact("timestamp");
/// The same moment as `2026-11-24T12:00:00Z`.
pub const ISO_TIME: Fact = Fact("iso_time");
/// The run's id: `r` and 12 letters or digits that sort by time.
pub const RUN_ID: Fact = Fact("run.id");
/// An identifier of this build in the form of a UUID: one for each unit and run, the same wherever the build names it.
pub const UUID: Fact = Fact("uuid");
/// The image's name.
pub const IMAGE: Fact = Fact("image");
/// The source's name in its image: its kind, or what `.named` said.
pub const SOURCE: Fact = Fact("source");
/// The source's kind: `oci`, `null`.
pub const SOURCE_KIND: Fact = Fact("source_kind");
/// The unit's name: `web.oci`.
pub const UNIT: Fact = Fact("unit");
/// What the platform calls the machine of this build; known once it is started.
pub const BUILD_ID: Fact = Fact("build.id");

/// Facts that every template may use.
pub(crate) const ALWAYS: &[&str] = &[
    "timestamp",
    "iso_time",
    "run.id",
    "uuid",
    "image",
    "source",
    "source_kind",
    "unit",
    "project",
];
/// Facts of a started machine, for templates rendered after it is there.
pub(crate) const BUILD: &[&str] = &[
    "build.id",
    "build.name",
    "build.source",
    "build.host",
    "build.port",
    "build.user",
];
