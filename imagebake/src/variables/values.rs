//! Values files: TOML, YAML, JSON or HCL whose top-level keys are for all images, and a table of an image's name for one.
//!
//! A file is read whole and kept as values with places, since only the inputs know their types. What no image declares is refused, so
//! that a misspelt key is never silently a default.

mod from_hcl;
mod from_json;
mod from_toml;
mod from_yaml;
mod lines;

use super::{
    Inputs, Syntax, VariableMeta,
    input::{Entry, Input, Kind, Mark},
};
use crate::{
    error::Error,
    field::Place,
    plan::{Diagnostic, Diagnostics, nearest},
    project::Project,
    registry::ImageEntry,
};
use lines::Lines;
use std::{
    collections::BTreeMap,
    fmt,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

/// Deeper values are a mistake, and would cost the stack.
const DEEPEST: usize = 64;
/// More than this is not a file that somebody wrote, or one without an end.
const LARGEST: u64 = 64 << 20;

/// A list or a map that was typed, in JSON or as Packer takes it from the environment.
pub(super) fn typed(text: &str) -> Result<Input, String> {
    from_json::typed(text).or_else(|why| from_hcl::typed(text).ok_or(why))
}

/// The values of one file.
#[derive(Clone, Default)]
pub struct ValuesFile {
    name: String,
    format: Format,
    entries: BTreeMap<String, (Mark, Input)>,
}

impl fmt::Debug for ValuesFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Its values may be secret.
        f.debug_struct("ValuesFile")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// A language of values files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Format {
    #[default]
    Toml,
    Yaml,
    Json,
    Hcl,
}

impl Format {
    /// By the end of the file's name; TOML where that says nothing.
    fn of(name: &str) -> Self {
        let extension = Path::new(name).extension().unwrap_or_default();
        let is = |known: &str| extension.eq_ignore_ascii_case(known);
        match () {
            () if is("json") => Self::Json,
            () if is("yaml") || is("yml") => Self::Yaml,
            () if is("hcl") => Self::Hcl,
            () => Self::Toml,
        }
    }
}

impl ValuesFile {
    /// Reads the file at `path`: JSON where its name ends in `.json`, YAML in `.yaml` or `.yml`, HCL in `.hcl`, else TOML; messages
    /// call it `name`.
    ///
    /// # Errors
    /// When it cannot be read, is too large, or is not what its name says.
    pub fn read(path: &Path, name: &str) -> Result<Self, Diagnostics> {
        let mut text = String::new();
        let read = File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_string(&mut text));
        if read.as_ref().is_ok_and(|size| *size as u64 > LARGEST) {
            let message = format!("{name} is larger than {} MiB, which no values file is", LARGEST >> 20);
            return Err(one(Diagnostic::error("values-file", message)
                .help("name the file with the values")
                .at(Place::in_file(name, 1, 1))
                .without_line()));
        }
        read.map_err(|error| unreadable(path, name, error))?;
        Self::parse(name, &text)
    }

    /// Reads `text`, in the language that `name` ends with; messages call it `name`.
    ///
    /// # Errors
    /// When it is not what its name says, or gives a key twice.
    pub fn parse(name: &str, text: &str) -> Result<Self, Diagnostics> {
        // Editors of some systems begin every file with it; it means nothing in UTF-8.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let lines = Lines::new(name, text);
        let format = Format::of(name);
        let entries = match format {
            Format::Toml => from_toml::entries(&lines)?,
            Format::Yaml => from_yaml::entries(&lines)?,
            Format::Json => from_json::entries(&lines)?,
            Format::Hcl => from_hcl::entries(&lines)?,
        };
        let entries = entries
            .into_iter()
            // What tells an editor the schema of a JSON file.
            .filter(|entry| entry.key != "$schema")
            .map(|entry| (entry.key, (entry.at, entry.value)))
            .collect();
        Ok(Self {
            name: name.to_owned(),
            format,
            entries,
        })
    }

    /// What messages call it.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn syntax(&self) -> Syntax {
        match self.format {
            Format::Toml => Syntax::Toml,
            Format::Yaml => Syntax::Yaml,
            Format::Json => Syntax::Json,
            Format::Hcl => Syntax::Hcl,
        }
    }

    /// What the file gives `variable` in `image`: the image's own table wins.
    pub(super) fn find(&self, image: &str, variable: &str) -> Option<&Input> {
        let own = self.table(image).and_then(|entries| {
            let entry = entries.iter().find(|entry| entry.key == variable)?;
            Some(&entry.value)
        });
        let all = || {
            let (_, input) = self.entries.get(variable)?;
            (variable != image || !matches!(input.kind, Kind::Map(_))).then_some(input)
        };
        own.or_else(all)
    }

    /// Whether the line of `input` has the values of others too, which may be secret.
    pub(super) fn shares_its_line(&self, image: &str, input: &Input) -> bool {
        let line = input.at.line;
        let own = self.table(image).into_iter().flatten().map(|entry| &entry.at);
        let all = self.entries.values().map(|(at, _)| at).chain(own);
        all.filter(|at| at.line == line).count() > 1
    }

    fn table(&self, image: &str) -> Option<&[Entry]> {
        match &self.entries.get(image)?.1.kind {
            Kind::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The secrets of `images` that it gives themselves.
    pub(super) fn secrets(&self, images: &[ImageEntry], found: &mut Vec<(String, String)>) {
        for image in images {
            for variable in variables(image) {
                let all = self.entries.get(variable.name).map(|(_, input)| input);
                let own = self.table(&image.name).into_iter().flatten();
                let own = own.filter(|entry| entry.key == variable.name).map(|entry| &entry.value);
                for input in all.into_iter().chain(own) {
                    super::literal_secrets(variable.name, variable.ty, variable.secret, input, found);
                }
            }
        }
    }

    /// A problem for each key that no image of the project declares.
    pub(crate) fn unknown(&self, images: &[ImageEntry]) -> Diagnostics {
        let mut problems = Diagnostics::new();
        let declared: Vec<&'static str> = images
            .iter()
            .flat_map(variables)
            .map(|variable| variable.name)
            .collect();
        for (key, (at, input)) in &self.entries {
            let is_table = matches!(input.kind, Kind::Map(_));
            let of_image = images.iter().find(|image| image.name == *key.as_str());
            match (of_image, declared.contains(&key.as_str())) {
                (Some(_), true) if is_table => problems.push(
                    self.problem(
                        key,
                        *at,
                        format!("`{key}` is an image and a variable, so `[{key}]` could mean either"),
                    )
                    .help("rename one of them"),
                ),
                (Some(image), false) if is_table => self.unknown_in_image(image, &mut problems),
                (Some(_), false) => problems.push(
                    self.problem(key, *at, format!("`{key}` is an image, not a variable"))
                        .help(format!("write a table `[{key}]` with the image's variables")),
                ),
                (None, false) => {
                    let names = declared.iter().copied().chain(images.iter().map(|image| &*image.name));
                    let near = nearest(key, names);
                    let message = format!("no image has a variable `{key}`, and no image is called that");
                    problems.push(suggest(self.problem(key, *at, message), near));
                }
                (_, true) => {}
            }
        }
        problems
    }

    fn unknown_in_image(&self, image: &ImageEntry, problems: &mut Diagnostics) {
        let known = variables(image).iter().map(|variable| variable.name);
        for Entry { key, at, .. } in self.table(&image.name).into_iter().flatten() {
            if !known.clone().any(|name| name == key) {
                let message = format!("the image `{}` has no variable `{key}`", image.name);
                problems.push(suggest(self.problem(key, *at, message), nearest(key, known.clone())));
            }
        }
    }

    /// What is wrong with a key; its value is not shown, since nobody knows whether it is secret.
    fn problem(&self, key: &str, at: Mark, message: String) -> Diagnostic {
        Diagnostic::error("unknown-variable", message)
            .at(Place::in_file(self.name.clone(), at.line, at.column))
            .line_up_to_key(key)
    }
}

fn variables(image: &ImageEntry) -> &'static [VariableMeta] {
    (image.variables)()
}

fn suggest(problem: Diagnostic, near: Option<&str>) -> Diagnostic {
    match near {
        Some(near) => problem.help(format!("did you mean `{near}`?")),
        None => problem.help("`list` shows each image's variables"),
    }
}

fn unreadable(path: &Path, name: &str, error: io::Error) -> Diagnostics {
    let help = match error.kind() {
        io::ErrorKind::IsADirectory => "this is a folder: name a file in it",
        io::ErrorKind::PermissionDenied => "let yourself read it (chmod u+r), or name another file",
        io::ErrorKind::InvalidData => "save it as UTF-8",
        _ => {
            "create it, or correct its name: relative to the image's folder in `values = …`, to the current one in `--values`"
        }
    };
    let error = Error::io("read the values file", path, error);
    one(Diagnostic::error("values-file", error.full())
        .help(help)
        .at(Place::in_file(name, 1, 1))
        .without_line())
}

fn one(problem: Diagnostic) -> Diagnostics {
    let mut problems = Diagnostics::new();
    problems.push(problem);
    problems
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
                    let mut secrets = Vec::new();
                    file.secrets(self.images, &mut secrets);
                    inputs.redactor().register_all(secrets);
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

#[cfg(test)]
mod tests;
