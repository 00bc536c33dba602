//! What the importer writes of each construct compiles, and plans what the template says.

use imagebake::{
    data::Lookups,
    import::{
        comparison::compare,
        context::Context,
        evaluate,
        input::Input,
        job::verify::of_known,
        known::Known,
        weak::{Surroundings, converted, with_own_facts},
    },
    plan::{self, Selection, packer},
    project::Project,
    registry,
    variables::Inputs,
};
use std::{path::Path, sync::Arc};

#[path = "../../../imagebake/src/import/generate/golden/basics.rs"]
mod basics;
#[path = "../../../imagebake/src/import/generate/golden/chosen.rs"]
mod chosen;
#[path = "../../../imagebake/src/import/generate/golden/collections.rs"]
mod collections;
#[path = "../../../imagebake/src/import/generate/golden/conditions.rs"]
mod conditions;
#[path = "../../../imagebake/src/import/generate/golden/constants.rs"]
mod constants;
#[path = "../../../imagebake/src/import/generate/golden/documents.rs"]
mod documents;
#[path = "../../../imagebake/src/import/generate/golden/dynamic.rs"]
mod dynamic;
#[path = "../../../imagebake/src/import/generate/golden/facts.rs"]
mod facts;
#[path = "../../../imagebake/src/import/generate/golden/functions.rs"]
mod functions;
#[path = "../../../imagebake/src/import/generate/golden/language.rs"]
mod language;
#[path = "../../../imagebake/src/import/generate/golden/look_ups.rs"]
mod look_ups;
#[path = "../../../imagebake/src/import/generate/golden/older.rs"]
mod older;
#[path = "../../../imagebake/src/import/generate/golden/places.rs"]
mod places;
#[path = "../../../imagebake/src/import/generate/golden/secrets.rs"]
mod secrets;
#[path = "../../../imagebake/src/import/generate/golden/shared/mod.rs"]
mod shared;
#[path = "../../../imagebake/src/import/generate/golden/stubs.rs"]
mod stubs;
#[path = "../../../imagebake/src/import/generate/golden/values.rs"]
mod values;

/// A template, its images, and values of its variables.
type Case<'a> = (&'a str, &'a [&'a str], &'a [(&'a str, &'a str)]);

/// Where template and Rust differ for these values.
fn differences(file: &str, images: &[&str], values: &[(&str, &str)]) -> Vec<String> {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../imagebake/src/import/generate/golden");
    differences_of(&golden, file, images, values)
}

/// As [`differences`], of a template in `folder`, which is where packer is started.
pub(crate) fn differences_of(folder: &Path, file: &str, images: &[&str], values: &[(&str, &str)]) -> Vec<String> {
    let folder = &folder.canonicalize().expect("it is there");
    let values: Vec<(String, String)> = values
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let project =
        Project::find(Some(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..")), None).expect("it is a project");
    let lookups = Arc::new(Lookups::new(&project).silent(true));
    let entries: Vec<_> = registry::registered()
        .into_iter()
        .filter(|entry| images.contains(&entry.name.as_ref()))
        .collect();
    assert_eq!(entries.len(), images.len(), "{images:?}");
    let inputs = Inputs::new(values.clone());
    let planned = plan::plan_with(&project, &entries, &inputs, &Selection::default(), &lookups);
    let problems: Vec<&str> = planned
        .problems
        .iter()
        .filter(|problem| problem.severity == plan::Severity::Error && problem.code != "unported")
        .map(|problem| problem.message.as_str())
        .collect();
    assert!(problems.is_empty(), "{file}: {problems:#?}");
    let mut context = Context::new(folder, folder);
    context.clock = lookups.clock().seconds();
    context.env.extend(std::env::vars().filter(|(name, _)| name == "HOME"));
    let mut input = Input::new(folder.join(file));
    // The file that the Rust reads by itself.
    let own = folder.join(format!(
        "files/{}.auto.pkrvars.hcl",
        file.split('.').next().unwrap_or_default()
    ));
    input.var_files.extend(own.is_file().then_some(own));
    input.vars = values;
    input.answer_data = true;
    let (theirs, faults) = evaluate(&input, &context, &Known::new());
    assert!(faults.is_empty(), "{file}: {:#?}", faults.0);
    let (theirs, ours) = (theirs.to_json(), packer::plan(&planned, true));
    let theirs = match file.ends_with(".json") && !file.ends_with(".pkr.json") {
        true => {
            let around = Surroundings {
                root: &context.root,
                cwd: &context.cwd_text,
                clock: context.clock,
            };
            converted(&theirs, &Known::new(), &around)
        }
        false => theirs,
    };
    let known = |plan| of_known(with_own_facts(plan), &Known::new());
    compare(&known(&theirs), &known(&ours)).differences
}

#[test]
fn each_construct_plans_what_the_template_says() {
    let cases: Vec<Case<'_>> = vec![
        ("basics.pkr.hcl", &["basics"], &[("version", "1")]),
        (
            "basics.pkr.hcl",
            &["basics"],
            &[("version", "2.0"), ("packages", "[\"a\", \"b\"]"), ("port", "90")],
        ),
        ("conditions.pkr.hcl", &["conditions"], &[]),
        (
            "conditions.pkr.hcl",
            &["conditions"],
            &[
                ("stage", "prod"),
                ("mirror", "example.org"),
                ("extra", "[\"x\", \"\", \"y\"]"),
                ("author", "ann"),
            ],
        ),
        ("conditions.pkr.hcl", &["conditions"], &[("debug", "true")]),
        ("collections.pkr.hcl", &["collections"], &[]),
        (
            "collections.pkr.hcl",
            &["collections"],
            &[
                ("os", "ubuntu"),
                ("names", "[\"z\"]"),
                ("labels", "{\"b\": \"1\", \"a\": \"2\"}"),
            ],
        ),
        ("secrets.pkr.hcl", &["secrets"], &[("token", "hunter2")]),
        ("facts.pkr.hcl", &["facts", "second"], &[]),
        ("older.json", &["older"], &[("password", "p"), ("name", "given")]),
        ("chosen.pkr.hcl", &["chosen", "either"], &[]),
        (
            "chosen.pkr.hcl",
            &["chosen", "either"],
            &[("only", "null.db"), ("reports", "[\"one.json\"]")],
        ),
        ("constants.pkr.hcl", &["constants"], &[]),
        ("documents.pkr.hcl", &["documents"], &[]),
        (
            "documents.pkr.hcl",
            &["documents"],
            &[
                ("release", "main_2"),
                ("prefix", "ann"),
                ("cuda", "false"),
                ("patches", r#"["\u0007\"", "\u2028"]"#),
                ("labels", "{\"b\": \"é\", \"a\": \"<>\"}"),
                ("count", "-7"),
            ],
        ),
        (
            "documents.pkr.hcl",
            &["documents"],
            &[("release", "24"), ("family", "f"), ("prefix", "")],
        ),
        (
            "documents.pkr.hcl",
            &["documents"],
            &[("release", "24.05"), ("base_family", "base")],
        ),
        ("places.pkr.hcl", &["places"], &[]),
        (
            "places.pkr.hcl",
            &["places"],
            &[("banner", "motd"), ("key", "/etc/~key")],
        ),
        ("dynamic.pkr.hcl", &["dynamic"], &[]),
        ("language.pkr.hcl", &["language"], &[]),
        (
            "language.pkr.hcl",
            &["language"],
            &[
                ("level", "7"),
                ("ratio", "0.1"),
                ("loud", "false"),
                ("users", "[{\"name\": \"eve\", \"shell\": \"sh\"}]"),
                ("ports", "[8080, 1]"),
            ],
        ),
        ("functions.pkr.hcl", &["functions"], &[]),
        (
            "functions.pkr.hcl",
            &["functions"],
            &[
                ("text", "日本 \"x\" a,b"),
                ("list", "[\"\", \"é\"]"),
                ("map", "{\"a\": \"b\"}"),
                ("number", "12"),
            ],
        ),
        ("values.pkr.hcl", &["values"], &[]),
        ("values.pkr.hcl", &["values"], &[("packages", "[\"z\"]")]),
        // What is optional is filled in; whole numbers may be below zero where no setting forbids it.
        (
            "values.pkr.hcl",
            &["values"],
            &[
                ("size", "{\"memory\": -1}"),
                (
                    "disks",
                    "[{\"name\": \"a\"}, {\"name\": \"b\", \"size\": -5, \"format\": \"xfs\", \"mount\": {\"path\": \"/b\"}}]",
                ),
                ("ports", "[-1, 80]"),
                ("timeout", "-3"),
                ("shift", "-24"),
            ],
        ),
        ("shared/one.pkr.hcl", &["one", "installed-one"], &[]),
        ("shared/two.pkr.hcl", &["two", "installed-two"], &[("memory", "512")]),
        ("stubs.pkr.hcl", &["stubs"], &[("token", "t")]),
        ("look_ups.pkr.hcl", &["look_ups"], &[("builder", "ann")]),
        // What is given needs no answer.
        (
            "look_ups.pkr.hcl",
            &["look_ups"],
            &[("builder", "ann"), ("runner_version", "2.300.0")],
        ),
        (
            "look_ups.pkr.hcl",
            &["look_ups"],
            &[("builder", "ann"), ("region", "us-east-1"), ("team", "web")],
        ),
    ];
    let mut wrong = Vec::new();
    for (file, images, values) in cases {
        let mut found = differences(file, images, values);
        // It is another one each time.
        found.retain(|line| !line.ends_with("ours \"echo {{ uuid }}\""));
        if !found.is_empty() {
            wrong.push(format!("{file} with {values:?}: {found:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What Packer 1.16 itself makes of the templates that need none of its plugins, recorded with its clock at 2026-01-01: a witness of the
/// functions and the language that is not ours.
#[test]
fn templates_come_to_what_the_peer_recorded() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../imagebake/src/import/generate/golden");
    let golden = golden.canonicalize().expect("it is there");
    let mut wrong = Vec::new();
    for name in ["chosen", "constants", "documents", "functions", "language", "values"] {
        let recorded = std::fs::read_to_string(golden.join(format!("peer/{name}.json"))).expect("it is there");
        let theirs: serde_json::Value = serde_json::from_str(&recorded).expect("it is JSON");
        let mut context = Context::new(&golden, &golden);
        context.clock = 1_767_225_600;
        let mut input = Input::new(golden.join(format!("{name}.pkr.hcl")));
        let own = golden.join(format!("files/{name}.auto.pkrvars.hcl"));
        input.var_files.extend(own.is_file().then_some(own));
        let (ours, faults) = evaluate(&input, &context, &Known::new());
        assert!(faults.is_empty(), "{name}: {:#?}", faults.0);
        let mut found = compare(&theirs, &ours.to_json()).differences;
        // It is another one each time.
        found.retain(|line| name != "constants" || !line.contains("provisioner[3].inline[1]"));
        wrong.extend(found.into_iter().map(|line| format!("{name}: {line}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
