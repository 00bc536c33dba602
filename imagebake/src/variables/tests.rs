//! What `#[derive(Variables)]` writes, and where values come from.

use super::*;
use crate::{field::Place, value::Secret};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

fn even(number: &u32) -> Result<(), String> {
    number
        .is_multiple_of(2)
        .then_some(())
        .ok_or_else(|| format!("{number} is odd"))
}

fn short(text: &str) -> Result<(), &'static str> {
    (text.len() < 10).then_some(()).ok_or("too long")
}

#[derive(Debug, Variables)]
struct All {
    /// Release to bake.
    #[var(default = "1.4.0", matches = r"^\d+\.\d+\.\d+$", check = short)]
    version: String,
    #[var(matches = "^[a-z]+$")]
    packages: Vec<String>,
    #[var(default = 4, check = even)]
    workers: u32,
    #[var(check = |items: &[u16]| if items.is_empty() { Err("give one") } else { Ok(()) }, default = [80, 443])]
    ports: Vec<u16>,
    #[var(env = "IMAGEBAKE_TEST_TOKEN", default = "env:OTHER")]
    token: Secret,
    #[var(sensitive, check = |path| if path.is_absolute() { Err("a relative one") } else { Ok(()) })]
    key: Option<PathBuf>,
    #[var(default = Duration::from_secs(90))]
    r#where: Duration,
    note: Option<String>,
    #[var(default = [("a", "b")])]
    tags: BTreeMap<String, String>,
}

fn given(values: &[(&str, &str)]) -> Inputs {
    Inputs::new(
        values
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
    )
}

fn problems(values: &[(&str, &str)]) -> Vec<String> {
    read::<All>(&given(values))
        .expect_err("refused")
        .into_iter()
        .map(|problem| problem.message)
        .collect()
}

#[test]
fn defaults_stand_where_nothing_is_given() {
    let all: All = read(&given(&[("packages", "nginx,curl")])).expect("the rest has defaults");
    assert_eq!(
        (all.version.as_str(), all.workers, all.ports),
        ("1.4.0", 4, vec![80, 443])
    );
    assert_eq!(all.packages, ["nginx", "curl"]);
    assert_eq!(all.token.to_string(), "<secret env:OTHER>");
    assert_eq!(
        (all.key.as_deref(), all.note, all.r#where),
        (None::<&Path>, None, Duration::from_secs(90))
    );
    assert_eq!(all.tags["a"], "b");
}

#[test]
fn rows_say_what_each_input_is() {
    let row = |name: &str| {
        All::VARIABLES
            .iter()
            .find(|row| row.name == name)
            .unwrap_or_else(|| panic!("no {name}"))
    };
    assert_eq!(
        (row("version").default, row("version").help),
        (Some("1.4.0"), "Release to bake.")
    );
    assert!(row("token").secret && row("key").secret && !row("version").secret);
    assert!(row("note").optional && row("version").optional && !row("packages").optional);
    assert_eq!(
        (row("where").default, row("token").env),
        (Some("90s"), Some("IMAGEBAKE_TEST_TOKEN"))
    );
}

#[test]
fn every_problem_is_told_at_once() {
    let told = problems(&[
        ("version", "1.4"),
        ("workers", "3"),
        ("ports", ""),
        ("note", "x"),
        ("key", "/etc/key"),
    ]);
    let expected = [
        "the value of `version` from --var version is refused: it does not match `^\\d+\\.\\d+\\.\\d+$`",
        "the variable `packages`",
        "the value of `workers` from --var workers is refused: 3 is odd",
        "the value of `ports` from --var ports is refused: give one",
        "the value of `key` from --var key is refused: a relative one",
    ];
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    for (told, expected) in told.iter().zip(expected) {
        assert!(told.starts_with(expected), "{told}");
    }
    assert!(problems(&[("packages", "nginx,Curl")])[0].contains("`packages` from --var packages is refused"));
}

#[derive(Debug, Variables)]
struct Sparse {
    #[var(default = [("x86_64", BTreeMap::from([("firmware".to_owned(), None), ("cpu".to_owned(), Some("max".to_owned()))]))])]
    machines: BTreeMap<String, BTreeMap<String, Option<String>>>,
    #[var(default = vec![Some("a".to_owned()), None])]
    names: Vec<Option<String>>,
}

#[test]
fn what_is_in_a_list_or_map_may_be_absent() {
    let sparse: Sparse = read(&Inputs::default()).expect("it has defaults");
    assert_eq!(sparse.machines["x86_64"]["firmware"], None);
    assert_eq!(sparse.machines["x86_64"]["cpu"].as_deref(), Some("max"));
    assert_eq!(sparse.names, [Some("a".to_owned()), None]);
}

#[derive(Debug, Variables)]
struct Sourced {
    #[var(default = "default", env = "CARGO_PKG_NAME")]
    text: String,
    #[var(default = 1)]
    number: u32,
    #[var(default = [])]
    list: Vec<String>,
    #[var(default = [])]
    map: BTreeMap<String, u8>,
    #[expect(dead_code, reason = "it is refused, never read")]
    secret: Option<Secret>,
}

fn file(text: &str) -> Arc<ValuesFile> {
    Arc::new(ValuesFile::parse("web.toml", text).expect("it is TOML"))
}

fn sourced(inputs: &Inputs) -> Sourced {
    read(inputs).expect("every value is right")
}

fn told(text: &str) -> Vec<String> {
    let inputs = Inputs::default().of_image("web", Some(file(text)));
    read::<Sourced>(&inputs)
        .expect_err("refused")
        .iter()
        .map(|problem| format!("{}: {}", problem.places[0], problem.message))
        .collect()
}

#[test]
fn each_way_to_give_a_value_wins_over_the_one_before() {
    let mut inputs = Inputs::default();
    assert_eq!(sourced(&inputs).text, "imagebake", "the environment over the default");
    inputs = inputs.of_image("web", Some(file("text = 'own'")));
    assert_eq!(sourced(&inputs).text, "own");
    inputs = inputs
        .with_values(file("text = 'first'"))
        .with_values(file("number = 0x10"));
    assert_eq!((sourced(&inputs).text.as_str(), sourced(&inputs).number), ("first", 16));
    inputs = inputs.with_values(file("text = 'second'"));
    assert_eq!(sourced(&inputs).text, "second");
    let given = Inputs::new([("text".to_owned(), "given".to_owned())]).with_values(file("text = 'file'"));
    assert_eq!(sourced(&given.of_image("web", None)).text, "given");
}

#[test]
fn a_table_is_for_the_image_of_its_name() {
    let values = file("text = 'all'\nlist = ['a,b', 'c']\n[web]\ntext = 'web'\nmap = { a = 1 }\n[db]\nnumber = 3");
    let web = sourced(&Inputs::default().of_image("web", Some(values.clone())));
    assert_eq!(
        (web.text.as_str(), web.number, web.list),
        ("web", 1, vec!["a,b".to_owned(), "c".to_owned()])
    );
    assert_eq!(web.map["a"], 1);
    let db = sourced(&Inputs::default().of_image("db", Some(values)));
    assert_eq!((db.text.as_str(), db.number, db.map.len()), ("all", 3, 0));
}

#[test]
fn a_wrong_value_is_told_at_its_line() {
    assert_eq!(
        told("text = ['a']\nnumber = 'x'\nlist = { a = 1 }\n\nmap = { a = 300 }"),
        [
            "web.toml:1: the value of `text` from web.toml is a list, not text",
            "web.toml:2: \"x\" from web.toml is not a whole number for `number`: invalid digit found in string",
            "web.toml:3: the value of `list` from web.toml is a table, not a list of texts",
            "web.toml:5: \"300\" from web.toml is not a whole number from 0 to 255 for `map.a`: number too large to fit in target type",
        ]
    );
    let secret = told("secret = ['hunter2']");
    assert!(
        !secret[0].contains("hunter2") && secret[0].starts_with("web.toml:1"),
        "{secret:?}"
    );
}

#[test]
fn a_file_that_is_not_toml_says_where() {
    let problems = ValuesFile::parse("web.toml", "a = 1\nbé = \n").expect_err("no value");
    let problem = problems.iter().next().expect("one");
    assert_eq!((problem.places[0].line, problem.code), (2, "values-file"));
    let missing = ValuesFile::read(Path::new("/nonexistent/web.toml"), "web.toml").expect_err("there is none");
    assert!(
        missing
            .iter()
            .next()
            .expect("one")
            .message
            .contains("/nonexistent/web.toml")
    );
}

fn image(name: &'static str) -> ImageEntry {
    ImageEntry {
        name: name.into(),
        doc: "",
        file: "src/main.rs",
        line: 1,
        crate_dir: "",
        dir: "",
        variables: || Sourced::VARIABLES,
        values_file: None,
        make: crate::registry::Make::Function(|_| Ok(crate::image::Image::new())),
    }
}

#[test]
fn what_no_image_declares_is_refused_at_its_line_and_column() {
    let images = [image("web"), image("list")];
    let values = file("text = 'x'\nnumbr = 1\nwebb = 1\n[web]\n\"lists\" = []\n[list]\n[other]\nx = 1\n[db.x]");
    let problems: Vec<_> = values
        .unknown(&images)
        .into_iter()
        .map(|problem| {
            let place = problem.places[0].clone();
            (
                place.line,
                place.column,
                problem.message,
                problem.help.expect("each says what to do"),
            )
        })
        .collect();
    let has = |line, column, message: &str, help: &str| {
        let found = problems
            .iter()
            .any(|(l, c, m, h)| (*l, *c) == (line, column) && m.contains(message) && h.contains(help));
        assert!(found, "{line}:{column} {message}, {help} in {problems:#?}");
    };
    has(2, 1, "no image has a variable `numbr`", "did you mean `number`?");
    has(3, 1, "no image has a variable `webb`", "did you mean `web`?");
    has(5, 1, "the image `web` has no variable `lists`", "did you mean `list`?");
    has(6, 2, "`list` is an image and a variable", "rename");
    has(7, 2, "no image has a variable `other`", "`list` shows");
    assert_eq!(problems.len(), 6);
    let [first, second] = &images;
    let inputs = Inputs::new([("txt".to_owned(), "x".to_owned())]);
    let problems = inputs.unknown(&[first], &[first.clone(), second.clone()]);
    assert_eq!(
        problems.iter().next().and_then(|problem| problem.help.as_deref()),
        Some("did you mean `text`?")
    );
}

#[test]
fn an_image_reads_its_own_file_beside_it() {
    let root = tempfile::tempdir().expect("a folder");
    std::fs::write(root.path().join("own.toml"), "text = 'own'\nnope = 1\n").expect("written");
    let project = crate::project::Project::find(Some(root.path()), None).expect("it exists");
    let with_file = |name, file| ImageEntry {
        values_file: Some(file),
        ..image(name)
    };
    let images = [
        with_file("web", "own.toml"),
        with_file("db", "own.toml"),
        with_file("gone", "gone.toml"),
    ];
    let (mut files, mut problems) = (OwnFiles::new(&project, &images), Diagnostics::new());
    for image in &images[..2] {
        let inputs = files
            .inputs_of(image, &Inputs::default(), &mut problems)
            .expect("it is there");
        assert_eq!(sourced(&inputs).text, "own");
    }
    assert_eq!(problems.len(), 1, "a file of two images is checked once: {problems:?}");
    assert_eq!(
        problems
            .iter()
            .next()
            .map(|problem| problem.places[0].to_string())
            .as_deref(),
        Some("own.toml:2")
    );
    assert!(files.inputs_of(&images[2], &Inputs::default(), &mut problems).is_none());
    assert_eq!(problems.iter().last().map(|problem| problem.code), Some("values-file"));
}

#[test]
fn a_plan_tells_the_image_and_the_line_of_the_values_file() {
    let root = tempfile::tempdir().expect("a folder");
    std::fs::write(root.path().join("web.toml"), "text = 'x'\n[web]\nnumber = 'many'\n").expect("written");
    let project = crate::project::Project::find(Some(root.path()), None).expect("it exists");
    let web = ImageEntry {
        values_file: Some("web.toml"),
        make: crate::registry::Make::Function(|inputs| {
            read::<Sourced>(inputs)?;
            Ok(crate::image::Image::new())
        }),
        ..image("web")
    };
    let plan = crate::plan::plan(&project, &[web], &Inputs::default(), &Default::default());
    let problem = plan.problems.iter().next().expect("a value is wrong");
    assert_eq!((problem.code, problem.subject().as_str()), ("variable", "web · number"));
    assert_eq!(problem.places, [Place::in_file("web.toml", 3, 10)]);
    assert_eq!(plan.problems.len(), 1, "{:?}", plan.problems);
}
