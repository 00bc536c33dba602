//! The log of a job of GitHub Actions: a group for each unit, an annotation at the line of each failure, a table on the job's page.
//!
//! Groups cannot lie side by side, and units do. So one unit has the log for itself and prints live; what the others print is kept, in
//! memory or in a file without a name, until the log is theirs. Everything but our own commands is text to the runner (`console.rs`).

mod console;
pub(crate) mod job_summary;

pub(crate) use console::Console;

use super::{
    Out, PlainOptions, Reporter,
    heartbeat::Heartbeat,
    plain::Words,
    summary::{first_line, shown},
};
use crate::event::{Event, Failure, Level, Stamped, Summary, UnitName, UnitStatus};
use std::{
    io::{BufRead, BufReader, Seek, Write},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// What a unit that waits may keep in memory, in bytes.
const IN_MEMORY: usize = 256 << 10;

/// Reports to the log of GitHub Actions.
pub struct Github(Heartbeat<Log>);

struct Log {
    console: Console,
    words: Words,
    files: Files,
    /// The unit that has the log.
    open: Option<UnitName>,
    /// The others that have begun, in that order.
    waiting: Vec<Waiting>,
    page: Option<PathBuf>,
    last: Instant,
}

struct Waiting {
    unit: UnitName,
    text: tempfile::SpooledTempFile,
    ended: bool,
}

impl Github {
    /// Reports to `out`; `files` knows where lines of descriptions are in the repository.
    pub(crate) fn new(out: Out, options: PlainOptions, files: Files) -> Self {
        let every = options.sign_of_life;
        let log = Log {
            console: Console::new(out),
            words: Words::new(options),
            files,
            open: None,
            waiting: Vec::new(),
            page: job_summary::file(),
            last: Instant::now(),
        };
        Self(Heartbeat::start(
            log,
            (every / 12).min(Duration::from_secs(5)),
            move |log| {
                if log.last.elapsed() >= every {
                    log.sign_of_life();
                }
            },
        ))
    }
}

impl Reporter for Github {
    fn event(&mut self, stamped: &Stamped) {
        self.0.lock().event(&stamped.event);
    }
}

impl Log {
    fn event(&mut self, event: &Event) {
        if let Event::UnitStarted { unit } = event {
            self.begin(unit);
        }
        let text = self.words.event(event);
        match event.unit() {
            Some(unit) => self.print(&unit.clone(), &text),
            None if matches!(event, Event::Summary { .. }) => {}
            None => self.say(&text),
        }
        match event {
            Event::Message {
                unit,
                level: Level::Warning,
                text,
            } => {
                let title = unit.as_deref().unwrap_or("imagebake").to_owned();
                self.console.command("warning", &[("title", title)], text);
            }
            Event::UnitFinished { unit, .. } => self.end(unit),
            Event::Summary { summary } => self.summary(summary, &text),
            _ => {}
        }
    }

    fn say(&mut self, text: &str) {
        if !text.is_empty() {
            self.last = Instant::now();
            self.console.text(text);
        }
    }

    /// Prints where the unit's log is: here, or in what it keeps.
    fn print(&mut self, unit: &UnitName, text: &str) {
        let kept = match self.waiting.iter_mut().find(|waiting| waiting.unit == *unit) {
            // Without room for a file the log is out of order, but whole.
            Some(waiting) => waiting.text.write_all(text.as_bytes()).is_ok(),
            None => false,
        };
        if !kept {
            self.say(text);
        }
    }

    fn begin(&mut self, unit: &UnitName) {
        if self.open.is_none() {
            self.open(unit);
        } else {
            self.waiting.push(Waiting {
                unit: unit.clone(),
                text: tempfile::SpooledTempFile::new(IN_MEMORY),
                ended: false,
            });
        }
    }

    fn open(&mut self, unit: &UnitName) {
        self.console.command("group", &[], unit);
        self.open = Some(unit.clone());
    }

    fn end(&mut self, unit: &UnitName) {
        if let Some(waiting) = self.waiting.iter_mut().find(|waiting| waiting.unit == *unit) {
            waiting.ended = true;
        }
        if self.open.as_ref() == Some(unit) {
            self.close();
        }
    }

    /// Ends the group; whoever has ended meanwhile gets one, then the log is the next one's that runs.
    fn close(&mut self) {
        self.console.command("endgroup", &[], "");
        self.open = None;
        while let Some(at) = self.waiting.iter().position(|waiting| waiting.ended) {
            let waiting = self.waiting.remove(at);
            self.replay(waiting);
            self.console.command("endgroup", &[], "");
            self.open = None;
        }
        if !self.waiting.is_empty() {
            let next = self.waiting.remove(0);
            self.replay(next);
        }
    }

    fn replay(&mut self, mut waiting: Waiting) {
        self.open(&waiting.unit);
        if waiting.text.rewind().is_err() {
            return;
        }
        let mut reader = BufReader::new(waiting.text);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
            self.console.text(&String::from_utf8_lossy(&line));
            line.clear();
        }
        self.last = Instant::now();
    }

    fn summary(&mut self, summary: &Summary, text: &str) {
        while self.open.is_some() {
            self.waiting.iter_mut().for_each(|waiting| waiting.ended = true);
            self.close();
        }
        self.say(text);
        for unit in &summary.units {
            if let Some(failure) = unit.error.as_ref().filter(|_| unit.status == UnitStatus::Failed) {
                self.failure(&unit.name(), failure);
            }
        }
        let page = self.page.clone();
        if let Some((page, error)) = page.and_then(|page| {
            job_summary::append(&page, &job_summary::of_run(summary))
                .err()
                .map(|error| (page, error))
        }) {
            let text = format!("cannot write the job's summary {}: {error}", shown(&page));
            self.console.command("warning", &[], &text);
        }
        self.console.resume();
    }

    fn failure(&mut self, unit: &str, failure: &Failure) {
        let mut properties = Vec::new();
        if let Some((file, line)) = failure.place.as_deref().and_then(|place| place.rsplit_once(':')) {
            properties.extend([("file", self.files.in_repository(file)), ("line", line.to_owned())]);
        }
        let step = failure
            .step
            .as_ref()
            .map(|step| format!(": {step}"))
            .unwrap_or_default();
        properties.push(("title", format!("{unit} failed{step}")));
        let mut message = failure.message.clone();
        if let Some(last) = failure.last_lines.last() {
            message.push_str(&format!("\nlast line: {}", first_line(last)));
        }
        failure
            .hints
            .iter()
            .for_each(|hint| message.push_str(&format!("\nhelp: {hint}")));
        self.console.command("error", &properties, &message);
    }

    fn sign_of_life(&mut self) {
        let open = self.open.clone();
        let signs = self.words.signs_of_life();
        let text: String = signs
            .into_iter()
            .filter(|(unit, _)| open.is_none() || open.as_ref() == Some(unit))
            .map(|(_, text)| text)
            .collect();
        self.say(&text);
    }
}

/// Where the files of descriptions are in the repository: annotations need paths from its root.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    /// What files are relative to: the project's root, then the current folder.
    bases: Vec<PathBuf>,
    repository: Option<PathBuf>,
}

impl Files {
    pub(crate) fn new(root: &Path, current_dir: &Path) -> Self {
        let repository = std::env::var_os("GITHUB_WORKSPACE").map(PathBuf::from);
        Self {
            bases: vec![root.to_owned(), current_dir.to_owned()],
            repository: repository.and_then(|folder| folder.canonicalize().ok()),
        }
    }

    /// The file as the repository knows it; as it is where it is not in there.
    pub(crate) fn in_repository(&self, file: &str) -> String {
        let below = |path: &Path| {
            let path = path.canonicalize().ok().filter(|path| path.is_file())?;
            let below = path.strip_prefix(self.repository.as_ref()?).ok()?;
            Some(below.display().to_string())
        };
        self.bases
            .iter()
            .find_map(|base| below(&base.join(file)))
            .unwrap_or_else(|| file.to_owned())
    }
}

#[cfg(test)]
mod tests;
