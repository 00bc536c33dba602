//! Reads and evaluates many templates and compares what they say with recorded plans.
//!
//! `corpus DIR --plans DIR [--reference DIR] [--filter TEXT] [--report json] [--differences N]`, or `corpus DIR --plans DIR --mutate SECONDS
//! [--seed N]` to look for panics. It measures reading and evaluation and
//! nothing beyond. `DIR/INDEX.json` lists the templates, `PLANS/INDEX.json` the plans.
#![expect(clippy::print_stdout, reason = "the report is what it is for")]

use anyhow::{Context as _, Result, bail};
use imagebake::import::{
    comparison::{compare, compare_values},
    context::Context,
    evaluate,
    input::Input,
    known::Known,
    schema::Catalog,
};
use imagebake_tests::{mutate, reference::Reference};
use serde::Serialize;
use serde_json::Value as Json;
use std::{
    collections::BTreeMap,
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

/// Plans that cannot be the same, and why.
const EXCUSED: [(&str, &str); 2] = [
    (
        "command/test-fixtures/hcl2_upgrade/complete-variables-with-template-engine",
        "`uuidv4` is another one each time",
    ),
    (
        "command/test-fixtures/hcl2_upgrade/complete-variables-with-template-engine/input.json",
        "`uuid` is another one each time",
    ),
];
/// How the peer says that it does not have a component.
const ABSENT: [&str; 5] = [
    "Unknown source type",
    "Unknown data type",
    "Unknown post-processor",
    "Unknown provisioner",
    "Failed to initialize build",
];

/// The moment at which the recorded plans were made.
const CLOCK: i64 = 1_767_225_600;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    /// Accepted by both, and the same.
    Equal,
    /// Accepted by both, and not the same.
    Different,
    /// Accepted by the peer alone.
    Refused,
    /// Accepted by neither.
    Both,
    /// Accepted by us alone.
    Silent,
    /// Accepted by us; the peer that made the records lacked a component.
    Absent,
    /// Not the same, for a reason that is no fault of ours.
    Excused,
    Panic,
}

#[derive(Serialize)]
struct Unit {
    repo: String,
    unit: String,
    var_file: Option<String>,
    parsed: bool,
    outcome: Outcome,
    /// Variables and locals of an accepted template that do not have the recorded values.
    values: Vec<String>,
    /// Differences, or the problems that were told.
    details: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    peer: Option<String>,
}

#[derive(Default, Serialize)]
struct Counts {
    plans: usize,
    eligible: usize,
    parsed: usize,
    equal: usize,
    different: usize,
    refused: usize,
    /// Refused by both.
    both: usize,
    /// Refused by the peer alone.
    silent: usize,
    /// A component was absent where the records were made.
    absent: usize,
    excused: usize,
    panics: usize,
}

#[derive(Default)]
struct Arguments {
    corpus: PathBuf,
    plans: PathBuf,
    reference: Option<PathBuf>,
    filter: Option<String>,
    json: bool,
    differences: usize,
    /// For so long templates are changed at random instead of compared.
    mutate: Option<Duration>,
    seed: u64,
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
            "--filter" => given.filter = Some(value()?),
            "--report" => given.json = value()? == "json",
            "--differences" => given.differences = value()?.parse().context("--differences needs a number")?,
            "--mutate" => given.mutate = Some(Duration::from_secs(value()?.parse().context("--mutate needs seconds")?)),
            "--seed" => given.seed = value()?.parse().context("--seed needs a number")?,
            folder if !folder.starts_with('-') => given.corpus = folder.into(),
            other => bail!("unknown option {other}"),
        }
    }
    if given.corpus.as_os_str().is_empty() || given.plans.as_os_str().is_empty() {
        bail!("write: corpus DIR --plans DIR [--reference DIR] [--filter TEXT] [--report json] [--differences N]");
    }
    Ok(given)
}

/// Whether nothing panicked and nothing is different or refused.
fn run() -> Result<bool> {
    let given = arguments()?;
    let catalog: Box<dyn Catalog> = match &given.reference {
        Some(folder) => Box::new(Reference::read(folder)?),
        None => Box::new(Known::new()),
    };
    if let Some(time) = given.mutate {
        return mutated(&given, catalog.as_ref(), time);
    }
    let index = read(&given.plans.join("INDEX.json"))?;
    let mut units = Vec::new();
    for entry in index.as_array().into_iter().flatten() {
        let name = format!("{} {}", text(entry, "repo"), text(entry, "unit"));
        if given.filter.as_ref().is_none_or(|filter| name.contains(filter)) {
            units.push(measure(&given, entry, catalog.as_ref())?);
        }
    }
    let mut total = Counts::default();
    let mut repositories: BTreeMap<String, Counts> = BTreeMap::new();
    for unit in &units {
        total.count(unit);
        repositories.entry(unit.repo.clone()).or_default().count(unit);
    }
    if given.json {
        let mut report = serde_json::to_value(&total)?;
        report["repositories"] = serde_json::to_value(&repositories)?;
        report["units"] = serde_json::to_value(&units)?;
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        table(&given, &units, &repositories, &total);
    }
    Ok(total.different + total.refused + total.panics == 0)
}

/// Whether no change made the evaluation panic.
fn mutated(given: &Arguments, catalog: &dyn Catalog, time: Duration) -> Result<bool> {
    let mut templates = Vec::new();
    collect(&given.corpus, &mut templates)?;
    let folder = tempfile::tempdir()?.keep();
    println!("seed {}, templates in {}", given.seed, folder.display());
    let found = mutate::run(&templates, &folder, catalog, given.seed, time)?;
    println!("{} changed templates, {} panics", found.tried, found.panics.len());
    found.panics.iter().for_each(|path| println!("  {}", path.display()));
    if found.panics.is_empty() {
        fs::remove_dir_all(&folder)?;
    }
    Ok(found.panics.is_empty())
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

fn table(given: &Arguments, units: &[Unit], repositories: &BTreeMap<String, Counts>, total: &Counts) {
    for unit in units
        .iter()
        .filter(|unit| !matches!(unit.outcome, Outcome::Equal | Outcome::Both | Outcome::Absent))
    {
        let values = unit
            .var_file
            .as_ref()
            .map(|file| format!(" ({file})"))
            .unwrap_or_default();
        println!("{:?}: {} {}{values}", unit.outcome, unit.repo, unit.unit);
        for detail in unit.peer.iter().chain(unit.details.iter().take(given.differences)) {
            println!("    {detail}");
        }
    }
    println!("reading and evaluation only:");
    println!(
        "{:48} {:>5} {:>8} {:>6} {:>5} {:>7} {:>9} {:>7} {:>5} {:>6} {:>6}",
        "", "plans", "eligible", "parsed", "equal", "excused", "different", "refused", "both", "absent", "silent"
    );
    for (name, counts) in repositories.iter().chain([(&"total".to_owned(), total)]) {
        println!(
            "{name:48} {:>5} {:>8} {:>6} {:>5} {:>7} {:>9} {:>7} {:>5} {:>6} {:>6}",
            counts.plans,
            counts.eligible,
            counts.parsed,
            counts.equal,
            counts.excused,
            counts.different,
            counts.refused,
            counts.both,
            counts.absent,
            counts.silent
        );
    }
    for unit in units
        .iter()
        .filter(|unit| !unit.values.is_empty() && unit.outcome != Outcome::Excused)
    {
        println!("values of {} {}: {}", unit.repo, unit.unit, unit.values.join("; "));
    }
    println!("panics: {}", total.panics);
}

impl Counts {
    fn count(&mut self, unit: &Unit) {
        self.plans += 1;
        self.parsed += usize::from(unit.parsed);
        self.eligible += usize::from(unit.peer.is_none());
        match unit.outcome {
            Outcome::Equal => self.equal += 1,
            Outcome::Different => self.different += 1,
            Outcome::Refused => self.refused += 1,
            Outcome::Both => self.both += 1,
            Outcome::Silent => self.silent += 1,
            Outcome::Absent => self.absent += 1,
            Outcome::Excused => self.excused += 1,
            Outcome::Panic => self.panics += 1,
        }
    }
}

fn measure(given: &Arguments, entry: &Json, catalog: &dyn Catalog) -> Result<Unit> {
    let (repo, unit) = (text(entry, "repo"), text(entry, "unit"));
    let plan = read(&given.plans.join(text(entry, "file")))?;
    let folder = given.corpus.join(repo.replacen('/', "+", 1));
    let template = if unit == "." {
        folder.clone()
    } else {
        folder.join(&unit)
    };
    let cwd = if template.is_dir() {
        template.clone()
    } else {
        template.parent().unwrap_or(Path::new(".")).to_path_buf()
    };
    let mut context = Context::new(&cwd, &cwd);
    context.cwd_text = "<cwd>".into();
    context.clock = CLOCK;
    context.env = [("HOME", "<home>"), ("USER", "packer")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    let mut input = Input::new(template);
    let var_file = entry["var_file"].as_str().map(str::to_owned);
    input.var_files.extend(var_file.iter().map(|file| folder.join(file)));
    let values = plan["values"].as_object().into_iter().flatten();
    input.vars = values
        .map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()))
        .collect();

    let accepted = plan["accepted"] == true;
    let peer = (!accepted).then(|| {
        let first = &plan["errors"][0];
        format!(
            "peer: {} {}",
            text(first, "summary"),
            text(first, "detail").lines().next().unwrap_or_default()
        )
    });
    let evaluated = catch_unwind(AssertUnwindSafe(|| evaluate(&input, &context, catalog)));
    let Ok((ours, faults)) = evaluated else {
        return Ok(Unit {
            repo,
            unit,
            var_file,
            parsed: false,
            outcome: Outcome::Panic,
            values: Vec::new(),
            details: Vec::new(),
            peer,
        });
    };
    let told = |fault: &imagebake::import::fault::Fault| {
        let diagnostic = context.sources.diagnostic(fault);
        let place = diagnostic
            .places
            .first()
            .map(|place| format!("{place}:{}: ", place.column))
            .unwrap_or_default();
        format!("{place}{diagnostic}")
    };
    let problems: Vec<String> = faults.0.iter().filter(|fault| !fault.warning).map(told).collect();
    let parsed = faults.0.iter().all(|fault| fault.code != "syntax");
    let recorded = |part: &str| {
        let written = ours.to_json();
        plan.get(part)
            .filter(|_| accepted)
            .map(|theirs| compare_values(theirs, &written[part]))
            .unwrap_or_default()
    };
    let values = ["variables", "locals"]
        .into_iter()
        .flat_map(|part| recorded(part).into_iter().map(move |line| format!("{part}{line}")))
        .collect();
    let (outcome, details) = match (accepted, problems.is_empty()) {
        (true, true) => {
            let differences = compare(&plan, &ours.to_json()).differences;
            let excuse = EXCUSED.iter().find(|(excused, _)| *excused == unit);
            match (differences.is_empty(), excuse) {
                (true, _) => (Outcome::Equal, differences),
                (false, Some((_, reason))) => (Outcome::Excused, vec![(*reason).to_owned()]),
                (false, None) => (Outcome::Different, differences),
            }
        }
        (true, false) => (Outcome::Refused, problems),
        (false, true)
            if peer
                .iter()
                .any(|told| ABSENT.iter().any(|absent| told.contains(absent))) =>
        {
            (Outcome::Absent, Vec::new())
        }
        (false, true) => (Outcome::Silent, Vec::new()),
        (false, false) => (Outcome::Both, problems),
    };
    Ok(Unit {
        repo,
        unit,
        var_file,
        parsed,
        outcome,
        values,
        details,
        peer,
    })
}

fn text(json: &Json, name: &str) -> String {
    json[name].as_str().unwrap_or_default().to_owned()
}

fn read(path: &Path) -> Result<Json> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not JSON", path.display()))
}
