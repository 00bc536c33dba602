//! Blocks: each construct with what the peer makes of it.

use crate::import::{
    schema::{Catalog, Role, Schema, Setting},
    testing::Folder,
    value::Type,
};
use serde_json::{Value as Json, json};

const SOURCE: &str = "source \"null\" \"a\" {\n  communicator = \"none\"\n}\n";

fn folder(text: &str) -> Folder {
    Folder::new(&[("t.pkr.hcl", text)])
}

/// The configuration of the one unit of a template whose source has this body.
fn config(head: &str, body: &str) -> Json {
    let text = format!("{head}\nsource \"null\" \"a\" {{\n{body}\n}}\nbuild {{\n  sources = [\"source.null.a\"]\n}}\n");
    folder(&text).plan()["builds"][0]["config"].clone()
}

fn build(body: &str) -> Json {
    folder(&format!("{SOURCE}build {{\n  sources = [\"null.a\"]\n{body}\n}}\n")).plan()["builds"][0].clone()
}

#[test]
fn variables_have_types_defaults_and_the_environment() {
    let head = r#"
variable "plain" { default = "p" }
variable "typed" {
  type    = list(number)
  default = ["1", 2]
}
variable "shape" {
  type    = object({ a = string, b = optional(number, 3) })
  default = { a = 1 }
}
variable "from_env" { default = "d" }
variable "region" { default = env("REGION") }
variable "nothing" {
  type    = string
  default = null
}
variables {
  old = "o"
}
"#;
    let config = config(
        head,
        "v = var.plain\n t = var.typed\n s = var.shape\n e = var.from_env\n r = var.region\n n = var.nothing\n o = var.old",
    );
    assert_eq!(
        config,
        json!({"v": "p", "t": [1, 2], "s": {"a": "1", "b": 3}, "e": "env", "r": "eu", "o": "o"})
    );
}

#[test]
fn later_values_win() {
    let mut folder = Folder::new(&[
        (
            "t.pkr.hcl",
            &format!(
                "variable \"x\" {{\n default = \"default\"\n}}\nvariable \"n\" {{\n type = list(string)\n default = []\n}}\n{SOURCE}build {{\n sources = [\"null.a\"]\n}}"
            ),
        ),
        ("a.auto.pkrvars.hcl", "x = \"auto\"\nother = 1\n"),
        ("b.auto.pkrvars.json", "{\"x\": \"auto json\"}"),
        ("given/v.pkrvars.hcl", "x = \"file\"\n"),
    ]);
    assert_eq!(folder.plan()["variables"]["x"], "auto json");
    folder.input.var_files = vec![folder.folder.path().join("given/v.pkrvars.hcl")];
    // Files of JSON are read after those of HCL, however they are named.
    assert_eq!(folder.plan()["variables"]["x"], "auto json");
    folder.input.vars = vec![("x".into(), "line".into()), ("n".into(), "[\"a\"]".into())];
    assert_eq!(folder.plan()["variables"], json!({"x": "line", "n": ["a"]}));
    folder.input.vars = vec![("xx".into(), "1".into())];
    assert_eq!(
        folder.problems(),
        ["-var xx: the template has no variable of that name (did you mean `x`?)"]
    );
}

#[test]
fn validation_tells_its_message_where_the_value_stands() {
    let text = r#"
variable "ami" {
  default = "x"
  validation {
    condition     = can(regex("^ami-", var.ami))
    error_message = "It must start with ami-."
  }
  validation {
    condition     = true
    error_message = "lower case"
  }
}
"#;
    let problems = folder(&format!("{text}{SOURCE}build {{ sources = [\"null.a\"] }}\n")).problems();
    assert_eq!(
        problems,
        [
            "t.pkr.hcl:3:13: the value of variable `ami` is not allowed: It must start with ami-.",
            "t.pkr.hcl:10:21: an error message is a sentence: it starts with a capital and ends with `.`, `?` or `!`",
        ]
    );
}

#[test]
fn secrets_are_known_as_such() {
    let text = format!(
        "variable \"p\" {{\n default = \"x\"\n sensitive = true\n}}\nlocal \"l\" {{\n expression = var.p\n sensitive = true\n}}\n{SOURCE}build {{\n sources = [\"null.a\"]\n}}\n"
    );
    let folder = folder(&text);
    let (plan, _) = folder.evaluate(&crate::import::schema::NoCatalog);
    assert_eq!(plan.sensitive.into_iter().collect::<Vec<_>>(), ["local.l", "var.p"]);
}

#[test]
fn problems_do_not_tell_secrets() {
    let text = format!(
        "variable \"p\" {{\n default = \"hunter2\"\n sensitive = true\n}}\nlocals {{\n n = parseint(var.p, 10)\n}}\n{SOURCE}build {{\n sources = [\"null.a\"]\n}}\n"
    );
    let problems = folder(&text).problems();
    assert_eq!(problems.len(), 1);
    assert!(
        problems[0].contains("\"<sensitive>\" is no whole number"),
        "{problems:?}"
    );
}

#[test]
fn locals_are_evaluated_in_the_order_of_their_use() {
    let head = "locals {\n  c = \"${local.b}c\"\n  b = \"${local.a}b\"\n}\nlocal \"a\" {\n  expression = upper(\"a\")\n}\nlocals { list = [for k in [\"x\"] : local.b] }\n";
    assert_eq!(
        config(head, "c = local.c\n l = local.list"),
        json!({"c": "Abc", "l": ["Ab"]})
    );
}

#[test]
fn cycles_are_told() {
    let problems = folder(&format!(
        "locals {{\n  a = local.b\n  b = local.a\n}}\n{SOURCE}build {{ sources = [\"null.a\"] }}\n"
    ))
    .problems();
    assert_eq!(
        problems,
        ["t.pkr.hcl:2:3: these need each other: local.a → local.b → local.a (compute one of them without the others)"]
    );
    let own = folder(&format!(
        "locals {{\n  a = local.a\n}}\n{SOURCE}build {{ sources = [\"null.a\"] }}\n"
    ))
    .problems();
    assert_eq!(own.len(), 1);
    assert!(own[0].contains("local.a → local.a"));
}

#[test]
fn data_sources_are_unknown_but_for_the_one_that_asks_nobody() {
    let head =
        "data \"null\" \"n\" {\n  input = \"in-${local.x}\"\n}\nlocals {\n  x = 1\n  y = data.null.n.output\n}\n";
    assert_eq!(
        config(
            head,
            "y = local.y\n z = \"a ${data.null.n.output}\"\n l = [data.null.n.output]"
        ),
        json!({"y": "<unknown>", "z": "<unknown>", "l": ["<unknown>"]})
    );
    let mut folder = folder(&format!(
        "{head}source \"null\" \"a\" {{\n y = local.y\n}}\nbuild {{ sources = [\"null.a\"] }}\n"
    ));
    folder.input.answer_data = true;
    assert_eq!(folder.plan()["builds"][0]["config"], json!({"y": "in-1"}));
    assert_eq!(
        folder.plan()["data"],
        json!([{"type": "null", "config": {"input": "in-1"}}])
    );
}

#[test]
fn paths_packer_and_source_are_names() {
    let config = config(
        "",
        "r = path.root\n c = path.cwd\n v = packer.version\n s = \"${source.type}.${source.name}\"",
    );
    assert_eq!(config, json!({"r": ".", "c": "<cwd>", "v": "1.16.0", "s": "null.a"}));
}

#[test]
fn dynamic_blocks_become_blocks() {
    let body = r#"
  dynamic "disk" {
    for_each = { a = 1, b = 2 }
    iterator = it
    content {
      name = it.key
      dynamic "part" {
        for_each = range(it.value)
        content {
          n = "${it.key}${part.value}"
        }
      }
    }
  }
  disk {
    name = "last"
  }
"#;
    let expected = json!({"disk": [
        {"name": "a", "part": [{"n": "a0"}]},
        {"name": "b", "part": [{"n": "b0"}, {"n": "b1"}]},
        {"name": "last"},
    ]});
    assert_eq!(config("", body), expected);
}

#[test]
fn builds_use_sources_in_several_ways() {
    let text = format!(
        "{SOURCE}source \"file\" \"b\" {{\n  target = \"t\"\n}}\nbuild {{\n  name = \"web\"\n  sources = [\"source.null.a\"]\n  source \"source.file.b\" {{\n    name    = \"other\"\n    content = \"in ${{source.name}}\"\n  }}\n}}\nbuild {{\n  sources = [\"sources.null.a\"]\n}}\n"
    );
    let plan = folder(&text).plan();
    let names: Vec<&str> = plan["builds"]
        .as_array()
        .expect("units")
        .iter()
        .map(|unit| unit["name"].as_str().expect("text"))
        .collect();
    assert_eq!(names, ["web.null.a", "web.file.other", "null.a"]);
    assert_eq!(
        plan["builds"][1]["config"],
        json!({"target": "t", "content": "in other"})
    );
    assert_eq!(plan["builds"][1]["source"], "file.other");
    assert_eq!(plan["builds"][2].get("build"), None);
}

#[test]
fn what_a_source_sets_a_build_cannot_change() {
    let text = format!("{SOURCE}build {{\n  source \"null.a\" {{\n    communicator = \"ssh\"\n  }}\n}}\n");
    let problems = folder(&text).problems();
    assert_eq!(problems.len(), 1);
    assert!(
        problems[0].contains("`communicator` is set here and in the source itself"),
        "{problems:?}"
    );
}

#[test]
fn steps_apply_to_the_sources_they_name() {
    let text = r#"
source "null" "a" {}
source "null" "b" {}
build {
  sources = ["null.a", "null.b"]
  provisioner "shell" {
    name         = "first"
    only         = ["null.a"]
    inline       = ["echo ${build.ID} ${source.name} ${build.name}"]
    pause_before = "90s"
    max_retries  = 3
    override = {
      a = { inline = ["other"] }
    }
  }
  provisioner "shell" {
    except            = ["null.a"]
    timeout           = "1h"
    continue_on_error = true
    script            = "s.sh"
  }
  error-cleanup-provisioner "shell-local" {
    inline = ["echo failed"]
  }
  post-processor "manifest" {
    only                = ["null.b"]
    keep_input_artifact = true
  }
  post-processors {
    post-processor "compress" { output = "{{.BuildName}}" }
    post-processor "checksum" {
      checksum_types = ["md5"]
      except         = ["null.b"]
    }
  }
}
"#;
    let plan = folder(text).plan();
    let (a, b) = (&plan["builds"][0], &plan["builds"][1]);
    assert_eq!(
        a["provisioners"],
        json!([{
            "type": "shell", "name": "first", "pause_before": "1m30s", "max_retries": 3,
            "config": {"inline": ["echo <unknown> a "]}, "override": {"inline": ["other"]},
        }])
    );
    assert_eq!(
        b["provisioners"],
        json!([{"type": "shell", "timeout": "1h0m0s", "continue_on_error": true, "config": {"script": "s.sh"}}])
    );
    assert_eq!(
        a["error_cleanup_provisioner"],
        json!({"type": "shell-local", "config": {"inline": ["echo failed"]}})
    );
    let chain = json!([{"type": "compress", "config": {"output": "{{.BuildName}}"}}, {"type": "checksum", "config": {"checksum_types": ["md5"]}}]);
    assert_eq!(a["post_processors"], json!([chain]));
    assert_eq!(
        b["post_processors"][0],
        json!([{"type": "manifest", "keep_input_artifact": true, "config": {}}])
    );
    assert_eq!(b["post_processors"][1].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_timeout_beside_a_pause_has_no_effect_and_says_so() {
    let folder = folder(&format!(
        "{SOURCE}build {{\n sources = [\"null.a\"]\n provisioner \"shell\" {{\n  pause_before = \"1s\"\n  timeout = \"2s\"\n }}\n}}\n"
    ));
    assert_eq!(
        folder.plan()["builds"][0]["provisioners"],
        json!([{"type": "shell", "config": {}, "pause_before": "1s"}])
    );
    assert!(folder.problems()[0].contains("packer ignores `timeout` beside `pause_before`"));
}

#[test]
fn steps_can_be_dynamic_too() {
    let unit = build(
        "  dynamic \"provisioner\" {\n    for_each = [\"x\", \"y\"]\n    labels   = [\"shell\"]\n    content {\n      inline = [provisioner.value]\n    }\n  }\n",
    );
    let inline: Vec<&Json> = unit["provisioners"]
        .as_array()
        .expect("steps")
        .iter()
        .map(|step| &step["config"]["inline"][0])
        .collect();
    assert_eq!(inline, ["x", "y"]);
}

#[test]
fn the_registry_and_plugins_are_read() {
    let head = r#"
packer {
  required_version = ">= 1.7, < 2.0"
  required_plugins {
    docker = {
      version = "~> 1.0"
      source  = "github.com/hashicorp/docker"
    }
  }
}
hcp_packer_registry {
  bucket_name   = "b"
  bucket_labels = { a = "b" }
}
"#;
    assert_eq!(config(head, "a = 1"), json!({"a": 1}));
    let newer = "packer {\n  required_version = \">= 9\"\n}\nnew_block {}\n";
    assert_eq!(
        folder(newer).problems(),
        [
            "t.pkr.hcl:2:22: the template asks for packer >= 9; this is the language of 1.16.0 (change `required_version` if the template does not need it)"
        ]
    );
    let broken = "packer {\n  required_plugins {\n    a = { version = \"x\" }\n    b = \"1.0\"\n  }\n}\n";
    assert_eq!(folder(broken).problems().len(), 3);
}

#[test]
fn problems_of_all_files_are_told_at_once() {
    let folder = Folder::new(&[
        (
            "a.pkr.hcl",
            "source \"null\" \"a\" {\n  x = var.regoin\n  y = local.nope\n  z = upperr(\"a\")\n  w = data.null.gone.output\n  v = nothing.at.all\n}\nvariable \"region\" { default = \"r\" }\n",
        ),
        (
            "b.pkr.hcl",
            "build {\n  sources = [\"source.null.b\"]\n  provisioner \"shell\" {\n    timeout = \"10\"\n    only = [\"null.a\"]\n    except = [\"null.b\"]\n  }\n  provisoner \"shell\" {}\n}\n",
        ),
        ("c.pkr.hcl", "locals {\n  broken = \n}\n"),
        ("d.pkr.json", "{\"variable\": {\"region\": {}}}"),
    ]);
    let problems = folder.problems();
    for expected in [
        "a.pkr.hcl:2:7: there is no variable `regoin` (did you mean `region`?)",
        "a.pkr.hcl:3:7: there is no local `nope`",
        "a.pkr.hcl:4:7: there is no function `upperr` (did you mean `upper`?)",
        "a.pkr.hcl:5:7: there is no data source `data.null.gone`",
        "a.pkr.hcl:6:7: there is no variable `nothing`",
        "b.pkr.hcl:2:14: there is no source `null.b` (did you mean `null.a`?)",
        "b.pkr.hcl:4:15: `timeout`: \"10\" has no unit; write 10s for seconds, or m or h",
        "b.pkr.hcl:6:5: a step has either `only` or `except`",
        "b.pkr.hcl:8:3: a block `provisoner` is not expected here (did you mean `provisioner`?)",
        "c.pkr.hcl:2:12: this cannot be read",
        "d.pkr.json:1:2: variable `region` is declared twice",
    ] {
        assert!(
            problems.iter().any(|problem| problem.starts_with(expected)),
            "{expected}\n{problems:#?}"
        );
    }
}

#[test]
fn try_and_can_may_ask_for_what_is_not_there() {
    assert_eq!(
        config("", "a = try(local.x, var.y, \"z\")\n b = can(local.x)"),
        json!({"a": "z", "b": false})
    );
}

struct Typed(Schema);

impl Catalog for Typed {
    fn schema(&self, role: Role, kind: &str) -> Option<&Schema> {
        (role == Role::Source && kind == "null").then_some(&self.0)
    }

    fn kinds(&self, _: Role) -> Vec<String> {
        vec!["null".into()]
    }
}

#[test]
fn a_schema_converts_and_refuses() {
    let inner = Schema {
        settings: [("size".to_owned(), Setting::Value(Type::Number))].into(),
        ..Schema::default()
    };
    let catalog = Typed(Schema {
        settings: [
            ("cpus".to_owned(), Setting::Value(Type::Number)),
            ("names".to_owned(), Setting::Value(Type::list(Type::String))),
            ("one".to_owned(), Setting::Block(inner.clone())),
            ("many".to_owned(), Setting::Blocks(inner)),
        ]
        .into(),
        ..Schema::default()
    });
    let of = |body: &str| {
        folder(&format!(
            "source \"null\" \"a\" {{\n{body}\n}}\nbuild {{ sources = [\"null.a\"] }}\n"
        ))
    };
    let folder = of("cpus = \"2\"\nnames = [1, true]\none { size = \"3\" }\nmany { size = 4 }");
    let (plan, faults) = folder.evaluate(&catalog);
    assert!(faults.is_empty(), "{faults:?}");
    assert_eq!(
        plan.to_json()["builds"][0]["config"],
        json!({"cpus": 2, "names": ["1", "true"], "one": {"size": 3}, "many": [{"size": 4}]})
    );
    let folder = of("cpu = 1\nnames = \"x\"\none {}\none {}\nmany = []");
    let (_, faults) = folder.evaluate(&catalog);
    let told = folder.told(&faults);
    assert_eq!(
        told,
        [
            "t.pkr.hcl:2:1: an attribute `cpu` is not expected here (did you mean `cpus`?)",
            "t.pkr.hcl:6:1: `many` is a block, not an attribute (write `many { … }`)",
            "t.pkr.hcl:3:9: the value of `names` does not fit: list of string required",
            "t.pkr.hcl:5:1: there may be one block `one` here",
        ]
    );
}

#[test]
fn components_that_are_not_known_are_taken_as_written_and_told() {
    let folder = folder(
        "source \"nul\" \"a\" {\n  x = 1\n}\nbuild {\n  sources = [\"nul.a\"]\n  provisioner \"shell\" {\n    inline = [build.Own]\n  }\n}\n",
    );
    let (plan, faults) = folder.evaluate(&Typed(Schema::default()));
    assert!(faults.is_empty());
    let told = &folder.told(&faults)[0];
    let begin = "t.pkr.hcl:1:8: the source `nul` is of a plugin that imagebake does not have";
    assert!(
        told.starts_with(begin) && told.ends_with("(did you mean `null`?)"),
        "{told}"
    );
    let unit = &plan.to_json()["builds"][0];
    assert_eq!(unit["config"], json!({"x": 1}));
    assert_eq!(unit["provisioners"][0]["config"], json!({"inline": ["<unknown>"]}));
}

#[test]
fn the_json_form_is_the_same_language() {
    let json = r#"{
  "variable": {"n": {"type": "string", "default": "x"}, "l": {"type": "list(string)", "default": ["y"]}},
  "locals": {"v": "${upper(var.n)}"},
  "source": {"null": {"a": {"value": "${local.v}!", "list": "${var.l}"}}},
  "build": {"sources": ["null.a"], "provisioner": [{"shell": {"inline": ["${source.name}"]}}, {"file": {"source": "f"}}]}
}"#;
    let plan = Folder::new(&[("t.pkr.json", json)]).plan();
    assert_eq!(plan["builds"][0]["config"], json!({"value": "X!", "list": ["y"]}));
    let steps = json!([{"type": "shell", "config": {"inline": ["a"]}}, {"type": "file", "config": {"source": "f"}}]);
    assert_eq!(plan["builds"][0]["provisioners"], steps);
}

#[test]
fn a_folder_without_templates_says_what_it_wants() {
    let problems = Folder::new(&[("x.hcl", "")]).problems();
    assert!(
        problems[0].starts_with("there is no file *.pkr.hcl or *.pkr.json in "),
        "{problems:?}"
    );
}
