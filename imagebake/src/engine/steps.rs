//! The steps of one unit in its machine: pauses, retries, time-outs, snapshots, and what happens when one fails.

use super::{
    Cx,
    dispatcher::{Answer, Decisions},
};
use crate::{
    cache::StepKey,
    communicator::Remote,
    error::{Error, ErrorKind, Result},
    event::{Event, Phase, StepRef, Timing, UnitStatus},
    guest::Machine,
    step::UnitStep,
};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// What a guest runs. Made by the engine, used up by [`Guest::provision`](crate::guest::Guest::provision).
pub(crate) struct StepRunner {
    /// The key of the machine before its first step.
    pub(crate) base: Option<StepKey>,
    /// The machine starts as a stored state.
    pub(crate) restored: bool,
    /// Those that a snapshot stands for, for the report.
    pub(crate) cached: Vec<UnitStep>,
    pub(crate) steps: Vec<UnitStep>,
    pub(crate) error_cleanup: Vec<UnitStep>,
    pub(crate) decisions: Decisions,
    /// Set when every step was dealt with, so that a source that forgets its guest is found out.
    pub(crate) done: Arc<AtomicBool>,
}

impl StepRunner {
    pub(crate) fn left(&self) -> usize {
        self.steps.len()
    }

    pub(crate) fn keys(&self) -> Vec<StepKey> {
        let steps = self.cached.iter().chain(&self.steps);
        let of_steps = steps.filter_map(|step| step.key.as_ref());
        self.base.iter().chain(of_steps).cloned().collect()
    }

    pub(crate) async fn run(self, cx: &Cx, machine: Machine) -> Result<()> {
        for (name, value) in machine.facts {
            cx.set_fact(name, value);
        }
        for step in &self.cached {
            let (unit, step) = (cx.unit().clone(), reference(step, Phase::Provision));
            cx.note_timing(Timing::new(super::context::part(&step), 0.0, true));
            cx.emit(Event::StepFinished {
                unit,
                step,
                seconds: 0.0,
                status: UnitStatus::Skipped,
            });
        }
        let remote = Remote::new(machine.comm, cx.clone());
        if let (Some(key), Some(snapshots), false) = (&self.base, &machine.snapshots, self.restored) {
            cx.until_cancelled(snapshots.take_base(key)).await?;
        }
        // From a failure that was passed over or a person's visit on, the machine is not what its description makes of it.
        let mut as_described = true;
        for step in &self.steps {
            loop {
                as_described &= !self.decisions.before_step(cx, step).await?;
                match run_step(cx, step, &remote, Phase::Provision).await {
                    Ok(()) => break,
                    Err(error) if error.kind() == ErrorKind::Cancelled => return Err(error),
                    Err(error) if step.step.options().continue_on_error => {
                        cx.forgive_step();
                        as_described = false;
                        cx.warn(format!(
                            "step {} {} failed and is passed over: {}",
                            step.number,
                            step.name(),
                            error.full()
                        ));
                        break;
                    }
                    Err(error) => match self.failed(cx, step, &error, &remote).await {
                        Answer::Retry => {
                            cx.forgive_step();
                            as_described = false;
                        }
                        _ => return Err(error),
                    },
                }
            }
            if let (true, Some(snapshots)) = (step.step.needs_guest(), &machine.snapshots) {
                let key = step.key.as_ref().filter(|_| as_described);
                cx.until_cancelled(snapshots.take(key, &title(step))).await?;
            }
        }
        self.done.store(true, Ordering::Release);
        Ok(())
    }

    /// What is to be done about a failed step; the error-cleanup steps have run when this comes back, unless all is to be left
    /// as it is.
    async fn failed(&self, cx: &Cx, step: &UnitStep, error: &Error, remote: &Remote) -> Answer {
        let failed_in = reference(step, Phase::Provision);
        let answer = self.decisions.after_failure(cx, Some(&failed_in), error).await;
        if matches!(answer, Answer::CleanUp | Answer::RunCleanupAndKeep) {
            let failed = cx.failed_step();
            for cleanup in &self.error_cleanup {
                if let Err(error) = run_step(cx, cleanup, remote, Phase::ErrorCleanup).await {
                    cx.warn(format!(
                        "the error-cleanup step {} failed: {}",
                        cleanup.name(),
                        error.full()
                    ));
                }
            }
            cx.restore_failed_step(failed);
        }
        answer
    }
}

/// One step with its pause, its tries and its time-out.
async fn run_step(cx: &Cx, step: &UnitStep, remote: &Remote, phase: Phase) -> Result<()> {
    let options = step.step.options();
    if !options.pause_before.is_zero() {
        let pause = humantime::format_duration(options.pause_before);
        cx.say(format!("waiting {pause} before step {} {}", step.number, step.name()));
        cx.pause(options.pause_before).await?;
    }
    let of = options.max_retries + 1;
    cx.digest_files(step);
    let result = cx.in_step(reference(step, phase), async {
        let mut first: Option<String> = None;
        let mut attempt = 1;
        loop {
            let error = match once(cx, step, remote).await {
                Err(error) if attempt < of && error.kind() != ErrorKind::Cancelled => error,
                result => return result,
            };
            attempt += 1;
            cx.report_attempt(attempt, of, first.get_or_insert_with(|| error.full()));
        }
    });
    let result = result.await;
    cx.digest_folders(step);
    result
}

async fn once(cx: &Cx, step: &UnitStep, remote: &Remote) -> Result<()> {
    let work = step.step.provision(cx.names(), cx, remote);
    match step.step.options().timeout {
        None => work.await,
        Some(limit) => tokio::time::timeout(limit, work).await.unwrap_or_else(|_| {
            let limit = humantime::format_duration(limit);
            Err(
                Error::new(ErrorKind::Timeout, format!("the step did not end within {limit}"))
                    .hint("give it more time with `.timeout(…)`"),
            )
        }),
    }
}

pub(super) fn reference(step: &UnitStep, phase: Phase) -> StepRef {
    StepRef::new(
        step.number,
        step.of,
        step.name(),
        step.step.kind(),
        Some(step.step.place()),
        phase,
    )
}

fn title(step: &UnitStep) -> String {
    format!("{} ({})", step.name(), step.step.place())
}
