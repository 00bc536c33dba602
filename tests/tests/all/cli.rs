//! The command line: what each command prints, and what it says about mistakes.

use crate::fixture;
use imagebake_tests::Output;
use std::process::Stdio;

#[test]
fn a_misspelt_name_is_answered_with_the_nearest_one() {
    let project = fixture();
    for (arguments, near) in [
        (vec!["build", "helo"], "hello"),
        (vec!["plan", "pair", "--only", "nul"], "null"),
        (vec!["plan", "greet", "--var", "nam=x"], "name"),
        (vec!["biuld"], "build"),
        (vec!["build", "hello", "--paralell", "2"], "parallel"),
        (vec!["inspect", "grete"], "greet"),
    ] {
        let output = project.run(&arguments).fails(2);
        assert!(output.stderr.contains(near), "{arguments:?}:\n{}", output.stderr);
    }
}

#[test]
fn every_command_speaks_json() {
    let project = fixture();
    let images = project.run(&["list", "--output", "json"]).ok().json();
    let text = images.to_string();
    assert!(
        text.contains("\"hello\"") && text.contains("Says hello on the builder."),
        "{text}"
    );
    project.run(&["plan", "--output", "json"]).ok().json();
    project.run(&["validate", "hello", "--output", "json"]).ok().json();
    project.run(&["inspect", "greet", "--output", "json"]).ok().json();
    project.run(&["build", "hello", "--output", "json"]).ok().json_lines();
    let runs = project.run(&["runs", "--output", "json"]).ok().json().to_string();
    assert!(runs.contains("ok"), "{runs}");
    project.run(&["show", "last", "--output", "json"]).ok().json();
    project.run(&["cleanup", "--output", "json"]).ok().json();
}

#[test]
fn plan_makes_nothing() {
    let project = fixture();
    project.run(&["plan"]).ok();
    project.run(&["list"]).ok();
    let mut names: Vec<_> = project
        .path()
        .read_dir()
        .expect("a folder")
        .flatten()
        .map(|entry| entry.file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["imagebake.toml"]);
}

#[test]
fn the_packer_form_has_the_templates_names() {
    let plan = fixture().run(&["plan", "greet", "--format", "packer"]).ok().json();
    let unit = &plan["builds"][0];
    assert_eq!(
        (unit["type"].as_str(), unit["provisioners"][0]["type"].as_str()),
        (Some("null"), Some("shell-local"))
    );
    assert_eq!(unit["provisioners"][0]["config"]["env"]["NAME"], "world");
    assert!(!plan.to_string().contains("hunter2"), "a secret: {plan}");
    let open = fixture()
        .run(&["plan", "greet", "--format", "packer", "--reveal"])
        .ok()
        .json();
    assert_eq!(
        open["builds"][0]["provisioners"][0]["config"]["env"]["TOKEN"],
        "hunter2hunter2"
    );
}

#[test]
fn a_wrong_value_names_variable_and_type() {
    let output = fixture().run(&["build", "hello", "--parallel", "many"]).fails(2);
    assert!(output.stderr.contains("--parallel"), "{}", output.stderr);
    let output = fixture().run(&["build", "hello", "--on-error", "abrot"]).fails(2);
    assert!(output.stderr.contains("abort"), "{}", output.stderr);
}

/// What a program printed, without the lines that move whenever the fixture does.
fn shown(output: &Output) -> String {
    let mut text = format!("exit code {}\n", output.code);
    for (name, printed) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
        if !printed.is_empty() {
            text.push_str(&format!("-- {name}\n{printed}"));
        }
    }
    let lines: Vec<String> = text.lines().map(without_line_number).collect();
    lines.join("\n")
}

fn without_line_number(line: &str) -> String {
    let Some((before, after)) = line.split_once("fixture.rs:") else {
        return line.trim_end().to_owned();
    };
    let after = after.trim_start_matches(|c: char| c.is_ascii_digit());
    format!("{before}fixture.rs:N{}", without_line_number(after))
}

#[test]
fn the_help_of_every_command() {
    let project = fixture();
    insta::assert_snapshot!("help", shown(&project.run(&["-h"]).ok()));
    for command in [
        "list", "plan", "validate", "inspect", "build", "cleanup", "runs", "show",
    ] {
        let short = shown(&project.run(&[command, "-h"]).ok());
        insta::assert_snapshot!(format!("help-{command}"), short);
    }
}

#[test]
fn what_commands_print_for_people() {
    let project = fixture();
    for (name, arguments) in [
        ("plan", &["plan", "machine", "greet", "pair"][..]),
        ("plan-all", &["plan", "hello", "--all"]),
        ("plan-packer", &["plan", "pair", "greet", "--format", "packer"]),
        ("inspect", &["inspect", "greet"]),
        ("validate", &["validate", "hello", "machine"]),
        ("runs-none", &["runs"]),
        ("cleanup-none", &["cleanup"]),
    ] {
        insta::assert_snapshot!(name, shown(&project.run(arguments).ok()));
    }
    // The fixture grows: some of its images stand for all.
    let list = shown(&project.run(&["list"]).ok());
    let some = ["greet ", "machine ", "pair "];
    let rows = list
        .split("\n\n")
        .filter(|row| some.iter().any(|name| row.starts_with(name)));
    insta::assert_snapshot!("list", rows.collect::<Vec<_>>().join("\n\n"));
}

#[test]
fn what_is_said_about_mistakes() {
    let project = fixture();
    project.write("wrong.toml", "nmae = \"x\"\n");
    let mistakes: &[&[&str]] = &[
        &["build", "helo", "grete"],
        &["build", "hello", "--only", "nul"],
        &["build", "greet", "--var", "nam=x"],
        &["build", "hello", "--var", "name"],
        &["plan", "greet", "--values", "wrong.toml"],
        &["plan", "greet", "--values", "missing.toml"],
        &["build", "hello", "--break", "shel-local"],
        &["build", "hello", "--limit", "nul=1"],
        &["build", "hello", "--limit", "null=0"],
        &["build", "hello", "--parallel", "0"],
        &["build", "hello", "--on-error", "abrot"],
        &["build", "hello", "--output", "jsno"],
        &["build", "hello", "--forse"],
        &["inspect", "grete"],
        &["show", "last"],
        &["cleanup", "r1"],
        &["cleanup", "--sweep", "acmee", "--older-than", "6h"],
        &["cleanup", "--sweep", "acme"],
        &["list", "--project", "/nonexistent"],
        &["plan", "greet", "--format", "json", "--reveal"],
        &["biuld"],
    ];
    let told: Vec<String> = mistakes
        .iter()
        .map(|arguments| {
            format!(
                "$ imagebake {}\n{}\n",
                arguments.join(" "),
                shown(&project.run(arguments).fails(2))
            )
        })
        .collect();
    insta::assert_snapshot!("mistakes", told.join("\n"));
}

#[test]
fn a_mistake_is_json_too_and_a_build_that_cannot_begin_ends_with_a_summary() {
    let project = fixture();
    let error = project.run(&["show", "last", "--output", "json"]).fails(2).json();
    assert_eq!(error["error"]["message"], "there are no runs yet");
    let events = project
        .run(&["build", "helo", "--output", "json"])
        .fails(2)
        .json_lines();
    assert_eq!(
        (&events[0]["event"], &events[0]["code"]),
        (&"problem".into(), &"unknown-image".into())
    );
    let last = events.last().expect("a summary");
    assert_eq!(
        (&last["event"], &last["units"]),
        (&"summary".into(), &serde_json::json!([]))
    );
}

#[test]
fn a_reader_that_goes_away_does_not_stop_the_build() {
    for arguments in [&["build", "hello"][..], &["build", "hello", "--output", "json"]] {
        let project = fixture();
        let mut command = project.command(arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        drop((child.stdout.take(), child.stderr.take()));
        assert!(child.wait().expect("it ends").success());
        assert!(project.read("manifest.json").contains("last_run_uuid"));
    }
}

#[test]
fn log_level_and_colours_are_asked_for() {
    let project = fixture().env("IMAGEBAKE_LOG", "loud");
    let output = project.run(&["list"]).fails(2);
    assert!(output.stderr.contains("IMAGEBAKE_LOG=loud"), "{}", output.stderr);
    let coloured = |name, value, arguments: &[&str]| {
        let output = fixture().env(name, value).run(arguments).ok();
        output.stdout.contains("\x1b[")
    };
    assert!(coloured("CLICOLOR_FORCE", "1", &["list"]));
    assert!(!coloured("CLICOLOR_FORCE", "0", &["list"]));
    assert!(coloured("NO_COLOR", "1", &["list", "--color", "always"]));
    assert!(
        !fixture()
            .env("CLICOLOR_FORCE", "1")
            .env("NO_COLOR", "1")
            .run(&["list"])
            .stdout
            .contains("\x1b[")
    );
}
