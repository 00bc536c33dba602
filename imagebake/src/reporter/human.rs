//! A terminal: one live line per unit, and above it what has happened.

use super::{
    Commands, Out, Reporter, Style, duration,
    heartbeat::Heartbeat,
    lines::Lines,
    printable,
    summary::{Rendering, first_line, shown},
    tracker::{Activity, Doing, Tracker, Transfer},
};
use crate::event::{Event, Level, ResourceAction, Stamped, UnitName, UnitStatus};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::{
    collections::HashMap,
    fmt::Write,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// Often enough to see that it lives, seldom enough for a slow line.
const EVERY: Duration = Duration::from_millis(125);
/// What may be printed while a question is open, in bytes; the logs have the rest.
const HELD: usize = 1 << 20;

/// How the terminal looks.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct HumanOptions {
    /// Colours.
    pub style: Style,
    /// Guest output too.
    pub verbose: bool,
    /// Only failures and the summary above the live lines.
    pub quiet: bool,
    /// A table of how long each part took, at the end.
    pub timings: bool,
    /// What to type next.
    pub commands: Commands,
}

/// The terminal: live lines below, printed text above. A question to the user has it for itself.
#[derive(Clone)]
pub struct Screen {
    live: MultiProgress,
    text: Arc<Mutex<Printed>>,
    is_terminal: bool,
}

struct Printed {
    out: Out,
    /// What waits for the end of a question.
    held: Option<String>,
}

impl Screen {
    /// Standard error as a terminal.
    pub fn terminal() -> Self {
        Self::new(
            MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(12)),
            Out::stderr(),
            true,
        )
    }

    fn new(live: MultiProgress, out: Out, is_terminal: bool) -> Self {
        Self {
            live,
            text: Arc::new(Mutex::new(Printed { out, held: None })),
            is_terminal,
        }
    }

    fn print(&self, text: &str) {
        let mut printed = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut printed.held {
            Some(held) if held.len() + text.len() <= HELD => held.push_str(text),
            Some(_) => {}
            None => self.live.suspend(|| printed.out.write(text.as_bytes())),
        }
    }

    /// Runs `ask` without live lines and without anything printed in between. Builds go on.
    pub fn alone<T>(&self, ask: impl FnOnce() -> T) -> T {
        let held = |held| std::mem::replace(&mut self.text.lock().unwrap_or_else(PoisonError::into_inner).held, held);
        held(Some(String::new()));
        // Nothing is lost when the terminal is gone.
        let _ = self.live.clear();
        self.live.set_draw_target(ProgressDrawTarget::hidden());
        let answer = ask();
        if self.is_terminal {
            self.live.set_draw_target(ProgressDrawTarget::stderr_with_hz(12));
        }
        let text = held(None).unwrap_or_default();
        self.print(&text);
        answer
    }
}

/// Shows a live line per unit with step, elapsed time and transfer; ended units, failures and the summary stay above.
pub struct Human(Heartbeat<View>);

struct View {
    screen: Screen,
    options: HumanOptions,
    tracker: Tracker,
    lines: Lines,
    /// In the order their units began; those that do not fit have no line.
    bars: Vec<(UnitName, Option<ProgressBar>)>,
    /// A last line for those that do not fit.
    more: Option<ProgressBar>,
    ends: HashMap<UnitName, UnitStatus>,
    total: usize,
    frame: usize,
    kept: bool,
}

impl Human {
    /// Shows on `screen`.
    pub fn new(screen: Screen, options: HumanOptions) -> Self {
        let view = View {
            screen,
            options,
            tracker: Tracker::default(),
            lines: Lines::default(),
            bars: Vec::new(),
            more: None,
            ends: HashMap::new(),
            total: 0,
            frame: 0,
            kept: false,
        };
        Self(Heartbeat::start(view, EVERY, |view| {
            view.frame += 1;
            view.draw();
        }))
    }
}

impl Reporter for Human {
    fn event(&mut self, stamped: &Stamped) {
        self.0.lock().event(&stamped.event);
    }
}

impl View {
    fn event(&mut self, event: &Event) {
        self.kept |= matches!(
            event,
            Event::Resource {
                action: ResourceAction::Kept,
                ..
            }
        );
        self.tracker.learn(event);
        match event {
            Event::Run { run, units, logs, .. } => {
                self.total = units.len();
                if !self.options.quiet {
                    let told = format!("run {run}, logs in {}", shown(logs));
                    self.screen.print(&format!("{}\n", self.options.style.dim(told)));
                }
            }
            Event::Output { unit, stream, bytes } if self.options.verbose => {
                let style = self.options.style;
                let name = style.dim(format_args!("{unit}:"));
                let mut text = String::new();
                self.lines.push(unit, *stream, bytes, |line| {
                    let _ = writeln!(text, "{name} {}", printable(line, style));
                });
                if !text.is_empty() {
                    self.screen.print(&text);
                }
            }
            Event::Message {
                level: Level::Debug, ..
            } => {}
            Event::Message { unit, level, text } if *level == Level::Warning || !self.options.quiet => {
                self.message(unit.as_ref(), *level, text);
            }
            Event::Attempt {
                unit,
                attempt,
                of,
                error,
                ..
            } => {
                let text = format!("attempt {attempt} of {of}, after: {error}");
                self.message(Some(unit), Level::Warning, &text);
            }
            Event::Resource {
                unit,
                action: action @ (ResourceAction::UndoFailed | ResourceAction::Kept),
                kind,
                id,
            } => {
                let what = if *action == ResourceAction::Kept {
                    "left on purpose"
                } else {
                    "could not be removed"
                };
                self.message(Some(unit), Level::Warning, &format!("{kind} {id} {what}"));
            }
            Event::Waiting { unit, .. } | Event::UnitStarted { unit } => self.appear(unit),
            Event::StepFinished { unit, .. } => self.flush(unit),
            Event::UnitFinished { unit, summary } => {
                self.flush(unit);
                self.ends.insert(unit.clone(), summary.status);
                if let Some(at) = self.bars.iter().position(|(name, _)| name == unit)
                    && let Some(bar) = self.bars.remove(at).1
                {
                    bar.finish_and_clear();
                }
                let rendering = self.rendering();
                let error = summary
                    .error
                    .as_ref()
                    .filter(|_| summary.status == UnitStatus::Failed)
                    .map(|error| error.message.as_str())
                    .unwrap_or_default();
                let error = first_line(error);
                let status = rendering.status(summary.status);
                let line = format!("{status} {unit}  {}  {error}", duration(summary.seconds));
                self.screen.print(&format!("{}\n", line.trim_end()));
                self.draw();
            }
            Event::Summary { summary } => {
                for bar in self.bars.drain(..).filter_map(|(_, bar)| bar) {
                    bar.finish_and_clear();
                }
                if let Some(more) = self.more.take() {
                    more.finish_and_clear();
                }
                self.screen.print(&self.rendering().summary(summary));
            }
            _ => {}
        }
    }

    fn rendering(&self) -> Rendering {
        let options = &self.options;
        Rendering::new(options.style, &options.commands, options.timings, self.kept)
    }

    fn message(&self, unit: Option<&UnitName>, level: Level, text: &str) {
        let style = self.options.style;
        let who = unit.map(|unit| format!("{unit}: ")).unwrap_or_default();
        let mut out = String::new();
        for line in text.lines() {
            let line = format!("{who}{}", printable(line, Style::default()));
            let _ = writeln!(
                out,
                "{}",
                if level == Level::Warning {
                    style.yellow(line)
                } else {
                    line
                }
            );
        }
        self.screen.print(&out);
    }

    fn flush(&mut self, unit: &UnitName) {
        let (style, mut text) = (self.options.style, String::new());
        self.lines.flush(unit, |_, line| {
            let _ = writeln!(
                text,
                "{} {}",
                style.dim(format_args!("{unit}:")),
                printable(line, style)
            );
        });
        if !text.is_empty() {
            self.screen.print(&text);
        }
    }

    fn appear(&mut self, unit: &UnitName) {
        if self.bars.iter().all(|(name, _)| name != unit) {
            self.bars.push((unit.clone(), None));
        }
        self.draw();
    }

    /// Writes the live lines anew: those that fit, and one for the rest.
    fn draw(&mut self) {
        let (columns, rows) = terminal_size::terminal_size().map_or((80, 24), |(width, height)| {
            (usize::from(width.0).max(8), usize::from(height.0))
        });
        let fits = rows.saturating_sub(3).max(1);
        // Those that wait tell the least.
        let tracker = &self.tracker;
        self.bars.sort_by_key(|(unit, _)| {
            matches!(
                tracker.get(unit),
                Some(Doing {
                    phase: Activity::Waiting(_),
                    ..
                })
            )
        });
        let style = self.options.style;
        let left_over = self.bars.len().saturating_sub(fits);
        for (i, (unit, bar)) in self.bars.iter_mut().enumerate() {
            let Some(doing) = tracker.get(unit) else { continue };
            if i < fits {
                let bar = bar.get_or_insert_with(|| live_line(&self.screen.live, i));
                bar.set_message(unit_line(unit, doing, self.frame, columns - 1, style));
            } else if let Some(bar) = bar.take() {
                bar.finish_and_clear();
            }
        }
        match (left_over, &self.more) {
            (0, None) => {}
            (0, Some(more)) => {
                more.finish_and_clear();
                self.more = None;
            }
            (count, _) => {
                let at = fits.min(self.bars.len());
                let more = self.more.get_or_insert_with(|| live_line(&self.screen.live, at));
                let ended = self.ends.len();
                more.set_message(style.dim(format!("  and {count} more; {ended} of {} have ended", self.total)));
            }
        }
    }
}

fn live_line(live: &MultiProgress, at: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_spinner());
    live.insert(at, ProgressBar::new(1).with_style(style))
}

/// `⠹ web.oci  step 2 of 5 shell  42s  ━━━━───── pull debian:12 45.0 MiB of 120.0 MiB, 12.3 MiB/s`, cut to `columns`.
fn unit_line(unit: &str, doing: &Doing, frame: usize, columns: usize, style: Style) -> String {
    const FRAMES: [&str; 8] = ["⠹", "⠼", "⠶", "⠧", "⠏", "⠋", "⠙", "⠸"];
    let waits = matches!(doing.phase, Activity::Waiting(_));
    let spinner = if waits { "·" } else { FRAMES[frame % FRAMES.len()] };
    let mut line = Clipped {
        left: columns,
        text: String::new(),
    };
    line.add(spinner, |text| style.cyan(text));
    line.add(&format!(" {unit}"), |text| style.bold(text));
    line.add(&format!("  {}", doing.words()), |text| {
        if waits { style.dim(text) } else { text.to_owned() }
    });
    line.add(&format!("  {}", doing.elapsed()), |text| style.dim(text));
    if let Some(transfer) = &doing.progress {
        let text = format!(" {}", transfer.text());
        line.add("  ", str::to_owned);
        let room = line.left.saturating_sub(text.chars().count());
        if room >= 10 {
            line.add(&gauge(transfer, room.min(24)), |text| style.green(text));
        }
        line.add(&text, str::to_owned);
    }
    line.text
}

/// How much of a transfer is done, where that is known.
fn gauge(transfer: &Transfer, width: usize) -> String {
    let Some(total) = transfer.total.filter(|total| *total > 0) else {
        return String::new();
    };
    let done = (u128::from(transfer.done.min(total)) * width as u128 / u128::from(total)) as usize;
    "━".repeat(done) + &"─".repeat(width - done)
}

/// A line that ends where the terminal does.
struct Clipped {
    left: usize,
    text: String,
}

impl Clipped {
    fn add(&mut self, text: &str, paint: impl FnOnce(&str) -> String) {
        let clipped: String = text.chars().take(self.left).collect();
        self.left -= clipped.chars().count();
        if !clipped.is_empty() {
            self.text.push_str(&paint(&clipped));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        event::{Phase, StepRef},
        reporter::testing::{Sink, failing_run},
    };
    use std::time::Instant;

    #[test]
    fn a_live_line_fits_any_terminal() {
        let mut tracker = Tracker::default();
        let unit: UnitName = "web.oci".into();
        let step = StepRef::new(2, 5, "shell", "shell", None, Phase::Provision);
        tracker.learn(&Event::StepStarted {
            unit: unit.clone(),
            step,
        });
        let what: Arc<str> = "pull debian:12".into();
        tracker.learn(&Event::Progress {
            unit: unit.clone(),
            what,
            done: 60 << 20,
            total: Some(120 << 20),
        });
        let doing = tracker.get(&unit).expect("it runs");
        let line = |columns| unit_line(&unit, doing, 0, columns, Style::default());
        let wide = line(120);
        assert!(
            wide.starts_with("⠹ web.oci  step 2 of 5 shell  0.0s  ━━━━━━━━━━━━────────────"),
            "{wide}"
        );
        assert!(wide.ends_with("pull debian:12 60.0 MiB of 120.0 MiB"), "{wide}");
        for columns in 1..120 {
            assert!(line(columns).chars().count() <= columns);
        }
        assert_eq!(line(9), "⠹ web.oci");
    }

    #[test]
    fn ended_units_failures_and_the_summary_stay() {
        let sink = Sink::default();
        let live = MultiProgress::with_draw_target(ProgressDrawTarget::hidden());
        let mut human = Human::new(
            Screen::new(live, sink.out(), false),
            HumanOptions {
                commands: Commands {
                    program: "cargo run --".into(),
                    inputs: Vec::new(),
                },
                ..HumanOptions::default()
            },
        );
        failing_run().iter().for_each(|event| human.event(event));
        let text = sink.text();
        assert!(
            text.contains("failed    web.oci  1.5s  the script ended with exit code 3\n"),
            "{text}"
        );
        assert!(
            text.contains("continue: cargo run -- build web --only web.oci"),
            "{text}"
        );
        assert!(
            !text.contains("and ends without"),
            "guest output needs --verbose: {text}"
        );
    }

    #[test]
    fn a_question_has_the_terminal_for_itself() {
        let sink = Sink::default();
        let live = MultiProgress::with_draw_target(ProgressDrawTarget::hidden());
        let screen = Screen::new(live, sink.out(), false);
        let began = Instant::now();
        screen.alone(|| {
            screen.print("later\n");
            assert_eq!(sink.text(), "");
        });
        assert_eq!(sink.text(), "later\n");
        assert!(began.elapsed() < Duration::from_secs(5), "nothing waits for the user");
    }
}
