//! The components of this library as templates know them: their schemas, from the rows of their settings.

use super::{
    schema::{Catalog, Role, Schema, Setting},
    value::Type,
};
use crate::{
    catalog::{self, Entry},
    field::{FieldMeta, FieldType, TemplateName, Value},
};
use std::collections::BTreeMap;

/// Other names of sources in templates, and what they mean.
const ALIASES: [(&str, &str); 1] = [("proxmox", "proxmox-iso")];

type Attributes = &'static [(&'static str, FieldType)];

/// Data sources for which `Data` has a method, or Rust nothing but a value: their attributes, and what they answer.
const PLAIN_DATA: [(&str, Attributes, Attributes); 2] = [
    (
        "http",
        &[
            ("url", FieldType::Text),
            ("method", FieldType::Text),
            ("request_headers", FieldType::Map(&FieldType::Text)),
            ("request_body", FieldType::Text),
        ],
        &[
            ("url", FieldType::Text),
            ("body", FieldType::Text),
            ("request_headers", FieldType::Map(&FieldType::Text)),
        ],
    ),
    ("null", &[("input", FieldType::Text)], &[("output", FieldType::Text)]),
];

/// What a component may be called in templates.
pub fn canonical(role: Role, kind: &str) -> &str {
    let alias = ALIASES.iter().find(|(alias, _)| role == Role::Source && *alias == kind);
    alias.map_or(kind, |(_, kind)| kind)
}

/// Every component of this library.
pub struct Known(BTreeMap<(Role, String), Schema>);

impl Known {
    /// Their schemas, from [`catalog::components`].
    pub fn new() -> Self {
        let mut schemas: BTreeMap<(Role, String), Schema> = catalog::components()
            .iter()
            .map(|entry| ((role(entry), entry.kind.to_owned()), schema(entry.fields)))
            .collect();
        for lookup in catalog::lookups() {
            let mut schema = schema(lookup.shape.rows);
            let outputs = lookup
                .answer
                .iter()
                .map(|(name, ty)| ((*name).to_owned(), value_type(*ty)));
            schema.outputs.extend(outputs);
            schemas.insert((Role::Data, lookup.kind.to_owned()), schema);
        }
        for (name, attributes, outputs) in PLAIN_DATA {
            let settings = attributes
                .iter()
                .map(|(name, ty)| ((*name).to_owned(), Setting::Value(value_type(*ty))));
            let outputs = outputs.iter().map(|(name, ty)| ((*name).to_owned(), value_type(*ty)));
            let schema = Schema {
                settings: settings.collect(),
                outputs: outputs.collect(),
                facts: Vec::new(),
            };
            schemas.insert((Role::Data, name.to_owned()), schema);
        }
        for (alias, kind) in ALIASES {
            if let Some(schema) = schemas.get(&(Role::Source, kind.to_owned())).cloned() {
                schemas.insert((Role::Source, alias.to_owned()), schema);
            }
        }
        Self(schemas)
    }
}

impl Default for Known {
    fn default() -> Self {
        Self::new()
    }
}

impl Catalog for Known {
    fn schema(&self, role: Role, kind: &str) -> Option<&Schema> {
        self.0.get(&(role, kind.to_owned()))
    }

    fn kinds(&self, role: Role) -> Vec<String> {
        let of_role = self.0.keys().filter(|(known, _)| *known == role);
        of_role.map(|(_, kind)| kind.clone()).collect()
    }
}

fn role(entry: &Entry) -> Role {
    match entry.role {
        catalog::Role::Source => Role::Source,
        catalog::Role::Provisioner => Role::Provisioner,
        catalog::Role::PostProcessor => Role::PostProcessor,
    }
}

fn schema(rows: &[FieldMeta]) -> Schema {
    let mut schema = Schema::default();
    fill(&mut schema, rows);
    schema
}

fn fill(schema: &mut Schema, rows: &[FieldMeta]) {
    for row in rows {
        let mut add = |name: &str, setting: Setting| drop(schema.settings.insert(name.to_owned(), setting));
        match (row.template, row.ty) {
            // A group's rows stand in place of its own.
            (TemplateName::None, FieldType::Group(group)) => fill(schema, group.rows),
            (TemplateName::None, _) => {}
            (TemplateName::SupersededGroup(_), FieldType::Group(group)) => fill(schema, group.rows),
            (TemplateName::SupersededGroup(_), _) => {}
            (TemplateName::Is(name) | TemplateName::Superseded { name, .. }, ty) => add(name, setting(ty)),
            (TemplateName::Parts(parts), ty) => {
                // Which of several attributes has which type is known where all are blocks of the group.
                for (name, _) in parts(&Value::Null) {
                    add(
                        name,
                        match setting(ty) {
                            Setting::Value(_) => Setting::Value(Type::Dynamic),
                            block => block,
                        },
                    );
                }
            }
        }
    }
}

fn setting(ty: FieldType) -> Setting {
    match ty {
        FieldType::Group(shape) => Setting::Block(schema(shape.rows)),
        FieldType::List(FieldType::Group(shape)) => Setting::Blocks(schema(shape.rows)),
        other => Setting::Value(value_type(other)),
    }
}

fn value_type(ty: FieldType) -> Type {
    match ty {
        FieldType::Bool => Type::Bool,
        FieldType::Integer(_) | FieldType::Float => Type::Number,
        FieldType::Text
        | FieldType::Template
        | FieldType::Duration
        | FieldType::HostPath
        | FieldType::GuestPath
        | FieldType::Secret
        | FieldType::Named(_) => Type::String,
        FieldType::List(item) => Type::list(value_type(*item)),
        FieldType::Map(item) => Type::map(value_type(*item)),
        FieldType::Group(_) => Type::Dynamic,
    }
}
