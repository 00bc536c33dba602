//! Many templates against recorded plans: read and evaluated, and as Rust, compiled and planned.

pub mod evaluated;
pub mod imported;
mod package;
pub mod properties;
mod report;

use anyhow::{Context as _, Result};
use imagebake::import::{context::Context, input::Input};
use serde_json::Value as Json;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
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

/// A template with one set of values, and what the peer makes of it.
pub struct Case {
    /// The repository.
    pub repo: String,
    /// The template in it.
    pub unit: String,
    /// The file with values.
    pub var_file: Option<String>,
    /// The recorded plan.
    pub plan: Json,
    /// Whether the peer takes it.
    pub accepted: bool,
    /// What it says where it does not.
    pub peer: Option<String>,
    /// The template and its values.
    pub input: Input,
    /// Where packer was started.
    pub cwd: PathBuf,
}

impl Case {
    /// The world around it, as it was recorded.
    pub fn context(&self) -> Context {
        let mut context = Context::new(&self.cwd, &self.cwd);
        context.cwd_text = "<cwd>".into();
        context.clock = CLOCK;
        context.env = environment();
        context
    }

    /// The reason for which the plans cannot be the same.
    pub fn excuse(&self) -> Option<&'static str> {
        EXCUSED
            .iter()
            .find(|(excused, _)| *excused == self.unit)
            .map(|(_, reason)| *reason)
    }

    /// The settings of which the peer's components say that they do not have them.
    pub fn unknown_settings(&self) -> Vec<String> {
        let mut names = Vec::new();
        noted(&self.plan, &mut names);
        names.sort();
        names.dedup();
        names
    }

    /// What a source of the peer says of values, invented ones among them, that it cannot read; nothing without invented values.
    pub fn undecoded(&self) -> Option<&str> {
        let invented = !self.input.vars.is_empty();
        let notes = self.plan["builds"]
            .as_array()?
            .iter()
            .filter_map(|build| build["problem"].as_str());
        let mut undecoded = notes.filter(|note| note.contains("error(s) decoding"));
        undecoded.next().filter(|_| invented)
    }

    /// Whether the peer refuses it for want of a component.
    pub fn absent(&self) -> bool {
        let told = self.peer.as_deref().unwrap_or_default();
        ABSENT.iter().any(|absent| told.contains(absent))
    }
}

/// What the notes of components in a recorded plan call unknown.
fn noted(plan: &Json, names: &mut Vec<String>) {
    match plan {
        Json::Object(items) => {
            for (key, value) in items {
                match (key.as_str(), value.as_str()) {
                    ("problem", Some(text)) => {
                        let pieces = text.split("unknown configuration key: '\"").skip(1);
                        names.extend(pieces.filter_map(|piece| piece.split('"').next()).map(str::to_owned));
                    }
                    _ => noted(value, names),
                }
            }
        }
        Json::Array(items) => items.iter().for_each(|item| noted(item, names)),
        _ => {}
    }
}

fn environment() -> BTreeMap<String, String> {
    [("HOME", "<home>"), ("USER", "packer")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

/// Every recorded plan of `plans` whose repository and unit contain `filter`.
pub fn cases(corpus: &Path, plans: &Path, filter: Option<&str>) -> Result<Vec<Case>> {
    let corpus = corpus
        .canonicalize()
        .with_context(|| format!("cannot find {}", corpus.display()))?;
    let mut cases = Vec::new();
    for entry in read(&plans.join("INDEX.json"))?.as_array().into_iter().flatten() {
        let name = format!("{} {}", text(entry, "repo"), text(entry, "unit"));
        if filter.is_none_or(|filter| name.contains(filter)) {
            cases.push(case(&corpus, plans, entry)?);
        }
    }
    Ok(cases)
}

fn case(corpus: &Path, plans: &Path, entry: &Json) -> Result<Case> {
    let (repo, unit) = (text(entry, "repo"), text(entry, "unit"));
    let plan = read(&plans.join(text(entry, "file")))?;
    let folder = corpus.join(repo.replacen('/', "+", 1));
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
    Ok(Case {
        repo,
        unit,
        var_file,
        plan,
        accepted,
        peer,
        input,
        cwd,
    })
}

fn text(json: &Json, name: &str) -> String {
    json[name].as_str().unwrap_or_default().to_owned()
}

fn read(path: &Path) -> Result<Json> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not JSON", path.display()))
}

/// A problem in one line, with its place.
fn told(context: &Context, fault: &imagebake::import::fault::Fault) -> String {
    let diagnostic = context.sources.diagnostic(fault);
    let place = diagnostic
        .places
        .first()
        .map(|place| format!("{place}:{}: ", place.column))
        .unwrap_or_default();
    format!("{place}{diagnostic}")
}
