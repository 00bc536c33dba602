//! What the reporters' tests share: a run that fails, and places to write to.

use super::{Out, Reporter};
use crate::event::{
    ArtifactSummary, Event, Failure, FileSummary, Phase, Stamped, StepRef, Stream, Summary, Timing, UnitName,
    UnitStatus, UnitSummary, VERSION,
};
use crate::field::Place;
use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

/// Two units: one fails in its first step, with an unfinished line of output, the other one is built.
pub(super) fn failing_run() -> Vec<Stamped> {
    let oci: UnitName = "web.oci".into();
    let step = StepRef::new(
        1,
        2,
        "shell",
        "shell",
        Some(Place::in_file("src/main.rs", 12, 1)),
        Phase::Provision,
    );
    let failure = Failure {
        message: "the script ended with exit code 3".into(),
        step: Some("step 1 of 2 shell".into()),
        place: Some("src/main.rs:12".into()),
        script: Some("scripts/install.sh".into()),
        exit_code: Some(3),
        hints: vec!["read the script".into()],
        last_lines: vec!["guest says hello".into()],
        log: Some("logs/web.oci.log".into()),
        cleanup: vec!["cannot remove the container".into()],
        ..Failure::default()
    };
    let mut failed = UnitSummary::new("web", "oci", UnitStatus::Failed);
    (failed.seconds, failed.error) = (1.5, Some(failure));
    failed.timings = vec![Timing::new("step 1 shell", 1.0, false)];
    let mut built = UnitSummary::new("web", "null", UnitStatus::Ok);
    built.seconds = 2.0;
    built.artifacts = vec![ArtifactSummary::new(
        "files",
        "out/web.tar",
        vec![FileSummary::new("out/web.tar", 2048, None)],
    )];
    let output = |text: &'static str| Event::Output {
        unit: oci.clone(),
        stream: Stream::Stdout,
        bytes: text.as_bytes().into(),
    };
    let units = vec![oci.clone(), "web.null".into()];
    let summary = Summary::new("r1", vec![failed.clone(), built.clone()], 3.0, true);
    let events = vec![
        Event::Run {
            version: VERSION,
            run: "r1".into(),
            units,
            logs: "logs".into(),
        },
        Event::UnitStarted { unit: oci.clone() },
        Event::StepStarted {
            unit: oci.clone(),
            step: step.clone(),
        },
        output("guest says hello\nand ends without a line break"),
        Event::StepFinished {
            unit: oci.clone(),
            step,
            seconds: 1.0,
            status: UnitStatus::Failed,
        },
        Event::UnitFinished {
            unit: oci.clone(),
            summary: Box::new(failed),
        },
        Event::UnitFinished {
            unit: "web.null".into(),
            summary: Box::new(built),
        },
        Event::Summary {
            summary: Arc::new(summary),
        },
    ];
    events.into_iter().map(Stamped::now).collect()
}

/// Remembers what is written.
#[derive(Clone, Default)]
pub(super) struct Sink(Arc<Mutex<Vec<u8>>>);

impl Sink {
    pub(super) fn out(&self) -> Out {
        Out::to(self.clone())
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("no test panicked").clone()).expect("reporters write text")
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no test panicked").extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Remembers every event.
#[derive(Clone, Default)]
pub(super) struct Seen(Arc<Mutex<Vec<Event>>>);

impl Seen {
    pub(super) fn reader(&self) -> Box<dyn Reporter> {
        Box::new(self.clone())
    }

    pub(super) fn count(&self, which: impl Fn(&Event) -> bool) -> usize {
        self.0
            .lock()
            .expect("no test panicked")
            .iter()
            .filter(|event| which(event))
            .count()
    }

    pub(super) fn find<T>(&self, which: impl Fn(&Event) -> Option<T>) -> T {
        self.0
            .lock()
            .expect("no test panicked")
            .iter()
            .find_map(which)
            .expect("it was seen")
    }
}

impl Reporter for Seen {
    fn event(&mut self, stamped: &Stamped) {
        self.0.lock().expect("no test panicked").push(stamped.event.clone());
    }
}
