//! One unit from beginning to end: read it top to bottom.

use super::{Consumption, Cx, RunContext, StepRunner, dispatcher::Decisions};
use crate::{
    artifact::{AnyArtifact, Artifact},
    cache::StepKey,
    chain::ChainCx,
    error::{Error, ErrorKind, Result},
    event::{ArtifactSummary, Event, Failure, FileSummary, Timing, UnitStatus, UnitSummary},
    guest::{Guest, Snapshot},
    io::{DigestKind, off_the_async_threads},
    journal::{Scope, Unwind},
    plan::{PlannedUnit, panic_text},
    source::BaseId,
    step::UnitStep,
};
use futures_util::FutureExt;
use std::{
    collections::BTreeSet,
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};
use tokio_util::sync::CancellationToken;

/// What became of a unit, and whether its clean-up failed.
pub(crate) struct UnitEnd {
    pub(crate) summary: UnitSummary,
    pub(crate) cleanup_failed: bool,
}

/// Builds `unit`; whatever happens, its outside objects are removed, released or on record when this comes back.
pub(crate) async fn build(
    unit: PlannedUnit,
    run: Arc<RunContext>,
    scope: Scope,
    cancel: CancellationToken,
    decisions: Decisions,
) -> UnitEnd {
    let cx = Cx::new(run, &unit, scope.clone(), cancel, decisions.clone());
    cx.emit(Event::UnitStarted {
        unit: cx.unit().clone(),
    });
    let began = Instant::now();
    let built = AssertUnwindSafe(make(&unit, &cx, &decisions))
        .catch_unwind()
        .await
        .unwrap_or_else(|panic| {
            Err(Error::new(
                ErrorKind::Internal,
                format!("the build panicked: {}", panic_text(&*panic)),
            )
            .hint("this is a mistake in imagebake or in the component; the rest of the run goes on"))
        });
    if let Err(error) = &built
        && error.kind() != ErrorKind::Cancelled
        && !decisions.is_decided()
        && !scope.is_empty()
    {
        // It failed outside its steps: what was made so far is kept or removed as the user wants.
        decisions.after_failure(&cx, None, error).await;
    }
    let policy = if built.is_err() && decisions.keeps() {
        Unwind::Keep
    } else {
        Unwind::Delete
    };
    let before_cleanup = Instant::now();
    // Machines are removed at once, whatever still ends in them.
    let (leftovers, ()) = tokio::join!(scope.unwind(policy), cx.settle());
    cx.note_timing(Timing::new("clean up", before_cleanup.elapsed().as_secs_f64(), false));

    let status = match &built {
        Ok(_) => UnitStatus::Ok,
        Err(error) if error.kind() == ErrorKind::Cancelled => UnitStatus::Cancelled,
        Err(_) => UnitStatus::Failed,
    };
    let mut summary = UnitSummary::new(unit.image(), unit.source_name(), status);
    summary.seconds = began.elapsed().as_secs_f64();
    summary.timings = cx.take_timings();
    // A source without a base says its kind.
    summary.base = cx.fact("base").filter(|base| base != unit.kind());
    let cleanup: Vec<String> = leftovers.iter().map(Error::full).collect();
    match built {
        Ok(artifacts) => summary.artifacts = artifacts,
        Err(error) => summary.error = Some(failure(&cx, &error.at(unit.place()))),
    }
    if !cleanup.is_empty() {
        summary.error.get_or_insert_with(Failure::default).cleanup = cleanup;
    }
    UnitEnd {
        summary: redact(&cx, summary),
        cleanup_failed: !leftovers.is_empty(),
    }
}

/// Base, keys, machine, artifact, chains.
async fn make(unit: &PlannedUnit, cx: &Cx, decisions: &Decisions) -> Result<Vec<ArtifactSummary>> {
    let began = Instant::now();
    let base = cx.retry(3, || unit.unit.base(cx)).await?;
    cx.set_fact("base", base.to_string());
    cx.note_timing(Timing::new("base", began.elapsed().as_secs_f64(), false));
    let (base, steps) = with_keys(unit, cx, &base).await?;
    let (done, start_from) = deepest_snapshot(unit, cx, base.as_ref(), &steps).await?;

    let began = Instant::now();
    let (cached, left) = steps.split_at(done);
    let provisioned = Arc::new(AtomicBool::new(left.is_empty()));
    let runner = StepRunner {
        base,
        restored: start_from.is_some(),
        cached: cached.to_vec(),
        steps: left.to_vec(),
        error_cleanup: UnitStep::numbered(&unit.error_cleanup),
        decisions: decisions.clone(),
        done: provisioned.clone(),
    };
    let artifact = cx
        .until_cancelled(unit.unit.build(cx, Guest::new(runner, start_from)))
        .await?;
    if !provisioned.load(Ordering::Acquire) {
        return Err(Error::new(
            ErrorKind::Internal,
            format!("the source `{}` dropped its guest with steps left to run", unit.kind()),
        )
        .hint("`Source::build` must call `guest.provision(…)`"));
    }
    cx.note_timing(Timing::new("machine and steps", began.elapsed().as_secs_f64(), false));
    let artifacts = run_chains(unit, cx, artifact).await?;
    let mut told = Vec::with_capacity(artifacts.len());
    for artifact in &artifacts {
        told.push(summarise(cx, artifact).await?);
    }
    Ok(told)
}

/// The key before the first step, and the unit's steps with theirs, as far as they have one: without a place for machines there is nothing to
/// find or to name.
async fn with_keys(unit: &PlannedUnit, cx: &Cx, base: &BaseId) -> Result<(Option<StepKey>, Vec<UnitStep>)> {
    let mut steps = UnitStep::numbered(&unit.steps);
    if cx.options().no_cache || !unit.unit.stores_machines() || steps.is_empty() {
        return Ok((None, steps));
    }
    let (unit, stopped, cx) = (unit.clone(), cx, cx.clone());
    let base = base.clone();
    let work = move || {
        let found = unit.unit.inputs(&cx)?;
        let base = StepKey::of_base(unit.kind(), &unit.fields(), &base, &found)
            .map_err(|error| error.hint("the machine finds this file"))?;
        let mut key = base.clone();
        for step in &mut steps {
            if !step.step.cacheable(&unit.names) {
                break;
            }
            let inputs: Vec<_> = step
                .step
                .inputs(&unit.names)
                .iter()
                .map(|path| cx.input_path(path))
                .collect();
            key = key
                .after(step.step.kind(), &step.step.fields(&unit.names), &inputs)
                .map_err(|error| {
                    error
                        .at(step.step.place())
                        .context("step", step.name())
                        .hint("the step reads this file")
                })?;
            tracing::debug!(unit = unit.names.unit(), step = step.name(), %key, "step key");
            step.key = Some(key.clone());
        }
        Ok((Some(base), steps))
    };
    // Large files take their time; whoever stops the run does not wait for them.
    stopped.until_cancelled(off_the_async_threads(work)).await
}

/// How many steps a stored machine stands for, and which one it is.
async fn deepest_snapshot(
    unit: &PlannedUnit,
    cx: &Cx,
    base: Option<&StepKey>,
    steps: &[UnitStep],
) -> Result<(usize, Option<Snapshot>)> {
    let keys: Vec<_> = std::iter::once(base)
        .chain(steps.iter().map(|step| step.key.as_ref()))
        .collect();
    for (done, key) in keys.into_iter().enumerate().rev() {
        let Some(key) = key else { continue };
        let found = unit.unit.snapshot(cx, key).await?;
        tracing::debug!(unit = unit.names.unit(), done, stored = found.is_some(), "snapshot");
        if found.is_some() {
            return Ok((done, found));
        }
    }
    Ok((0, None))
}

async fn run_chains(unit: &PlannedUnit, cx: &Cx, artifact: AnyArtifact) -> Result<Vec<AnyArtifact>> {
    let consumption = Consumption::default();
    consumption.made(artifact.clone());
    let of = unit.chains.iter().map(|chain| chain.links.len()).sum();
    let mut first = 1;
    for (i, chain) in unit.chains.iter().enumerate() {
        let firsts = unit.chains[i + 1..].iter().filter_map(|later| later.links.first());
        let chain_cx = ChainCx {
            cx: cx.clone(),
            first,
            of,
            consumption: consumption.clone(),
            wants: chain.links.iter().map(|link| link.wants()).collect(),
            wanted_later: firsts.flat_map(|link| link.wants()).collect(),
        };
        (chain.run)(&chain_cx, artifact.clone()).await?;
        first += chain.links.len();
    }
    let (stay, go) = consumption.settle();
    for artifact in go {
        artifact.destroy().await?;
    }
    Ok(stay)
}

/// An artifact's row. A file that nobody has read so far is read now: its bytes are there, and the row says which they are.
async fn summarise(cx: &Cx, artifact: &AnyArtifact) -> Result<ArtifactSummary> {
    let wanted = BTreeSet::from([DigestKind::Sha256]);
    let mut files = Vec::new();
    for file in artifact.files() {
        let path = file.path().to_owned();
        if !file.digests().missing(&wanted).is_empty() && !path.exists() {
            cx.warn(format!("{} is not there any more", path.display()));
            continue;
        }
        let file = cx.digested(file, &wanted).await?;
        let sha256 = file.digests().get(DigestKind::Sha256).map(str::to_owned);
        files.push(FileSummary::new(path, file.size(), sha256));
    }
    let mut row = ArtifactSummary::new(artifact.kind(), Artifact::id(artifact), files);
    row.folders = artifact.folders();
    Ok(row)
}

fn failure(cx: &Cx, error: &Error) -> Failure {
    let mut failure = Failure::from(error);
    failure.step = cx.failed_step().map(|step| step.to_string());
    failure
}

/// Nothing of a summary is shown or stored with a secret in it.
fn redact(cx: &Cx, summary: UnitSummary) -> UnitSummary {
    let Some(error) = &summary.error else { return summary };
    let clean = |text: &String| cx.redactor().redact_str(text).into_owned();
    let error = Failure {
        message: clean(&error.message),
        causes: error.causes.iter().map(clean).collect(),
        script: error.script.as_ref().map(clean),
        context: error
            .context
            .iter()
            .map(|(name, value)| (name.clone(), clean(value)))
            .collect(),
        hints: error.hints.iter().map(clean).collect(),
        cleanup: error.cleanup.iter().map(clean).collect(),
        ..error.clone()
    };
    UnitSummary {
        error: Some(error),
        ..summary
    }
}
