//! What came of an import, template by template.

use crate::plan::{Diagnostic, Severity};
use serde::Serialize;
use std::{fmt::Write as _, path::PathBuf};

/// How far a template came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// The compiled Rust plans what the template says.
    Verified,
    /// It is Rust; nobody compared it.
    Imported,
    /// It is Rust but for parts that are marked in it.
    Stubbed,
    /// It is Rust, but does not compile, or does not plan what the template says.
    Different,
    /// It could not be translated; nothing of it was written.
    Refused,
}

/// One template.
#[derive(Clone, Debug, Serialize)]
pub struct Template {
    /// Its path as it was given.
    pub template: PathBuf,
    /// Its module.
    pub module: String,
    /// How far it came.
    pub status: Status,
    /// Its images.
    pub images: Vec<String>,
    /// The folder under which its relative paths are looked for.
    pub folder: PathBuf,
    /// Files that it names and that are not there.
    pub missing: Vec<String>,
    /// The file that its images read their values from, as seen from that folder.
    pub values: Option<String>,
    /// What whoever takes it over should know.
    pub notes: Vec<Diagnostic>,
    /// What is wrong with it.
    pub problems: Vec<Diagnostic>,
    /// Components that imagebake does not have, each with its line: their places are kept in the Rust.
    pub stubs: Vec<String>,
    /// What was passed over because of `--lenient`; marked in the Rust.
    pub passed_over: Vec<String>,
    /// Where the plans differ, per set of values.
    pub differences: Vec<String>,
    /// The sets of values it was verified with: the files with values, or none.
    pub verified_with: Vec<String>,
    /// What to do next.
    pub next: String,
}

/// All of them.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// The folder of the package, where one was written.
    pub project: Option<PathBuf>,
    /// What was written, or with `--check` what would be.
    pub files: Vec<String>,
    /// What the package that modules were added to needs besides, and nobody wrote.
    pub by_hand: Vec<String>,
    /// Each template.
    pub templates: Vec<Template>,
}

impl Template {
    /// `verified, 2 notes`
    fn result(&self) -> String {
        let count = |count: usize, what: &str| match count {
            0 => String::new(),
            1 => format!(", 1 {what}"),
            count => format!(", {count} {what}s"),
        };
        let (status, of) = match self.status {
            Status::Verified => ("verified", String::new()),
            Status::Imported => ("imported", String::new()),
            Status::Stubbed => (
                "stubbed",
                format!(
                    "{}{}{}",
                    count(self.stubs.len(), "component"),
                    count(self.passed_over.len(), "setting"),
                    if self.verified_with.is_empty() {
                        ""
                    } else {
                        ", the rest verified"
                    }
                ),
            ),
            Status::Different => ("different", count(self.differences.len(), "difference")),
            Status::Refused => {
                let errors = self
                    .problems
                    .iter()
                    .filter(|problem| problem.severity == Severity::Error);
                ("refused", count(errors.count(), "problem"))
            }
        };
        format!("{status}{of}{}", count(self.notes.len(), "note"))
    }
}

impl Report {
    /// Whether every template is Rust, whole, and not found to be different.
    pub fn is_good(&self) -> bool {
        self.templates
            .iter()
            .all(|template| matches!(template.status, Status::Verified | Status::Imported))
    }

    /// The table that an import ends with.
    pub fn table(&self) -> String {
        let mut rows = vec![[
            "template".to_owned(),
            "result".to_owned(),
            "images".to_owned(),
            "next".to_owned(),
        ]];
        for template in &self.templates {
            rows.push([
                template.template.display().to_string(),
                template.result(),
                template.images.join(", "),
                template.next.clone(),
            ]);
        }
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths = [width(0), width(1), width(2)];
        let mut out = String::new();
        for row in &rows {
            let line = format!(
                "{:a$}  {:b$}  {:c$}  {}",
                row[0],
                row[1],
                row[2],
                row[3],
                a = widths[0],
                b = widths[1],
                c = widths[2]
            );
            let _ = writeln!(out, "{}", line.trim_end());
        }
        out
    }
}
