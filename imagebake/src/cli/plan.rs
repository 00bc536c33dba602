//! `plan`: what would be built, with the line of Rust behind each part. Offline, nothing is touched.
//!
//! JSON: see [`crate::plan::json`]; `--format packer`: see [`crate::plan::packer`]; `--against`: see `compare.rs`.

use super::{
    Cli,
    args::{Chosen, Format, LookingArgs, PlanArgs, PlanForm},
    compare,
    failure::Stop,
    panics,
};
use crate::{
    data::{LookedUp, Lookups, Origin},
    field::{Field, Place},
    plan::{self, Described, Diagnostics, Plan, PlannedUnit},
    reporter::{Style, printable},
};
use std::{fmt::Write, sync::Arc};

pub(super) fn run(cli: &Cli, args: &PlanArgs) -> Result<u8, Stop> {
    if args.reveal && args.format != PlanForm::Packer {
        return Err(Stop::told(
            2,
            "only --format packer shows the values of secrets",
            "add --format packer",
        ));
    }
    // Packer asks no data source where it does not build: neither does a plan that is compared with its own.
    let lookups = Arc::new(allowed(cli, &args.looking).silent(args.format == PlanForm::Packer));
    let plan = make_with(cli, &args.chosen, &lookups);
    if let Some(code) = compare::with_plan(cli, args, &plan)? {
        return Ok(code);
    }
    match (args.format, args.output.format()) {
        // What was asked for is not hidden.
        (PlanForm::Packer, _) if args.reveal => super::print_json(&plan::packer::plan(&plan, true))?,
        (PlanForm::Packer, _) => cli.print_json(&plan::packer::plan(&plan, false))?,
        (PlanForm::Json, _) | (PlanForm::Tree, Format::Json) => {
            cli.print_json(&plan::json::written(&plan, args.all))?
        }
        (PlanForm::Tree, Format::Text) => cli.print(&tree(&plan, args.all, cli.style)),
    }
    cli.tell_problems(&plan.problems);
    Ok(code(&plan.problems))
}

/// Plans what was chosen, and comes back with the look-ups of that.
pub(super) fn make(cli: &Cli, chosen: &Chosen, looking: &LookingArgs) -> (Plan, Arc<Lookups>) {
    let lookups = lookups(cli, looking);
    (make_with(cli, chosen, &lookups), lookups)
}

/// The look-ups that the user allows.
pub(super) fn lookups(cli: &Cli, looking: &LookingArgs) -> Arc<Lookups> {
    Arc::new(allowed(cli, looking))
}

fn allowed(cli: &Cli, looking: &LookingArgs) -> Lookups {
    let lookups = Lookups::new(&cli.project);
    lookups.offline(looking.offline).locked(looking.locked)
}

/// Plans what was chosen with these look-ups.
pub(super) fn make_with(cli: &Cli, chosen: &Chosen, lookups: &Arc<Lookups>) -> Plan {
    let selection = chosen.selection();
    panics::quietly(|| plan::plan_with(&cli.project, &cli.entries, &cli.inputs, &selection, lookups))
}

/// What the problems of a description make of the exit code.
pub(super) fn code(problems: &Diagnostics) -> u8 {
    if problems.has_errors() { 2 } else { 0 }
}

fn tree(plan: &Plan, all: bool, style: Style) -> String {
    let mut out = String::new();
    let mut image = None;
    for unit in &plan.units {
        if image != Some(unit.image()) {
            let gap = if image.is_some() { "\n" } else { "" };
            let _ = writeln!(
                out,
                "{gap}{}  {}",
                style.bold(unit.image()),
                style.dim(unit.image_place())
            );
            image = Some(unit.image());
            let data = plan.data.iter().filter(|found| found.image == unit.image());
            data.for_each(|found| looked_up(&mut out, found, style));
        }
        self::unit(&mut out, unit, all, style);
    }
    out
}

/// `looked up registry debian:12: sha256:…  pinned  src/main.rs:12`.
pub(super) fn looked_up(out: &mut String, found: &LookedUp, style: Style) {
    let one_line = |text: &str| printable(&text.lines().collect::<Vec<_>>().join(" ⏎ "), Style::default()).to_string();
    let name = format!("{} {}", found.kind, one_line(&found.question));
    let note = match found.from {
        Origin::Pinned => format!("  pinned  {}", found.place),
        Origin::Local | Origin::Asked | Origin::Unknown => format!("  {}", found.place),
    };
    let _ = writeln!(
        out,
        "  looked up {}: {}{}",
        name.trim_end(),
        one_line(&found.answer),
        style.dim(note)
    );
}

fn unit(out: &mut String, unit: &PlannedUnit, all: bool, style: Style) {
    heading(out, "  ", &style.cyan(unit.name()), &unit.place(), style);
    settings(out, "      ", &unit.fields(), &unit.place(), all, style);
    let steps = unit.steps();
    for (i, step) in steps.iter().enumerate() {
        described(
            out,
            &format!("step {} of {} {}", i + 1, steps.len(), title(step)),
            step,
            all,
            style,
        );
    }
    for step in unit.error_cleanup() {
        described(out, &format!("on failure {}", title(&step)), &step, all, style);
    }
    for chain in unit.chains() {
        for (i, link) in chain.iter().enumerate() {
            let word = if i == 0 { "post" } else { "then" };
            described(out, &format!("{word} {}", title(link)), link, all, style);
        }
    }
}

/// `shell`, or `install (shell)` for one with a name of its own.
fn title(step: &Described) -> String {
    if step.name == step.kind {
        step.name.clone()
    } else {
        format!("{} ({})", step.name, step.kind)
    }
}

fn described(out: &mut String, title: &str, step: &Described, all: bool, style: Style) {
    heading(out, "    ", title, &step.place, style);
    settings(out, "      ", &step.fields, &step.place, all, style);
    for (name, value) in &step.options {
        let _ = writeln!(
            out,
            "      {}: {}",
            style.dim(name),
            printable(&value.to_string(), Style::default())
        );
    }
}

fn heading(out: &mut String, indent: &str, title: &str, place: &Place, style: Style) {
    let _ = writeln!(out, "{indent}{title}  {}", style.dim(place));
}

/// The settings that were set, with their lines where these are not their owner's; defaults where `all` are asked for.
fn settings(out: &mut String, indent: &str, fields: &[Field], owner: &Place, all: bool, style: Style) {
    for field in fields.iter().filter(|field| all || field.is_set()) {
        let value = field.value.to_string();
        let value = printable(&value, Style::default());
        let note = match &field.set_at {
            Some(place) if (&place.file, place.line) == (&owner.file, owner.line) => String::new(),
            Some(place) => style.dim(format_args!("  {place}")),
            None => style.dim("  (default)"),
        };
        let _ = writeln!(out, "{indent}{}: {value}{note}", style.dim(field.meta.name));
    }
}
