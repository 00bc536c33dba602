//! The journal end to end, on machines that are files in a folder.

use super::*;
use crate::{
    error::{Error, ErrorKind, Result},
    project::Project,
    resource::{Owned, Resource, Token},
};
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, OpenOptions},
    path::{Path, PathBuf},
    time::Duration,
};

/// A machine; what its name begins with decides how its removal goes.
struct Vm(&'static str);

#[derive(Serialize, Deserialize)]
struct At(PathBuf);

impl Resource for Vm {
    const KIND: &'static str = "imagebake/fake-vm";
    type Locator = At;
    type Driver = PathBuf;
    type Id = String;

    async fn open(at: &At) -> Result<PathBuf> {
        Ok(at.0.clone())
    }

    async fn create(&self, folder: &PathBuf, token: &Token) -> Result<String> {
        let name = format!("{}-{}", self.0, token.id);
        fs::write(folder.join(&name), serde_json::to_vec(token).unwrap())?;
        if self.0 == "hanging" {
            std::future::pending::<()>().await;
        }
        Ok(name)
    }

    async fn find(folder: &PathBuf, token: &Token) -> Result<Option<String>> {
        Ok(names(folder).into_iter().find(|name| name.ends_with(&token.id)))
    }

    async fn delete(folder: &PathBuf, id: String) -> Result<()> {
        assert!(!id.starts_with("panics"), "as it was told");
        if folder.join("hang").exists() {
            std::future::pending::<()>().await;
        }
        if folder.join("down").exists() {
            return Err(Error::new(ErrorKind::Unreachable, "it is down"));
        }
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(folder.with_extension("log"));
        std::io::Write::write_all(&mut log?, format!("{} ", id.split('-').next().unwrap()).as_bytes())?;
        match fs::remove_file(folder.join(id)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    async fn list(folder: &PathBuf, project: &str) -> Result<Vec<Owned<String>>> {
        fs::metadata(folder)?;
        let read = |name: String| {
            let token: Token = serde_json::from_slice(&fs::read(folder.join(&name)).ok()?).ok()?;
            Some(Owned {
                id: name,
                token,
                created: None,
            })
        };
        let all = names(folder).into_iter().filter_map(read);
        Ok(all.filter(|owned| owned.token.project == project).collect())
    }

    async fn keep(at: &At, id: &String) -> Result<()> {
        Ok(fs::write(at.0.join(id), "kept")?)
    }

    fn locators(state_dir: &Path) -> Vec<At> {
        vec![At(state_dir.join("absent")), At(state_dir.join("cloud"))]
    }
}

crate::resource!(Vm);

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

struct World {
    folder: tempfile::TempDir,
    project: Project,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("imagebake.toml"), "").unwrap();
        let project = Project::find(Some(folder.path()), None).unwrap();
        fs::create_dir_all(project.state_dir.join("cloud")).unwrap();
        Self { folder, project }
    }

    fn cloud(&self) -> PathBuf {
        self.project.state_dir.join("cloud")
    }

    fn at(&self) -> At {
        At(self.cloud())
    }

    fn journal(&self, run: &str) -> (Journal, Scope) {
        let journal = Journal::new(&self.project, run);
        let scope = journal.scope("web.fake".into(), |_| {});
        (journal, scope)
    }

    fn file(&self, run: &str) -> PathBuf {
        self.project.state_dir.join(format!("journal/{run}.jsonl"))
    }

    async fn create(&self, scope: &Scope, name: &'static str) -> Held<Vm> {
        scope.create(&Vm(name), &self.cloud(), &self.at()).await.unwrap()
    }

    fn deleted(&self) -> String {
        fs::read_to_string(self.cloud().with_extension("log")).unwrap_or_default()
    }
}

#[tokio::test]
async fn the_last_one_made_is_the_first_to_go_and_no_journal_stays() {
    let world = World::new();
    let (journal, scope) = world.journal("r1");
    assert!(!world.file("r1").exists(), "nothing is written before the first object");
    for name in ["a", "b", "c"] {
        let _ = world.create(&scope, name).await;
    }
    assert!(world.file("r1").exists());
    assert!(scope.unwind(Unwind::Delete).await.is_empty());
    journal.close().await.unwrap();
    assert_eq!(world.deleted(), "c b a ");
    assert_eq!(names(&world.project.state_dir.join("journal")), Vec::<String>::new());
}

#[tokio::test]
async fn what_was_being_made_when_the_build_was_cancelled_is_found_and_removed() {
    let world = World::new();
    let (_journal, scope) = world.journal("r1");
    cancelled(scope.create(&Vm("hanging"), &world.cloud(), &world.at())).await;
    assert_eq!(names(&world.cloud()).len(), 1);
    assert!(scope.unwind(Unwind::Delete).await.is_empty());
    assert!(names(&world.cloud()).is_empty());
}

/// Drops the future when it has not come to its end soon.
async fn cancelled<F: Future>(future: F) {
    let ended = tokio::time::timeout(Duration::from_millis(200), future).await;
    assert!(ended.is_err(), "it was to be cancelled");
}

#[tokio::test]
async fn a_removal_that_is_cancelled_or_fails_keeps_its_place_in_the_order() {
    let world = World::new();
    let (_journal, scope) = world.journal("r1");
    let first = world.create(&scope, "a").await;
    let _second = world.create(&scope, "b").await;
    fs::write(world.cloud().join("down"), "").unwrap();
    scope.delete(first).await.expect_err("it is down");
    fs::remove_file(world.cloud().join("down")).unwrap();
    let last = world.create(&scope, "c").await;
    fs::write(world.cloud().join("hang"), "").unwrap();
    cancelled(scope.delete(last)).await;
    fs::remove_file(world.cloud().join("hang")).unwrap();
    assert!(scope.unwind(Unwind::Delete).await.is_empty());
    assert_eq!(world.deleted(), "c b a ");
    assert!(names(&world.cloud()).is_empty());
}

#[tokio::test]
async fn a_component_that_panics_does_not_keep_the_others_from_being_removed() {
    let world = World::new();
    let (journal, scope) = world.journal("r1");
    let _ = world.create(&scope, "a").await;
    let _ = world.create(&scope, "panics").await;
    let errors = scope.unwind(Unwind::Delete).await;
    assert_eq!(errors.len(), 1);
    assert!(errors[0].message().contains("panicked"), "{}", errors[0]);
    journal.close().await.unwrap();
    drop((journal, scope));
    let report = cleanup(&world.project, None).await.unwrap();
    assert!(report.failed() && report.runs[0].kept[0].reason.contains("panicked"));
    assert_eq!(names(&world.cloud()).len(), 1, "kept, and on record");
}

#[tokio::test]
async fn a_sweep_takes_neither_an_artifact_nor_the_objects_of_a_live_run() {
    let world = World::new();
    let (journal, scope) = world.journal("r1");
    let artifact = world.create(&scope, "image").await;
    expire(&world, artifact.id());
    let artifact = scope.release(artifact).await.unwrap();
    let machine = world.create(&scope, "vm").await;
    expire(&world, machine.id());
    let sweep_now = || sweep(&world.project, "fake", Duration::ZERO, false);
    assert_eq!(
        sweep_now().await.unwrap().objects.len(),
        1,
        "the place that is absent, as an error"
    );
    assert_eq!(names(&world.cloud()).len(), 2);
    assert!(scope.unwind(Unwind::Keep).await.is_empty());
    journal.close().await.unwrap();
    drop((journal, scope));
    fs::remove_file(world.file("r1")).unwrap();
    let report = sweep_now().await.unwrap();
    assert_eq!((report.objects.len(), report.failures), (2, 1));
    assert_eq!(names(&world.cloud()), [artifact]);
}

fn expire(world: &World, id: &str) {
    let path = world.cloud().join(id);
    let mut token: Token = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    token.expires = 1;
    fs::write(&path, serde_json::to_vec(&token).unwrap()).unwrap();
}

#[tokio::test]
async fn a_torn_last_line_is_mended_and_the_rest_is_removed() {
    let world = World::new();
    let (journal, scope) = world.journal("r1");
    let _ = world.create(&scope, "a").await;
    scope.unwind(Unwind::Keep).await;
    journal.close().await.unwrap();
    let text = fs::read(world.file("r1")).unwrap();
    let name = names(&world.cloud()).remove(0);
    let intent_ends = text
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'\n')
        .nth(1)
        .unwrap()
        .0
        + 1;
    for cut in intent_ends..=text.len() {
        fs::write(world.file("r1"), &text[..cut]).unwrap();
        fs::write(world.cloud().join("down"), "").unwrap();
        // The first one fails and writes that down behind the torn line; the second must read it.
        assert!(cleanup(&world.project, None).await.unwrap().failed(), "cut at {cut}");
        fs::remove_file(world.cloud().join("down")).unwrap();
        let report = cleanup(&world.project, None).await.unwrap();
        assert!(!report.failed(), "cut at {cut}: {report:?}");
        assert!(names(&world.cloud()).is_empty() && !world.file("r1").exists());
        assert!(cleanup(&world.project, None).await.unwrap().runs.is_empty());
        fs::write(world.cloud().join(&name), "").unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn clean_ups_at_the_same_time_do_not_fail_each_other() {
    let world = std::sync::Arc::new(World::new());
    for round in 0..30 {
        let run = format!("r{round}");
        let (journal, scope) = world.journal(&run);
        let _ = world.create(&scope, "a").await;
        scope.unwind(Unwind::Keep).await;
        journal.close().await.unwrap();
        drop((journal, scope));
        let tasks: Vec<_> = (0..4)
            .map(|_| {
                let world = world.clone();
                tokio::spawn(async move { cleanup(&world.project, None).await.unwrap() })
            })
            .collect();
        for task in tasks {
            let report = task.await.unwrap();
            assert!(!report.failed(), "{report:?}");
        }
        assert!(names(&world.cloud()).is_empty());
    }
}

#[tokio::test]
async fn a_journal_that_another_clean_up_removed_since_it_was_opened_is_no_failure() {
    let world = World::new();
    let (journal, scope) = world.journal("r1");
    let _ = world.create(&scope, "a").await;
    scope.unwind(Unwind::Keep).await;
    journal.close().await.unwrap();
    drop((journal, scope));
    let path = world.file("r1");
    let mut file = OpenOptions::new().read(true).append(true).open(&path).unwrap();
    assert!(!cleanup(&world.project, None).await.unwrap().failed());
    let mut row = RunCleanup {
        run: "r1".into(),
        state: RunState::Kept,
        removed: Vec::new(),
        kept: Vec::new(),
        error: None,
        hints: Vec::new(),
    };
    recovery::undo_all(&mut file, &path, &mut row).await.unwrap();
    assert!(row.removed.is_empty() && row.kept.is_empty(), "{row:?}");
}

#[tokio::test]
async fn a_draft_of_a_crashed_run_goes_and_objects_of_a_hundred_units_share_a_journal() {
    let world = World::new();
    let (journal, _) = world.journal("r1");
    fs::create_dir_all(world.project.state_dir.join("journal")).unwrap();
    fs::write(world.project.state_dir.join("journal/r0.draft"), "{").unwrap();
    let units = (0..100).map(|i| {
        let (world, journal) = (&world, &journal);
        async move {
            let scope = journal.scope(format!("web.u{i}").into(), |_| {});
            let _ = world.create(&scope, "a").await;
            scope
        }
    });
    let scopes = futures_util::future::join_all(units).await;
    assert_eq!(names(&world.cloud()).len(), 100);
    assert_eq!(
        cleanup(&world.project, None).await.unwrap().runs[0].state,
        RunState::Live
    );
    assert_eq!(names(&world.project.state_dir.join("journal")), ["r1.jsonl"]);
    drop((scopes, journal));
    assert!(world.folder.path().exists());
}

/// A file system of a few kilobytes; only root may mount one.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_is_reported_and_nothing_is_lost() {
    use std::process::Command;
    let world = World::new();
    let folder = world.project.state_dir.join("journal");
    fs::create_dir_all(&folder).unwrap();
    let run = |program: &str, arguments: &[&str]| {
        let status = Command::new(program).args(arguments).arg(&folder).status();
        status.is_ok_and(|status| status.success())
    };
    if !run("mount", &["-t", "tmpfs", "-o", "size=64k", "tmpfs"]) {
        // Not `println!`, which the harness hides for a test that passes: `cargo xtask test` counts this line as a skip.
        let line = "\nignored: mounting a small file system needs root\n";
        let _ = std::io::Write::write_all(&mut std::io::stdout(), line.as_bytes());
        return;
    }
    let (journal, scope) = world.journal("r1");
    let first = scope.create(&Vm("a"), &world.cloud(), &world.at()).await;
    let (later, kept) = world.journal("r2");
    let second = kept.create(&Vm("a"), &world.cloud(), &world.at()).await;
    let filled = fs::write(folder.join("filler"), vec![1; 1 << 20]);
    // What is left of each journal's last page.
    let refused = until_refused(&world, &scope).await;
    let refused_too = until_refused(&world, &kept).await;
    let (made, recorded) = (names(&world.cloud()).len(), scope.outstanding() + kept.outstanding());
    let errors = scope.unwind(Unwind::Delete).await;
    let closed = journal.close().await;
    kept.unwind(Unwind::Keep).await;
    later.close().await.unwrap_or(());
    drop((later, kept));
    // The page that the first journal had is free again.
    let filled_again = fs::write(folder.join("filler-2"), vec![1; 1 << 20]);
    let report = cleanup(&world.project, Some("r2")).await;
    let left = names(&world.cloud());
    let after = names(&folder);
    assert!(run("umount", &[]), "unmounted");
    let _ = (first.unwrap(), second.unwrap());
    filled.and(filled_again).expect_err("it is full");
    let refused = refused.and(refused_too).expect("both were refused");
    assert_eq!(refused.kind(), ErrorKind::NoSpace);
    assert!(refused.hints()[0].contains("make room"), "{refused:?}");
    assert_eq!(made, recorded, "each object that is there is answered for");
    assert!(errors.is_empty(), "{errors:?}");
    closed.unwrap();
    let report = report.unwrap();
    assert!(!report.failed() && report.runs[0].removed.len() > 1, "{report:?}");
    assert_eq!(
        (left.len(), after),
        (0, vec!["filler".to_owned(), "filler-2".to_owned()])
    );
}

#[cfg(target_os = "linux")]
async fn until_refused(world: &World, scope: &Scope) -> Option<Error> {
    for _ in 0..100 {
        if let Err(error) = scope.create(&Vm("b"), &world.cloud(), &world.at()).await {
            return Some(error);
        }
    }
    None
}
