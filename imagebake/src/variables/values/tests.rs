//! Values files in each language, and what is odd about them.

use super::*;

fn given(file: &ValuesFile, image: &str, variable: &str) -> Option<(String, u32, u32)> {
    let found = file.find(image, variable)?;
    Some((found.to_json().to_string(), found.at.line, found.at.column))
}

/// Where it is wrong, and what is said.
fn wrong(name: &str, text: &str) -> (u32, u32, String) {
    let problems = ValuesFile::parse(name, text).expect_err("refused");
    let problem = problems.into_iter().next().expect("one");
    assert!(problem.help.is_some(), "{} says what to do", problem.message);
    (problem.places[0].line, problem.places[0].column, problem.message)
}

/// The same values in every language, and where each stands.
#[test]
fn every_language_gives_the_same_values_with_their_places() {
    let json = "{\"text\": \"a \\\"b\\\" \\u00e9\",\r\n  \"count\": 18446744073709551615, \"on\" : true, \"version\": 1.10,\n \
                \"list\": [1, \"a,b\"],\n \"m\\u0061p\": {\"a\": {\"b\": []}},\n\t\"web\": { \"text\": \"own\" }, \"$schema\": \"x\"}";
    let toml = "text = 'a \"b\" é'\r\ncount = 18446744073709551615\non = true\nversion = 1.10\nlist = [1, 'a,b']\nmap = { a = { b = [] } }\n\
                [web]\n  text = 'own'\n";
    let yaml = "# for all\r\ntext: 'a \"b\" é'\r\ncount: 18446744073709551615\non: true\nversion: 1.10\nlist:\n  - 1\n  - 'a,b'\nmap: {a: {b: []}}\n\
                web: &web\n  text: own\n";
    let hcl = "text = \"a \\\"b\\\" é\"\r\ncount = 18446744073709551615\non = true\nversion = 1.10\nlist = [1, \"a,b\"]\n\
               map = { a = { \"b\" : [] } }\nweb {\n  text = \"own\"\n}\n";
    for (name, text, places) in [
        ("values.JSON", json, [(1, 10), (2, 12), (3, 10), (5, 19)]),
        ("values.toml", toml, [(1, 8), (2, 9), (5, 8), (8, 10)]),
        ("values.yml", yaml, [(2, 7), (3, 8), (7, 3), (11, 9)]),
        ("values.pkrvars.hcl", hcl, [(1, 8), (2, 9), (5, 8), (8, 10)]),
    ] {
        let bom = format!("\u{feff}{text}");
        for text in [text, &bom] {
            let file = ValuesFile::parse(name, text).unwrap_or_else(|problems| panic!("{name}: {problems:?}"));
            let has = |image, variable, text: &str, (line, column)| {
                let expected = Some((text.to_owned(), line, column));
                assert_eq!(given(&file, image, variable), expected, "{name}: {image} {variable}");
            };
            has("db", "text", "\"a \\\"b\\\" é\"", places[0]);
            has("db", "count", "18446744073709551615", places[1]);
            has("db", "list", "[1,\"a,b\"]", places[2]);
            has("web", "text", "\"own\"", places[3]);
            for (variable, value) in [("on", "true"), ("map", "{\"a\":{\"b\":[]}}")] {
                assert_eq!(given(&file, "db", variable).expect(name).0, value, "{name}");
            }
            assert_eq!(file.find("db", "version").and_then(Input::text), Some("1.10"), "{name}");
            assert!(given(&file, "db", "missing").is_none() && given(&file, "db", "$schema").is_none());
        }
        let empty = if name.ends_with("JSON") {
            " { } \n"
        } else {
            "\n# nothing\n"
        };
        assert!(ValuesFile::parse(name, empty).expect("no values").entries.is_empty());
    }
}

#[test]
fn numbers_texts_and_aliases_are_what_each_language_says() {
    let texts = |name, text: &str| -> Vec<String> {
        let file = ValuesFile::parse(name, text).unwrap_or_else(|problems| panic!("{text}: {problems:?}"));
        file.entries
            .values()
            .map(|(_, input)| input.to_json().to_string())
            .collect()
    };
    assert_eq!(
        texts("a.toml", "a = 0xff\nb = 1_000\nc = 2024-01-31\nd = -3"),
        ["255", "1000", "\"2024-01-31\"", "-3"]
    );
    assert_eq!(
        texts(
            "a.yaml",
            "a: 0xff\nb: 0o17\nc: 1.2.3\nd: !!str 5\ne: yes\nf: -1e3\ng: |\n  two\n  lines\nh: .x"
        ),
        [
            "255",
            "15",
            "\"1.2.3\"",
            "\"5\"",
            "\"yes\"",
            "-1000.0",
            "\"two\\nlines\\n\"",
            "\".x\""
        ]
    );
    assert_eq!(texts("a.yaml", "a: &x [1, 2]\nb: {c: *x}"), ["[1,2]", "{\"c\":[1,2]}"]);
    assert_eq!(
        texts(
            "a.hcl",
            "a = -3\nb = (\"x\")\nc = <<-END\n    two\n    lines\n  END\nd = { x = 1 }"
        ),
        ["-3", "\"x\"", "\"two\\nlines\\n\"", "{\"x\":1}"]
    );
}

#[test]
fn what_is_wrong_in_other_languages_says_where() {
    for (name, text, line, column, message) in [
        ("a.yaml", "a: 1\n  b: 2\n", 2, 4, "a.yaml is not YAML: "),
        ("a.yaml", "a: [1\n", 2, 1, "a.yaml is not YAML: "),
        ("a.yaml", "- a\n", 1, 1, "a.yaml is not a mapping"),
        ("a.yaml", "text\n", 1, 1, "a.yaml is not a mapping"),
        ("a.yaml", "a: 1\nb: 2\na: 3\n", 3, 1, "`a` is given twice"),
        ("a.yaml", "web:\n  a: 1\n  a: 2\n", 3, 3, "`a` is given twice"),
        ("a.yaml", "a: 1\nb:\n", 2, 1, "`b` is null"),
        ("a.yaml", "a: [1, ~]\n", 1, 8, "`an item of a list` is null"),
        ("a.yaml", "a: 1\n---\nb: 2\n", 2, 1, "a.yaml has several documents"),
        ("a.yaml", "[a]: 1\n", 1, 1, "a key is a name"),
        ("a.yaml", "a: &x [*x]\n", 1, 8, "an alias stands within"),
        ("a.hcl", "a = 1\nb = \n", 2, 5, "a.hcl is not HCL: "),
        ("a.hcl", "a = 1\nb = 2\na = 3\n", 3, 1, "`a` is given twice"),
        ("a.hcl", "a = null\n", 1, 1, "`a` is null"),
        ("a.hcl", "a = 1\nb = var.a\n", 2, 5, "a values file has no functions"),
        ("a.hcl", "b = [\"${c}\"]\n", 1, 6, "a values file has no functions"),
        (
            "a.hcl",
            "web \"x\" {\n}\n",
            1,
            1,
            "a block `web` of a values file has no labels",
        ),
    ] {
        let told = wrong(name, text);
        assert!(
            (told.0, told.1) == (line, column) && told.2.starts_with(message),
            "{text}: {told:?}"
        );
    }
    let deep = [
        ("a.yaml", format!("a: {}", "[".repeat(100_000))),
        (
            "a.yaml",
            (0..200).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect(),
        ),
        ("a.hcl", format!("a = {}", "[".repeat(100_000))),
        ("a.toml", format!("a = {}", "[".repeat(100_000))),
    ];
    for (name, text) in deep {
        wrong(name, &text);
    }
    let mut laughs = "a: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for depth in 1..12 {
        let below = format!("*a{}", depth - 1);
        laughs += &format!("b{depth}: &a{depth} [{}]\n", vec![below; 10].join(", "));
    }
    assert!(wrong("a.yaml", &laughs).2.contains("more than a million values"));
}

#[test]
fn json_that_is_wrong_says_where() {
    for (text, line, column, message) in [
        ("", 1, 1, "a.json is not JSON: EOF"),
        ("{\"a\": 1,\n \"b\": }", 2, 7, "a.json is not JSON: expected value"),
        ("{\"a\": 1,\n}", 2, 1, "a.json is not JSON: key must be a string"),
        ("[1]", 1, 1, "a.json is not an object of values"),
        ("\n \"a\"", 2, 2, "a.json is not an object of values"),
        ("{\"é\": 1, \"a\": 2,\n\"a\": 3}", 2, 1, "`a` is given twice"),
        ("{\"w\": {\"a\": 1, \"\\u0061\": 2}}", 1, 16, "`a` is given twice"),
        ("{\"w\": [{\"é\": {\"a\": 1, \"a\": 2}}]}", 1, 23, "`a` is given twice"),
        ("{\"a\": null}", 1, 2, "`a` is null"),
    ] {
        let told = wrong("a.json", text);
        assert!(
            (told.0, told.1) == (line, column) && told.2.starts_with(message),
            "{text}: {told:?}"
        );
    }
    let deep = format!("{{\"a\": {}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(wrong("a.json", &deep).2.contains("64 levels"));
}

#[test]
fn keys_are_refused_twice_after_odd_beginnings_too() {
    assert_eq!(wrong("a.toml", "\u{feff}a = 1\r\na = 2\r\n").0, 2);
    let file = ValuesFile::parse("a.toml", "\u{feff}a = 1\r\nb = 'x'\r\n").expect("it is TOML");
    assert_eq!(given(&file, "web", "b"), Some(("\"x\"".to_owned(), 2, 5)));
}

#[test]
fn what_cannot_be_read_says_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let latin = folder.path().join("latin.json");
    std::fs::write(&latin, b"{\"a\": \"\xe9\"}").expect("written");
    for (path, help) in [
        (folder.path().to_owned(), "name a file in it"),
        (latin, "save it as UTF-8"),
        (folder.path().join("missing.json"), "create it"),
    ] {
        let problems = ValuesFile::read(&path, "values").expect_err("refused");
        let told = problems.into_iter().next().and_then(|problem| problem.help);
        assert!(told.as_deref().is_some_and(|told| told.contains(help)), "{told:?}");
    }
}

#[test]
fn a_file_of_ten_megabytes_is_read_and_one_without_end_is_not() {
    let text = "x".repeat(1000);
    let rows = |row: fn(usize, &str) -> String| (0..10_000).map(|index| row(index, &text)).collect::<Vec<_>>();
    for (name, text) in [
        (
            "big.json",
            format!("{{{}}}", rows(|i, x| format!("\"key{i}\":[\"{x}\",{i}]")).join(",")),
        ),
        ("big.toml", rows(|i, x| format!("key{i} = ['{x}', {i}]\n")).concat()),
        ("big.yaml", rows(|i, x| format!("key{i}: ['{x}', {i}]\n")).concat()),
        ("big.hcl", rows(|i, x| format!("key{i} = [\"{x}\", {i}]\n")).concat()),
    ] {
        let file = ValuesFile::parse(name, &text).unwrap_or_else(|problems| panic!("{name}: {problems:?}"));
        assert_eq!(file.entries.len(), 10_000, "{name}");
    }
    let problems = ValuesFile::read(Path::new("/dev/zero"), "zero.toml").expect_err("it has no end");
    assert!(
        problems
            .iter()
            .any(|problem| problem.message.contains("larger than 64 MiB"))
    );
}
