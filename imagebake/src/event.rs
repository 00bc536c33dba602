//! What happens in a run, as reporters, log files and `--output json` see it.
//!
//! The vocabulary is versioned ([`VERSION`]) and only grows. Texts in events are redacted before any reporter sees them. Events are
//! facts that have happened; nothing here decides anything.

use crate::{error::Error, field::Place, value::path_text};
use bytes::Bytes;
use serde::{Serialize, Serializer};
use std::{fmt, path::PathBuf, sync::Arc, time::SystemTime};

/// The version of the event vocabulary, in the first event of a run.
pub const VERSION: u32 = 1;

/// The name of a unit: `web.oci`.
pub type UnitName = Arc<str>;

/// Where a line of guest output came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// A step as events name it.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct StepRef {
    /// From 1, in the order of the unit.
    pub number: usize,
    /// How many there are.
    pub of: usize,
    /// `shell`, or what `.named` said.
    pub name: Arc<str>,
    /// The provisioner's or post-processor's kind.
    pub kind: &'static str,
    /// The line of the user's Rust.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// Provisioner or post-processor.
    pub phase: Phase,
}

impl StepRef {
    /// A step's name in events.
    pub fn new(number: usize, of: usize, name: &str, kind: &'static str, place: Option<Place>, phase: Phase) -> Self {
        Self {
            number,
            of,
            name: name.into(),
            kind,
            place,
            phase,
        }
    }
}

/// `step 2 of 5 shell`, `error-cleanup shell`, `post 1 of 2 manifest`.
impl fmt::Display for StepRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { number, of, name, .. } = self;
        match self.phase {
            Phase::Provision => write!(f, "step {number} of {of} {name}"),
            Phase::ErrorCleanup => write!(f, "error-cleanup {name}"),
            Phase::PostProcess => write!(f, "post {number} of {of} {name}"),
        }
    }
}

/// The part of a build that a step belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// In the machine.
    Provision,
    /// After a failure, before the machine is removed.
    ErrorCleanup,
    /// On the artifact.
    PostProcess,
}

/// How a unit, or a whole run, ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UnitStatus {
    /// It was built.
    Ok,
    /// It was not.
    Failed,
    /// The user cancelled it, or `--fail-fast` did.
    Cancelled,
    /// It never began.
    Skipped,
}

impl fmt::Display for UnitStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Skipped => "skipped",
        })
    }
}

/// What became of an outside object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ResourceAction {
    /// It exists now.
    Created,
    /// It became the artifact.
    Released,
    /// It is gone.
    Deleted,
    /// It could not be removed.
    UndoFailed,
    /// It was left on purpose.
    Kept,
}

/// A failure as it is shown again after the last unit.
#[derive(Clone, Debug, Default, Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct Failure {
    /// The sentence.
    pub message: String,
    /// The causes underneath, outermost first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<String>,
    /// `step 2 of 3 shell`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// `src/main.rs:12`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// The script or command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script: Option<String>,
    /// Its exit code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// Facts about where it happened.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub context: Vec<(String, String)>,
    /// What to do next.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<String>,
    /// The last lines of the guest's output.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub last_lines: Vec<String>,
    /// The unit's whole log.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "path_text::lossy_option"
    )]
    pub log: Option<PathBuf>,
    /// What failed while cleaning up; it never hides the first error.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cleanup: Vec<String>,
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        let mut causes = Vec::new();
        let mut cause = std::error::Error::source(error);
        while let Some(error) = cause {
            causes.push(error.to_string());
            cause = error.source();
        }
        Self {
            message: error.message().to_owned(),
            causes,
            place: error.place().map(Place::to_string),
            script: error.failed_command().map(|command| command.command.clone()),
            exit_code: error.failed_command().and_then(|command| command.exit_code),
            context: error
                .facts()
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone()))
                .collect(),
            hints: error.hints().to_vec(),
            ..Self::default()
        }
    }
}

/// A file of an artifact, as summaries and run records show it.
#[derive(Clone, Debug, Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct FileSummary {
    /// Where it is.
    #[serde(serialize_with = "path_text::lossy")]
    pub path: PathBuf,
    /// In bytes.
    pub size: u64,
    /// In hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

impl FileSummary {
    /// A file with its size in bytes and its digest where known.
    pub fn new(path: impl Into<PathBuf>, size: u64, sha256: Option<String>) -> Self {
        Self {
            path: path.into(),
            size,
            sha256,
        }
    }
}

/// An artifact, as summaries and run records show it.
#[derive(Clone, Debug, Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct ArtifactSummary {
    /// What it is: `oci-image`, `files`.
    pub kind: String,
    /// Its identity on its platform.
    pub id: String,
    /// Its files, where it has some.
    pub files: Vec<FileSummary>,
    /// Its folders, where it is no file.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        serialize_with = "path_text::lossy_list"
    )]
    pub folders: Vec<PathBuf>,
}

impl ArtifactSummary {
    /// An artifact's row.
    pub fn new(kind: impl Into<String>, id: impl Into<String>, files: Vec<FileSummary>) -> Self {
        Self {
            kind: kind.into(),
            id: id.into(),
            files,
            folders: Vec::new(),
        }
    }
}

/// The end of one unit.
#[derive(Clone, Debug, Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct UnitSummary {
    /// The image's name.
    pub image: String,
    /// The source's name in it.
    pub source: String,
    /// How it ended.
    pub status: UnitStatus,
    /// How long it took.
    pub seconds: f64,
    /// The identity of what it started from, once that was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// What it made.
    pub artifacts: Vec<ArtifactSummary>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
    /// How long each part took, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub timings: Vec<Timing>,
}

impl UnitSummary {
    /// A unit that has not ended otherwise yet.
    pub fn new(image: impl Into<String>, source: impl Into<String>, status: UnitStatus) -> Self {
        Self {
            image: image.into(),
            source: source.into(),
            status,
            seconds: 0.0,
            base: None,
            artifacts: Vec::new(),
            error: None,
            timings: Vec::new(),
        }
    }

    /// `web.oci`.
    pub fn name(&self) -> String {
        format!("{}.{}", self.image, self.source)
    }
}

/// How long a part of a unit took.
#[derive(Clone, Debug, Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct Timing {
    /// `start`, `step 1 shell`, `post manifest`, `cleanup`.
    pub part: String,
    /// In seconds.
    pub seconds: f64,
    /// Taken from a snapshot of an earlier run.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cached: bool,
}

impl Timing {
    /// A part and its length in seconds.
    pub fn new(part: impl Into<String>, seconds: f64, cached: bool) -> Self {
        Self {
            part: part.into(),
            seconds,
            cached,
        }
    }
}

/// The end of a run.
#[derive(Clone, Debug, Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct Summary {
    /// The run.
    pub run: String,
    /// Its units, in the order of the plan.
    pub units: Vec<UnitSummary>,
    /// How long it took.
    pub seconds: f64,
    /// Whether clean-up was tried and failed.
    pub cleanup_failed: bool,
}

impl Summary {
    /// The end of `run`.
    pub fn new(run: impl Into<String>, units: Vec<UnitSummary>, seconds: f64, cleanup_failed: bool) -> Self {
        Self {
            run: run.into(),
            units,
            seconds,
            cleanup_failed,
        }
    }
}

/// One thing that happened.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Event {
    /// A run began; always the first event.
    Run {
        /// Of this vocabulary.
        version: u32,
        /// The run's id.
        run: String,
        /// The units it will build.
        units: Vec<UnitName>,
        /// Where the units' logs are.
        #[serde(serialize_with = "path_text::lossy")]
        logs: PathBuf,
    },
    /// A unit waits for a free place.
    Waiting {
        /// The unit.
        unit: UnitName,
        /// What it waits for: `--parallel 2`.
        waits_for: String,
    },
    /// A unit began.
    UnitStarted {
        /// The unit.
        unit: UnitName,
    },
    /// A provisioner or post-processor began.
    StepStarted {
        /// The unit.
        unit: UnitName,
        /// The step.
        step: StepRef,
    },
    /// A try failed and another one follows.
    Attempt {
        /// The unit.
        unit: UnitName,
        /// The step, where it was in one.
        step: Option<StepRef>,
        /// The number of the next try.
        attempt: u32,
        /// How many there may be.
        of: u32,
        /// The error of the first try.
        error: String,
    },
    /// Something worth a line.
    Message {
        /// The unit, where it is about one.
        unit: Option<UnitName>,
        /// `info` or `warning`.
        level: Level,
        /// The line.
        text: String,
    },
    /// The guest, or a command on the builder, printed something.
    Output {
        /// The unit.
        unit: UnitName,
        /// Where it came from.
        stream: Stream,
        /// Redacted bytes, not cut at line ends.
        #[serde(rename = "text", serialize_with = "lossy")]
        bytes: Bytes,
    },
    /// A long transfer moved on.
    Progress {
        /// The unit.
        unit: UnitName,
        /// What moves: `pull debian:12`.
        what: Arc<str>,
        /// Bytes so far.
        done: u64,
        /// Bytes in all, where known.
        total: Option<u64>,
    },
    /// A step ended.
    StepFinished {
        /// The unit.
        unit: UnitName,
        /// The step.
        step: StepRef,
        /// How long it took.
        seconds: f64,
        /// `ok`, `failed` or `cancelled`; `skipped` for a step taken from a snapshot.
        status: UnitStatus,
    },
    /// An outside object came or went.
    Resource {
        /// The unit.
        unit: UnitName,
        /// What became of it.
        action: ResourceAction,
        /// `crate/kind`.
        kind: String,
        /// Its identity.
        id: String,
    },
    /// A unit ended.
    UnitFinished {
        /// The unit.
        unit: UnitName,
        /// How.
        #[serde(flatten)]
        summary: Box<UnitSummary>,
    },
    /// The run ended; always the last event.
    Summary {
        /// How.
        #[serde(flatten)]
        summary: Arc<Summary>,
    },
}

/// How loud a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// For whoever looks into the unit's log: a request of the machine's, a word of a program's. Not shown while it runs.
    Debug,
    /// For the record.
    Info,
    /// The user should know.
    Warning,
}

fn lossy<S: Serializer>(bytes: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&String::from_utf8_lossy(bytes))
}

impl Event {
    /// The unit it is about.
    pub fn unit(&self) -> Option<&UnitName> {
        match self {
            Self::Waiting { unit, .. }
            | Self::UnitStarted { unit }
            | Self::StepStarted { unit, .. }
            | Self::Attempt { unit, .. }
            | Self::Output { unit, .. }
            | Self::Progress { unit, .. }
            | Self::StepFinished { unit, .. }
            | Self::Resource { unit, .. }
            | Self::UnitFinished { unit, .. } => Some(unit),
            Self::Message { unit, .. } => unit.as_ref(),
            Self::Run { .. } | Self::Summary { .. } => None,
        }
    }
}

/// An event and when it happened.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Stamped {
    /// The clock's time.
    pub time: SystemTime,
    /// What happened.
    pub event: Event,
}

impl Stamped {
    /// Stamps an event with the clock's time.
    pub fn now(event: Event) -> Self {
        Self {
            time: SystemTime::now(),
            event,
        }
    }
}
