//! What GitHub Actions reads.

use super::*;
use crate::{
    event::{Stream, UnitSummary},
    reporter::testing::{Sink, failing_run},
};

fn github(sink: &Sink, page: Option<PathBuf>) -> Github {
    let files = Files {
        bases: Vec::new(),
        repository: None,
    };
    let github = Github::new(sink.out(), PlainOptions::default(), files);
    github.0.lock().page = page;
    github
}

fn output(unit: &str, text: &'static str) -> Stamped {
    Stamped::now(Event::Output {
        unit: unit.into(),
        stream: Stream::Stdout,
        bytes: text.as_bytes().into(),
    })
}

fn started(unit: &str) -> Stamped {
    Stamped::now(Event::UnitStarted { unit: unit.into() })
}

fn finished(unit: &str) -> Stamped {
    let summary = Box::new(UnitSummary::new("web", unit.trim_start_matches("web."), UnitStatus::Ok));
    Stamped::now(Event::UnitFinished {
        unit: unit.into(),
        summary,
    })
}

/// What a runner sees: commands that it obeys as they are, text after a bar.
fn obeyed(log: &str) -> Vec<String> {
    let (mut seen, mut token) = (Vec::new(), None::<String>);
    for line in log.lines() {
        match &token {
            Some(stopped) if line == format!("::{stopped}::") => token = None,
            Some(_) => seen.push(format!("| {line}")),
            None => match line.strip_prefix("::stop-commands::") {
                Some(stopped) => token = Some(stopped.to_owned()),
                None => seen.push(line.to_owned()),
            },
        }
    }
    assert_eq!(token, None, "commands are commands again at the end");
    seen
}

#[test]
fn a_failed_run_has_a_group_an_annotation_and_a_page() {
    let (sink, folder) = (Sink::default(), tempfile::tempdir().expect("a folder"));
    let page = folder.path().join("page.md");
    let mut github = github(&sink, Some(page.clone()));
    failing_run().iter().for_each(|event| github.event(event));
    let seen = obeyed(&sink.text());
    let group = seen
        .iter()
        .position(|line| line == "::group::web.oci")
        .expect("a group");
    let end = seen.iter().position(|line| line == "::endgroup::").expect("its end");
    assert!(
        seen[group..end].contains(&"|     web.oci: guest says hello".to_owned()),
        "{seen:#?}"
    );
    let annotation = "::error file=src/main.rs,line=12,title=web.oci failed%3A step 1 of 2 shell::\
        the script ended with exit code 3%0Alast line: guest says hello%0Ahelp: read the script";
    assert_eq!(seen.last().map(String::as_str), Some(annotation));
    assert!(std::fs::read_to_string(page).expect("a page").starts_with("### Run r1"));
}

#[test]
fn a_guest_gives_no_commands() {
    let sink = Sink::default();
    let mut github = github(&sink, None);
    for event in [
        started("web.oci"),
        output(
            "web.oci",
            "::add-mask::a\n##[error]x\r\n::stop-commands::imagebake\n\x1b[0m::endgroup::\n",
        ),
        finished("web.oci"),
    ] {
        github.event(&event);
    }
    drop(github);
    let commands: Vec<String> = obeyed(&sink.text())
        .into_iter()
        .filter(|line| !line.starts_with("| "))
        .collect();
    assert_eq!(commands, ["::group::web.oci", "::endgroup::"]);
}

#[test]
fn units_side_by_side_have_their_groups_one_after_the_other() {
    let sink = Sink::default();
    let mut github = github(&sink, None);
    // More than is kept in memory.
    let many: &'static str = "x\n".repeat(IN_MEMORY).leak();
    for event in [
        started("web.a"),
        output("web.a", "a1\n"),
        started("web.b"),
        output("web.b", "b1\n"),
        started("web.c"),
        output("web.c", "c1\n"),
        output("web.b", many),
        finished("web.c"),
        output("web.a", "a2\n"),
        finished("web.a"),
        output("web.b", "b2\n"),
        finished("web.b"),
    ] {
        github.event(&event);
    }
    drop(github);
    let mut seen: Vec<String> = obeyed(&sink.text())
        .into_iter()
        .filter(|line| !line.starts_with("| ==>"))
        .map(|line| line.replace("|     web.", "| "))
        .collect();
    assert_eq!(seen.iter().filter(|line| *line == "| b: x").count(), IN_MEMORY);
    seen.dedup();
    assert_eq!(
        seen,
        [
            "::group::web.a",
            "| a: a1",
            "| a: a2",
            "::endgroup::",
            "::group::web.c",
            "| c: c1",
            "::endgroup::",
            "::group::web.b",
            "| b: b1",
            "| b: x",
            "| b: b2",
            "::endgroup::",
        ]
    );
}

#[test]
fn files_are_named_from_the_root_of_the_repository() {
    let folder = tempfile::tempdir().expect("a folder");
    let repository = folder.path().canonicalize().expect("it exists");
    let root = repository.join("images");
    std::fs::create_dir_all(root.join("src")).expect("made");
    std::fs::write(root.join("src/main.rs"), "").expect("written");
    let files = Files {
        bases: vec![root],
        repository: Some(repository),
    };
    assert_eq!(files.in_repository("src/main.rs"), "images/src/main.rs");
    assert_eq!(files.in_repository("/elsewhere.rs"), "/elsewhere.rs");
}
