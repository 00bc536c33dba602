//! `validate`: plan and probes. Creates nothing.
//!
//! JSON: `{"valid":true,"units":["web.oci"],"problems":[…]}`.

use super::{
    Cli,
    args::{Format, ValidateArgs},
    failure::Stop,
    plan, small_runtime,
};
use crate::engine;
use serde_json::json;

pub(super) fn run(cli: &Cli, args: &ValidateArgs) -> Result<u8, Stop> {
    let (plan, _) = plan::make(cli, &args.chosen, &args.looking);
    let mut problems = plan.problems.clone();
    // Probes of a description that is wrong would only repeat its problems.
    if !problems.has_errors() {
        let runtime = small_runtime()?;
        problems.extend(runtime.block_on(engine::validate(&cli.project, &plan, false)));
        runtime.shutdown_background();
    }
    let valid = !problems.has_errors();
    let units: Vec<String> = plan.units.iter().map(|unit| unit.name().to_string()).collect();
    if args.output.format() == Format::Json {
        cli.print_json(&json!({"valid": valid, "units": units, "problems": problems}))?;
    } else if valid && !cli.quiet {
        let lines: String = units
            .iter()
            .map(|unit| format!("{} {unit}\n", cli.style.green("valid")))
            .collect();
        cli.print(&lines);
    }
    cli.tell_problems(&problems);
    Ok(plan::code(&problems))
}
