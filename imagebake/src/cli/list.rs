//! `list`: the images of the program, where they stand, what they are built on and which variables they take.
//!
//! JSON: `{"images":[{name, description, place, variables:[{name, type, help, default, optional, env, secret}], units:[{name, source, kind,
//! place}], problems}]}`.

use super::{
    Cli,
    args::{Format, ListArgs},
    failure::Stop,
    panics,
};
use crate::{
    plan::{self, ListedImage},
    reporter::Style,
    variables::VariableMeta,
};
use serde_json::json;
use std::fmt::Write;

pub(super) fn run(cli: &Cli, args: &ListArgs) -> Result<u8, Stop> {
    let images = panics::quietly(|| plan::list(&cli.project, &cli.entries, &cli.inputs));
    if args.output == Format::Json {
        cli.print_json(&json!({"images": images.iter().map(plan::json::listed).collect::<Vec<_>>()}))?;
        return Ok(0);
    }
    if images.is_empty() {
        return Err(Stop::told(
            2,
            "this program has no images",
            "write `#[image] fn web() -> Image`; images of another crate need `imagebake::main!(that_crate)`",
        ));
    }
    let shown: Vec<String> = images.iter().map(|image| listed(image, cli.style)).collect();
    cli.print(&shown.join("\n"));
    Ok(0)
}

fn listed(image: &ListedImage, style: Style) -> String {
    let mut out = format!(
        "{}  {}\n",
        style.bold(&image.entry.name),
        style.dim(image.entry.place())
    );
    if let Some(first) = image.description.lines().next().filter(|line| !line.is_empty()) {
        let _ = writeln!(out, "  {first}");
    }
    for unit in &image.units {
        let _ = writeln!(out, "  {}  {}", style.cyan(unit.name()), style.dim(unit.place()));
    }
    let variables: Vec<String> = (image.entry.variables)().iter().map(brief).collect();
    if !variables.is_empty() {
        let _ = writeln!(out, "  variables: {}", variables.join(", "));
    }
    if !image.problems.is_empty() {
        let first = image
            .problems
            .iter()
            .next()
            .map(|problem| problem.message.as_str())
            .unwrap_or_default();
        let more = match image.problems.len() {
            1 => String::new(),
            count => format!(" (and {} more; `plan {}` shows all)", count - 1, image.entry.name),
        };
        let _ = writeln!(
            out,
            "  {}: {}{more}",
            style.yellow("not described"),
            first.lines().next().unwrap_or_default()
        );
    }
    out
}

/// `version = 1.4.0`, `token (secret)`, `packages (required)`.
fn brief(variable: &VariableMeta) -> String {
    match (variable.default_shown(), variable.secret, variable.optional) {
        (Some(reference), true, _) => format!("{} (secret, {reference})", variable.name),
        (_, true, true) => format!("{} (secret)", variable.name),
        (_, true, false) => format!("{} (secret, required)", variable.name),
        (Some(default), ..) => format!("{} = {default}", variable.name),
        (None, _, true) => format!("{} (optional)", variable.name),
        (None, _, false) => format!("{} (required)", variable.name),
    }
}
