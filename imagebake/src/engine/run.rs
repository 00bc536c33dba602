//! A whole run: dispatcher, executor, reporters, record.

use super::{
    RunContext,
    digests::RunDigests,
    dispatcher::{Decisions, Dispatcher, Message, Prompt},
    events::{self, EventReceiver},
    outputs::Outputs,
    random_id, secrets,
    unit::{self, UnitEnd},
};
use crate::{
    error::{Error, ErrorKind, Result},
    event::{Event, Summary, UnitStatus, UnitSummary},
    io::off_the_async_threads,
    journal::{Journal, ResourceEvent},
    plan::Plan,
    project::Project,
    reporter::Reporter,
};
use std::{path::PathBuf, sync::Arc, thread, time::Instant};
use tokio::{sync::mpsc, task::JoinHandle};
use tokio_util::sync::CancellationToken;

/// What happens when a step fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnError {
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

/// At most so many units of a platform at once: `--limit amazon=2`.
#[derive(Clone, Debug)]
pub struct Limit {
    /// A source's kind, or what stands before its first `-`.
    pub platform: String,
    /// How many.
    pub most: usize,
}

/// How to build.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct BuildOptions {
    /// At most so many units at once; no limit without.
    pub parallel: Option<usize>,
    /// At most so many units of a platform at once.
    pub limits: Vec<Limit>,
    /// What happens when a step fails.
    pub on_error: OnError,
    /// Wait for the user before every step.
    pub debug: bool,
    /// Wait for the user before the steps with these names or numbers.
    pub break_at: Vec<String>,
    /// Replace what is in the way.
    pub force: bool,
    /// Cancel all when one fails.
    pub fail_fast: bool,
    /// Neither use nor write snapshots' keys.
    pub no_cache: bool,
    /// Where the units' logs go; `<state>/logs/<run>` without.
    pub log_dir: Option<PathBuf>,
}

impl BuildOptions {
    pub(super) fn logs_of(&self, project: &Project, run: &str) -> PathBuf {
        let told = self.log_dir.clone();
        told.unwrap_or_else(|| project.state_dir.join("logs").join(run))
    }
}

/// Builds every unit of `plan`. Reporters run on a thread of their own until the summary has reached them.
///
/// # Errors
/// When the run cannot begin: the state folder cannot be written. What fails in a unit is in the summary.
pub async fn run(
    project: &Project,
    plan: Plan,
    options: BuildOptions,
    make_reporters: impl FnOnce(&str, &std::path::Path) -> Result<Vec<Box<dyn Reporter>>>,
    prompt: Prompt,
) -> Result<Summary> {
    let began = Instant::now();
    let clock = plan.clock;
    let id = run_id();
    let logs = options.logs_of(project, &id);
    let redactor = plan.redactor.clone();
    let unresolved = secrets::resolve(project, &plan, &redactor).await;
    if unresolved.has_errors() {
        return Err(unresolved.into());
    }
    let journal = Journal::new(project, &id);
    let record = crate::runs::begin(
        project,
        &id,
        plan.units.iter().map(|unit| unit.name().to_string()).collect(),
    )?;

    let (events, receiver) = events::channel();
    let reporters = make_reporters(&id, &logs)?;
    let reporting = report_on_a_thread(receiver, reporters)?;
    let units = plan.units.iter().map(|unit| unit.name()).collect();
    events.send(Event::Run {
        version: crate::event::VERSION,
        run: id.clone(),
        units,
        logs: logs.clone(),
    });

    let context = Arc::new(RunContext {
        id: id.clone(),
        clock,
        project: project.clone(),
        events: events.clone(),
        redactor,
        outputs: Outputs::in_state(&project.state_dir),
        options: options.clone(),
        plan: plan.clone(),
        digests: RunDigests::default(),
    });
    let cancel = CancellationToken::new();
    let (messages, mut inbox) = mpsc::unbounded_channel();
    let mut tasks: Vec<JoinHandle<()>> = Vec::new();
    let dispatcher = Dispatcher {
        options: &options,
        events: events.clone(),
        prompt,
        cancel: cancel.clone(),
        units: plan.units.clone(),
        memory: free_memory(),
    };
    let ended = dispatcher
        .run(&mut inbox, |index, planned| {
            let scope = journal.scope(planned.name(), resource_events(events.clone(), planned.name()));
            let decisions = Decisions::new(messages.clone());
            let (context, cancel, messages) = (context.clone(), cancel.child_token(), messages.clone());
            tasks.push(tokio::spawn(async move {
                let (image, source) = (planned.image().to_owned(), planned.source_name());
                let build = tokio::spawn(unit::build(planned, context, scope, cancel, decisions));
                let end = build.await.unwrap_or_else(|lost| UnitEnd {
                    summary: lost_unit(&image, &source, &lost.to_string()),
                    cleanup_failed: false,
                });
                // The dispatcher is gone only when it does not wait any more.
                let _ = messages.send(Message::Ended(index, Box::new(end)));
            }));
        })
        .await?;
    let killed = tasks.iter().any(|task| !task.is_finished()) && cancel.is_cancelled();
    if killed {
        tasks.iter().for_each(JoinHandle::abort);
    }
    let summary = Summary::new(id, ended.units, began.elapsed().as_secs_f64(), ended.cleanup_failed);
    let close = journal.close().await;
    let (on, built, told, folder) = (project.clone(), plan.clone(), summary.clone(), logs.clone());
    // Who stops a run does not wait for what its record says of files.
    let (known, control) = context.digests.settle(cancel.is_cancelled()).await;
    let recorded = off_the_async_threads(move || record.finish(&on, &built, &told, &folder, &known, &control)).await;
    events.send(Event::Summary {
        summary: Arc::new(summary.clone()),
    });
    drop((events, context, messages));
    // A killed task may still hold a sender: the summary is the last event, and the thread ends with it.
    let _ = tokio::task::spawn_blocking(move || reporting.join()).await;
    close.and(recorded)?;
    Ok(summary)
}

/// Ids sort by time: `r`, seconds in base 36, and letters nobody else has.
fn run_id() -> String {
    let mut seconds = std::time::SystemTime::now()
        .duration_since(std::time::SystemTime::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let mut digits = Vec::new();
    while seconds > 0 {
        digits.push(char::from_digit((seconds % 36) as u32, 36).expect("below 36"));
        seconds /= 36;
    }
    let time: String = digits.into_iter().rev().collect();
    format!("r{time}{}", &random_id()[..5])
}

fn report_on_a_thread(
    mut receiver: EventReceiver,
    mut reporters: Vec<Box<dyn Reporter>>,
) -> Result<thread::JoinHandle<()>> {
    let report = move || {
        while let Some(stamped) = receiver.next() {
            for reporter in &mut reporters {
                reporter.event(&stamped);
            }
            receiver.done(&stamped.event);
            if matches!(stamped.event, Event::Summary { .. }) {
                break;
            }
        }
    };
    thread::Builder::new()
        .name("reporters".into())
        .spawn(report)
        .map_err(|error| Error::new(ErrorKind::Io, "cannot start the reporters' thread").because(error))
}

fn resource_events(
    events: events::EventSender,
    unit: crate::event::UnitName,
) -> impl Fn(ResourceEvent) + Send + Sync + 'static {
    move |happened: ResourceEvent| {
        let (action, kind, id) = (happened.action, happened.kind, happened.id);
        events.send(Event::Resource {
            unit: unit.clone(),
            action,
            kind,
            id,
        });
    }
}

fn lost_unit(image: &str, source: &str, why: &str) -> UnitSummary {
    let mut summary = UnitSummary::new(image, source, UnitStatus::Cancelled);
    let error = Error::new(ErrorKind::Internal, format!("the build was ended: {why}"));
    summary.error = Some((&error.hint("run `cleanup` to remove what it left")).into());
    summary
}

/// What the kernel says is available, in bytes; no limit where it says nothing.
fn free_memory() -> u64 {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"));
    let kib = line.and_then(|rest| rest.trim().trim_end_matches("kB").trim().parse::<u64>().ok());
    kib.map_or(u64::MAX, |kib| kib << 10)
}
