//! `cargo xtask ci`: everything that a change must pass, in the order of what is quick to fail.

use crate::{cargo, check, output, setup, test, tidy};
use anyhow::{Context, Result, bail, ensure};
use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

pub(crate) fn run() -> Result<()> {
    let began = Instant::now();
    stage("format", || check(&mut cargo(&["fmt", "--all", "--check"])))?;
    stage("tidy", tidy::run)?;
    stage("dependencies", dependencies)?;
    stage("lints", || {
        check(&mut cargo(&[
            "clippy",
            "--workspace",
            "--all-targets",
            "--features",
            "imagebake-tests/tools",
            "--locked",
            "--",
            "--deny",
            "warnings",
        ]))
    })?;
    let required = setup::required();
    let counts = stage("tests", || with_required(&required))?;
    stage("documentation", || {
        check(cargo(&["doc", "--workspace", "--no-deps", "--locked"]).env("RUSTDOCFLAGS", "--deny warnings"))
    })?;
    stage("examples", examples)?;
    println!("\nall stages passed in {:.0} s", began.elapsed().as_secs_f64());
    println!(
        "{} passed, {} failed, {} skipped",
        counts.passed, counts.failed, counts.ignored
    );
    Ok(())
}

fn stage<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    println!("\n== {name}");
    let began = Instant::now();
    let done = work().with_context(|| format!("stage `{name}`"))?;
    println!("== {name}: {:.0} s", began.elapsed().as_secs_f64());
    Ok(done)
}

/// The tests, with every absence a failure.
fn with_required(required: &str) -> Result<test::Counts> {
    let mut command = cargo(&["xtask", "test"]);
    command.env("IMAGEBAKE_REQUIRE", required).stdout(Stdio::piped());
    let mut child = command.spawn().context("cannot start the tests")?;
    let mut last = test::Counts::default();
    let lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().expect("it is piped")));
    for line in lines {
        let line = line.context("cannot read what the tests print")?;
        if let Some(counts) = test::Counts::from_closing(&line) {
            last = counts;
        }
        println!("{line}");
    }
    ensure!(
        child.wait().context("cannot wait for the tests")?.success(),
        "the tests failed"
    );
    ensure!(
        last.ignored == 0,
        "{} tests did nothing (`ignored: …` above says why): what they need belongs into xtask/src/setup.rs",
        last.ignored
    );
    Ok(last)
}

/// One TLS stack, one HTTP stack, licences that ours may be combined with.
fn dependencies() -> Result<()> {
    for forbidden in ["aws-lc-sys", "openssl-sys", "native-tls"] {
        let tree = cargo(&["tree", "--workspace", "--locked", "--quiet", "-i", forbidden]).output()?;
        ensure!(
            !tree.status.success() || tree.stdout.is_empty(),
            "`{forbidden}` is in the tree: rustls with ring is the one TLS stack"
        );
    }
    let twice = output(&mut cargo(&[
        "tree",
        "--workspace",
        "--locked",
        "-d",
        "--depth",
        "0",
        "--prefix",
        "none",
    ]))?;
    for name in ["rustls ", "hyper ", "reqwest ", "ring ", "tokio "] {
        let versions: std::collections::BTreeSet<&str> = twice.lines().filter(|line| line.starts_with(name)).collect();
        ensure!(versions.len() < 2, "two versions of a network crate: {versions:?}");
    }
    licences()
}

fn licences() -> Result<()> {
    let text = std::fs::read_to_string(crate::root().join("deny.toml")).context("cannot read deny.toml")?;
    let list = text
        .split_once("allow = [")
        .and_then(|(_, rest)| rest.split_once(']'))
        .context("deny.toml has no `allow = [`")?
        .0;
    let allowed: Vec<&str> = list
        .split(',')
        .map(|item| item.trim().trim_matches('"'))
        .filter(|item| !item.is_empty())
        .collect();
    let metadata = output(&mut cargo(&["metadata", "--format-version", "1", "--locked"]))?;
    let metadata: serde_json::Value = serde_json::from_str(&metadata).context("cargo metadata is not JSON")?;
    let mut refused = Vec::new();
    for package in metadata["packages"].as_array().context("no packages")? {
        let licence = package["license"].as_str().unwrap_or("none");
        if !satisfied(licence, &allowed) {
            refused.push(format!("{} ({licence})", package["name"].as_str().unwrap_or_default()));
        }
    }
    if !refused.is_empty() {
        bail!("licences that deny.toml does not allow: {}", refused.join(", "));
    }
    Ok(())
}

/// Whether an SPDX expression can be met: every `AND` part, one `OR` part of each.
fn satisfied(expression: &str, allowed: &[&str]) -> bool {
    let expression = expression.replace('/', " OR ").replace(['(', ')'], " ");
    expression
        .split(" AND ")
        .all(|all| all.split(" OR ").any(|one| allowed.contains(&one.trim())))
}

/// Each example compiles with its own features alone, without a warning, and lists and plans its images.
///
/// The programs are those that the tests were built with, whose features are all that anything in the workspace asks for: to build each of
/// them apart would be to build the libraries once for every set of features.
fn examples() -> Result<()> {
    let built = output(&mut cargo(&[
        "build",
        "--workspace",
        "--all-targets",
        "--locked",
        "--quiet",
        "--message-format=json",
    ]))?;
    let folder = crate::root().join("examples");
    for entry in std::fs::read_dir(&folder)? {
        let project = entry?.path();
        if !project.join("Cargo.toml").is_file() {
            continue;
        }
        let name = project.file_name().unwrap_or_default().display().to_string();
        let checked = cargo(&["check", "--locked", "--quiet", "--package", &format!("example-{name}")]).output()?;
        let said = String::from_utf8_lossy(&checked.stderr);
        ensure!(
            checked.status.success() && said.trim().is_empty(),
            "example `{name}` with its own features alone:\n{said}"
        );
        let program = program(&built, &project).with_context(|| format!("example `{name}` has no program"))?;
        for command in ["list", "plan"] {
            // As cargo would run it.
            let mut run = Command::new(&program);
            run.arg(command)
                .current_dir(crate::root())
                .env("CARGO_MANIFEST_DIR", &project);
            let printed = output(&mut run).with_context(|| format!("example `{name}`: {command}"))?;
            ensure!(
                !printed.trim().is_empty(),
                "example `{name}`: `{command}` printed nothing"
            );
        }
        linkage(&name, &program)?;
        println!("example {name}: its own features, list, plan, linkage");
    }
    Ok(())
}

/// The program of the package in the folder `project`, in what `cargo build --message-format=json` printed.
fn program(built: &str, project: &Path) -> Option<PathBuf> {
    let manifest = project.join("Cargo.toml");
    built
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|message| message["manifest_path"].as_str().map(Path::new) == Some(&manifest))
        .filter(|message| message["target"]["kind"][0] == "bin" && message["profile"]["test"] == false)
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
}

/// A program needs the C library and the compiler's own runtime of the system, and no other library: a release build links the same ones.
fn linkage(name: &str, program: &Path) -> Result<()> {
    let listed = output(Command::new("ldd").arg(program))?;
    let others = other_libraries(&listed);
    ensure!(
        others.is_empty() && listed.contains("libc.so.6"),
        "the program of the example `{name}` needs more than the C library: {}",
        others.join(", ")
    );
    Ok(())
}

/// What `ldd` has listed besides the C library, the compiler's runtime and what the kernel and the loader add.
fn other_libraries(listed: &str) -> Vec<&str> {
    const ALLOWED: [&str; 5] = [
        "linux-vdso.so.1",
        "libc.so.6",
        "libm.so.6",
        "libgcc_s.so.1",
        "ld-linux-",
    ];
    let names = listed.lines().filter_map(|line| {
        let first = line.split_whitespace().next()?;
        first.rsplit('/').next()
    });
    names
        .filter(|name| !ALLOWED.iter().any(|allowed| name.starts_with(allowed)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_of_a_package_is_neither_its_tests_nor_another_ones() {
        let line = |folder: &str, test: bool| {
            format!(
                "{{\"reason\":\"compiler-artifact\",\"manifest_path\":\"/w/examples/{folder}/Cargo.toml\",\"target\":{{\"kind\":[\"bin\"]}},\
                \"profile\":{{\"test\":{test}}},\"executable\":\"/w/target/{folder}-{test}\"}}"
            )
        };
        let built = [
            line("a/server", false),
            line("a", true),
            "{\"reason\":\"build-finished\"}".to_owned(),
            line("a", false),
        ];
        let found = program(&built.join("\n"), Path::new("/w/examples/a"));
        assert_eq!(found, Some(PathBuf::from("/w/target/a-false")));
        assert_eq!(program(&built[..3].join("\n"), Path::new("/w/examples/a")), None);
    }

    #[test]
    fn a_library_of_the_system_is_found() {
        let listed = "\tlinux-vdso.so.1 (0x00007ff5)\n\tlibgcc_s.so.1 => /lib/libgcc_s.so.1 (0x1)\n\
            \tlibm.so.6 => /lib/libm.so.6 (0x1)\n\tlibc.so.6 => /lib/libc.so.6 (0x1)\n\t/lib64/ld-linux-x86-64.so.2 (0x1)\n";
        assert!(other_libraries(listed).is_empty());
        let more = format!("{listed}\tlibssl.so.3 => /lib/libssl.so.3 (0x1)\n");
        assert_eq!(other_libraries(&more), ["libssl.so.3"]);
    }
}
