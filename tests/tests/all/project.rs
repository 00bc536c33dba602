//! `new`: a project of one's own, outside of this workspace, listed, planned and built as a user would.

use crate::fixture;
use imagebake_tests::{Output, TestContext, finish, requires};
use std::path::{Path, PathBuf};

/// A name that nothing else in the target folder has.
const PROJECT: &str = "imagebake-new-project";

fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("a workspace")
        .to_owned()
}

/// cargo in the project, with the libraries that the workspace has compiled.
fn cargo(home: &TestContext, arguments: &[&str]) -> Output {
    let target = std::env::current_exe().expect("a path");
    let target = target.ancestors().nth(3).expect("target/debug/deps/all");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = home.command_of(cargo, arguments);
    // It is compiled once: what makes the next time quicker would only fill the disk.
    command
        .current_dir(home.path().join(PROJECT))
        .env("CARGO_TARGET_DIR", target)
        .env("CARGO_INCREMENTAL", "0");
    finish(&mut command)
}

/// `cargo run -- …` in the project.
fn cargo_run(home: &TestContext, arguments: &[&str]) -> Output {
    cargo(home, &[&["run", "--quiet", "--offline", "--"], arguments].concat())
}

#[test]
fn a_project_of_ones_own_lists_plans_and_builds() {
    requires!("namespaces");
    let home = fixture();
    let checkout = checkout().display().to_string();
    let made = home.run(&["new", PROJECT, "--path", &checkout]).ok();
    assert!(made.stdout.contains("cargo run -- build web"), "{}", made.stdout);
    for (file, part) in [
        ("Cargo.toml", "name = \"imagebake-new-project\""),
        ("Cargo.lock", "name = \"imagebake\""),
        ("rust-toolchain.toml", "channel = \"1."),
        (".gitignore", ".imagebake/"),
        (".github/workflows/images.yml", "cleanup --sweep oci"),
        ("src/images/web.rs", "fn web(vars: Web) -> Image"),
        ("web.values.toml", "title = "),
    ] {
        let text = home.read(&format!("{PROJECT}/{file}"));
        assert!(
            text.contains(part) && !text.contains("@NAME@") && !text.contains("@IMAGEBAKE@"),
            "{file}:\n{text}"
        );
    }

    let listed = cargo_run(&home, &["list"]).ok();
    assert!(
        listed.stdout.contains("web.oci  src/images/web.rs:"),
        "{}",
        listed.stdout
    );
    assert_eq!(listed.stderr, "", "no warning of the compiler or of cargo");
    cargo_run(&home, &["plan", "--save", "plan.json"]).ok();
    // What somebody without Rust does.
    let values = home.read(&format!("{PROJECT}/web.values.toml"));
    home.write(
        &format!("{PROJECT}/web.values.toml"),
        &values.replace(&format!("Baked by {PROJECT}"), "Hello"),
    );
    let changed = cargo_run(&home, &["plan", "--against", "plan.json"]).fails(4);
    assert!(changed.stdout.contains("Hello"), "{}", changed.stdout);
    cargo_run(&home, &["build", "web"]).ok();
    assert!(home.path().join(PROJECT).join("web.tar").is_file());
    // Its folder is another one each time, and so would be what is compiled of it.
    cargo(&home, &["clean", "--quiet", "--offline", "--package", PROJECT]).ok();
}

#[test]
fn what_is_there_is_refused_and_stays() {
    let home = fixture();
    home.write("full/notes.txt", "mine");
    home.write("file", "mine");
    for (arguments, told) in [
        (&["new", "full"][..], "the folder full is not empty"),
        (&["new", "file"], "file is not a folder"),
        (&["new", "2026"], "`2026` cannot be the name of a package"),
        (
            &["new", "x", "--name", "Bad Name"],
            "`Bad Name` cannot be the name of a package",
        ),
        (&["new", "x", "--path", "full"], "there is no imagebake in full"),
        (&["new", "x", "--git", "https://example.com/imagebake"], "--rev"),
        (
            &["new", "x", "--path", ".", "--git", "y", "--rev", "z"],
            "cannot be used with",
        ),
        (&["new"], "<DIR>"),
    ] {
        let output = home.run(arguments).fails(2);
        assert!(output.stderr.contains(told), "{arguments:?}: {}", output.stderr);
    }
    assert_eq!(home.read("full/notes.txt"), "mine");
    assert_eq!(home.path().join("full").read_dir().expect("a folder").count(), 1);
    assert!(!home.path().join("x").exists(), "nothing is left of what was refused");
}

#[test]
fn imagebake_is_pinned_as_it_was_asked_for() {
    let home = fixture();
    home.write("empty/.keep", "");
    std::fs::remove_file(home.path().join("empty/.keep")).expect("it is there");
    let json = home
        .run(&["new", "empty", "--name", "golden", "--output", "json"])
        .ok()
        .json();
    assert_eq!(json["files"][0], "Cargo.toml");
    let manifest = home.read("empty/Cargo.toml");
    assert!(
        manifest.contains("imagebake = { version = \"=") && manifest.contains("name = \"golden\""),
        "{manifest}"
    );
    let rev = "0123456789abcdef";
    home.run(&[
        "new",
        "by-git",
        "--git",
        "https://example.com/imagebake.git",
        "--rev",
        rev,
    ])
    .ok();
    let manifest = home.read("by-git/Cargo.toml");
    assert!(
        manifest.contains("git = \"https://example.com/imagebake.git\", rev = \"0123456789abcdef\""),
        "{manifest}"
    );
    std::fs::create_dir_all(home.path().join("checkout/imagebake")).expect("made");
    home.write("checkout/imagebake/Cargo.toml", "[package]\nname = \"imagebake\"\n");
    home.run(&["new", "deep/by-path", "--path", "checkout"]).ok();
    let manifest = home.read("deep/by-path/Cargo.toml");
    assert!(manifest.contains("path = \"../../checkout/imagebake\""), "{manifest}");
}
