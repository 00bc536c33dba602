//! The record of every run: what was built from what, how it ended, where its logs are.
//!
//! One file per run, `<state>/runs/<run>.json`, written when the run begins and again when it ends. While the run lives it holds a lock on
//! the first one, so that a record without an end tells whether somebody still works on it. Secrets are in it by name alone.

pub mod compare;

use crate::{
    error::{Context, Error, ErrorKind, Result},
    event::{FileSummary, Summary},
    io::{Control, DigestKind, FileRef, KnownDigests, digest_bytes, write_atomically},
    plan::{Plan, PlannedUnit, nearest},
    post_processors::manifest::commit,
    project::{Project, resolve},
    value::path_text,
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

/// The version of the record's shape.
const VERSION: u32 = 1;

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunStatus {
    /// Its process works on it.
    Running,
    /// It came to its end; the units tell how.
    Ended,
    /// Its process is gone without an end: `cleanup` removes what it left.
    Lost,
}

/// What a run was made from.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Origin {
    /// The project's commit.
    pub commit: Option<String>,
    /// The digest of the project's `Cargo.lock`.
    pub cargo_lock_sha256: Option<String>,
    /// Image → variable → value as given, or its default; secrets by name.
    pub values: BTreeMap<String, BTreeMap<String, String>>,
    /// The files that steps read.
    pub files: Vec<FileSummary>,
    /// The plan, as `plan --save` writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<serde_json::Value>,
}

/// One run.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RunRecord {
    /// Of this shape.
    pub version: u32,
    /// The run's id.
    pub run: String,
    /// How it stands.
    pub status: RunStatus,
    /// When it began, RFC 3339.
    pub started: String,
    /// The units it was to build.
    pub units: Vec<String>,
    /// Where its logs are, once it has ended.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "path_text::lossy_option"
    )]
    pub logs: Option<PathBuf>,
    /// What it was made from, once it has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<Summary>,
}

/// The record of a run that is going on.
pub(crate) struct Running {
    record: RunRecord,
    path: PathBuf,
    /// Locked as long as the process lives.
    _lock: File,
}

/// Writes the record of a run that begins.
pub(crate) fn begin(project: &Project, run: &str, units: Vec<String>) -> Result<Running> {
    let folder = project.state_dir.join("runs");
    fs::create_dir_all(&folder)
        .path("make the folder", &folder)
        .map_err(|error| error.hint("choose a folder that can be written with --state-dir"))?;
    let path = folder.join(format!("{run}.json"));
    let started = jiff::Timestamp::try_from(SystemTime::now())
        .map(|now| format!("{now:.0}"))
        .unwrap_or_default();
    let record = RunRecord {
        version: VERSION,
        run: run.to_owned(),
        status: RunStatus::Running,
        started,
        units,
        logs: None,
        origin: None,
        summary: None,
    };
    write(&path, &record)?;
    let lock = File::open(&path).path("open", &path)?;
    lock.lock().path("lock", &path)?;
    Ok(Running {
        record,
        path,
        _lock: lock,
    })
}

impl Running {
    /// Writes how the run ended. Blocking: reads those of the files that steps read of which nothing is known, until the flag of
    /// `control` is raised.
    pub(crate) fn finish(
        mut self,
        project: &Project,
        plan: &Plan,
        summary: &Summary,
        logs: &Path,
        known: &Arc<KnownDigests>,
        control: &Control,
    ) -> Result<()> {
        self.record.status = RunStatus::Ended;
        self.record.logs = Some(logs.to_owned());
        self.record.origin = Some(origin(project, plan, known, control));
        self.record.summary = Some(summary.clone());
        write(&self.path, &self.record)
    }
}

fn write(path: &Path, record: &RunRecord) -> Result<()> {
    let mut text = serde_json::to_vec_pretty(record)
        .map_err(|error| Error::new(ErrorKind::Internal, "cannot write the run's record as JSON").because(error))?;
    text.push(b'\n');
    write_atomically(path, &text).map_err(Error::from)
}

fn origin(project: &Project, plan: &Plan, known: &Arc<KnownDigests>, control: &Control) -> Origin {
    let plan_text = crate::plan::json::plan(plan, true);
    Origin {
        values: plan.values.clone(),
        files: read_files(&plan.units, known, control),
        plan: Some(plan_text),
        ..project_origin(project)
    }
}

/// What one unit of the plan is made from. Blocking: reads the files that its steps read.
pub(crate) fn origin_of_unit(project: &Project, plan: &Plan, unit: &PlannedUnit, known: &Arc<KnownDigests>) -> Origin {
    let values = plan.values.get_key_value(unit.image());
    Origin {
        values: values
            .into_iter()
            .map(|(image, values)| (image.clone(), values.clone()))
            .collect(),
        files: read_files(std::slice::from_ref(unit), known, &Control::new()),
        ..project_origin(project)
    }
}

fn project_origin(project: &Project) -> Origin {
    let lock = fs::read(project.root.join("Cargo.lock")).ok();
    let lock = lock.map(|bytes| digest_bytes(&bytes, [DigestKind::Sha256]));
    Origin {
        commit: commit(&project.root),
        cargo_lock_sha256: lock.and_then(|digests| digests.get(DigestKind::Sha256).map(str::to_owned)),
        ..Origin::default()
    }
}

/// The files that the units' steps read, those in folders too, each with its digest. What is gone since was told by the build.
fn read_files(units: &[PlannedUnit], known: &Arc<KnownDigests>, control: &Control) -> Vec<FileSummary> {
    let mut paths = Vec::new();
    for unit in units {
        for step in unit.steps.iter().chain(&unit.error_cleanup) {
            let inputs = step.inputs(&unit.names);
            paths.extend(inputs.iter().map(|input| resolve(&unit.image_dir, input)));
        }
    }
    digested_files(&paths, known, control)
}

/// The files at `paths`, those in folders too, each with its digest, unless the flag of `control` was raised before it was known.
/// What had to be read for it, `known` learns.
pub(crate) fn digested_files(paths: &[PathBuf], known: &Arc<KnownDigests>, control: &Control) -> Vec<FileSummary> {
    let mut files: Vec<FileSummary> = paths.iter().flat_map(|path| digested(path, known, control)).collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files.dedup_by(|a, b| a.path == b.path);
    files
}

/// What is at `path`, as whoever read it said, or as it is found.
fn digested(path: &Path, known: &Arc<KnownDigests>, control: &Control) -> Vec<FileSummary> {
    let wanted = BTreeSet::from([DigestKind::Sha256]);
    let read = |path: PathBuf| {
        let (mut file, reading) = known.open(path).ok()?;
        if !file.digests().missing(&wanted).is_empty() && file.digest(&wanted, control).is_ok() {
            reading.done(&file);
        }
        Some(file)
    };
    let summary = |file: FileRef| {
        let sha256 = file.digests().get(DigestKind::Sha256).map(str::to_owned);
        FileSummary::new(file.path(), file.size(), sha256)
    };
    if let Some(files) = known.tree(path) {
        let complete = |file: FileRef| match file.digests().missing(&wanted).is_empty() {
            true => Some(file),
            false => read(file.path().to_owned()),
        };
        return files.into_iter().filter_map(complete).map(summary).collect();
    }
    let mut files = BTreeSet::new();
    if let Ok(about) = fs::metadata(path) {
        collect_files(path, about.file_type(), &mut files);
    }
    files.into_iter().filter_map(read).map(summary).collect()
}

fn collect_files(path: &Path, kind: fs::FileType, into: &mut BTreeSet<PathBuf>) {
    if kind.is_file() {
        into.insert(path.to_owned());
    } else if kind.is_dir() {
        for entry in fs::read_dir(path).into_iter().flatten().flatten() {
            // Links to folders could go round in circles: none is followed.
            if let Ok(kind) = entry.file_type() {
                collect_files(&entry.path(), kind, into);
            }
        }
    }
}

/// Every run of the project, the latest first.
///
/// # Errors
/// When the state folder cannot be read.
pub fn list(project: &Project) -> Result<Vec<RunRecord>> {
    let mut runs = Vec::new();
    for id in ids(project)? {
        // A record that another program wrote must not hide the others.
        runs.extend(load(project, &id).ok());
    }
    Ok(runs)
}

/// The run whose id is `asked`, or begins with it; `last` is the latest.
///
/// # Errors
/// When there is none, or more than one, or its record cannot be read.
pub fn find(project: &Project, asked: &str) -> Result<RunRecord> {
    let ids = ids(project)?;
    let none = |message: String| Error::new(ErrorKind::NotFound, message);
    let Some(latest) = ids.first() else {
        return Err(none("there are no runs yet".to_owned()).hint("`build` makes one"));
    };
    let matching: Vec<&String> = match asked {
        "last" => vec![latest],
        _ if ids.iter().any(|id| id == asked) => vec![ids.iter().find(|id| *id == asked).unwrap_or(latest)],
        _ => ids.iter().filter(|id| id.starts_with(asked)).collect(),
    };
    match &matching[..] {
        [one] => load(project, one),
        [] => Err(match nearest(asked, ids.iter().map(String::as_str)) {
            Some(near) => none(format!("there is no run `{asked}`")).hint(format!("did you mean `{near}`?")),
            None => none(format!("there is no run `{asked}`")).hint("`runs` lists them"),
        }),
        several => {
            let shown: Vec<&str> = several.iter().take(5).map(|id| id.as_str()).collect();
            Err(none(format!("several runs begin with `{asked}`")).hint(format!("say more: {}", shown.join(", "))))
        }
    }
}

/// Ids sort by time.
fn ids(project: &Project) -> Result<Vec<String>> {
    let folder = project.state_dir.join("runs");
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::io("read the folder", &folder, error)),
    };
    let mut ids: Vec<String> = entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.strip_suffix(".json").map(str::to_owned))
        .filter(|id| !id.starts_with('.'))
        .collect();
    ids.sort_unstable_by(|a, b| b.cmp(a));
    Ok(ids)
}

fn load(project: &Project, id: &str) -> Result<RunRecord> {
    let path = project.state_dir.join("runs").join(format!("{id}.json"));
    let text = fs::read(&path).path("read", &path)?;
    let mut record: RunRecord = serde_json::from_slice(&text).map_err(|error| {
        Error::new(
            ErrorKind::Integrity,
            format!("{} is not the record of a run", path.display()),
        )
        .because(error)
    })?;
    if record.status == RunStatus::Running {
        let held = File::open(&path).is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)));
        record.status = if held { RunStatus::Running } else { RunStatus::Lost };
    }
    Ok(record)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{UnitStatus, UnitSummary};

    fn project(folder: &Path) -> Project {
        Project::find(Some(folder), None).expect("the folder exists")
    }

    #[test]
    fn a_run_is_running_then_ended_and_lost_without_its_process() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("Cargo.lock"), "").expect("written");
        let project = project(folder.path());
        assert!(list(&project).expect("no folder yet").is_empty());
        let running = begin(&project, "rb", vec!["web.oci".into()]).expect("written");
        assert_eq!(find(&project, "rb").expect("it is there").status, RunStatus::Running);
        drop(begin(&project, "ra", Vec::new()).expect("written"));
        assert_eq!(find(&project, "ra").expect("it is there").status, RunStatus::Lost);

        let units = vec![UnitSummary::new("web", "oci", UnitStatus::Ok)];
        let summary = Summary::new("rb", units, 1.0, false);
        running
            .finish(
                &project,
                &Plan::default(),
                &summary,
                Path::new("logs"),
                &Arc::default(),
                &Control::new(),
            )
            .expect("written");
        let ended = find(&project, "last").expect("it is there");
        assert_eq!((ended.status, ended.run.as_str()), (RunStatus::Ended, "rb"));
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(
            ended.origin.expect("it ended").cargo_lock_sha256.as_deref(),
            Some(empty)
        );
        assert_eq!(list(&project).expect("read").len(), 2);
    }

    #[test]
    fn a_run_goes_by_the_beginning_of_its_id_when_that_is_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let project = project(folder.path());
        assert!(
            find(&project, "last")
                .expect_err("none")
                .message()
                .contains("no runs yet")
        );
        for id in ["rt1abc", "rt1abd", "rt2xyz"] {
            drop(begin(&project, id, Vec::new()).expect("written"));
        }
        assert_eq!(find(&project, "rt2").expect("one").run, "rt2xyz");
        assert!(find(&project, "rt1").expect_err("two").hints()[0].contains("rt1abc"));
        assert_eq!(
            find(&project, "rt1abx").expect_err("none").hints(),
            ["did you mean `rt1abd`?"]
        );
    }
}
