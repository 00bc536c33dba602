//! The page that a job of GitHub Actions shows above its log: Markdown, appended to the file that `GITHUB_STEP_SUMMARY` names.

use crate::{
    event::{Summary, UnitStatus},
    plan::{Diagnostic, Severity},
    reporter::{
        bytes, duration,
        markdown::{escaped, preformatted},
    },
};
use std::{
    fmt::Write as _,
    fs::OpenOptions,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

/// GitHub takes 1 MiB from each step and nothing of what is larger.
const MOST: u64 = 1 << 20;

/// Where the page goes, in a job of GitHub Actions.
pub(crate) fn file() -> Option<PathBuf> {
    std::env::var_os("GITHUB_STEP_SUMMARY")
        .filter(|path| !path.is_empty())
        .map(PathBuf::from)
}

/// Adds `text` to the page; cut between lines where the page would be too long.
pub(crate) fn append(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().append(true).create(true).open(path)?;
    let room = MOST.saturating_sub(file.metadata()?.len() + 64);
    let room = usize::try_from(room).unwrap_or(usize::MAX);
    if room == 0 {
        return Ok(());
    }
    if text.len() <= room {
        return file.write_all(text.as_bytes());
    }
    let whole = text.floor_char_boundary(room);
    let end = text[..whole].rfind('\n').map_or(0, |at| at + 1);
    file.write_all(&text.as_bytes()[..end])?;
    file.write_all(b"\n*The rest is in the log.*\n")
}

/// A table of the units of a run, and each failure.
pub(crate) fn of_run(summary: &Summary) -> String {
    let mut out = format!(
        "### Run {}\n\n| image | result | time | made |\n|---|---|---|---|\n",
        escaped(&summary.run)
    );
    for unit in &summary.units {
        let made: Vec<String> = unit
            .artifacts
            .iter()
            .flat_map(|artifact| match artifact.files.is_empty() {
                true => vec![format!("{} {}", escaped(&artifact.kind), escaped(&artifact.id))],
                false => artifact
                    .files
                    .iter()
                    .map(|file| format!("{} ({})", escaped(&file.path.display().to_string()), bytes(file.size)))
                    .collect(),
            })
            .collect();
        let mark = match unit.status {
            UnitStatus::Ok => "✅",
            UnitStatus::Failed => "❌",
            UnitStatus::Cancelled | UnitStatus::Skipped => "⚪",
        };
        let _ = writeln!(
            out,
            "| {} | {mark} {} | {} | {} |",
            escaped(&unit.name()),
            unit.status,
            duration(unit.seconds),
            made.join("<br>")
        );
    }
    for unit in &summary.units {
        let Some(failure) = unit.error.as_ref().filter(|_| unit.status == UnitStatus::Failed) else {
            continue;
        };
        let at = failure
            .place
            .as_ref()
            .map(|place| format!(" at {place}"))
            .unwrap_or_default();
        let step = failure
            .step
            .as_ref()
            .map(|step| format!(" in {step}"))
            .unwrap_or_default();
        let _ = writeln!(
            out,
            "\n**{}** failed{}{}",
            escaped(&unit.name()),
            escaped(&step),
            escaped(&at)
        );
        let lines = std::iter::once(&failure.message).chain(&failure.last_lines);
        let text = lines.flat_map(|line| line.lines()).collect::<Vec<_>>().join("\n");
        out.push_str(&preformatted(&text));
        for hint in &failure.hints {
            let _ = writeln!(out, "\n{}", escaped(hint));
        }
    }
    if summary.cleanup_failed {
        let _ = writeln!(out, "\n⚠️ Clean-up failed: `cleanup {}` tries again.", summary.run);
    }
    out.push('\n');
    out
}

/// A table of problems.
pub(crate) fn of_problems<'a>(problems: impl IntoIterator<Item = &'a Diagnostic>) -> String {
    let mut out = "### Problems\n\n| | where | what | what to do |\n|---|---|---|---|\n".to_owned();
    for problem in problems {
        let mark = match problem.severity {
            Severity::Error => "❌",
            Severity::Warning => "⚠️",
        };
        let place = problem.places.first().map(ToString::to_string).unwrap_or_default();
        let subject = problem.subject();
        let place = [place, subject]
            .into_iter()
            .filter(|text| !text.is_empty())
            .collect::<Vec<_>>();
        let _ = writeln!(
            out,
            "| {mark} {} | {} | {} | {} |",
            problem.code,
            place.iter().map(|text| escaped(text)).collect::<Vec<_>>().join("<br>"),
            escaped(&problem.message),
            escaped(problem.help.as_deref().unwrap_or_default())
        );
    }
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{event::Event, field::Place, reporter::testing::failing_run};

    #[test]
    fn a_run_is_a_table_with_its_failures_below() {
        let run = failing_run();
        let Some(Event::Summary { summary }) = run.last().map(|last| &last.event) else {
            panic!("the last event is the summary");
        };
        let expected = "\
### Run r1

| image | result | time | made |
|---|---|---|---|
| web.oci | ❌ failed | 1.5s |  |
| web.null | ✅ ok | 2.0s | out/web.tar (2.0 KiB) |

**web.oci** failed in step 1 of 2 shell at src/main.rs:12

```text
the script ended with exit code 3
guest says hello
```

read the script

⚠️ Clean-up failed: `cleanup r1` tries again.

";
        assert_eq!(of_run(summary), expected);
    }

    #[test]
    fn problems_are_a_table() {
        let mut problem = Diagnostic::error("glob", "no | glob")
            .help("write it")
            .at(Place::in_file("src/main.rs", 3, 1));
        problem.image = Some("web".into());
        let table = of_problems([&problem]);
        assert!(
            table.contains("| ❌ glob | src/main.rs:3<br>web | no \\| glob | write it |\n"),
            "{table}"
        );
    }

    #[test]
    fn a_page_that_is_full_says_so_and_stays_within_its_limit() {
        let folder = tempfile::tempdir().expect("a folder");
        let page = folder.path().join("page.md");
        for _ in 0..3 {
            append(&page, &"a line of text\n".repeat(40_000)).expect("written");
        }
        let text = std::fs::read_to_string(&page).expect("text");
        assert!(text.len() as u64 <= MOST && text.ends_with("line of text\n\n*The rest is in the log.*\n"));
    }
}
