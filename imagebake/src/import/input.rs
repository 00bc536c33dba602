//! What is read: the files of a template, and where the values of its variables come from.

use super::{
    context::Context,
    fault::{Fault, Result},
};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// What was asked for on the command line. Not to be printed: values may be secrets.
#[derive(Clone, Default)]
pub struct Input {
    /// A file, or a folder of `.pkr.hcl` and `.pkr.json` files.
    pub template: PathBuf,
    /// `-var-file`, in order.
    pub var_files: Vec<PathBuf>,
    /// `-var name=value`, in order.
    pub vars: Vec<(String, String)>,
    /// Whether data sources that ask nobody (`null`) are answered; all are unknown otherwise.
    pub answer_data: bool,
}

/// Which language a template is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `.pkr.hcl`, `.pkr.json`
    Hcl2,
    /// One file of JSON with `builders`.
    Json,
}

/// Files of one kind: in HCL's own syntax, and in JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files {
    /// In HCL's own syntax.
    pub hcl: Vec<PathBuf>,
    /// In JSON.
    pub json: Vec<PathBuf>,
}

impl Files {
    fn is_empty(&self) -> bool {
        self.hcl.is_empty() && self.json.is_empty()
    }

    fn add(&mut self, others: Files) {
        self.hcl.extend(others.hcl);
        self.json.extend(others.json);
    }

    /// All of them, with whether they are JSON.
    pub fn all(&self) -> impl Iterator<Item = (&Path, bool)> {
        let hcl = self.hcl.iter().map(|path| (path.as_path(), false));
        hcl.chain(self.json.iter().map(|path| (path.as_path(), true)))
    }
}

impl Input {
    /// A template without further values.
    pub fn new(template: impl Into<PathBuf>) -> Self {
        Self {
            template: template.into(),
            ..Self::default()
        }
    }

    /// The language, by the names of the files.
    pub fn format(&self) -> Result<Format> {
        if self.template.is_dir() {
            return match self.files()?.is_empty() {
                false => Ok(Format::Hcl2),
                true => Err(Fault::general(
                    "no-template",
                    format!(
                        "there is no file *.pkr.hcl or *.pkr.json in {}",
                        self.template.display()
                    ),
                )
                .help("name a folder with such files, or one template file")),
            };
        }
        let name = self
            .template
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        match name {
            name if name.ends_with(".pkr.hcl") || name.ends_with(".pkr.json") => Ok(Format::Hcl2),
            name if name.ends_with(".hcl") => Err(Fault::general(
                "no-template",
                format!("{} is not named as a template", self.template.display()),
            )
            .help("templates in HCL are named *.pkr.hcl, files with values *.pkrvars.hcl")),
            _ => Ok(Format::Json),
        }
    }

    /// The files of the template.
    pub fn files(&self) -> Result<Files> {
        self.matching(".pkr.hcl", ".pkr.json")
    }

    /// The files with values: those that are read without being named, then the named ones.
    pub fn value_files(&self) -> Result<Files> {
        let mut files = self.own_value_files()?;
        files.add(self.named_value_files()?);
        Ok(files)
    }

    /// The files with values beside a folder's templates that are read without being named.
    pub fn own_value_files(&self) -> Result<Files> {
        match self.template.is_dir() {
            true => self.matching(".auto.pkrvars.hcl", ".auto.pkrvars.json"),
            false => Ok(Files::default()),
        }
    }

    /// The files with values that were named.
    pub fn named_value_files(&self) -> Result<Files> {
        let mut files = Files::default();
        for path in &self.var_files {
            match path.extension().and_then(|extension| extension.to_str()) {
                Some("hcl") => files.hcl.push(path.clone()),
                Some("json") => files.json.push(path.clone()),
                _ => {
                    return Err(Fault::general(
                        "values-file",
                        format!("{}: the name does not say what it is", path.display()),
                    )
                    .help("files with values are named *.pkrvars.hcl or *.pkrvars.json"));
                }
            }
        }
        Ok(files)
    }

    fn matching(&self, hcl: &str, json: &str) -> Result<Files> {
        let mut files = Files::default();
        let mut paths = Vec::new();
        if self.template.is_dir() {
            let entries = fs::read_dir(&self.template).map_err(|error| unreadable(&self.template, &error))?;
            paths.extend(
                entries
                    .flatten()
                    .map(|entry| entry.path())
                    .filter(|path| path.is_file()),
            );
            paths.sort();
        } else {
            paths.push(self.template.clone());
        }
        for path in paths {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if name.ends_with(hcl) {
                files.hcl.push(path);
            } else if name.ends_with(json) {
                files.json.push(path);
            }
        }
        Ok(files)
    }
}

/// Reads a file into the sources; problems name it as it is seen from where packer is started.
pub fn read(context: &Context, path: &Path) -> Result<u32> {
    let bytes = fs::read(path).map_err(|error| unreadable(path, &error))?;
    let shown = path.strip_prefix(&context.cwd).unwrap_or(path);
    let text = String::from_utf8(bytes)
        .map_err(|_| Fault::general("encoding", format!("{} is not text in UTF-8", shown.display())))?;
    Ok(context.sources.add(shown.to_string_lossy(), text))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Box<Fault> {
    Fault::general("unreadable", format!("cannot read {}: {error}", path.display()))
}
