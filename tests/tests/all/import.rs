//! Packer's templates: what they say, and what becomes of them.

use crate::imported::differences_of;
use imagebake::import::{
    context::Context,
    evaluate,
    input::Input,
    job::{self, Request, Status},
    known::Known,
};
use imagebake_tests::{
    available,
    expressions::{Expressions, VARIABLES},
};
use serde_json::Value as Json;
use std::{
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

#[path = "../../../examples/imported/src/db.rs"]
mod example_db;
#[path = "../../../examples/imported/src/web.rs"]
mod example_web;

/// Random expressions as locals: `e0`, `e1`, ….
fn locals(seed: u64, count: usize) -> String {
    let mut expressions = Expressions::new(seed);
    let mut text = String::from("locals {\n");
    for number in 0..count {
        let expression = match number % 10 {
            9 => expressions.heredoc(),
            8 => expressions.list(2) + "\n",
            depth => expressions.text(depth % 4) + "\n",
        };
        text.push_str(&format!("  e{number} = {expression}"));
    }
    text + "}\n"
}

/// What Terraform makes of them, in order.
fn terraform(folder: &Path, locals: &str, count: usize) -> Json {
    fs::write(folder.join("variables.tf"), VARIABLES).expect("written");
    fs::write(folder.join("locals.tf"), locals).expect("written");
    let names: Vec<String> = (0..count).map(|number| format!("local.e{number}")).collect();
    let mut console = Command::new("terraform")
        .arg("console")
        .current_dir(folder)
        .env("TF_CLI_CONFIG_FILE", "/dev/null")
        .env("CHECKPOINT_DISABLE", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let question = format!("jsonencode([{}])\n", names.join(", "));
    console
        .stdin
        .take()
        .expect("piped")
        .write_all(question.as_bytes())
        .expect("written");
    let output = console.wait_with_output().expect("it ends");
    let told = String::from_utf8_lossy(&output.stderr);
    let text: String =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {told}\n{locals}"));
    serde_json::from_str(&text).expect("it is JSON")
}

#[test]
fn expressions_mean_what_they_mean_to_terraform() {
    if !available("terraform") {
        return;
    }
    const COUNT: usize = 400;
    for seed in 1..=3 {
        let folder = tempfile::tempdir().expect("a folder");
        let locals = locals(seed, COUNT);
        let theirs = terraform(folder.path(), &locals, COUNT);
        let template = folder.path().join("t.pkr.hcl");
        let build = "source \"null\" \"a\" {\n  communicator = \"none\"\n}\nbuild {\n  sources = [\"null.a\"]\n}\n";
        fs::write(&template, format!("{VARIABLES}{locals}{build}")).expect("written");
        let context = Context::new(folder.path(), folder.path());
        let (plan, faults) = evaluate(&Input::new(&template), &context, &Known::new());
        let told: Vec<_> = faults
            .0
            .iter()
            .map(|fault| {
                let d = context.sources.diagnostic(fault);
                format!("{:?} {d}", d.places)
            })
            .collect();
        assert!(faults.is_empty(), "{told:#?}\n{locals}");
        for number in 0..COUNT {
            let ours = plan.locals[&format!("e{number}")].to_json();
            assert_eq!(ours, theirs[number], "seed {seed}, e{number} of\n{locals}");
        }
    }
}

/// The example, and its templates.
fn imported(check: bool) -> Request {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/imported");
    let folder = folder.canonicalize().expect("it is there");
    Request {
        paths: ["templates/web", "templates/db.json"]
            .map(|path| folder.join(path))
            .into(),
        into: Some(folder),
        check,
        ..Request::default()
    }
}

#[test]
fn the_imported_example_is_what_its_templates_say() {
    let (report, told) = job::run(&imported(true)).expect("it is imported");
    for told in &told {
        let problems: Vec<_> = told
            .faults
            .0
            .iter()
            .map(|fault| told.sources.diagnostic(fault).to_string())
            .collect();
        assert!(problems.is_empty(), "{problems:#?}");
    }
    for template in &report.templates {
        assert_eq!(
            (template.status, &template.differences, &template.missing),
            (Status::Imported, &Vec::new(), &Vec::new()),
            "write it again: cargo xtask import templates/web templates/db.json --into . --force"
        );
    }
}

#[test]
fn the_imported_example_plans_what_its_templates_say() {
    let templates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/imported/templates");
    let none: &[(&str, &str)] = &[];
    let given: &[(&str, &str)] = &[
        ("debug", "true"),
        ("packages", "[\"a b\", \"é\"]"),
        ("release", "2.0.10"),
        ("token", "t"),
    ];
    for values in [none, given] {
        assert_eq!(
            differences_of(&templates.join("web"), "", &["web"], values),
            Vec::<String>::new()
        );
    }
    for values in [none, &[("version", "17"), ("image", "debian:13")]] {
        assert_eq!(
            differences_of(&templates, "db.json", &["db"], values),
            Vec::<String>::new()
        );
    }
}

#[test]
fn what_cannot_be_imported_is_told_at_its_line_and_nothing_is_written() {
    let project = crate::fixture();
    project.write(
        "web.pkr.hcl",
        "source \"null\" \"a\" {\n  communicator = \"none\"\n  comunicator  = \"x\"\n}\nbuild {\n  sources = [\"null.a\"]\n}\n",
    );
    let refused = project.run(&["import", "web.pkr.hcl", "--out", "out"]).fails(2);
    assert!(refused.stderr.contains("web.pkr.hcl:3:"), "{}", refused.stderr);
    assert!(refused.stderr.contains("comunicator  = \"x\""), "{}", refused.stderr);
    assert!(
        refused.stdout.contains("refused") && refused.stdout.contains("nothing was written"),
        "{}",
        refused.stdout
    );
    assert!(!project.path().join("out").exists());
    let json = project
        .run(&["import", "web.pkr.hcl", "--out", "out", "--report", "json"])
        .fails(2)
        .json();
    assert_eq!(json["templates"][0]["status"], "refused");

    project.write(
        "web.pkr.hcl",
        "source \"null\" \"a\" {\n  communicator = \"none\"\n}\nbuild {\n  sources = [\"null.a\"]\n}\n",
    );
    let checked = project.run(&["import", "web.pkr.hcl", "--out", "out", "--check"]).ok();
    assert!(
        checked.stdout.contains("nothing was written: --check"),
        "{}",
        checked.stdout
    );
    project.run(&["import", "web.pkr.hcl", "--out", "out"]).ok();
    assert!(
        project.read("out/src/web.rs").contains("dir = \"..\""),
        "{}",
        project.read("out/src/web.rs")
    );
    assert!(project.read("out/Cargo.toml").contains("imagebake = "));
    let again = project.run(&["import", "web.pkr.hcl", "--out", "out"]).fails(1);
    assert!(again.stderr.contains("--force"), "{}", again.stderr);
    project.run(&["import", "web.pkr.hcl", "--out", "out", "--check"]).ok();
    project.write("out/src/web.rs", "// changed\n");
    let stale = project
        .run(&["import", "web.pkr.hcl", "--out", "out", "--check"])
        .fails(2);
    assert!(
        stale.stdout.contains("src/web.rs is not what the templates say now"),
        "{}",
        stale.stdout
    );
}

/// A template with a component of a plugin, beside one of ours.
const WITH_PLUGIN: &str = r#"
source "null" "here" {
  communicator = "none"
}
source "digitalocean" "there" {
  image = "debian-12-x64"
}
build {
  sources = ["null.here", "digitalocean.there"]
  provisioner "shell-local" {
    inline = ["true"]
  }
}
"#;

#[test]
fn a_component_of_a_plugin_keeps_its_place_and_is_told() {
    let project = crate::fixture();
    project.write("web.pkr.hcl", WITH_PLUGIN);
    let told = project.run(&["import", "web.pkr.hcl", "--out", "out"]).fails(2);
    for part in [
        "stubbed, 1 component",
        "write types in place of `unported!` in",
        "yet to be written: the source `digitalocean` (web.pkr.hcl:5)",
    ] {
        assert!(told.stdout.contains(part), "{part}: {}", told.stdout);
    }
    assert!(
        told.stderr
            .contains("digitalocean` is of a plugin that imagebake does not have"),
        "{}",
        told.stderr
    );
    let rust = project.read("out/src/web.rs");
    assert!(rust.contains("//     image = \"debian-12-x64\""), "{rust}");
    let json = project
        .run(&["import", "web.pkr.hcl", "--out", "out", "--check", "--report", "json"])
        .fails(2)
        .json();
    let row = &json["templates"][0];
    assert_eq!(row["status"], "stubbed");
    assert_eq!(
        row["stubs"],
        serde_json::json!(["source `digitalocean` (web.pkr.hcl:5)"])
    );
}

#[test]
fn lenient_is_named_only_where_it_helps() {
    let project = crate::fixture();
    let template = |setting: &str| {
        format!(
            "source \"null\" \"a\" {{\n  communicator = \"none\"\n  {setting}\n}}\nbuild {{\n  sources = [\"null.a\"]\n}}\n"
        )
    };
    let told = |setting: &str| {
        project.write("web.pkr.hcl", &template(setting));
        project.run(&["import", "web.pkr.hcl", "--out", "out"]).fails(2).stdout
    };
    assert!(told("comunicator = \"x\"").contains("--lenient"));
    let undefined = told("communicator = var.nothing");
    assert!(
        undefined.contains("mend") && !undefined.contains("--lenient"),
        "{undefined}"
    );
    project.write("web.pkr.hcl", &template("comunicator = \"x\""));
    let passed = project
        .run(&["import", "web.pkr.hcl", "--out", "out", "--lenient"])
        .fails(2);
    assert!(passed.stdout.contains("stubbed, 1 setting"), "{}", passed.stdout);
    assert!(passed.stdout.contains("do what is marked TODO in"), "{}", passed.stdout);
    assert!(project.read("out/src/web.rs").contains("// TODO: "));
}

#[test]
fn modules_are_declared_in_the_package_they_are_added_to() {
    let project = crate::fixture();
    let template = "source \"null\" \"a\" {\n  communicator = \"none\"\n}\nbuild {\n  sources = [\"null.a\"]\n}\n";
    project.write("web.pkr.hcl", template);
    project.write(
        "into/Cargo.toml",
        "[package]\nname = \"into\"\n[dependencies]\nimagebake = { version = \"0.1\", default-features = false }\n",
    );
    let main = "//! Mine.\n\nmod   own ;\n\nfn main() { imagebake::main(); }\n";
    project.write("into/src/main.rs", main);
    let checked = project
        .run(&["import", "web.pkr.hcl", "--into", "into", "--check"])
        .fails(2);
    assert!(
        checked.stdout.contains("src/main.rs is not what the templates say now"),
        "{}",
        checked.stdout
    );
    assert_eq!(project.read("into/src/main.rs"), main);
    project.run(&["import", "web.pkr.hcl", "--into", "into"]).ok();
    // What stood there stands as it did.
    let changed = project.read("into/src/main.rs");
    assert_eq!(changed.replace("mod web;\n\n", ""), main, "{changed}");
    project
        .run(&["import", "web.pkr.hcl", "--into", "into", "--check"])
        .ok();
}

/// What a folder of templates becomes that has these files with values.
fn with_values(files: &[(&str, &str)]) -> (imagebake_tests::TestContext, String) {
    let project = crate::fixture();
    project.write(
        "web/web.pkr.hcl",
        "variable \"a\" {\n  type = string\n}\nsource \"null\" \"x\" {\n  communicator = \"none\"\n}\n\
         build {\n  sources = [\"null.x\"]\n  provisioner \"shell-local\" {\n    inline = [var.a]\n  }\n}\n",
    );
    for (path, text) in files {
        project.write(path, text);
    }
    let told = project
        .run(&["import", "web", "--out", "out", "--var-file", "web/x.pkrvars.hcl"])
        .ok();
    let rust = project.read("out/src/web.rs");
    assert!(told.stdout.contains("x.pkrvars.hcl\n"), "{}", told.stdout);
    (project, rust)
}

#[test]
fn files_with_values_stay_data() {
    let (_, one) = with_values(&[
        ("web/x.pkrvars.hcl", "a = \"named\"\n"),
        ("web/v.auto.pkrvars.hcl", "a = \"1\"\n"),
    ]);
    assert!(one.contains("#[variables(values = \"v.auto.pkrvars.hcl\")]"), "{one}");
    // Several are one, without what is of no variable.
    let (project, several) = with_values(&[
        ("web/x.pkrvars.hcl", "a = \"named\"\n"),
        ("web/v.auto.pkrvars.hcl", "a = \"1\"\nother = 2\n"),
        ("web/w.auto.pkrvars.json", "{\"a\": \"2 é\"}"),
    ]);
    assert!(
        several.contains("#[variables(values = \"../out/web.values.json\")]"),
        "{several}"
    );
    assert_eq!(project.read("out/web.values.json"), "{\n  \"a\": \"2 é\"\n}\n");
}
