//! Inputs of images: typed, documented, with defaults, from the command line, the environment and values files.
//!
//! `#[derive(Variables)]` writes the [`Variables`] of a struct. Precedence, lowest first: default, environment, the image's own values
//! file, values files of the command line in order, `--var`. A value is text until its type reads it, so every way to give one takes
//! the same forms; nothing is looked up here but what is asked for.

mod values;

use crate::{
    error::{Error, ErrorKind, Result},
    field::Place,
    plan::{Diagnostic, Diagnostics, nearest},
    registry::ImageEntry,
    value::Secret,
};
pub use imagebake_macros::Variables;
use std::{collections::BTreeMap, env::VarError, fmt, path::PathBuf, str::FromStr, sync::Arc, time::Duration};
pub(crate) use values::OwnFiles;
pub use values::{Form, ValuesFile};

/// One input of an image.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct VariableMeta {
    /// Its name, as `--var` takes it.
    pub name: &'static str,
    /// Its doc comment.
    pub help: &'static str,
    /// What it is, in words: `text`, `whole number`, `list of text`.
    pub ty: &'static str,
    /// The default as written; `None` where a value must be given.
    pub default: Option<&'static str>,
    /// Whether there is a value when none is given.
    pub optional: bool,
    /// The environment variable it is read from, besides `IMAGEBAKE_VAR_<name>`.
    pub env: Option<&'static str>,
    /// Never shown.
    pub secret: bool,
}

impl VariableMeta {
    /// The row of an input, from its type's; used by `#[derive(Variables)]`.
    pub const fn named(mut self, name: &'static str, help: &'static str) -> Self {
        self.name = name;
        self.help = help;
        self
    }

    /// With a default.
    pub const fn default(mut self, default: &'static str) -> Self {
        self.default = Some(default);
        self.optional = true;
        self
    }

    /// Read from this environment variable too.
    pub const fn env(mut self, name: &'static str) -> Self {
        self.env = Some(name);
        self
    }

    /// Never shown.
    pub const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }
}

/// The values given for inputs, before they have types.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    given: BTreeMap<String, String>,
    files: Vec<Arc<ValuesFile>>,
    image: String,
}

/// What else must hold of a value; else why it does not.
pub type Check<'a, T> = &'a dyn Fn(&T) -> Result<(), String>;

/// A value as it was given, and by whom.
struct Given {
    text: String,
    form: Option<Form>,
    from: String,
    place: Option<Place>,
}

impl Inputs {
    /// The values of `--var name=value`, the last one counting.
    pub fn new(given: impl IntoIterator<Item = (String, String)>) -> Self {
        Self {
            given: given.into_iter().collect(),
            ..Self::default()
        }
    }

    /// With the values of a file, over those of earlier ones; `--var` stays above all files.
    #[must_use]
    pub fn with_values(mut self, file: impl Into<Arc<ValuesFile>>) -> Self {
        self.files.push(file.into());
        self
    }

    /// The inputs of one image: its own values file is below all others, tables of its name count.
    pub(crate) fn of_image(&self, image: &str, own: Option<Arc<ValuesFile>>) -> Self {
        Self {
            given: self.given.clone(),
            files: own.into_iter().chain(self.files.iter().cloned()).collect(),
            image: image.to_owned(),
        }
    }

    /// Problems for values that nobody asked for: a `--var` that none of `chosen` declares, a key of a file that none of `all` does.
    pub(crate) fn unknown(&self, chosen: &[&ImageEntry], all: &[ImageEntry]) -> Diagnostics {
        let mut problems = Diagnostics::new();
        let known = chosen
            .iter()
            .flat_map(|image| (image.variables)())
            .map(|variable| variable.name);
        for name in self
            .given
            .keys()
            .filter(|name| !known.clone().any(|known| known == *name))
        {
            let problem = Diagnostic::error("unknown-variable", format!("no selected image has a variable `{name}`"));
            problems.push(match nearest(name, known.clone()) {
                Some(near) => problem.help(format!("did you mean `{near}`?")),
                None => problem.help("`list` shows each image's variables"),
            });
        }
        for file in &self.files {
            problems.extend(file.unknown(all));
        }
        problems
    }

    /// What was given for `variable`: on the command line, else in the last file that has it, else in the environment.
    fn given(&self, variable: &VariableMeta) -> Result<Option<Given>, String> {
        if let Some(text) = self.given.get(variable.name) {
            let from = format!("--var {}", variable.name);
            return Ok(Some(Given {
                text: text.clone(),
                form: None,
                from,
                place: None,
            }));
        }
        if let Some(found) = self
            .files
            .iter()
            .rev()
            .find_map(|file| file.find(&self.image, variable.name))
        {
            let (text, place) = (found.text.to_owned(), found.place.clone());
            return Ok(Some(Given {
                text,
                form: Some(found.form),
                from: place.file.clone().into_owned(),
                place: Some(place),
            }));
        }
        let own = format!("IMAGEBAKE_VAR_{}", variable.name);
        for name in [Some(own.as_str()), variable.env].into_iter().flatten() {
            let from = format!("the environment variable {name}");
            match std::env::var(name) {
                Ok(text) => {
                    return Ok(Some(Given {
                        text,
                        form: None,
                        from,
                        place: None,
                    }));
                }
                Err(VarError::NotUnicode(_)) => {
                    return Err(format!("the value of `{}` from {from} is not UTF-8", variable.name));
                }
                Err(VarError::NotPresent) => {}
            }
        }
        Ok(None)
    }

    /// What each of `variables` was given, or its default; secrets by name. For records of runs.
    pub(crate) fn shown(&self, variables: &[VariableMeta]) -> BTreeMap<String, String> {
        let value = |variable: &VariableMeta| {
            let given = self.given(variable).ok().flatten();
            match (given, variable.default) {
                (Some(_), _) if variable.secret => Some(format!("<secret {}>", variable.name)),
                (Some(given), _) => Some(given.text),
                (None, Some(_)) if variable.secret => Some("<default>".to_owned()),
                (None, default) => default.map(str::to_owned),
            }
        };
        variables
            .iter()
            .filter_map(|variable| Some((variable.name.to_owned(), value(variable)?)))
            .collect()
    }

    /// The typed value of `variable`; `default` where none was given. Problems go to `problems`, and then there is none.
    pub fn take<T: FromInput>(
        &self,
        variable: &VariableMeta,
        default: Option<fn() -> T>,
        check: Option<Check<'_, T>>,
        problems: &mut Diagnostics,
    ) -> Option<T> {
        let mut place = None;
        let value = self.given(variable).and_then(|given| match (given, default) {
            (Some(given), _) => {
                place.clone_from(&given.place);
                typed(variable, &given)
            }
            (None, Some(default)) => Ok(default()),
            (None, None) => {
                T::absent().ok_or_else(|| format!("the variable `{}` ({}) has no value", variable.name, variable.ty))
            }
        });
        let checked = value.and_then(|value| match check.map_or(Ok(()), |check| check(&value)) {
            Ok(()) => Ok(value),
            Err(why) => Err(format!("the value of `{}` is refused: {why}", variable.name)),
        });
        checked
            .map_err(|message| problems.push(refusal(variable, message, place)))
            .ok()
    }
}

fn typed<T: FromInput>(variable: &VariableMeta, given: &Given) -> Result<T, String> {
    let Given { text, form, from, .. } = given;
    let (name, ty) = (variable.name, variable.ty);
    if let Some(form) = form.filter(|form| *form != Form::Single && *form != T::FORM) {
        return Err(format!(
            "the value of `{name}` from {from} is {}, not {ty}",
            form.words()
        ));
    }
    T::from_input(variable, text).map_err(|why| match variable.secret {
        true => format!("the value of `{name}` from {from} is not {ty}"),
        false => format!("{text:?} from {from} is not {ty} for `{name}`: {why}"),
    })
}

fn refusal(variable: &VariableMeta, message: String, place: Option<Place>) -> Diagnostic {
    let mut help = match &place {
        Some(_) => "correct it there".to_owned(),
        None => format!("give it with --var {}=VALUE", variable.name),
    };
    if !variable.help.trim().is_empty() {
        help = format!("{help} ({})", variable.help.trim());
    }
    let problem = Diagnostic::error("variable", message).field(variable.name).help(help);
    match place {
        Some(place) => problem.at(place),
        None => problem,
    }
}

/// A struct of inputs, written by `#[derive(Variables)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the inputs of an image",
    note = "write `#[derive(Variables)]` on it"
)]
pub trait Variables: Sized {
    /// Its inputs, in the order of declaration.
    const VARIABLES: &'static [VariableMeta];
    /// The values file beside the image, where it has one.
    const VALUES_FILE: Option<&'static str> = None;
    /// Reads all, or tells every problem.
    fn read(inputs: &Inputs, problems: &mut Diagnostics) -> Option<Self>;
}

/// Reads `V` or fails with every problem at once; used by `#[image]`.
///
/// # Errors
/// When a value is missing or wrong.
pub fn read<V: Variables>(inputs: &Inputs) -> Result<V, Diagnostics> {
    let mut problems = Diagnostics::new();
    match V::read(inputs, &mut problems) {
        Some(values) if !problems.has_errors() => Ok(values),
        _ => Err(problems),
    }
}

/// A type that an input may have.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the type of an input",
    note = "use a number, `bool`, `String`, `PathBuf`, `Duration`, `Secret`, an `Option`, `Vec` or `BTreeMap` of them, or implement `imagebake::variables::FromInput`"
)]
pub trait FromInput: Sized {
    /// What it is, in words.
    const TYPE: &'static str;
    /// Whether there is a value when none is given: [`absent`](Self::absent) has one.
    const OPTIONAL: bool = false;
    /// Whether it is one value, a list or a map; a values file must give it in that form.
    const FORM: Form = Form::Single;
    /// Whether its values are never shown.
    const SECRET: bool = false;

    #[doc(hidden)]
    const META: VariableMeta = VariableMeta {
        name: "",
        help: "",
        ty: Self::TYPE,
        default: None,
        optional: Self::OPTIONAL,
        env: None,
        secret: Self::SECRET,
    };

    /// Reads a value as a user types it.
    ///
    /// # Errors
    /// What is wrong with it, in words; for a secret without the value.
    fn from_input(variable: &VariableMeta, text: &str) -> Result<Self, String>;

    /// The value when none is given, for types that have one.
    fn absent() -> Option<Self> {
        None
    }

    #[doc(hidden)]
    fn take(
        inputs: &Inputs,
        variable: &VariableMeta,
        default: Option<fn() -> Self>,
        check: Option<Check<'_, Self>>,
        problems: &mut Diagnostics,
    ) -> Option<Self> {
        inputs.take(variable, default, check, problems)
    }
}

macro_rules! from_input {
    ($($ty:ty => $words:literal),+ $(,)?) => {
        $(#[diagnostic::do_not_recommend]
        impl FromInput for $ty {
            const TYPE: &'static str = $words;
            fn from_input(_: &VariableMeta, text: &str) -> Result<Self, String> {
                Self::from_str(text.trim()).map_err(|error| error.to_string())
            }
        })+
    };
}

from_input! {
    bool => "true or false", u8 => "a whole number", u16 => "a whole number", u32 => "a whole number", u64 => "a whole number",
    usize => "a whole number", i32 => "a whole number", i64 => "a whole number", f64 => "a number",
}

#[diagnostic::do_not_recommend]
impl FromInput for String {
    const TYPE: &'static str = "text";
    fn from_input(_: &VariableMeta, text: &str) -> Result<Self, String> {
        Ok(text.to_owned())
    }
}

#[diagnostic::do_not_recommend]
impl FromInput for PathBuf {
    const TYPE: &'static str = "a path";
    fn from_input(_: &VariableMeta, text: &str) -> Result<Self, String> {
        Ok(text.into())
    }
}

#[diagnostic::do_not_recommend]
impl FromInput for Duration {
    const TYPE: &'static str = "a length of time (90s, 1h30m)";
    fn from_input(_: &VariableMeta, text: &str) -> Result<Self, String> {
        humantime::parse_duration(text.trim()).map_err(|error| error.to_string())
    }
}

#[diagnostic::do_not_recommend]
impl FromInput for Secret {
    const TYPE: &'static str = "a secret (env:NAME, file:PATH or the value)";
    const SECRET: bool = true;
    fn from_input(variable: &VariableMeta, text: &str) -> Result<Self, String> {
        Ok(Self::parse(text).named(variable.name))
    }
}

#[diagnostic::do_not_recommend]
impl<T: FromInput> FromInput for Option<T> {
    const TYPE: &'static str = T::TYPE;
    const OPTIONAL: bool = true;
    const FORM: Form = T::FORM;
    const SECRET: bool = T::SECRET;
    fn from_input(variable: &VariableMeta, text: &str) -> Result<Self, String> {
        T::from_input(variable, text).map(Some)
    }
    fn absent() -> Option<Self> {
        Some(None)
    }
}

/// `["a", "b"]` as JSON, or `a,b`.
#[diagnostic::do_not_recommend]
impl<T: FromInput> FromInput for Vec<T> {
    const TYPE: &'static str = "a list (a,b or [\"a\", \"b\"])";
    const FORM: Form = Form::List;
    const SECRET: bool = T::SECRET;
    fn from_input(variable: &VariableMeta, text: &str) -> Result<Self, String> {
        let items: Vec<String> = match text.trim() {
            "" => Vec::new(),
            json if json.starts_with('[') => {
                let items: Vec<serde_json::Value> = serde_json::from_str(json).map_err(|error| error.to_string())?;
                items.into_iter().map(plain).collect()
            }
            commas => commas.split(',').map(|item| item.trim().to_owned()).collect(),
        };
        items.iter().map(|item| T::from_input(variable, item)).collect()
    }
}

/// `{"a": "b"}` as JSON, or `a=b,c=d`.
#[diagnostic::do_not_recommend]
impl<T: FromInput> FromInput for BTreeMap<String, T> {
    const TYPE: &'static str = "a map (a=b,c=d or {\"a\": \"b\"})";
    const FORM: Form = Form::Map;
    const SECRET: bool = T::SECRET;
    fn from_input(variable: &VariableMeta, text: &str) -> Result<Self, String> {
        let pairs: Vec<(String, String)> = match text.trim() {
            "" => Vec::new(),
            json if json.starts_with('{') => {
                let map: serde_json::Map<String, serde_json::Value> =
                    serde_json::from_str(json).map_err(|error| error.to_string())?;
                map.into_iter().map(|(name, value)| (name, plain(value))).collect()
            }
            commas => commas
                .split(',')
                .map(|pair| {
                    pair.split_once('=')
                        .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
                })
                .collect::<Option<_>>()
                .ok_or("each entry is NAME=VALUE")?,
        };
        pairs
            .into_iter()
            .map(|(name, value)| Ok((name, T::from_input(variable, &value)?)))
            .collect()
    }
}

/// The texts of an input, for `#[var(matches = "…")]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not text that a regular expression could match",
    note = "`matches` is for `String`, and `Option`, `Vec` or `BTreeMap` of it; for other types use `check = |value| …`"
)]
pub trait Texts {
    /// Each of them.
    fn texts(&self) -> Vec<&str>;
}

#[diagnostic::do_not_recommend]
impl Texts for String {
    fn texts(&self) -> Vec<&str> {
        vec![self]
    }
}

#[diagnostic::do_not_recommend]
impl<T: Texts> Texts for Option<T> {
    fn texts(&self) -> Vec<&str> {
        self.iter().flat_map(T::texts).collect()
    }
}

#[diagnostic::do_not_recommend]
impl<T: Texts> Texts for Vec<T> {
    fn texts(&self) -> Vec<&str> {
        self.iter().flat_map(T::texts).collect()
    }
}

#[diagnostic::do_not_recommend]
impl<T: Texts> Texts for BTreeMap<String, T> {
    fn texts(&self) -> Vec<&str> {
        self.values().flat_map(T::texts).collect()
    }
}

/// Whether all of `texts` match; used by `#[derive(Variables)]`.
#[doc(hidden)]
pub fn matches(texts: &[&str], regex: &'static str) -> Result<(), String> {
    let parsed =
        regex_lite::Regex::new(regex).map_err(|error| format!("`{regex}` is not a regular expression: {error}"))?;
    match texts.iter().all(|text| parsed.is_match(text)) {
        true => Ok(()),
        false => Err(format!("it does not match `{regex}`")),
    }
}

/// What the check of an input says; used by `#[derive(Variables)]`.
#[doc(hidden)]
pub fn check<T: ?Sized, E: std::fmt::Display>(
    value: &T,
    check: impl FnOnce(&T) -> Result<(), E>,
) -> Result<(), String> {
    check(value).map_err(|error| error.to_string())
}

fn plain(value: serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    }
}

/// The problems of an image's inputs on their way through the image function's `Result`; planning takes them out again.
#[derive(Clone, Debug)]
pub(crate) struct InputProblems(pub(crate) Diagnostics);

impl fmt::Display for InputProblems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            write!(f, "{}{}", if index == 0 { "" } else { "; " }, problem.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for InputProblems {}

impl From<Diagnostics> for Error {
    fn from(problems: Diagnostics) -> Self {
        let hints: Vec<String> = problems.iter().filter_map(|problem| problem.help.clone()).collect();
        let problems = InputProblems(problems);
        let error = Error::new(ErrorKind::Config, problems.to_string()).because(problems);
        hints.into_iter().fold(error, Error::hint)
    }
}

#[cfg(test)]
mod tests;
