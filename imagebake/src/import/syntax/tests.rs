//! What is read, and what is told of what cannot be.

use super::*;
use crate::import::{sources::Sources, value::Value};

fn body(text: &str) -> (Sources, Body, Faults) {
    let sources = Sources::default();
    let file = sources.add("t.pkr.hcl", text);
    let mut faults = Faults::default();
    let body = parse_file(&sources, file, false, &mut faults);
    (sources, body, faults)
}

fn text_of(text: &str) -> String {
    let (sources, body, faults) = body(text);
    assert!(faults.0.is_empty(), "{faults:?}");
    let content = body.everything();
    let expr = content.attributes[0].expr.clone();
    let context = crate::import::context::Context::new("/w", "/w");
    let _ = sources;
    let scope = crate::import::eval::Scope::new([("x".to_owned(), Value::from("X"))]);
    let value = crate::import::eval::evaluate(&context, &expr, &scope).expect("a value");
    value.as_str().expect("text").to_owned()
}

#[test]
fn spans_are_those_of_the_file() {
    let (sources, body, _) = body("a = 1\nsource \"null\" \"é\" {\n  b = var.x + 2\n}\n");
    let content = body.everything();
    let block = &content.blocks[0];
    assert_eq!(sources.text(block.header), "source \"null\" \"é\"");
    assert_eq!(block.labels[1].0, "é");
    let inner = block.body.everything();
    let attribute = inner.attribute("b").expect("it is there");
    assert_eq!(sources.text(attribute.expr.span), "var.x + 2");
    assert_eq!(sources.text(attribute.name_span), "b");
    let place = sources.place(attribute.expr.span);
    assert_eq!((place.line, place.column), (3, 7));
}

#[test]
fn comments_stay_with_what_they_are_about() {
    let (_, body, _) =
        body("# a licence\n\n# one\n// two\na = 1 # behind\n\n/* block\n * more\n */\nb {\n  # inner\n  c = 2\n}\n");
    let content = body.everything();
    assert_eq!(content.attributes[0].comments, ["one", "two", "behind"]);
    assert_eq!(content.blocks[0].comments, ["block", "more"]);
    assert_eq!(content.blocks[0].body.everything().attributes[0].comments, ["inner"]);
}

#[test]
fn all_syntax_problems_are_told_and_the_rest_is_read() {
    let (sources, body, faults) = body(
        "source \"null\" \"a\" {\n  x = [1,\n}\n\nlocals {\n  y = 1\n}\n\nbuild {\n  z = }\n}\n\nvariable \"v\" {\n  default = 1\n}\n",
    );
    let lines: Vec<u32> = faults
        .0
        .iter()
        .map(|fault| sources.place(fault.span.expect("a place")).line)
        .collect();
    assert_eq!(lines.len(), 2, "{faults:?}");
    assert_eq!(lines[1], 10);
    let kinds: Vec<String> = body
        .everything()
        .blocks
        .iter()
        .map(|block| block.kind.clone())
        .collect();
    assert_eq!(kinds, ["locals", "variable"]);
}

#[test]
fn heredocs_keep_or_lose_their_indentation() {
    assert_eq!(text_of("a = <<E\n  x\n   y\nE\n"), "  x\n   y\n");
    assert_eq!(text_of("a = <<-E\n  x\n   y\n\n  z\n  E\n"), "x\n y\n\nz\n");
    // A line that starts with something evaluated has no indentation of its own.
    assert_eq!(text_of("a = <<-E\n  x\n${x}\n  E\n"), "  x\nX\n");
    assert_eq!(text_of("a = <<-E\n    ${x}\n      y\n  E\n"), "X\n  y\n");
    assert_eq!(text_of("a = <<E\n$${x} %%{y} \\n\nE\n"), "${x} %{y} \\n\n");
    assert_eq!(text_of("a = <<E\nE\n"), "");
    assert_eq!(text_of("a = <<EOF\nnot EOF here\nEOFX\nEOF\n"), "not EOF here\nEOFX\n");
}

#[test]
fn strip_markers_end_at_the_end_of_the_line() {
    assert_eq!(
        text_of("a = <<E\n%{ if true ~}\n  yes\n%{ endif ~}\nend\nE\n"),
        "  yes\nend\n"
    );
    assert_eq!(text_of("a = \"a %{ if true ~} b %{ else } c %{ endif }\""), "a b ");
    assert_eq!(text_of("a = \"a  ${~ x ~}  b\""), "aXb");
    assert_eq!(
        text_of("a = <<E\n%{ for i in [1, 2] ~}\n- ${i}\n%{ endfor ~}\nE\n"),
        "- 1\n- 2\n"
    );
}

#[test]
fn json_is_read_as_the_schema_has_it() {
    let sources = Sources::default();
    let file = sources.add(
        "t.pkr.json",
        r#"{"//": "c", "source": {"null": {"a": {"x": "${1 + 1}", "n": 2.5}, "b": [{"x": true}]}}, "build": [{"sources": []}, {}], "y": null}"#,
    );
    let mut faults = Faults::default();
    let body = parse_file(&sources, file, true, &mut faults);
    let kinds = [
        BlockKind {
            name: "source",
            labels: 2,
        },
        BlockKind {
            name: "build",
            labels: 0,
        },
    ];
    let content = body.content(&["y"], &kinds, &mut faults);
    assert!(faults.0.is_empty(), "{faults:?}");
    let labels: Vec<(&str, &str)> = content
        .of("source")
        .map(|block| (block.labels[0].0.as_str(), block.labels[1].0.as_str()))
        .collect();
    assert_eq!(labels, [("null", "a"), ("null", "b")]);
    assert_eq!(content.of("build").count(), 2);
    let inner = content.blocks[0].body.content(&["x", "n"], &[], &mut faults);
    assert!(matches!(inner.attributes[0].expr.kind, ExprKind::Wrapped(_)));
    assert_eq!(sources.text(inner.attributes[0].expr.span), "\"${1 + 1}\"");

    let mut refused = Faults::default();
    body.content(&[], &kinds, &mut refused);
    assert_eq!(refused.0.len(), 1);
}

#[test]
fn json_is_strict() {
    for text in ["{\"a\": 1,}", "{a: 1}", "{\"a\": 1} x", "// c\n{}", "[1]", ""] {
        let sources = Sources::default();
        let file = sources.add("t.pkr.json", text);
        let mut faults = Faults::default();
        parse_file(&sources, file, true, &mut faults);
        assert_eq!(faults.0.len(), 1, "{text}");
    }
}

#[test]
fn unknown_names_are_told_with_the_nearest() {
    let (_, body, _) = body("boot_comand = []\ntags {}\nvolume = 1\nprovisoner \"x\" {}\n");
    let mut faults = Faults::default();
    let kinds = [
        BlockKind {
            name: "volume",
            labels: 0,
        },
        BlockKind {
            name: "provisioner",
            labels: 1,
        },
    ];
    body.content(&["boot_command", "tags"], &kinds, &mut faults);
    let help: Vec<&str> = faults
        .0
        .iter()
        .map(|fault| fault.help.as_deref().unwrap_or_default())
        .collect();
    assert_eq!(
        help,
        [
            "did you mean `boot_command`?",
            "write `volume { … }`",
            "write `tags = …`",
            "did you mean `provisioner`?"
        ]
    );
}

#[test]
fn a_block_that_is_not_closed_is_told_with_its_line() {
    let (sources, _, faults) =
        body("a = 1\n\nsource \"x\" \"y\" {\n  b {\n    c = 1\n  }\n\nbuild {\n  d = 2\n}\n\ne = 3\n");
    let told: Vec<(u32, &str)> = faults
        .0
        .iter()
        .map(|fault| {
            let line = fault.span.map_or(0, |span| sources.place(span).line);
            (line, fault.help.as_deref().unwrap_or_default())
        })
        .collect();
    let help = "the block that begins in line 3 is not closed: is a `}` missing before line 8?";
    assert_eq!(told.first().map(|(_, told)| *told), Some(help), "{told:?}");
    // One inside of another is no such thing.
    let (_, _, faults) = body("a {\n  b {\n  }\n");
    assert_eq!(faults.0.first().and_then(|fault| fault.help.as_deref()), None);
}

#[test]
fn nesting_has_an_end() {
    let deep = 20_000;
    for text in [
        format!("a = {}{}\n", "[".repeat(deep), "]".repeat(deep)),
        format!("a = b{}\n", ".c".repeat(deep)),
        format!("a = {}1\n", "1 + ".repeat(deep)),
        format!("a = {}true\n", "!".repeat(deep)),
        format!("{}{}", "a {\n".repeat(deep), "}\n".repeat(deep)),
    ] {
        assert!(!body(&text).2.0.is_empty(), "{}", &text[..20]);
    }
    let sources = Sources::default();
    let file = sources.add("t.json", format!("{}{}", "[".repeat(deep), "]".repeat(deep)));
    assert!(parse_json(&sources, file).is_err());
}

#[test]
fn a_heredoc_without_a_line_ends_where_it_ends() {
    assert_eq!(text_of("a = <<-EOT\n  EOT\nb = <<EOT\nx\nEOT\n"), "");
    // In the text of another one it is text.
    assert_eq!(text_of("a = <<EOT\ncat <<-E\nE\nEOT\n"), "cat <<-E\nE\n");
    let (sources, body, faults) = body("a = <<EOT\nEOT\nb = <<EOT\nx\nEOT\nc = 3\n");
    assert!(faults.0.is_empty(), "{faults:?}");
    let content = body.everything();
    let names: Vec<&str> = content
        .attributes
        .iter()
        .map(|attribute| attribute.name.as_str())
        .collect();
    assert_eq!(names, ["a", "b", "c"]);
    let place = sources.place(content.attributes[2].name_span);
    assert_eq!((place.line, place.column), (6, 1));
}
