//! `runs`: the runs so far, the latest first.
//!
//! JSON: `{"runs":[…]}`, each as `show` has it, without its plan.

use super::{
    Cli,
    args::{Format, RunsArgs},
    failure::Stop,
};
use crate::{
    event::UnitStatus,
    reporter::{Style, duration},
    runs::{self, RunRecord, RunStatus},
};
use serde_json::json;
use std::fmt::Write;

/// How many are shown.
const LAST: usize = 20;

pub(super) fn run(cli: &Cli, args: &RunsArgs) -> Result<u8, Stop> {
    let mut records = runs::list(&cli.project)?;
    let all = records.len();
    let most = args.last.map_or(LAST, Into::into);
    records.truncate(most);
    if args.output == Format::Json {
        // A list of runs is read often; the plan in each would be most of it.
        for origin in records.iter_mut().filter_map(|record| record.origin.as_mut()) {
            origin.plan = None;
        }
        cli.print_json(&json!({"runs": records}))?;
        return Ok(0);
    }
    let mut out = String::new();
    for record in &records {
        let _ = writeln!(out, "{}", line(record, cli.style));
    }
    if records.is_empty() {
        out.push_str("there are no runs yet\n");
    } else if all > records.len() {
        let _ = writeln!(
            out,
            "{}",
            cli.style.dim(format!("and {} more: --last {all}", all - records.len()))
        );
    }
    cli.print(&out);
    Ok(0)
}

/// `rt123 2026-11-24T12:00:00Z 42s  2 ok, 1 failed  web.oci, web.null`.
pub(super) fn line(record: &RunRecord, style: Style) -> String {
    let (state, took) = match (&record.summary, record.status) {
        (Some(summary), _) => {
            let count = |status| summary.units.iter().filter(|unit| unit.status == status).count();
            let words = [
                UnitStatus::Ok,
                UnitStatus::Failed,
                UnitStatus::Cancelled,
                UnitStatus::Skipped,
            ]
            .into_iter()
            .filter(|status| count(*status) > 0)
            .map(|status| format!("{} {status}", count(status)));
            let words = words.collect::<Vec<_>>().join(", ");
            let all_well = summary.units.iter().all(|unit| unit.status == UnitStatus::Ok) && !summary.cleanup_failed;
            let words = if summary.cleanup_failed {
                format!("{words}, clean-up failed")
            } else {
                words
            };
            (
                if all_well { style.green(words) } else { style.red(words) },
                duration(summary.seconds),
            )
        }
        (None, RunStatus::Running) => (style.cyan("running"), String::new()),
        (None, _) => (style.yellow("lost, `cleanup` removes what it left"), String::new()),
    };
    let units = style.dim(record.units.join(", "));
    format!(
        "{}  {}  {took:>6}  {state}  {units}",
        style.bold(&record.run),
        record.started
    )
}
