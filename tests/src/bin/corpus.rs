//! Imports many templates and compares what the compiled Rust plans with recorded plans.
//!
//! `corpus DIR --plans DIR [--evaluated] [--reference DIR] [--filter TEXT] [--report json] [--differences N] [--package DIR]`, or
//! `corpus DIR --mutate SECONDS [--seed N]` to look for panics, or `corpus --expressions N [--seed N]` to compile and compare random expressions. With `--evaluated` nothing is translated: it measures reading and
//! evaluation. `DIR/INDEX.json` lists the templates, `PLANS/INDEX.json` the plans.
#![expect(clippy::print_stdout, reason = "the report is what it is for")]

use anyhow::{Context as _, Result, bail};
use imagebake::import::{known::Known, schema::Catalog};
use imagebake_tests::{
    corpus::{self, evaluated, imported, properties},
    mutate,
    reference::Reference,
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

#[derive(Default)]
struct Arguments {
    corpus: PathBuf,
    plans: PathBuf,
    reference: Option<PathBuf>,
    /// Reading and evaluation alone.
    evaluated: bool,
    /// Where the modules are compiled.
    package: Option<PathBuf>,
    filter: Option<String>,
    json: bool,
    differences: usize,
    /// For so long templates are changed at random instead of compared.
    mutate: Option<Duration>,
    seed: u64,
    /// So many random expressions are compiled and compared instead.
    expressions: Option<usize>,
}

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("FAILED: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn arguments() -> Result<Arguments> {
    let mut given = Arguments {
        differences: 3,
        seed: 1,
        ..Arguments::default()
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().with_context(|| format!("{word} needs a value"));
        match word.as_str() {
            "--plans" => given.plans = value()?.into(),
            "--reference" => given.reference = Some(value()?.into()),
            "--evaluated" => given.evaluated = true,
            "--package" => given.package = Some(value()?.into()),
            "--filter" => given.filter = Some(value()?),
            "--report" => given.json = value()? == "json",
            "--differences" => given.differences = value()?.parse().context("--differences needs a number")?,
            "--mutate" => given.mutate = Some(Duration::from_secs(value()?.parse().context("--mutate needs seconds")?)),
            "--expressions" => {
                given.expressions = Some(value()?.parse().context("--expressions needs a number")?);
            }
            "--seed" => given.seed = value()?.parse().context("--seed needs a number")?,
            folder if !folder.starts_with('-') => given.corpus = folder.into(),
            other => bail!("unknown option {other}"),
        }
    }
    let is_compared = given.mutate.is_none() && given.expressions.is_none();
    if (given.corpus.as_os_str().is_empty() && given.expressions.is_none())
        || (given.plans.as_os_str().is_empty() && is_compared)
    {
        bail!(
            "write: corpus DIR --plans DIR [--evaluated] [--reference DIR] [--filter TEXT] [--report json] [--differences N]"
        );
    }
    Ok(given)
}

/// Whether nothing is wrong.
fn run() -> Result<bool> {
    let given = arguments()?;
    let catalog: Box<dyn Catalog> = match &given.reference {
        Some(folder) => Box::new(Reference::read(folder)?),
        None => Box::new(Known::new()),
    };
    if let Some(count) = given.expressions {
        return expressions(&given, count);
    }
    if let Some(time) = given.mutate {
        return mutated(&given, catalog.as_ref(), time);
    }
    let cases = corpus::cases(&given.corpus, &given.plans, given.filter.as_deref())?;
    let (good, json, table) = if given.evaluated {
        let report = evaluated::Report::of(&cases, catalog.as_ref());
        (
            report.is_good(),
            serde_json::to_string_pretty(&report)?,
            report.table(given.differences),
        )
    } else {
        let folder = match &given.package {
            Some(folder) => std::path::absolute(folder)?,
            None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/corpus-package"),
        };
        fs::create_dir_all(&folder)?;
        let report = imported::Report::of(&cases, catalog.as_ref(), &folder.canonicalize()?)?;
        (
            report.is_good(),
            serde_json::to_string_pretty(&report)?,
            report.table(given.differences),
        )
    };
    println!("{}", if given.json { json } else { table });
    Ok(good)
}

/// Whether all that was written compiles, and comes to what it is evaluated to.
fn expressions(given: &Arguments, count: usize) -> Result<bool> {
    let folder = match &given.package {
        Some(folder) => std::path::absolute(folder)?,
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/corpus-expressions"),
    };
    let found = properties::run(&folder, given.seed, count)?;
    println!(
        "seed {}: {count} expressions, {} became Rust, {} are wrong, in {}",
        given.seed,
        found.written,
        found.wrong.len(),
        folder.display()
    );
    for (why, count) in &found.refused {
        println!("  refused {count} times: {why}");
    }
    found.wrong.iter().for_each(|line| println!("  {line}"));
    // A run in which hardly anything could be written would show nothing.
    Ok(found.wrong.is_empty() && found.written * 2 > count)
}

/// Whether no change made the evaluation panic.
fn mutated(given: &Arguments, catalog: &dyn Catalog, time: Duration) -> Result<bool> {
    let mut templates = Vec::new();
    collect(&given.corpus, &mut templates)?;
    let folder = tempfile::tempdir()?.keep();
    println!("seed {}, templates in {}", given.seed, folder.display());
    let found = mutate::run(&templates, &folder, catalog, given.seed, time)?;
    println!(
        "{} changed templates, {} became Rust, {} panics, {} are no Rust",
        found.tried,
        found.imported,
        found.panics.len(),
        found.no_rust.len()
    );
    let kept: Vec<&PathBuf> = found.panics.iter().chain(&found.no_rust).collect();
    kept.iter().for_each(|path| println!("  {}", path.display()));
    if kept.is_empty() {
        fs::remove_dir_all(&folder)?;
    }
    // A run in which nothing could be imported would show nothing.
    Ok(kept.is_empty() && found.imported > 0)
}

fn collect(folder: &Path, templates: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            collect(&path, templates)?;
        } else if name.ends_with(".pkr.hcl") || (name.ends_with(".json") && name != "INDEX.json") {
            templates.push(path);
        }
    }
    templates.sort();
    Ok(())
}
