//! Inputs of images: typed, documented, with defaults, from the command line, the environment and values files.
//!
//! `#[derive(Variables)]` writes the [`Variables`] of a struct. Precedence, lowest first: default, environment, `--var`.

use crate::{
    error::{Error, ErrorKind, Result},
    plan::{Diagnostic, Diagnostics, nearest},
    value::Secret,
};
pub use imagebake_macros::Variables;
use std::{collections::BTreeMap, path::PathBuf, str::FromStr, time::Duration};

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
    /// An input of type `T` without more; used by `#[derive(Variables)]`.
    pub const fn of<T: FromInput>(name: &'static str, help: &'static str) -> Self {
        Self {
            name,
            help,
            ty: T::TYPE,
            default: None,
            optional: T::OPTIONAL,
            env: None,
            secret: T::SECRET,
        }
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
}

impl Inputs {
    /// The values of `--var name=value`, the last one counting.
    pub fn new(given: impl IntoIterator<Item = (String, String)>) -> Self {
        Self {
            given: given.into_iter().collect(),
        }
    }

    /// The names given on the command line.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.given.keys().map(String::as_str)
    }

    /// What was given for `variable`, and where: on the command line, else in the environment.
    pub fn raw(&self, variable: &VariableMeta) -> Option<(String, String)> {
        if let Some(value) = self.given.get(variable.name) {
            return Some((value.clone(), format!("--var {}", variable.name)));
        }
        let own = format!("IMAGEBAKE_VAR_{}", variable.name);
        [Some(own.as_str()), variable.env]
            .into_iter()
            .flatten()
            .find_map(|name| {
                std::env::var(name)
                    .ok()
                    .map(|value| (value, format!("the environment variable {name}")))
            })
    }

    /// The typed value of `variable`; `default` where none was given. Problems go to `problems`, and then there is none.
    pub fn take<T: FromInput>(
        &self,
        variable: &VariableMeta,
        default: Option<fn() -> T>,
        check: Option<&dyn Fn(&T) -> Result<(), String>>,
        problems: &mut Diagnostics,
    ) -> Option<T> {
        let mut refuse = |message: String| {
            let help = match variable.help.trim() {
                "" => format!("give it with --var {}=VALUE", variable.name),
                help => format!("give it with --var {}=VALUE ({help})", variable.name),
            };
            problems.push(Diagnostic::error("variable", message).field(variable.name).help(help));
            None
        };
        let value = match (self.raw(variable), default) {
            (Some((raw, from)), _) => match T::from_input(variable, &raw) {
                Ok(value) => value,
                Err(why) if variable.secret => {
                    return refuse(format!(
                        "the value of `{}` from {from} is not {}: {why}",
                        variable.name, variable.ty
                    ));
                }
                Err(why) => {
                    return refuse(format!(
                        "{raw:?} from {from} is not {} for `{}`: {why}",
                        variable.ty, variable.name
                    ));
                }
            },
            (None, Some(default)) => default(),
            (None, None) => match T::absent() {
                Some(value) => value,
                None => {
                    return refuse(format!(
                        "the variable `{}` ({}) has no value",
                        variable.name, variable.ty
                    ));
                }
            },
        };
        match check.map_or(Ok(()), |check| check(&value)) {
            Ok(()) => Some(value),
            Err(why) => refuse(format!("the value of `{}` is refused: {why}", variable.name)),
        }
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

/// Problems for inputs that no image declares.
pub(crate) fn unknown<'a>(inputs: &Inputs, declared: impl Iterator<Item = &'a str> + Clone) -> Diagnostics {
    let mut problems = Diagnostics::new();
    for name in inputs
        .names()
        .filter(|name| !declared.clone().any(|known| known == *name))
    {
        let problem = Diagnostic::error("unknown-variable", format!("no selected image has a variable `{name}`"));
        problems.push(match nearest(name, declared.clone()) {
            Some(near) => problem.help(format!("did you mean `{near}`?")),
            None => problem.help("`list` shows each image's variables"),
        });
    }
    problems
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
    /// Whether its values are never shown.
    const SECRET: bool = false;

    /// Reads a value as a user types it.
    ///
    /// # Errors
    /// What is wrong with it, in words; for a secret without the value.
    fn from_input(variable: &VariableMeta, text: &str) -> Result<Self, String>;

    /// The value when none is given, for types that have one.
    fn absent() -> Option<Self> {
        None
    }
}

macro_rules! from_input {
    ($($ty:ty => $words:literal),+ $(,)?) => {
        $(impl FromInput for $ty {
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

impl FromInput for String {
    const TYPE: &'static str = "text";
    fn from_input(_: &VariableMeta, text: &str) -> Result<Self, String> {
        Ok(text.to_owned())
    }
}

impl FromInput for PathBuf {
    const TYPE: &'static str = "a path";
    fn from_input(_: &VariableMeta, text: &str) -> Result<Self, String> {
        Ok(text.into())
    }
}

impl FromInput for Duration {
    const TYPE: &'static str = "a length of time (90s, 1h30m)";
    fn from_input(_: &VariableMeta, text: &str) -> Result<Self, String> {
        humantime::parse_duration(text.trim()).map_err(|error| error.to_string())
    }
}

impl FromInput for Secret {
    const TYPE: &'static str = "a secret (env:NAME, file:PATH or the value)";
    const SECRET: bool = true;
    fn from_input(variable: &VariableMeta, text: &str) -> Result<Self, String> {
        Ok(Self::parse(text).named(variable.name))
    }
}

impl<T: FromInput> FromInput for Option<T> {
    const TYPE: &'static str = T::TYPE;
    const OPTIONAL: bool = true;
    const SECRET: bool = T::SECRET;
    fn from_input(variable: &VariableMeta, text: &str) -> Result<Self, String> {
        T::from_input(variable, text).map(Some)
    }
    fn absent() -> Option<Self> {
        Some(None)
    }
}

/// `["a", "b"]` as JSON, or `a,b`.
impl<T: FromInput> FromInput for Vec<T> {
    const TYPE: &'static str = "a list (a,b or [\"a\", \"b\"])";
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
impl<T: FromInput> FromInput for BTreeMap<String, T> {
    const TYPE: &'static str = "a map (a=b,c=d or {\"a\": \"b\"})";
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

impl Texts for String {
    fn texts(&self) -> Vec<&str> {
        vec![self]
    }
}

impl<T: Texts> Texts for Option<T> {
    fn texts(&self) -> Vec<&str> {
        self.iter().flat_map(T::texts).collect()
    }
}

impl<T: Texts> Texts for Vec<T> {
    fn texts(&self) -> Vec<&str> {
        self.iter().flat_map(T::texts).collect()
    }
}

impl<T: Texts> Texts for BTreeMap<String, T> {
    fn texts(&self) -> Vec<&str> {
        self.values().flat_map(T::texts).collect()
    }
}

/// Whether every text of `value` matches; used by `#[derive(Variables)]`.
#[doc(hidden)]
pub fn matches<T: Texts>(value: &T, regex: &'static str) -> Result<(), String> {
    let parsed =
        regex_lite::Regex::new(regex).map_err(|error| format!("`{regex}` is not a regular expression: {error}"))?;
    match value.texts().into_iter().all(|text| parsed.is_match(text)) {
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

/// Turns the problems of an image's inputs into the error that carries them.
impl From<Diagnostics> for Error {
    fn from(problems: Diagnostics) -> Self {
        let lines: Vec<String> = problems.iter().map(|problem| problem.message.clone()).collect();
        let error = Error::new(ErrorKind::Config, lines.join("; "));
        problems
            .into_iter()
            .filter_map(|problem| problem.help)
            .fold(error, Error::hint)
    }
}

#[cfg(test)]
mod tests;
