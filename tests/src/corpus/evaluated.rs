//! Reading and evaluation: what the templates say by our evaluator, and by the recorded plans.

use super::{Case, told};
use imagebake::import::{
    comparison::{compare, compare_values},
    evaluate,
    schema::Catalog,
};
use serde::Serialize;
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    panic::{AssertUnwindSafe, catch_unwind},
};

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

/// What all of them come to.
#[derive(Serialize)]
pub struct Report {
    #[serde(flatten)]
    total: Counts,
    repositories: BTreeMap<String, Counts>,
    units: Vec<Unit>,
}

impl Report {
    /// Measures every case.
    pub fn of(cases: &[Case], catalog: &dyn Catalog) -> Self {
        let mut report = Self {
            total: Counts::default(),
            repositories: BTreeMap::new(),
            units: cases.iter().map(|case| measure(case, catalog)).collect(),
        };
        for unit in &report.units {
            report.total.count(unit);
            report.repositories.entry(unit.repo.clone()).or_default().count(unit);
        }
        report
    }

    /// Whether nothing panicked and nothing is different or refused.
    pub fn is_good(&self) -> bool {
        self.total.different + self.total.refused + self.total.panics == 0
    }

    /// For people, with so many differences of each.
    pub fn table(&self, differences: usize) -> String {
        let Self {
            total,
            repositories,
            units,
        } = self;
        let mut out = String::new();
        for unit in units
            .iter()
            .filter(|unit| !matches!(unit.outcome, Outcome::Equal | Outcome::Both | Outcome::Absent))
        {
            let values = unit
                .var_file
                .as_ref()
                .map(|file| format!(" ({file})"))
                .unwrap_or_default();
            let _ = writeln!(out, "{:?}: {} {}{values}", unit.outcome, unit.repo, unit.unit);
            for detail in unit.peer.iter().chain(unit.details.iter().take(differences)) {
                let _ = writeln!(out, "    {detail}");
            }
        }
        let _ = writeln!(out, "reading and evaluation only:");
        let _ = writeln!(
            out,
            "{:48} {:>5} {:>8} {:>6} {:>5} {:>7} {:>9} {:>7} {:>5} {:>6} {:>6}",
            "", "plans", "eligible", "parsed", "equal", "excused", "different", "refused", "both", "absent", "silent"
        );
        for (name, counts) in repositories.iter().chain([(&"total".to_owned(), total)]) {
            let _ = writeln!(
                out,
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
            let _ = writeln!(out, "values of {} {}: {}", unit.repo, unit.unit, unit.values.join("; "));
        }
        let _ = writeln!(out, "panics: {}", total.panics);
        out
    }
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

fn measure(case: &Case, catalog: &dyn Catalog) -> Unit {
    let context = case.context();
    let (accepted, peer, plan) = (case.accepted, case.peer.clone(), &case.plan);
    let (repo, unit, var_file) = (case.repo.clone(), case.unit.clone(), case.var_file.clone());
    let evaluated = catch_unwind(AssertUnwindSafe(|| evaluate(&case.input, &context, catalog)));
    let Ok((ours, faults)) = evaluated else {
        return Unit {
            repo,
            unit,
            var_file,
            parsed: false,
            outcome: Outcome::Panic,
            values: Vec::new(),
            details: Vec::new(),
            peer,
        };
    };
    let problems: Vec<String> = faults
        .0
        .iter()
        .filter(|fault| !fault.warning)
        .map(|fault| told(&context, fault))
        .collect();
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
            let differences = compare(plan, &ours.to_json()).differences;
            match (differences.is_empty(), case.excuse()) {
                (true, _) => (Outcome::Equal, differences),
                (false, Some(reason)) => (Outcome::Excused, vec![reason.to_owned()]),
                (false, None) => (Outcome::Different, differences),
            }
        }
        (true, false) => (Outcome::Refused, problems),
        (false, true) if case.absent() => (Outcome::Absent, Vec::new()),
        (false, true) => (Outcome::Silent, Vec::new()),
        (false, false) => (Outcome::Both, problems),
    };
    Unit {
        repo,
        unit,
        var_file,
        parsed,
        outcome,
        values,
        details,
        peer,
    }
}
