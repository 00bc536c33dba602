//! What many cases come to: told one by one where they are not as they should be, and counted by repository.

use super::Case;
use serde::{Serialize, Serializer};
use std::{collections::BTreeMap, fmt::Write as _};

/// A case that was measured.
pub(super) trait Measured: Serialize {
    /// What is counted, in the order of the table.
    const COLUMNS: &'static [&'static str];

    /// The case, and what is to be told of it.
    fn head(&self) -> &Head;

    /// What it came to, for people; `None` where that is as it should be.
    fn fault(&self) -> Option<String>;

    /// The columns that it counts in.
    fn counts_in(&self) -> Vec<&'static str>;
}

/// Which case it is, and what is to be told of it.
#[derive(Serialize)]
pub(super) struct Head {
    pub(super) repo: String,
    pub(super) unit: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) var_file: Option<String>,
    /// Differences, or the problems that were told.
    pub(super) details: Vec<String>,
    /// What the peer says where it refuses it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) peer: Option<String>,
}

impl Head {
    pub(super) fn of(case: &Case) -> Self {
        Self {
            repo: case.repo.clone(),
            unit: case.unit.clone(),
            var_file: case.var_file.clone(),
            details: Vec::new(),
            peer: case.peer.clone(),
        }
    }

    /// The repository and the template in it.
    pub(super) fn name(&self) -> String {
        format!("{} {}", self.repo, self.unit)
    }
}

/// How many cases are in each column.
struct Counts(Vec<(&'static str, usize)>);

impl Counts {
    fn none(columns: &[&'static str]) -> Self {
        Self(columns.iter().map(|column| (*column, 0)).collect())
    }

    fn add(&mut self, columns: &[&'static str]) {
        for (column, count) in &mut self.0 {
            *count += usize::from(columns.contains(column));
        }
    }
}

impl Serialize for Counts {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_map(self.0.iter().map(|(column, count)| (column, count)))
    }
}

/// What all of them come to.
#[derive(Serialize)]
pub(super) struct Counted<U> {
    #[serde(flatten)]
    total: Counts,
    repositories: BTreeMap<String, Counts>,
    pub(super) units: Vec<U>,
}

impl<U: Measured> Counted<U> {
    pub(super) fn of(units: Vec<U>) -> Self {
        let mut total = Counts::none(U::COLUMNS);
        let mut repositories = BTreeMap::new();
        for unit in &units {
            let columns = unit.counts_in();
            let repository = repositories
                .entry(unit.head().repo.clone())
                .or_insert_with(|| Counts::none(U::COLUMNS));
            total.add(&columns);
            repository.add(&columns);
        }
        Self {
            total,
            repositories,
            units,
        }
    }

    /// How many cases are in these columns.
    pub(super) fn total(&self, columns: &[&str]) -> usize {
        let counted = self.total.0.iter().filter(|(column, _)| columns.contains(column));
        counted.map(|(_, count)| count).sum()
    }

    /// For people, with so many details of each case that is not as it should be.
    pub(super) fn table(&self, details: usize) -> String {
        let mut out = String::new();
        for unit in &self.units {
            let (Some(fault), head) = (unit.fault(), unit.head()) else {
                continue;
            };
            let values = head
                .var_file
                .iter()
                .map(|file| format!(" ({file})"))
                .collect::<String>();
            let _ = writeln!(out, "{fault}: {}{values}", head.name());
            for detail in head.peer.iter().chain(head.details.iter().take(details)) {
                let _ = writeln!(out, "    {}", detail.replace('\n', "\n    "));
            }
        }
        let mut line = |name: &str, cells: Vec<String>| {
            let _ = write!(out, "{name:48}");
            for (cell, column) in cells.iter().zip(U::COLUMNS) {
                let _ = write!(out, " {cell:>0$}", column.len().max(5));
            }
            out.push('\n');
        };
        line("", U::COLUMNS.iter().map(|column| (*column).to_owned()).collect());
        for (name, counts) in self.repositories.iter().chain([(&"total".to_owned(), &self.total)]) {
            line(name, counts.0.iter().map(|(_, count)| count.to_string()).collect());
        }
        out
    }
}
