//! `cargo xtask ci`: everything that a change must pass, in the order of what is quick to fail.

use crate::{cargo, check, output, setup, test, tidy};
use anyhow::{Context, Result, bail, ensure};
use std::time::Instant;

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
    command
        .env("IMAGEBAKE_REQUIRE", required)
        .stdout(std::process::Stdio::piped());
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

/// Each example lists and plans its images.
fn examples() -> Result<()> {
    let folder = crate::root().join("examples");
    for entry in std::fs::read_dir(&folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if !folder.join(&name).join("Cargo.toml").is_file() {
            continue;
        }
        let package = format!("example-{name}");
        for command in ["list", "plan"] {
            let mut run = cargo(&["run", "--quiet", "--locked", "--package", &package, "--", command]);
            let printed = output(&mut run).with_context(|| format!("example `{name}`: {command}"))?;
            ensure!(
                !printed.trim().is_empty(),
                "example `{name}`: `{command}` printed nothing"
            );
        }
        linkage(&package)?;
        println!("example {name}: list, plan, linkage");
    }
    Ok(())
}

/// A program needs the C library and the compiler's own runtime of the system, and no other library: a release build links the same ones.
fn linkage(package: &str) -> Result<()> {
    // Cargo knows what the program is called, and where it is: it hands it to `ldd` instead of starting it.
    let with_ldd = ["--config", "target.'cfg(all())'.runner='ldd'"];
    let listed = output(cargo(&["run", "--quiet", "--locked", "--package", package]).args(with_ldd))?;
    let others = other_libraries(&listed);
    ensure!(
        others.is_empty() && listed.contains("libc.so.6"),
        "the program of {package} needs more than the C library: {}",
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
    fn a_library_of_the_system_is_found() {
        let listed = "\tlinux-vdso.so.1 (0x00007ff5)\n\tlibgcc_s.so.1 => /lib/libgcc_s.so.1 (0x1)\n\
            \tlibm.so.6 => /lib/libm.so.6 (0x1)\n\tlibc.so.6 => /lib/libc.so.6 (0x1)\n\t/lib64/ld-linux-x86-64.so.2 (0x1)\n";
        assert!(other_libraries(listed).is_empty());
        let more = format!("{listed}\tlibssl.so.3 => /lib/libssl.so.3 (0x1)\n");
        assert_eq!(other_libraries(&more), ["libssl.so.3"]);
    }
}
