//! `cleanup`: removes what crashed and aborted runs left, from their journals, or with `--sweep` by the labels of the objects.
//!
//! JSON: `{"runs":[{run, state, removed:[{kind, id, unit, existed}], kept:[{kind, id, unit, reason, hints}], error, hints}]}`; with `--sweep`
//! `{"objects":[…],"dry_run","failures"}`.

use super::{
    Cli,
    args::{CleanupArgs, Format},
    failure::Stop,
    small_runtime,
};
use crate::{
    journal::{self, CleanupReport, RunCleanup, RunState, SweepReport},
    reporter::Style,
};
use serde_json::Value as Json;
use std::{fmt::Write, time::Duration};

/// Clean-up was tried and failed.
const FAILED: u8 = 3;

pub(super) fn run(cli: &Cli, args: &CleanupArgs) -> Result<u8, Stop> {
    let runtime = small_runtime()?;
    match (&args.sweep, args.older_than) {
        (Some(platform), Some(older_than)) => sweep(cli, args, &runtime, platform, older_than),
        _ => {
            let report = runtime
                .block_on(journal::cleanup(&cli.project, args.run.as_deref()))
                .map_err(Stop::named)?;
            match args.output {
                Format::Json => cli.print_json(&report)?,
                Format::Text => cli.print(&text(&report, cli.style, cli.quiet)),
            }
            Ok(if report.failed() { FAILED } else { 0 })
        }
    }
}

fn sweep(
    cli: &Cli,
    args: &CleanupArgs,
    runtime: &tokio::runtime::Runtime,
    platform: &str,
    older_than: Duration,
) -> Result<u8, Stop> {
    let report = runtime
        .block_on(journal::sweep(&cli.project, platform, older_than, args.dry_run))
        .map_err(Stop::named)?;
    match args.output {
        Format::Json => cli.print_json(&report)?,
        Format::Text => cli.print(&swept(&report, cli.style)),
    }
    Ok(if report.failures > 0 { FAILED } else { 0 })
}

fn text(report: &CleanupReport, style: Style, quiet: bool) -> String {
    let mut out = String::new();
    for run in &report.runs {
        one_run(&mut out, run, style);
    }
    if report.runs.is_empty() && !quiet {
        out.push_str("nothing to clean up\n");
    }
    out
}

fn one_run(out: &mut String, run: &RunCleanup, style: Style) {
    let state = match run.state {
        RunState::Clean => style.green("clean"),
        RunState::Kept => style.red("something is left"),
        RunState::Live => style.yellow("still running, left alone"),
    };
    let _ = writeln!(out, "{}  {state}", style.bold(&run.run));
    for object in &run.removed {
        let word = if object.existed { "removed" } else { "was already gone:" };
        let _ = writeln!(out, "  {word} {} {}", object.kind, id(object.id.as_ref(), &object.unit));
    }
    for object in &run.kept {
        let _ = writeln!(
            out,
            "  {} {} {}",
            style.red("kept"),
            object.kind,
            id(object.id.as_ref(), &object.unit)
        );
        let _ = writeln!(out, "    because: {}", object.reason);
        for hint in &object.hints {
            let _ = writeln!(out, "    {}: {hint}", style.cyan("help"));
        }
    }
    if let Some(error) = &run.error {
        let _ = writeln!(out, "  {}: {error}", style.red("error"));
        for hint in &run.hints {
            let _ = writeln!(out, "    {}: {hint}", style.cyan("help"));
        }
    }
}

/// `i-0123 (web.amazon-ebs)`.
fn id(id: Option<&Json>, unit: &str) -> String {
    match id {
        Some(Json::String(id)) => format!("{id} ({unit})"),
        Some(id) => format!("{id} ({unit})"),
        None => format!("({unit})"),
    }
}

fn swept(report: &SweepReport, style: Style) -> String {
    let mut out = String::new();
    let word = if report.dry_run { "would remove" } else { "removed" };
    for object in &report.objects {
        let told = |name: &str| match object.get(name) {
            Some(Json::String(text)) => text.clone(),
            Some(Json::Null) | None => String::new(),
            Some(other) => other.to_string(),
        };
        let (kind, id, run, error) = (told("kind"), told("id"), told("run"), told("error"));
        let _ = match error.is_empty() {
            true => writeln!(out, "{word} {kind} {id} {}", style.dim(format!("(run {run})"))),
            false => writeln!(out, "{} {kind} {id}: {error}", style.red("could not remove")),
        };
    }
    if report.objects.is_empty() {
        out.push_str("nothing of this project has expired there\n");
    }
    out
}
