//! One event per line, for programs.
//!
//! Each line is a JSON object with `event` (the kind, as [`Event`] documents it) and `time` (RFC 3339). The first line is
//! `{"event":"run","version":1,…}`, the last one `{"event":"summary",…}`. Guest output comes as whole lines in `text`. New kinds of
//! events and new fields may be added; what is there does not change within a version.
//! A build that cannot begin has no `run`: its lines are `{"event":"problem",…}` and a summary without units, with `error`.

use super::{Out, Reporter, lines::Lines};
use crate::event::{Event, Stamped, Stream, UnitName};
use serde::Serialize;
use std::time::SystemTime;

/// Writes one event per line.
pub struct Json {
    out: Out,
    lines: Lines,
    quiet: bool,
}

#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    event: &'a Event,
    time: &'a str,
}

#[derive(Serialize)]
struct OutputLine<'a> {
    event: &'static str,
    unit: &'a str,
    stream: Stream,
    text: &'a str,
    time: &'a str,
}

impl Json {
    /// Writes to `out`.
    pub fn new(out: Out) -> Self {
        Self {
            out,
            lines: Lines::default(),
            quiet: false,
        }
    }

    /// Without guest output.
    #[must_use]
    pub fn quiet(mut self, quiet: bool) -> Self {
        self.quiet = quiet;
        self
    }

    fn flush(&mut self, unit: &UnitName, time: &str) {
        let mut batch = Vec::new();
        self.lines.flush(unit, |stream, text| {
            line(
                &mut batch,
                &OutputLine {
                    event: "output",
                    unit,
                    stream,
                    text,
                    time,
                },
            )
        });
        self.out.write(&batch);
    }
}

fn line(batch: &mut Vec<u8>, value: &impl Serialize) {
    let start = batch.len();
    match serde_json::to_writer(&mut *batch, value) {
        Ok(()) => batch.push(b'\n'),
        // Only a map with keys that are no text could fail; half a line must not stay.
        Err(_) => batch.truncate(start),
    }
}

impl Reporter for Json {
    fn event(&mut self, stamped: &Stamped) {
        let time = rfc3339(stamped.time);
        let mut batch = Vec::new();
        match &stamped.event {
            Event::Output { unit, stream, bytes } => {
                if !self.quiet {
                    self.lines.push(unit, *stream, bytes, |text| {
                        line(
                            &mut batch,
                            &OutputLine {
                                event: "output",
                                unit,
                                stream: *stream,
                                text,
                                time: &time,
                            },
                        );
                    });
                }
            }
            event => {
                if let Event::StepFinished { unit, .. } | Event::UnitFinished { unit, .. } = event {
                    self.flush(unit, &time);
                }
                line(&mut batch, &Line { event, time: &time });
            }
        }
        if !batch.is_empty() {
            self.out.write(&batch);
        }
    }
}

/// `2026-11-24T12:00:00.123Z`.
pub(crate) fn rfc3339(time: SystemTime) -> String {
    jiff::Timestamp::try_from(time)
        .map(|time| format!("{time:.3}"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reporter::testing::{Sink, failing_run};
    use serde_json::Value;

    #[test]
    fn every_line_is_an_event_and_the_last_one_the_summary() {
        let sink = Sink::default();
        let mut json = Json::new(sink.out());
        failing_run().iter().for_each(|event| json.event(event));
        let text = sink.text();
        let lines: Vec<Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).expect("valid JSON"))
            .collect();
        assert!(text.lines().all(|line| line.starts_with("{\"event\":")));
        assert_eq!((&lines[0]["event"], &lines[0]["version"]), (&"run".into(), &1.into()));
        assert!(
            lines
                .iter()
                .all(|line| line["time"].as_str().is_some_and(|time| time.ends_with('Z')))
        );
        let output: Vec<&str> = lines
            .iter()
            .filter(|line| line["event"] == "output")
            .filter_map(|line| line["text"].as_str())
            .collect();
        assert_eq!(output, ["guest says hello", "and ends without a line break"]);
        let last = lines.last().expect("there is one");
        assert_eq!((&last["event"], &last["run"]), (&"summary".into(), &"r1".into()));
        let unit = &last["units"][1];
        assert_eq!(
            (&unit["image"], &unit["source"], &unit["status"]),
            (&"web".into(), &"null".into(), &"ok".into())
        );
        assert_eq!(unit["artifacts"][0]["files"][0]["size"], 2048);
    }
}
