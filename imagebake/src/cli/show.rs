//! `show RUN`: one run with everything that is known of it.
//!
//! JSON: `{version, run, status, started, units, logs, origin:{commit, cargo_lock_sha256, values, files, plan}, summary}`, the summary as
//! the last event of `build --output json` has it, the plan as `plan --save` writes it. `--against`: see `compare.rs`.

use super::{
    Cli,
    args::{Format, ShowArgs},
    compare,
    failure::Stop,
    invocation, runs as listing,
};
use crate::{
    reporter::Rendering,
    runs::{self, RunRecord},
};
use std::fmt::Write;

pub(super) fn run(cli: &Cli, args: &ShowArgs) -> Result<u8, Stop> {
    let mut record = runs::find(&cli.project, &args.run).map_err(Stop::named)?;
    if let Some(against) = &args.against {
        return compare::runs(cli, args, &record, against);
    }
    name_logs(&mut record);
    match args.output {
        Format::Json => cli.print_json(&record)?,
        Format::Text => cli.print(&text(cli, &record)),
    }
    Ok(0)
}

fn text(cli: &Cli, record: &RunRecord) -> String {
    let style = cli.style;
    let mut out = format!("{}\n", listing::line(record, style));
    if let Some(logs) = &record.logs {
        let _ = writeln!(out, "  logs: {}", logs.display());
    }
    if let Some(origin) = &record.origin {
        let commit = origin.commit.as_deref().unwrap_or("not in a repository");
        let _ = writeln!(out, "  commit: {commit}");
        if let Some(lock) = &origin.cargo_lock_sha256 {
            let _ = writeln!(out, "  Cargo.lock: sha256:{lock}");
        }
        for (image, values) in &origin.values {
            for (name, value) in values {
                let _ = writeln!(out, "  {image}: {name} = {value}");
            }
        }
        for file in &origin.files {
            let digest = file.sha256.as_deref().unwrap_or("unknown");
            let _ = writeln!(
                out,
                "  read {} {}",
                file.path.display(),
                style.dim(format!("sha256:{digest}"))
            );
        }
    }
    let units = record.summary.iter().flat_map(|summary| &summary.units);
    for (unit, base) in units.filter_map(|unit| Some((unit.name(), unit.base.as_ref()?))) {
        let _ = writeln!(out, "  base of {unit}: {base}");
    }
    if let Some(summary) = &record.summary {
        let rendering = Rendering {
            style,
            commands: invocation::commands(cli),
            timings: true,
            kept: false,
        };
        out.push_str(&rendering.summary(summary));
    }
    out
}

/// Failures name their logs, as far as these are still there.
fn name_logs(record: &mut RunRecord) {
    let (Some(folder), Some(summary)) = (&record.logs, &mut record.summary) else {
        return;
    };
    for unit in &mut summary.units {
        let log = folder.join(format!("{}.log", unit.name()));
        if let Some(error) = unit.error.as_mut().filter(|_| log.is_file()) {
            error.log.get_or_insert(log);
        }
    }
}
