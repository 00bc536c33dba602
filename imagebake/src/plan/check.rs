//! The checks of a plan: names, globs, templates, what fits what.

use super::{Diagnostic, Diagnostics, PlannedUnit, nearest, select::suggest};
use crate::{
    describe::HasGuest,
    field::{Field, FieldType, Place, Value},
    image::Image,
    names::{UnitNames, is_name, matcher},
    registry::ImageEntry,
    source::NoRuntime,
    step::ErasedStep,
    value::facts,
};
use std::sync::Arc;

/// Two images of one name: both places.
pub(super) fn duplicate_images(entries: &[ImageEntry], problems: &mut Diagnostics) {
    for (i, entry) in entries.iter().enumerate() {
        if let Some(earlier) = entries[..i].iter().find(|other| other.name == entry.name) {
            let problem = Diagnostic::error("duplicate-image", format!("two images are named `{}`", entry.name));
            let problem = problem.at(earlier.place()).at(entry.place());
            problems.push(problem.help("rename one function, or write `#[image(name = \"…\")]` on it"));
        }
    }
}

/// Everything that can be said of one image without touching anything.
pub(super) fn image(entry: &ImageEntry, image: &Image, units: &[PlannedUnit], problems: &mut Diagnostics) {
    let mut found = Diagnostics::new();
    if !is_name(&entry.name) {
        let problem = Diagnostic::error("image-name", format!("`{}` cannot be the name of an image", entry.name));
        found.push(
            problem
                .help("names have letters, digits, `-`, `_`, `.` and `+`")
                .at(entry.place()),
        );
    }
    if image.units.is_empty() {
        let problem = Diagnostic::error(
            "no-source",
            "the image has no source, so there is nothing to build it on",
        );
        found.push(
            problem
                .help("add one: `.source(oci::Oci::host_userland([\"sh\"]))`")
                .at(entry.place()),
        );
    }
    let names: Vec<UnitNames> = units.iter().map(|unit| unit.names.clone()).collect();
    duplicate_units(units, &mut found);
    globs(image, &names, &mut found);
    found.within(&entry.name, None, None);
    problems.extend(found);
    for unit in units {
        check_unit(unit, problems);
    }
}

fn duplicate_units(units: &[PlannedUnit], problems: &mut Diagnostics) {
    for (i, unit) in units.iter().enumerate() {
        if !is_name(&unit.names.source) {
            let problem = Diagnostic::error(
                "source-name",
                format!("`{}` cannot be a source's name", unit.names.source),
            );
            problems.push(
                problem
                    .help("names have letters, digits, `-`, `_`, `.` and `+`")
                    .at(unit.place()),
            );
        }
        if let Some(earlier) = units[..i].iter().find(|other| other.names == unit.names) {
            let name = unit.names.kind_and_name();
            let problem = Diagnostic::error("duplicate-source", format!("two sources of the image are `{name}`"));
            let problem = problem.at(earlier.place()).at(unit.place());
            problems.push(problem.help("give one another name: `.named(\"…\")`"));
        }
    }
}

/// Globs of steps and chains that match no unit.
fn globs(image: &Image, units: &[UnitNames], problems: &mut Diagnostics) {
    let mut check = |what: &str, glob: &str, kind: &str, place: Place| {
        if matcher(glob).is_none() {
            let problem = Diagnostic::error("glob", format!("`{glob}` in {what} is not a glob"));
            problems.push(problem.at(place));
        } else if !units.is_empty() && !units.iter().any(|unit| unit.matches(glob)) {
            let problem = Diagnostic::error(
                "unknown-source",
                format!("{what} of `{kind}` names `{glob}`, which is no source"),
            );
            problems.push(suggest(problem, glob, units).at(place));
        }
    };
    for step in image.steps.iter().chain(&image.error_cleanup) {
        step.options()
            .filter
            .globs()
            .for_each(|glob| check("only/except", glob, step.kind(), step.place()));
        step.override_globs()
            .into_iter()
            .for_each(|glob| check("an override", glob, step.kind(), step.place()));
    }
    for link in image
        .units
        .iter()
        .flat_map(|unit| unit.chains())
        .chain(&image.chains)
        .flat_map(|chain| &chain.links)
    {
        link.options()
            .filter
            .globs()
            .for_each(|glob| check("only/except", glob, link.kind(), link.place()));
    }
}

fn check_unit(unit: &PlannedUnit, problems: &mut Diagnostics) {
    let (image, source) = (unit.names.image.clone(), unit.names.kind_and_name());
    let mut add = |mut found: Diagnostics, fields: &[Field], place: &Place, step: Option<&str>| {
        found.locate(fields, Some(place));
        found.within(&image, Some(&source), step);
        problems.extend(found);
    };
    let fields = unit.fields();
    let mut found = Diagnostics::new();
    if unit.unit.no_runtime() == Some(NoRuntime::Unwritten) {
        found.push(unwritten(unit.kind()));
    } else if let Some(why) = &unit.info.unsupported {
        let problem = Diagnostic::warning("plan-only", why.clone());
        found.push(problem.help("it plans; `validate` and `build` refuse it"));
    }
    unit.unit.check(&mut found);
    templates(&fields, &[], &mut found);
    add(found, &fields, &unit.place(), None);

    for (kind, place) in unit.unwritten() {
        let mut found = Diagnostics::new();
        found.push(unwritten(kind));
        add(found, &[], &place, Some(kind));
    }
    let number = |i: usize, step: &Arc<dyn ErasedStep>| {
        format!(
            "step {} {}",
            i + 1,
            step.options().name.as_deref().unwrap_or(step.kind())
        )
    };
    let numbered = unit.steps.iter().enumerate().map(|(i, step)| (number(i, step), step));
    let cleanup = unit
        .error_cleanup
        .iter()
        .map(|step| (format!("error-cleanup {}", step.kind()), step));
    for (name, step) in numbered.chain(cleanup) {
        let fields = step.fields(&unit.names);
        let mut found = Diagnostics::new();
        step.check(&unit.names, &mut found);
        templates(&fields, facts::BUILD, &mut found);
        if step.needs_guest() && unit.info.guest == HasGuest::Never {
            let message = format!("`{}` runs in a machine, and `{}` has none", step.kind(), unit.kind());
            found.push(
                Diagnostic::error("no-guest", message)
                    .help("run it on the builder with `ShellLocal`, or leave it out here with `.except([…])`"),
            );
        }
        add(found, &fields, &step.place(), Some(&name));
    }
    for link in unit.chains.iter().flat_map(|chain| &chain.links) {
        let fields = link.fields();
        let mut found = Diagnostics::new();
        link.check(&mut found);
        templates(&fields, facts::BUILD, &mut found);
        add(found, &fields, &link.place(), Some(&format!("post {}", link.name())));
    }
    for first in unit.chains.iter().filter_map(|chain| chain.links.first()) {
        if first.needs_files() && !unit.info.files {
            let message = format!(
                "`{}` needs files, and what `{}` makes has none",
                first.kind(),
                unit.kind()
            );
            let mut found = Diagnostics::new();
            found.push(Diagnostic::error("no-files", message).help("leave it out here with `.except_for([…])`"));
            add(found, &[], &first.place(), Some(&format!("post {}", first.name())));
        }
    }
}

/// What planning says of a component that nothing can build yet.
fn unwritten(kind: &str) -> Diagnostic {
    Diagnostic::warning("plan-only", NoRuntime::Unwritten.message(kind)).help(NoRuntime::Unwritten.hint())
}

/// Templates that do not parse, or that use a variable their setting does not know.
fn templates(fields: &[Field], build: &[&str], problems: &mut Diagnostics) {
    for field in fields {
        for template in field.value.templates() {
            let used = match template.variables() {
                Ok(used) => used,
                Err(error) => {
                    let problem = Diagnostic::error("template", error.full()).field(field.meta.name);
                    problems.push(
                        error
                            .hints()
                            .iter()
                            .fold(problem, |problem, hint| problem.help(hint.clone())),
                    );
                    continue;
                }
            };
            for name in used {
                let known = || facts::ALWAYS.iter().chain(build).chain(field.meta.facts).copied();
                // What a platform adds to `build` is known only when the machine runs.
                let runtime = !build.is_empty() && name.starts_with("build.");
                if runtime || known().any(|fact| fact == name) {
                    continue;
                }
                let message = format!("the template uses `{name}`, which this setting does not know");
                let problem = Diagnostic::error("template-variable", message).field(field.meta.name);
                problems.push(match nearest(&name, known()) {
                    Some(near) => problem.help(format!("did you mean `{near}`?")),
                    None => problem.help(format!("it knows: {}", known().collect::<Vec<_>>().join(", "))),
                });
            }
        }
        // One config as the value of a setting (a template's block) is no group.
        let is_block = matches!(field.value, Value::Null | Value::Map(_));
        debug_assert!(
            is_block || !matches!(field.meta.ty, FieldType::Group(_)),
            "groups are flattened"
        );
    }
}

#[cfg(test)]
mod tests;
