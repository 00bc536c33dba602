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
        })
    }

    /// Adds a closing line of libtest: `test result: ok. 5 passed; 0 failed; 1 ignored; …`.
    fn add(&mut self, line: &str) {
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
    // The example programs that the tests run: built once, by the same profile and features as the tests.
    crate::check(&mut cargo(&[
        "build",
        "--workspace",
        "--bins",
        "--examples",
        "--locked",
    ]))?;
    let mut command = cargo(&["test", "--workspace", "--locked", "--no-fail-fast"]);
    command.args(filter.map(|filter| ["--", filter]).into_iter().flatten());
    let mut child = command.stdout(Stdio::piped()).spawn().context("cannot start cargo")?;
    let mut counts = Counts::default();
    let stdout = child.stdout.take().expect("it is piped");
    for line in BufReader::new(stdout).lines() {
        let line = line.context("cannot read what cargo prints")?;
        counts.add(&line);
        println!("{line}");
    }
    let status = child.wait().context("cannot wait for cargo")?;
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
