//! `plan`: what would be built, with the line of Rust behind each part. Offline, nothing is touched.
//!
//! JSON: see [`crate::plan::json`]; `--format packer`: see [`crate::plan::packer`]; `--against`: see `compare.rs`.

use super::{
    Cli,
    args::{Chosen, Format, PlanArgs, PlanForm},
    compare,
    failure::Stop,
    panics,
};
use crate::{
    field::{Field, Place},
    plan::{self, Described, Diagnostics, Plan, PlannedUnit},
    reporter::{Style, printable},
};
use std::fmt::Write;

pub(super) fn run(cli: &Cli, args: &PlanArgs) -> Result<u8, Stop> {
    if args.reveal && args.format != PlanForm::Packer {
        return Err(Stop::told(
            2,
            "only --format packer shows the values of secrets",
            "add --format packer",
        ));
    }
    let plan = make(cli, &args.chosen);
    if let Some(code) = compare::with_plan(cli, args, &plan)? {
        return Ok(code);
    }
    match (args.format, args.output.format()) {
        (PlanForm::Packer, _) => cli.print_json(&plan::packer::plan(&plan, args.reveal))?,
        (PlanForm::Json, _) | (PlanForm::Tree, Format::Json) => cli.print_json(&plan::json::plan(&plan, args.all))?,
        (PlanForm::Tree, Format::Text) => cli.print(&tree(&plan, args.all, cli.style)),
    }
    cli.tell_problems(&plan.problems);
    Ok(code(&plan.problems))
}

/// Plans what was chosen. A panic of an image function is a problem of that image, with the line where it happened.
pub(super) fn make(cli: &Cli, chosen: &Chosen) -> Plan {
    let (mut plan, panics) =
        panics::quietly(|| plan::plan(&cli.project, &cli.entries, &cli.inputs, &chosen.selection()));
    place_panics(&mut plan.problems, panics);
    plan
}

/// Panics come in the order of their problems.
fn place_panics(problems: &mut Diagnostics, panics: Vec<Place>) {
    let mut places = panics.into_iter();
    for problem in problems.iter_mut().filter(|problem| problem.code == "image-panic") {
        problem.places.splice(0..0, places.next());
    }
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
        }
        self::unit(&mut out, unit, all, style);
    }
    out
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
