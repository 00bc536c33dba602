//! Builds through the command line: what is made, said and left.

use crate::fixture;
use imagebake_tests::TestContext;
use serde_json::json;

#[test]
fn a_build_runs_its_steps_and_writes_the_manifest() {
    let project = fixture();
    let output = project.run(&["build", "hello"]).ok();
    assert!(
        output.stderr.contains("    hello.null: hello from null\n"),
        "{}",
        output.text()
    );
    let manifest: serde_json::Value = serde_json::from_str(&project.read("manifest.json")).expect("JSON");
    let row = &manifest["builds"][0];
    assert_eq!(
        (&row["name"], &row["builder_type"], &row["artifact_id"]),
        (&json!("null"), &json!("null"), &json!("Null"))
    );
    assert_eq!(row["custom_data"]["team"], "infra");
    assert_eq!(manifest["last_run_uuid"], row["packer_run_uuid"]);
}

#[test]
fn json_events_end_with_the_summary_and_nothing_else_is_on_stdout() {
    let project = fixture();
    let events = project.run(&["build", "hello", "--output", "json"]).ok().json_lines();
    assert_eq!((&events[0]["event"], &events[0]["version"]), (&json!("run"), &json!(1)));
    let summary = events.last().expect("events");
    assert_eq!(summary["event"], "summary");
    assert_eq!(summary["run"], events[0]["run"]);
    let unit = &summary["units"][0];
    assert_eq!(
        (&unit["image"], &unit["source"], &unit["status"]),
        (&json!("hello"), &json!("null"), &json!("ok"))
    );
    assert!(unit["seconds"].as_f64().is_some_and(|seconds| seconds > 0.0));
    let texts: Vec<&str> = events
        .iter()
        .filter(|e| e["event"] == "output")
        .filter_map(|e| e["text"].as_str())
        .collect();
    assert!(texts.contains(&"hello from null"), "{texts:?}");
}

#[test]
fn a_failed_unit_does_not_stop_the_others() {
    let project = fixture();
    let output = project.run(&["build", "pair", "--output", "json"]).fails(1);
    let events = output.json_lines();
    let units = events.last().expect("a summary")["units"]
        .as_array()
        .expect("units")
        .clone();
    let status = |source: &str| units.iter().find(|unit| unit["source"] == source).expect(source)["status"].clone();
    assert_eq!(
        (status("null.good"), status("null.bad")),
        (json!("ok"), json!("failed"))
    );
}

#[test]
fn a_failure_is_shown_again_with_all_that_helps() {
    let project = fixture();
    let output = project.run(&["build", "broken"]).fails(1);
    let text = output.text();
    for part in [
        "broken.acme",
        "command 2 of 3",
        "exit code 7",
        "fixture.rs:",
        "the reason",
        ".log",
    ] {
        assert!(text.contains(part), "{part} is missing:\n{text}");
    }
    assert!(!text.contains("never"), "the third command ran:\n{text}");
    assert_eq!(project.read("error-cleanup"), "cleaned\n");
    assert_eq!(objects(&project), Vec::<String>::new());
}

#[test]
fn retries_are_reported_and_forgiven_steps_do_not_fail_the_unit() {
    let project = fixture();
    let output = project.run(&["build", "flaky"]).ok();
    assert_eq!(project.read("tries"), "x\nx\nx\n");
    assert!(output.text().contains("2 of 5"), "{}", output.text());
}

#[test]
fn secrets_reach_no_output_and_no_file() {
    let project = fixture();
    let output = project
        .run(&["build", "greet", "--var", "token=s3cr3t-value-42", "--output", "json"])
        .ok();
    let base64 = "czNjcjN0LXZhbHVlLTQy";
    for text in [&output.stdout, &output.stderr] {
        assert!(!text.contains("s3cr3t-value-42") && !text.contains(base64), "{text}");
    }
    assert!(output.stdout.contains("<secret token>"), "{}", output.stdout);
    let found = std::process::Command::new("grep")
        .args(["-rlE", "s3cr3t-value-42|czNjcjN0"])
        .arg(project.path())
        .output();
    assert_eq!(String::from_utf8_lossy(&found.expect("grep runs").stdout), "");
}

#[test]
fn artifacts_are_hashed_and_compressed() {
    let project = fixture();
    project.write("data.bin", &"imagebake\n".repeat(100_000));
    project.run(&["build", "files"]).ok();
    let check = |program: &str, file: &str| {
        let status = std::process::Command::new(program)
            .args(["--check", "--status", file])
            .current_dir(project.path())
            .status();
        assert!(status.expect("it runs").success(), "{program} {file}");
    };
    check("md5sum", "sums-md5.txt");
    check("sha256sum", "sums-sha256.txt");
    let listed = std::process::Command::new("tar")
        .args(["-tzf", "data.tar.gz"])
        .current_dir(project.path())
        .output();
    assert_eq!(String::from_utf8_lossy(&listed.expect("tar runs").stdout), "data.bin\n");
}

#[test]
fn an_output_of_somebody_else_is_left_alone_and_an_own_one_is_replaced() {
    let project = fixture();
    project.write("data.bin", "1");
    project.write("data.tar.gz", "mine");
    let output = project.run(&["build", "files"]).fails(1);
    assert!(
        output.text().contains("data.tar.gz exists already"),
        "{}",
        output.text()
    );
    assert_eq!(project.read("data.tar.gz"), "mine");
    project.run(&["build", "files", "--force"]).ok();
    project.run(&["build", "files"]).ok();
}

#[test]
fn abort_keeps_the_machine_until_cleanup() {
    let project = fixture();
    let output = project.run(&["build", "broken", "--on-error", "abort"]).fails(1);
    assert!(
        output
            .stderr
            .contains("Something was left on purpose. Remove it with\n"),
        "{}",
        output.text()
    );
    assert_eq!(objects(&project).len(), 2, "network and machine stay");
    assert!(!project.path().join("error-cleanup").exists());
    let report = project.run(&["cleanup", "--output", "json"]).ok().json();
    assert_eq!(report["runs"][0]["removed"].as_array().map(Vec::len), Some(2));
    assert_eq!(objects(&project), Vec::<String>::new());
}

#[test]
fn a_machine_that_fails_outside_its_steps_is_kept_or_removed_as_asked() {
    let broken = || fixture().env("ACME_CANNOT_CAPTURE", "1");
    for policy in ["abort", "run-cleanup-provisioner"] {
        let project = broken();
        let output = project.run(&["build", "machine", "--on-error", policy]).fails(1);
        assert!(
            output.stderr.contains("cannot capture the machine"),
            "{}",
            output.text()
        );
        assert_eq!(objects(&project).len(), 2, "{policy}: network and machine stay");
        project.run(&["cleanup"]).ok();
    }
    let project = broken();
    project.run(&["build", "machine"]).fails(1);
    assert_eq!(objects(&project), Vec::<String>::new());
    let output = project
        .run_typing(&["build", "machine", "--on-error", "ask"], "r\nk\n")
        .fails(1);
    let asked = "machine.acme: the build failed: the platform cannot capture the machine\n  machine: id vm-ib-";
    assert!(output.stderr.contains(asked), "{}", output.stderr);
    assert!(output.stderr.contains("`r` is none of these"), "{}", output.stderr);
    assert_eq!(objects(&project).len(), 2, "it was to be kept");
}

#[test]
fn a_question_says_which_step_it_is_about_and_how_to_find_the_machine() {
    let project = fixture();
    let output = project
        .run_typing(&["build", "broken", "--on-error", "ask"], "r\ne\n")
        .fails(1);
    let asked = output
        .stderr
        .matches("\nbroken.acme: step 1 of 1 shell (tests/src/bin/fixture.rs:")
        .count();
    assert_eq!(asked, 2, "it failed, was run again, and failed: {}", output.stderr);
    assert!(output.stderr.contains("\n  machine: id vm-ib-"), "{}", output.stderr);
    assert_eq!(
        (project.read("error-cleanup").as_str(), objects(&project).len()),
        ("cleaned\n", 2)
    );
    project.run(&["cleanup"]).ok();

    let output = project
        .run_typing(&["build", "pair", "--only", "bad", "--debug"], "\nc\n")
        .fails(130);
    for step in ["1", "2"] {
        let paused = format!("pair.null.bad: paused before step {step} of 2 shell-local (tests/src/bin/fixture.rs:");
        assert!(output.stderr.contains(&paused), "{}", output.stderr);
    }
    let output = project
        .run_typing(&["build", "pair", "--only", "bad", "--break", "2"], "\n")
        .fails(1);
    assert_eq!(output.stderr.matches("paused before").count(), 1, "{}", output.stderr);
}

#[test]
fn a_summary_and_a_run_name_every_file_and_what_it_was_made_from() {
    let project = fixture();
    project.write("data.bin", "imagebake\n");
    let events = project
        .run(&["build", "files", "machine", "--output", "json"])
        .ok()
        .json_lines();
    let units = events.last().expect("a summary")["units"]
        .as_array()
        .expect("units")
        .clone();
    let artifacts = units
        .iter()
        .flat_map(|unit| unit["artifacts"].as_array().expect("artifacts"));
    let files: Vec<_> = artifacts
        .flat_map(|artifact| artifact["files"].as_array().expect("files"))
        .collect();
    assert!(files.len() >= 4, "{files:?}");
    for file in files {
        let path = file["path"].as_str().expect("a path");
        let sum = std::process::Command::new("sha256sum")
            .arg(path)
            .output()
            .expect("it runs")
            .stdout;
        let sum = String::from_utf8_lossy(&sum);
        assert_eq!(sum.split(' ').next(), file["sha256"].as_str(), "{path}");
    }
    let shown = project.run(&["show", "last", "--output", "json"]).ok().json();
    let machine = shown["summary"]["units"].as_array().expect("units").iter();
    let bases: Vec<_> = machine.filter_map(|unit| unit["base"].as_str()).collect();
    assert_eq!(bases, ["acme-1"]);
    let shown = project.run(&["show", "last"]).ok().stdout;
    assert!(shown.contains("base of machine.acme: acme-1"), "{shown}");

    project.write("script.sh", "true\n");
    project.run(&["build", "traced", "--var", "version=2"]).ok();
    let manifest: serde_json::Value = serde_json::from_str(&project.read("traced.json")).expect("JSON");
    let origin = &manifest["builds"][0]["imagebake"];
    assert_eq!(
        (&origin["base"], &origin["values"]["version"]),
        (&json!("acme-1"), &json!("2"))
    );
    assert_eq!(origin["files"][0]["size"], 5, "{origin}");
    let sha256 = "a17fcf0a2f50e2d495e4f90ce263410edc183add6c62699a2facbccf60410f74";
    assert_eq!(origin["files"][0]["sha256"], sha256);
}

#[test]
fn names_that_are_no_text_are_built_from_and_recorded() {
    use std::os::unix::ffi::OsStrExt;
    let project = fixture();
    let folder = project.path().join("in");
    std::fs::create_dir(&folder).expect("made");
    std::fs::write(folder.join(std::ffi::OsStr::from_bytes(b"bad \xff name")), "x").expect("written");
    let build = || project.run(&["build", "copied", "--output", "json"]).ok().json_lines();
    build();
    let there = project
        .path()
        .join("out")
        .join(std::ffi::OsStr::from_bytes(b"bad \xff name"));
    assert!(there.is_file());
    // What was written is known as the unit's own, whatever it is called.
    std::fs::remove_dir_all(project.path().join("out")).expect("removed");
    assert_eq!(build().last().expect("a summary")["units"][0]["status"], "ok");
    let shown = project.run(&["show", "last", "--output", "json"]).ok().stdout;
    assert!(shown.contains("bad \u{fffd} name"), "{shown}");
}

#[test]
fn a_third_partys_source_makes_its_artifact_and_leaves_nothing_else() {
    let project = fixture();
    project.run(&["build", "machine"]).ok();
    let left = objects(&project);
    assert!(left.len() == 1 && left[0].starts_with("image-"), "{left:?}");
    assert!(
        !project
            .path()
            .join(".imagebake/journal")
            .read_dir()
            .is_ok_and(|mut entries| entries.next().is_some())
    );
}

/// What is on the third party's platform.
pub(crate) fn objects(project: &imagebake_tests::TestContext) -> Vec<String> {
    let Ok(entries) = project.path().join("cloud").read_dir() else {
        return Vec::new();
    };
    let mut names: Vec<String> = entries
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// What plans and has no runtime is refused before anything is made, by the name of what is missing.
#[test]
fn a_component_without_a_runtime_plans_and_is_not_built() {
    let project = TestContext::new(env!("CARGO_BIN_EXE_docker-images"));
    for (image, kind) in [("unwritten-source", "vagrant"), ("unwritten-post", "vagrant-cloud")] {
        let warned = project.run(&["plan", image]).ok().text();
        assert!(warned.contains("plan-only") && warned.contains(kind), "{warned}");
        for command in ["validate", "build"] {
            let text = project.run(&[command, image]).fails(2).text();
            assert!(text.contains(&format!("`{kind}` plans, but cannot be built")), "{text}");
            assert!(text.contains("docker-images.rs:"), "{text}");
        }
        assert!(!project.path().join("made").exists());
    }
}
