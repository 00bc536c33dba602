//! What comparing two plans tells.

use super::*;
use crate::{
    plan::{Selection, json, plan},
    prelude::*,
    project::Project,
    registry::{ImageEntry, Make},
    variables::Inputs,
};
use serde_json::json;

fn place(line: u32) -> Json {
    json!({"file": "src/main.rs", "line": line, "column": 9})
}

/// A step at `line` with one list that was set and one number at its default.
fn step(line: u32, kind: &str, inline: &[&str]) -> Json {
    let settings = json!([
        {"name": "inline", "value": inline, "place": place(line)},
        {"name": "port", "value": 22},
    ]);
    json!({"name": kind, "kind": kind, "place": place(line), "settings": settings, "options": {}})
}

fn unit(name: &str, steps: Vec<Json>, chains: Vec<Vec<Json>>) -> Json {
    json!({
        "name": format!("{name}.oci"), "image": name, "source": "oci", "kind": "oci", "place": place(1),
        "settings": [], "steps": steps, "error_cleanup": [], "chains": chains,
    })
}

fn saved(units: Vec<Json>) -> SavedPlan {
    SavedPlan::from_json("p", json!({"version": 1, "all": true, "units": units})).expect("a plan")
}

fn web(steps: Vec<Json>) -> SavedPlan {
    saved(vec![unit("web", steps, Vec::new())])
}

/// `step shell changed 1→2`.
fn told(found: &Comparison) -> Vec<String> {
    let number = |number: Option<usize>| number.map_or("-".to_owned(), |number| number.to_string());
    let line = |step: &StepDifference| {
        let (old, new) = (number(step.old_number), number(step.new_number));
        format!(
            "{:?} {} {:?} {old}→{new}{}",
            step.part,
            step.name,
            step.change,
            if step.moved { " moved" } else { "" }
        )
    };
    found.units.iter().flat_map(|unit| &unit.steps).map(line).collect()
}

#[test]
fn lines_alone_are_no_difference() {
    let old = web(vec![step(1, "shell", &["a"]), step(2, "file", &["b"])]);
    let new = web(vec![step(11, "shell", &["a"]), step(12, "file", &["b"])]);
    let found = compare(&old, &new);
    assert!(found.is_empty(), "{found:?}");
    assert_eq!((found.compared.units, found.compared.steps), (1, 2));
}

#[test]
fn units_come_and_go() {
    let one = |name| saved(vec![unit(name, Vec::new(), Vec::new())]);
    let found = compare(&one("web"), &one("db"));
    let units: Vec<_> = found
        .units
        .iter()
        .map(|unit| (unit.name.as_str(), unit.change))
        .collect();
    assert_eq!(units, [("db.oci", Change::Added), ("web.oci", Change::Removed)]);
}

#[test]
fn a_changed_setting_has_the_line_where_it_is_set_now() {
    let found = compare(
        &web(vec![step(3, "shell", &["a"])]),
        &web(vec![step(7, "shell", &["b"])]),
    );
    assert_eq!(told(&found), ["Step shell Changed 1→1"]);
    let setting = &found.units[0].steps[0].settings[0];
    assert_eq!((setting.name.as_str(), setting.place.line), ("inline", 7));
    assert_eq!((&setting.old, &setting.new), (&json!(["a"]), &json!(["b"])));
    assert!(!setting.old_is_default && !setting.new_is_default);
}

#[test]
fn a_changed_default_is_told_as_one() {
    let mut later = step(3, "shell", &["a"]);
    later["settings"][1]["value"] = json!(2222);
    let found = compare(&web(vec![step(3, "shell", &["a"])]), &web(vec![later]));
    let setting = &found.units[0].steps[0].settings[0];
    assert_eq!(setting.name, "port");
    assert!(setting.old_is_default && setting.new_is_default);
    assert_eq!(setting.place.line, 3, "the step's own line");
}

#[test]
fn what_is_set_to_its_default_is_the_same() {
    let mut set = step(3, "shell", &["a"]);
    set["settings"][1]["place"] = place(4);
    assert!(compare(&web(vec![step(3, "shell", &["a"])]), &web(vec![set])).is_empty());
}

#[test]
fn a_setting_that_only_one_side_knows_counts_where_it_has_a_value() {
    let mut more = step(3, "shell", &["a"]);
    let settings = more["settings"].as_array_mut().expect("a list");
    settings.push(json!({"name": "empty", "value": null}));
    settings.push(json!({"name": "level", "value": 3}));
    let (less, more) = (web(vec![step(3, "shell", &["a"])]), web(vec![more]));
    for (old, new) in [(&less, &more), (&more, &less)] {
        let found = compare(old, new);
        let names: Vec<_> = found.units[0].steps[0]
            .settings
            .iter()
            .map(|found| &found.name)
            .collect();
        assert_eq!(names, ["level"]);
    }
}

#[test]
fn only_what_must_have_moved_has() {
    let all = |order: &[&str]| web(order.iter().map(|name| step(1, "shell", &[name])).collect());
    let moved = compare(&all(&["a", "b", "c", "d"]), &all(&["d", "a", "b", "c"]));
    assert_eq!(told(&moved), ["Step shell Moved 4→1 moved"]);
    let inserted = compare(&all(&["a", "b", "c"]), &all(&["a", "x", "b", "c"]));
    assert_eq!(told(&inserted), ["Step shell Added -→2"]);
    let removed = compare(&all(&["a", "b", "c"]), &all(&["b", "c"]));
    assert_eq!(told(&removed), ["Step shell Removed 1→-"]);
}

#[test]
fn a_step_can_move_and_change() {
    let old = web(vec![
        step(1, "file", &["a", "b"]),
        step(2, "shell", &["x"]),
        step(3, "shell", &["y"]),
    ]);
    let new = web(vec![
        step(2, "shell", &["x"]),
        step(3, "shell", &["y"]),
        step(4, "file", &["a", "c"]),
    ]);
    assert_eq!(told(&compare(&old, &new)), ["Step file Changed 1→3 moved"]);
}

#[test]
fn a_changed_step_is_the_one_with_the_most_in_common() {
    let old = web(vec![
        step(1, "shell", &["one", "two"]),
        step(2, "shell", &["three", "four"]),
    ]);
    let new = web(vec![step(1, "shell", &["three", "five"])]);
    assert_eq!(
        told(&compare(&old, &new)),
        ["Step shell Changed 2→1", "Step shell Removed 1→-"]
    );
}

#[test]
fn names_and_options_are_settings_too() {
    let mut named = step(1, "shell", &["a"]);
    named["name"] = json!("install");
    let found = compare(&web(vec![step(1, "shell", &["a"])]), &web(vec![named.clone()]));
    assert_eq!(told(&found), ["Step install Changed 1→1"]);
    assert_eq!(found.units[0].steps[0].settings[0].name, "named");

    let mut patient = named.clone();
    patient["options"] = json!({"timeout": "5m"});
    let found = compare(&web(vec![named]), &web(vec![patient]));
    assert_eq!(found.units[0].steps[0].settings[0].name, "timeout");
}

#[test]
fn a_chain_that_is_cut_in_two_differs() {
    let link = |name| step(1, name, &[name]);
    let one = saved(vec![unit(
        "web",
        Vec::new(),
        vec![vec![link("compress"), link("checksum")]],
    )]);
    let two = saved(vec![unit(
        "web",
        Vec::new(),
        vec![vec![link("compress")], vec![link("checksum")]],
    )]);
    let found = compare(&one, &two);
    assert_eq!(told(&found), ["Post checksum Changed 2→2"]);
    assert_eq!(found.units[0].steps[0].settings[0].name, "takes");
}

fn entry(make: fn(&Inputs) -> Result<Image>) -> ImageEntry {
    ImageEntry {
        name: "web".into(),
        doc: "",
        file: "src/main.rs",
        line: 1,
        crate_dir: "",
        dir: "",
        variables: || &[],
        values_file: None,
        make: Make::Function(make),
    }
}

fn planned(make: fn(&Inputs) -> Result<Image>) -> SavedPlan {
    let folder = tempfile::tempdir().expect("a folder");
    let project = Project::find(Some(folder.path()), None).expect("it exists");
    let plan = plan(&project, &[entry(make)], &Inputs::default(), &Selection::default());
    assert!(!plan.problems.has_errors(), "{:?}", plan.problems);
    let text = serde_json::to_vec(&json::plan(&plan, true)).expect("plain data");
    SavedPlan::read("p", &text).expect("what was written can be read")
}

#[test]
fn a_real_plan_comes_back_and_its_secrets_stay_references() {
    fn with(secret: Secret) -> Result<Image> {
        let shell = ShellLocal::inline(["deploy"]).env("TOKEN", &secret);
        Ok(Image::new().source(Null::none()).provision(shell))
    }
    let old = planned(|_| with(Secret::literal("hunter2hunter2").named("token")));
    let new = planned(|_| with(Secret::literal("swordfish1234").named("key")));
    assert!(compare(&old, &old).is_empty());
    let found = compare(&old, &new);
    let text = serde_json::to_string(&found).expect("plain data");
    assert!(
        text.contains("<secret token>") && text.contains("<secret key>"),
        "{text}"
    );
    let all = format!("{text}{old:?}{new:?}");
    assert!(!all.contains("hunter2") && !all.contains("swordfish"), "{all}");
}
