//! Reading and evaluation: what the templates say by our evaluator, and by the recorded plans.

use super::{
    Case,
    report::{Counted, Head, Measured},
    told,
};
use imagebake::import::{
    comparison::{compare, compare_values},
    evaluate,
    schema::Catalog,
};
use serde::Serialize;
use std::{
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
    #[serde(flatten)]
    head: Head,
    parsed: bool,
    outcome: Outcome,
    /// Variables and locals of an accepted template that do not have the recorded values.
    values: Vec<String>,
}

impl Measured for Unit {
    const COLUMNS: &'static [&'static str] = &[
        "plans",
        "eligible",
        "parsed",
        "equal",
        "excused",
        "different",
        "refused",
        "both",
        "absent",
        "silent",
        "panics",
    ];

    fn head(&self) -> &Head {
        &self.head
    }

    fn fault(&self) -> Option<String> {
        let good = [Outcome::Equal, Outcome::Both, Outcome::Absent];
        (!good.contains(&self.outcome)).then(|| format!("{:?}", self.outcome))
    }

    fn counts_in(&self) -> Vec<&'static str> {
        let outcome = match self.outcome {
            Outcome::Equal => "equal",
            Outcome::Different => "different",
            Outcome::Refused => "refused",
            Outcome::Both => "both",
            Outcome::Silent => "silent",
            Outcome::Absent => "absent",
            Outcome::Excused => "excused",
            Outcome::Panic => "panics",
        };
        let mut columns = vec!["plans", outcome];
        columns.extend(self.parsed.then_some("parsed"));
        columns.extend(self.head.peer.is_none().then_some("eligible"));
        columns
    }
}

/// What all of them come to.
#[derive(Serialize)]
#[serde(transparent)]
pub struct Report(Counted<Unit>);

impl Report {
    /// Measures every case.
    pub fn of(cases: &[Case], catalog: &dyn Catalog) -> Self {
        Self(Counted::of(cases.iter().map(|case| measure(case, catalog)).collect()))
    }

    /// Whether nothing panicked and nothing is different or refused.
    pub fn is_good(&self) -> bool {
        self.0.total(&["different", "refused", "panics"]) == 0
    }

    /// For people, with so many differences of each.
    pub fn table(&self, differences: usize) -> String {
        let mut out = format!("reading and evaluation only:\n{}", self.0.table(differences));
        let units = self.0.units.iter();
        for unit in units.filter(|unit| !unit.values.is_empty() && unit.outcome != Outcome::Excused) {
            let _ = writeln!(out, "values of {}: {}", unit.head.name(), unit.values.join("; "));
        }
        out
    }
}

fn measure(case: &Case, catalog: &dyn Catalog) -> Unit {
    let context = case.context();
    let (accepted, plan) = (case.accepted, &case.plan);
    let evaluated = catch_unwind(AssertUnwindSafe(|| evaluate(&case.input, &context, catalog)));
    let Ok((ours, faults)) = evaluated else {
        return Unit {
            head: Head::of(case),
            parsed: false,
            outcome: Outcome::Panic,
            values: Vec::new(),
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
        head: Head {
            details,
            ..Head::of(case)
        },
        parsed,
        outcome,
        values,
    }
}
