//! What came of an import, template by template.

use crate::plan::Diagnostic;
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
    /// How far it came.
    pub status: Status,
    /// Its images.
    pub images: Vec<String>,
    /// The folder under which its relative paths are looked for.
    pub folder: PathBuf,
    /// Files that it names and that are not there.
    pub missing: Vec<String>,
    /// What whoever takes it over should know.
    pub notes: Vec<Diagnostic>,
    /// What is wrong with it.
    pub problems: Vec<Diagnostic>,
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
    /// Each template.
    pub templates: Vec<Template>,
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
            let status = match (template.status, template.notes.len()) {
                (Status::Verified, 0) => "verified".to_owned(),
                (Status::Verified, count) => format!("verified, {}", notes(count)),
                (Status::Imported, 0) => "imported".to_owned(),
                (Status::Imported, count) => format!("imported, {}", notes(count)),
                (Status::Stubbed, count) => format!("stubbed, {}", notes(count)),
                (Status::Different, _) => "different".to_owned(),
                (Status::Refused, _) => "refused".to_owned(),
            };
            rows.push([
                template.template.display().to_string(),
                status,
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

fn notes(count: usize) -> String {
    match count {
        1 => "1 note".to_owned(),
        count => format!("{count} notes"),
    }
}
