//! Inputs and secrets through the command line: every way to give a value, what is said about wrong ones, and that no secret is seen.

use crate::fixture;
use imagebake_tests::{Output, TestContext, available};
use std::{fs, os::unix::fs::PermissionsExt, process::Command};

const SECRET: &str = "correct-horse-battery";

/// The values with which the step of `sorts` ran.
fn built(project: &TestContext, arguments: &[&str]) -> Vec<String> {
    let output = project.run(&[&["build", "sorts"], arguments].concat()).ok();
    let values = output.stderr.lines().filter_map(|line| line.split_once("IT_"));
    values.map(|(_, value)| value.to_owned()).collect()
}

#[test]
fn every_language_and_every_way_gives_the_same_values() {
    let expected = [
        "DISK_a=20",
        "DISK_b=10",
        "FLAVOUR=full",
        "LABELS=a:1.10 b:x,y",
        "PASSPHRASE=",
        "RELEASES=1-4 2-0",
    ];
    let toml = "flavour = 'full'\nreleases = ['1.4', 2.0]\n[[disks]]\nsize = 20\nmount = '/a'\n[[disks]]\nmount = '/b'\n\
                [sorts.labels]\na = 1.10\nb = 'x,y'\n";
    let yaml = "flavour: full\nreleases: ['1.4', 2.0]\ndisks:\n- {size: 20, mount: /a}\n- mount: /b\nsorts:\n  labels: {a: 1.10, b: 'x,y'}\n";
    let json = r#"{"flavour": "full", "releases": ["1.4", 2.0], "disks": [{"size": 20, "mount": "/a"}, {"mount": "/b"}],
                   "sorts": {"labels": {"a": 1.10, "b": "x,y"}}}"#;
    let hcl = "flavour = \"full\"\nreleases = [\"1.4\", 2.0]\ndisks = [{ size = 20, mount = \"/a\" }, { mount = \"/b\" }]\n\
               sorts {\n  labels = { a = 1.10, b = \"x,y\" }\n}\n";
    for (name, text) in [
        ("v.toml", toml),
        ("v.yaml", yaml),
        ("v.json", json),
        ("v.pkrvars.hcl", hcl),
    ] {
        let project = fixture();
        project.write(name, &format!("\u{feff}{}", text.replace('\n', "\r\n")));
        assert_eq!(built(&project, &["--values", name]), expected, "{name}");
    }
    let labels = "labels={\"a\": 1.10, \"b\": \"x,y\"}";
    let disks = "[{\"size\": 20, \"mount\": \"/a\"}, {\"mount\": \"/b\"}]";
    // As Packer takes it from the environment, below our own name.
    let project = fixture()
        .env("PKR_VAR_disks", "[{ size = 20, mount = \"/a\" }, { mount = \"/b\" }]")
        .env("PKR_VAR_releases", "never")
        .env("IMAGEBAKE_VAR_releases", "1.4, 2.0");
    assert_eq!(built(&project, &["--var", "flavour=full", "--var", labels]), expected);
    let project = fixture().env("IMAGEBAKE_VAR_disks", disks);
    project.write("below.toml", "flavour = 'small'\nreleases = ['9.9']\n");
    project.write("above.yml", "flavour: full\n");
    let arguments = [
        "--values",
        "below.toml",
        "--values",
        "above.yml",
        "--var",
        labels,
        "--var",
        "releases=1.4,2.0",
    ];
    assert_eq!(built(&project, &arguments), expected, "later files and --var win");
}

/// What `plan` says of a values file; nothing secret is in it.
fn told(project: &TestContext, name: &str, text: &str) -> String {
    project.write(name, text);
    let output = project.run(&["plan", "sorts", "--values", name]).fails(2);
    assert!(!output.text().contains("hunter2"), "{name}: {text}\n{}", output.text());
    format!("$ plan sorts --values {name}\n{}\n", output.stderr)
}

#[test]
fn what_is_wrong_with_a_value_is_told_at_its_place_with_help_and_an_example() {
    let project = fixture();
    let files = [
        (
            "type.toml",
            "releases = ['1.4', 'one']\nroot = { size = 'big', mount = '/' }\nlabels = [1]\n",
        ),
        (
            "type.yaml",
            "flavour: big\ndisks:\n- size: 0\n  mount: /a\n- size: 70000\n",
        ),
        ("type.json", "{\"root\": {\n  \"mout\": \"/\"\n}, \"flavour\": [1]}"),
        ("type.pkrvars.hcl", "disks = [{ mount = \"/a\", size = 1 }, 3]\n"),
        (
            "unknown.yaml",
            "flavor: full\nsort:\n  flavour: full\nsorts:\n  lables: {}\n  tokne: hunter2hunter2\n",
        ),
        ("twice.yaml", "flavour: full\nflavour: small\n"),
        ("malformed.toml", "token = 'hunter2hunter2\n"),
        ("malformed.json", "{\"token\": \"hunter2hunter2\"\n"),
        ("malformed.yaml", "token: 'hunter2hunter2\n"),
        ("malformed.hcl", "token = \"hunter2hunter2\n"),
        // A secret beside what is wrong, in one line.
        (
            "beside.json",
            "{\"token\": \"hunter2hunter2\", \"passphrase\": \"hunter2hunter3\", \"flavour\": 3, \"nope\": \"hunter2\"}",
        ),
        (
            "secret.toml",
            "token = ['hunter2hunter2']\npassphrase = 'hunter2hunter2'\n",
        ),
        (
            "reference.toml",
            "token = 'cmd:hunter2hunter2'\n[root]\nmount = '/'\nkey = 'env:'\n",
        ),
    ];
    let all: Vec<String> = files.iter().map(|(name, text)| told(&project, name, text)).collect();
    insta::assert_snapshot!("values-mistakes", all.join("\n"));
}

#[test]
fn a_values_file_that_cannot_be_read_says_what_to_do() {
    let project = fixture();
    fs::create_dir(project.path().join("folder.toml")).expect("made");
    fs::write(project.path().join("latin.yaml"), b"flavour: \xe9\n").expect("written");
    for (name, help) in [
        ("folder.toml", "this is a folder"),
        ("latin.yaml", "save it as UTF-8"),
        ("missing.json", "create it, or correct its name"),
    ] {
        let output = project.run(&["plan", "sorts", "--values", name]).fails(2);
        assert!(
            output.stderr.contains(help) && output.stderr.contains(name),
            "{}",
            output.stderr
        );
    }
    let closed = project.write("closed.toml", "flavour = 'full'\n");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).expect("closed");
    // Whoever may read everything may read this too.
    if fs::read(&closed).is_err() {
        let output = project.run(&["plan", "sorts", "--values", "closed.toml"]).fails(2);
        assert!(output.stderr.contains("chmod u+r"), "{}", output.stderr);
    }
    let rows: String = (0..11_000)
        .map(|index| format!("x{index}: '{}'\n", "y".repeat(1000)))
        .collect();
    project.write("large.yaml", &format!("{rows}flavour: full\n"));
    let output = project
        .run(&["plan", "sorts", "--values", "large.yaml", "--output", "json"])
        .fails(2);
    let problems = output.json()["problems"].as_array().map_or(0, Vec::len);
    assert_eq!(problems, 11_000, "each unknown key is told");
}

#[test]
fn help_on_a_command_has_the_inputs_of_the_images_that_are_named() {
    let project = fixture();
    insta::assert_snapshot!(
        "help-inputs",
        inputs_of(&project.run(&["build", "sorts", "greet", "--help"]).ok())
    );
    let plan = project.run(&["plan", "greet", "-h"]).ok().stdout;
    assert!(
        plan.contains("Whom to greet.") && plan.contains("--var name=world"),
        "{plan}"
    );
    let near = project.run(&["build", "gret", "--help"]).ok().stdout;
    assert!(near.contains("did you mean `greet`?"), "{near}");
    let none = project.run(&["build", "--help"]).ok().stdout;
    assert!(!none.contains("Inputs of"), "{none}");
}

fn inputs_of(output: &Output) -> String {
    let start = output.stdout.find("Inputs of").expect("inputs are shown");
    output.stdout[start..].to_owned()
}

#[test]
fn editors_check_values_files_by_their_schema() {
    let project = fixture();
    let printed = project.run(&["schema", "--values"]).ok();
    project.run(&["schema", "--values", "values.schema.json"]).ok();
    assert_eq!(project.read("values.schema.json"), printed.stdout);
    let schema = printed.json();
    assert_eq!(
        schema["properties"]["disks"]["anyOf"][0]["items"]["properties"]["size"]["description"],
        "Size in GiB."
    );
    assert!(
        !printed.stdout.contains("hunter2"),
        "a default is no example of a secret"
    );
    if !available("python3-jsonschema") {
        return;
    }
    let valid = [
        r#"{}"#,
        r#"{"flavour": "full", "$schema": "values.schema.json"}"#,
        r#"{"releases": ["1.4", 2.0], "disks": [{"mount": "/a"}, {"mount": "/b", "size": "20"}], "labels": {"a": 1}}"#,
        r#"{"sorts": {"root": {"mount": "/", "key": "env:KEY"}}, "greet": {"name": "you"}, "token": "env:TOKEN"}"#,
    ];
    let wrong = [
        r#"{"flavour": "big"}"#,
        r#"{"flavor": "full"}"#,
        r#"{"disks": [{"size": 20}]}"#,
        r#"{"disks": [{"mount": "/a", "size": 70000}]}"#,
        r#"{"disks": [{"mount": "/a", "siez": 7}]}"#,
        r#"{"greet": {"flavour": "full"}}"#,
        r#"{"labels": {"a": []}}"#,
    ];
    let check = "import json, sys, jsonschema\n\
                 schema, value = (json.load(open(name)) for name in sys.argv[1:])\n\
                 jsonschema.Draft7Validator.check_schema(schema)\n\
                 sys.exit(0 if jsonschema.Draft7Validator(schema).is_valid(value) else 7)\n";
    for (values, code) in valid.iter().map(|v| (v, 0)).chain(wrong.iter().map(|v| (v, 7))) {
        project.write("values.json", values);
        let mut command = Command::new("python3");
        command
            .args(["-c", check, "values.schema.json", "values.json"])
            .current_dir(project.path());
        let output = command.output().expect("it starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{values}: {said}");
        // The editor and the program agree.
        let planned = project.run(&["plan", "sorts", "greet", "--values", "values.json"]);
        assert_eq!(planned.code == 0, code == 0, "{values}:\n{}", planned.text());
    }
}

#[test]
fn secrets_are_followed_once_when_a_build_begins_and_never_by_a_plan() {
    let project = fixture();
    project.write("token.txt", &format!("{SECRET}\n"));
    project.write("token.sh", "#!/bin/sh\necho asked >> asked\ncat token.txt\n");
    let command = "token=cmd:[\"sh\", \"token.sh\"]";
    let root = "root={\"mount\": \"/\", \"key\": \"cmd:[\\\"sh\\\", \\\"token.sh\\\"]\"}";
    for arguments in [
        &["plan", "sorts"][..],
        &["list"],
        &["inspect", "sorts"],
        &["plan", "sorts", "--output", "json", "--all"],
    ] {
        let output = project
            .run(&[arguments, &["--var", command, "--var", root]].concat())
            .ok();
        assert!(
            !output.text().contains(SECRET) && !project.path().join("asked").exists(),
            "{}",
            output.text()
        );
    }
    let plan = project.run(&["plan", "sorts", "--var", command]).ok();
    assert!(
        plan.stdout.contains(r#"<secret cmd:[\"sh\",\"token.sh\"]>"#),
        "{}",
        plan.stdout
    );
    assert!(
        plan.stderr.is_empty(),
        "a reference is no reason to warn: {}",
        plan.stderr
    );
    // Without its credentials too: nothing is looked for.
    project
        .run(&["plan", "sorts", "--var", "token=env:NO_SUCH_VARIABLE"])
        .ok();
    let output = project.run(&["build", "sorts", "--var", command, "--var", root]).ok();
    assert!(output.stderr.contains("TOKEN=<secret token>"), "{}", output.stderr);
    assert!(!output.text().contains(SECRET), "{}", output.text());
    assert_eq!(project.read("asked"), "asked\n", "two settings ask, and it runs once");
    let file = project.run(&["build", "sorts", "--var", "token=file:token.txt"]).ok();
    assert!(file.stderr.contains("TOKEN=<secret token>"), "{}", file.stderr);
    let project = fixture().env("TOKEN", SECRET);
    let output = project.run(&["build", "sorts", "--var", "token=env:TOKEN"]).ok();
    assert!(output.stderr.contains("TOKEN=<secret token>"), "{}", output.stderr);
    is_in_no_file(&project);
}

/// No file of the project has the secret.
#[track_caller]
fn is_in_no_file(project: &TestContext) {
    let found = Command::new("grep")
        .args(["-rl", SECRET, "."])
        .current_dir(project.path())
        .output()
        .expect("it starts");
    assert!(
        found.stdout.is_empty(),
        "in files: {}",
        String::from_utf8_lossy(&found.stdout)
    );
}

#[test]
fn a_secret_that_leads_to_nothing_stops_before_anything_is_made() {
    let project = fixture().env("IMAGEBAKE_SECRET_TIMEOUT", "300ms").env("EMPTY", "");
    let mut all = String::new();
    for reference in [
        "env:NO_SUCH_VARIABLE",
        "env:EMPTY",
        "file:missing.txt",
        "cmd:[\"sh\", \"-c\", \"echo hunter2hunter2; echo no hunter2hunter2 today >&2; exit 3\"]",
        "cmd:[\"sh\", \"-c\", \"sleep 60\"]",
        "cmd:[\"sh\", \"-c\", \"printf '\\\\377'\"]",
        "cmd:[\"true\"]",
        "cmd:[\"no-such-program\"]",
    ] {
        let output = project
            .run(&["build", "sorts", "--var", &format!("token={reference}")])
            .fails(2);
        assert!(!project.path().join(".imagebake/runs").exists(), "nothing is made");
        // The reference itself is the user's own word.
        let said = output.stderr.replace(reference, "");
        all += &format!(
            "$ build sorts --var 'token={reference}'\n{}\n",
            said.replace(&project.path().display().to_string(), "PROJECT")
        );
    }
    let lines: Vec<String> = all.lines().map(crate::cli::without_line_number).collect();
    insta::assert_snapshot!("unresolved-secrets", lines.join("\n"));
}

#[test]
fn a_secret_itself_on_the_command_line_warns_and_is_hidden_everywhere() {
    let project = fixture();
    let literal = format!("token={SECRET}");
    let root = format!("root={{\"mount\": \"/\", \"key\": \"{SECRET}\"}}");
    for arguments in [["--var", literal.as_str()], ["--var", &root]] {
        let output = project.run(&[&["plan", "sorts"], &arguments[..]].concat()).ok();
        assert!(output.stderr.contains("warning[literal-secret]"), "{}", output.stderr);
        assert!(!output.text().contains(SECRET), "{}", output.text());
    }
    // In a values file and the environment it is hidden too, in plans, saved plans and records.
    project.write("values.toml", &format!("token = '{SECRET}'\n"));
    let output = project
        .run(&["plan", "sorts", "--values", "values.toml", "--save", "plan.json"])
        .ok();
    assert!(
        output.stderr.is_empty() && !output.text().contains(SECRET),
        "{}",
        output.text()
    );
    assert!(!project.read("plan.json").contains(SECRET));
    project.run(&["build", "sorts", "--values", "values.toml"]).ok();
    fs::remove_file(project.path().join("values.toml")).expect("removed");
    is_in_no_file(&project);
}

#[test]
fn a_step_that_leaves_a_secret_in_the_image_fails_and_names_the_file() {
    if !available("namespaces") {
        return;
    }
    let project = fixture().env("KEEPER_TOKEN", SECRET);
    let build = |leave: &str| project.run(&["build", "keeper", "--var", leave]);
    let output =
        build("leave=echo \"password = $TOKEN\" > /etc/conf; printf %s \"$TOKEN\" | base64 > /etc/encoded").fails(1);
    for told in [
        "leaves the secret `token` in the image",
        "/etc/conf",
        "/etc/encoded",
        "remove it in the same step",
    ] {
        assert!(output.stderr.contains(told), "{told}: {}", output.stderr);
    }
    assert!(!output.text().contains(SECRET) && !project.path().join("keeper.tar").exists());
    // Used, written and removed again: nothing of it stays.
    build("leave=echo \"$TOKEN\" > /tmp/token; rm /tmp/token; echo done > /etc/conf").ok();
    assert!(project.path().join("keeper.tar").exists());
}
