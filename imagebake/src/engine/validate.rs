//! Plan and probes: what can be found out without making anything.

use super::{
    Cx, RunContext, digests::RunDigests, dispatcher::Decisions, events, outputs::Outputs, random_id, run::BuildOptions,
    secrets,
};
use crate::{
    event::{Event, Level, Stamped},
    journal::Journal,
    plan::{Diagnostic, Diagnostics, Plan, PlannedUnit},
    project::{Project, unreadable},
    source::NoRuntime,
};
use std::{collections::BTreeSet, sync::Arc};
use tokio_util::sync::CancellationToken;

/// Probes every unit of `plan`: secrets, files that steps read, and what each source can find out. All problems at once. With `force`, what
/// stands in the way of a build is none.
pub async fn validate(project: &Project, plan: &Plan, force: bool) -> Diagnostics {
    let redactor = plan.redactor.clone();
    let mut problems = secrets::resolve(project, plan, &redactor).await;
    let (events, mut told) = events::channel();
    let id = format!("v{}", random_id());
    let context = Arc::new(RunContext {
        id: id.clone(),
        clock: plan.clock,
        project: project.clone(),
        events,
        redactor,
        outputs: Outputs::in_state(&project.state_dir),
        options: BuildOptions {
            force,
            ..BuildOptions::default()
        },
        plan: plan.clone(),
        digests: RunDigests::default(),
    });
    let journal = Journal::new(project, &id);
    let probes = plan.units.iter().map(|unit| {
        let scope = journal.scope(unit.name(), |_| {});
        let cx = Cx::new(
            context.clone(),
            unit,
            scope,
            CancellationToken::new(),
            Decisions::nobody(),
        );
        async move { probe(unit, &cx).await }
    });
    for found in futures_util::future::join_all(probes).await {
        problems.extend(found);
    }
    problems.extend(warnings(plan, told.waiting()));
    problems
}

/// What probes warned of.
fn warnings(plan: &Plan, events: Vec<Stamped>) -> Diagnostics {
    let mut problems = Diagnostics::new();
    for stamped in events {
        let Event::Message {
            unit: Some(name),
            level: Level::Warning,
            text,
        } = stamped.event
        else {
            continue;
        };
        let Some(unit) = plan.units.iter().find(|unit| unit.name() == name) else {
            continue;
        };
        let mut one = Diagnostics::new();
        one.push(Diagnostic::warning("probe", text).at(unit.place()));
        one.within(unit.image(), Some(&unit.names.kind_and_name()), None);
        problems.extend(one);
    }
    problems
}

async fn probe(unit: &PlannedUnit, cx: &Cx) -> Diagnostics {
    let mut problems = Diagnostics::new();
    let source = unit.names.kind_and_name();
    let mut add = |problem: Diagnostic, step: Option<&str>| {
        let mut one = Diagnostics::new();
        one.push(problem);
        one.within(unit.image(), Some(&source), step);
        problems.extend(one);
    };
    for (kind, place) in unit.unwritten() {
        let why = NoRuntime::Unwritten;
        let problem = Diagnostic::error("unsupported", why.message(kind)).help(why.hint());
        add(problem.at(place), Some(kind));
    }
    let mut seen = BTreeSet::new();
    for (i, step) in unit.steps.iter().chain(&unit.error_cleanup).enumerate() {
        let fields = step.fields(&unit.names);
        for input in step.inputs(&unit.names) {
            let path = cx.input_path(&input);
            let readable = match tokio::fs::metadata(&path).await {
                Ok(about) if about.is_dir() => tokio::fs::read_dir(&path).await.map(drop),
                Ok(_) => tokio::fs::File::open(&path).await.map(drop),
                Err(error) => Err(error),
            };
            let Err(error) = readable else { continue };
            if !seen.insert((i, path.clone())) {
                continue;
            }
            let field = fields.iter().find(|field| field.value.host_paths().contains(&&input));
            let place = field
                .and_then(|field| field.set_at.clone())
                .unwrap_or_else(|| step.place());
            let told = unreadable(&input, &path, &unit.image_dir, error);
            let problem = Diagnostic::error("unreadable-file", told.message());
            let problem = told
                .hints()
                .iter()
                .fold(problem, |problem, hint| problem.help(hint.clone()));
            let problem = problem.at(place);
            let problem = match field {
                Some(field) => problem.field(field.meta.name),
                None => problem,
            };
            add(problem, Some(&format!("step {} {}", i + 1, step.kind())));
        }
    }
    if let Some(why) = &unit.info.unsupported {
        add(Diagnostic::error("unsupported", why.clone()).at(unit.place()), None);
    } else if let Some(why) = unit.unit.no_runtime() {
        let problem = Diagnostic::error("unsupported", why.message(unit.kind())).help(why.hint());
        add(problem.at(unit.place()), None);
    } else if let Err(error) = unit.unit.probe(cx).await {
        let problem = Diagnostic::error("probe", error.full());
        let problem = error
            .hints()
            .iter()
            .fold(problem, |problem, hint| problem.help(hint.clone()));
        let field = error.facts().iter().find(|(name, _)| *name == "field");
        let problem = match field {
            Some((_, field)) => problem.field(field.clone()),
            None => problem,
        };
        add(problem.at(error.place().cloned().unwrap_or_else(|| unit.place())), None);
    }
    problems
}
