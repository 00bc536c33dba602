//! In CI: what GitHub Actions reads, the files that a run leaves, and nobody who answers.

use crate::fixture;
use imagebake_tests::{TestContext, finish, requires};

/// A job of GitHub Actions, as far as a program sees it.
fn job() -> TestContext {
    let project = fixture();
    let page = project.path().join("page.md").display().to_string();
    project.env("CI", "true").env("GITHUB_STEP_SUMMARY", &page)
}

/// The log without what is new in each run: tokens, times, the run's id, the numbers of lines.
fn steady(log: &str) -> String {
    let log = log.replace(env!("CARGO_BIN_EXE_fixture"), "fixture");
    // When a unit begins to wait is chance.
    let lines = log.lines().filter(|line| !line.contains("waits for")).map(|line| {
        if line.starts_with("::stop-commands::") {
            return "::stop-commands::TOKEN".to_owned();
        }
        if line.starts_with("::imagebake-") {
            return "::TOKEN::".to_owned();
        }
        let words = line.split(' ').map(|word| {
            let is_time = word
                .trim_end_matches(':')
                .strip_suffix('s')
                .is_some_and(|number| number.parse::<f64>().is_ok());
            let is_run = word.len() > 10 && word.starts_with("rt");
            let without_line = word
                .split_once("fixture.rs:")
                .filter(|(_, line)| line.starts_with(|c: char| c.is_ascii_digit()));
            let property = word
                .split_once("line=")
                .and_then(|(before, rest)| Some((before, rest.split_once(',')?.1)));
            match (without_line, property) {
                _ if is_time => "TIME".to_owned(),
                _ if is_run => "RUN".to_owned(),
                (Some((before, line)), _) => {
                    format!(
                        "{before}fixture.rs:N{}",
                        line.trim_start_matches(|c: char| c.is_ascii_digit())
                    )
                }
                (_, Some((before, after))) => format!("{before}line=N,{after}"),
                _ => word.to_owned(),
            }
        });
        words.collect::<Vec<_>>().join(" ")
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_failed_build_is_groups_an_annotation_and_a_page() {
    let project = job();
    // One after the other, so that the log has one order.
    let output = project
        .run(&[
            "build",
            "pair",
            "--parallel",
            "1",
            "--log-dir",
            "logs",
            "--output",
            "github",
        ])
        .fails(1);
    assert_eq!(output.stderr, "", "one stream keeps one order");
    insta::assert_snapshot!("github-build", steady(&output.stdout));
    let page = project.read("page.md");
    assert!(
        page.contains("| pair.null.bad | ❌ failed |") && page.contains("| pair.null.good | ✅ ok |"),
        "{page}"
    );
    let events = project.read("logs/events.jsonl");
    assert!(events.lines().count() > 5 && events.lines().last().is_some_and(|last| last.contains("\"summary\"")));
    let failure = project.read("logs/pair.null.bad.failure.txt");
    assert!(failure.contains("exit code: 3"), "{failure}");
    assert!(project.read("logs/pair.null.bad.log").contains("failed"));
}

#[test]
fn problems_are_annotations_and_a_page() {
    let project = job();
    project.write("values.toml", "nmae = \"##[error]x\"\n");
    let output = project
        .run(&["plan", "greet", "helo", "--values", "values.toml", "--output", "github"])
        .fails(2);
    insta::assert_snapshot!("github-plan", steady(&output.stdout));
    assert!(project.read("page.md").contains("| ❌ unknown-image |"));
    let output = project
        .run(&["build", "hello", "--break", "nothing", "--output", "github"])
        .fails(2);
    assert!(
        output
            .stdout
            .contains("\n::error title=imagebake::--break nothing: no selected unit"),
        "{}",
        output.stdout
    );
    project.run(&["validate", "hello", "--output", "github"]).ok();
}

#[test]
fn what_a_guest_prints_is_no_command() {
    let output = job().run(&[
        "build",
        "greet",
        "--var",
        "name=::error::x\n##[warning]y\n::stop-commands::z",
        "--output",
        "github",
    ]);
    let mut token: Option<&str> = None;
    let (mut stopped, mut obeyed) = (String::new(), Vec::new());
    for line in output.stdout.lines() {
        match (token, line.strip_prefix("::stop-commands::")) {
            (None, Some(new)) => token = Some(new),
            (Some(open), _) if line == format!("::{open}::") => token = None,
            (Some(_), _) => stopped.push_str(line),
            (None, None) => obeyed.push(line),
        }
    }
    assert_eq!(obeyed, ["::group::greet.null", "::endgroup::"]);
    for hostile in ["::error::x", "##[warning]y", "::stop-commands::z"] {
        assert!(stopped.contains(hostile), "it is printed: {stopped}");
    }
}

#[test]
fn nobody_is_asked() {
    let output = job().run(&["build", "pair", "--on-error", "ask"]).fails(1);
    assert!(
        !output.stderr.contains("[enter]") && !output.stderr.contains("nobody answers"),
        "{}",
        output.stderr
    );
    let asked = fixture().run(&["build", "pair", "--on-error", "ask"]).fails(1);
    assert!(asked.stderr.contains("nobody answers: clean up"), "{}", asked.stderr);
}

#[test]
fn a_terminal_has_live_lines_but_not_in_ci() {
    requires!("script");
    // `script` gives the program a terminal of its own.
    let on_a_terminal = |project: &TestContext| {
        let command = format!("'{}' build hello", env!("CARGO_BIN_EXE_fixture"));
        let mut script = project.command_of("script", &["--quiet", "--return", "--command", &command, "/dev/null"]);
        finish(script.env("TERM", "xterm")).ok().stdout
    };
    let live = on_a_terminal(&fixture());
    assert!(
        live.contains("\x1b[") && !live.contains("==> hello.null: started"),
        "{live:?}"
    );
    let plain = on_a_terminal(&fixture().env("CI", "true"));
    assert!(
        plain.contains("hello.null:") && plain.contains("started") && !plain.contains("\x1b[2K"),
        "{plain:?}"
    );
}

#[test]
fn logs_of_imagebake_itself_are_filtered_by_part() {
    let logged = |filter: &str| fixture().env("IMAGEBAKE_LOG", filter).run(&["build", "machine"]);
    let all = logged("debug").ok().stderr;
    assert!(
        all.contains("DEBUG imagebake::cli: project") && all.contains("DEBUG imagebake::engine::unit: step key"),
        "{all}"
    );
    let part = logged("error,imagebake::engine=debug").ok().stderr;
    assert!(
        part.contains("DEBUG imagebake::engine::unit: step key") && !part.contains("imagebake::cli"),
        "{part}"
    );
    let none = logged("warn").ok().stderr;
    assert!(!none.contains("DEBUG"), "{none}");
    let project = job().env("IMAGEBAKE_LOG", "debug");
    let beside = project.run(&["build", "machine", "--output", "github"]).ok().stderr;
    assert!(
        beside.contains("DEBUG") && beside.lines().all(|line| line.starts_with("| ")),
        "{beside}"
    );
    let other = logged("hyper=trace").fails(2).stderr;
    assert!(
        other.contains("names `hyper`, which is neither a level nor a part of imagebake"),
        "{other}"
    );
}
