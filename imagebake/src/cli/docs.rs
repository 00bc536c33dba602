//! `docs`: one Markdown page per image, for whoever wants to know what an image is made of without reading Rust.
//!
//! JSON: `{"folder":"/path","pages":["web.md",…],"removed":[…]}`. Pages begin with a mark; a page of that name without it is somebody's own and
//! is refused, and one with it whose image is gone is removed.

use super::{
    Cli,
    args::{DocsArgs, Format},
    failure::Stop,
    panics,
};
use crate::{
    error::{Context, Error},
    field::{Field, Place},
    io::write_atomically,
    plan::{self, Described, ListedImage, PlannedUnit, Selection},
    reporter::{
        bytes, duration,
        markdown::{code, escaped},
    },
    runs::{self, RunRecord},
    variables::VariableMeta,
};
use serde_json::json;
use std::{fmt::Write, fs, path::Path};

/// What every page begins with.
const MARK: &str = "<!-- Written by the command `docs` from the description of the image: change that. -->";
/// The page that lists the others.
const INDEX: &str = "README.md";

pub(super) fn run(cli: &Cli, args: &DocsArgs) -> Result<u8, Stop> {
    let mut problems = plan::Diagnostics::new();
    let chosen: Vec<_> = Selection::of(args.images.clone())
        .images(&cli.entries, &mut problems)
        .into_iter()
        .cloned()
        .collect();
    if problems.has_errors() {
        cli.tell_problems(&problems);
        return Err(Stop::problems_told(problems));
    }
    let images = panics::quietly(|| plan::list(&cli.project, &chosen, &cli.inputs));
    let records = runs::list(&cli.project)?;
    let mut pages: Vec<(String, String)> = images
        .iter()
        .map(|image| {
            (
                format!("{}.md", image.entry.name),
                page(image, last_run(&records, &image.entry.name)),
            )
        })
        .collect();
    // A page about some images must not make the index forget the others.
    let all = args.images.is_empty();
    if all {
        pages.push((INDEX.to_owned(), index(&images)));
    }
    let folder = cli.project.current_dir.join(&args.dir);
    for (name, _) in &pages {
        refuse_foreign(&folder.join(name))?;
    }
    fs::create_dir_all(&folder).path("make the folder", &folder)?;
    for (name, text) in &pages {
        let text = cli.inputs.redactor().redact_str(text);
        write_atomically(&folder.join(name), text.as_bytes()).map_err(Error::from)?;
    }
    let names: Vec<&str> = pages.iter().map(|(name, _)| name.as_str()).collect();
    let removed = if all {
        remove_stale(&folder, &names)?
    } else {
        Vec::new()
    };
    match args.output {
        Format::Json => cli.print_json(&json!({"folder": folder, "pages": names, "removed": removed}))?,
        Format::Text => {
            let shown = args.dir.display();
            let mut out: String = names.iter().map(|name| format!("wrote {shown}/{name}\n")).collect();
            removed
                .iter()
                .for_each(|name| out.push_str(&format!("removed {shown}/{name}\n")));
            cli.print(&out);
        }
    }
    Ok(0)
}

fn is_ours(path: &Path) -> bool {
    fs::read_to_string(path).is_ok_and(|text| text.starts_with(MARK))
}

fn refuse_foreign(path: &Path) -> Result<(), Stop> {
    match path.exists() && !is_ours(path) {
        true => Err(Stop::told(
            2,
            format!("{} was not written by `docs`, and stays as it is", path.display()),
            "move it away, or choose another folder with --dir",
        )),
        false => Ok(()),
    }
}

/// Removes pages of images that are gone.
fn remove_stale(folder: &Path, kept: &[&str]) -> Result<Vec<String>, Stop> {
    let mut removed = Vec::new();
    for entry in fs::read_dir(folder).path("read the folder", folder)? {
        let entry = entry.path("read the folder", folder)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.ends_with(".md") && !kept.contains(&name.as_str()) && is_ours(&entry.path()) {
            fs::remove_file(entry.path()).path("remove", entry.path())?;
            removed.push(name);
        }
    }
    removed.sort();
    Ok(removed)
}

fn last_run<'a>(records: &'a [RunRecord], image: &str) -> Option<&'a RunRecord> {
    records.iter().find(|record| {
        let units = record.summary.iter().flat_map(|summary| &summary.units);
        units.into_iter().any(|unit| unit.image == image)
    })
}

fn index(images: &[ListedImage]) -> String {
    let mut out = format!("{MARK}\n\n# Images\n\n| image | what it is for | built on |\n|---|---|---|\n");
    for image in images {
        let name = &image.entry.name;
        let sources: Vec<String> = image.units.iter().map(|unit| code(&unit.source_name())).collect();
        let first = image.description.lines().next().unwrap_or_default();
        let _ = writeln!(
            out,
            "| [{}]({name}.md) | {} | {} |",
            escaped(name),
            escaped(first),
            sources.join(", ")
        );
    }
    out
}

fn page(image: &ListedImage, last: Option<&RunRecord>) -> String {
    let entry = &image.entry;
    let mut out = format!("{MARK}\n\n# {}\n\n", escaped(&entry.name));
    if !image.description.is_empty() {
        // The comment is the user's own Markdown.
        let lines = image
            .description
            .lines()
            .map(str::trim_end)
            .map(|line| line.strip_prefix(' ').unwrap_or(line));
        let _ = writeln!(out, "{}\n", lines.collect::<Vec<_>>().join("\n"));
    }
    let _ = writeln!(out, "Described in {}.", code(&entry.place().to_string()));
    inputs(&mut out, (entry.variables)(), entry.values_file);
    for unit in &image.units {
        self::unit(&mut out, unit);
    }
    if let Some(problem) = image.problems.iter().next() {
        let _ = writeln!(
            out,
            "\n## What it is made of\n\nCould not be told when this was written: {}.",
            escaped(&problem.message)
        );
    }
    let _ = writeln!(out, "\n## Last run\n");
    match last {
        Some(record) => run_of(&mut out, record, &entry.name),
        None => out.push_str("It has not been built here yet.\n"),
    }
    out
}

fn inputs(out: &mut String, variables: &[VariableMeta], values_file: Option<&str>) {
    out.push_str("\n## Inputs\n\n");
    if variables.is_empty() {
        out.push_str("It takes none.\n");
        return;
    }
    out.push_str("| input | what for | type | default |\n|---|---|---|---|\n");
    for variable in variables {
        let default = match (variable.default_shown(), variable.secret, variable.optional) {
            (Some(default), ..) => cell_code(default),
            (None, true, _) if variable.default.is_some() => "*a secret*".to_owned(),
            (None, _, true) => "none needed".to_owned(),
            (None, ..) => "**must be given**".to_owned(),
        };
        let _ = writeln!(
            out,
            "| {} | {} | {} | {default} |",
            cell_code(variable.name),
            escaped(variable.help.trim()),
            escaped(&variable.ty.words()),
        );
    }
    match values_file {
        Some(file) => {
            let _ = writeln!(out, "\nThey are kept in {}; `--var NAME=VALUE` goes first.", code(file));
        }
        None => out.push_str("\nThey are given by `--var NAME=VALUE` or in a file by `--values FILE`.\n"),
    }
}

fn unit(out: &mut String, unit: &PlannedUnit) {
    let _ = writeln!(
        out,
        "\n## {}\n\nBuilt on {}, {}:\n",
        escaped(&unit.name()),
        code(unit.kind()),
        place(&unit.place())
    );
    settings(out, "", &unit.fields());
    numbered(out, "Steps", &unit.steps());
    numbered(out, "When a step fails", &unit.error_cleanup());
    let chains = unit.chains();
    if !chains.is_empty() {
        out.push_str("\n### Outputs\n\n");
    }
    for chain in &chains {
        for (i, link) in chain.iter().enumerate() {
            let then = if i == 0 { "" } else { "then " };
            let _ = writeln!(out, "- {then}**{}**, {}", escaped(&link.name), place(&link.place));
            settings(out, "  ", &link.fields);
        }
    }
}

fn numbered(out: &mut String, title: &str, steps: &[Described]) {
    if steps.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n### {title}\n");
    for (i, step) in steps.iter().enumerate() {
        let kind = if step.name == step.kind {
            String::new()
        } else {
            format!(" ({})", step.kind)
        };
        let _ = writeln!(
            out,
            "{}. **{}**{kind}, {}",
            i + 1,
            escaped(&step.name),
            place(&step.place)
        );
        settings(out, "   ", &step.fields);
        for (name, value) in &step.options {
            let _ = writeln!(out, "   - {name}: {}", code(&value.to_string()));
        }
    }
}

/// The settings that were set.
fn settings(out: &mut String, indent: &str, fields: &[Field]) {
    for field in fields.iter().filter(|field| field.is_set()) {
        let _ = writeln!(out, "{indent}- {}: {}", field.meta.name, code(&field.value.to_string()));
    }
}

fn place(place: &Place) -> String {
    code(&place.to_string())
}

/// Code in a cell of a table, where a bar would end it.
fn cell_code(text: &str) -> String {
    code(text).replace('|', "\\|")
}

fn run_of(out: &mut String, record: &RunRecord, image: &str) {
    let commit = record.origin.as_ref().and_then(|origin| origin.commit.as_deref());
    let commit = commit
        .map(|commit| format!(", commit {}", code(commit)))
        .unwrap_or_default();
    let _ = writeln!(out, "{} at {}{commit}\n", code(&record.run), escaped(&record.started));
    let units = record.summary.iter().flat_map(|summary| &summary.units);
    for unit in units.filter(|unit| unit.image == image) {
        let _ = writeln!(
            out,
            "- **{}**: {} after {}",
            escaped(&unit.name()),
            unit.status,
            duration(unit.seconds)
        );
        for artifact in &unit.artifacts {
            if artifact.files.is_empty() {
                let _ = writeln!(out, "  - {} {}", escaped(&artifact.kind), code(&artifact.id));
            }
            for file in &artifact.files {
                let _ = writeln!(
                    out,
                    "  - {}, {}",
                    code(&file.path.display().to_string()),
                    bytes(file.size)
                );
            }
        }
        if let Some(error) = unit.error.as_ref().filter(|error| !error.message.is_empty()) {
            let _ = writeln!(out, "  - {}", escaped(&error.message));
        }
    }
}
