//! The one error type that crosses trait boundaries.
//!
//! Modules keep `thiserror` enums of their own where callers match on them; what leaves a source, a provisioner, a post-processor or a
//! driver is an [`Error`]: what happened, whether trying again can help, where it happened, and what to do next. Retry reads
//! [`Error::status`] alone, so drivers classify by code and never by text. Rendering belongs to the command line.

use crate::field::Place;
use std::{error::Error as StdError, fmt, io, path::Path};

/// The result of everything that can fail in a build.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Whether the same call may succeed when it is made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It will fail again.
    Permanent,
    /// It may succeed later: a time-out, a rate limit, a lost connection.
    Temporary,
}

/// What kind of failure it was; decides exit codes and wording, never retries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A description that cannot work.
    Config,
    /// Something named does not exist.
    NotFound,
    /// Something stands where a new thing should go.
    AlreadyExists,
    /// The system or a service refused.
    PermissionDenied,
    /// A host, an engine or a service does not answer.
    Unreachable,
    /// A deadline passed.
    Timeout,
    /// The user cancelled.
    Cancelled,
    /// A command ended with an exit code that is not accepted.
    CommandFailed,
    /// Bytes are not what they should be: checksum, host key, format.
    Integrity,
    /// No room left.
    NoSpace,
    /// This system or build of the program cannot do it.
    Unsupported,
    /// Another process holds it.
    Busy,
    /// Reading or writing failed.
    Io,
    /// A mistake of imagebake itself.
    Internal,
}

/// How a command in a guest or on the builder ended badly.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CommandFailure {
    /// The script or command, as the user wrote it.
    pub command: String,
    /// Its exit code; `None` when a signal ended it.
    pub exit_code: Option<i32>,
}

impl CommandFailure {
    /// `command` ended with `exit_code`.
    pub fn new(command: impl Into<String>, exit_code: Option<i32>) -> Self {
        Self {
            command: command.into(),
            exit_code,
        }
    }
}

/// An error with its context and its way out.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    status: Status,
    message: String,
    context: Vec<(&'static str, String)>,
    hints: Vec<String>,
    place: Option<Place>,
    command: Option<CommandFailure>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// A permanent error of `kind`; `message` is one sentence without a full stop, in the user's terms.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            status: Status::Permanent,
            message: message.into(),
            context: Vec::new(),
            hints: Vec::new(),
            place: None,
            command: None,
            source: None,
        }))
    }

    /// The user cancelled while something was under way.
    pub fn cancelled() -> Self {
        Self::new(ErrorKind::Cancelled, "cancelled")
    }

    /// An error about the host file or folder `path`; the kind is taken from `source`, and what to do where the system's reason tells.
    pub fn io(doing: impl fmt::Display, path: impl AsRef<Path>, source: io::Error) -> Self {
        let system = source.kind();
        let told = Self::of_system(doing, path, source);
        match told.kind() {
            ErrorKind::NoSpace => told.hint("make room on that disk, or choose a folder on another one"),
            _ if system == io::ErrorKind::ReadOnlyFilesystem => told.hint("choose a folder that can be written"),
            ErrorKind::PermissionDenied => {
                told.hint("give the user that builds the right to it, or choose another path")
            }
            _ => told,
        }
    }

    /// As [`Error::io`], for a caller who knows better what to do.
    pub(crate) fn of_system(doing: impl fmt::Display, path: impl AsRef<Path>, source: io::Error) -> Self {
        Self::new(kind_of(&source), format!("cannot {doing} {}", path.as_ref().display())).because(source)
    }

    /// Marks the error as one that may pass when tried again.
    #[must_use]
    pub fn temporary(mut self) -> Self {
        self.0.status = Status::Temporary;
        self
    }

    /// Says that it will fail again, whatever was said before.
    #[must_use]
    pub fn permanent(mut self) -> Self {
        self.0.status = Status::Permanent;
        self
    }

    /// Adds a fact about where it happened (`("path", "/etc/x")`).
    #[must_use]
    pub fn context(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.0.context.push((name, value.to_string()));
        self
    }

    /// Adds what the user can do next, as a sentence.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hints.push(hint.into());
        self
    }

    /// Names the line of the user's code that asked for what failed.
    #[must_use]
    pub fn at(mut self, place: impl Into<Place>) -> Self {
        self.0.place.get_or_insert(place.into());
        self
    }

    /// Names the setting that is to blame, as users know it, and the line where it was set.
    #[must_use]
    pub(crate) fn of_setting(self, field: &'static str, set_at: Option<Place>) -> Self {
        let error = self.context("field", field);
        match set_at {
            Some(place) => error.at(place),
            None => error,
        }
    }

    /// Records the command whose exit code was not accepted.
    #[must_use]
    pub fn command(mut self, failure: CommandFailure) -> Self {
        self.0.command = Some(failure);
        self
    }

    /// Keeps the error underneath.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// What kind of failure it was.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whether trying again can help.
    pub fn status(&self) -> Status {
        self.0.status
    }

    /// Whether trying again can help.
    pub fn is_temporary(&self) -> bool {
        self.0.status == Status::Temporary
    }

    /// The sentence, without context and causes.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Facts about where it happened.
    pub fn facts(&self) -> &[(&'static str, String)] {
        &self.0.context
    }

    /// What the user can do next.
    pub fn hints(&self) -> &[String] {
        &self.0.hints
    }

    /// The line of the user's code that asked for it.
    pub fn place(&self) -> Option<&Place> {
        self.0.place.as_ref()
    }

    /// The command that failed, where one did.
    pub fn failed_command(&self) -> Option<&CommandFailure> {
        self.0.command.as_ref()
    }

    /// The sentence and its causes in one line: `cannot read x: permission denied`.
    pub fn full(&self) -> String {
        let mut text = self.0.message.clone();
        let mut cause = self.source();
        while let Some(error) = cause {
            let line = error.to_string();
            if !text.ends_with(&line) {
                text.push_str(": ");
                text.push_str(&line);
            }
            cause = error.source();
        }
        text
    }
}

fn kind_of(error: &io::Error) -> ErrorKind {
    match error.kind() {
        io::ErrorKind::NotFound => ErrorKind::NotFound,
        io::ErrorKind::AlreadyExists => ErrorKind::AlreadyExists,
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => ErrorKind::PermissionDenied,
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => ErrorKind::NoSpace,
        io::ErrorKind::TimedOut => ErrorKind::Timeout,
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset | io::ErrorKind::NotConnected => {
            ErrorKind::Unreachable
        }
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => ErrorKind::Integrity,
        _ => ErrorKind::Io,
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Error");
        out.field("kind", &self.0.kind)
            .field("status", &self.0.status)
            .field("message", &self.full());
        out.field("context", &self.0.context)
            .field("hints", &self.0.hints)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        let temporary = matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::Interrupted);
        let wrapped = Self::new(kind_of(&error), error.to_string());
        if temporary { wrapped.temporary() } else { wrapped }
    }
}

/// Adds context to a result on its way up.
pub trait Context<T> {
    /// Names the host path and what was being done to it: `cannot {doing} {path}`.
    fn path(self, doing: &str, path: impl AsRef<Path>) -> Result<T>;
}

impl<T> Context<T> for io::Result<T> {
    fn path(self, doing: &str, path: impl AsRef<Path>) -> Result<T> {
        self.map_err(|error| Error::io(doing, path, error))
    }
}
