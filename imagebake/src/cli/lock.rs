//! `lock`: pins what images look up in `imagebake.lock`.
//!
//! What is pinned stays until `--update` asks anew; what nobody asks for stays until `--prune`, since other values may ask for it. Nothing is
//! written where something is wrong.
//!
//! JSON: `{"path", "added":[{name, answer}], "updated":[{name, answer, old}], "unchanged":N, "unused":[name], "pruned":bool}`.

use super::{
    Cli,
    args::{Chosen, Format, LockArgs},
    diagnostics::plural,
    failure::Stop,
    plan,
};
use crate::{
    data::{LockChange, LockFile, Lookups, Pinned, Update},
    reporter::{Style, printable},
};
use serde_json::json;
use std::{fmt::Write, sync::Arc};

pub(super) fn run(cli: &Cli, args: &LockArgs) -> Result<u8, Stop> {
    let update = match args.update.as_deref() {
        None => Update::Missing,
        Some([]) => Update::All,
        Some(names) => Update::Named(names.to_vec()),
    };
    let chosen = Chosen {
        images: args.images.clone(),
        only: Vec::new(),
        except: Vec::new(),
    };
    let lookups = Arc::new(Lookups::new(&cli.project).update(update));
    let plan = plan::make_with(cli, &chosen, &lookups);
    let mut problems = plan.problems;
    if let Err(broken) = lookups.lock()
        && problems.iter().all(|problem| problem.code != "lock-file")
    {
        problems.extend(broken.clone());
    }
    if !problems.has_errors() {
        let images: Vec<String> = cli.entries.iter().map(|entry| entry.name.to_string()).collect();
        problems.extend(lookups.unknown_names(&images));
    }
    cli.tell_problems(&problems);
    if problems.has_errors() {
        return Err(Stop::problems_told(problems));
    }
    let change = lookups.write(args.prune)?;
    if args.output == Format::Json {
        let mut shape = json!(change);
        shape["path"] = json!(lookups.lock_path());
        shape["pruned"] = args.prune.into();
        cli.print_json(&shape)?;
    } else if !cli.quiet {
        cli.print(&text(&change, args, cli.style));
    }
    Ok(0)
}

fn text(change: &LockChange, args: &LockArgs, style: Style) -> String {
    let mut out = String::new();
    for pinned in &change.added {
        let _ = writeln!(out, "{} {}", style.green("added"), line(pinned));
    }
    for pinned in &change.updated {
        let _ = writeln!(out, "{} {}", style.yellow("updated"), line(pinned));
    }
    if args.prune {
        for name in &change.unused {
            let _ = writeln!(out, "{} {}", style.red("removed"), printable(name, Style::default()));
        }
    }
    let count = change.added.len() + change.updated.len() + change.unchanged;
    let _ = match count {
        0 => writeln!(out, "the selected images look nothing up that could be pinned"),
        _ => writeln!(
            out,
            "{}: {}, {} unchanged",
            LockFile::NAME,
            plural(count, "look-up"),
            change.unchanged
        ),
    };
    // Part of the images says nothing about what the others ask for.
    if !args.prune && args.images.is_empty() && !change.unused.is_empty() {
        let names = change
            .unused
            .iter()
            .map(|name| format!("`{}`", printable(name, Style::default())));
        let names = names.collect::<Vec<_>>().join(", ");
        let _ = writeln!(
            out,
            "not asked for with these values: {names}; `lock --prune` removes what nobody needs"
        );
    }
    out
}

/// `registry debian:12: digest sha256:… → sha256:…`.
fn line(pinned: &Pinned) -> String {
    let plain = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let fields = pinned.answer.iter().filter_map(|(name, new)| {
        let old = pinned
            .old
            .as_ref()
            .map(|old| old.get(name).map(plain).unwrap_or_default());
        match old {
            Some(old) if old == plain(new) => None,
            Some(old) => Some(format!("{name} {old} → {}", plain(new))),
            None => Some(format!("{name} {}", plain(new))),
        }
    });
    let fields = fields.collect::<Vec<_>>().join(", ");
    let text = format!("{}: {fields}", pinned.name);
    printable(&text.lines().collect::<Vec<_>>().join(" ⏎ "), Style::default()).to_string()
}
