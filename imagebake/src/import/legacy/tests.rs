//! The older templates.

use super::{
    engine::render,
    functions::{At, Engine},
};
use crate::import::{context::Context, testing::Folder};
use proptest::prelude::*;
use serde_json::json;
use std::{cell::RefCell, collections::BTreeMap};

fn put_in(text: &str) -> Result<String, String> {
    let mut context = Context::new("/w", "/w");
    context.clock = crate::import::testing::CLOCK;
    context.env = [("HOME".to_owned(), "/h".to_owned())].into();
    let user: BTreeMap<String, String> = [("name", "web"), ("empty", "")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    let engine = Engine {
        context: &context,
        user: &user,
        at: At::Variable,
        unset: RefCell::default(),
    };
    render(text, &engine).map_err(|error| error.message)
}

#[test]
fn functions_are_put_in() {
    for (text, expected) in [
        ("plain } {", "plain } {"),
        ("{{user `name`}}-{{ user \"name\" }}", "web-web"),
        ("{{timestamp}}", "1767323045"),
        ("{{isotime}}", "2026-01-02T03:04:05Z"),
        ("{{isotime \"20060102-1504\"}}", "20260102-0304"),
        ("{{isotime `Mon Jan _2 2006`}}", "Fri Jan  2 2026"),
        ("{{strftime \"%Y-%m-%d %H%M\"}}", "2026-01-02 0304"),
        ("{{env `HOME`}}{{env `NOPE`}}", "/h"),
        ("{{pwd}} {{template_dir}}", "/w /w"),
        ("{{packer_version}}", "1.16.0"),
        ("{{split `a-b-c` `-` 1}}", "b"),
        ("{{upper `a`}}{{lower `B`}}", "Ab"),
        ("{{replace `b` `c` 2 `ababab`}}", "acacab"),
        ("{{replace_all `b` `c` `abab`}}", "acac"),
        ("{{user `name` | upper}}", "WEB"),
        ("{{upper (user `name`)}}", "WEB"),
        ("a {{- /* nothing */ -}} b", "ab"),
        ("a  {{- user `name` -}}  b", "awebb"),
        ("{{if user `empty`}}yes{{else}}no{{end}}", "no"),
        (
            "{{if eq (user `name`) `db` `web`}}one{{else if true}}two{{else}}three{{end}}",
            "one",
        ),
        (
            "{{if ne (user `name`) `web`}}one{{else if true}}two{{else}}three{{end}}",
            "two",
        ),
        ("{{if and true (not false)}}x{{end}}{{if or `` `y`}}y{{end}}", "xy"),
        (
            "{{with user `name`}}w{{end}}{{range .Things}}r{{else}}none{{end}}",
            "wnone",
        ),
        ("{{$x := user `name`}}{{$x}}{{$x}}", "webweb"),
        ("{{printf `%s-%03d|%-4s|%q` `a` 7 `b` `c`}}", "a-007|b   |\"c\""),
        ("{{.Vars}} {{len `abc`}} {{print 1 true}}", "<no value> 3 1true"),
        ("{{\"a\\\"b\\n\"}}", "a\"b\n"),
    ] {
        assert_eq!(put_in(text), Ok(expected.to_owned()), "{text}");
    }
}

#[test]
fn what_cannot_be_put_in_says_why() {
    for (text, expected) in [
        ("{{user `nope`}}", "the user variable `nope` has no value"),
        ("{{TODO}}", "there is no function `TODO`"),
        ("{{build `ID`}}", "`build` is known to a running build only"),
        (
            "{{sed `s/a/b/` `a`}}",
            "`sed` was removed from packer; use `replace_all`",
        ),
        ("{{user `name`", "`}}` is missing"),
        ("{{if true}}x", "{{end}} is missing"),
        ("{{end}}", "unexpected {{end}}"),
        ("{{}}", "an action is empty"),
        ("{{user `a}}", "a string has no end"),
        ("{{split `a` `-` 1}}", "`split`: there is no piece number 1"),
    ] {
        assert_eq!(put_in(text), Err(expected.to_owned()), "{text}");
    }
}

#[test]
fn nesting_has_an_end() {
    let parens = format!("{{{{{}1{}}}}}", "(".repeat(20_000), ")".repeat(20_000));
    let branches = "{{if true}}".repeat(20_000);
    for text in [parens, branches] {
        assert_eq!(put_in(&text), Err("this is nested too deeply".to_owned()));
    }
}

const TEMPLATE: &str = r#"{
  "_comment": "x",
  "min_packer_version": "1.2.0",
  "variables": {"a": "{{user `b`}}!", "b": "{{env `REGION`}}", "size": 5, "given": null},
  "sensitive-variables": ["a"],
  "builders": [
    {"type": "null", "name": "one-{{user `b`}}", "n": 7, "t": "{{user `a`}} {{isotime \"2006\"}}", "w": "{{.Name}} {{user `b`}}", "x": null},
    {"type": "qemu", "args": [["-m", "{{user `size`}}G"]], "b": true}
  ],
  "provisioners": [
    {"type": "shell", "only": ["qemu"], "inline": ["a"], "override": {"qemu": {"inline": ["b"]}}},
    {"type": "file", "except": ["qemu"], "source": "f", "pause_before": "10s", "max_retries": 2}
  ],
  "error-cleanup-provisioner": {"type": "shell-local", "inline": ["c"]},
  "post-processors": ["compress", {"type": "manifest", "only": ["qemu"]}, [{"type": "vagrant", "keep_input_artifact": true}, "checksum"]]
}"#;

#[test]
fn a_whole_template() {
    let mut folder = Folder::new(&[("template.json", TEMPLATE)]);
    folder.input.vars = vec![("given".into(), "{{user `b`}}".into())];
    let plan = folder.plan();
    assert_eq!(
        plan["variables"],
        json!({"a": "eu!", "b": "eu", "given": "eu", "size": "5"})
    );
    let (one, two) = (&plan["builds"][0], &plan["builds"][1]);
    assert_eq!(one["source"], "one-eu");
    assert_eq!(one["config"], json!({"n": 7, "t": "eu! 2026", "w": "{{.Name}} eu"}));
    assert_eq!(two["config"], json!({"args": [["-m", "5G"]], "b": true}));
    assert_eq!(
        one["provisioners"],
        json!([{"type": "file", "config": {"source": "f"}, "pause_before": "10s", "max_retries": 2}])
    );
    assert_eq!(
        two["provisioners"],
        json!([{"type": "shell", "config": {"inline": ["b"]}}])
    );
    assert_eq!(one["error_cleanup_provisioner"]["config"], json!({"inline": ["c"]}));
    assert_eq!(one["post_processors"].as_array().map(Vec::len), Some(2));
    assert_eq!(
        two["post_processors"],
        json!([
            [{"type": "compress", "config": {}}],
            [{"type": "manifest", "config": {}}],
            [{"type": "vagrant", "config": {}, "keep_input_artifact": true}, {"type": "checksum", "config": {}}],
        ])
    );
}

#[test]
fn values_come_from_files_too() {
    let mut folder = Folder::new(&[
        (
            "template.json",
            r#"{"variables": {"a": "x", "l": ""}, "builders": [{"type": "null", "v": "{{user `a`}}{{user `l`}}{{user `more`}}"}]}"#,
        ),
        ("v.json", r#"{"a": "file", "l": ["1", "2"], "more": "m"}"#),
    ]);
    folder.input.var_files = vec![folder.folder.path().join("v.json")];
    assert_eq!(folder.plan()["builds"][0]["config"]["v"], "file1,2m");
    folder.input.vars = vec![("a".into(), "line".into())];
    assert_eq!(folder.plan()["builds"][0]["config"]["v"], "line1,2m");
}

#[test]
fn problems_have_places() {
    let folder = Folder::new(&[(
        "template.json",
        "{\n  \"variables\": {\"need\": null, \"bad\": \"{{TODO}}\"},\n  \"bilders\": [],\n  \"builders\": [\n    {\"type\": \"null\"}, {\"name\": \"x\"}, {\"type\": \"null\"},\n    {\"type\": \"file\", \"a\": \"{{user `nope`}}\"}\n  ],\n  \"provisioners\": [{\"type\": \"shell\", \"timeout\": \"5\", \"only\": 3}]\n}",
    )]);
    let problems = folder.problems();
    for expected in [
        "template.json:3:3: `bilders` is not expected in a template (did you mean `builders`?)",
        "template.json:2:17: variable `need` has no value",
        "template.json:2:38: the value of variable `bad` cannot be rendered: there is no function `TODO`",
        "template.json:5:23: this builder has no `type`",
        "template.json:5:38: there are two builders `null`",
        "template.json:6:27: the user variable `nope` has no value",
        "template.json:8:49: `timeout`: \"5\" has no unit",
        "template.json:8:62: `only`: a list is expected, not a number",
    ] {
        assert!(
            problems.iter().any(|problem| problem.starts_with(expected)),
            "{expected}\n{problems:#?}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_text_breaks_the_engine(text in "([{}|().\"`$ a-z0-9-]|\\{\\{|\\}\\}|user|if|else|end|with){0,24}") {
        let _ = put_in(&text);
    }

    #[test]
    fn text_without_braces_stays(text in "[^{]*") {
        prop_assert_eq!(put_in(&text), Ok(text));
    }
}
