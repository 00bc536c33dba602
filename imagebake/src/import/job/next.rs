//! The next command for each template.

use super::{
    Package, Request,
    report::{Report, Status, Template},
};
use crate::{import::fault::UNKNOWN_ATTRIBUTE, plan::Severity};

pub(super) fn tell(report: &mut Report, request: &Request, package: &Package) {
    let written = report.project.is_some();
    for row in &mut report.templates {
        row.next = next(row, request, package, written);
    }
}

fn next(row: &Template, request: &Request, package: &Package, written: bool) -> String {
    let folder = package.folder.display();
    let image = row.images.first().map_or("IMAGE", String::as_str);
    // Files with values that were named stay data, and are named again.
    let values = |file: &std::path::PathBuf| {
        let file = file.canonicalize().unwrap_or_else(|_| file.clone());
        format!(" --values {}", file.display())
    };
    let values: String = request.var_files.iter().map(values).collect();
    let run = |command: &str| format!("cd {folder} && cargo run -- {command} {image}{values}");
    match row.status {
        Status::Refused => refused(row, request),
        Status::Different if request.check => "import it again without --check, with --force".to_owned(),
        Status::Different => "report it: the import is wrong".to_owned(),
        _ if !written => "import it without --check".to_owned(),
        Status::Stubbed if row.stubs.is_empty() => {
            format!("do what is marked TODO in {folder}/src/{}.rs", row.module)
        }
        Status::Stubbed => format!(
            "write types in place of `unported!` in {folder}/src/{}.rs (README, \"Extending it\")",
            row.module
        ),
        Status::Imported => run("plan"),
        Status::Verified => run("validate"),
    }
}

/// `--lenient` is named where it would help: where everything that is wrong is what it passes over.
fn refused(row: &Template, request: &Request) -> String {
    let errors = || {
        row.problems
            .iter()
            .filter(|problem| problem.severity == Severity::Error)
    };
    let lenient = !request.lenient && errors().count() > 0 && errors().all(|problem| problem.code == UNKNOWN_ATTRIBUTE);
    match (errors().count(), lenient) {
        (0, _) => "it has no build with a source: nothing to import".to_owned(),
        (1, false) => "mend what is told above".to_owned(),
        (count, false) => format!("mend the {count} problems told above"),
        (1, true) => "mend what is told above, or mark it in the Rust with --lenient".to_owned(),
        (count, true) => format!("mend the {count} problems told above, or mark them in the Rust with --lenient"),
    }
}
