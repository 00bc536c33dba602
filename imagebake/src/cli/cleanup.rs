//! `cleanup`: removes what crashed and aborted runs left, from their journals, or with `--sweep` by the labels of the objects.
//!
//! JSON: `{"runs":[{run, state, removed:[{kind, id, unit, existed}], kept:[{kind, id, unit, reason, hints}], error, hints}]}`; with `--cache`
//! `"stored":[{kind, machines, bytes, error}]` beside that; with `--sweep`
//! `{"objects":[…],"dry_run","failures"}`.

use super::{
    Cli,
    args::{CleanupArgs, Format},
    failure::Stop,
    small_runtime,
};
use crate::{
    cache::{Cleared, MachineStore},
    journal::{self, CleanupReport, RunCleanup, RunState, SweepReport},
    reporter::{Style, bytes},
};
use serde::Serialize;
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
            // After the builds that crashed, which used some of it.
            let stored = args.cache.then(|| runtime.block_on(clear_stores(cli)));
            let failed = report.failed() || stored.iter().flatten().any(|store| store.error.is_some());
            match (args.output, stored) {
                (Format::Json, stored) => cli.print_json(&Told { report, stored })?,
                (Format::Text, None) => cli.print(&text(&report, cli.style, cli.quiet)),
                (Format::Text, Some(stored)) => {
                    let runs = text(&report, cli.style, true);
                    cli.print(&format!("{runs}{}", cleared(&stored, cli.style)));
                }
            }
            Ok(if failed { FAILED } else { 0 })
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

/// A report, with what became of stored machines where that was asked for.
#[derive(Serialize)]
struct Told {
    #[serde(flatten)]
    report: CleanupReport,
    #[serde(skip_serializing_if = "Option::is_none")]
    stored: Option<Vec<ClearedStore>>,
}

/// What was removed of one store.
#[derive(Serialize)]
struct ClearedStore {
    kind: &'static str,
    machines: usize,
    bytes: u64,
    error: Option<String>,
}

async fn clear_stores(cli: &Cli) -> Vec<ClearedStore> {
    let mut all = Vec::new();
    for store in MachineStore::all() {
        let (cleared, error) = match store.clear(&cli.project.state_dir).await {
            Ok(cleared) => (cleared, None),
            Err(error) => (Cleared::default(), Some(error.full())),
        };
        all.push(ClearedStore {
            kind: store.kind(),
            machines: cleared.machines,
            bytes: cleared.bytes,
            error,
        });
    }
    all
}

fn cleared(stores: &[ClearedStore], style: Style) -> String {
    let mut out = String::new();
    for store in stores {
        let _ = match (&store.error, store.machines) {
            (Some(error), _) => writeln!(
                out,
                "{} the stored machines of {}: {error}",
                style.red("could not remove"),
                store.kind
            ),
            (None, 0) if store.bytes == 0 => Ok(()),
            (None, 1) => writeln!(
                out,
                "removed 1 stored machine of {}, {}",
                store.kind,
                bytes(store.bytes)
            ),
            (None, many) => writeln!(
                out,
                "removed {many} stored machines of {}, {}",
                store.kind,
                bytes(store.bytes)
            ),
        };
    }
    if out.is_empty() {
        out.push_str("no machines are stored\n");
    }
    out
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
