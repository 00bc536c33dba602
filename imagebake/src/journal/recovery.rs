//! What a later process does about an earlier one's leavings.

use super::{
    crash,
    entry::Entry,
    reader::{Outstanding, outstanding},
    writer::{DRAFT, append},
};
use crate::{
    error::{Context, Error, ErrorKind, Result},
    plan::nearest,
    project::Project,
    resource::{Recovery, SweepFilter, Swept, Token},
};
use futures_util::FutureExt;
use serde::Serialize;
use serde_json::Value;
use std::{
    fs::{File, OpenOptions, TryLockError},
    io::Read,
    panic::AssertUnwindSafe,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

/// A platform that does not remove an object within this time is not waited for.
const UNDO_WITHIN: Duration = Duration::from_secs(600);

/// What became of one run's leavings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RunState {
    /// Nothing is left.
    Clean,
    /// Something could not be removed; the journal stays.
    Kept,
    /// The run is still going on; it was left alone.
    Live,
}

/// An object that was removed.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Removed {
    /// `crate/kind`.
    pub kind: String,
    /// Its identity, where it was known.
    pub id: Option<Value>,
    /// The unit it belonged to.
    pub unit: String,
    /// Whether it was there; `false` when the crash came before it was made, or somebody else removed it.
    pub existed: bool,
}

/// An object that was not removed, and why.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Kept {
    /// `crate/kind`.
    pub kind: String,
    /// Its identity, where it was known.
    pub id: Option<Value>,
    /// The unit it belongs to.
    pub unit: String,
    /// Why.
    pub reason: String,
    /// What to do.
    pub hints: Vec<String>,
}

/// One run's part of a clean-up.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct RunCleanup {
    /// The run.
    pub run: String,
    /// How it stands now.
    pub state: RunState,
    /// What was removed.
    pub removed: Vec<Removed>,
    /// What was not.
    pub kept: Vec<Kept>,
    /// Why the journal itself could not be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What to do about that.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<String>,
}

impl RunCleanup {
    fn refused(&mut self, error: &Error) {
        self.error = Some(error.full());
        self.hints = error.hints().to_vec();
    }
}

/// What `cleanup` did.
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct CleanupReport {
    /// A row per journal that was there.
    pub runs: Vec<RunCleanup>,
}

impl CleanupReport {
    /// Whether something that should go is still there.
    pub fn failed(&self) -> bool {
        self.runs.iter().any(|run| run.state == RunState::Kept)
    }
}

fn journals(project: &Project, extension: &str) -> Result<Vec<(String, PathBuf)>> {
    let folder = project.state_dir.join("journal");
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::io("read the folder", &folder, error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.path("read the folder", &folder)?.path();
        if path.extension().is_some_and(|of_path| of_path == extension)
            && let Some(run) = path.file_stem()
        {
            found.push((run.to_string_lossy().into_owned(), path));
        }
    }
    found.sort();
    Ok(found)
}

/// The runs that have a journal: they left something, or are still going on.
///
/// # Errors
/// When the state folder cannot be read.
pub fn pending(project: &Project) -> Result<Vec<String>> {
    Ok(journals(project, JOURNAL)?.into_iter().map(|(run, _)| run).collect())
}

/// Removes what crashed and aborted runs left, `only` those of one run where that is named. Runs that are going on are left alone.
/// Doing it again does nothing.
///
/// # Errors
/// When the state folder cannot be read, or `only` names no run with a journal. What cannot be removed is in the report.
pub async fn cleanup(project: &Project, only: Option<&str>) -> Result<CleanupReport> {
    let mut report = CleanupReport::default();
    remove_drafts(project)?;
    let all = journals(project, JOURNAL)?;
    for (run, path) in &all {
        if only.is_none_or(|only| run.starts_with(only)) {
            report.runs.push(cleanup_run(run, path).await);
        }
    }
    match only {
        Some(only) if report.runs.is_empty() => {
            let error = Error::new(ErrorKind::NotFound, format!("no run `{only}` left anything"));
            Err(match nearest(only, all.iter().map(|(run, _)| run.as_str())) {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => error.hint("`cleanup` without a run takes all"),
            })
        }
        _ => Ok(report),
    }
}

const JOURNAL: &str = "jsonl";

/// A crash before a journal had its name leaves a draft, in which no object is.
fn remove_drafts(project: &Project) -> Result<()> {
    for (_, path) in journals(project, DRAFT)? {
        if let Ok(file) = File::open(&path)
            && file.try_lock().is_ok()
        {
            // One that comes to be at this moment is made again by its run.
            let _ = std::fs::remove_file(&path);
        }
    }
    Ok(())
}

/// The runs that hold their journal.
fn live(project: &Project) -> Result<Vec<String>> {
    let held = |path: &PathBuf| {
        File::open(path).is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
    };
    let all = journals(project, JOURNAL)?.into_iter();
    Ok(all.filter(|(_, path)| held(path)).map(|(run, _)| run).collect())
}

async fn cleanup_run(run: &str, path: &Path) -> RunCleanup {
    let mut row = RunCleanup {
        run: run.to_owned(),
        state: RunState::Kept,
        removed: Vec::new(),
        kept: Vec::new(),
        error: None,
        hints: Vec::new(),
    };
    let mut file = match OpenOptions::new().read(true).append(true).open(path) {
        Ok(file) => file,
        // Another cleanup was faster.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            row.state = RunState::Clean;
            return row;
        }
        Err(error) => {
            row.refused(&Error::io("open", path, error).hint("run cleanup as the user who made the build"));
            return row;
        }
    };
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            row.state = RunState::Live;
            return row;
        }
        Err(TryLockError::Error(error)) => {
            row.refused(&Error::io("lock", path, error).hint("the state folder must be on a file system with locks"));
            return row;
        }
    }
    match undo_all(&mut file, path, &mut row).await {
        Ok(()) if row.kept.is_empty() => row.state = RunState::Clean,
        Ok(()) => {}
        Err(error) => row.refused(&error),
    }
    row
}

pub(super) async fn undo_all(file: &mut File, path: &Path, row: &mut RunCleanup) -> Result<()> {
    // Through the handle that is locked: the path may be gone since, when another clean-up was faster.
    let mut text = Vec::new();
    file.read_to_end(&mut text).path("read", path)?;
    let left = outstanding(path, &text)?;
    let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    if whole < text.len() {
        // A torn last line must not swallow the first new one.
        file.set_len(whole as u64).path("mend", path)?;
    }
    for object in left.into_iter().rev() {
        let token = object.token.id.clone();
        match undo(&object).await {
            Ok(existed) => {
                note(file, &Entry::Deleted { token }, path);
                row.removed.push(Removed {
                    kind: object.kind,
                    id: object.id,
                    unit: object.unit,
                    existed,
                });
            }
            Err(error) => {
                let told = Entry::UndoFailed {
                    token,
                    error: error.full(),
                };
                note(file, &told, path);
                let (reason, hints) = (error.full(), error.hints().to_vec());
                row.kept.push(Kept {
                    kind: object.kind,
                    id: object.id,
                    unit: object.unit,
                    reason,
                    hints,
                });
            }
        }
    }
    match row.kept.is_empty() {
        true => match std::fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io("remove", path, error)
                .hint("nothing of the run is left; make the state folder writable and run `cleanup` again")),
            _ => Ok(()),
        },
        false => Ok(()),
    }
}

/// Puts on record what was done. Where that cannot be, on a full disk say, the rest is still to be removed: what stays on record
/// is looked for again, which does no harm.
fn note(file: &mut File, entry: &Entry, path: &Path) {
    crash::point();
    if let Err(error) = append(file, &entry.line(), path) {
        tracing::warn!(error = error.full(), "the journal cannot be written");
    }
    crash::point();
}

/// Removes one object, and says whether it was there. A component that panics or hangs does not keep the other objects from being removed.
pub(super) async fn remove(recovery: &Recovery, at: &Value, token: &Token, id: Option<&Value>) -> Result<bool> {
    let removing =
        AssertUnwindSafe(async { (recovery.undo)(at.clone(), token.clone(), id.cloned()).await }).catch_unwind();
    match tokio::time::timeout(UNDO_WITHIN, removing).await {
        Ok(Ok(result)) => result,
        Ok(Err(_)) => Err(Error::new(
            ErrorKind::Internal,
            format!("`{}` panicked while it was removing the object", recovery.kind),
        )
        .hint("this is a mistake in the component; run `cleanup` again once it is mended")),
        Err(_) => Err(Error::new(
            ErrorKind::Timeout,
            format!(
                "the platform did not remove it within {} minutes",
                UNDO_WITHIN.as_secs() / 60
            ),
        )
        .hint("run `cleanup` to try again")),
    }
}

async fn undo(object: &Outstanding) -> Result<bool> {
    let Some(recovery) = inventory::iter::<Recovery>().find(|recovery| recovery.kind == object.kind) else {
        let (krate, name) = object.kind.split_once('/').unwrap_or((&object.kind, ""));
        let error = Error::new(
            ErrorKind::Unsupported,
            format!("`{}` is not compiled into this program", object.kind),
        );
        return Err(match krate {
            "imagebake" => error.hint(format!(
                "run cleanup with a program that has imagebake's cargo feature `{}`",
                name.split('-').next().unwrap_or(name)
            )),
            other => error.hint(format!("run cleanup with a program that uses the crate `{other}`")),
        });
    };
    tracing::debug!(kind = recovery.kind, at = recovery.at, "undoing");
    remove(recovery, &object.locator, &object.token, object.id.as_ref()).await
}

/// What `cleanup --sweep` did, or would do.
#[derive(Debug, Serialize)]
#[non_exhaustive]
pub struct SweepReport {
    /// A row per object: kind, id, run, and the error where it could not be removed.
    pub objects: Vec<Value>,
    /// Whether nothing was touched.
    pub dry_run: bool,
    /// How many could not be removed.
    pub failures: usize,
}

/// Removes this project's expired objects on `platform` by the labels they carry, without a journal: those made more than
/// `older_than` ago.
///
/// # Errors
/// When no kind of object belongs to `platform`, or the state folder cannot be read. A place that cannot be asked is a row of the report.
pub async fn sweep(project: &Project, platform: &str, older_than: Duration, dry_run: bool) -> Result<SweepReport> {
    let belongs = |recovery: &&Recovery| {
        let name = recovery.kind.split_once('/').map_or(recovery.kind, |(_, name)| name);
        recovery.kind == platform || name == platform || name.starts_with(&format!("{platform}-"))
    };
    let kinds: Vec<&Recovery> = inventory::iter::<Recovery>().filter(belongs).collect();
    if kinds.is_empty() {
        let all: Vec<&str> = inventory::iter::<Recovery>().map(|recovery| recovery.kind).collect();
        let error = Error::new(
            ErrorKind::NotFound,
            format!("this program makes no objects on `{platform}`"),
        );
        let platforms = all.iter().map(|kind| {
            let name = kind.split_once('/').map_or(*kind, |(_, name)| name);
            name.split('-').next().unwrap_or(name)
        });
        return Err(match nearest(platform, platforms) {
            _ if all.is_empty() => error.hint("none of the components that are compiled in makes any"),
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error.hint(format!("kinds of objects are: {}", all.join(", "))),
        });
    }
    let now = SystemTime::now();
    let filter = SweepFilter {
        project: project.id.clone(),
        made_before: now.checked_sub(older_than).unwrap_or(SystemTime::UNIX_EPOCH),
        now,
        dry_run,
        live: live(project)?,
    };
    let mut swept: Vec<Swept> = Vec::new();
    for recovery in kinds {
        swept.extend((recovery.sweep)(project.state_dir.clone(), filter.clone()).await?);
    }
    let failures = swept.iter().filter(|object| object.error.is_some()).count();
    let objects = swept
        .iter()
        .filter_map(|object| serde_json::to_value(object).ok())
        .collect();
    Ok(SweepReport {
        objects,
        dry_run,
        failures,
    })
}
