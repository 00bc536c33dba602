//! `cargo xtask tidy`: the house rules that no lint knows.

use crate::root;
use anyhow::{Context, Result, bail};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// A file longer than this has one idea too many.
const LONGEST: usize = 900;
/// Core modules know no platform: these words belong into their folders.
const PLATFORMS: &[&str] = &["amazon", "docker", "qemu", "azure", "googlecompute", "vsphere"];
const CORE: &[&str] = &[
    "engine",
    "journal",
    "plan",
    "cache",
    "data",
    "redact",
    "resource.rs",
    "guest.rs",
    "source.rs",
    "step.rs",
    "unit.rs",
];

/// Checks every Rust file of the workspace and tells all problems at once.
pub(crate) fn run() -> Result<()> {
    let mut files = Vec::new();
    for folder in ["imagebake", "imagebake-macros", "xtask", "tests", "examples"] {
        collect(&root().join(folder), &mut files)?;
    }
    let mut problems = Vec::new();
    for path in &files {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let name = path.strip_prefix(root()).unwrap_or(path).to_string_lossy().into_owned();
        check(&name, &text, &mut problems);
    }
    for file in [
        "README.md",
        "ARCHITECTURE.md",
        "CHANGELOG.md",
        "LICENSE-APACHE",
        "LICENSE-MIT",
        "deny.toml",
    ] {
        if !root().join(file).is_file() {
            problems.push(format!("{file} is missing"));
        }
    }
    if !problems.is_empty() {
        bail!(
            "{} house rules are broken:\n  {}",
            problems.len(),
            problems.join("\n  ")
        );
    }
    println!("{} files are tidy", files.len());
    Ok(())
}

fn check(name: &str, text: &str, problems: &mut Vec<String>) {
    let lines = text.lines().count();
    let is_ui = name.contains("/tests/ui/");
    if lines > LONGEST {
        problems.push(format!(
            "{name} has {lines} lines: split it by idea ({LONGEST} at most)"
        ));
    }
    let documented = text.trim_start().starts_with("//!") || is_ui || name.ends_with("/tests.rs");
    if !documented {
        problems.push(format!("{name} does not open with what it is for (`//! …`)"));
    }
    let library = name.starts_with("imagebake/src/") && !name.ends_with("/tests.rs");
    // The guest's end of the driver of `oci` is the same program started again.
    let driver = name.ends_with("driver.rs") || name.starts_with("imagebake/src/sources/oci/runtime/");
    let code = text.split("#[cfg(test)]").next().unwrap_or(text);
    for (i, line) in code
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
    {
        let mut broken = |rule: &str| problems.push(format!("{name}:{}: {rule}", i + 1));
        let at = |word: &str| library && line.contains(word);
        if (at("process::Command") || at("Command as Process")) && !driver && !name.contains("/cli/") {
            broken("only driver.rs files start processes");
        }
        if (at("println!(") || at("print!(")) && !name.contains("/cli/") && !name.contains("/reporter/") {
            broken("only the command line and reporters print");
        }
        if at("time::sleep(") && !name.ends_with("engine/context.rs") {
            broken("no bare sleep: use `Cx::pause` or `wait_until`");
        }
        if ["todo", "unimplemented", "dbg"]
            .iter()
            .any(|word| at(&format!("{word}!(")))
        {
            broken("unfinished code");
        }
        let core = CORE
            .iter()
            .any(|part| name.starts_with(&format!("imagebake/src/{part}")));
        if core && PLATFORMS.iter().any(|platform| line.contains(&format!("\"{platform}"))) {
            broken("core modules know no platform");
        }
        if line.contains(concat!("\"/ho", "me/")) {
            broken("a path of one machine");
        }
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(())
}
