//! `--output github`: results, problems and errors in the log of a job of GitHub Actions, each problem also at its line and on the job's page.
//!
//! Everything goes to standard output, so that commands to the runner and text that is none keep their order.

use super::diagnostics::grouped;
use crate::{
    event::Failure,
    plan::{Diagnostics, Severity},
    reporter::{
        Out,
        github::{Console, Files, job_summary},
    },
};
use std::io::{self, Write};

/// Lines that come beside the console, and in which nothing may be a command either: logs of imagebake itself.
pub(super) struct Harmless<W>(pub(super) W);

impl<W: Write> Write for Harmless<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        let lines = text.strip_suffix('\n').unwrap_or(&text).replace("##[", "# #[");
        let lines = lines.split(['\n', '\r']).collect::<Vec<_>>().join("\n| ");
        self.0.write_all(format!("| {lines}\n").as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Prints text in which nothing is a command.
pub(super) fn print(text: &str) {
    Console::new(Out::stdout()).text(text);
}

/// Tells problems: `text` in the log, each at its line, all on the page.
pub(super) fn problems(text: &str, problems: &Diagnostics, files: &Files) {
    let mut console = Console::new(Out::stdout());
    console.text(text);
    let groups = grouped(problems);
    for group in &groups {
        let problem = group.problem;
        let mut properties = Vec::new();
        if let Some(place) = problem.places.first() {
            properties.extend([
                ("file", files.in_repository(&place.file)),
                ("line", place.line.to_string()),
            ]);
            // A place without a column of its own stands for the whole line.
            if place.column > 1 {
                properties.push(("col", place.column.to_string()));
            }
        }
        let subject = problem.subject();
        properties.push(("title", [problem.code, &subject].join(" ").trim().to_owned()));
        let command = match problem.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let help = problem
            .help
            .iter()
            .flat_map(|help| help.lines())
            .map(|help| format!("\nhelp: {help}"));
        console.command(
            command,
            &properties,
            &format!("{}{}", problem.message, help.collect::<String>()),
        );
    }
    if let Some(page) = job_summary::file().filter(|_| !groups.is_empty()) {
        let table = job_summary::of_problems(groups.iter().map(|group| group.problem));
        if let Err(error) = job_summary::append(&page, &table) {
            let text = format!("cannot write the job's summary {}: {error}", page.display());
            console.command("warning", &[], &text);
        }
    }
}

/// Tells why a command ended early.
pub(super) fn failure(text: &str, failure: &Failure) {
    let mut console = Console::new(Out::stdout());
    console.text(text);
    let hints = failure.hints.iter().map(|hint| format!("\nhelp: {hint}"));
    let message = format!("{}{}", failure.message, hints.collect::<String>());
    console.command("error", &[("title", "imagebake".to_owned())], &message);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_line_is_no_command() {
        let mut out = Harmless(Vec::new());
        out.write_all(b"WARN a\n::error::b\r  ::group::c ##[error]d\n")
            .expect("memory");
        out.write_all(b"::endgroup::\n").expect("memory");
        let text = String::from_utf8(out.0).expect("text");
        assert_eq!(
            text,
            "| WARN a\n| ::error::b\n|   ::group::c # #[error]d\n| ::endgroup::\n"
        );
    }
}
