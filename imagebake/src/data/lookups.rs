//! What all look-ups of a run share: what the user allows, the lock file, and what was asked already.

use super::lock::{LockFile, Pin};
use crate::{
    engine::Clock,
    error::{Context, Error, ErrorKind, Result},
    field::Place,
    io::{DigestKind, digest_bytes, write_atomically},
    names::any_matches,
    plan::{Diagnostic, Diagnostics, nearest},
    project::Project,
};
use bytes::Bytes;
use serde_json::{Map, Value as Json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};
use tokio::sync::OnceCell;

/// Which pinned answers are asked for anew.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Update {
    /// None: only what is missing is asked for.
    #[default]
    Missing,
    /// All.
    All,
    /// Those with these names, or names that match these globs: `registry debian:12`, `debian:*`.
    Named(Vec<String>),
}

/// The look-ups of a run.
#[derive(Debug)]
pub struct Lookups {
    root: PathBuf,
    /// Bytes of answers whose digests are pinned.
    contents: PathBuf,
    clock: Clock,
    offline: bool,
    locked: bool,
    silent: bool,
    update: Update,
    lock: OnceLock<Result<LockFile, Diagnostics>>,
    state: Mutex<State>,
}

type Answer = Arc<OnceCell<Map<String, Json>>>;

#[derive(Debug, Default)]
struct State {
    asked: BTreeMap<String, Answer>,
    fetched: BTreeMap<String, Bytes>,
    /// Every question that the lock file may answer.
    questions: BTreeSet<String>,
    fresh: BTreeMap<String, Map<String, Json>>,
}

/// One answer of the lock file, for reports.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct Pinned {
    /// The question: `registry debian:12`.
    pub name: String,
    /// The answer.
    pub answer: Map<String, Json>,
    /// What it was before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<Map<String, Json>>,
}

/// How a lock file changes.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct LockChange {
    /// Answers that it did not have.
    pub added: Vec<Pinned>,
    /// Answers that are others now.
    pub updated: Vec<Pinned>,
    /// How many stayed as they were.
    pub unchanged: usize,
    /// Questions that nobody asked in this run.
    pub unused: Vec<String>,
}

impl LockChange {
    /// Whether the file has to be written.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.updated.is_empty()
    }
}

impl Lookups {
    /// Those of `project`: what is pinned is used, all else is asked.
    pub fn new(project: &Project) -> Self {
        Self {
            root: project.root.clone(),
            contents: project.state_dir.join("lookups"),
            clock: Clock::now(),
            offline: false,
            locked: false,
            silent: false,
            update: Update::Missing,
            lock: OnceLock::new(),
            state: Mutex::default(),
        }
    }

    /// Asks nobody outside: what is not pinned is a problem.
    #[must_use]
    pub fn offline(mut self, offline: bool) -> Self {
        self.offline = offline;
        self
    }

    /// Asks nobody: what is not pinned stands as `<unknown>`, and each text with it is unknown as a whole.
    #[must_use]
    pub fn silent(mut self, silent: bool) -> Self {
        self.silent = silent;
        self
    }

    /// Whether what is not pinned is left open.
    pub(super) fn is_silent(&self) -> bool {
        self.silent
    }

    /// Nothing may be added to the lock file: what is not in it is a problem.
    #[must_use]
    pub fn locked(mut self, locked: bool) -> Self {
        self.locked = locked;
        self
    }

    /// Asks for pinned answers anew.
    #[must_use]
    pub fn update(mut self, update: Update) -> Self {
        self.update = update;
        self
    }

    /// The moment of the run.
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// Whether the outside may not be asked.
    pub fn is_offline(&self) -> bool {
        self.offline
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Where the lock file is.
    pub fn lock_path(&self) -> PathBuf {
        self.root.join(LockFile::NAME)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The lock file, read on first use: an image that looks nothing up does not wait for it.
    ///
    /// # Errors
    /// When it cannot be understood.
    pub fn lock(&self) -> Result<&LockFile, &Diagnostics> {
        self.lock.get_or_init(|| LockFile::read(&self.lock_path())).as_ref()
    }

    /// What is wrong with the lock file, where somebody wanted to know.
    pub(crate) fn lock_problems(&self) -> Option<&Diagnostics> {
        self.lock.get().and_then(|lock| lock.as_ref().err())
    }

    /// The pinned answer to `name`, unless it is to be asked anew.
    pub(super) fn pinned(&self, name: &str) -> Result<Option<&Pin>, Diagnostics> {
        self.state().questions.insert(name.to_owned());
        let lock = self.lock().map_err(Clone::clone)?;
        let again = match &self.update {
            Update::Missing => false,
            Update::All => true,
            Update::Named(globs) => globs.iter().any(|glob| is_named(glob, name)),
        };
        Ok(lock.get(name).filter(|_| !again))
    }

    /// Whether the outside may be asked, and the lock file changed.
    pub(super) fn may_ask(&self, name: &str, pinnable: bool, from: &Place) -> Result<(), Diagnostics> {
        const PIN: &str = "run `lock` where the network may be used, and commit imagebake.lock";
        let problem = match (pinnable, self.locked, self.offline) {
            (true, true, _) => Diagnostic::error(
                "look-up-locked",
                format!("`{name}` is not in imagebake.lock, and --locked forbids to add it"),
            )
            .help(PIN),
            (true, false, true) => Diagnostic::error(
                "look-up-offline",
                format!("`{name}` is not pinned in imagebake.lock, and --offline forbids to look it up"),
            )
            .help(PIN),
            (false, _, true) => Diagnostic::error(
                "look-up-offline",
                format!("`{name}` is asked in every run, and --offline forbids to look it up"),
            )
            .help("run without --offline, or pin it: remove `.unpinned()` or `.sensitive()`"),
            (_, _, false) => return Ok(()),
        };
        let known = self.lock().into_iter().flat_map(LockFile::questions);
        let problem = match nearest(name, known) {
            Some(near) => problem.help(format!("the nearest one that is pinned is `{near}`")),
            None => problem,
        };
        Err(problem.at(from.clone()).into())
    }

    /// The answer to `name`, asked by whoever comes first in this run.
    pub(super) async fn once<F: Future<Output = Result<Map<String, Json>, Diagnostics>>>(
        &self,
        name: &str,
        ask: impl FnOnce() -> F,
    ) -> Result<Map<String, Json>, Diagnostics> {
        let answer: Answer = self.state().asked.entry(name.to_owned()).or_default().clone();
        answer.get_or_try_init(ask).await.cloned()
    }

    pub(super) fn pin(&self, name: &str, answer: Map<String, Json>) {
        self.state().fresh.insert(name.to_owned(), answer);
    }

    /// Keeps the bytes behind a digest.
    pub(super) fn keep(&self, digest: &str, bytes: Bytes) {
        self.state().fetched.insert(digest.to_owned(), bytes);
    }

    /// The bytes behind a digest, as far as they are here: of this run, or of an earlier one that wrote them.
    pub(super) async fn kept(&self, kind: DigestKind, hex: &str) -> Option<Bytes> {
        let name = format!("{kind}-{hex}");
        if let Some(bytes) = self.state().fetched.get(&name) {
            return Some(bytes.clone());
        }
        let bytes = Bytes::from(tokio::fs::read(self.contents.join(&name)).await.ok()?);
        // A file that somebody changed is as good as none.
        (digest_bytes(&bytes, [kind]).get(kind) == Some(hex)).then_some(bytes)
    }

    /// How the lock file would change by what this run has found out.
    pub fn change(&self) -> LockChange {
        let state = self.state();
        let empty = LockFile::default();
        let lock = self.lock().unwrap_or(&empty);
        let mut change = LockChange::default();
        for (name, answer) in &state.fresh {
            let old = lock.get(name).map(|pin| pin.answer.clone());
            let found = Pinned {
                name: name.clone(),
                answer: answer.clone(),
                old,
            };
            match &found.old {
                None => change.added.push(found),
                Some(old) if old != answer => change.updated.push(found),
                Some(_) => change.unchanged += 1,
            }
        }
        for name in lock.questions() {
            match state.questions.contains(name) {
                false => change.unused.push(name.to_owned()),
                true if !state.fresh.contains_key(name) => change.unchanged += 1,
                true => {}
            }
        }
        change
    }

    /// A problem for each name of [`Update::Named`] that is neither pinned nor asked; `images` are names that may have been meant as images.
    pub fn unknown_names(&self, images: &[String]) -> Diagnostics {
        let mut problems = Diagnostics::new();
        let Update::Named(names) = &self.update else {
            return problems;
        };
        let state = self.state();
        let pinned = self.lock().map(LockFile::questions).into_iter().flatten();
        let known: BTreeSet<&str> = state.questions.iter().map(String::as_str).chain(pinned).collect();
        for name in names
            .iter()
            .filter(|name| !known.iter().any(|known| is_named(name, known)))
        {
            let problem = Diagnostic::error("unknown-look-up", format!("no look-up is called `{name}`"));
            let subjects = known.iter().flat_map(|known| [*known, subject(known)]);
            problems.push(match nearest(name, subjects) {
                _ if images.contains(name) => {
                    problem.help(format!("`{name}` is an image: write images before `--update`"))
                }
                Some(near) => problem.help(format!("did you mean `{near}`?")),
                None if known.is_empty() => problem.help("the selected images look nothing up that could be pinned"),
                None => problem.help(format!(
                    "look-ups are: {}",
                    known.iter().copied().collect::<Vec<_>>().join(", ")
                )),
            });
        }
        problems
    }

    /// Writes what this run has found out: the lock file, and the bytes whose digests are in it. `prune` removes what nobody asked for.
    /// Blocking.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(&self, prune: bool) -> Result<LockChange> {
        self.write_contents()?;
        let change = self.change();
        if change.is_empty() && (!prune || change.unused.is_empty()) {
            return Ok(change);
        }
        let path = self.lock_path();
        // Others may write at the same time: what they have added stays.
        let folder = fs::File::open(&self.root).path("open", &self.root)?;
        folder.lock().path("lock", &self.root)?;
        let mut lock = LockFile::read(&path).map_err(|problems| {
            let first = problems.iter().next().map(|problem| problem.message.clone());
            Error::new(ErrorKind::Integrity, first.unwrap_or_default()).hint("run the same command again")
        })?;
        for pinned in change.added.iter().chain(&change.updated) {
            lock.insert(pinned.name.clone(), pinned.answer.clone());
        }
        if prune {
            change.unused.iter().for_each(|name| lock.remove(name));
        }
        write_atomically(&path, lock.to_text().as_bytes())
            .map_err(Error::from)
            .map_err(|error| {
                error.hint(
                    "`lock` writes it where the project's folder can be written; with --locked nothing is written",
                )
            })?;
        Ok(change)
    }

    fn write_contents(&self) -> Result<()> {
        let fetched = self.state().fetched.clone();
        if fetched.is_empty() {
            return Ok(());
        }
        fs::create_dir_all(&self.contents).path("make the folder", &self.contents)?;
        for (name, bytes) in fetched {
            let path = self.contents.join(name);
            if !path.is_file() {
                write_atomically(&path, &bytes).map_err(Error::from)?;
            }
        }
        Ok(())
    }
}

/// `debian:12` of `registry debian:12`.
fn subject(name: &str) -> &str {
    name.split_once(' ').map_or(name, |(_, subject)| subject)
}

/// Whether `glob` means the look-up `name`, by its whole name or by what comes after its kind.
fn is_named(glob: &str, name: &str) -> bool {
    let subject = subject(name);
    glob == name || glob == subject || any_matches(glob, &[name.to_owned(), subject.to_owned()])
}
