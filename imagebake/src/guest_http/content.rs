//! What is served under which path.

use crate::{engine::Cx, error::Result, groups::Http, value::Vars};
use percent_encoding::percent_decode_str;
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// Texts by path, and a folder.
#[derive(Default)]
pub struct Content {
    texts: BTreeMap<String, Zeroizing<Vec<u8>>>,
    /// Without links in it, so that what is below it can be told from what is not.
    folder: Option<PathBuf>,
}

/// What stands under a path.
pub(super) enum Found<'a> {
    Text(&'a [u8]),
    File(fs::File, u64, Option<std::time::SystemTime>),
    /// Names, those of folders with `/` behind them.
    Listing(Vec<String>),
    /// A folder that was asked for without `/` at its end.
    Folder,
    Nothing,
}

impl Content {
    /// What the settings say, with `facts` in the templates.
    pub(super) fn of(cx: &Cx, http: &Http, facts: &Vars) -> Result<Self> {
        let mut texts = BTreeMap::new();
        for (path, text) in http.texts() {
            texts.insert(normal(path), Zeroizing::new(text.reveal()?.as_bytes().to_vec()));
        }
        for (path, template) in http.template_texts() {
            let text = cx.render_with(template, facts.clone())?;
            texts.insert(normal(path), Zeroizing::new(text.as_bytes().to_vec()));
        }
        let folder = http.probe(cx)?;
        Ok(Self { texts, folder })
    }

    /// What stands at `path`, as a request has it. Blocking.
    pub(super) fn find(&self, path: &str) -> io::Result<Found<'_>> {
        let Ok(path) = percent_decode_str(path).decode_utf8() else {
            return Ok(Found::Nothing);
        };
        if let Some(text) = self.texts.get(&normal(&path)) {
            return Ok(Found::Text(text));
        }
        let parts: Vec<&str> = path
            .split('/')
            .filter(|part| !part.is_empty() && *part != ".")
            .collect();
        let leaves = |part: &&str| *part == ".." || part.contains(['\\', '\0']);
        if parts.iter().any(leaves) {
            return Ok(Found::Nothing);
        }
        let Some(folder) = &self.folder else {
            return Ok(self.list_texts(&parts, path.ends_with('/')));
        };
        let asked = parts.iter().fold(folder.clone(), |at, part| at.join(part));
        let found = match fs::canonicalize(&asked) {
            Ok(found) if found.starts_with(folder) => found,
            // A link that leads out is as good as nothing.
            Ok(_) => return Ok(Found::Nothing),
            Err(error) if error.kind() == io::ErrorKind::NotFound || error.kind() == io::ErrorKind::NotADirectory => {
                return Ok(Found::Nothing);
            }
            Err(error) => return Err(error),
        };
        if !found.is_dir() {
            return open(&found);
        }
        if !path.ends_with('/') {
            return Ok(Found::Folder);
        }
        let index = found.join("index.html");
        match index.is_file() && !index.is_symlink() {
            true => open(&index),
            false => list(&found).map(Found::Listing),
        }
    }

    /// The paths of texts below a folder that only their paths make.
    fn list_texts(&self, parts: &[&str], ends: bool) -> Found<'_> {
        let prefix = parts
            .iter()
            .fold("/".to_owned(), |prefix, part| format!("{prefix}{part}/"));
        let below = self.texts.keys().filter_map(|path| path.strip_prefix(&prefix));
        let mut names: Vec<String> = below
            .map(|rest| match rest.split_once('/') {
                Some((folder, _)) => format!("{folder}/"),
                None => rest.to_owned(),
            })
            .collect();
        names.dedup();
        match (names.is_empty(), ends) {
            (true, _) => Found::Nothing,
            (false, true) => Found::Listing(names),
            (false, false) => Found::Folder,
        }
    }
}

fn open(path: &Path) -> io::Result<Found<'static>> {
    let file = fs::File::open(path)?;
    let about = file.metadata()?;
    match about.is_file() {
        true => Ok(Found::File(file, about.len(), about.modified().ok())),
        // A pipe would keep whoever reads it waiting.
        false => Ok(Found::Nothing),
    }
}

fn list(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        names.push(if entry.path().is_dir() {
            format!("{name}/")
        } else {
            name
        });
    }
    names.sort();
    Ok(names)
}

/// `/a/b`, however it was written.
fn normal(path: &str) -> String {
    let parts = path.split('/').filter(|part| !part.is_empty() && *part != ".");
    parts.fold(String::new(), |path, part| format!("{path}/{part}"))
}

#[cfg(test)]
impl Content {
    pub(super) fn for_test(texts: &[(&str, &str)], folder: Option<&Path>) -> Self {
        let text = |(path, text): &(&str, &str)| (normal(path), Zeroizing::new(text.as_bytes().to_vec()));
        Self {
            texts: texts.iter().map(text).collect(),
            folder: folder.map(|folder| fs::canonicalize(folder).expect("a folder")),
        }
    }
}
