//! What differs between the inputs of two runs: commit, dependencies, variables, files that were read, and the plan.
//!
//! Pure: only what the two records hold is compared. What a record of an earlier imagebake lacks is not told as a difference.

use super::{Origin, RunRecord, RunStatus};
use crate::{
    error::{Error, ErrorKind, Result},
    plan::{
        SavedPlan,
        compare::{Comparison, compare as compare_plans},
    },
};
use serde::Serialize;
use std::collections::BTreeMap;

/// What differs: `{"inputs":[…],"plan":{…}}`.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct RunComparison {
    /// What the plan does not tell.
    pub inputs: Vec<InputDifference>,
    /// The plans; `null` where a record is without one.
    pub plan: Option<Comparison>,
}

/// An input that differs: `{what, name, old, new}`, `null` where one run had none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct InputDifference {
    /// `commit`, `Cargo.lock`, `base`, `variable` or `file`.
    pub what: &'static str,
    /// The base's unit, the variable as `web: version`, or the file's path.
    pub name: Option<String>,
    /// Then.
    pub old: Option<String>,
    /// Now.
    pub new: Option<String>,
}

impl RunComparison {
    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.inputs.is_empty() && self.plan.as_ref().is_none_or(Comparison::is_empty)
    }
}

/// Compares what `new` was built from with what `old` was built from.
///
/// # Errors
/// When one of them has not come to its end, or holds a plan that this version cannot read.
pub fn compare(old: &RunRecord, new: &RunRecord) -> Result<RunComparison> {
    let (before, after) = (origin(old)?, origin(new)?);
    let mut inputs = Vec::new();
    let mut add = |what, name: Option<&str>, old: Option<&String>, new: Option<&String>| {
        if old != new {
            inputs.push(InputDifference {
                what,
                name: name.map(str::to_owned),
                old: old.cloned(),
                new: new.cloned(),
            });
        }
    };
    add("commit", None, before.commit.as_ref(), after.commit.as_ref());
    let (lock, new_lock) = (before.cargo_lock_sha256.as_ref(), after.cargo_lock_sha256.as_ref());
    add("Cargo.lock", None, lock, new_lock);
    for (what, old, new) in [
        ("base", bases(old, new), bases(new, old)),
        ("variable", variables(before), variables(after)),
        ("file", files(before), files(after)),
    ] {
        for name in old.keys().chain(new.keys().filter(|name| !old.contains_key(*name))) {
            add(what, Some(name), old.get(name), new.get(name));
        }
    }
    let plans = plan(old, before)?.zip(plan(new, after)?);
    Ok(RunComparison {
        inputs,
        plan: plans.map(|(old, new)| compare_plans(&old, &new)),
    })
}

fn origin(record: &RunRecord) -> Result<&Origin> {
    record.origin.as_ref().ok_or_else(|| {
        let state = match record.status {
            RunStatus::Running => "is still running",
            _ => "did not come to its end",
        };
        let message = format!(
            "the run {} {state}, and what it was built from is recorded at the end",
            record.run
        );
        Error::new(ErrorKind::NotFound, message).hint("compare runs that have ended; `runs` lists them")
    })
}

fn plan(record: &RunRecord, origin: &Origin) -> Result<Option<SavedPlan>> {
    let name = format!("what the run {} was built from", record.run);
    let read = |plan: &serde_json::Value| {
        // The hints of a saved plan say how to write it again, which a run's cannot be.
        SavedPlan::from_json(&name, plan.clone()).map_err(|error| {
            Error::new(error.kind(), error.message()).hint("compare with a program of the imagebake that ran it")
        })
    };
    origin.plan.as_ref().map(read).transpose()
}

/// Unit → what it started from, where both records tell.
fn bases(of: &RunRecord, other: &RunRecord) -> BTreeMap<String, String> {
    let all = |record: &RunRecord| -> BTreeMap<String, String> {
        let units = record.summary.iter().flat_map(|summary| &summary.units);
        units
            .filter_map(|unit| Some((unit.name(), unit.base.clone()?)))
            .collect()
    };
    let other = all(other);
    let mut bases = all(of);
    bases.retain(|unit, _| other.contains_key(unit));
    bases
}

fn variables(origin: &Origin) -> BTreeMap<String, String> {
    let all = origin.values.iter();
    all.flat_map(|(image, values)| {
        values
            .iter()
            .map(move |(name, value)| (format!("{image}: {name}"), value.clone()))
    })
    .collect()
}

/// Path → digest.
fn files(origin: &Origin) -> BTreeMap<String, String> {
    let digest = |sha256: &Option<String>| {
        sha256
            .as_ref()
            .map_or("unknown".to_owned(), |sha256| format!("sha256:{sha256}"))
    };
    let files = origin.files.iter();
    files
        .map(|file| (file.path.display().to_string(), digest(&file.sha256)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::FileSummary;
    use serde_json::json;

    fn record(origin: Option<Origin>) -> RunRecord {
        RunRecord {
            version: 1,
            run: "r1".into(),
            status: RunStatus::Ended,
            started: String::new(),
            units: Vec::new(),
            logs: None,
            origin,
            summary: None,
        }
    }

    #[test]
    fn inputs_are_compared_as_far_as_they_are_recorded() {
        let mut old = Origin {
            commit: Some("aaa".into()),
            files: vec![
                FileSummary::new("a.sh", 1, Some("01".into())),
                FileSummary::new("b.sh", 1, None),
            ],
            ..Origin::default()
        };
        old.values
            .entry("web".into())
            .or_default()
            .insert("version".into(), "1".into());
        let mut new = old.clone();
        assert!(
            compare(&record(Some(old.clone())), &record(Some(new.clone())))
                .expect("both ended")
                .is_empty()
        );

        new.commit = Some("bbb".into());
        new.values
            .entry("web".into())
            .or_default()
            .insert("version".into(), "2".into());
        new.files = vec![FileSummary::new("a.sh", 1, Some("02".into()))];
        new.plan = Some(json!({"version": 1, "all": true, "units": []}));
        let found = compare(&record(Some(old)), &record(Some(new))).expect("both ended");
        let told: Vec<_> = found
            .inputs
            .iter()
            .map(|input| (input.what, input.name.as_deref(), input.new.as_deref()))
            .collect();
        assert_eq!(
            told,
            [
                ("commit", None, Some("bbb")),
                ("variable", Some("web: version"), Some("2")),
                ("file", Some("a.sh"), Some("sha256:02")),
                ("file", Some("b.sh"), None),
            ]
        );
        assert!(found.plan.is_none(), "the old record has no plan");
    }

    #[test]
    fn a_run_without_an_end_or_with_a_later_plan_cannot_be_compared() {
        let ended = || record(Some(Origin::default()));
        let error = compare(&record(None), &ended()).expect_err("no end");
        assert!(error.message().contains("did not come to its end"), "{error}");
        let later = Origin {
            plan: Some(json!({"version": 99})),
            ..Origin::default()
        };
        let error = compare(&ended(), &record(Some(later))).expect_err("a later plan");
        assert!(error.message().contains("version 99"), "{error}");
    }
}
