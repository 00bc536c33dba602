//! `build`: plan, validate, then create.
//!
//! JSON: one event per line, see [`crate::reporter::Json`]. A build that cannot begin prints `{"event":"problem",…}` for each problem and
//! the summary, without units and with `error`, as its last line.

use super::{
    Cli,
    args::{BuildArgs, BuildOutput, suggestion},
    failure::Stop,
    in_ci, invocation, plan, prompt,
};
use crate::{
    engine::{self, BuildOptions},
    error::Error,
    event::{Summary, UnitStatus},
    plan::{Diagnostics, Plan},
    reporter::{Bundle, Github, Human, HumanOptions, Json, Logs, Out, Plain, PlainOptions, Reporter, Screen},
};
use serde_json::json;
use std::{collections::BTreeSet, io::IsTerminal};

pub(super) fn run(cli: &Cli, args: Box<BuildArgs>) -> Result<u8, Stop> {
    let json = args.output == BuildOutput::Json;
    let ended = build(cli, &args);
    if let (true, Err(stop)) = (json, &ended) {
        for problem in stop.problems() {
            let mut line = json!({"event": "problem"});
            if let (Some(line), Ok(serde_json::Value::Object(problem))) =
                (line.as_object_mut(), serde_json::to_value(problem))
            {
                line.extend(problem);
            }
            cli.print_json(&line)?;
        }
        let error = stop.message();
        cli.print_json(&json!({
            "event": "summary", "run": null, "units": [], "seconds": 0.0, "cleanup_failed": false, "error": error,
        }))?;
    }
    ended
}

fn build(cli: &Cli, args: &BuildArgs) -> Result<u8, Stop> {
    let (plan, lookups) = plan::make(cli, &args.chosen, &args.looking);
    cli.tell_problems(&plan.problems);
    refuse(&plan.problems)?;
    check_names(args, &plan)?;
    // What this build is made from is what later ones are made from.
    lookups.write(false)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Stop::from(Error::from(error)))?;
    let ended = runtime.block_on(async {
        let probed = engine::validate(&cli.project, &plan, args.force).await;
        cli.tell_problems(&probed);
        refuse(&probed)?;
        create(cli, args, plan).await
    });
    // A question that is still open must not hold the program.
    runtime.shutdown_background();
    let summary = ended?;
    Ok(code(&summary, args.fail_fast))
}

fn refuse(problems: &Diagnostics) -> Result<(), Stop> {
    if problems.has_errors() {
        Err(Stop::problems_told(problems.clone()))
    } else {
        Ok(())
    }
}

async fn create(cli: &Cli, args: &BuildArgs, plan: Plan) -> Result<Summary, Stop> {
    let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb" || term.is_empty());
    let live = args.output == BuildOutput::Auto && std::io::stderr().is_terminal() && !dumb && !in_ci();
    let screen = live.then(Screen::terminal);
    let reader = reader(cli, args, screen.clone());
    let options = BuildOptions {
        parallel: args.parallel.map(Into::into),
        limits: args.limits.clone(),
        on_error: args.on_error.into(),
        debug: args.debug,
        break_at: args.break_at.clone(),
        force: args.force,
        fail_fast: args.fail_fast,
        no_cache: args.no_cache,
        log_dir: args.log_dir.as_ref().map(|folder| cli.project.current_dir.join(folder)),
    };
    let prompt = match in_ci() || cli.github.is_some() {
        true => prompt::nobody(),
        false => prompt::prompt(screen, cli.err_style),
    };
    let commands = invocation::commands(cli);
    let logs = |_: &str, folder: &std::path::Path| -> crate::error::Result<Vec<Box<dyn Reporter>>> {
        let bundle = Box::new(Bundle::new(folder, commands));
        Ok(vec![Box::new(Logs::new(folder, vec![reader, bundle]))])
    };
    engine::run(&cli.project, plan, options, logs, prompt)
        .await
        .map_err(Stop::from)
}

fn reader(cli: &Cli, args: &BuildArgs, screen: Option<Screen>) -> Box<dyn Reporter> {
    let (style, commands, timings) = (cli.err_style, invocation::commands(cli), args.timings);
    match (args.output, screen) {
        (BuildOutput::Json, _) => Box::new(Json::new(Out::stdout()).quiet(cli.quiet)),
        (_, Some(screen)) => {
            let options = HumanOptions {
                style,
                verbose: args.verbose,
                quiet: cli.quiet,
                timings,
                commands,
            };
            Box::new(Human::new(screen, options))
        }
        (_, None) => {
            let style = if cli.github.is_some() { cli.style } else { style };
            let options = PlainOptions {
                style,
                quiet: cli.quiet,
                timings,
                commands,
                ..PlainOptions::default()
            };
            match &cli.github {
                Some(files) => Box::new(Github::new(Out::stdout(), options, files.clone())),
                None => Box::new(Plain::new(Out::stderr(), options)),
            }
        }
    }
}

/// Platforms of `--limit` and steps of `--break` that the plan does not have.
fn check_names(args: &BuildArgs, plan: &Plan) -> Result<(), Stop> {
    let mut platforms = BTreeSet::new();
    let mut steps = BTreeSet::new();
    for unit in &plan.units {
        platforms.insert(unit.kind().to_owned());
        platforms.extend(unit.kind().split('-').next().map(str::to_owned));
        for (i, step) in unit.steps().into_iter().enumerate() {
            steps.extend([step.name, (i + 1).to_string()]);
        }
    }
    let known = |set: &BTreeSet<String>, typed: &str, what: String| match set.contains(typed) {
        true => Ok(()),
        false if set.is_empty() => Err(Stop::told(2, what, "the selected units have none")),
        false => Err(Stop::told(2, what, suggestion(typed, set.iter().map(String::as_str)))),
    };
    for limit in &args.limits {
        let what = format!(
            "--limit {}={}: no selected unit is on `{0}`",
            limit.platform, limit.most
        );
        known(&platforms, &limit.platform, what)?;
    }
    for step in &args.break_at {
        known(
            &steps,
            step,
            format!("--break {step}: no selected unit has such a step"),
        )?;
    }
    Ok(())
}

/// The highest exit code that applies.
fn code(summary: &Summary, fail_fast: bool) -> u8 {
    let any = |status| summary.units.iter().any(|unit| unit.status == status);
    let failed = any(UnitStatus::Failed);
    // With --fail-fast it was not the user who cancelled the others.
    let cancelled = (any(UnitStatus::Cancelled) || any(UnitStatus::Skipped)) && !(fail_fast && failed);
    match (summary.cleanup_failed, cancelled, failed) {
        (true, ..) => 3,
        (_, true, _) => 130,
        (_, _, true) => 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::UnitSummary;

    #[test]
    fn the_highest_exit_code_that_applies() {
        use UnitStatus::{Cancelled, Failed, Ok, Skipped};
        let of = |statuses: &[UnitStatus], cleanup_failed, fail_fast| {
            let units = statuses
                .iter()
                .map(|status| UnitSummary::new("web", "oci", *status))
                .collect();
            code(&Summary::new("r", units, 1.0, cleanup_failed), fail_fast)
        };
        assert_eq!(of(&[Ok, Ok], false, false), 0);
        assert_eq!(of(&[Ok, Failed], false, false), 1);
        assert_eq!(of(&[Cancelled, Failed], false, false), 130);
        assert_eq!(of(&[Skipped, Ok], false, false), 130);
        assert_eq!(of(&[Cancelled, Failed, Skipped], false, true), 1);
        assert_eq!(of(&[Cancelled, Failed], true, false), 3);
        assert_eq!(of(&[Ok], true, false), 3);
    }
}
