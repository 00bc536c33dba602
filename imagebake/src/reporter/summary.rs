//! The end of a run in words: each failure again, then a line per unit. One renderer for plain and human output and for `show`.

use super::{Style, bytes, duration, style::printable};
use crate::event::{ArtifactSummary, Failure, Summary, UnitStatus, UnitSummary};
use std::{fmt::Write, path::Path};

/// What the user can type next.
#[derive(Clone, Debug, Default)]
pub struct Commands {
    /// How the program was started: `cargo run --`.
    pub program: String,
    /// What stood on the command line besides images and sources: `--var version=2`, `--state-dir x`; as typed for a shell.
    pub inputs: Vec<String>,
}

impl Commands {
    /// The command that builds some units again, with what is stored of them.
    pub fn build(&self, units: &[&UnitSummary]) -> String {
        let mut images: Vec<&str> = units.iter().map(|unit| unit.image.as_str()).collect();
        images.dedup();
        let names: Vec<String> = units.iter().map(|unit| unit.name()).collect();
        let names = names.join(",");
        let words: Vec<&str> = ["build"].into_iter().chain(images).chain(["--only", &names]).collect();
        self.line(&words)
    }

    /// The command that removes what a run left behind.
    pub fn cleanup(&self, run: &str) -> String {
        self.line(&["cleanup", run])
    }

    fn line(&self, words: &[&str]) -> String {
        let words = words.iter().copied().chain(self.inputs.iter().map(String::as_str));
        std::iter::once(self.program.as_str())
            .chain(words)
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// How a summary is shown.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rendering {
    pub(crate) style: Style,
    pub(crate) commands: Commands,
    pub(crate) timings: bool,
    /// Something was left as it is, because the user wanted that.
    pub(crate) kept: bool,
}

impl Rendering {
    pub(crate) fn new(style: Style, commands: &Commands, timings: bool, kept: bool) -> Self {
        Self {
            style,
            commands: commands.clone(),
            timings,
            kept,
        }
    }

    /// Every failure, then a line per unit, then the timings where they were asked for.
    pub(crate) fn summary(&self, summary: &Summary) -> String {
        let mut out = String::new();
        for unit in &summary.units {
            self.failure(&mut out, &summary.run, unit);
        }
        let _ = writeln!(
            out,
            "\n{}",
            self.style
                .bold(format!("Run {} took {}", summary.run, duration(summary.seconds)))
        );
        let width = summary
            .units
            .iter()
            .map(|unit| unit.name().chars().count())
            .max()
            .unwrap_or(0);
        for unit in &summary.units {
            self.unit(&mut out, unit, width);
        }
        if self.timings {
            for unit in &summary.units {
                self.timings(&mut out, unit);
            }
        }
        let stopped = |unit: &&UnitSummary| matches!(unit.status, UnitStatus::Cancelled | UnitStatus::Skipped);
        let stopped: Vec<&UnitSummary> = summary.units.iter().filter(stopped).collect();
        if !stopped.is_empty() {
            let _ = writeln!(out, "Continue with\n  {}", self.commands.build(&stopped));
        }
        if summary.cleanup_failed {
            let told = self.style.red("Clean-up failed: something was left behind.");
            let _ = writeln!(out, "{told} Try again with\n  {}", self.commands.cleanup(&summary.run));
        } else if self.kept {
            let told = self.style.yellow("Something was left on purpose.");
            let _ = writeln!(out, "{told} Remove it with\n  {}", self.commands.cleanup(&summary.run));
        }
        out
    }

    /// One unit's failure with all that is known of it; nothing when it has none.
    pub(crate) fn failure(&self, out: &mut String, run: &str, unit: &UnitSummary) {
        let Some(failure) = &unit.error else { return };
        if unit.status == UnitStatus::Cancelled && failure.cleanup.is_empty() && failure.last_lines.is_empty() {
            return;
        }
        let what = match unit.status {
            UnitStatus::Ok => "was built, but its clean-up failed",
            UnitStatus::Failed => "failed",
            UnitStatus::Cancelled => "was cancelled",
            UnitStatus::Skipped => "was skipped",
        };
        let _ = writeln!(out, "\n{}", self.style.red(format!("{} {what}", unit.name())));
        if !failure.message.is_empty() {
            self.cause(out, failure);
        }
        for line in &failure.cleanup {
            self.fact(out, "clean-up", line);
        }
        let build = || self.commands.build(&[unit]);
        let next = match unit.status {
            UnitStatus::Ok => self.commands.cleanup(run),
            _ => build(),
        };
        self.fact(out, "continue", &next);
    }

    fn cause(&self, out: &mut String, failure: &Failure) {
        let _ = writeln!(out, "  {}: {}", self.style.red("error"), indented(&failure.message));
        for cause in failure
            .causes
            .iter()
            .filter(|cause| !failure.message.ends_with(cause.as_str()))
        {
            self.fact(out, "because", cause);
        }
        if let Some(step) = &failure.step {
            self.fact(out, "step", step);
        }
        if let Some(place) = &failure.place {
            self.fact(out, "at", place);
        }
        if let Some(script) = &failure.script {
            self.fact(out, "script", script);
        }
        if let Some(code) = failure.exit_code {
            self.fact(out, "exit code", &code.to_string());
        }
        for (name, value) in &failure.context {
            self.fact(out, name, value);
        }
        if !failure.last_lines.is_empty() {
            let count = failure.last_lines.len();
            let _ = writeln!(out, "  {}:", self.style.dim(format!("last {}", plural(count, "line"))));
            for line in &failure.last_lines {
                let _ = writeln!(out, "  {} {}", self.style.dim("│"), printable(line, self.style));
            }
        }
        if let Some(log) = &failure.log {
            self.fact(out, "log", &shown(log));
        }
        for hint in &failure.hints {
            let _ = writeln!(out, "  {}: {}", self.style.cyan("help"), indented(hint));
        }
    }

    fn fact(&self, out: &mut String, name: &str, value: &str) {
        let _ = writeln!(out, "  {}: {}", self.style.dim(name), indented(value));
    }

    /// A unit in one line, with a line per file of what it made.
    pub(crate) fn unit(&self, out: &mut String, unit: &UnitSummary, width: usize) {
        let name = format!("{:width$}", unit.name());
        let _ = writeln!(
            out,
            "  {} {name}  {:>6}{}",
            self.status(unit.status),
            duration(unit.seconds),
            one_line(unit)
        );
        for artifact in &unit.artifacts {
            let _ = match artifact.id.is_empty() || is_list_of_files(artifact) {
                true => writeln!(out, "      {}", artifact.kind),
                false => writeln!(out, "      {} {}", artifact.kind, artifact.id),
            };
            for folder in &artifact.folders {
                let _ = writeln!(out, "        {}/", shown(folder));
            }
            for file in &artifact.files {
                let _ = writeln!(
                    out,
                    "        {} {}",
                    shown(&file.path),
                    self.style.dim(format!("({})", bytes(file.size)))
                );
            }
        }
    }

    pub(crate) fn status(&self, status: UnitStatus) -> String {
        let word = format!("{status:<9}");
        match status {
            UnitStatus::Ok => self.style.green(word),
            UnitStatus::Failed => self.style.red(word),
            UnitStatus::Cancelled | UnitStatus::Skipped => self.style.yellow(word),
        }
    }

    /// How long each part of a unit took.
    pub(crate) fn timings(&self, out: &mut String, unit: &UnitSummary) {
        let _ = writeln!(out, "\n{}", self.style.bold(format!("Timings of {}", unit.name())));
        let width = unit
            .timings
            .iter()
            .map(|timing| timing.part.chars().count())
            .max()
            .unwrap_or(0);
        for timing in &unit.timings {
            let note = if timing.cached {
                self.style.dim("  taken from a snapshot")
            } else {
                String::new()
            };
            let _ = writeln!(out, "  {:width$}  {:>8.3}s{note}", timing.part, timing.seconds);
        }
    }
}

/// The error of a failed unit, short: all of it stands above.
fn one_line(unit: &UnitSummary) -> String {
    let error = unit
        .error
        .as_ref()
        .filter(|error| unit.status == UnitStatus::Failed && !error.message.is_empty());
    error
        .map(|error| format!("  {}", first_line(&error.message)))
        .unwrap_or_default()
}

/// The first line of a message, cut where it gets long.
pub(crate) fn first_line(message: &str) -> String {
    let line = printable(message.lines().next().unwrap_or_default(), Style::default());
    match line.char_indices().nth(100) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line.into_owned(),
    }
}

/// Whether the identity of an artifact is nothing but its files' paths.
fn is_list_of_files(artifact: &ArtifactSummary) -> bool {
    let paths: Vec<String> = artifact
        .files
        .iter()
        .map(|file| file.path.display().to_string())
        .collect();
    !paths.is_empty() && artifact.id == paths.join(",")
}

/// A path as the user would type it: from the current folder where it is below it.
pub(crate) fn shown(path: &Path) -> String {
    let below = std::env::current_dir()
        .ok()
        .and_then(|here| path.strip_prefix(here).ok().map(Path::to_owned));
    let path = below
        .filter(|path| !path.as_os_str().is_empty())
        .unwrap_or_else(|| path.to_owned());
    let text = path.to_string_lossy();
    // Whatever a file is called, it is one line, and drives no terminal.
    match text.contains(char::is_control) {
        false => text.into_owned(),
        true => text
            .chars()
            .map(|c| {
                if c.is_control() {
                    c.escape_default().to_string()
                } else {
                    c.to_string()
                }
            })
            .collect(),
    }
}

/// `1 line`, `2 lines`.
pub(crate) fn plural(count: usize, word: &str) -> String {
    match count {
        1 => format!("1 {word}"),
        _ => format!("{count} {word}s"),
    }
}

fn indented(text: &str) -> String {
    let safe: Vec<_> = text.lines().map(|line| printable(line, Style::default())).collect();
    safe.join("\n    ")
}
