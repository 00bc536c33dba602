//! What `#[derive(Variables)]` writes, and where values come from.

use super::*;
use std::path::Path;

fn even(number: &u32) -> Result<(), String> {
    (number % 2 == 0)
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
        .err()
        .expect("refused")
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
        "the value of `version` is refused: it does not match `^\\d+\\.\\d+\\.\\d+$`",
        "the variable `packages`",
        "the value of `workers` is refused: 3 is odd",
        "the value of `ports` is refused: give one",
        "the value of `key` is refused: a relative one",
    ];
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    for (told, expected) in told.iter().zip(expected) {
        assert!(told.starts_with(expected), "{told}");
    }
    assert!(problems(&[("packages", "nginx,Curl")])[0].contains("`packages` is refused"));
}
