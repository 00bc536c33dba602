//! What an image must know before it can be described: a file, the time, a revision, what a registry or a server says.
//!
//! An `#[image] async fn` takes `data: &Data` and asks. A question is a type that implements [`Lookup`], in any crate: the ones in this
//! folder are peers of those that platforms and third parties bring. [`Data::look_up`] asks any of them; `.await` waits for the answer,
//! [`try_join!`](crate::try_join) for several at once.
//!
//! ```text
//! Ask ── local? ─────────────────────────────────→ asked each time
//!   └── else ── in imagebake.lock? ── yes ───────→ the pinned answer
//!                 └── no ── --offline, --locked ─→ a problem of the plan
//!                             └── else ──────────→ asked once per run, then pinned by `build` and `lock`
//! ```
//!
//! What was found out is shown in the plan. Secrets are in questions by name alone, and an answer in which one of the question's secrets
//! is found is refused. This module knows no platform, and nothing here writes but [`Lookups::write`].

mod ask;
mod command;
mod environment;
mod file;
mod files;
mod git;
mod http;
mod join;
mod lock;
mod lookup;
mod lookups;
pub(crate) mod planned;
mod template;
mod unknown;

pub use ask::Ask;
pub use command::{CommandOutput, Printed};
pub use environment::EnvironmentVariable;
pub use file::{FileBytes, FileExists, FileText};
pub use files::FileNames;
pub use git::{GitRevision, GitState};
pub use http::{Http, HttpBody};
pub use join::Joined;
pub use lock::LockFile;
pub use lookup::{Lookup, LookupCx};
pub use lookups::{LockChange, Lookups, Pinned, Update};
pub use template::TemplateFile;
#[doc(hidden)]
pub use tokio::join as join_all;
pub(crate) use unknown::UNKNOWN;

use crate::{
    engine::Clock,
    field::Place,
    plan::Diagnostics,
    value::{HostPath, Text},
};
use serde::Serialize;
use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// What is shown of an answer that is secret.
pub(crate) const SENSITIVE: &str = "<sensitive>";

/// Where an answer came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Origin {
    /// This computer and this project; asked each time.
    Local,
    /// `imagebake.lock`.
    Pinned,
    /// The outside, in this run.
    Asked,
    /// Nobody: a plan in Packer's form asks nobody, as Packer itself does where it only checks.
    Unknown,
}

/// A look-up that was answered, as the plan shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LookedUp {
    /// The image that asked.
    pub image: String,
    /// The kind of question: `http`, `registry`.
    pub kind: &'static str,
    /// The question in one line; secrets by name.
    pub question: String,
    /// The answer in one line; `<sensitive>` for one that is not shown.
    pub answer: String,
    /// Where it came from.
    pub from: Origin,
    /// The line that asked.
    pub place: Place,
}

/// What an image looks things up with: `#[image] async fn web(vars: Web, data: &Data) -> Result<Image>`.
///
/// Relative paths start where those of the image do: at the folder of its crate.
///
/// ```
/// use imagebake::prelude::*;
///
/// #[image]
/// async fn web(data: &Data) -> Result<Image> {
///     let (motd, revision) = try_join!(data.file("files/motd"), data.git())?;
///     let motd = format!("{motd}built from {revision} on {}\n", data.time().format("%F"));
///     Ok(Image::new().source(Null::local()).provision(File::content(Template::raw(motd), "/etc/motd")))
/// }
/// ```
pub struct Data {
    run: Arc<Lookups>,
    image: String,
    base: PathBuf,
    /// The folder of the image below the project's, for questions whose answer depends on it.
    folder: String,
    told: Mutex<Told>,
}

#[derive(Default)]
struct Told {
    answers: Vec<LookedUp>,
    failures: Diagnostics,
}

impl Data {
    pub(crate) fn new(run: Arc<Lookups>, image: &str, base: PathBuf) -> Self {
        let folder = base
            .strip_prefix(run.root())
            .map(|folder| folder.display().to_string())
            .unwrap_or_default();
        Self {
            run,
            image: image.to_owned(),
            base,
            folder,
            told: Mutex::default(),
        }
    }

    /// Asks any question; platforms bring their own.
    #[track_caller]
    pub fn look_up<L: Lookup>(&self, question: L) -> Ask<'_, L> {
        Ask::new(self, question, Place::here())
    }

    /// The folder in which relative paths of the image start, as an absolute path.
    #[track_caller]
    pub fn folder(&self) -> String {
        let folder = self.base.canonicalize().unwrap_or_else(|_| self.base.clone());
        let folder = folder.display().to_string();
        self.tell(LookedUp {
            image: self.image.clone(),
            kind: "folder",
            question: "of the image".to_owned(),
            answer: folder.clone(),
            from: Origin::Local,
            place: Place::here(),
        });
        folder
    }

    /// The text of a file of the project.
    #[track_caller]
    pub fn file(&self, path: impl Into<HostPath>) -> Ask<'_, FileText> {
        self.look_up(FileText::new(path.into()))
    }

    /// The bytes of a file of the project.
    #[track_caller]
    pub fn file_bytes(&self, path: impl Into<HostPath>) -> Ask<'_, FileBytes> {
        self.look_up(FileBytes::new(path.into()))
    }

    /// Whether there is such a file in the project. A folder of that name is an error.
    #[track_caller]
    pub fn file_exists(&self, path: impl Into<HostPath>) -> Ask<'_, FileExists> {
        self.look_up(FileExists::new(path.into()))
    }

    /// The names of the files in a folder of the project, and in the folders below it, that a glob matches, in order: `**/*.sh`.
    #[track_caller]
    pub fn files(&self, folder: impl Into<HostPath>, glob: impl Into<String>) -> Ask<'_, FileNames> {
        self.look_up(FileNames::new(folder.into(), glob.into()))
    }

    /// A file of the project, rendered with `vars`; a variable that they lack is an error at the template's line. Syntax and comments
    /// are those of every template here: `{{ name }}`, `{% for … %}`, `{{# … #}}`.
    #[track_caller]
    pub fn template(&self, path: impl Into<HostPath>, vars: impl Serialize) -> Ask<'_, TemplateFile> {
        self.look_up(TemplateFile::new(path.into(), vars))
    }

    /// An environment variable of this computer. Its value is shown in the plan: for a secret there is
    /// [`Secret::env`](crate::value::Secret::env), for one that is only private `.sensitive()`.
    #[track_caller]
    pub fn env(&self, name: impl Into<String>) -> Ask<'_, EnvironmentVariable> {
        self.look_up(EnvironmentVariable::new(name.into()))
    }

    /// The moment of the run: the same for all images, steps and templates; `SOURCE_DATE_EPOCH` wins.
    #[track_caller]
    pub fn time(&self) -> Clock {
        let clock = self.run.clock();
        self.tell(LookedUp {
            image: self.image.clone(),
            kind: "time",
            question: "of the run".to_owned(),
            answer: clock.iso(),
            from: Origin::Local,
            place: Place::here(),
        });
        clock
    }

    /// The commit of the repository that the image stands in, and whether its files differ from it.
    #[track_caller]
    pub fn git(&self) -> Ask<'_, GitRevision> {
        self.look_up(GitRevision)
    }

    /// What a server answers to a GET: the text or bytes of a small document. Pinned by its digest, or checked by
    /// [`checksum`](Ask::checksum).
    #[track_caller]
    pub fn http(&self, url: impl Into<Text>) -> Ask<'_, Http> {
        self.look_up(Http::new(url.into()))
    }

    /// What a command on this computer prints, without the last line break. It runs in the folder of the image's crate, without a shell,
    /// and is pinned, since it may ask anybody; [`local`](Ask::local) says that it does not.
    #[track_caller]
    pub fn command<S: Into<String>>(&self, words: impl IntoIterator<Item = S>) -> Ask<'_, CommandOutput> {
        self.look_up(CommandOutput::new(
            words.into_iter().map(Into::into).collect(),
            &self.folder,
        ))
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, answer: LookedUp) {
        let mut told = self.told();
        // A loop that asks the same in each round is told once.
        if !told.answers.contains(&answer) {
            told.answers.push(answer);
        }
    }

    fn fail(&self, problems: Diagnostics) {
        self.told().failures.extend(problems);
    }

    /// What was found out, and what could not be.
    pub(crate) fn into_told(self) -> (Vec<LookedUp>, Diagnostics) {
        let told = self.told.into_inner().unwrap_or_else(PoisonError::into_inner);
        (told.answers, told.failures)
    }
}

#[cfg(test)]
mod tests;
