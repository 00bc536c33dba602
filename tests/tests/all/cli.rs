//! The command line: what each command prints, and what it says about mistakes.

use crate::fixture;
use imagebake_tests::{Output, TestContext, example};
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
fn every_place_of_a_plan_is_a_line_of_the_users() {
    fn places(value: &serde_json::Value, into: &mut Vec<String>) {
        match value {
            serde_json::Value::Object(members) => {
                into.extend(members.get("file").and_then(|file| file.as_str()).map(str::to_owned));
                members.values().for_each(|member| places(member, into));
            }
            serde_json::Value::Array(items) => items.iter().for_each(|item| places(item, into)),
            _ => {}
        }
    }
    for (program, file) in [
        ("fixture", "tests/src/bin/fixture.rs"),
        ("quickstart", "examples/quickstart/src/main.rs"),
    ] {
        let project = TestContext::new(example(program));
        let mut found = Vec::new();
        places(&project.run(&["plan", "--output", "json"]).ok().json(), &mut found);
        let strange: Vec<_> = found.iter().filter(|found| *found != file).collect();
        assert!(!found.is_empty() && strange.is_empty(), "{strange:?}");
    }
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

pub(crate) fn without_line_number(line: &str) -> String {
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
        "list",
        "plan",
        "validate",
        "inspect",
        "build",
        "lock",
        "cleanup",
        "runs",
        "show",
        "schema",
        "explain",
        "new",
        "import",
        "docs",
        "completions",
        "man",
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

/// What is said about command lines that are all mistakes.
fn told(project: &TestContext, mistakes: &[&[&str]]) -> String {
    let told = mistakes.iter().map(|arguments| {
        let output = project.run(arguments).fails(2);
        format!("$ imagebake {}\n{}\n", arguments.join(" "), shown(&output))
    });
    told.collect::<Vec<_>>().join("\n")
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
        &["explain", "unknown-imgae"],
        &["biuld"],
    ];
    insta::assert_snapshot!("mistakes", told(&project, mistakes));
}

#[test]
fn a_code_is_explained_in_more_words() {
    let project = fixture();
    let told = project.run(&["plan", "helo"]).fails(2).stderr;
    assert!(told.contains("more: `explain unknown-image`"), "{told}");
    let text = project.run(&["explain", "error[unknown-image]: there is"]).ok().stdout;
    assert!(text.starts_with("unknown-image\n\nNo image of the program"), "{text}");
    let json = project
        .run(&["explain", "unknown-image", "--output", "json"])
        .ok()
        .json();
    assert_eq!(json["code"], "unknown-image");
    assert!(text.contains(json["explanation"].as_str().expect("text")));
    // Where nothing else works, words do.
    project.run(&["explain", "glob", "--project", "/nonexistent"]).ok();
}

#[test]
fn problems_of_several_images_are_told_at_once_each_with_the_nearest_match() {
    let project = fixture();
    project.write(
        "values.toml",
        "[greet]\nnmae = \"x\"\n\n[pair]\nversion = 2\n\n[gret]\nname = \"y\"\n",
    );
    insta::assert_snapshot!(
        "several-images",
        shown(
            &project
                .run(&["plan", "greet", "pair", "--only", "nul,bda", "--values", "values.toml"])
                .fails(2)
        )
    );
}

#[test]
fn a_plan_is_saved_and_what_differs_from_it_is_told() {
    let project = fixture();
    let selected = ["machine", "greet", "pair"];
    let plan = |more: &[&str]| project.run(&[&["plan"][..], &selected, more].concat());
    let printed = plan(&["--save", "plan.json"]).ok();
    assert_eq!(printed.stdout, plan(&[]).ok().stdout, "it is printed as ever");
    let saved = project.read("plan.json");
    assert!(!saved.contains("hunter2"), "a secret: {saved}");
    let json = plan(&["--output", "json", "--all"]).ok().json();
    assert_eq!(json, serde_json::from_str::<serde_json::Value>(&saved).expect("JSON"));
    insta::assert_snapshot!("against-same", shown(&plan(&["--against", "plan.json"]).ok()));

    // As if the description, and a default of imagebake, had been another one.
    let mut old = json;
    let units = old["units"].as_array_mut().expect("a list");
    units.retain(|unit| unit["name"] != "pair.null.bad");
    for unit in units.iter_mut().filter(|unit| unit["name"] == "greet.null") {
        unit["name"] = "greet.file".into();
    }
    let machine = units
        .iter_mut()
        .find(|unit| unit["name"] == "machine.acme")
        .expect("it is planned");
    let step = machine["steps"][0].clone();
    for setting in machine["steps"][0]["settings"].as_array_mut().expect("a list") {
        match setting["name"].as_str() {
            Some("inline") => setting["value"] = serde_json::json!(["echo in the \u{1b}[31mbox"]),
            Some("remote_folder") => setting["value"] = "/var/tmp".into(),
            _ => {}
        }
    }
    let mut other = step.clone();
    (other["name"], other["kind"]) = ("old".into(), "sleep".into());
    machine["steps"].as_array_mut().expect("a list").push(other);
    project.write("old.json", &old.to_string());
    insta::assert_snapshot!("against", shown(&plan(&["--against", "old.json"]).fails(4)));
    let found = plan(&["--against", "old.json", "--output", "json"]).fails(4).json();
    assert_eq!((&found["different"], &found["version"]), (&true.into(), &1.into()));
    assert_eq!(found["compared"], serde_json::json!({"units": 4, "steps": 6}));

    // A snapshot that is brought up to date tells what was new, once.
    plan(&["--against", "old.json", "--save", "old.json"]).fails(4);
    plan(&["--against", "old.json"]).ok();
}

#[test]
fn a_changed_variable_is_a_difference_and_a_narrow_selection_is_none() {
    let project = fixture();
    project.run(&["plan", "--save", "plan.json"]).ok();
    let output = project.run(&[
        "plan",
        "greet",
        "--var",
        "name=you",
        "--var",
        "token=env:KEY",
        "--against",
        "plan.json",
    ]);
    insta::assert_snapshot!("against-variable", shown(&output.fails(4)));
    project
        .run(&["plan", "pair", "--only", "good", "--against", "plan.json"])
        .ok();
}

#[test]
fn what_cannot_be_compared_is_told() {
    let project = fixture();
    project.run(&["plan", "hello", "--save", "hello.json"]).ok();
    project.run(&["plan", "hello", "greet", "--save", "both.json"]).ok();
    project.write("text.json", "version = 1");
    project.write("other.json", "{\"name\": \"x\"}");
    project.write("newer.json", "{\"version\": 99, \"units\": []}");
    let partly = project.run(&["plan", "hello", "--output", "json"]).ok().stdout;
    project.write("partly.json", &partly);
    project.write(
        "damaged.json",
        &project.read("hello.json").replace("\"kind\"", "\"knid\""),
    );
    project.write("folder/inside.txt", "");
    let mistakes: &[&[&str]] = &[
        &["plan", "hello", "--against", "missing.json"],
        &["plan", "hello", "--against", "folder"],
        &["plan", "hello", "--against", "text.json"],
        &["plan", "hello", "--against", "other.json"],
        &["plan", "hello", "--against", "newer.json"],
        &["plan", "hello", "--against", "partly.json"],
        &["plan", "hello", "--against", "damaged.json"],
        &["plan", "greet", "--against", "hello.json", "--save", "new.json"],
        &["plan", "hello", "--against", "both.json", "--save", "./both.json"],
        &["plan", "hello", "--against", "hello.json", "--format", "packer"],
        &["plan", "helo", "--save", "new.json"],
        &["plan", "hello", "--save", "folder"],
        &["plan", "hello", "--save", "nowhere/new.json"],
    ];
    insta::assert_snapshot!("against-mistakes", told(&project, mistakes));
    assert!(!project.path().join("new.json").exists(), "nothing is written then");
}

#[test]
fn two_runs_are_compared_by_what_they_were_built_from() {
    let project = fixture();
    let built = |name: &str| {
        let events = project
            .run(&["build", "greet", "--var", name, "--output", "json"])
            .ok()
            .json_lines();
        events[0]["run"].as_str().expect("a run begins").to_owned()
    };
    let (first, again, third) = (built("name=one"), built("name=one"), built("name=two"));
    let same = project.run(&["show", &again, "--against", &first]).ok();
    assert_eq!(same.stdout, "no differences in 1 unit, 1 step\n");
    insta::assert_snapshot!(
        "show-against",
        shown(&project.run(&["show", &third, "--against", &first]).fails(4))
    );
    let json = project.run(&["show", &third, "--against", &first, "--output", "json"]);
    let json = json.fails(4).json();
    assert_eq!((&json["old"], &json["new"]), (&first.into(), &third.clone().into()));
    assert_eq!(json["inputs"][0]["name"], "greet: name");
    let near = format!("{}zz", &third[..third.len() - 2]);
    let output = project.run(&["show", "last", "--against", &near]).fails(2);
    assert!(output.stderr.contains("did you mean"), "{}", output.stderr);
    let runs = project.run(&["runs", "--output", "json"]).ok().stdout;
    assert!(!runs.contains("\"plan\""), "a list without plans: {runs}");
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
