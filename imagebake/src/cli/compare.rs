//! `plan --save`, `plan --against` and `show --against`: writing plans down, and telling what differs.
//!
//! JSON of `plan --against`: `{"version":1,"different":true,"units":[…],"compared":{"units":2,"steps":5}}`; a unit, a step and a setting
//! as [`crate::plan::compare`] documents them. JSON of `show RUN --against OLD`: `{"version":1,"different":true,"old":RUN,"new":RUN,
//! "inputs":[{what, name, old, new}],"plan":{units, compared}}`, `plan` being `null` where a record is without one.

use super::{
    Cli,
    args::{Format, PlanArgs, PlanForm, ShowArgs},
    diagnostics::plural,
    failure::Stop,
};
use crate::{
    error::{Error, ErrorKind},
    io::write_atomically,
    plan::{
        self, Plan, SavedPlan,
        compare::{Change, Comparison, Part, SettingDifference, StepDifference, UnitDifference, compare},
    },
    reporter::{Style, printable},
    runs::{self, RunRecord, compare::RunComparison},
};
use serde::Serialize;
use serde_json::{Value as Json, json};
use std::{collections::BTreeSet, fmt::Write, fs, path::Path};

/// The exit code where there are differences: nothing went wrong, and a script can tell.
const DIFFERENT: u8 = 4;

/// What `--save` and `--against` do with a plan. Whether it is still to be printed is the caller's: `None` says that it is.
pub(super) fn with_plan(cli: &Cli, args: &PlanArgs, plan: &Plan) -> Result<Option<u8>, Stop> {
    if args.save.is_none() && args.against.is_none() {
        return Ok(None);
    }
    if args.against.is_some() && args.format == PlanForm::Packer {
        return Err(Stop::told(
            2,
            "--against tells differences in imagebake's own words, not in Packer's",
            "leave --format out, or say --output json",
        ));
    }
    // What cannot be built is no state to compare with later, and half of its units may be missing.
    if plan.problems.has_errors() {
        cli.tell_problems(&plan.problems);
        return Err(Stop::problems_told(plan.problems.clone()));
    }
    let present = plan::json::plan(plan, true);
    // Before it is written: both may name the same file.
    let compared = match &args.against {
        Some(path) => {
            let old = selected(read(path)?, args, plan, path)?;
            let new = SavedPlan::from_json("the plan", present.clone()).map_err(Stop::from)?;
            Some(compare(&old, &new))
        }
        None => None,
    };
    if let Some(path) = &args.save {
        save(path, &present)?;
    }
    let Some(found) = compared else { return Ok(None) };
    match args.format() {
        Format::Json => cli.print_json(&document(!found.is_empty(), &found))?,
        Format::Text => cli.print(&text(&found, cli.style)),
    }
    cli.tell_problems(&plan.problems);
    Ok(Some(code(found.is_empty())))
}

/// `show RUN --against OLD`.
pub(super) fn runs(cli: &Cli, args: &ShowArgs, new: &RunRecord, against: &str) -> Result<u8, Stop> {
    let old = runs::find(&cli.project, against).map_err(Stop::named)?;
    let found = runs::compare::compare(&old, new).map_err(Stop::usage)?;
    match args.output {
        Format::Json => {
            let mut document = document(!found.is_empty(), &found);
            document["old"] = old.run.as_str().into();
            document["new"] = new.run.as_str().into();
            cli.print_json(&document)?;
        }
        Format::Text => cli.print(&runs_text(&found, cli.style)),
    }
    Ok(code(found.is_empty()))
}

fn code(is_equal: bool) -> u8 {
    if is_equal { 0 } else { DIFFERENT }
}

fn document(different: bool, found: &impl Serialize) -> Json {
    let mut document = json!(found);
    document["version"] = 1.into();
    document["different"] = different.into();
    document
}

fn read(path: &Path) -> Result<SavedPlan, Stop> {
    let help = "name a file that `plan --save FILE` wrote";
    let text = fs::read(path).map_err(|error| {
        let error = match error.kind() {
            std::io::ErrorKind::IsADirectory => Error::new(
                ErrorKind::Config,
                format!("{} is a folder, not a saved plan", path.display()),
            ),
            _ => Error::io("read the plan", path, error),
        };
        Stop::usage(error.hint(help))
    })?;
    SavedPlan::read(&path.display().to_string(), &text).map_err(Stop::usage)
}

/// What of the saved plan the command is about.
fn selected(mut saved: SavedPlan, args: &PlanArgs, plan: &Plan, path: &Path) -> Result<SavedPlan, Stop> {
    let images = |names: BTreeSet<&str>| names.into_iter().collect::<Vec<_>>().join(", ");
    let now: BTreeSet<&str> = plan.units.iter().map(|unit| unit.image()).collect();
    let then: BTreeSet<&str> = saved.units.iter().map(|unit| unit.image.as_str()).collect();
    // Everything added and everything removed would be true, and surely not what was asked.
    if now.is_disjoint(&then) {
        let holds = if then.is_empty() {
            "no image".to_owned()
        } else {
            images(then)
        };
        return Err(Stop::told(
            2,
            format!("{} is a plan of {holds}, not of {}", path.display(), images(now)),
            "select the images that it is of, or write it anew with `plan --save FILE`",
        ));
    }
    let (selection, all) = (args.chosen.selection(), saved.units.len());
    saved
        .units
        .retain(|unit| selection.admits(&unit.image, &unit.kind, &unit.source));
    let real = |path: &Path| path.canonicalize().ok();
    let overwritten = args.save.as_deref().is_some_and(|save| real(save) == real(path));
    if overwritten && saved.units.len() < all {
        let left_out = plural(all - saved.units.len(), "unit");
        return Err(Stop::told(
            2,
            format!(
                "saving over {} would lose {left_out} that the selection leaves out",
                path.display()
            ),
            "select all that it holds, or save to another file",
        ));
    }
    Ok(saved)
}

fn save(path: &Path, plan: &Json) -> Result<(), Stop> {
    if path.is_dir() {
        let message = format!("cannot save the plan as {}: it is a folder", path.display());
        return Err(Stop::told(2, message, "name a file in it: --save DIR/plan.json"));
    }
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty() && !folder.is_dir())
    {
        let message = format!(
            "cannot save the plan as {}: there is no folder {}",
            path.display(),
            folder.display()
        );
        return Err(Stop::told(2, message, "make the folder, or name another one"));
    }
    // One setting on a line: it is kept in repositories and reviewed there.
    let text = serde_json::to_string_pretty(plan)
        .map_err(|error| Error::new(ErrorKind::Internal, "cannot write the plan as JSON").because(error))?;
    write_atomically(path, format!("{text}\n").as_bytes())
        .map_err(Error::from)
        .map_err(|error| Stop::named(error.hint("name a file in a folder that can be written")))
}

fn text(found: &Comparison, style: Style) -> String {
    let mut out = String::new();
    found.units.iter().for_each(|unit| self::unit(&mut out, unit, style));
    let compared = format!(
        "{}, {}",
        plural(found.compared.units, "unit"),
        plural(found.compared.steps, "step")
    );
    if found.is_empty() {
        let _ = writeln!(out, "no differences in {compared}");
        return out;
    }
    let count = |change| found.units.iter().filter(|unit| unit.change == change).count();
    let counts = [
        (count(Change::Changed), "changed"),
        (count(Change::Added), "added"),
        (count(Change::Removed), "removed"),
    ];
    let words = counts.iter().filter(|(count, _)| *count > 0);
    let words: Vec<_> = words.map(|(count, word)| format!("{count} {word}")).collect();
    let words = style.bold(format!("units: {}", words.join(", ")));
    let _ = writeln!(out, "{words}; compared {compared}");
    out
}

fn unit(out: &mut String, unit: &UnitDifference, style: Style) {
    let _ = writeln!(
        out,
        "{} {}{}",
        sign(unit.change, style),
        style.bold(safe(&unit.name)),
        note(unit.change, &unit.place.to_string(), style)
    );
    unit.settings
        .iter()
        .for_each(|found| setting(out, "    ", found, style));
    unit.steps.iter().for_each(|found| step(out, found, style));
}

fn step(out: &mut String, step: &StepDifference, style: Style) {
    let part = match step.part {
        Part::Step => "step",
        Part::ErrorCleanup => "on failure",
        Part::Post => "post",
    };
    let number = |number: Option<usize>| number.unwrap_or_default();
    let (old, new) = (number(step.old_number), number(step.new_number));
    let mut title = match step.change {
        Change::Removed => format!("{part} {old}"),
        _ => format!("{part} {new}"),
    };
    let _ = write!(title, " {}", safe(&step.name));
    if step.name != step.kind {
        let _ = write!(title, " ({})", safe(&step.kind));
    }
    if step.moved && old == new {
        // Those around it have changed places.
        title.push_str(", moved past others");
    } else if step.moved {
        let _ = write!(title, ", moved from {old} to {new}");
    }
    let note = note(step.change, &step.place.to_string(), style);
    let _ = writeln!(out, "  {} {title}{note}", sign(step.change, style));
    step.settings
        .iter()
        .for_each(|found| setting(out, "      ", found, style));
}

/// `version: "1" → "2"  src/main.rs:12`; of named values only those that differ, of long lists only the part that does.
fn setting(out: &mut String, indent: &str, found: &SettingDifference, style: Style) {
    let name = style.dim(safe(&found.name));
    let place = style.dim(format!("  {}", safe(&found.place.to_string())));
    let changed_default = found.old_is_default && found.new_is_default;
    let note = if changed_default {
        " (the default has changed)"
    } else {
        ""
    };
    match (&found.old, &found.new) {
        (Json::Object(old), Json::Object(new)) if !old.is_empty() && !new.is_empty() => {
            let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
            for key in names.into_iter().filter(|key| old.get(*key) != new.get(*key)) {
                let value = |values: &serde_json::Map<String, Json>| shown(values.get(key).unwrap_or(&Json::Null));
                let key = style.dim(format!(".{}", safe(key)));
                let _ = writeln!(out, "{indent}{name}{key}: {} → {}{note}{place}", value(old), value(new));
            }
        }
        (Json::Array(old), Json::Array(new)) if old.len().max(new.len()) > SHORT_LIST => {
            let _ = writeln!(out, "{indent}{name}:{note}{place}");
            let (gone, come) = middles(old, new);
            let mut row = |sign: String, item: &Json| {
                let _ = writeln!(out, "{indent}  {sign} {}", shown(item));
            };
            gone.iter().for_each(|item| row(style.red("-"), item));
            come.iter().for_each(|item| row(style.green("+"), item));
        }
        (old, new) => {
            let default = |is_default: bool, value: &Json| {
                let told = is_default && !changed_default && !value.is_null();
                format!("{}{}", shown(value), if told { " (default)" } else { "" })
            };
            let (old, new) = (default(found.old_is_default, old), default(found.new_is_default, new));
            let _ = writeln!(out, "{indent}{name}: {old} → {new}{note}{place}");
        }
    }
}

/// Lists with more entries are not told whole.
const SHORT_LIST: usize = 3;

/// What is left of two lists without their common beginning and end.
fn middles<'a>(old: &'a [Json], new: &'a [Json]) -> (&'a [Json], &'a [Json]) {
    let start = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let (old, new) = (&old[start..], &new[start..]);
    let end = old
        .iter()
        .rev()
        .zip(new.iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    (&old[..old.len() - end], &new[..new.len() - end])
}

fn sign(change: Change, style: Style) -> String {
    match change {
        Change::Added => style.green("+"),
        Change::Removed => style.red("-"),
        Change::Changed => style.yellow("~"),
        Change::Moved => style.cyan(">"),
    }
}

/// The line behind it; of what is gone, the line where it was.
fn note(change: Change, place: &str, style: Style) -> String {
    let was = if change == Change::Removed { "was " } else { "" };
    style.dim(format!("  {was}{}", safe(place)))
}

/// A value as the tree of a plan shows it.
fn shown(value: &Json) -> String {
    let text = match value {
        Json::Null => "(not set)".to_owned(),
        Json::Array(items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(", ")),
        Json::Object(items) => {
            let item = |(name, value): (&String, &Json)| format!("{name}: {}", shown(value));
            format!("{{{}}}", items.iter().map(item).collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    };
    safe(&text)
}

/// Files and records may come from anywhere: what they hold must not drive the terminal.
fn safe(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(|line| printable(line, Style::default())).collect();
    lines.join(" ")
}

fn runs_text(found: &RunComparison, style: Style) -> String {
    let mut out = String::new();
    for input in &found.inputs {
        let shown = |value: &Option<String>| value.as_deref().map_or("(none)".to_owned(), safe);
        let name = input
            .name
            .as_deref()
            .map(|name| format!(" {}", safe(name)))
            .unwrap_or_default();
        let change = match (&input.old, &input.new) {
            (None, _) => Change::Added,
            (_, None) => Change::Removed,
            _ => Change::Changed,
        };
        let (old, new) = (shown(&input.old), shown(&input.new));
        let _ = writeln!(out, "{} {}{name}: {old} → {new}", sign(change, style), input.what);
    }
    match &found.plan {
        Some(plan) if plan.is_empty() && !found.inputs.is_empty() => out.push_str("the plans have no differences\n"),
        Some(plan) => out.push_str(&text(plan, style)),
        None => {
            if found.inputs.is_empty() {
                out.push_str("no differences in commit, variables and files read\n");
            }
            out.push_str("the plans were not compared: an earlier imagebake did not record them\n");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::Place;

    fn told(old: Json, new: Json, old_is_default: bool) -> String {
        let plan = |value: &Json, is_default: bool| {
            let place = if is_default {
                Json::Null
            } else {
                json!(Place::in_file("src/main.rs", 9, 1))
            };
            let setting = json!({"name": "inline", "value": value, "place": place});
            let unit = json!({
                "name": "web.oci", "image": "web", "source": "oci", "kind": "oci", "settings": [setting], "steps": [],
                "error_cleanup": [], "chains": [], "place": Place::in_file("src/main.rs", 8, 1),
            });
            SavedPlan::from_json("p", json!({"version": 1, "all": true, "units": [unit]})).expect("a plan")
        };
        let found = compare(&plan(&old, old_is_default), &plan(&new, false));
        let text = text(&found, Style::default());
        let lines = text.lines().filter(|line| line.starts_with("    "));
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn of_long_lists_and_named_values_only_what_differs_is_told() {
        let list = told(json!(["a", "b", "c", "d"]), json!(["a", "x", "y", "c", "d"]), false);
        assert_eq!(
            list,
            "    inline:  src/main.rs:9\n      - \"b\"\n      + \"x\"\n      + \"y\""
        );
        let named = told(json!({"A": 1, "B": 2}), json!({"A": 1, "C": [true]}), false);
        let rows = "    inline.B: 2 → (not set)  src/main.rs:9\n    inline.C: (not set) → [true]  src/main.rs:9";
        assert_eq!(named, rows);
        assert_eq!(middles(&[1.into(), 1.into()], &[1.into()]), (&[1.into()][..], &[][..]));
    }

    #[test]
    fn an_old_default_is_told_as_one() {
        assert_eq!(
            told(json!(22), json!(2222), true),
            "    inline: 22 (default) → 2222  src/main.rs:9"
        );
    }
}
