//! Every component of this library with the rows of its settings: what importer, schema and coverage know without an image at hand.
//!
//! Each folder of components lists its own; components of other crates are not in it.

use crate::{
    describe::{Component, Describe},
    field::{FieldMeta, FieldType, Shape, TemplateName, Value},
    post_processor::PostProcessor,
    provisioner::Provisioner,
};
use serde::Serialize;

/// What a component is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Role {
    /// It makes machines.
    Source,
    /// It does something in or for one.
    Provisioner,
    /// It does something with what came of it.
    PostProcessor,
}

/// One component.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Entry {
    /// What it is for.
    pub role: Role,
    /// What users and templates call it.
    pub kind: &'static str,
    /// The rows of its settings.
    pub fields: &'static [FieldMeta],
    /// How it is written in Rust.
    pub shape: Shape,
    /// The cargo feature of imagebake that it needs, if that is not part of every build.
    pub feature: Option<&'static str>,
    /// Whether it takes the artifact of one kind of source only, and so goes on a source.
    pub particular: bool,
    /// Whether imagebake has a runtime for it; one without plans only.
    pub written: bool,
}

impl Entry {
    pub(crate) fn source<S: Describe>() -> Self {
        Self {
            written: S::RUNTIME.missing() != Some(crate::source::NoRuntime::Unwritten),
            ..Self::described::<S>(Role::Source)
        }
    }

    pub(crate) fn provisioner<P: Provisioner>() -> Self {
        Self {
            written: !P::UNWRITTEN,
            ..Self::described::<P>(Role::Provisioner)
        }
    }

    /// One that takes `In`, and whatever else.
    pub(crate) fn post_processor<In: crate::artifact::Artifact, P: PostProcessor<In>>() -> Self {
        Self {
            written: !P::UNWRITTEN,
            ..Self::described::<P>(Role::PostProcessor)
        }
    }

    /// One whose platform may be left out of this program.
    pub(crate) fn described<C: Component>(role: Role) -> Self {
        Self {
            role,
            kind: C::KIND,
            fields: C::FIELDS,
            shape: C::SHAPE,
            feature: None,
            particular: false,
            written: true,
        }
    }

    /// It is compiled in with this feature only.
    pub(crate) fn needs(mut self, feature: &'static str) -> Self {
        self.feature = Some(feature);
        self
    }

    /// It takes the artifact of one kind of source only.
    pub(crate) fn particular(mut self) -> Self {
        self.particular = true;
        self
    }

    /// The templates' attributes that its settings are, those inside blocks after a dot: `storage.disk_size`.
    pub fn attributes(&self) -> Vec<Attribute> {
        attributes(self.fields)
    }
}

/// A look-up that is described like a component, and what its answer has.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Answers {
    /// What templates call their data source.
    pub kind: &'static str,
    /// How it is written in Rust.
    pub shape: Shape,
    /// The fields of the answer: in Rust, and in templates.
    pub answer: &'static [(&'static str, FieldType)],
    /// Whether the answer is secret.
    pub sensitive: bool,
}

impl Answers {
    pub(crate) fn of<C: Component>(answer: &'static [(&'static str, FieldType)]) -> Self {
        Self {
            kind: C::KIND,
            shape: C::SHAPE,
            answer,
            sensitive: false,
        }
    }

    pub(crate) fn sensitive(self) -> Self {
        Self {
            sensitive: true,
            ..self
        }
    }
}

/// Every look-up that is described like a component.
pub fn lookups() -> Vec<Answers> {
    crate::sources::lookups()
}

/// The same of some rows.
pub(crate) fn attributes(rows: &[FieldMeta]) -> Vec<Attribute> {
    let mut found = Vec::new();
    collect(rows, "", &mut found);
    found.sort_by(|one, other| one.name.cmp(&other.name));
    found.dedup_by(|one, other| one.name == other.name);
    found
}

/// An attribute of templates that a component knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Attribute {
    /// Its name; inside a block after a dot.
    pub name: String,
    /// Why it is not needed, where it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub superseded: Option<&'static str>,
}

fn collect(rows: &[FieldMeta], block: &str, found: &mut Vec<Attribute>) {
    for row in rows {
        let group = group_of(row.ty);
        let (names, superseded) = match (row.template, group) {
            // A group's rows stand in place of its own.
            (TemplateName::None, Some(group)) if matches!(row.ty, FieldType::Group(_)) => {
                collect(group, block, found);
                continue;
            }
            (TemplateName::None, _) => continue,
            (TemplateName::SupersededGroup(reason), group) => {
                let at = found.len();
                collect(group.unwrap_or_default(), block, found);
                found[at..]
                    .iter_mut()
                    .for_each(|attribute| attribute.superseded = Some(reason));
                continue;
            }
            (TemplateName::Is(name), _) => (vec![name], None),
            (TemplateName::Superseded { name, reason }, _) => (vec![name], Some(reason)),
            (TemplateName::Parts(parts), _) => (parts(&Value::Null).into_iter().map(|(name, _)| name).collect(), None),
        };
        for name in names {
            let name = format!("{block}{name}");
            if let (Some(group), None) = (group, superseded) {
                collect(group, &format!("{name}."), found);
            }
            found.push(Attribute { name, superseded });
        }
    }
}

/// The rows of a block, or of the blocks in a list or map.
fn group_of(ty: FieldType) -> Option<&'static [FieldMeta]> {
    match ty {
        FieldType::Group(shape) => Some(shape.rows),
        FieldType::List(item) | FieldType::Map(item) => group_of(*item),
        _ => None,
    }
}

/// Every component, by role and name.
pub fn components() -> Vec<Entry> {
    let mut all = crate::sources::components();
    all.extend(crate::provisioners::components());
    all.extend(crate::post_processors::components());
    all.sort_by_key(|entry| (entry.role, entry.kind));
    all
}

/// `[{"role":"source","kind":"oci","written":true,"attributes":[{"name":"image"},{"name":"docker_path","superseded":"…"}]}]`.
pub fn json() -> serde_json::Value {
    let entry = |entry: &Entry| {
        serde_json::json!({
            "role": entry.role,
            "kind": entry.kind,
            "written": entry.written,
            "attributes": entry.attributes(),
        })
    };
    components().iter().map(entry).collect()
}

#[cfg(test)]
pub(crate) mod planned;
#[cfg(test)]
mod sources;

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn rows(rows: &[FieldMeta], kind: &str, seen: &mut BTreeSet<String>, wrong: &mut Vec<String>) {
        for row in rows {
            match row.ty {
                FieldType::Group(group) if matches!(row.template, TemplateName::None) => {
                    self::rows(group.rows, kind, seen, wrong);
                }
                _ if !seen.insert(row.name.to_owned()) => wrong.push(format!("{kind} has two rows `{}`", row.name)),
                _ => {}
            }
            if row.doc.trim().is_empty() {
                wrong.push(format!("`{}` of {kind} says nothing", row.name));
            }
        }
    }

    #[test]
    fn no_component_has_two_rows_of_one_name() {
        let mut wrong = Vec::new();
        for entry in components() {
            rows(entry.fields, entry.kind, &mut BTreeSet::new(), &mut wrong);
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn names_are_those_of_one_component_each() {
        let all = components();
        let names: BTreeSet<_> = all.iter().map(|entry| (entry.role, entry.kind)).collect();
        assert_eq!(names.len(), all.len());
    }

    #[test]
    fn blocks_are_counted_inside() {
        let docker = components()
            .into_iter()
            .find(|entry| entry.kind == "docker")
            .expect("it is there");
        let names: Vec<String> = docker
            .attributes()
            .into_iter()
            .map(|attribute| attribute.name)
            .collect();
        for name in ["image", "build", "build.path", "build.pull", "pull", "docker_path"] {
            assert!(names.iter().any(|known| known == name), "{name}");
        }
    }
}
