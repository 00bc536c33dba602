//! What a later process does about an earlier one's leavings.

use super::{
    entry::Entry,
    reader::{Outstanding, outstanding},
    writer::append_to,
};
use crate::{
    error::{Context, Error, ErrorKind, Result},
    plan::nearest,
    project::Project,
    resource::{Recovery, SweepFilter, Swept},
};
use serde::Serialize;
use serde_json::Value;
use std::{
    fs::{File, OpenOptions, TryLockError},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

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

fn journals(project: &Project) -> Result<Vec<(String, PathBuf)>> {
    let folder = project.state_dir.join("journal");
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::io("read the folder", &folder, error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.path("read the folder", &folder)?.path();
        if path.extension().is_some_and(|extension| extension == "jsonl")
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
    Ok(journals(project)?.into_iter().map(|(run, _)| run).collect())
}

/// Removes what crashed and aborted runs left, `only` those of one run where that is named. Runs that are going on are left alone.
/// Doing it again does nothing.
///
/// # Errors
/// When the state folder cannot be read, or `only` names no run with a journal. What cannot be removed is in the report.
pub async fn cleanup(project: &Project, only: Option<&str>) -> Result<CleanupReport> {
    let mut report = CleanupReport::default();
    let all = journals(project)?;
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

async fn cleanup_run(run: &str, path: &Path) -> RunCleanup {
    let mut row = RunCleanup {
        run: run.to_owned(),
        state: RunState::Kept,
        removed: Vec::new(),
        kept: Vec::new(),
        error: None,
    };
    let mut file = match OpenOptions::new().read(true).append(true).open(path) {
        Ok(file) => file,
        // Another cleanup was faster.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            row.state = RunState::Clean;
            return row;
        }
        Err(error) => {
            row.error = Some(Error::io("open", path, error).full());
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
            row.error = Some(Error::io("lock", path, error).full());
            return row;
        }
    }
    match undo_all(&mut file, path, &mut row).await {
        Ok(()) if row.kept.is_empty() => row.state = RunState::Clean,
        Ok(()) => {}
        Err(error) => row.error = Some(error.full()),
    }
    row
}

async fn undo_all(file: &mut File, path: &Path, row: &mut RunCleanup) -> Result<()> {
    let left = outstanding(path, &std::fs::read(path).path("read", path)?)?;
    for object in left.into_iter().rev() {
        let token = object.token.id.clone();
        match undo(&object).await {
            Ok(existed) => {
                append_to(file, &Entry::Deleted { token }, path)?;
                row.removed.push(Removed {
                    kind: object.kind,
                    id: object.id,
                    unit: object.unit,
                    existed,
                });
            }
            Err(error) => {
                append_to(
                    file,
                    &Entry::UndoFailed {
                        token,
                        error: error.full(),
                    },
                    path,
                )?;
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
        true => std::fs::remove_file(path).path("remove", path),
        false => Ok(()),
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
    (recovery.undo)(object.locator.clone(), object.token.clone(), object.id.clone()).await
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
/// When no kind of object belongs to `platform`, or the platform cannot be asked.
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
