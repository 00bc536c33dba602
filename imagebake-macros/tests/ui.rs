//! What the compiler says to somebody who made a mistake: one file per mistake, its words beside it.
//!
//! `TRYBUILD=overwrite cargo test -p imagebake-macros --test ui` writes the words anew; read them before they are committed.

use std::path::{Path, PathBuf};

#[test]
fn every_mistake_is_explained() {
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
