//! The way of events from units to reporters.
//!
//! One channel keeps their order. Output is counted against a budget, so that a guest that prints faster than reporters can write is
//! held back instead of filling the memory; everything else is small and never waits.

use crate::{
    event::{Event, Stamped, Stream, UnitName},
    redact::{Redactor, StreamRedactor},
};
use bytes::Bytes;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::{Semaphore, mpsc};

/// How many bytes of output may be on their way.
const BUDGET: usize = 4 << 20;
/// No reporter needs progress more often.
const PROGRESS_EVERY: Duration = Duration::from_millis(100);

/// The sending end. Cheap to clone.
#[derive(Clone)]
pub(crate) struct EventSender {
    channel: mpsc::UnboundedSender<Stamped>,
    budget: Arc<Semaphore>,
}

/// The receiving end, for the reporters' thread.
pub(crate) struct EventReceiver {
    channel: mpsc::UnboundedReceiver<Stamped>,
    budget: Arc<Semaphore>,
}

pub(crate) fn channel() -> (EventSender, EventReceiver) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let budget = Arc::new(Semaphore::new(BUDGET));
    (
        EventSender {
            channel: sender,
            budget: budget.clone(),
        },
        EventReceiver {
            channel: receiver,
            budget,
        },
    )
}

impl EventSender {
    /// Sends an event that is small and needs no redaction.
    pub(crate) fn send(&self, event: Event) {
        // The receiver goes away only when the run is over.
        let _ = self.channel.send(Stamped::now(event));
    }

    /// Sends redacted output; waits while too much is on its way.
    pub(crate) async fn output(&self, unit: &UnitName, stream: Stream, bytes: Bytes) {
        let weight = u32::try_from(bytes.len().min(BUDGET)).expect("the budget fits");
        if let Ok(permit) = self.budget.acquire_many(weight).await {
            permit.forget();
        }
        self.send(Event::Output {
            unit: unit.clone(),
            stream,
            bytes,
        });
    }
}

impl EventReceiver {
    /// The next event; `None` when every sender is gone. Blocks.
    pub(crate) fn next(&mut self) -> Option<Stamped> {
        self.channel.blocking_recv()
    }

    /// The events that are there already.
    pub(crate) fn waiting(&mut self) -> Vec<Stamped> {
        std::iter::from_fn(|| self.channel.try_recv().ok()).collect()
    }

    /// Gives back the budget of an event that every reporter has seen.
    pub(crate) fn done(&self, event: &Event) {
        if let Event::Output { bytes, .. } = event {
            self.budget.add_permits(bytes.len().min(BUDGET));
        }
    }
}

/// The two streams of one command: redacted across chunk boundaries, then sent.
pub(crate) struct OutputStreams {
    events: EventSender,
    unit: UnitName,
    streams: [StreamRedactor; 2],
}

impl OutputStreams {
    pub(crate) fn new(events: EventSender, unit: UnitName, redactor: &Redactor) -> Self {
        Self {
            events,
            unit,
            streams: [StreamRedactor::new(redactor), StreamRedactor::new(redactor)],
        }
    }

    pub(crate) async fn write(&mut self, stream: Stream, bytes: &[u8]) {
        let mut clean = Vec::with_capacity(bytes.len());
        self.streams[stream as usize].push(bytes, &mut clean);
        if !clean.is_empty() {
            self.events.output(&self.unit, stream, clean.into()).await;
        }
    }

    pub(crate) async fn finish(mut self) {
        for stream in [Stream::Stdout, Stream::Stderr] {
            let mut clean = Vec::new();
            self.streams[stream as usize].finish(&mut clean);
            if !clean.is_empty() {
                self.events.output(&self.unit, stream, clean.into()).await;
            }
        }
    }
}

/// The progress of one transfer. May be moved on from any thread; reporters hear of it ten times a second at most.
#[derive(Clone)]
pub struct ProgressBar(Arc<Bar>);

struct Bar {
    events: EventSender,
    unit: UnitName,
    what: Arc<str>,
    total: Option<u64>,
    done: AtomicU64,
    began: Instant,
    told: AtomicU64,
}

impl ProgressBar {
    pub(crate) fn new(events: EventSender, unit: UnitName, what: &str, total: Option<u64>) -> Self {
        let (done, told) = (AtomicU64::new(0), AtomicU64::new(0));
        Self(Arc::new(Bar {
            events,
            unit,
            what: what.into(),
            total,
            done,
            began: Instant::now(),
            told,
        }))
    }

    /// `bytes` more are done.
    pub fn add(&self, bytes: u64) {
        let done = self.0.done.fetch_add(bytes, Ordering::Relaxed) + bytes;
        self.tell(done);
    }

    /// `bytes` are done in all.
    pub fn set(&self, bytes: u64) {
        self.0.done.store(bytes, Ordering::Relaxed);
        self.tell(bytes);
    }

    fn tell(&self, done: u64) {
        let bar = &self.0;
        let now = bar.began.elapsed().as_millis() as u64 + 1;
        let told = bar.told.load(Ordering::Relaxed);
        let due = told == 0 || now - told.min(now) >= PROGRESS_EVERY.as_millis() as u64 || Some(done) == bar.total;
        if due
            && bar
                .told
                .compare_exchange(told, now, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
        {
            let (unit, what) = (bar.unit.clone(), bar.what.clone());
            bar.events.send(Event::Progress {
                unit,
                what,
                done,
                total: bar.total,
            });
        }
    }
}
