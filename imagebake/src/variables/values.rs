//! Values files: TOML whose top-level keys are for all images, and a table `[web]` for one.
//!
//! A file is read whole and kept as text with places, since only the inputs know their types. What no image declares is refused, so
//! that a misspelt key is never silently a default.

use super::{Inputs, VariableMeta};
use crate::{
    error::Error,
    field::Place,
    plan::{Diagnostic, Diagnostics, nearest},
    project::Project,
    registry::ImageEntry,
};
use serde_json::Value as Json;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};
use toml::{
    Spanned,
    de::{DeInteger, DeTable, DeValue},
};

/// The values of one file.
#[derive(Clone, Debug, Default)]
pub struct ValuesFile {
    entries: BTreeMap<String, Entry>,
}

/// What kind of value an input is, and a file gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Form {
    /// One text, number, truth value.
    Single,
    /// Several.
    List,
    /// Several with names.
    Map,
}

impl Form {
    /// In words.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Single => "one value",
            Self::List => "a list",
            Self::Map => "a table",
        }
    }
}

#[derive(Clone, Debug)]
struct Entry {
    /// Where the key stands.
    place: Place,
    /// As a user would type it after `--var`.
    text: String,
    form: Form,
    /// The entries of a table.
    table: BTreeMap<String, Entry>,
}

/// A value of a file for one input.
pub(super) struct Found<'a> {
    pub(super) text: &'a str,
    pub(super) form: Form,
    pub(super) place: &'a Place,
}

impl ValuesFile {
    /// Reads the file at `path`; messages call it `name`.
    ///
    /// # Errors
    /// When it cannot be read, or is not TOML.
    pub fn read(path: &Path, name: &str) -> Result<Self, Diagnostics> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            let error = Error::io("read the values file", path, error);
            one(Diagnostic::error("values-file", error.full())
                .help("create it, or correct its name: relative to the image's folder in `values = …`, to the current one in `--values`")
                .at(Place::in_file(name, 1, 1)))
        })?;
        Self::parse(name, &text)
    }

    /// Reads `text`; messages call it `name`.
    ///
    /// # Errors
    /// When it is not TOML.
    pub fn parse(name: &str, text: &str) -> Result<Self, Diagnostics> {
        let table = DeTable::parse(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            one(Diagnostic::error("values-file", format!("{name} is not TOML: {}", error.message()))
                .help("values are written `name = \"text\"`, `name = 3`, `name = [\"a\", \"b\"]`; a table `[web]` is for the image `web`")
                .at(place(name, text, at)))
        })?;
        Ok(Self {
            entries: entries(name, text, table.get_ref()),
        })
    }

    /// What the file gives `variable` in `image`: the image's own table wins.
    pub(super) fn find(&self, image: &str, variable: &str) -> Option<Found<'_>> {
        let own = self.entries.get(image).and_then(|entry| entry.table.get(variable));
        let all = || {
            self.entries
                .get(variable)
                .filter(|entry| variable != image || entry.form != Form::Map)
        };
        own.or_else(all).map(|entry| Found {
            text: &entry.text,
            form: entry.form,
            place: &entry.place,
        })
    }

    /// A problem for each key that no image of the project declares.
    pub(crate) fn unknown(&self, images: &[ImageEntry]) -> Diagnostics {
        let mut problems = Diagnostics::new();
        let declared: Vec<&'static str> = images
            .iter()
            .flat_map(variables)
            .map(|variable| variable.name)
            .collect();
        for (key, entry) in &self.entries {
            let of_image = images.iter().find(|image| image.name == *key.as_str());
            match (of_image, declared.contains(&key.as_str())) {
                (Some(_), true) if entry.form == Form::Map => problems.push(
                    problem(
                        entry,
                        format!("`{key}` is an image and a variable, so `[{key}]` could mean either"),
                    )
                    .help("rename one of them"),
                ),
                (Some(image), false) if entry.form == Form::Map => unknown_in_image(image, entry, &mut problems),
                (Some(_), false) => problems.push(
                    problem(entry, format!("`{key}` is an image, not a variable"))
                        .help(format!("write a table `[{key}]` with the image's variables")),
                ),
                (None, false) => {
                    let names = declared.iter().copied().chain(images.iter().map(|image| &*image.name));
                    let near = nearest(key, names);
                    problems.push(suggest(
                        problem(
                            entry,
                            format!("no image has a variable `{key}`, and no image is called that"),
                        ),
                        near,
                    ));
                }
                (_, true) => {}
            }
        }
        problems
    }
}

fn unknown_in_image(image: &ImageEntry, table: &Entry, problems: &mut Diagnostics) {
    let known = variables(image).iter().map(|variable| variable.name);
    for (key, entry) in &table.table {
        if !known.clone().any(|name| name == key) {
            let problem = problem(entry, format!("the image `{}` has no variable `{key}`", image.name));
            problems.push(suggest(problem, nearest(key, known.clone())));
        }
    }
}

fn variables(image: &ImageEntry) -> &'static [VariableMeta] {
    (image.variables)()
}

fn problem(entry: &Entry, message: String) -> Diagnostic {
    Diagnostic::error("unknown-variable", message).at(entry.place.clone())
}

fn suggest(problem: Diagnostic, near: Option<&str>) -> Diagnostic {
    match near {
        Some(near) => problem.help(format!("did you mean `{near}`?")),
        None => problem.help("`list` shows each image's variables"),
    }
}

fn one(problem: Diagnostic) -> Diagnostics {
    let mut problems = Diagnostics::new();
    problems.push(problem);
    problems
}

fn entries(name: &str, text: &str, table: &DeTable<'_>) -> BTreeMap<String, Entry> {
    let entry = |(key, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
        let key: &Spanned<toml::de::DeString<'_>> = key;
        let (form, table) = match value.get_ref() {
            DeValue::Array(_) => (Form::List, BTreeMap::new()),
            DeValue::Table(table) => (Form::Map, entries(name, text, table)),
            _ => (Form::Single, BTreeMap::new()),
        };
        let entry = Entry {
            place: place(name, text, key.span().start),
            text: typed(value.get_ref()),
            form,
            table,
        };
        (key.get_ref().to_string(), entry)
    };
    table.iter().map(entry).collect()
}

/// The value as a user would type it after `--var`.
fn typed(value: &DeValue<'_>) -> String {
    match json(value) {
        Json::String(text) => text,
        other => other.to_string(),
    }
}

fn json(value: &DeValue<'_>) -> Json {
    match value {
        DeValue::String(text) => text.to_string().into(),
        DeValue::Integer(number) => integer(number),
        DeValue::Float(number) => number
            .as_str()
            .parse()
            .map_or_else(|_| number.as_str().into(), |number: f64| number.into()),
        DeValue::Boolean(flag) => (*flag).into(),
        DeValue::Datetime(time) => time.to_string().into(),
        DeValue::Array(items) => items.iter().map(|item| json(item.get_ref())).collect(),
        DeValue::Table(table) => table
            .iter()
            .map(|(name, value)| (name.get_ref().to_string(), json(value.get_ref())))
            .collect(),
    }
}

/// Whatever base it is written in; text where it is too large.
fn integer(number: &DeInteger<'_>) -> Json {
    i64::from_str_radix(number.as_str(), number.radix()).map_or_else(|_| number.as_str().into(), Json::from)
}

/// The line and column of the byte at `offset`.
fn place(name: &str, text: &str, offset: usize) -> Place {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let number = |count| u32::try_from(count).unwrap_or(u32::MAX);
    Place::in_file(name, number(line), number(column))
}

/// The values files that images name, each read and checked once.
pub(crate) struct OwnFiles<'a> {
    project: &'a Project,
    images: &'a [ImageEntry],
    /// `None` for a file that could not be read.
    read: BTreeMap<PathBuf, Option<Arc<ValuesFile>>>,
}

impl<'a> OwnFiles<'a> {
    pub(crate) fn new(project: &'a Project, images: &'a [ImageEntry]) -> Self {
        Self {
            project,
            images,
            read: BTreeMap::new(),
        }
    }

    /// `inputs` as `image` sees them; `None`, with the reason in `problems`, where its own file cannot be read.
    pub(crate) fn inputs_of(
        &mut self,
        image: &ImageEntry,
        inputs: &Inputs,
        problems: &mut Diagnostics,
    ) -> Option<Inputs> {
        let Some(name) = image.values_file else {
            return Some(inputs.of_image(&image.name, None));
        };
        let path = self.project.image_dir(image).join(name);
        if !self.read.contains_key(&path) {
            let shown = path
                .strip_prefix(&self.project.root)
                .unwrap_or(&path)
                .display()
                .to_string();
            let file = match ValuesFile::read(&path, &shown) {
                Ok(file) => {
                    problems.extend(file.unknown(self.images));
                    Some(Arc::new(file))
                }
                Err(unreadable) => {
                    problems.extend(unreadable);
                    None
                }
            };
            self.read.insert(path.clone(), file);
        }
        let own = self.read.get(&path)?.clone()?;
        Some(inputs.of_image(&image.name, Some(own)))
    }
}
