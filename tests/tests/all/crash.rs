//! Crashes at every boundary, then a clean-up in a new process, then nothing is left.

use crate::{build::objects, fixture};
use imagebake_tests::TestContext;
use std::{
    fs,
    process::Child,
    time::{Duration, Instant},
};

fn machines(project: &TestContext) -> Vec<String> {
    objects(project)
        .into_iter()
        .filter(|name| !name.starts_with("image-"))
        .collect()
}

fn journals(project: &TestContext) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(project.path().join(".imagebake/journal"));
    entries
        .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default()
}

/// Waits for what a build in another process does.
fn until(what: &str, mut done: impl FnMut() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < Duration::from_secs(30), "waited for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn running(project: &TestContext) -> Child {
    let child = project.spawn(&["build", "slow"]);
    until("the step to run", || {
        fs::read_to_string(project.path().join("pid")).is_ok_and(|pid| pid.ends_with('\n'))
    });
    child
}

fn signal(child: &Child, name: &str) {
    let sent = std::process::Command::new("kill")
        .args([format!("-{name}"), child.id().to_string()])
        .status();
    assert!(sent.expect("kill runs").success());
}

#[test]
fn nothing_is_left_after_a_crash_at_any_boundary() {
    let project = fixture();
    let mut crashes = 0;
    for boundary in 1.. {
        let at = boundary.to_string();
        let ended = project
            .command(&["build", "machine"])
            .env("IMAGEBAKE_CRASH_AT", &at)
            .output()
            .expect("it runs");
        if ended.status.success() {
            break;
        }
        assert_eq!(
            ended.status.code(),
            None,
            "boundary {boundary}: {}",
            String::from_utf8_lossy(&ended.stderr)
        );
        crashes += 1;
        project.run(&["cleanup"]).ok();
        assert_eq!(
            machines(&project),
            Vec::<String>::new(),
            "after a crash at boundary {boundary}"
        );
        assert_eq!(
            journals(&project),
            Vec::<std::path::PathBuf>::new(),
            "boundary {boundary}"
        );
        let again = project.run(&["cleanup", "--output", "json"]).ok().json();
        assert_eq!(
            again["runs"].as_array().map(Vec::len),
            Some(0),
            "the second clean-up has nothing to do"
        );
    }
    assert!(crashes > 15, "only {crashes} boundaries were crossed");
}

#[test]
fn a_crash_while_cleaning_up_is_cleaned_up() {
    let project = fixture();
    project.run(&["build", "broken", "--on-error", "abort"]).fails(1);
    for boundary in 1.. {
        let at = boundary.to_string();
        let ended = project
            .command(&["cleanup"])
            .env("IMAGEBAKE_CRASH_AT", &at)
            .output()
            .expect("it runs");
        if ended.status.success() {
            break;
        }
    }
    assert_eq!((objects(&project).len(), journals(&project).len()), (0, 0));
}

#[test]
fn a_killed_build_is_cleaned_up_by_a_later_process() {
    let project = fixture();
    let mut child = running(&project);
    let step: u32 = project.read("pid").trim().parse().expect("a pid");
    child.kill().expect("SIGKILL");
    child.wait().expect("it ended");
    until("the step to die with its builder", || {
        !std::path::Path::new(&format!("/proc/{step}")).exists()
    });
    assert_eq!(objects(&project).len(), 2);
    project.run(&["cleanup"]).ok();
    assert_eq!(objects(&project), Vec::<String>::new());
}

#[test]
fn the_first_signal_cleans_up() {
    for name in ["INT", "TERM", "HUP"] {
        let project = fixture();
        let mut child = running(&project);
        signal(&child, name);
        assert_eq!(child.wait().expect("it ended").code(), Some(130), "{name}");
        assert_eq!((objects(&project).len(), journals(&project).len()), (0, 0), "{name}");
    }
}

#[test]
fn a_second_signal_does_not_wait_for_the_clean_up_and_a_third_for_nothing() {
    for signals in [["INT", "INT"], ["TERM", "HUP"]] {
        let project = fixture().env("ACME_SLOW", "1");
        let mut child = running(&project);
        signal(&child, signals[0]);
        until("the clean-up", || project.path().join("deleting").exists());
        signal(&child, signals[1]);
        assert_eq!(child.wait().expect("it ends").code(), Some(130));
        assert_eq!(machines(&project).len(), 2);
        finish_without_delays(&project);
    }

    // Standard error is a pipe that is full and that nobody reads: the report never ends.
    let project = fixture().env("ACME_SLOW", "1");
    let (_reader, mut writer) = std::io::pipe().expect("a pipe");
    std::io::Write::write_all(&mut writer, &[b'x'; 64 << 10]).expect("it has room for that");
    let mut command = project.command(&["build", "slow"]);
    let mut child = command
        .stdout(std::process::Stdio::null())
        .stderr(writer)
        .spawn()
        .expect("it starts");
    until("the step to run", || {
        fs::read_to_string(project.path().join("pid")).is_ok_and(|pid| pid.ends_with('\n'))
    });
    signal(&child, "INT");
    until("the clean-up", || project.path().join("deleting").exists());
    signal(&child, "INT");
    let record = project.path().join(".imagebake/runs");
    let ended = || {
        let mut records = fs::read_dir(&record).expect("a folder").flatten();
        records.any(|record| fs::read_to_string(record.path()).is_ok_and(|text| text.contains("\"ended\"")))
    };
    until("the record", ended);
    assert!(
        child.try_wait().expect("a child").is_none(),
        "the report waits for its reader"
    );
    signal(&child, "INT");
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    finish_without_delays(&project);
}

/// Whether the process has a file of this name open.
fn reads(child: &Child, name: &str) -> bool {
    let open = fs::read_dir(format!("/proc/{}/fd", child.id())).into_iter().flatten();
    open.flatten()
        .any(|link| fs::read_link(link.path()).is_ok_and(|path| path.ends_with(name)))
}

/// A file of holes that takes minutes to hash: for the step's key, and beside the step for the run's record.
#[test]
fn a_signal_does_not_wait_for_files_that_are_being_hashed() {
    for (options, made) in [(&[][..], 0), (&["--no-cache"][..], 2)] {
        for signals in [&["INT"][..], &["INT", "TERM"][..]] {
            let project = fixture();
            let huge = fs::File::create(project.path().join("huge")).expect("created");
            huge.set_len(1 << 40).expect("a file of holes");
            let mut child = project.spawn(&[&["build", "reader"], options].concat());
            until("the file to be read", || {
                reads(&child, "huge") && machines(&project).len() == made
            });
            for name in signals {
                signal(&child, name);
                until("the clean-up", || {
                    machines(&project).is_empty() && journals(&project).is_empty()
                });
            }
            let told = format!("{options:?} {signals:?}");
            until(&told, || child.try_wait().expect("a child").is_some());
            assert_eq!(child.wait().expect("it ended").code(), Some(130), "{told}");
        }
    }
}

/// Removes what a build left, on a platform that is quick again.
fn finish_without_delays(project: &TestContext) {
    let mut cleanup = project.command(&["cleanup"]);
    assert!(cleanup.env_remove("ACME_SLOW").status().expect("it starts").success());
    assert_eq!(machines(project), Vec::<String>::new());
    assert!(journals(project).is_empty());
}

#[test]
fn a_live_run_is_left_alone() {
    let project = fixture();
    let mut child = running(&project);
    let report = project.run(&["cleanup", "--output", "json"]).ok().json();
    assert_eq!(report["runs"][0]["state"], "live");
    assert_eq!(objects(&project).len(), 2);
    signal(&child, "INT");
    child.wait().expect("it ended");
}

#[test]
fn what_cannot_be_removed_is_kept_named_and_tried_again() {
    let project = fixture();
    project.run(&["build", "broken", "--on-error", "abort"]).fails(1);
    let down = project
        .command(&["cleanup"])
        .env("ACME_DOWN", "1")
        .output()
        .expect("it runs");
    assert_eq!(down.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&down.stdout).contains("the platform does not answer"));
    assert_eq!(objects(&project).len(), 2);
    project.run(&["cleanup"]).ok();
    assert_eq!(objects(&project), Vec::<String>::new());
}

#[test]
fn a_kind_that_is_not_linked_in_is_kept_and_named() {
    let project = fixture();
    project.run(&["build", "broken", "--on-error", "abort"]).fails(1);
    let stranger = imagebake_tests::example("custom-source");
    let mut command = std::process::Command::new(stranger);
    let output = command
        .arg("cleanup")
        .current_dir(project.path())
        .env_remove("CARGO_MANIFEST_DIR")
        .output()
        .expect("it runs");
    let text = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(3), "{text}");
    assert!(
        text.contains("imagebake-tests/acme-object") && text.contains("imagebake-tests"),
        "{text}"
    );
    assert_eq!(objects(&project).len(), 2, "nothing was removed");
    project.run(&["cleanup"]).ok();
}

#[test]
fn a_sweep_works_without_the_journal_and_takes_only_what_has_expired() {
    let project = fixture().env("ACME_REGION", "cloud");
    project.run(&["build", "broken", "--on-error", "abort"]).fails(1);
    fs::remove_dir_all(project.path().join(".imagebake")).expect("the state is lost");
    project.run(&["cleanup", "--sweep", "acme", "--older-than", "0s"]).ok();
    assert_eq!(objects(&project).len(), 2, "they have not expired");
    for name in objects(&project) {
        let path = project.path().join("cloud").join(&name);
        let mut labels: serde_json::Value = serde_json::from_slice(&fs::read(&path).expect("read")).expect("JSON");
        labels["token"]["expires"] = 1.into();
        fs::write(&path, labels.to_string()).expect("written");
    }
    project.write(
        "cloud/vm-stranger",
        r#"{"kind":"vm","token":{"id":"x","project":"other","run":"r","expires":1}}"#,
    );
    let dry = project
        .run(&[
            "cleanup",
            "--sweep",
            "acme",
            "--older-than",
            "0s",
            "--dry-run",
            "--output",
            "json",
        ])
        .ok()
        .json();
    assert_eq!(
        (dry["objects"].as_array().map(Vec::len), objects(&project).len()),
        (Some(2), 3)
    );
    project.run(&["cleanup", "--sweep", "acme", "--older-than", "0s"]).ok();
    assert_eq!(objects(&project), ["vm-stranger"]);
}

#[test]
fn a_state_folder_that_cannot_be_written_stops_the_build_before_anything_is_made() {
    let project = fixture();
    project.write(".imagebake/journal", "a file where a folder should be");
    let output = project.run(&["build", "machine"]).fails(1);
    assert!(output.text().contains("journal"), "{}", output.text());
    assert_eq!(objects(&project), Vec::<String>::new());
}
