//! From values without types to values with them: every problem told, each with its place, the input's help and an example.

use super::{
    Check, FromInput, Inputs, VariableMeta, Variables,
    input::{Entry, Input, Kind, Mark},
    input_type::Syntax,
    values,
};
use crate::{
    field::Place,
    plan::{Diagnostic, Diagnostics, nearest},
    value::Secret,
};
use std::{borrow::Cow, fmt::Display, str::FromStr};

/// Where a value came from.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    /// In words: `--var name`, `web.toml`.
    pub(super) from: String,
    /// The values file, where it is one.
    pub(super) file: Option<String>,
    pub(super) syntax: Syntax,
    /// Whether it is the image's own file.
    pub(super) own: bool,
    /// Whether other values stand in its line, which may be secret.
    pub(super) line_is_shared: bool,
}

impl Origin {
    fn place(&self, at: Mark) -> Option<Place> {
        let file = self.file.as_ref().filter(|_| at != Mark::default())?;
        Some(Place::in_file(file.clone(), at.line, at.column))
    }
}

/// Reads one value: what a [`FromInput`] is given to tell what is wrong.
pub struct Reader<'a> {
    variable: &'a VariableMeta,
    origin: &'a Origin,
    /// `disk.size`, `ports[2]`.
    path: String,
    secret: bool,
    problems: &'a mut Diagnostics,
}

impl Reader<'_> {
    /// The name of the input.
    pub fn name(&self) -> &str {
        self.variable.name
    }

    /// A path in what was typed starts at the current folder, one in the image's own file where the image is.
    pub(super) fn place_secret(&self, secret: Secret) -> Secret {
        match self.origin.own {
            true => secret,
            false => secret.of_current_folder(),
        }
    }

    /// Tells that `input` is not `words`; `why` is not shown for a secret.
    pub fn refuse(&mut self, input: &Input, words: &str, why: impl Display) {
        self.refuse_at(input, input.at, words, why);
    }

    pub(super) fn refuse_at(&mut self, input: &Input, at: Mark, words: &str, why: impl Display) {
        let (path, from) = (&self.path, &self.origin.from);
        let message = match (self.secret, input.text()) {
            (false, Some(text)) => {
                let shown: String = text.chars().take(200).collect();
                let more = if shown.len() < text.len() { "…" } else { "" };
                format!("{:?} from {from} is not {words} for `{path}`: {why}", shown + more)
            }
            (false, None) => format!("the value of `{path}` from {from} is not {words}: {why}"),
            (true, _) => format!("the value of `{path}` from {from} is not {words}"),
        };
        self.tell(message, at);
    }

    /// Tells that `input` is a list, a table or one value where the type is something else.
    fn refuse_form(&mut self, input: &Input, words: &str) {
        let message = format!(
            "the value of `{}` from {} is {}, not {words}",
            self.path,
            self.origin.from,
            input.words()
        );
        self.tell(message, input.at);
    }

    fn tell(&mut self, message: String, at: Mark) {
        let problem = Diagnostic::error("variable", message).field(self.path.clone());
        let problem = problem.help(help(self.variable, self.origin.syntax, "correct it there"));
        let problem = match self.origin.place(at) {
            Some(place) => problem.at(place),
            None => problem,
        };
        self.problems.push(match self.secret || self.origin.line_is_shared {
            true => problem.without_line(),
            false => problem,
        });
    }

    /// One value as text; a list or a table is told to be no `words`.
    pub fn text<'i>(&mut self, input: &'i Input, words: &str) -> Option<&'i str> {
        let text = input.text();
        if text.is_none() {
            self.refuse_form(input, words);
        }
        text
    }

    /// One value read by its type's `FromStr`.
    pub fn parse<T: FromStr<Err: Display>>(&mut self, input: &Input, words: &str) -> Option<T> {
        let text = self.text(input, words)?;
        match text.trim().parse() {
            Ok(value) => Some(value),
            Err(why) => {
                self.refuse(input, words, why);
                None
            }
        }
    }

    /// The items of a list; typed, it is `a,b` or JSON.
    pub fn list<'i>(&mut self, input: &'i Input, words: &str) -> Option<Cow<'i, [Input]>> {
        match &input.kind {
            Kind::List(items) => Some(Cow::Borrowed(items)),
            Kind::Map(_) => {
                self.refuse_form(input, words);
                None
            }
            Kind::Number(_) | Kind::Bool(_) => Some(Cow::Owned(vec![input.clone()])),
            Kind::Typed(text) | Kind::Text(text) => match typed_list(text, input.at) {
                Ok(items) => Some(Cow::Owned(items)),
                Err(why) => {
                    self.refuse(input, words, why);
                    None
                }
            },
        }
    }

    /// The entries of a map; typed, it is `a=b,c=d` or JSON.
    pub(super) fn map<'i>(&mut self, input: &'i Input, words: &str) -> Option<Cow<'i, [Entry]>> {
        match &input.kind {
            Kind::Map(entries) => Some(Cow::Borrowed(entries)),
            Kind::List(_) | Kind::Number(_) | Kind::Bool(_) => {
                self.refuse_form(input, words);
                None
            }
            Kind::Typed(text) | Kind::Text(text) => match typed_map(text, input.at) {
                Ok(entries) => Some(Cow::Owned(entries)),
                Err(why) => {
                    self.refuse(input, words, why);
                    None
                }
            },
        }
    }

    /// Reads a part of the value; `part` is added to its path.
    pub(super) fn part<T>(&mut self, part: &str, read: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.path.len();
        self.path.push_str(part);
        let value = read(self);
        self.path.truncate(length);
        value
    }

    /// A struct of inputs.
    pub fn table<V: Variables>(&mut self, input: &Input) -> Option<V> {
        let entries = self.map(input, "a table")?;
        let fields = V::VARIABLES;
        let before = self.problems.len();
        for entry in entries.iter() {
            if fields.iter().any(|field| field.name == entry.key) {
                continue;
            }
            let message = format!("`{}` has no `{}`", self.path, entry.key);
            let near = nearest(&entry.key, fields.iter().map(|field| field.name));
            let names: Vec<&str> = fields.iter().map(|field| field.name).collect();
            let problem = Diagnostic::error("unknown-variable", message).field(self.path.clone());
            let problem = problem.help(match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("it has {}", names.join(", ")),
            });
            self.problems.push(match self.origin.place(entry.at) {
                Some(place) => problem.at(place).without_line(),
                None => problem,
            });
        }
        let value = V::read(&mut Fields {
            given: Source::Table {
                entries: &entries,
                at: input.at,
                path: &self.path,
                secret: self.secret,
                origin: self.origin,
            },
            problems: self.problems,
        });
        value.filter(|_| self.problems.len() == before)
    }
}

/// What a struct of inputs is read from: all that was given, or one table.
pub struct Fields<'a> {
    given: Source<'a>,
    problems: &'a mut Diagnostics,
}

enum Source<'a> {
    Inputs(&'a Inputs),
    Table {
        entries: &'a [Entry],
        at: Mark,
        path: &'a str,
        secret: bool,
        origin: &'a Origin,
    },
}

impl<'a> Fields<'a> {
    pub(super) fn of(inputs: &'a Inputs, problems: &'a mut Diagnostics) -> Self {
        Self {
            given: Source::Inputs(inputs),
            problems,
        }
    }

    /// A struct of which nothing is given.
    pub(super) fn none<V: Variables>() -> Option<V> {
        let origin = Origin {
            from: String::new(),
            file: None,
            syntax: Syntax::CommandLine,
            own: true,
            line_is_shared: false,
        };
        let mut problems = Diagnostics::new();
        let value = V::read(&mut Fields {
            given: Source::Table {
                entries: &[],
                at: Mark::default(),
                path: "",
                secret: false,
                origin: &origin,
            },
            problems: &mut problems,
        });
        value.filter(|_| problems.is_empty())
    }

    /// The value of `variable` as `convert` makes it of an `R`, or `default`; problems are told.
    pub(super) fn take<R: FromInput, T>(
        &mut self,
        variable: &VariableMeta,
        default: Option<fn() -> T>,
        check: Option<Check<'_, T>>,
        convert: fn(R) -> T,
    ) -> Option<T> {
        let (path, secret) = match &self.given {
            Source::Inputs(_) => (variable.name.to_owned(), variable.secret),
            Source::Table { path: "", secret, .. } => (variable.name.to_owned(), *secret || variable.secret),
            Source::Table { path, secret, .. } => (format!("{path}.{}", variable.name), *secret || variable.secret),
        };
        let given: Option<(Cow<'_, Input>, Cow<'_, Origin>)> = match &self.given {
            Source::Inputs(inputs) => match inputs.given(variable) {
                Ok(given) => given.map(|(input, origin)| (input, Cow::Owned(origin))),
                Err(message) => {
                    let help = help(variable, Syntax::CommandLine, "set it to UTF-8 text");
                    self.problems
                        .push(Diagnostic::error("variable", message).field(path).help(help));
                    return None;
                }
            },
            Source::Table { entries, origin, .. } => entries
                .iter()
                .find(|entry| entry.key == variable.name)
                .map(|entry| (Cow::Borrowed(&entry.value), Cow::Borrowed(*origin))),
        };
        let Some((input, origin)) = given else {
            let value = default.map(|default| default()).or_else(|| R::absent().map(convert));
            if value.is_none() {
                self.missing(variable, path);
            }
            return value;
        };
        let mut reader = Reader {
            variable,
            origin: &origin,
            path,
            secret,
            problems: self.problems,
        };
        let value = R::from_input(&input, &mut reader).map(convert)?;
        if let Some(Err(why)) = check.map(|check| check(&value)) {
            let why = match secret {
                true => without(&input, &why, variable.name),
                false => why,
            };
            let message = format!("the value of `{}` from {} is refused: {why}", reader.path, origin.from);
            reader.tell(message, input.at);
            return None;
        }
        Some(value)
    }

    fn missing(&mut self, variable: &VariableMeta, path: String) {
        let words = variable.ty.words();
        let message = format!("the variable `{path}` ({words}) has no value");
        let problem = Diagnostic::error("variable", message).field(path);
        self.problems.push(match &self.given {
            Source::Inputs(_) => {
                let by_hand = format!(
                    "give it with --var {0}=VALUE, in a values file or as IMAGEBAKE_VAR_{0}",
                    variable.name
                );
                problem.help(help(variable, Syntax::CommandLine, &by_hand))
            }
            Source::Table { at, origin, .. } => {
                let problem = problem.help(help(variable, origin.syntax, "add it"));
                match origin.place(*at) {
                    Some(place) => problem.at(place).without_line(),
                    None => problem,
                }
            }
        });
    }
}

/// What to do, what the input is for, and a value that is right.
fn help(variable: &VariableMeta, syntax: Syntax, first: &str) -> String {
    let mut lines = vec![first.to_owned()];
    let help = variable.help.trim();
    if !help.is_empty() {
        lines.push(format!("`{}`: {help}", variable.name));
    }
    if let Some(regex) = variable.matches {
        lines.push(format!("it matches `{regex}`"));
    }
    if let Some(example) = variable.example() {
        lines.push(format!("for example: {}", syntax.written(variable.name, &example)));
    }
    lines.join("\n")
}

/// What a check of a secret says, without the secret.
fn without(input: &Input, why: &str, name: &str) -> String {
    let mut values = Vec::new();
    input.scalars(&mut values);
    let shown = format!("<secret {name}>");
    values
        .iter()
        .flat_map(|value| [*value, value.trim()])
        .filter(|value| !value.is_empty())
        .fold(why.to_owned(), |why, value| why.replace(value, &shown))
}

/// `a,b`, or a list in JSON or HCL.
pub(super) fn typed_list(text: &str, at: Mark) -> Result<Vec<Input>, String> {
    match text.trim() {
        "" => Ok(Vec::new()),
        json if json.starts_with('[') => match values::typed(json)?.kind {
            Kind::List(items) => Ok(items),
            _ => Err("it is no list".to_owned()),
        },
        commas => Ok(commas
            .split(',')
            .map(|item| Input::new(Kind::Typed(item.trim().to_owned()), at))
            .collect()),
    }
}

/// `a=b,c=d`, or a map in JSON or HCL.
pub(super) fn typed_map(text: &str, at: Mark) -> Result<Vec<Entry>, String> {
    match text.trim() {
        "" => Ok(Vec::new()),
        json if json.starts_with('{') => match values::typed(json)?.kind {
            Kind::Map(entries) => Ok(entries),
            _ => Err("it is no map".to_owned()),
        },
        commas => commas
            .split(',')
            .map(|pair| {
                let (key, value) = pair.split_once('=').ok_or("each entry is NAME=VALUE")?;
                Ok(Entry {
                    key: key.trim().to_owned(),
                    at,
                    value: Input::new(Kind::Typed(value.trim().to_owned()), at),
                })
            })
            .collect(),
    }
}
