//! All problems at once, each with where it came from.

use crate::{
    field::{Field, Place},
    value::Text,
};
use serde::Serialize;
use std::fmt;

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The plan stands, but the user should know.
    Warning,
    /// The plan cannot be built.
    Error,
}

/// One problem of a description.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// A stable name for the kind of problem: `missing-file`.
    pub code: &'static str,
    /// The image, where one is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// The source's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The step or post-processor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// The setting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What is wrong and what was expected.
    pub message: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// The lines of the user's files that it is about; the first is the one to look at.
    pub places: Vec<Place>,
    /// How many columns of these lines may be shown; all without.
    #[serde(skip)]
    pub(crate) columns_shown: Option<u32>,
}

impl Diagnostic {
    /// A problem that forbids building.
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, message)
    }

    /// A problem that does not.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, message)
    }

    fn new(severity: Severity, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            severity,
            code,
            image: None,
            source: None,
            step: None,
            field: None,
            message: message.into(),
            help: None,
            places: Vec::new(),
            columns_shown: None,
        }
    }

    /// Its lines are not shown: a secret may be in them.
    #[must_use]
    pub(crate) fn without_line(mut self) -> Self {
        self.columns_shown = Some(0);
        self
    }

    /// Its line is shown as far as the key at its place, and only where it begins with it: the rest may be secret.
    #[must_use]
    pub(crate) fn line_up_to_key(mut self, key: &str) -> Self {
        let column = self.places.last().map_or(0, |place| place.column);
        // As it is written, in quotes or not.
        self.columns_shown = Some(column.saturating_add(u32::try_from(key.chars().count()).unwrap_or(0)));
        self
    }

    /// The setting it is about; its place is added where the setting was set.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>) -> Self {
        self.field = Some(name.into());
        self
    }

    /// What to do; another call adds a line.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(match self.help.take() {
            Some(earlier) => format!("{earlier}\n{}", help.into()),
            None => help.into(),
        });
        self
    }

    /// A line it is about.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.places.push(place);
        self
    }

    /// `web.oci · step 2 shell · inline`: what it is about, in one line.
    pub fn subject(&self) -> String {
        let unit = match (&self.image, &self.source) {
            (Some(image), Some(source)) => Some(format!("{image}.{source}")),
            (Some(image), None) => Some(image.clone()),
            (None, source) => source.clone(),
        };
        [unit, self.step.clone(), self.field.clone()]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" · ")
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        })?;
        write!(f, "[{}]: {}", self.code, self.message)
    }
}

/// What a code means, in more words than fit beside a problem: for `explain CODE`. Registered by [`explanation!`](crate::explanation).
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Explanation {
    /// The code.
    pub code: &'static str,
    /// What it means and what to do; Markdown.
    pub text: &'static str,
}

impl Explanation {
    /// What `code` means.
    pub const fn new(code: &'static str, text: &'static str) -> Self {
        Self { code, text }
    }
}

inventory::collect!(Explanation);

/// Says what a diagnostic code of a crate of one's own means, for `explain CODE`. Write it beside the check that gives the code.
///
/// ```
/// imagebake::explanation!("line-break", "A mark is one line, because the block between two marks is found by them.");
/// ```
#[macro_export]
macro_rules! explanation {
    ($code:expr, $text:expr $(,)?) => {
        $crate::inventory::submit! { $crate::plan::Explanation::new($code, $text) }
    };
}

/// The problems found so far.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(transparent)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.0.push(diagnostic);
    }

    /// Adds an error about the setting `field`.
    pub fn error(&mut self, field: &'static str, code: &'static str, message: impl Into<String>) -> &mut Diagnostic {
        self.push(Diagnostic::error(code, message).field(field));
        self.0.last_mut().expect("one was just pushed")
    }

    /// Adds a warning about the setting `field`.
    pub fn warning(&mut self, field: &'static str, code: &'static str, message: impl Into<String>) -> &mut Diagnostic {
        self.push(Diagnostic::warning(code, message).field(field));
        self.0.last_mut().expect("one was just pushed")
    }

    /// Refuses a word that is none of `known`; the nearest is suggested. What only a build knows passes.
    pub fn check_word(&mut self, field: &'static str, word: Option<&Text>, known: &[&'static str]) {
        let Some(word) = word.filter(|word| !word.is_secret()).map(Text::to_string) else {
            return;
        };
        if !known.contains(&word.as_str()) {
            let problem = Diagnostic::error("unknown-value", format!("`{word}` is none of {}", known.join(", ")));
            let near = nearest(&word, known.iter().copied());
            let help = near.map_or_else(
                || "choose one of them".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            self.push(problem.field(field).help(help));
        }
    }

    /// Refuses settings that exclude each other: name, and whether it is set.
    pub fn check_exclusive(&mut self, settings: &[(&'static str, bool)]) {
        let mut set = settings.iter().filter(|(_, set)| *set).map(|(name, _)| *name);
        if let (Some(first), Some(second)) = (set.next(), set.next()) {
            let problem = Diagnostic::error("contradiction", format!("`{first}` and `{second}` exclude each other"));
            self.push(problem.field(second).help("leave one of them out"));
        }
    }

    /// Refuses settings of which none is set, where one has to be, or more than one.
    pub fn check_any(&mut self, settings: &[(&'static str, bool)]) {
        self.check_any_of(settings);
        self.check_exclusive(settings);
    }

    /// Refuses one of two settings that go together only.
    pub fn check_together(&mut self, one: &'static str, one_set: bool, other: &'static str, other_set: bool) {
        let (missing, given) = match (one_set, other_set) {
            (true, false) => (other, one),
            (false, true) => (one, other),
            _ => return,
        };
        let problem = Diagnostic::error("missing", format!("`{given}` needs `{missing}` beside it"));
        self.push(
            problem
                .field(given)
                .help(format!("add `{missing}`, or leave `{given}` out")),
        );
    }

    /// Refuses a range of ports whose end is before its begin: the settings' names with their values.
    pub fn check_range(&mut self, first: (&'static str, u16), last: (&'static str, u16)) {
        if last.1 < first.1 || first.1 == 0 {
            let problem = Diagnostic::error(
                "out-of-range",
                format!("there is no port from {} to {}", first.1, last.1),
            );
            let help = format!("`{}` has to be {} or more", last.0, first.1.max(1));
            self.push(problem.field(first.0).help(help));
        }
    }

    /// Refuses settings of which none is set, where at least one has to be.
    pub fn check_any_of(&mut self, settings: &[(&'static str, bool)]) {
        if settings.iter().all(|(_, set)| !set) {
            let names: Vec<String> = settings.iter().map(|(name, _)| format!("`{name}`")).collect();
            let problem = Diagnostic::error("missing", format!("one of {} has to be given", names.join(", ")));
            let problem = match settings.first() {
                Some((name, _)) => problem.field(*name),
                None => problem,
            };
            self.push(problem.help("an empty list counts as none"));
        }
    }

    /// Adds those of `other`.
    pub fn extend(&mut self, other: Diagnostics) {
        self.0.extend(other.0);
    }

    /// All of them, in the order they were found.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.0.iter()
    }

    /// All of them, to be completed.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Diagnostic> {
        self.0.iter_mut()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether one forbids building.
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// Fills in, for each problem that names a setting, where it was set, or else `otherwise`.
    pub(crate) fn locate(&mut self, fields: &[Field], otherwise: Option<&Place>) {
        for diagnostic in self.0.iter_mut().filter(|diagnostic| diagnostic.places.is_empty()) {
            let field = diagnostic
                .field
                .as_ref()
                .and_then(|name| fields.iter().find(|field| field.meta.name == name));
            let place = field
                .and_then(|field| field.set_at.clone())
                .or_else(|| otherwise.cloned());
            diagnostic.places.extend(place);
        }
    }

    /// Names the image, source and step that each problem is about, where it does not say so itself.
    pub(crate) fn within(&mut self, image: &str, source: Option<&str>, step: Option<&str>) {
        for diagnostic in &mut self.0 {
            diagnostic.image.get_or_insert_with(|| image.to_owned());
            diagnostic.source = diagnostic.source.take().or_else(|| source.map(str::to_owned));
            diagnostic.step = diagnostic.step.take().or_else(|| step.map(str::to_owned));
        }
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(problem: Diagnostic) -> Self {
        Self(vec![problem])
    }
}

impl FromIterator<Diagnostic> for Diagnostics {
    fn from_iter<I: IntoIterator<Item = Diagnostic>>(problems: I) -> Self {
        Self(problems.into_iter().collect())
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// The candidate nearest to what was typed, when one is near enough to be meant.
pub fn nearest<'a>(typed: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(typed, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len().max(typed.len()) / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}
