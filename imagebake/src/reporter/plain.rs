//! Line by line, for logs of CI and pipes: guest output with the unit before it, and a sign of life every minute.

use super::{
    Commands, Out, Reporter, Style, bytes, duration,
    heartbeat::Heartbeat,
    lines::Lines,
    logs::heading,
    printable,
    summary::{Rendering, plural, shown},
    tracker::{Activity, Doing, Tracker},
};
use crate::event::{Event, Level, ResourceAction, Stamped, UnitName, UnitStatus};
use std::time::{Duration, Instant};

/// How plain output looks.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PlainOptions {
    /// Colours.
    pub style: Style,
    /// No guest output.
    pub quiet: bool,
    /// A table of how long each part took, at the end.
    pub timings: bool,
    /// What to type next.
    pub commands: Commands,
    /// How long nothing may be printed before a line says what is waited for; a minute.
    pub sign_of_life: Duration,
}

impl Default for PlainOptions {
    fn default() -> Self {
        Self {
            style: Style::default(),
            quiet: false,
            timings: false,
            commands: Commands::default(),
            sign_of_life: Duration::from_secs(60),
        }
    }
}

/// Prints every event as a line, and guest output with its unit before each line.
pub struct Plain(Heartbeat<Printer>);

struct Printer {
    out: Out,
    words: Words,
    last: Instant,
}

impl Plain {
    /// Prints to `out`.
    pub fn new(out: Out, options: PlainOptions) -> Self {
        let every = options.sign_of_life;
        let printer = Printer {
            out,
            words: Words::new(options),
            last: Instant::now(),
        };
        Self(Heartbeat::start(
            printer,
            (every / 12).min(Duration::from_secs(5)),
            move |printer| {
                if printer.last.elapsed() >= every {
                    let signs = printer.words.signs_of_life();
                    printer.print(&signs.into_iter().map(|(_, text)| text).collect::<String>());
                }
            },
        ))
    }
}

impl Reporter for Plain {
    fn event(&mut self, stamped: &Stamped) {
        let mut printer = self.0.lock();
        let text = printer.words.event(&stamped.event);
        printer.print(&text);
    }
}

impl Printer {
    fn print(&mut self, text: &str) {
        if !text.is_empty() {
            self.last = Instant::now();
            self.out.write(text.as_bytes());
        }
    }
}

/// Events in words, line by line; whoever prints them adds what its reader needs.
pub(super) struct Words {
    options: PlainOptions,
    lines: Lines,
    tracker: Tracker,
    kept: bool,
}

impl Words {
    pub(super) fn new(options: PlainOptions) -> Self {
        Self {
            options,
            lines: Lines::default(),
            tracker: Tracker::default(),
            kept: false,
        }
    }

    fn head(&self, unit: &UnitName, text: &str) -> String {
        let style = self.options.style;
        let lines = text.lines().map(|line| {
            let line = printable(line, Style::default());
            format!("{} {line}\n", style.bold(format_args!("==> {unit}:")))
        });
        lines.collect()
    }

    /// What stands before each line of a unit's guest.
    fn guest_name(&self, unit: &UnitName) -> String {
        self.options.style.dim(format_args!("    {unit}:"))
    }

    /// The guest's last line, which has no end.
    fn flush(&mut self, unit: &UnitName) -> String {
        let mut text = String::new();
        let (name, style) = (self.guest_name(unit), self.options.style);
        self.lines
            .flush(unit, |_, line| guest_line(&mut text, &name, line, style));
        text
    }

    /// The lines that an event is told in.
    pub(super) fn event(&mut self, event: &Event) -> String {
        self.kept |= matches!(
            event,
            Event::Resource {
                action: ResourceAction::Kept,
                ..
            }
        );
        let ended = self.tracker.learn(event);
        let mut text = String::new();
        if let (Some(transfer), Some(unit)) = (ended, event.unit())
            && transfer.began.elapsed() > Duration::from_secs(2)
        {
            let rate = transfer
                .rate()
                .map(|rate| format!(", {}/s", bytes(rate as u64)))
                .unwrap_or_default();
            let what = format!("{}: {}{rate}", transfer.what, bytes(transfer.done));
            text.push_str(&self.head(unit, &what));
        }
        text.push_str(&self.words(event));
        text
    }

    fn words(&mut self, event: &Event) -> String {
        match event {
            Event::Run { run, units, logs, .. } => {
                let what = plural(units.len(), "unit");
                format!("==> run {run}: {what}, logs in {}\n", shown(logs))
            }
            Event::Output { unit, stream, bytes } => {
                if self.options.quiet {
                    return String::new();
                }
                let (name, style) = (self.guest_name(unit), self.options.style);
                let mut text = String::with_capacity(bytes.len() * 2);
                self.lines
                    .push(unit, *stream, bytes, |line| guest_line(&mut text, &name, line, style));
                text
            }
            Event::Progress { .. }
            | Event::Message {
                level: Level::Debug, ..
            } => String::new(),
            Event::Message {
                unit: None,
                level,
                text,
            } => match level {
                Level::Warning => format!("{} {text}\n", self.options.style.yellow("==> warning:")),
                Level::Info | Level::Debug => format!("==> {text}\n"),
            },
            Event::UnitFinished { unit, summary } => {
                let mut text = self.flush(unit);
                let failed = summary.error.as_ref().filter(|_| summary.status == UnitStatus::Failed);
                let error = failed.map(|error| format!(": {}", error.message)).unwrap_or_default();
                let end = format!("{} after {}{error}", summary.status, duration(summary.seconds));
                text.push_str(&self.head(unit, &end));
                text
            }
            Event::Summary { summary } => {
                let options = &self.options;
                Rendering::new(options.style, &options.commands, options.timings, self.kept).summary(summary)
            }
            event => {
                let Some(unit) = event.unit() else { return String::new() };
                let mut text = match event {
                    Event::StepFinished { .. } => self.flush(unit),
                    _ => String::new(),
                };
                text.push_str(&self.head(unit, &heading(event)));
                text
            }
        }
    }

    /// What each unit that runs is doing, and what each that does not waits for.
    pub(super) fn signs_of_life(&self) -> Vec<(UnitName, String)> {
        let sign = |unit: &UnitName, doing: &Doing| {
            let still = if matches!(doing.phase, Activity::Waiting(_)) {
                ""
            } else {
                "still at "
            };
            let mut line = format!("{still}{}, {}", doing.words(), doing.elapsed());
            if let Some(transfer) = &doing.progress {
                line.push_str(&format!(": {}", transfer.text()));
            }
            self.head(unit, &line)
        };
        self.tracker
            .iter()
            .map(|(unit, doing)| (unit.clone(), sign(unit, doing)))
            .collect()
    }
}

fn guest_line(out: &mut String, name: &str, line: &str, style: Style) {
    let line = printable(line, style);
    out.extend([name, if line.is_empty() { "" } else { " " }, &line, "\n"]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        event::Stream,
        reporter::testing::{Sink, failing_run},
    };

    fn report(options: PlainOptions) -> String {
        let sink = Sink::default();
        let mut plain = Plain::new(sink.out(), options);
        failing_run().iter().for_each(|event| plain.event(event));
        sink.text()
    }

    #[test]
    fn a_failed_run_is_told_line_by_line_and_then_again() {
        let commands = Commands {
            program: "cargo run --".into(),
            inputs: vec!["--var".into(), "version=2".into()],
        };
        let text = report(PlainOptions {
            timings: true,
            commands,
            ..PlainOptions::default()
        });
        let expected = "\
==> run r1: 2 units, logs in logs
==> web.oci: started
==> web.oci: step 1 of 2 shell (src/main.rs:12)
    web.oci: guest says hello
    web.oci: and ends without a line break
==> web.oci: step 1 of 2 shell failed after 1.0s
==> web.oci: failed after 1.5s: the script ended with exit code 3
==> web.null: ok after 2.0s

web.oci failed
  error: the script ended with exit code 3
  step: step 1 of 2 shell
  at: src/main.rs:12
  script: scripts/install.sh
  exit code: 3
  last 1 line:
  │ guest says hello
  log: logs/web.oci.log
  help: read the script
  clean-up: cannot remove the container
  continue: cargo run -- build web --only web.oci --var version=2

Run r1 took 3.0s
  failed    web.oci     1.5s  the script ended with exit code 3
  ok        web.null    2.0s
      files
        out/web.tar (2.0 KiB)

Timings of web.oci
  step 1 shell     1.000s

Timings of web.null
Clean-up failed: something was left behind. Try again with
  cargo run -- cleanup r1 --var version=2
";
        assert_eq!(text, expected);
    }

    #[test]
    fn quiet_leaves_the_guest_out() {
        assert!(
            !report(PlainOptions {
                quiet: true,
                ..PlainOptions::default()
            })
            .contains("    web.oci:")
        );
    }

    #[test]
    fn silence_is_broken_by_what_is_waited_for() {
        let sink = Sink::default();
        let options = PlainOptions {
            sign_of_life: Duration::from_millis(60),
            ..PlainOptions::default()
        };
        let mut plain = Plain::new(sink.out(), options);
        for event in &failing_run()[..3] {
            plain.event(event);
        }
        plain.event(&Stamped::now(Event::Waiting {
            unit: "web.null".into(),
            waits_for: "a free place".into(),
        }));
        let deadline = Instant::now() + Duration::from_secs(10);
        while !sink.text().contains("still at step 1 of 2 shell") && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(10));
        }
        let text = sink.text();
        assert!(text.contains("==> web.oci: still at step 1 of 2 shell, 0."), "{text}");
        assert!(text.contains("==> web.null: waits for a free place, 0."), "{text}");
    }

    #[test]
    fn a_reader_that_goes_away_ends_the_output_alone() {
        struct Gone;
        impl std::io::Write for Gone {
            fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
                Err(std::io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let mut plain = Plain::new(Out::to(Gone), PlainOptions::default());
        failing_run().iter().for_each(|event| plain.event(event));
        let bytes = b"x\n".as_slice().into();
        plain.event(&Stamped::now(Event::Output {
            unit: "web.oci".into(),
            stream: Stream::Stdout,
            bytes,
        }));
    }
}
