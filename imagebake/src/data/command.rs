//! What commands on this computer print.

use super::{Ask, Lookup, LookupCx};
use crate::{
    communicator::{Command, Communicator, Exit, Local, OutputSink, keep_output},
    error::{CommandFailure, Error, ErrorKind, Result},
    value::{Secret, Text},
};
use serde::{Deserialize, Serialize};
use std::{fmt, ops::Deref};

/// The output of a command; see [`Data::command`](super::Data::command).
pub struct CommandOutput {
    words: Vec<String>,
    env: Vec<(String, Text)>,
    /// Where it runs, from the project's root.
    folder: String,
    local: bool,
}

/// What a command printed on standard output, without the last line break. It is the text: `&*output`, `output.to_string()`, `{output}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Printed {
    output: String,
}

impl Deref for Printed {
    type Target = str;
    fn deref(&self) -> &str {
        &self.output
    }
}

impl fmt::Display for Printed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.output)
    }
}

impl From<Printed> for String {
    fn from(printed: Printed) -> Self {
        printed.output
    }
}

impl CommandOutput {
    pub(super) fn new(words: Vec<String>, folder: &str) -> Self {
        Self {
            words,
            folder: folder.to_owned(),
            env: Vec::new(),
            local: false,
        }
    }
}

impl Ask<'_, CommandOutput> {
    /// A variable of its environment, besides those of the builder.
    pub fn env(mut self, name: impl Into<String>, value: impl Into<Text>) -> Self {
        self.question.env.push((name.into(), value.into()));
        self
    }

    /// It asks nobody but this computer: it runs each time, is not pinned, and `--offline` allows it.
    pub fn local(mut self) -> Self {
        self.question.local = true;
        self
    }
}

#[diagnostic::do_not_recommend]
impl Lookup for CommandOutput {
    const KIND: &'static str = "command";
    type Answer = Printed;

    fn question(&self) -> String {
        let words: Vec<String> = self.words.iter().map(|word| super::ask::quoted(word)).collect();
        let mut question = words.join(" ");
        for (name, value) in &self.env {
            question = format!("{name}={value} {question}");
        }
        // The same words may mean another program in another crate's folder.
        match self.folder.as_str() {
            "" => question,
            folder => format!("{question} in {folder}"),
        }
    }

    fn is_local(&self) -> bool {
        self.local
    }

    fn secrets(&self) -> Vec<&Secret> {
        self.env.iter().flat_map(|(_, value)| value.secrets()).collect()
    }

    async fn look_up(&self, cx: &LookupCx<'_>) -> Result<Printed> {
        let mut command = Command::program(self.words.iter().cloned());
        for (name, value) in &self.env {
            command = command.env(name, value.reveal()?.as_str());
        }
        let shown = self.words.join(" ");
        let output = run(cx, command, &shown).await?;
        let mut output = super::file::text_of(&shown, output)?;
        output.truncate(output.trim_end_matches(['\n', '\r']).len());
        Ok(Printed { output })
    }
}

/// What `command` prints, in the folder of the image; it must succeed.
pub(super) async fn run(cx: &LookupCx<'_>, command: Command, shown: &str) -> Result<Vec<u8>> {
    let folder = match cx.base.is_dir() {
        true => cx.base,
        false => cx.run.root(),
    };
    let command = command.dir(folder.display().to_string());
    let (sink, printed) = OutputSink::channel();
    let (exit, (stdout, stderr)) = tokio::join!(Local.exec(command, sink), keep_output(printed));
    match exit? {
        Exit::Code(0) => Ok(stdout),
        exit => {
            let said = String::from_utf8_lossy(&stderr);
            let last: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).collect();
            let last = last[last.len().saturating_sub(5)..].join("; ");
            let why = if last.is_empty() {
                String::new()
            } else {
                format!(": {last}")
            };
            let how = match exit {
                Exit::Code(code) => format!("exit code {code}"),
                Exit::Signal(signal) => format!("signal {signal}"),
            };
            let failure = CommandFailure::new(shown, matches!(exit, Exit::Code(_)).then(|| exit.code()));
            Err(
                Error::new(ErrorKind::CommandFailed, format!("`{shown}` ended with {how}{why}"))
                    .command(failure)
                    .hint(format!("run it yourself in {}", folder.display())),
            )
        }
    }
}
