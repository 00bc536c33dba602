//! What stops a command, rendered.

use super::{github, print_error};
use crate::{
    error::{Error, ErrorKind},
    event::Failure,
    plan::{Diagnostic, Diagnostics},
    reporter::{Style, printable},
};
use serde_json::json;
use std::fmt::Write;

/// Why a command ended early, and its exit code.
pub(super) struct Stop {
    pub(super) code: u8,
    failure: Box<Failure>,
    /// It was told already.
    told: bool,
    problems: Diagnostics,
}

impl Stop {
    /// A command line or a project that cannot work.
    pub(super) fn usage(error: Error) -> Self {
        Self {
            code: 2,
            ..Self::from(error)
        }
    }

    /// A name that the user gave: one that does not exist is wrong usage.
    pub(super) fn named(error: Error) -> Self {
        match error.kind() {
            ErrorKind::NotFound => Self::usage(error),
            _ => Self::from(error),
        }
    }

    /// A sentence and a way out.
    pub(super) fn told(code: u8, message: impl Into<String>, hint: impl Into<String>) -> Self {
        let failure = Box::new(Failure {
            message: message.into(),
            hints: vec![hint.into()],
            ..Failure::default()
        });
        Self {
            code,
            failure,
            told: false,
            problems: Diagnostics::new(),
        }
    }

    /// A description that cannot be built; its problems were told.
    pub(super) fn problems_told(problems: Diagnostics) -> Self {
        let failure = Box::new(Failure {
            message: "the description has problems".to_owned(),
            ..Failure::default()
        });
        Self {
            code: 2,
            failure,
            told: true,
            problems,
        }
    }

    /// What went wrong, in one line.
    pub(super) fn message(&self) -> &str {
        &self.failure.message
    }

    /// The problems of the description, where these were why.
    pub(super) fn problems(&self) -> impl Iterator<Item = &Diagnostic> {
        self.problems.iter()
    }

    /// Renders it on standard error, for programs and GitHub on standard output: `{"error":{"message",…}}`.
    pub(super) fn tell(&self, style: Style, json: bool, on_github: bool) {
        if !self.told {
            let text = render(&self.failure, style);
            match on_github {
                true => github::failure(&text, &self.failure),
                false => print_error(&text),
            }
        }
        if json {
            let line = format!("{}\n", json!({"error": self.failure, "problems": self.problems}));
            crate::reporter::Out::stdout().write(line.as_bytes());
        }
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self {
            code: 1,
            failure: Box::new(Failure::from(&error)),
            told: false,
            problems: Diagnostics::new(),
        }
    }
}

fn render(failure: &Failure, style: Style) -> String {
    let mut out = format!("{}: {}\n", style.red("error"), safe(&failure.message));
    let mut row = |name: &str, value: &str| {
        let _ = writeln!(out, "   = {name}: {}", safe(value));
    };
    failure
        .causes
        .iter()
        .filter(|cause| !failure.message.ends_with(*cause))
        .for_each(|cause| row("because", cause));
    if let Some(place) = &failure.place {
        row("at", place);
    }
    failure.context.iter().for_each(|(name, value)| row(name, value));
    failure.hints.iter().for_each(|hint| row("help", hint));
    out
}

fn safe(text: &str) -> String {
    text.lines()
        .map(|line| printable(line, Style::default()))
        .collect::<Vec<_>>()
        .join("\n     ")
}
