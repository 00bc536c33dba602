//! Inputs of images: typed, documented, with defaults, from the command line, the environment and values files.
//!
//! `#[derive(Variables)]` writes the [`Variables`] of a struct. Precedence, lowest first: default, environment, the image's own values
//! file, values files of the command line in order, `--var`. Nothing is looked up here but what is asked for, and no secret's
//! reference is followed.
//!
//! A value has no type until its input reads it ([`Input`]), so every way to give one takes the same forms. What an input may be is
//! said once ([`InputType`]); messages, help, examples and the JSON Schema for editors come from that.

mod from_input;
mod input;
mod input_type;
mod reader;
mod schema;
mod serde_input;
mod values;

use crate::{
    error::{Error, ErrorKind, Result},
    plan::{Diagnostic, Diagnostics, nearest},
    redact::Redactor,
    registry::ImageEntry,
    value::SecretRef,
};
#[doc(hidden)]
pub use from_input::{Deserialized, Parsed};
pub use from_input::{FromInput, Texts};
pub use imagebake_macros::Variables;
pub use input::Input;
use input::Kind;
pub use input_type::InputType;
pub(crate) use input_type::Syntax;
use reader::Origin;
pub use reader::{Fields, Reader};
pub use schema::values_schema;
use std::{borrow::Cow, collections::BTreeMap, env::VarError, fmt, sync::Arc};
pub(crate) use values::OwnFiles;
pub use values::ValuesFile;

/// One input of an image.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct VariableMeta {
    /// Its name, as `--var` takes it.
    pub name: &'static str,
    /// Its doc comment.
    pub help: &'static str,
    /// What it is.
    pub ty: InputType,
    /// The default as written; for what may be shown see [`default_shown`](Self::default_shown).
    pub(crate) default: Option<&'static str>,
    /// A right value as JSON: an example that was given, or the default.
    pub(crate) example: Option<&'static str>,
    /// The regular expression that it must match.
    pub matches: Option<&'static str>,
    /// Whether there is a value when none is given.
    pub optional: bool,
    /// The environment variable it is read from, besides `IMAGEBAKE_VAR_<name>` and `PKR_VAR_<name>`.
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

    /// With a default, as documentation shows it.
    pub const fn default(mut self, default: &'static str) -> Self {
        self.default = Some(default);
        self.optional = true;
        self
    }

    /// With a right value, as JSON.
    pub const fn with_example(mut self, json: &'static str) -> Self {
        self.example = Some(json);
        self
    }

    /// Text that must match.
    pub const fn matching(mut self, regex: &'static str) -> Self {
        self.matches = Some(regex);
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

    /// The default, where it may be shown: of a secret its reference.
    pub fn default_shown(&self) -> Option<&'static str> {
        self.default
            .filter(|default| !self.secret || SecretRef::parse(default).is_ok_and(|found| found.is_some()))
    }

    /// The environment variables it is read from, the strongest first. Packer's name is the last, so that what drives an imported
    /// project goes on working and a variable of ours is never shadowed by it.
    pub fn environment(&self) -> Vec<String> {
        let mut names = vec![format!("IMAGEBAKE_VAR_{}", self.name)];
        names.extend(self.env.map(str::to_owned));
        names.push(format!("PKR_VAR_{}", self.name));
        names
    }

    /// `input` with what must not be seen replaced by its name or reference.
    fn shown(&self, input: &Input) -> serde_json::Value {
        shown(self.name, self.ty, self.secret, input)
    }
}

/// Whether every one of them has a value when none is given; used by `#[derive(Variables)]`.
#[doc(hidden)]
pub const fn all_optional(variables: &[VariableMeta]) -> bool {
    let mut index = 0;
    while index < variables.len() {
        if !variables[index].optional {
            return false;
        }
        index += 1;
    }
    true
}

fn shown(name: &str, ty: InputType, secret: bool, input: &Input) -> serde_json::Value {
    let secret = secret || matches!(ty, InputType::Secret);
    match (&input.kind, ty) {
        (Kind::List(items), InputType::List(item)) => {
            items.iter().map(|input| shown(name, *item, secret, input)).collect()
        }
        (Kind::Map(entries), InputType::Map(value)) => entries
            .iter()
            .map(|entry| (entry.key.clone(), shown(name, *value, secret, &entry.value)))
            .collect(),
        (Kind::Map(entries), InputType::Struct(fields)) => entries
            .iter()
            .map(|entry| {
                let field = fields.iter().find(|field| field.name == entry.key);
                let value = field.map(|field| shown(field.name, field.ty, secret || field.secret, &entry.value));
                (entry.key.clone(), value.unwrap_or_default())
            })
            .collect(),
        _ if secret => match input.text().map(SecretRef::parse) {
            Some(Ok(Some(reference))) if matches!(ty, InputType::Secret) => format!("<secret {reference}>").into(),
            _ => format!("<secret {name}>").into(),
        },
        // Typed text of a struct or a list may have secrets anywhere in it.
        _ if has_secrets(ty) => format!("<secret {name}>").into(),
        _ => input.to_json(),
    }
}

fn has_secrets(ty: InputType) -> bool {
    match ty {
        InputType::Secret => true,
        InputType::List(item) | InputType::Map(item) => has_secrets(*item),
        InputType::Struct(fields) => fields.iter().any(|field| field.secret || has_secrets(field.ty)),
        _ => false,
    }
}

/// The secret values in `input` that were given themselves, not by reference.
fn literal_secrets(name: &str, ty: InputType, secret: bool, input: &Input, found: &mut Vec<(String, String)>) {
    let secret = secret || matches!(ty, InputType::Secret);
    match (&input.kind, ty) {
        (Kind::List(items), InputType::List(item)) => items
            .iter()
            .for_each(|input| literal_secrets(name, *item, secret, input, found)),
        (Kind::Map(entries), InputType::Map(value)) => entries
            .iter()
            .for_each(|entry| literal_secrets(name, *value, secret, &entry.value, found)),
        (Kind::Map(entries), InputType::Struct(fields)) => {
            for entry in entries {
                match fields.iter().find(|field| field.name == entry.key) {
                    Some(field) => literal_secrets(field.name, field.ty, secret || field.secret, &entry.value, found),
                    // A misspelt key may have been a secret's.
                    None if has_secrets(ty) => literal_secrets(name, InputType::Any, true, &entry.value, found),
                    None => {}
                }
            }
        }
        // Typed text that holds secrets among other things, as JSON.
        (Kind::Typed(text) | Kind::Text(text), InputType::List(_) | InputType::Map(_) | InputType::Struct(_))
            if has_secrets(ty) =>
        {
            match values::typed(text) {
                Ok(input) => literal_secrets(name, ty, secret, &input, found),
                Err(_) => found.push((name.to_owned(), text.clone())),
            }
        }
        _ if secret => {
            let mut texts = Vec::new();
            input.scalars(&mut texts);
            let is_reference =
                |text: &str| matches!(ty, InputType::Secret) && !matches!(SecretRef::parse(text), Ok(None));
            let literal = texts.into_iter().filter(|text| !is_reference(text));
            found.extend(literal.map(|text| (name.to_owned(), text.to_owned())));
        }
        _ => {}
    }
}

/// The values given for inputs, before they have types.
#[derive(Clone, Default)]
pub struct Inputs {
    given: BTreeMap<String, Input>,
    files: Vec<Arc<ValuesFile>>,
    /// The image's own file is the first of them.
    has_own: bool,
    image: String,
    /// Knows the secrets among the values, so that no message has one of them.
    redactor: Redactor,
}

impl fmt::Debug for Inputs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Values may be secret.
        f.debug_struct("Inputs")
            .field("given", &self.given.keys())
            .field("image", &self.image)
            .finish_non_exhaustive()
    }
}

/// What else must hold of a value; else why it does not.
pub type Check<'a, T> = &'a dyn Fn(&T) -> Result<(), String>;

impl Inputs {
    /// The values of `--var name=value`, the last one counting.
    pub fn new(given: impl IntoIterator<Item = (String, String)>) -> Self {
        Self {
            given: given
                .into_iter()
                .map(|(name, text)| (name, Input::typed(text)))
                .collect(),
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
            has_own: own.is_some(),
            files: own.into_iter().chain(self.files.iter().cloned()).collect(),
            image: image.to_owned(),
            redactor: self.redactor.clone(),
        }
    }

    /// What hides the secrets that were given themselves, in messages and plans.
    pub(crate) fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// Hides the secrets of `images` among the values of the command line and the environment from now on.
    pub(crate) fn hide_secrets(&self, images: &[ImageEntry]) {
        let mut found = Vec::new();
        for variable in images.iter().flat_map(|image| (image.variables)()) {
            if !variable.secret && !has_secrets(variable.ty) {
                continue;
            }
            let given = self.given.get(variable.name).cloned();
            let environment = variable
                .environment()
                .into_iter()
                .filter_map(|name| std::env::var(name).ok());
            for input in given.into_iter().chain(environment.map(Input::typed)) {
                literal_secrets(variable.name, variable.ty, variable.secret, &input, &mut found);
            }
        }
        for file in &self.files {
            file.secrets(images, &mut found);
        }
        self.redactor.register_all(found);
    }

    /// Problems for values that nobody asked for: a `--var` that none of `chosen` declares, a key of a file that none of `all` does.
    pub(crate) fn unknown(&self, chosen: &[&ImageEntry], all: &[ImageEntry]) -> Diagnostics {
        let mut problems = Diagnostics::new();
        let known = chosen.iter().flat_map(|image| (image.variables)());
        for (name, input) in &self.given {
            let Some(variable) = known.clone().find(|known| known.name == name) else {
                let problem =
                    Diagnostic::error("unknown-variable", format!("no selected image has a variable `{name}`"));
                problems.push(match nearest(name, known.clone().map(|variable| variable.name)) {
                    Some(near) => problem.help(format!("did you mean `{near}`?")),
                    None => problem.help("`list` shows each image's variables"),
                });
                continue;
            };
            let mut literal = Vec::new();
            literal_secrets(variable.name, variable.ty, variable.secret, input, &mut literal);
            if !literal.is_empty() {
                problems.push(on_the_command_line(variable));
            }
        }
        for file in &self.files {
            problems.extend(file.unknown(all));
        }
        problems
    }

    /// What was given for `variable`: on the command line, else in the last file that has it, else in the environment.
    fn given(&self, variable: &VariableMeta) -> Result<Option<(Cow<'_, Input>, Origin)>, String> {
        let origin = |from: String, syntax| Origin {
            from,
            file: None,
            syntax,
            own: false,
            line_is_shared: false,
        };
        if let Some(input) = self.given.get(variable.name) {
            let origin = origin(format!("--var {}", variable.name), Syntax::CommandLine);
            return Ok(Some((Cow::Borrowed(input), origin)));
        }
        for (index, file) in self.files.iter().enumerate().rev() {
            if let Some(input) = file.find(&self.image, variable.name) {
                let origin = Origin {
                    from: file.name().to_owned(),
                    file: Some(file.name().to_owned()),
                    syntax: file.syntax(),
                    own: self.has_own && index == 0,
                    line_is_shared: file.shares_its_line(&self.image, input),
                };
                return Ok(Some((Cow::Borrowed(input), origin)));
            }
        }
        for name in variable.environment() {
            match std::env::var(&name) {
                Ok(text) => {
                    let origin = origin(format!("the environment variable {name}"), Syntax::Environment);
                    return Ok(Some((Cow::Owned(Input::typed(text)), origin)));
                }
                Err(VarError::NotUnicode(_)) => {
                    let name = format!("the environment variable {name}");
                    return Err(format!("the value of `{}` from {name} is not UTF-8", variable.name));
                }
                Err(VarError::NotPresent) => {}
            }
        }
        Ok(None)
    }

    /// What each of `variables` was given, or its default; secrets by name or reference. For records of runs.
    pub(crate) fn shown(&self, variables: &[VariableMeta]) -> BTreeMap<String, String> {
        let value = |variable: &VariableMeta| {
            let given = self.given(variable).ok().flatten();
            match (given, variable.default) {
                (Some((input, _)), _) => Some(match variable.shown(&input) {
                    serde_json::Value::String(text) => text,
                    other => other.to_string(),
                }),
                (None, Some(_)) => Some(variable.default_shown().unwrap_or("<default>").to_owned()),
                (None, None) => None,
            }
        };
        variables
            .iter()
            .filter_map(|variable| Some((variable.name.to_owned(), value(variable)?)))
            .collect()
    }
}

fn on_the_command_line(variable: &VariableMeta) -> Diagnostic {
    let message = format!(
        "the value of the secret `{}` stands on the command line, where other users and the shell's history see it",
        variable.name
    );
    let instead = match variable.ty {
        InputType::Secret => format!(
            "give a reference: --var {0}=env:NAME, --var {0}=file:PATH or --var '{0}=cmd:[\"program\", \"argument\"]'",
            variable.name
        ),
        _ => format!("give it in the environment instead: IMAGEBAKE_VAR_{}", variable.name),
    };
    Diagnostic::warning("literal-secret", message)
        .field(variable.name)
        .help(instead)
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
    fn read(fields: &mut Fields<'_>) -> Option<Self>;
    /// The inputs when none is given, where that is enough.
    fn absent() -> Option<Self> {
        Fields::none()
    }
}

/// Reads `V` or fails with every problem at once; used by `#[image]`.
///
/// # Errors
/// When a value is missing or wrong.
pub fn read<V: Variables>(inputs: &Inputs) -> Result<V, Diagnostics> {
    let mut problems = Diagnostics::new();
    match V::read(&mut Fields::of(inputs, &mut problems)) {
        Some(values) if !problems.has_errors() => Ok(values),
        _ => Err(problems),
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
