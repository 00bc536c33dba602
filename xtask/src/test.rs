//! `cargo xtask test`.

use crate::{cargo, setup};
use anyhow::{Context, Result, bail};
use std::{
    io::{BufRead, BufReader},
    process::Stdio,
};

/// What the test runners counted.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) ignored: u64,
    /// Those of `ignored` that lacked a tool: the harness has no word for them and counts them as passed.
    absent: u64,
}

impl Counts {
    /// Reads our own closing line: `5 passed, 0 failed, 1 skipped`.
    pub(crate) fn from_closing(line: &str) -> Option<Self> {
        let number = |part: &str, what: &str| part.trim().strip_suffix(what)?.trim().parse::<u64>().ok();
        let parts: Vec<&str> = line.split(',').collect();
        let [passed, failed, skipped] = parts[..] else {
            return None;
        };
        Some(Self {
            passed: number(passed, "passed")?,
            failed: number(failed, "failed")?,
            ignored: number(skipped, "skipped")?,
            absent: 0,
        })
    }

    /// Adds a closing line of libtest, `test result: ok. 5 passed; 0 failed; 1 ignored; …`, or a test's word that it did nothing,
    /// `ignored: reason`.
    fn add(&mut self, line: &str) {
        if line.starts_with("ignored: ") {
            self.absent += 1;
        }
        let Some(rest) = line.strip_prefix("test result: ") else {
            return;
        };
        for part in rest.split([';', '.']) {
            let words: Vec<&str> = part.split_whitespace().collect();
            let [number, what] = words[..] else { continue };
            let Ok(number) = number.parse::<u64>() else { continue };
            match what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                _ => {}
            }
        }
    }
}

/// Installs what is needed and runs every test: unit, documentation, compile-fail, command line, end to end.
pub(crate) fn run(filter: Option<&str>) -> Result<Counts> {
    setup::install()?;
    // The programs that the tests run, with the tests: on their own they would be built with the features of no development dependency,
    // and the libraries twice.
    crate::check(&mut cargo(&["build", "--workspace", "--all-targets", "--locked"]))?;
    let mut command = cargo(&["test", "--workspace", "--locked", "--no-fail-fast"]);
    command.env("IMAGEBAKE_BUILT", "1");
    command.args(filter.map(|filter| ["--", filter]).into_iter().flatten());
    let mut child = command.stdout(Stdio::piped()).spawn().context("cannot start cargo")?;
    let mut counts = Counts::default();
    let stdout = child.stdout.take().expect("it is piped");
    for line in BufReader::new(stdout).lines() {
        let line = line.context("cannot read what cargo prints")?;
        counts.add(&line);
        println!("{line}");
    }
    counts.passed = counts.passed.saturating_sub(counts.absent);
    counts.ignored += counts.absent;
    let status = child.wait().context("cannot wait for cargo")?;
    remove_nameless_images();
    println!(
        "\n{} passed, {} failed, {} skipped",
        counts.passed, counts.failed, counts.ignored
    );
    if !status.success() {
        bail!("tests failed");
    }
    if counts.passed == 0 {
        bail!("no test ran");
    }
    Ok(counts)
}

/// Removes from the Docker engine what the tests' builds left without a name, as each build does whose tag the next one takes.
fn remove_nameless_images() {
    let prune = ["image", "prune", "--force", "--filter", "label=imagebake-tests"];
    // Without an engine there is nothing to remove.
    let _ = std::process::Command::new("docker").args(prune).output();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_are_added_up() {
        let mut counts = Counts::default();
        counts.add("test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.01s");
        counts.add("test result: FAILED. 7 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.50s");
        counts.add("test a::b ... ok");
        counts.add("ignored: `skopeo` is not here");
        assert_eq!(
            (counts.passed, counts.failed, counts.ignored, counts.absent),
            (12, 3, 1, 1)
        );
    }

    #[test]
    fn our_own_closing_line_is_read_back() {
        let counts = Counts::from_closing("12 passed, 3 failed, 1 skipped").expect("counts");
        assert_eq!((counts.passed, counts.failed, counts.ignored), (12, 3, 1));
        assert!(Counts::from_closing("12 passed, 3 failed").is_none());
        assert!(Counts::from_closing("test result: ok. 5 passed; 0 failed; 1 ignored").is_none());
    }
}
