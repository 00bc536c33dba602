//! The command line: one file per command. Problems are rendered here and only here.
//!
//! Exit codes, the highest that applies: 3 clean-up was tried and failed, 130 cancelled, 1 a build failed or an error stopped the command,
//! 2 wrong usage or a description that cannot be built, 4 `--against` found differences, 0. Results go to standard output; problems, and what a build reports for people, to
//! standard error. What is printed with `--output json` is for programs: its shapes are documented at each command and only grow.

mod app;
mod args;
mod build;
mod cleanup;
mod compare;
mod completions;
mod diagnostics;
mod docs;
mod explain;
mod failure;
mod github;
#[cfg(feature = "import")]
mod import;
mod inputs;
mod inspect;
mod invocation;
mod list;
mod lock;
mod man;
mod new;
mod panics;
mod plan;
mod prompt;
mod runs;
mod schema;
mod show;
mod validate;

pub use app::{App, main};

use crate::{
    plan::Diagnostics,
    project::Project,
    redact::Redactor,
    registry::ImageEntry,
    reporter::{Style, github::Files},
    variables::{Inputs, ValuesFile},
};
use args::{Command, Format};
use diagnostics::Renderer;
use failure::Stop;
use std::{io::IsTerminal, path::PathBuf, process::ExitCode};

/// Everything a command needs to know.
struct Cli {
    entries: Vec<ImageEntry>,
    inputs: Inputs,
    given: Vec<(String, String)>,
    values: Vec<PathBuf>,
    project: Project,
    project_flag: Option<PathBuf>,
    state_flag: Option<PathBuf>,
    /// Colours of standard output.
    style: Style,
    /// Colours of standard error.
    err_style: Style,
    quiet: bool,
    /// Where lines are in the repository, where GitHub Actions reads what is printed.
    github: Option<Files>,
}

/// Runs the command of `words`, the program's name first.
fn run(entries: Vec<ImageEntry>, words: Vec<std::ffi::OsString>) -> ExitCode {
    let options = match args::parse(words, &entries) {
        Ok(options) => options,
        Err(error) => {
            let code = error.exit_code();
            // Without a reader there is nobody to tell.
            let _ = error.print();
            return ExitCode::from(u8::try_from(code).unwrap_or(2));
        }
    };
    let color = options.globals.color;
    let (style, err_style) = (
        color.style(std::io::stdout().is_terminal()),
        color.style(std::io::stderr().is_terminal()),
    );
    let (format, on_github) = (options.command.format(), options.command.on_github());
    let ran = (|| {
        start_logging(on_github)?;
        let globals = options.globals;
        let cli = || Cli::new(entries, globals, (style, err_style), on_github);
        match options.command {
            Command::List(args) => list::run(&cli()?, &args),
            Command::Plan(args) => plan::run(&cli()?, &args),
            Command::Components => print_json(&crate::catalog::json()).map(|()| 0),
            Command::Validate(args) => validate::run(&cli()?, &args),
            Command::Inspect(args) => inspect::run(&cli()?, &args),
            Command::Build(args) => build::run(&cli()?, args),
            Command::Lock(args) => lock::run(&cli()?, &args),
            Command::Cleanup(args) => cleanup::run(&cli()?, &args),
            Command::Runs(args) => runs::run(&cli()?, &args),
            Command::Show(args) => show::run(&cli()?, &args),
            Command::Schema(args) => schema::run(&cli()?, &args),
            Command::Explain(args) => explain::run(&args, style),
            Command::New(args) => new::run(&args, style),
            #[cfg(feature = "import")]
            Command::Import(args) => import::run(args, &cli()?),
            Command::Docs(args) => docs::run(&cli()?, &args),
            Command::Completions(args) => completions::run(&cli()?.entries, &args),
            Command::Man(args) => man::run(&args),
        }
    })();
    match ran {
        Ok(code) => ExitCode::from(code),
        Err(stop) => {
            stop.tell(err_style, format == Format::Json, on_github);
            ExitCode::from(stop.code)
        }
    }
}

/// Diagnostic logs of imagebake itself, where `IMAGEBAKE_LOG` asks for them: a level, or levels of parts as in
/// `warn,imagebake::journal=debug`. Those of other crates could hold secrets and stay off.
fn start_logging(on_github: bool) -> Result<(), Stop> {
    let Some(asked) = std::env::var_os("IMAGEBAKE_LOG").filter(|asked| !asked.is_empty()) else {
        return Ok(());
    };
    use tracing_subscriber::{filter::Targets, prelude::*};
    let refused = |why: &str| {
        let message = format!("IMAGEBAKE_LOG={} {why}", asked.to_string_lossy());
        let hint = "levels are off, error, warn, info, debug and trace; parts are written imagebake::journal=debug";
        Stop::told(2, message, hint)
    };
    let filter: Targets = asked
        .to_str()
        .and_then(|asked| asked.parse().ok())
        .ok_or_else(|| refused("is not a filter"))?;
    let own = |target: &str| target == "imagebake" || target.starts_with("imagebake::");
    if let Some((other, _)) = filter.iter().find(|(target, _)| !own(target)) {
        return Err(refused(&format!(
            "names `{other}`, which is neither a level nor a part of imagebake"
        )));
    }
    let everywhere = filter.default_level().map(|level| ("imagebake", level));
    let filter = Targets::new().with_targets(everywhere).with_targets(filter.iter());
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(move || -> Box<dyn std::io::Write> {
            match on_github {
                true => Box::new(github::Harmless(std::io::stderr())),
                false => Box::new(std::io::stderr()),
            }
        })
        .with_ansi(false);
    let subscriber = tracing_subscriber::registry().with(lines.with_filter(filter));
    // A program that has set up logs of its own keeps them.
    let _ = tracing::subscriber::set_global_default(subscriber);
    Ok(())
}

impl Cli {
    /// Finds the project and reads what was given on the command line.
    fn new(
        entries: Vec<ImageEntry>,
        globals: args::Globals,
        (style, err_style): (Style, Style),
        on_github: bool,
    ) -> Result<Self, Stop> {
        let project = Project::find(globals.project.as_deref(), globals.state_dir.as_deref()).map_err(Stop::usage)?;
        let (root, state) = (project.root.display(), project.state_dir.display());
        tracing::debug!(%root, %state, images = entries.len(), "project");
        let github = on_github.then(|| Files::new(&project.root, &project.current_dir));
        let inputs = inputs(&globals).map_err(|problems| {
            let renderer = Renderer {
                style: err_style,
                root: &project.current_dir,
                redactor: &Redactor::new(),
            };
            tell(&renderer, &problems, github.as_ref());
            Stop::problems_told(problems)
        })?;
        Ok(Self {
            entries,
            inputs,
            given: globals.vars,
            values: globals.values,
            project,
            project_flag: globals.project,
            state_flag: globals.state_dir,
            style,
            err_style,
            quiet: globals.quiet,
            github,
        })
    }

    fn problems(&self) -> Renderer<'_> {
        Renderer {
            style: self.err_style,
            root: &self.project.root,
            redactor: self.inputs.redactor(),
        }
    }

    /// Prints a result for people; secrets that were given themselves are hidden in it.
    fn print(&self, text: &str) {
        let text = self.inputs.redactor().redact_str(text);
        match &self.github {
            Some(_) => github::print(&text),
            None => print(&text),
        }
    }

    /// Prints a result for programs, in one line; secrets that were given themselves are hidden in it.
    fn print_json(&self, value: &impl serde::Serialize) -> Result<(), Stop> {
        let redactor = self.inputs.redactor();
        if redactor.is_empty() {
            return print_json(value);
        }
        let mut value = serde_json::to_value(value).map_err(no_json)?;
        redactor.redact_json(&mut value);
        print_json(&value)
    }

    /// Prints problems; nothing when there are none.
    fn tell_problems(&self, problems: &Diagnostics) {
        tell(&self.problems(), problems, self.github.as_ref());
    }
}

fn tell(renderer: &Renderer<'_>, problems: &Diagnostics, on_github: Option<&Files>) {
    let text = renderer.render(problems);
    match on_github {
        Some(files) => github::problems(&text, problems, files),
        None => print_error(&text),
    }
}

/// Whether this is a job of some CI, where nobody watches and nobody answers.
fn in_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| !matches!(value.as_str(), "" | "0" | "false"))
}

/// Writes a result to standard output.
fn print(text: &str) {
    crate::reporter::Out::stdout().write(text.as_bytes());
}

/// Writes a result as one line of JSON to standard output while it is made: the plan of a thousand images is large.
fn print_json(value: &impl serde::Serialize) -> Result<(), Stop> {
    use std::io::{BufWriter, ErrorKind, Write};
    let mut out = BufWriter::with_capacity(64 << 10, std::io::stdout());
    let written = serde_json::to_writer(&mut out, value).and_then(|()| {
        let ended = out.write_all(b"\n").and_then(|()| out.flush());
        ended.map_err(serde_json::Error::io)
    });
    match written {
        // A reader that has gone away has read what it wanted.
        Err(error) if error.io_error_kind() == Some(ErrorKind::BrokenPipe) => {
            // What is left in the buffer is nobody's.
            let _ = out.into_parts();
            Ok(())
        }
        other => other.map_err(no_json),
    }
}

fn no_json(error: serde_json::Error) -> Stop {
    Stop::from(crate::error::Error::new(crate::error::ErrorKind::Internal, "cannot write JSON").because(error))
}

/// Writes to standard error; when nobody reads that, nobody can be told.
fn print_error(text: &str) {
    use std::io::Write;
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// A runtime for commands that ask the outside one thing after the other.
fn small_runtime() -> Result<tokio::runtime::Runtime, Stop> {
    let made = tokio::runtime::Builder::new_current_thread().enable_all().build();
    made.map_err(|error| Stop::from(crate::error::Error::from(error)))
}

/// The inputs of the command line: values files in order, `--var` above them.
fn inputs(globals: &args::Globals) -> Result<Inputs, Diagnostics> {
    let (mut inputs, mut problems) = (Inputs::new(globals.vars.clone()), Diagnostics::new());
    for path in &globals.values {
        match ValuesFile::read(path, &path.display().to_string()) {
            Ok(file) => inputs = inputs.with_values(file),
            Err(found) => problems.extend(found),
        }
    }
    if problems.is_empty() { Ok(inputs) } else { Err(problems) }
}
