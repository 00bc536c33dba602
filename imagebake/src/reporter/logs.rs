//! One log file per unit, and the last lines of each for its failure.
//!
//! The logs stand in front of the other reporters, because a failure that they show names its log and quotes it.

use super::Reporter;
use crate::event::{Event, Failure, Level, Phase, Stamped, Summary, UnitName, UnitStatus, UnitSummary};
use std::{
    collections::{HashMap, VecDeque},
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::PathBuf,
    sync::Arc,
    time::SystemTime,
};

/// How many lines of a failed step are shown again.
const LAST_LINES: usize = 40;
/// How much of the end of a step's output is kept for them, in bytes.
const TAIL: usize = 32 << 10;

/// Writes the units' logs and hands every event on, failures with the last lines and the path of their log.
pub struct Logs {
    folder: PathBuf,
    units: HashMap<UnitName, UnitLog>,
    failures: HashMap<String, (Vec<String>, Option<PathBuf>)>,
    readers: Vec<Box<dyn Reporter>>,
}

impl Logs {
    /// Logs in `folder`, which is made with the first of them, in front of `readers`.
    pub fn new(folder: impl Into<PathBuf>, readers: Vec<Box<dyn Reporter>>) -> Self {
        Self {
            folder: folder.into(),
            units: HashMap::new(),
            failures: HashMap::new(),
            readers,
        }
    }

    fn tell(&mut self, event: &Stamped) {
        for reader in &mut self.readers {
            reader.event(event);
        }
    }

    /// Opens the unit's log; a log that cannot be written is told once and does not stop the build.
    fn open(&mut self, unit: &UnitName) {
        if self.units.contains_key(unit) {
            return;
        }
        let path = self.folder.join(format!("{unit}.log"));
        let opened = fs::create_dir_all(&self.folder).and_then(|()| File::create(&path));
        let (file, problem) = match opened {
            Ok(file) => (Some(BufWriter::with_capacity(64 << 10, file)), None),
            Err(error) => (None, Some(error)),
        };
        self.units.insert(
            unit.clone(),
            UnitLog {
                path,
                file,
                tail: Tail::default(),
            },
        );
        if let Some(error) = problem {
            self.lost(unit, &error);
        }
    }

    fn lost(&mut self, unit: &UnitName, error: &io::Error) {
        let Some(log) = self.units.get_mut(unit) else { return };
        log.file = None;
        let text = format!(
            "cannot write the log {}: {error}; the build goes on without it",
            log.path.display()
        );
        self.tell(&Stamped::now(Event::Message {
            unit: Some(unit.clone()),
            level: Level::Warning,
            text,
        }));
    }

    fn store(&mut self, unit: &UnitName, write: impl FnOnce(&mut UnitLog) -> io::Result<()>) {
        self.open(unit);
        let failed = self.units.get_mut(unit).and_then(|log| write(log).err());
        if let Some(error) = failed {
            self.lost(unit, &error);
        }
    }

    fn log(&mut self, stamped: &Stamped) {
        let Some(unit) = stamped.event.unit().cloned() else {
            return;
        };
        match &stamped.event {
            Event::Output { bytes, .. } => self.store(&unit, |log| log.output(bytes)),
            Event::Progress { .. } => {}
            Event::UnitFinished { summary, .. } => {
                self.store(&unit, |log| log.end(stamped.time, summary));
                if let Some(log) = self.units.remove(&unit) {
                    let path = log.file.is_some().then_some(log.path);
                    self.failures.insert(summary.name(), (log.tail.last_lines(), path));
                }
            }
            event => {
                if let Event::StepStarted { step, .. } = event
                    && step.phase != Phase::ErrorCleanup
                {
                    self.store(&unit, |log| {
                        log.tail.clear();
                        Ok(())
                    });
                }
                let heading = heading(event);
                self.store(&unit, |log| log.heading(stamped.time, &heading));
                if let Event::StepFinished {
                    status: UnitStatus::Failed,
                    ..
                } = event
                {
                    self.store(&unit, |log| {
                        log.tail.frozen = true;
                        Ok(())
                    });
                }
            }
        }
    }

    /// The unit's summary with what its log adds to the failure.
    fn complete(&self, unit: &UnitSummary) -> UnitSummary {
        let Some(error) = &unit.error else { return unit.clone() };
        let (lines, log) = self.failures.get(&unit.name()).cloned().unwrap_or_default();
        let in_step = error.step.is_some();
        let last_lines = if in_step && error.last_lines.is_empty() {
            lines
        } else {
            error.last_lines.clone()
        };
        let error = Failure {
            last_lines,
            log: error.log.clone().or(log),
            ..error.clone()
        };
        UnitSummary {
            error: Some(error),
            ..unit.clone()
        }
    }
}

impl Reporter for Logs {
    fn event(&mut self, stamped: &Stamped) {
        self.log(stamped);
        let event = match &stamped.event {
            Event::UnitFinished { unit, summary } if summary.error.is_some() => Event::UnitFinished {
                unit: unit.clone(),
                summary: Box::new(self.complete(summary)),
            },
            Event::Summary { summary } if summary.units.iter().any(|unit| unit.error.is_some()) => {
                let units = summary.units.iter().map(|unit| self.complete(unit)).collect();
                Event::Summary {
                    summary: Arc::new(Summary {
                        units,
                        ..(**summary).clone()
                    }),
                }
            }
            _ => return self.tell(stamped),
        };
        self.tell(&Stamped {
            time: stamped.time,
            event,
        });
    }
}

struct UnitLog {
    path: PathBuf,
    file: Option<BufWriter<File>>,
    tail: Tail,
}

impl UnitLog {
    fn output(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.tail.push(bytes);
        match &mut self.file {
            Some(file) => file.write_all(bytes),
            None => Ok(()),
        }
    }

    /// A line of our own, on a line of its own, on disk when this comes back.
    fn heading(&mut self, time: SystemTime, text: &str) -> io::Result<()> {
        let fresh_line = self.tail.ends_line;
        let Some(file) = &mut self.file else { return Ok(()) };
        let time = jiff::Timestamp::try_from(time)
            .map(|time| format!("{time:.0}"))
            .unwrap_or_default();
        for line in text.lines() {
            writeln!(file, "{}==> {time} {line}", if fresh_line { "" } else { "\n" })?;
            self.tail.ends_line = true;
        }
        file.flush()
    }

    fn end(&mut self, time: SystemTime, summary: &UnitSummary) -> io::Result<()> {
        let mut text = format!("{} after {}", summary.status, super::duration(summary.seconds));
        if let Some(error) = &summary.error {
            let lines = std::iter::once(&error.message)
                .chain(&error.causes)
                .chain(&error.cleanup);
            lines
                .filter(|line| !line.is_empty())
                .for_each(|line| text.push_str(&format!("\n{line}")));
        }
        self.heading(time, &text)
    }
}

/// The end of a step's output.
struct Tail {
    bytes: VecDeque<u8>,
    cut: bool,
    /// The step has failed: what follows is of steps that clean up.
    frozen: bool,
    ends_line: bool,
}

impl Default for Tail {
    fn default() -> Self {
        Self {
            bytes: VecDeque::new(),
            cut: false,
            frozen: false,
            ends_line: true,
        }
    }
}

impl Tail {
    fn clear(&mut self) {
        (self.cut, self.frozen) = (false, false);
        self.bytes.clear();
    }

    fn push(&mut self, bytes: &[u8]) {
        self.ends_line = bytes.last().map_or(self.ends_line, |last| *last == b'\n');
        if self.frozen {
            return;
        }
        let kept = &bytes[bytes.len().saturating_sub(TAIL)..];
        let surplus = (self.bytes.len() + kept.len()).saturating_sub(TAIL);
        self.cut |= surplus > 0 || kept.len() < bytes.len();
        self.bytes.drain(..surplus.min(self.bytes.len()));
        self.bytes.extend(kept);
    }

    fn last_lines(mut self) -> Vec<String> {
        let text = String::from_utf8_lossy(self.bytes.make_contiguous());
        let lines: Vec<&str> = text.trim_end_matches('\n').split('\n').collect();
        // The first line of a tail that was cut is half a line, unless it is all there is.
        let whole = &lines[usize::from(self.cut && lines.len() > 1)..];
        let shown = &whole[whole.len().saturating_sub(LAST_LINES)..];
        match shown {
            [""] => Vec::new(),
            shown => shown
                .iter()
                .map(|line| super::printable(line, super::Style::default()).into_owned())
                .collect(),
        }
    }
}

/// An event as a line; shared with the plain reporter.
pub(super) fn heading(event: &Event) -> String {
    match event {
        Event::Waiting { waits_for, .. } => format!("waits for {waits_for}"),
        Event::UnitStarted { .. } => "started".to_owned(),
        Event::StepStarted { step, .. } => match &step.place {
            Some(place) => format!("{} ({place})", step),
            None => step.to_string(),
        },
        Event::Attempt {
            step,
            attempt,
            of,
            error,
            ..
        } => {
            let what = step.as_ref().map(|step| format!("{}: ", step)).unwrap_or_default();
            format!("{what}attempt {attempt} of {of}, after: {error}")
        }
        Event::Message {
            level: Level::Warning,
            text,
            ..
        } => format!("warning: {text}"),
        Event::Message { text, .. } => text.clone(),
        Event::StepFinished {
            step, seconds, status, ..
        } => match status {
            UnitStatus::Ok => format!("{} took {}", step, super::duration(*seconds)),
            UnitStatus::Skipped => format!("{} is taken from a snapshot", step),
            other => format!("{} {} after {}", step, other, super::duration(*seconds)),
        },
        Event::Resource { action, kind, id, .. } => {
            use crate::event::ResourceAction::{Created, Deleted, Kept, Released, UndoFailed};
            match action {
                Created => format!("created {kind} {id}"),
                Released => format!("kept {kind} {id} as the artifact"),
                Deleted => format!("removed {kind} {id}"),
                UndoFailed => format!("could not remove {kind} {id}"),
                Kept => format!("left {kind} {id} on purpose"),
            }
        }
        Event::Output { .. }
        | Event::Progress { .. }
        | Event::Run { .. }
        | Event::UnitFinished { .. }
        | Event::Summary { .. } => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        event::Stream,
        reporter::testing::{Seen, failing_run},
    };

    fn output(text: impl AsRef<[u8]>) -> Event {
        let bytes = bytes::Bytes::copy_from_slice(text.as_ref());
        Event::Output {
            unit: "web.oci".into(),
            stream: Stream::Stdout,
            bytes,
        }
    }

    #[test]
    fn a_failure_names_its_log_and_quotes_the_failed_step() {
        let folder = tempfile::tempdir().expect("a folder");
        let seen = Seen::default();
        let mut logs = Logs::new(folder.path().join("deep"), vec![seen.reader()]);
        for mut event in failing_run() {
            // The logs are what fills this in.
            if let Event::UnitFinished { summary, .. } = &mut event.event
                && let Some(error) = &mut summary.error
            {
                (error.last_lines, error.log) = (Vec::new(), None);
            }
            logs.event(&event);
        }
        let finished = seen.find(|event| match event {
            Event::UnitFinished { summary, .. } => summary.error.clone(),
            _ => None,
        });
        assert_eq!(
            finished.last_lines,
            ["guest says hello", "and ends without a line break"]
        );
        let path = finished.log.expect("there is a log");
        let text = fs::read_to_string(path).expect("it can be read");
        let lines: Vec<&str> = text
            .lines()
            .map(|line| line.split_once("Z ").map_or(line, |(_, rest)| rest))
            .collect();
        assert_eq!(
            lines[1..4],
            [
                "step 1 of 2 shell (src/main.rs:12)",
                "guest says hello",
                "and ends without a line break"
            ]
        );
        assert_eq!(
            lines[4..6],
            ["step 1 of 2 shell failed after 1.0s", "failed after 1.5s"]
        );
    }

    #[test]
    fn the_tail_is_bounded_and_has_whole_lines() {
        let mut tail = Tail::default();
        for i in 0..100_000 {
            tail.push(format!("line {i}\n").as_bytes());
            assert!(tail.bytes.len() <= TAIL);
        }
        let lines = tail.last_lines();
        assert_eq!(
            (lines.len(), lines[0].as_str(), lines[39].as_str()),
            (40, "line 99960", "line 99999")
        );
        let mut endless = Tail::default();
        endless.push(&vec![b'x'; 3 * TAIL]);
        assert_eq!(endless.last_lines().len(), 1);
        assert!(Tail::default().last_lines().is_empty());
    }

    #[test]
    fn what_cleans_up_after_a_failure_is_not_quoted_for_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut logs = Logs::new(folder.path(), Vec::new());
        let run = failing_run();
        run[..5].iter().for_each(|event| logs.event(event));
        logs.event(&Stamped::now(output("cleaning up\n")));
        let log = logs.units.remove(&UnitName::from("web.oci")).expect("it runs");
        assert_eq!(
            log.tail.last_lines(),
            ["guest says hello", "and ends without a line break"]
        );
    }

    #[test]
    fn a_log_that_cannot_be_written_is_told_once_and_stops_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let in_the_way = folder.path().join("file");
        fs::write(&in_the_way, "").expect("written");
        let seen = Seen::default();
        let mut logs = Logs::new(&in_the_way, vec![seen.reader()]);
        failing_run().iter().for_each(|event| logs.event(event));
        let told = seen.count(|event| matches!(event, Event::Message { text, .. } if text.contains("web.oci.log")));
        assert_eq!(told, 1);
        assert_eq!(seen.count(|event| matches!(event, Event::Summary { .. })), 1);
    }
}
