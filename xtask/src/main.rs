//! Development tasks of imagebake: `cargo xtask --help`.
//!
//! Thin calls: nothing here that a user of the library could need.
#![expect(clippy::print_stdout, reason = "a task tells the developer what it does")]

mod bench;
mod ci;
mod coverage;
mod setup;
mod test;
mod tidy;

use anyhow::{Context, Result, ensure};
use clap::{Parser, Subcommand};
use std::{
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Development tasks of imagebake")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Install what the tests need (as root on Debian) and run every test.
    Test {
        /// Only tests whose names contain this.
        filter: Option<String>,
    },
    /// Everything that a change must pass: format, lints, tidy, tests, documentation, examples, dependencies.
    Ci,
    /// Count, for each component of a reference, how many of its attributes are typed, superseded or missing.
    Coverage(coverage::Arguments),
    /// Check the house rules that no lint knows.
    Tidy,
    /// Make a project of one's own that takes imagebake from this checkout: the command `new` of every program.
    New {
        /// The project's folder.
        dir: PathBuf,
        /// Options of `new`: --name, or --git and --rev instead of this checkout.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        options: Vec<String>,
    },
    /// Turn Packer's templates into a package of Rust that takes imagebake from this checkout: the command `import` of a program with
    /// the feature `import`.
    Import {
        /// What `import` is given: PATH... [--out DIR] [--into CRATE] [--var-file F] [--cwd DIR] [--check] [--lenient] [--verify] [--report json]
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Import many Packer templates, compile what comes of them, and compare what it plans with recorded plans.
    ///
    /// corpus DIR --plans DIR [--evaluated [--reference DIR]] [--filter TEXT] [--report json] [--differences N]
    Corpus {
        /// What the measuring program is given.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Compile random expressions and compare them; then import templates that were changed at random, for so long: none may end the importer, and all that it
    /// makes is Rust.
    Fuzz {
        /// For how long.
        #[arg(long, default_value_t = 10.0)]
        minutes: f64,
        /// Which changes: the same for the same number.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// How many random expressions are compiled and compared with what they are evaluated to, before that.
        #[arg(long, default_value_t = 300)]
        expressions: usize,
        /// The templates that are changed [default: those of the importer's own tests].
        dir: Option<PathBuf>,
    },
    /// Measure whole processes of the release build, beside the peer where it is installed.
    Bench(bench::Arguments),
}

fn main() -> ExitCode {
    let done = match Arguments::parse().task {
        Task::Test { filter } => test::run(filter.as_deref()).map(drop),
        Task::Ci => ci::run(),
        Task::Coverage(arguments) => coverage::run(&arguments),
        Task::Tidy => tidy::run(),
        Task::New { dir, options } => new(&dir, &options),
        Task::Import { arguments } => import(&arguments),
        Task::Corpus { arguments } => corpus(&arguments),
        Task::Fuzz {
            minutes,
            seed,
            expressions,
            dir,
        } => fuzz(minutes, seed, expressions, dir),
        Task::Bench(arguments) => bench::run(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("\nFAILED: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// `new` of the quickstart.
fn new(dir: &Path, options: &[String]) -> Result<()> {
    let dir = std::path::absolute(dir).context("cannot find the current folder")?;
    let mut command = cargo(&[
        "run",
        "--quiet",
        "--locked",
        "--package",
        "example-quickstart",
        "--",
        "new",
    ]);
    command.arg(dir).args(options);
    if !options
        .iter()
        .any(|option| option.starts_with("--git") || option.starts_with("--path"))
    {
        command.arg("--path").arg(root());
    }
    check(&mut command)
}

/// `import` of the quickstart, which takes imagebake from this checkout where nothing else is asked for.
fn import(arguments: &[String]) -> Result<()> {
    let package = ["run", "--quiet", "--locked", "--package", "example-quickstart"];
    let mut command = cargo(&package);
    command
        .args(["--features", "imagebake/import", "--", "import"])
        // Folders on the command line start where it was typed.
        .current_dir(std::env::current_dir()?)
        .args(arguments);
    let given = |option: &str| arguments.iter().any(|argument| argument.starts_with(option));
    if !given("--git") && !given("--path") {
        command.arg("--path").arg(root());
    }
    if !given("--target-dir") {
        command.arg("--target-dir").arg(root().join("target/imported"));
    }
    check(&mut command)
}

/// As [`corpus`], with random expressions, and with templates that are changed.
fn fuzz(minutes: f64, seed: u64, expressions: usize, dir: Option<PathBuf>) -> Result<()> {
    ensure!(minutes > 0.0, "--minutes needs a positive number");
    let seed = seed.to_string();
    if expressions > 0 {
        corpus(&["--expressions", &expressions.to_string(), "--seed", &seed].map(str::to_owned))?;
    }
    let dir = dir.unwrap_or_else(|| root().join("imagebake/src/import/generate/golden"));
    let words = [
        dir.display().to_string(),
        "--mutate".to_owned(),
        format!("{:.0}", (minutes * 60.0).max(1.0)),
        "--seed".to_owned(),
        seed,
    ];
    corpus(&words)
}

/// The program that measures is a test program, as it needs the library and this one does not.
fn corpus(arguments: &[String]) -> Result<()> {
    let mut command = cargo(&[
        "run",
        "--quiet",
        "--package",
        "imagebake-tests",
        "--bin",
        "corpus",
        "--features",
        "imagebake-tests/tools",
        "--",
    ]);
    // Folders on the command line start where it was typed.
    command.current_dir(std::env::current_dir()?).args(arguments);
    check(&mut command)
}

/// The workspace's root.
fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask is in the workspace")
        .to_owned()
}

/// `cargo` in the workspace's root.
fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(root());
    command
}

/// Runs a command that must succeed.
fn check(command: &mut Command) -> Result<()> {
    let shown = shown(command);
    let status = command.status().with_context(|| format!("cannot start `{shown}`"))?;
    ensure!(status.success(), "`{shown}` ended with {status}");
    Ok(())
}

/// Runs a command that must succeed and gives what it printed.
fn output(command: &mut Command) -> Result<String> {
    let shown = shown(command);
    let output = command.output().with_context(|| format!("cannot start `{shown}`"))?;
    ensure!(
        output.status.success(),
        "`{shown}` ended with {}: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
