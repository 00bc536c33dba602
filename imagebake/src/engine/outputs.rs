//! Which outputs belong to which unit, so that a build replaces its own and nobody else's.

use crate::{
    error::{Context, Error, ErrorKind, Result},
    event::UnitName,
    value::path_text,
};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

/// `outputs.json` in the state folder: path to the unit that wrote it last.
#[derive(Clone)]
pub(crate) struct Outputs(Arc<Shared>);

struct Shared {
    file: PathBuf,
    /// Claims of this run: two units must not write one path.
    claimed: Mutex<BTreeMap<PathBuf, UnitName>>,
}

/// A path that one unit is about to write.
#[derive(Debug)]
#[must_use = "say `done` once the output is complete"]
pub struct Output {
    path: PathBuf,
    unit: UnitName,
    file: PathBuf,
}

impl Outputs {
    pub(crate) fn in_state(state_dir: &Path) -> Self {
        Self(Arc::new(Shared {
            file: state_dir.join("outputs.json"),
            claimed: Mutex::default(),
        }))
    }

    pub(super) fn claim(&self, path: PathBuf, unit: &UnitName, force: bool) -> Result<Output> {
        let mut claimed = self.0.claimed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(other) = claimed.get(&path).filter(|other| *other != unit) {
            return Err(Error::new(
                ErrorKind::AlreadyExists,
                format!("{} is an output of {other} in this run too", path.display()),
            )
            .hint("give each its own: put `{{ image }}` and `{{ source }}` into the path"));
        }
        let exists = path.symlink_metadata().is_ok();
        let own = || load(&self.0.file).get(&path).is_some_and(|writer| **writer == **unit);
        if exists && !force && !own() {
            return Err(Error::new(ErrorKind::AlreadyExists, format!("{} exists already", path.display()))
                .hint("no earlier build of this image and source wrote it: remove it, choose another path, or use --force"));
        }
        if path.file_name().is_none() {
            return Err(
                Error::new(ErrorKind::Config, format!("{} cannot be an output", path.display()))
                    .hint("name a file or folder that imagebake may replace"),
            );
        }
        claimed.insert(path.clone(), unit.clone());
        Ok(Output {
            path,
            unit: unit.clone(),
            file: self.0.file.clone(),
        })
    }
}

impl Output {
    /// The path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Records that the unit wrote it, so that its next build may replace it.
    ///
    /// # Errors
    /// When the state folder cannot be written.
    pub fn done(self) -> Result<()> {
        let folder = self.file.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder).path("make the state folder", folder)?;
        // Units and processes take turns: the list is read and written under one lock.
        let lock_path = self.file.with_extension("lock");
        let lock = std::fs::File::create(&lock_path).path("lock", &lock_path)?;
        lock.lock().path("lock", &lock_path)?;
        let mut all = load(&self.file);
        all.retain(|path, _| path.symlink_metadata().is_ok());
        all.insert(self.path.clone(), self.unit.to_string());
        let all: BTreeMap<String, String> = all
            .into_iter()
            .map(|(path, unit)| (path_text::exact_text(&path), unit))
            .collect();
        let text = serde_json::to_vec_pretty(&all).expect("a map of texts is JSON");
        crate::io::write_atomically(&self.file, &text).map_err(Error::from)
    }
}

fn load(file: &Path) -> BTreeMap<PathBuf, String> {
    // A list that cannot be read knows no outputs: then what exists is refused, which is the safe side.
    let text = std::fs::read(file).ok();
    let all: Option<BTreeMap<String, String>> = text.and_then(|text| serde_json::from_slice(&text).ok());
    let all = all.into_iter().flatten();
    all.map(|(path, unit)| (path_text::from_exact(&path), unit)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_replaces_its_own_output_and_no_other() {
        let folder = tempfile::tempdir().expect("a folder");
        let outputs = || Outputs::in_state(&folder.path().join("state"));
        let (web, db): (UnitName, UnitName) = ("web.oci".into(), "db.oci".into());
        let path = folder.path().join("web.tar");

        let output = outputs().claim(path.clone(), &web, false).expect("nothing is there");
        std::fs::write(&path, "1").expect("written");
        output.done().expect("recorded");

        let _ = outputs().claim(path.clone(), &web, false).expect("its own");
        let error = outputs().claim(path.clone(), &db, false).expect_err("somebody else's");
        assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        let _ = outputs().claim(path.clone(), &db, true).expect("forced");

        let run = outputs();
        run.claim(path.clone(), &web, false)
            .expect("its own")
            .done()
            .expect("recorded");
        assert!(run.claim(path, &db, true).is_err(), "two units of one run");
    }
}
