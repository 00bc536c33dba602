//! Which templates a path names: a file, a folder that is one template, or a folder that holds several.

use crate::import::{
    fault::{Fault, Faults},
    input::Files,
};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Folders that hold no templates of the project itself.
const NOT_OURS: [&str; 3] = ["target", "node_modules", "vendor"];

/// The templates of all paths, each once, in the order of the paths.
pub(super) fn find(paths: &[PathBuf], faults: &mut Faults) -> Vec<PathBuf> {
    let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
    for path in paths {
        let mut here = Vec::new();
        if path.is_dir() {
            below(path, &mut here);
            if here.is_empty() {
                let told = format!("there is no template in {}", path.display());
                faults.push(Fault::general("no-template", told).help(
                    "templates are files *.pkr.hcl, *.pkr.json, and files of JSON with `builders`; files with values are named with --var-file",
                ));
            }
        } else if path.is_file() {
            here.push(path.clone());
        } else {
            let told = format!("there is no file or folder {}", path.display());
            faults.push(Fault::general("no-template", told).help("name a template, or a folder of templates"));
        }
        found.extend(
            here.into_iter()
                .filter(|path| seen.insert(path.canonicalize().unwrap_or_else(|_| path.clone()))),
        );
    }
    found
}

/// The templates of a folder; of the folders in it where it has none itself.
fn below(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default();
    entries.sort();
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let before = found.len();
    let ends = |ending: &str| {
        entries
            .iter()
            .any(|path| path.is_file() && name(path).ends_with(ending))
    };
    if ends(".pkr.hcl") || ends(".pkr.json") {
        found.push(folder.to_owned());
    }
    let older = |path: &&PathBuf| {
        let name = name(path);
        let json = name.ends_with(".json") && !name.ends_with(".pkr.json") && !name.ends_with(".pkrvars.json");
        json && path.is_file() && has_builders(path)
    };
    found.extend(entries.iter().filter(older).cloned());
    if found.len() == before {
        let visible = |path: &&PathBuf| !name(path).starts_with('.') && !NOT_OURS.contains(&name(path).as_str());
        for folder in entries
            .iter()
            .filter(|path| path.is_dir() && !path.is_symlink())
            .filter(visible)
        {
            below(folder, found);
        }
    }
}

/// Whether a file of JSON is a template. One that cannot be read as JSON is, where it looks like one: its problem is to be told.
fn has_builders(path: &Path) -> bool {
    let text = fs::read_to_string(path).unwrap_or_default();
    match serde_json::from_str::<serde_json::Value>(&text) {
        Ok(json) => json.get("builders").is_some(),
        Err(_) => text.contains("\"builders\""),
    }
}

/// Files with values that lie beside a template and are not read by themselves.
pub(super) fn values_beside(template: &Path) -> Files {
    let folder = match template.is_dir() {
        true => template,
        false => template.parent().unwrap_or(Path::new(".")),
    };
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .map(|entries| {
            entries
                .flatten()
                .map(|entry| entry.path())
                .filter(|path| path.is_file())
                .collect()
        })
        .unwrap_or_default();
    paths.sort();
    let mut files = Files::default();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match name {
            name if name.contains(".auto.pkrvars.") => {}
            name if name.ends_with(".pkrvars.hcl") => files.hcl.push(path),
            name if name.ends_with(".pkrvars.json") => files.json.push(path),
            _ => {}
        }
    }
    files
}

/// What a template is called: its file without the ending, or its folder.
pub(super) fn name(template: &Path) -> String {
    let last = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
    let whole = template.canonicalize().unwrap_or_else(|_| template.to_owned());
    let name = last(&whole).unwrap_or_else(|| "image".to_owned());
    let endings = [".pkr.hcl", ".pkr.json", ".json", ".hcl"];
    match template.is_dir() {
        true => name,
        false => endings
            .iter()
            .find_map(|ending| name.strip_suffix(ending))
            .unwrap_or(&name)
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().expect("it has one")).expect("made");
            fs::write(path, text).expect("written");
        }
        folder
    }

    fn found(folder: &Path) -> Vec<String> {
        let mut faults = Faults::default();
        let found = find(&[folder.to_owned()], &mut faults);
        let shown = |path: &PathBuf| path.strip_prefix(folder).expect("below").display().to_string();
        let mut told: Vec<String> = found.iter().map(shown).collect();
        told.extend(faults.0.iter().map(|fault| fault.code.to_owned()));
        told
    }

    #[test]
    fn a_folder_is_one_template_and_its_older_ones_are_more() {
        let folder = folder(&[
            ("a.pkr.hcl", ""),
            ("b.pkr.hcl", ""),
            ("old.json", r#"{"builders": []}"#),
            ("broken.json", r#"{"builders": ["#),
            ("values.json", r#"{"x": "y"}"#),
            ("dev.pkrvars.hcl", ""),
            ("x.auto.pkrvars.hcl", ""),
            ("below/c.pkr.hcl", ""),
        ]);
        assert_eq!(found(folder.path()), ["", "broken.json", "old.json"]);
        let beside = values_beside(folder.path());
        assert_eq!(beside.hcl, [folder.path().join("dev.pkrvars.hcl")]);
        assert!(beside.json.is_empty());
        assert_eq!(name(&folder.path().join("a.pkr.hcl")), "a");
    }

    #[test]
    fn folders_of_templates_are_looked_into() {
        let folder = folder(&[
            ("one/a.pkr.hcl", ""),
            ("two/b.json", r#"{"builders": []}"#),
            (".git/c.pkr.hcl", ""),
        ]);
        assert_eq!(found(folder.path()), ["one", "two/b.json"]);
        assert_eq!(found(&folder.path().join(".git")), [""]);
        let empty = tempfile::tempdir().expect("a folder");
        assert_eq!(found(empty.path()), ["no-template"]);
    }
}
