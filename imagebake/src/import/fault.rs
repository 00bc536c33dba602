//! One problem of a template, in the terms of the template.

use super::sources::Span;

/// The code of a problem that `--lenient` passes over: a setting that its component does not have.
pub const UNKNOWN_ATTRIBUTE: &str = "unknown-attribute";

/// What is wrong and where. Becomes a [`Diagnostic`](crate::plan::Diagnostic) once all are found.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// A stable name for the kind of problem.
    pub code: &'static str,
    /// What is wrong and what was expected.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// Where.
    pub span: Option<Span>,
    /// Other places that it is about.
    pub also: Vec<Span>,
    /// Whether the template stands in spite of it.
    pub warning: bool,
}

/// Boxed, since nearly every evaluation succeeds.
pub type Result<T> = std::result::Result<T, Box<Fault>>;

impl Fault {
    /// A problem at `span`.
    pub fn at(span: Span, code: &'static str, message: impl Into<String>) -> Box<Self> {
        Box::new(Self {
            code,
            message: message.into(),
            help: None,
            span: Some(span),
            also: Vec::new(),
            warning: false,
        })
    }

    /// A problem of no single place.
    pub fn general(code: &'static str, message: impl Into<String>) -> Box<Self> {
        Box::new(Self {
            code,
            message: message.into(),
            help: None,
            span: None,
            also: Vec::new(),
            warning: false,
        })
    }

    /// What to do.
    #[must_use]
    pub fn help(mut self: Box<Self>, help: impl Into<String>) -> Box<Self> {
        self.help = Some(help.into());
        self
    }

    /// The nearest of what there is, if it is near enough to be meant.
    #[must_use]
    pub fn nearest<'a>(self: Box<Self>, typed: &str, known: impl IntoIterator<Item = &'a str>) -> Box<Self> {
        match crate::plan::nearest(typed, known) {
            Some(near) => self.help(format!("did you mean `{near}`?")),
            None => self,
        }
    }

    /// The template stands in spite of it.
    #[must_use]
    pub fn warning(mut self: Box<Self>) -> Box<Self> {
        self.warning = true;
        self
    }

    /// Another place that it is about.
    #[must_use]
    pub fn also(mut self: Box<Self>, span: Span) -> Box<Self> {
        self.also.push(span);
        self
    }
}

/// The problems found so far.
#[derive(Clone, Debug, Default)]
pub struct Faults(pub Vec<Fault>);

impl Faults {
    /// Keeps a problem; each is told once, however often its place is evaluated.
    pub fn push(&mut self, fault: Box<Fault>) {
        if !self.0.contains(&fault) {
            self.0.push(*fault);
        }
    }

    /// The value, or its problem kept.
    pub fn keep<T>(&mut self, result: Result<T>) -> Option<T> {
        result.map_err(|fault| self.push(fault)).ok()
    }

    /// Whether the template stands: there are warnings at most.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|fault| fault.warning)
    }
}
