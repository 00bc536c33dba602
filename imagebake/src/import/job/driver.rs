//! The programs that an import is written and verified with: rustfmt, cargo, and the imported program itself.

use crate::error::{Error, ErrorKind, Result};
use serde_json::Value as Json;
use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

/// What of a package does not compile, by the file as the compiler names it.
pub(super) type Broken = BTreeMap<String, Vec<String>>;

/// What came of compiling.
#[derive(Debug, Default)]
pub(super) struct Built {
    /// By the name of the program.
    pub(super) programs: BTreeMap<String, PathBuf>,
    /// Its problems.
    pub(super) broken: Broken,
}

/// Formats files of Rust in place. What rustfmt cannot read stays as it is, and is told.
pub(in crate::import) fn format(files: &[PathBuf]) -> Result<()> {
    // One at a time where there are many: a command line has an end.
    for some in files.chunks(100) {
        let output = run(Command::new("rustfmt").args(["--edition", "2024"]).args(some))?;
        if !output.status.success() {
            return Err(failed("rustfmt", &output));
        }
    }
    Ok(())
}

/// Compiles a package so that it can plan; `target` is shared by all that are verified.
pub(super) fn build(package: &Path, target: Option<&Path>, options: &[&str]) -> Result<Built> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .args([
            "build",
            "--message-format=json-diagnostic-rendered-ansi",
            "--manifest-path",
        ])
        .arg(package.join("Cargo.toml"))
        .args(options);
    if let Some(target) = target {
        command.arg("--target-dir").arg(target);
    }
    // Another cargo may have started this program: what it says of itself does not hold for the package.
    for (name, _) in std::env::vars_os().filter(|(name, _)| is_cargos(name)) {
        command.env_remove(name);
    }
    let output = run(&mut command)?;
    let mut built = Built::default();
    let mut told = false;
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let Ok(message) = serde_json::from_str::<Json>(line) else {
            continue;
        };
        match message["reason"].as_str() {
            Some("compiler-artifact") => {
                if let (Some(path), Some(name)) = (message["executable"].as_str(), message["target"]["name"].as_str()) {
                    built.programs.insert(name.to_owned(), path.into());
                }
            }
            Some("compiler-message") => {
                told |= problem(&message["message"], &mut built.broken);
            }
            _ => {}
        }
    }
    // Without a message of the compiler it is cargo itself that refuses.
    match output.status.success() || told {
        true => Ok(built),
        false => Err(failed("cargo build", &output)),
    }
}

/// Keeps an error of the compiler under every file that it speaks of, macros' users included.
fn problem(message: &Json, broken: &mut Broken) -> bool {
    if message["level"] != "error" {
        return false;
    }
    let text = message["rendered"]
        .as_str()
        .or(message["message"].as_str())
        .unwrap_or_default();
    let mut files = BTreeSet::new();
    let primary = |span: &&Json| span["is_primary"] == true;
    for span in message["spans"].as_array().into_iter().flatten().filter(primary) {
        let mut span = span;
        files.extend(span["file_name"].as_str());
        while !span["expansion"].is_null() {
            span = &span["expansion"]["span"];
            files.extend(span["file_name"].as_str());
        }
    }
    // Counts and summaries have no place.
    for file in &files {
        broken.entry((*file).to_owned()).or_default().push(text.to_owned());
    }
    !files.is_empty()
}

fn is_cargos(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    let own = ["CARGO_MANIFEST_", "CARGO_PKG_", "CARGO_BIN_", "CARGO_CRATE_"];
    own.iter().any(|own| name.starts_with(own)) || name == "CARGO_TARGET_TMPDIR"
}

/// What a program plans for one of its images.
pub(super) struct Question<'a> {
    pub(super) program: &'a Path,
    pub(super) project: &'a Path,
    pub(super) image: &'a str,
    pub(super) values: Option<&'a Path>,
    /// The environment: all of it where there is none.
    pub(super) env: Option<&'a BTreeMap<String, String>>,
    /// Seconds since 1970.
    pub(super) clock: i64,
}

/// A plan in the templates' words, and the problems that planning told.
pub(super) fn plan(question: &Question<'_>) -> Result<(Json, String)> {
    let mut command = Command::new(question.program);
    if let Some(env) = question.env {
        command.env_clear().envs(env);
    }
    command
        .args([
            "plan",
            question.image,
            "--format",
            "packer",
            "--reveal",
            "--offline",
            "--color",
            "never",
            "--project",
        ])
        .arg(question.project)
        .current_dir(question.project)
        .env("SOURCE_DATE_EPOCH", question.clock.to_string());
    if let Some(values) = question.values {
        command.arg("--values").arg(values);
    }
    let output = run(&mut command)?;
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let mut documents = serde_json::Deserializer::from_slice(&output.stdout).into_iter::<Json>();
    match documents.next() {
        Some(Ok(plan)) if plan.get("builds").is_some() => Ok((plan, told)),
        _ => Err(failed("plan", &output)),
    }
}

fn run(command: &mut Command) -> Result<Output> {
    let program = command.get_program().to_owned();
    let ran = command.stdin(Stdio::null()).output();
    ran.map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => missing(&program),
        _ => Error::io("start", Path::new(&program), error),
    })
}

fn missing(program: &OsString) -> Error {
    let name = program.to_string_lossy().into_owned();
    Error::new(ErrorKind::NotFound, format!("there is no program `{name}`"))
        .hint("the importer needs Rust with rustfmt: rustup component add rustfmt")
}

fn failed(what: &str, output: &Output) -> Error {
    let told = String::from_utf8_lossy(&output.stderr);
    let last: Vec<&str> = told
        .lines()
        .rev()
        .filter(|line| !line.trim().is_empty())
        .take(20)
        .collect();
    let last: Vec<&str> = last.into_iter().rev().collect();
    Error::new(
        ErrorKind::CommandFailed,
        format!("`{what}` ended with {}:\n{}", output.status, last.join("\n")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_error_of_the_compiler_belongs_to_the_files_it_is_about() {
        let mut broken = Broken::new();
        let span = |file: &str, expansion: Json| json!({"is_primary": true, "file_name": file, "expansion": expansion});
        let inner = span("/lib/macros.rs", json!({"span": span("src/web.rs", Json::Null)}));
        let told = problem(
            &json!({"level": "error", "rendered": "error: no", "spans": [inner]}),
            &mut broken,
        );
        assert!(told);
        assert_eq!(broken["src/web.rs"], ["error: no"]);
        assert!(!problem(&json!({"level": "warning", "spans": []}), &mut broken));
        assert!(!problem(
            &json!({"level": "error", "message": "aborting", "spans": []}),
            &mut broken
        ));
    }
}
