//! Which images and units a command is about.

use super::{Diagnostic, Diagnostics, Plan, nearest};
use crate::{
    names::{UnitNames, all_names, any_matches},
    registry::ImageEntry,
};

/// What the user asked for.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Selection {
    /// Names of images, or globs on them; all when empty.
    pub images: Vec<String>,
    /// Globs on units: only these.
    pub only: Vec<String>,
    /// Globs on units: not these.
    pub except: Vec<String>,
}

impl Selection {
    /// These images; all when `images` is empty.
    pub fn of<T: Into<String>>(images: impl IntoIterator<Item = T>) -> Self {
        Self {
            images: images.into_iter().map(Into::into).collect(),
            ..Self::default()
        }
    }

    /// Only units that one of `globs` matches.
    #[must_use]
    pub fn only<T: Into<String>>(mut self, globs: impl IntoIterator<Item = T>) -> Self {
        self.only.extend(globs.into_iter().map(Into::into));
        self
    }

    /// Not the units that one of `globs` matches.
    #[must_use]
    pub fn except<T: Into<String>>(mut self, globs: impl IntoIterator<Item = T>) -> Self {
        self.except.extend(globs.into_iter().map(Into::into));
        self
    }

    pub(crate) fn images<'a>(&self, entries: &'a [ImageEntry], problems: &mut Diagnostics) -> Vec<&'a ImageEntry> {
        if entries.is_empty() {
            problems.push(Diagnostic::error("no-images", "this program has no images").help(
                "write `#[image] fn web() -> Image`; images of another crate need `imagebake::main!(that_crate)`",
            ));
        }
        if self.images.is_empty() {
            return entries.iter().collect();
        }
        let mut chosen = vec![false; entries.len()];
        for asked in &self.images {
            let glob = crate::names::matcher(asked);
            let mut found = false;
            for (entry, chosen) in entries.iter().zip(&mut chosen) {
                if entry.name == *asked || glob.as_ref().is_some_and(|glob| glob.is_match(&*entry.name)) {
                    (found, *chosen) = (true, true);
                }
            }
            if !found && !entries.is_empty() {
                let problem = Diagnostic::error("unknown-image", format!("there is no image `{asked}`"));
                let names = || entries.iter().map(|entry| &*entry.name);
                problems.push(match nearest(asked, names()) {
                    Some(near) => problem.help(format!("did you mean `{near}`?")),
                    None => problem.help(format!("images are: {}", names().collect::<Vec<_>>().join(", "))),
                });
            }
        }
        entries
            .iter()
            .zip(chosen)
            .filter_map(|(entry, chosen)| chosen.then_some(entry))
            .collect()
    }

    /// Whether a unit that may be of another plan was asked for: its image, its source's kind and name.
    pub fn admits(&self, image: &str, kind: &str, source: &str) -> bool {
        let names = all_names(image, kind, source);
        let matched = |globs: &[String]| globs.iter().any(|glob| any_matches(glob, &names));
        let image = [image.to_owned()];
        let chosen = self.images.is_empty() || self.images.iter().any(|glob| any_matches(glob, &image));
        chosen && (self.only.is_empty() || matched(&self.only)) && !matched(&self.except)
    }

    /// Leaves the units that were asked for; a glob that matches none is a problem.
    pub(super) fn units(&self, plan: &mut Plan) {
        let names: Vec<UnitNames> = plan.units.iter().map(|unit| unit.names.clone()).collect();
        for (flag, globs) in [("--only", &self.only), ("--except", &self.except)] {
            for glob in globs {
                if !names.is_empty() && !names.iter().any(|unit| unit.matches(glob)) {
                    let problem = Diagnostic::error("unknown-source", format!("{flag} {glob} matches no source"));
                    plan.problems.push(suggest(problem, glob, &names));
                }
            }
        }
        plan.units.retain(|unit| {
            let asked = self.only.is_empty() || self.only.iter().any(|glob| unit.names.matches(glob));
            asked && !self.except.iter().any(|glob| unit.names.matches(glob))
        });
        if plan.units.is_empty() && !plan.problems.has_errors() {
            plan.problems.push(
                Diagnostic::error("nothing-selected", "--only and --except leave nothing to build")
                    .help("`list` shows images and sources"),
            );
        }
    }
}

/// Adds what a glob that matches nothing could have meant.
pub(super) fn suggest(problem: Diagnostic, glob: &str, units: &[UnitNames]) -> Diagnostic {
    let all: Vec<String> = units.iter().flat_map(UnitNames::all).collect();
    match nearest(glob, all.iter().map(String::as_str)) {
        Some(near) => problem.help(format!("did you mean `{near}`?")),
        None => {
            let mut names: Vec<String> = units.iter().map(UnitNames::unit).collect();
            names.dedup();
            problem.help(format!("units are: {}", names.join(", ")))
        }
    }
}
