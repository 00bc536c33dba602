//! What the compiler says to somebody who made a mistake: one file per mistake, its words beside it.
//!
//! `TRYBUILD=overwrite cargo test -p imagebake-macros --test ui` writes the words anew; read them before they are committed.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// What trybuild passes to the compiler. It passes the last one for the cases only, for which it then builds the libraries a second time; said in
/// this variable, which cargo prefers to everything else, it is the same for both.
const FLAGS: (&str, &str) = (
    "CARGO_ENCODED_RUSTFLAGS",
    "--cfg\x1ftrybuild\x1f--verbose\x1f-A\x1fdead_code\x1f--diagnostic-width=140",
);

#[test]
fn every_mistake_is_explained() {
    if std::env::var_os(FLAGS.0).is_none_or(|flags| flags != FLAGS.1) {
        let this = std::env::current_exe().expect("a test is a program");
        let mut again = Command::new(this);
        again
            .args(["--exact", "every_mistake_is_explained", "--nocapture"])
            .args(std::env::args().filter(|argument| argument.starts_with("trybuild=")));
        let status = again
            .env(FLAGS.0, FLAGS.1)
            .status()
            .expect("it has just been started once");
        assert!(status.success(), "{status}");
        return;
    }
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/*/*.rs");
}

/// A user reads the first lines, or none. Where the compiler also shows what the user's own crate declares, it takes some more.
#[test]
fn explanations_are_short() {
    for snapshot in snapshots() {
        let words = std::fs::read_to_string(&snapshot).expect("a snapshot is text");
        let shows_own_declaration = words.matches("--> tests/ui").count() > 1;
        let most = if shows_own_declaration { 20 } else { 15 };
        let lines = words.lines().count();
        assert!(lines <= most, "{} has {lines} lines", snapshot.display());
        let errors = words.lines().filter(|line| line.starts_with("error")).count();
        assert_eq!(errors, 1, "{} says it more than once", snapshot.display());
    }
}

/// Nobody wrote the traits that our macros and methods ask for, so messages speak of images, sources and settings instead.
#[test]
fn explanations_speak_of_images_not_of_traits() {
    for snapshot in snapshots() {
        let words = std::fs::read_to_string(&snapshot).expect("a snapshot is text");
        let first = words.lines().next().unwrap_or_default();
        assert!(!first.contains("the trait bound"), "{}: {first}", snapshot.display());
    }
}

/// What people get wrong most often, and the beginning of what they read then. Where the compiler has the word before any of our types is
/// looked at, it names the value, the setter or the call.
#[test]
fn the_ten_commonest_mistakes() {
    for (mistake, first) in [
        (
            "describe/missing_argument",
            "this function takes 1 argument but 0 arguments were supplied",
        ),
        ("describe/text_for_a_number", "mismatched types"),
        (
            "describe/misspelt_setter",
            "no method named `inline_shebnag` found for struct `imagebake::prelude::ShellLocal`",
        ),
        ("describe/unquoted_size", "a size is written in quotes: `\"40G\"`"),
        ("describe/moved_twice", "use of moved value: `tools`"),
        ("describe/gated_platform", "the cargo feature `oci` of imagebake is off"),
        (
            "describe/not_a_post_processor",
            "`imagebake::prelude::Null` cannot take `AnyArtifact`",
        ),
        (
            "image/semicolon",
            "the image ends in `;`, so the function returns nothing",
        ),
        ("describe/not_a_source", "`&str` is not a source of machines"),
        (
            "image/two_arguments",
            "an image function takes its inputs in one struct",
        ),
    ] {
        let snapshot = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/ui")
            .join(mistake)
            .with_extension("stderr");
        let words = std::fs::read_to_string(&snapshot).unwrap_or_else(|error| panic!("{mistake}: {error}"));
        let told = words
            .lines()
            .next()
            .and_then(|line| line.split_once(": "))
            .map_or("", |(_, told)| told);
        assert!(told.starts_with(first), "{mistake}: {told}");
        assert!(words.lines().count() <= 15, "{mistake} is long");
    }
}

#[test]
fn every_mistake_has_its_words() {
    for case in files("rs") {
        assert!(
            case.with_extension("stderr").is_file(),
            "{} has no snapshot",
            case.display()
        );
    }
    for snapshot in snapshots() {
        assert!(
            snapshot.with_extension("rs").is_file(),
            "{} has no case",
            snapshot.display()
        );
    }
}

fn snapshots() -> Vec<PathBuf> {
    files("stderr")
}

fn files(extension: &str) -> Vec<PathBuf> {
    let folders =
        std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ui")).expect("the cases are there");
    let mut found = Vec::new();
    for folder in folders {
        let folder = folder.expect("a folder of cases").path();
        for file in std::fs::read_dir(folder).expect("a folder of cases") {
            let file = file.expect("a case").path();
            if file.extension().is_some_and(|found| found == extension) {
                found.push(file);
            }
        }
    }
    assert!(found.len() > 40, "only {} files *.{extension}", found.len());
    found
}
