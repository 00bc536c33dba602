//! What the user may type.

use crate::{
    engine::{Limit, OnError},
    plan::{Selection, nearest},
    registry::ImageEntry,
    reporter::Style,
};
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum, error::ErrorKind};
use std::{ffi::OsString, num::NonZeroUsize, path::PathBuf, time::Duration};

/// Bakes the machine images that this program describes.
#[derive(Debug, Parser)]
#[command(name = "imagebake", version, about, long_about = None, subcommand_required = true, arg_required_else_help = true)]
#[command(propagate_version = true, max_term_width = 110)]
#[command(
    after_help = "Exit codes: 0 all went well, 1 a build failed, 2 wrong usage or a description that cannot be built,\n\
    3 clean-up was tried and failed, 4 --against found differences, 130 cancelled."
)]
pub(super) struct Options {
    #[command(flatten)]
    pub(super) globals: Globals,
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(super) struct Globals {
    /// The project's folder [default: the nearest one with imagebake.toml or Cargo.lock].
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "IMAGEBAKE_PROJECT",
        hide_env_values = true
    )]
    pub(super) project: Option<PathBuf>,
    /// Where journals, logs and stores are kept [default: .imagebake in the project].
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "IMAGEBAKE_STATE_DIR",
        hide_env_values = true
    )]
    pub(super) state_dir: Option<PathBuf>,
    /// A value for a variable; may be repeated, the last one counts.
    #[arg(long = "var", global = true, value_name = "NAME=VALUE", value_parser = name_and_value)]
    pub(super) vars: Vec<(String, String)>,
    /// A TOML, YAML, JSON or HCL file with values for variables; may be repeated, the last one counts.
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) values: Vec<PathBuf>,
    /// Say less: no output of guests.
    #[arg(long, short, global = true)]
    pub(super) quiet: bool,
    /// Whether to colour.
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t)]
    pub(super) color: Color,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Show the images, their sources and variables.
    List(ListArgs),
    /// Show what would be built, without touching anything.
    Plan(PlanArgs),
    /// Print every component of imagebake with the attributes of templates that it knows, as JSON.
    #[command(hide = true)]
    Components,
    /// Plan, and find out whether it can be built: files, registries, engines, quotas.
    Validate(ValidateArgs),
    /// Show all that is known of one image: variables, sources, settings, facts.
    Inspect(InspectArgs),
    /// Build images.
    Build(Box<BuildArgs>),
    /// Pin what images look up in imagebake.lock, so that every build uses the same.
    Lock(LockArgs),
    /// Remove what crashed or aborted builds left behind.
    Cleanup(CleanupArgs),
    /// Show the runs so far.
    Runs(RunsArgs),
    /// Show one run.
    Show(ShowArgs),
    /// Write the JSON Schema of values files, for editors.
    Schema(SchemaArgs),
    /// Say in more words what a code like unknown-image means.
    Explain(ExplainArgs),
    /// Make a project of one's own in a new folder.
    New(NewArgs),
    /// Turn Packer's templates into a package of Rust.
    #[cfg(feature = "import")]
    Import(ImportArgs),
    /// Write a page about each image, for people: what it is for, its inputs, steps, outputs and last run.
    Docs(DocsArgs),
    /// Print a script that completes commands, options and images in a shell.
    Completions(CompletionsArgs),
    /// Print the manual page, or that of a command.
    Man(ManArgs),
}

impl Command {
    /// How results are printed.
    pub(super) fn format(&self) -> Format {
        match self {
            Self::List(args) => args.output,
            Self::Plan(args) => args.format(),
            Self::Components => Format::Json,
            Self::Validate(args) => args.output.format(),
            Self::Inspect(args) => args.output,
            // A build that cannot begin ends its events by itself.
            Self::Build(_) => Format::Text,
            Self::Lock(args) => args.output,
            Self::Cleanup(args) => args.output,
            Self::Runs(args) => args.output,
            Self::Show(args) => args.output,
            Self::Explain(args) => args.output,
            // It prints JSON anyway, or the name of a file.
            Self::Schema(_) => Format::Text,
            Self::New(args) => args.output,
            #[cfg(feature = "import")]
            Self::Import(args) => args.report,
            Self::Docs(args) => args.output,
            Self::Completions(_) | Self::Man(_) => Format::Text,
        }
    }
}

impl Command {
    /// Whether it speaks to GitHub Actions.
    pub(super) fn on_github(&self) -> bool {
        match self {
            Self::Plan(args) => args.output == PlanOutput::Github,
            Self::Validate(args) => args.output == PlanOutput::Github,
            Self::Build(args) => args.output == BuildOutput::Github,
            _ => false,
        }
    }
}

/// How results are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

/// How a plan and its problems are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum PlanOutput {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
    /// For the log of GitHub Actions: problems at their lines, and in a summary of the job.
    Github,
}

impl PlanOutput {
    pub(super) fn format(self) -> Format {
        match self {
            Self::Text | Self::Github => Format::Text,
            Self::Json => Format::Json,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// On a terminal; NO_COLOR and CLICOLOR_FORCE count.
    #[default]
    Auto,
    Always,
    Never,
}

impl Color {
    pub(super) fn style(self, is_terminal: bool) -> Style {
        match self {
            Self::Auto => Style::detect(is_terminal),
            Self::Always => Style::coloured(true),
            Self::Never => Style::coloured(false),
        }
    }
}

/// The images and sources that a command is about.
#[derive(Clone, Debug, Args)]
pub(super) struct Chosen {
    /// Names of images, or globs on them [default: all].
    #[arg(value_name = "IMAGE")]
    pub(super) images: Vec<String>,
    /// Only these sources: globs on web.oci, on oci or on a source's name; may be repeated or separated by commas.
    #[arg(long, value_name = "GLOB", value_delimiter = ',')]
    pub(super) only: Vec<String>,
    /// Not these sources.
    #[arg(long, value_name = "GLOB", value_delimiter = ',')]
    pub(super) except: Vec<String>,
}

impl Chosen {
    pub(super) fn selection(&self) -> Selection {
        Selection::of(self.images.clone())
            .only(self.only.clone())
            .except(self.except.clone())
    }
}

/// What look-ups may do.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct LookingArgs {
    /// Fail where imagebake.lock would have to change: it has all answers that are needed.
    #[arg(long)]
    pub(super) locked: bool,
    /// Look nothing up outside: what is not pinned in imagebake.lock is an error.
    #[arg(long)]
    pub(super) offline: bool,
}

#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    pub(super) output: Format,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum PlanForm {
    /// A tree.
    #[default]
    Tree,
    /// JSON in imagebake's own words.
    Json,
    /// JSON under the names of Packer's templates.
    Packer,
}

#[derive(Debug, Args)]
pub(super) struct PlanArgs {
    #[command(flatten)]
    pub(super) chosen: Chosen,
    #[command(flatten)]
    pub(super) looking: LookingArgs,
    /// Settings that stand at their default too.
    #[arg(long)]
    pub(super) all: bool,
    /// In which words.
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: PlanForm,
    /// Write the plan to this file too, for `--against`: JSON, with defaults, secrets by name alone.
    #[arg(long, value_name = "FILE")]
    pub(super) save: Option<PathBuf>,
    /// Compare with the plan in this file, which `--save` wrote; exit code 4 where something differs.
    #[arg(long, value_name = "FILE")]
    pub(super) against: Option<PathBuf>,
    /// With the values of secrets, as far as they are at hand.
    #[arg(long, requires = "format")]
    pub(super) reveal: bool,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    pub(super) output: PlanOutput,
}

impl PlanArgs {
    pub(super) fn format(&self) -> Format {
        if self.format == PlanForm::Tree {
            self.output.format()
        } else {
            Format::Json
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct ValidateArgs {
    #[command(flatten)]
    pub(super) chosen: Chosen,
    #[command(flatten)]
    pub(super) looking: LookingArgs,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    pub(super) output: PlanOutput,
}

#[derive(Debug, Args)]
pub(super) struct InspectArgs {
    /// The image's name.
    pub(super) image: String,
    #[command(flatten)]
    pub(super) looking: LookingArgs,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    pub(super) output: Format,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum BuildOutput {
    /// Live lines on a terminal, else plain.
    #[default]
    Auto,
    /// Line by line.
    Plain,
    /// One event per line, for programs.
    Json,
    /// For the log of GitHub Actions: groups, annotations, a summary of the job.
    Github,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum ErrorPolicy {
    /// Run the error-cleanup steps and remove everything.
    #[default]
    Cleanup,
    /// Leave everything as it is.
    Abort,
    /// Ask.
    Ask,
    /// Run the error-cleanup steps and leave everything as it is.
    RunCleanupProvisioner,
}

impl From<ErrorPolicy> for OnError {
    fn from(policy: ErrorPolicy) -> Self {
        match policy {
            ErrorPolicy::Cleanup => Self::Cleanup,
            ErrorPolicy::Abort => Self::Abort,
            ErrorPolicy::Ask => Self::Ask,
            ErrorPolicy::RunCleanupProvisioner => Self::RunCleanupProvisioner,
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct BuildArgs {
    #[command(flatten)]
    pub(super) chosen: Chosen,
    #[command(flatten)]
    pub(super) looking: LookingArgs,
    /// At most N builds at once [default: no limit].
    #[arg(long, value_name = "N", value_parser = count)]
    pub(super) parallel: Option<NonZeroUsize>,
    /// At most N builds of a platform at once; may be repeated.
    #[arg(long = "limit", value_name = "PLATFORM=N", value_parser = limit)]
    pub(super) limits: Vec<Limit>,
    /// What happens when a step fails.
    #[arg(long, value_enum, default_value_t, value_name = "WHAT")]
    pub(super) on_error: ErrorPolicy,
    /// Step by step: wait before each.
    #[arg(long)]
    pub(super) debug: bool,
    /// Wait before the step with this name or number; may be repeated.
    #[arg(long = "break", value_name = "STEP")]
    pub(super) break_at: Vec<String>,
    /// Replace what is in the way of an output.
    #[arg(long)]
    pub(super) force: bool,
    /// Cancel the other builds when one fails.
    #[arg(long)]
    pub(super) fail_fast: bool,
    /// Run every step, whatever earlier runs have stored.
    #[arg(long)]
    pub(super) no_cache: bool,
    /// How to report.
    #[arg(long, value_enum, default_value_t)]
    pub(super) output: BuildOutput,
    /// The output of guests on a terminal too.
    #[arg(long, short, conflicts_with = "quiet")]
    pub(super) verbose: bool,
    /// At the end, how long each part took.
    #[arg(long)]
    pub(super) timings: bool,
    /// Where the builds' logs go [default: logs/RUN in the state folder].
    #[arg(long, value_name = "DIR")]
    pub(super) log_dir: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct LockArgs {
    /// Names of images, or globs on them [default: all].
    #[arg(value_name = "IMAGE")]
    pub(super) images: Vec<String>,
    /// Ask anew for what is pinned: for all of it, or for these names or globs on them, as the plan shows them.
    #[arg(long, value_name = "NAME", num_args = 0..)]
    pub(super) update: Option<Vec<String>>,
    /// Remove what no image asks for.
    #[arg(long, conflicts_with = "images")]
    pub(super) prune: bool,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    pub(super) output: Format,
}

#[derive(Debug, Args)]
pub(super) struct CleanupArgs {
    /// Only what this run left [default: all runs that have ended].
    #[arg(conflicts_with = "sweep")]
    pub(super) run: Option<String>,
    /// Also remove what builds have stored of machines and their steps: the next ones begin from their bases.
    #[arg(long, conflicts_with_all = ["sweep", "run"])]
    pub(super) cache: bool,
    /// Ask the platform itself for this project's expired objects, by the labels they carry.
    #[arg(long, value_name = "PLATFORM", requires = "older_than")]
    pub(super) sweep: Option<String>,
    /// Only objects made longer ago: 90m, 6h, 2days.
    #[arg(long, value_name = "TIME", requires = "sweep", value_parser = length_of_time)]
    pub(super) older_than: Option<Duration>,
    /// Only say what would be removed.
    #[arg(long, requires = "sweep")]
    pub(super) dry_run: bool,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    pub(super) output: Format,
}

#[derive(Debug, Args)]
pub(super) struct SchemaArgs {
    /// Of values files; into FILE, else to standard output.
    // Here it is not the option of the other commands, although it is called the same.
    #[arg(id = "values", long = "values", value_name = "FILE", required = true)]
    pub(super) values: Option<Option<PathBuf>>,
}

#[derive(Debug, Args)]
pub(super) struct RunsArgs {
    /// How many, the latest first [default: 20].
    #[arg(long, value_name = "N", value_parser = count)]
    pub(super) last: Option<NonZeroUsize>,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    pub(super) output: Format,
}

#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    /// The run, or the beginning of its id; `last` is the latest.
    pub(super) run: String,
    /// Compare what it was built from with what this run was; exit code 4 where something differs.
    #[arg(long, value_name = "RUN")]
    pub(super) against: Option<String>,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    pub(super) output: Format,
}

#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// The code, as a problem shows it: unknown-image, or error[unknown-image].
    pub(super) code: String,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    pub(super) output: Format,
}

#[derive(Debug, Args)]
pub(super) struct NewArgs {
    /// The project's folder: one that does not exist yet, or is empty.
    #[arg(value_name = "DIR")]
    pub(super) dir: PathBuf,
    /// The package's name [default: the folder's].
    #[arg(long, value_name = "NAME")]
    pub(super) name: Option<String>,
    #[command(flatten)]
    pub(super) origin: OriginArgs,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    pub(super) output: Format,
}

/// Where a package takes imagebake from.
#[derive(Debug, Args)]
pub(super) struct OriginArgs {
    /// Take imagebake from this checkout, with the versions of all libraries in its Cargo.lock [default: this version, from the registry].
    #[arg(long, value_name = "CHECKOUT", conflicts_with = "git")]
    pub(super) path: Option<PathBuf>,
    /// Take imagebake from this repository.
    #[arg(long, value_name = "URL", requires = "rev")]
    pub(super) git: Option<String>,
    /// The commit or tag of --git.
    #[arg(long, value_name = "REV", requires = "git")]
    pub(super) rev: Option<String>,
}

#[cfg(feature = "import")]
#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// Templates, and folders of templates.
    #[arg(value_name = "PATH", required = true)]
    pub(super) paths: Vec<PathBuf>,
    /// The package's folder [default: one named after the template].
    #[arg(long, value_name = "DIR", conflicts_with = "into")]
    pub(super) out: Option<PathBuf>,
    /// Add the modules to this package instead.
    #[arg(long, value_name = "CRATE")]
    pub(super) into: Option<PathBuf>,
    /// A file with values for the template's variables; may be repeated, the last one counts.
    #[arg(long = "var-file", value_name = "FILE")]
    pub(super) var_files: Vec<PathBuf>,
    /// The folder in which packer was started [default: the one below which most of the files are that the template names].
    #[arg(long, value_name = "DIR")]
    pub(super) cwd: Option<PathBuf>,
    /// Write nothing: say what would be imported, what is wrong, and whether what is there is still what the templates say.
    #[arg(long)]
    pub(super) check: bool,
    /// Turn what is not known into marked comments; the report tells each, and the exit code is not 0.
    #[arg(long)]
    pub(super) lenient: bool,
    /// Leave what several templates say alike in each of their modules, instead of once in `common.rs`.
    #[arg(long)]
    pub(super) no_share: bool,
    /// Compile the package and compare its plans with the templates, attribute by attribute.
    #[arg(long, conflicts_with = "check")]
    pub(super) verify: bool,
    /// Replace files that are there.
    #[arg(long)]
    pub(super) force: bool,
    #[command(flatten)]
    pub(super) origin: OriginArgs,
    /// Where --verify keeps compiled libraries [default: the package's own target].
    #[arg(long, value_name = "DIR", hide = true)]
    pub(super) target_dir: Option<PathBuf>,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    pub(super) report: Format,
}

#[derive(Debug, Args)]
pub(super) struct DocsArgs {
    /// Names of images, or globs on them [default: all, with a page that lists them].
    #[arg(value_name = "IMAGE")]
    pub(super) images: Vec<String>,
    /// The folder of the pages.
    #[arg(long, value_name = "DIR", default_value = "docs/images")]
    pub(super) dir: PathBuf,
    /// How to print what was written.
    #[arg(long, value_enum, default_value_t)]
    pub(super) output: Format,
}

#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// The shell.
    pub(super) shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// The command [default: the program's own page].
    #[arg(value_name = "COMMAND")]
    pub(super) command: Option<String>,
    /// Write all pages into this folder instead.
    #[arg(long, value_name = "DIR", conflicts_with = "command")]
    pub(super) dir: Option<PathBuf>,
}

/// Reads the command line; `words` begins with the program's name. Help on a command with images has their inputs.
pub(super) fn parse(words: Vec<OsString>, images: &[ImageEntry]) -> Result<Options, clap::Error> {
    let read = |command: clap::Command| {
        let matches = command.try_get_matches_from(words.iter())?;
        Options::from_arg_matches(&matches)
    };
    let mut parsed = read(command());
    if parsed
        .as_ref()
        .is_err_and(|error| error.kind() == ErrorKind::DisplayHelp)
        && let Some((name, inputs)) = super::inputs::help(&words, images)
    {
        parsed = read(command().mut_subcommand(name, |command| command.after_help(inputs)));
    }
    let mut options = parsed?;
    if let Command::Schema(_) = &options.command {
        options.globals.values.clear();
    }
    Ok(options)
}

/// The whole command line, for help and tests.
pub(super) fn command() -> clap::Command {
    Options::command()
}

fn name_and_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.trim().to_owned(), value.to_owned())),
        // The text may be a secret's value: it is not repeated.
        _ => Err("a variable is given as NAME=VALUE".to_owned()),
    }
}

fn count(text: &str) -> Result<NonZeroUsize, String> {
    text.trim().parse().map_err(|_| "give a whole number from 1".to_owned())
}

fn limit(text: &str) -> Result<Limit, String> {
    let shape = || "a limit is given as PLATFORM=N, N from 1: amazon=2".to_owned();
    let (platform, most) = text.split_once('=').ok_or_else(shape)?;
    let most: NonZeroUsize = most.trim().parse().map_err(|_| shape())?;
    match platform.trim() {
        "" => Err(shape()),
        platform => Ok(Limit {
            platform: platform.to_owned(),
            most: most.get(),
        }),
    }
}

fn length_of_time(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text.trim()).map_err(|error| format!("{error}; write 90m, 6h or 2days"))
}

/// `did you mean …?` or all there is, for a name that is not among `known`.
pub(super) fn suggestion<'a>(typed: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> String {
    match nearest(typed, known.clone()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            let mut known: Vec<&str> = known.into_iter().collect();
            known.sort_unstable();
            known.dedup();
            format!("there are: {}", known.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(line: &str) -> String {
        let words = std::iter::once("imagebake")
            .chain(line.split(' '))
            .map(OsString::from)
            .collect();
        parse(words, &[]).expect_err("refused").to_string()
    }

    #[test]
    fn the_command_line_is_consistent() {
        command().debug_assert();
    }

    #[test]
    fn wrong_values_say_what_is_right() {
        for (line, told) in [
            ("build --parallel 0", "whole number from 1"),
            ("build --parallel many", "whole number from 1"),
            ("build --limit amazon", "PLATFORM=N"),
            ("build --limit amazon=0", "PLATFORM=N"),
            ("build --limit =3", "PLATFORM=N"),
            ("build --on-error abrot", "'abort'"),
            ("build --output jsno", "'json'"),
            ("build --forse", "--force"),
            ("biuld", "'build'"),
            ("build --quiet --verbose", "cannot be used with"),
            ("list --output yaml", "possible values: text, json"),
            ("plan --reveal", "--format"),
            ("plan --format pakcer", "'packer'"),
            ("cleanup --sweep amazon", "--older-than"),
            ("cleanup --sweep amazon --older-than soon", "6h"),
            ("cleanup --dry-run", "--sweep"),
            ("cleanup r1 --sweep amazon --older-than 6h", "cannot be used with"),
            ("runs --last 0", "whole number from 1"),
            ("show", "<RUN>"),
            ("inspect", "<IMAGE>"),
            ("schema", "--values"),
            ("list --color red", "never"),
        ] {
            let text = refused(line);
            assert!(text.contains(told), "{line}: {text}");
        }
    }

    #[test]
    fn what_is_no_variable_is_not_repeated_by_us() {
        assert!(name_and_value("hunter2").expect_err("no name").contains("NAME=VALUE"));
        assert_eq!(name_and_value("a=b=c"), Ok(("a".to_owned(), "b=c".to_owned())));
        assert_eq!(name_and_value("a="), Ok(("a".to_owned(), String::new())));
    }
}
