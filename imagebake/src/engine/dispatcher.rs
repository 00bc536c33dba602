//! Who may go, what is asked, when it ends: the actor that owns signals, places and questions.
//!
//! Units talk to it by messages and wait for its answers; it never waits for a unit.

use super::{
    Cx,
    events::EventSender,
    run::{BuildOptions, Limit, OnError},
    steps::reference,
    unit::UnitEnd,
};
use crate::{
    error::{Error, Result},
    event::{Event, Level, Phase, StepRef, UnitName, UnitStatus, UnitSummary},
    plan::PlannedUnit,
    step::UnitStep,
};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::{mpsc, oneshot},
};
use tokio_util::sync::CancellationToken;

/// Something only the user can decide.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Question {
    /// Something failed and `--on-error ask` was given.
    Failed {
        /// The unit.
        unit: UnitName,
        /// `step 2 of 3 shell (src/main.rs:12)`; none where it failed outside its steps, which cannot be tried again.
        step: Option<String>,
        /// What went wrong, in one line.
        error: String,
        /// What is known of the machine that is to be looked at: `id`, `host`, `port`, `user`.
        machine: Vec<(&'static str, String)>,
    },
    /// `--debug` or `--break`: a step is about to begin, or a `breakpoint` was reached.
    Paused {
        /// The unit.
        unit: UnitName,
        /// `before step 2 of 3 shell (src/main.rs:12)`.
        at: String,
        /// What a breakpoint has to say.
        note: Option<String>,
        /// What is known of the machine that is to be looked at.
        machine: Vec<(&'static str, String)>,
    },
}

/// The user's decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answer {
    /// Go on.
    Continue,
    /// Remove everything and end the unit.
    CleanUp,
    /// End the unit and leave everything as it is.
    Keep,
    /// Run the error-cleanup steps, then leave everything as it is.
    RunCleanupAndKeep,
    /// Run the step again.
    Retry,
}

/// Asks the user; blocking, one question at a time. Without a terminal the safe answer is given.
pub type Prompt = Arc<dyn Fn(&Question) -> Answer + Send + Sync>;

/// What units say to the dispatcher.
pub(super) enum Message {
    Ask(Question, oneshot::Sender<Answer>),
    Ended(usize, Box<UnitEnd>),
}

/// A unit's line to the dispatcher for what it may not decide itself.
#[derive(Clone)]
pub(crate) struct Decisions {
    pub(super) messages: mpsc::UnboundedSender<Message>,
    pub(super) keep: Arc<AtomicBool>,
    /// What becomes of a failed unit was decided.
    pub(super) decided: Arc<AtomicBool>,
}

impl Decisions {
    pub(super) fn new(messages: mpsc::UnboundedSender<Message>) -> Self {
        Self {
            messages,
            keep: Arc::default(),
            decided: Arc::default(),
        }
    }

    /// Nobody is there to ask: every answer is to clean up.
    pub(crate) fn nobody() -> Self {
        Self::new(mpsc::unbounded_channel().0)
    }

    /// Waits for the user where `--debug` or `--break` asks for it; says whether it did.
    pub(crate) async fn before_step(&self, cx: &Cx, step: &UnitStep) -> Result<bool> {
        let options = cx.options();
        let number = step.number.to_string();
        let named = |wanted: &String| *wanted == step.name() || *wanted == number;
        if !options.debug && !options.break_at.iter().any(named) {
            return Ok(false);
        }
        let at = format!("before {}", placed(&reference(step, Phase::Provision)));
        self.pause(cx, at, None).await.map(|()| true)
    }

    /// Stops until the user says how to go on; `at` is where: `before step 2 of 3 shell`.
    pub(crate) async fn pause(&self, cx: &Cx, at: String, note: Option<String>) -> Result<()> {
        let question = Question::Paused {
            unit: cx.unit().clone(),
            at,
            note,
            machine: cx.machine(),
        };
        match self.ask(cx, question).await {
            Answer::CleanUp => Err(Error::cancelled()),
            Answer::Keep | Answer::RunCleanupAndKeep => {
                self.keep();
                Err(Error::cancelled())
            }
            Answer::Continue | Answer::Retry => Ok(()),
        }
    }

    /// What becomes of a unit that failed in `step`, or outside its steps: as `--on-error` says. Decided once, unless the step is
    /// to be tried again.
    pub(crate) async fn after_failure(&self, cx: &Cx, step: Option<&StepRef>, error: &Error) -> Answer {
        let answer = match cx.options().on_error {
            OnError::Ask => {
                let question = Question::Failed {
                    unit: cx.unit().clone(),
                    step: step.map(placed),
                    error: error.full(),
                    machine: cx.machine(),
                };
                self.ask(cx, question).await
            }
            OnError::Cleanup => Answer::CleanUp,
            OnError::Abort => Answer::Keep,
            OnError::RunCleanupProvisioner => Answer::RunCleanupAndKeep,
        };
        if answer != Answer::Retry {
            self.decided.store(true, Ordering::Release);
        }
        if matches!(answer, Answer::Keep | Answer::RunCleanupAndKeep) {
            self.keep();
        }
        answer
    }

    /// Whether [`Decisions::after_failure`] came to an end.
    pub(crate) fn is_decided(&self) -> bool {
        self.decided.load(Ordering::Acquire)
    }

    async fn ask(&self, cx: &Cx, question: Question) -> Answer {
        let (reply, answer) = oneshot::channel();
        if self.messages.send(Message::Ask(question, reply)).is_err() {
            return Answer::CleanUp;
        }
        tokio::select! {
            answer = answer => answer.unwrap_or(Answer::CleanUp),
            () = cx.cancelled() => Answer::CleanUp,
        }
    }

    /// What the unit made outside is left as it is.
    pub(crate) fn keep(&self) {
        self.keep.store(true, Ordering::Release);
    }

    pub(crate) fn keeps(&self) -> bool {
        self.keep.load(Ordering::Acquire)
    }
}

/// `step 2 of 3 shell (src/main.rs:12)`.
pub(super) fn placed(step: &StepRef) -> String {
    match &step.place {
        Some(place) => format!("{step} ({place})"),
        None => step.to_string(),
    }
}

/// How hard the user wants to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stop {
    No,
    /// Cancel, clean up.
    Graceful,
    /// Do not wait for clean-up; the journal has it.
    Kill,
}

/// The end of a run, as the dispatcher saw it.
pub(super) struct Ended {
    pub(super) units: Vec<UnitSummary>,
    pub(super) cleanup_failed: bool,
}

pub(super) struct Dispatcher<'a> {
    pub(super) options: &'a BuildOptions,
    pub(super) events: EventSender,
    pub(super) prompt: Prompt,
    pub(super) cancel: CancellationToken,
    pub(super) units: Vec<PlannedUnit>,
    /// Free memory of the builder when the run began, in bytes.
    pub(super) memory: u64,
}

impl Dispatcher<'_> {
    /// Starts units with `start` as places come free, until all have ended.
    pub(super) async fn run(
        self,
        messages: &mut mpsc::UnboundedReceiver<Message>,
        mut start: impl FnMut(usize, PlannedUnit),
    ) -> Result<Ended> {
        let mut signals = Signals::new()?;
        let mut ends: Vec<Option<UnitSummary>> = vec![None; self.units.len()];
        let mut waiting: Vec<usize> = (0..self.units.len()).collect();
        let mut told: BTreeMap<usize, String> = BTreeMap::new();
        let mut running: Vec<usize> = Vec::new();
        let mut questions: Vec<(Question, oneshot::Sender<Answer>)> = Vec::new();
        let mut asking: Option<tokio::task::JoinHandle<Answer>> = None;
        let mut current: Option<oneshot::Sender<Answer>> = None;
        let (mut stop, mut cleanup_failed) = (Stop::No, false);
        loop {
            waiting.retain(|&index| {
                if stop > Stop::No {
                    return true;
                }
                match self.waits_for(index, &running) {
                    None => {
                        running.push(index);
                        start(index, self.units[index].clone());
                        false
                    }
                    Some(reason) => {
                        if told.get(&index) != Some(&reason) {
                            let unit = self.units[index].name();
                            self.events.send(Event::Waiting {
                                unit,
                                waits_for: reason.clone(),
                            });
                            told.insert(index, reason);
                        }
                        true
                    }
                }
            });
            if running.is_empty() && (waiting.is_empty() || stop > Stop::No) {
                break;
            }
            if asking.is_none() && !questions.is_empty() {
                let (question, reply) = questions.remove(0);
                let prompt = self.prompt.clone();
                current = Some(reply);
                asking = Some(tokio::task::spawn_blocking(move || prompt(&question)));
            }
            tokio::select! {
                message = messages.recv() => match message.expect("the executor holds a sender") {
                    Message::Ask(question, reply) => questions.push((question, reply)),
                    Message::Ended(index, end) => {
                        running.retain(|&other| other != index);
                        cleanup_failed |= end.cleanup_failed;
                        let failed = end.summary.status == UnitStatus::Failed;
                        self.tell_end(&self.units[index], &end.summary);
                        ends[index] = Some(end.summary);
                        if failed && self.options.fail_fast && stop == Stop::No {
                            stop = Stop::Graceful;
                            if !running.is_empty() || !waiting.is_empty() {
                                self.say("a unit failed and --fail-fast was given: the others are cancelled");
                            }
                            self.cancel.cancel();
                        }
                    }
                },
                answer = async { asking.as_mut().expect("guarded").await }, if asking.is_some() => {
                    asking = None;
                    if let Some(reply) = current.take() {
                        let _ = reply.send(answer.unwrap_or(Answer::CleanUp));
                    }
                }
                name = signals.next() => {
                    stop = match stop {
                        Stop::No => {
                            self.say(&format!("{name}: cancelling and cleaning up; once more to stop without waiting for that"));
                            self.cancel.cancel();
                            Stop::Graceful
                        }
                        Stop::Graceful => {
                            self.say("stopping; what is left is in the journal: run `cleanup`");
                            Stop::Kill
                        }
                        Stop::Kill => Stop::Kill,
                    };
                    if stop == Stop::Kill {
                        break;
                    }
                }
            }
        }
        tokio::spawn(end_at_once(signals, stop, self.events.clone()));
        let units = ends
            .into_iter()
            .zip(&self.units)
            .enumerate()
            .map(|(index, (end, unit))| {
                end.unwrap_or_else(|| {
                    // Begun and not waited for, or never begun.
                    let status = if running.contains(&index) {
                        UnitStatus::Cancelled
                    } else {
                        UnitStatus::Skipped
                    };
                    let summary = UnitSummary::new(unit.image(), unit.source_name(), status);
                    self.tell_end(unit, &summary);
                    summary
                })
            });
        Ok(Ended {
            units: units.collect(),
            cleanup_failed,
        })
    }

    fn say(&self, text: &str) {
        self.events.send(Event::Message {
            unit: None,
            level: Level::Warning,
            text: text.to_owned(),
        });
    }

    fn tell_end(&self, unit: &PlannedUnit, summary: &UnitSummary) {
        self.events.send(Event::UnitFinished {
            unit: unit.name(),
            summary: Box::new(summary.clone()),
        });
    }

    /// Why a unit may not start yet.
    fn waits_for(&self, index: usize, running: &[usize]) -> Option<String> {
        let unit = &self.units[index];
        if let Some(most) = self.options.parallel.filter(|&most| running.len() >= most) {
            return Some(format!("a free place (--parallel {most})"));
        }
        let same_kind = running
            .iter()
            .filter(|&&other| self.units[other].kind() == unit.kind())
            .count();
        for Limit { platform, most } in &self.options.limits {
            let family = unit.kind().split('-').next() == Some(platform.as_str());
            let of_family = || {
                running
                    .iter()
                    .filter(|&&o| self.units[o].kind().split('-').next() == Some(platform))
                    .count()
            };
            if (platform == unit.kind() && same_kind >= *most) || (family && of_family() >= *most) {
                return Some(format!("a free place on {platform} (--limit {platform}={most})"));
            }
        }
        let needs = unit.info.local_memory;
        let taken: u64 = running.iter().map(|&other| self.units[other].info.local_memory).sum();
        if needs > 0 && taken > 0 && taken + needs > self.memory {
            let mib = |bytes: u64| bytes >> 20;
            return Some(format!(
                "memory: it needs {} MiB, {} of {} MiB are taken",
                mib(needs),
                mib(taken),
                mib(self.memory)
            ));
        }
        None
    }
}

/// Once the units have ended, or are not waited for: what is left to do (the record, the last lines of the report) is not worth the
/// user's time who wants to stop. The journal is as it must be.
async fn end_at_once(mut signals: Signals, stop: Stop, events: EventSender) {
    if stop == Stop::No {
        let name = signals.next().await;
        let text =
            format!("{name}: the builds have ended, and their record is being written; once more to end at once");
        let level = Level::Warning;
        events.send(Event::Message {
            unit: None,
            level,
            text,
        });
    }
    signals.next().await;
    std::process::exit(130);
}

/// Ctrl-C, SIGTERM and SIGHUP: the same first signal.
struct Signals([tokio::signal::unix::Signal; 3]);

impl Signals {
    fn new() -> Result<Self> {
        let listen = |kind| signal(kind).map_err(Error::from);
        Ok(Self([
            listen(SignalKind::interrupt())?,
            listen(SignalKind::terminate())?,
            listen(SignalKind::hangup())?,
        ]))
    }

    async fn next(&mut self) -> &'static str {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => "interrupted",
            _ = terminate.recv() => "told to end",
            _ = hangup.recv() => "the terminal is gone",
        }
    }
}
