//! What a run leaves beside the units' logs, for whoever looks at a failure later: `events.jsonl`, every event but output and progress, and
//! `UNIT.failure.txt` for each unit that failed, its failure in the words of the summary.

use super::{Commands, Json, Out, Rendering, Reporter};
use crate::event::{Event, Level, Stamped, Summary, UnitStatus};
use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

/// Writes the files of a run's bundle; behind [`Logs`](super::Logs), which completes failures.
pub struct Bundle {
    folder: PathBuf,
    events: Option<Json>,
    commands: Commands,
}

impl Bundle {
    /// Files in `folder`, which is made with the first of them.
    pub fn new(folder: impl Into<PathBuf>, commands: Commands) -> Self {
        Self {
            folder: folder.into(),
            events: None,
            commands,
        }
    }

    fn begin(&mut self) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        self.events = Some(Json::new(Out::to(File::create(self.folder.join("events.jsonl"))?)));
        Ok(())
    }

    fn failures(&self, summary: &Summary) -> io::Result<()> {
        let words = Rendering {
            commands: self.commands.clone(),
            ..Rendering::default()
        };
        for unit in summary.units.iter().filter(|unit| unit.status == UnitStatus::Failed) {
            let mut text = String::new();
            words.failure(&mut text, &summary.run, unit);
            words.timings(&mut text, unit);
            fs::write(self.path(&unit.name()), text.trim_start())?;
        }
        Ok(())
    }

    fn path(&self, unit: &str) -> PathBuf {
        self.folder.join(format!("{unit}.failure.txt"))
    }
}

impl Reporter for Bundle {
    fn event(&mut self, stamped: &Stamped) {
        let failed = match &stamped.event {
            Event::Output { .. } | Event::Progress { .. } => return,
            Event::Run { .. } => self.begin(),
            Event::Summary { summary } => self.failures(summary),
            _ => Ok(()),
        };
        let Some(events) = &mut self.events else { return };
        events.event(stamped);
        if let Err(error) = failed {
            let text = told(&self.folder, &error);
            events.event(&Stamped::now(Event::Message {
                unit: None,
                level: Level::Warning,
                text,
            }));
        }
    }
}

fn told(folder: &Path, error: &io::Error) -> String {
    format!("cannot write a failure to {}: {error}", folder.display())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reporter::testing::failing_run;

    #[test]
    fn a_failed_run_leaves_its_events_and_each_failure_in_words() {
        let folder = tempfile::tempdir().expect("a folder");
        let logs = folder.path().join("logs");
        let mut bundle = Bundle::new(&logs, Commands::default());
        failing_run().iter().for_each(|event| bundle.event(event));
        let events = fs::read_to_string(logs.join("events.jsonl")).expect("events");
        let kinds: Vec<String> = events
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON")["event"].to_string())
            .collect();
        assert_eq!(kinds.first().map(String::as_str), Some("\"run\""));
        assert_eq!(kinds.last().map(String::as_str), Some("\"summary\""));
        assert!(!kinds.contains(&"\"output\"".to_owned()), "{kinds:?}");
        let failure = fs::read_to_string(logs.join("web.oci.failure.txt")).expect("a failure");
        assert!(
            failure.starts_with("web.oci failed\n  error: the script ended with exit code 3\n"),
            "{failure}"
        );
        assert!(
            failure.contains("│ guest says hello") && failure.contains("step 1 shell"),
            "{failure}"
        );
        assert!(!logs.join("web.null.failure.txt").exists());
    }

    #[test]
    fn a_folder_that_cannot_be_made_stops_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let in_the_way = folder.path().join("file");
        fs::write(&in_the_way, "").expect("written");
        let mut bundle = Bundle::new(&in_the_way, Commands::default());
        failing_run().iter().for_each(|event| bundle.event(event));
        assert!(bundle.events.is_none());
    }
}
