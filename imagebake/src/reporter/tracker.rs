//! What every unit is doing, as far as events tell.

use super::style::{bytes, duration};
use crate::event::{Event, Phase, StepRef, UnitName};
use std::{collections::BTreeMap, sync::Arc, time::Instant};

/// The units of a run that have not ended, in the order they appeared.
#[derive(Default)]
pub(super) struct Tracker {
    units: BTreeMap<UnitName, Doing>,
}

/// What one unit is doing.
pub(super) struct Doing {
    pub(super) phase: Activity,
    /// When it began with that.
    pub(super) since: Instant,
    pub(super) progress: Option<Transfer>,
    pub(super) attempt: Option<(u32, u32)>,
}

/// The part of a unit that is under way.
#[derive(Clone)]
pub(super) enum Activity {
    Waiting(String),
    /// Between steps: getting the base, starting or capturing the machine, cleaning up.
    Between(&'static str),
    Step(StepRef),
}

/// A transfer under way.
#[derive(Clone)]
pub(super) struct Transfer {
    pub(super) what: Arc<str>,
    pub(super) done: u64,
    pub(super) total: Option<u64>,
    pub(super) began: Instant,
    first: u64,
}

impl Transfer {
    /// In bytes a second, since the first word of it.
    pub(super) fn rate(&self) -> Option<f64> {
        let seconds = self.began.elapsed().as_secs_f64();
        (seconds > 0.2).then(|| self.done.saturating_sub(self.first) as f64 / seconds)
    }

    /// `pull debian:12 45.0 MiB of 120.0 MiB, 12.3 MiB/s`.
    pub(super) fn text(&self) -> String {
        let mut text = format!("{} {}", self.what, bytes(self.done));
        if let Some(total) = self.total {
            text.push_str(&format!(" of {}", bytes(total)));
        }
        if let Some(rate) = self.rate() {
            text.push_str(&format!(", {}/s", bytes(rate as u64)));
        }
        text
    }
}

impl Tracker {
    /// Learns from an event; comes back with the transfer that ended with it.
    pub(super) fn learn(&mut self, event: &Event) -> Option<Transfer> {
        match event {
            Event::Waiting { unit, waits_for } => self.set(unit, Activity::Waiting(waits_for.clone())),
            Event::UnitStarted { unit } => self.set(unit, Activity::Between("starting")),
            Event::StepStarted { unit, step } => self.set(unit, Activity::Step(step.clone())),
            Event::StepFinished { unit, step, .. } => {
                let last = step.number == step.of;
                let next = match step.phase {
                    Phase::ErrorCleanup => "cleaning up",
                    Phase::PostProcess if last => "finishing",
                    Phase::Provision if last => "capturing the machine",
                    _ => "between steps",
                };
                self.set(unit, Activity::Between(next));
            }
            Event::Attempt { unit, attempt, of, .. } => {
                if let Some(doing) = self.units.get_mut(unit) {
                    doing.attempt = Some((*attempt, *of));
                }
            }
            Event::Progress {
                unit,
                what,
                done,
                total,
            } => return self.progress(unit, what, *done, *total),
            Event::UnitFinished { unit, .. } => {
                self.units.remove(unit);
            }
            _ => {}
        }
        None
    }

    fn set(&mut self, unit: &UnitName, phase: Activity) {
        let doing = Doing {
            phase,
            since: Instant::now(),
            progress: None,
            attempt: None,
        };
        self.units.insert(unit.clone(), doing);
    }

    fn progress(&mut self, unit: &UnitName, what: &Arc<str>, done: u64, total: Option<u64>) -> Option<Transfer> {
        let doing = self.units.get_mut(unit)?;
        match &mut doing.progress {
            Some(transfer) if transfer.what == *what && transfer.done <= done => {
                (transfer.done, transfer.total) = (done, total);
            }
            other => {
                *other = Some(Transfer {
                    what: what.clone(),
                    done,
                    total,
                    began: Instant::now(),
                    first: done,
                });
            }
        }
        if total == Some(done) {
            doing.progress.take()
        } else {
            None
        }
    }

    #[cfg(feature = "cli")]
    pub(super) fn get(&self, unit: &UnitName) -> Option<&Doing> {
        self.units.get(unit)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&UnitName, &Doing)> {
        self.units.iter()
    }
}

impl Doing {
    /// `step 2 of 5 shell`, with what moves and how often it was tried.
    pub(super) fn words(&self) -> String {
        let mut text = match &self.phase {
            Activity::Waiting(what) => format!("waits for {what}"),
            Activity::Between(what) => (*what).to_owned(),
            Activity::Step(step) => step.to_string(),
        };
        if let Some((attempt, of)) = self.attempt {
            text.push_str(&format!(", attempt {attempt} of {of}"));
        }
        text
    }

    /// How long it has been at it: `42s`.
    pub(super) fn elapsed(&self) -> String {
        duration(self.since.elapsed().as_secs_f64())
    }
}
