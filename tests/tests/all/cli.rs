//! The command line: what each command prints, and what it says about mistakes.

use crate::fixture;

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
