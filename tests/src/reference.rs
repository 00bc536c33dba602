//! The settings of all components, from files of data: what the importer's own tables are measured against.

use anyhow::{Context, Result};
use imagebake::import::{
    schema::{Catalog, Role, Schema, Setting},
    value::Type,
};
use serde_json::Value as Json;
use std::{collections::BTreeMap, fs, path::Path};

/// Every component of a folder of descriptions.
#[derive(Default)]
pub struct Reference {
    components: BTreeMap<(Role, String), Schema>,
}

impl Reference {
    /// Reads `components/*.json` and `groups.json`; `template_engine.json` tells what sources tell their steps.
    pub fn read(folder: &Path) -> Result<Self> {
        let groups = json(&folder.join("groups.json"))?;
        let facts = json(&folder.join("template_engine.json"))?;
        let mut reference = Self::default();
        let components = folder.join("components");
        for entry in fs::read_dir(&components).with_context(|| format!("cannot read {}", components.display()))? {
            let component = json(&entry?.path())?;
            let kind = text(&component, "component");
            let role = match text(&component, "kind").as_str() {
                "builder" => Role::Source,
                "provisioner" => Role::Provisioner,
                "post-processor" => Role::PostProcessor,
                _ => Role::Data,
            };
            let mut schema = schema(list(&component, "attributes"));
            for used in list(&component, "groups") {
                let omitted: Vec<&str> = list(used, "omit").iter().filter_map(Json::as_str).collect();
                let group = &groups["groups"][text(used, "group")];
                for attribute in list(group, "attributes") {
                    let name = text(attribute, "name");
                    if !omitted.contains(&name.as_str()) {
                        schema.settings.entry(name).or_insert_with(|| setting(attribute));
                    }
                }
            }
            for output in list(&component, "outputs") {
                schema.outputs.insert(text(output, "name"), ty(&text(output, "type")));
            }
            schema.facts = facts_of(&facts, &text(&component, "plugin"));
            reference.components.insert((role, kind), schema);
        }
        Ok(reference)
    }
}

impl Catalog for Reference {
    fn schema(&self, role: Role, kind: &str) -> Option<&Schema> {
        self.components.get(&(role, kind.to_owned()))
    }

    fn kinds(&self, role: Role) -> Vec<String> {
        self.components
            .keys()
            .filter(|(known, _)| *known == role)
            .map(|(_, kind)| kind.clone())
            .collect()
    }
}

fn json(path: &Path) -> Result<Json> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not JSON", path.display()))
}

fn text(json: &Json, name: &str) -> String {
    json[name].as_str().unwrap_or_default().to_owned()
}

fn list<'a>(json: &'a Json, name: &str) -> &'a [Json] {
    json[name].as_array().map_or(&[], Vec::as_slice)
}

fn facts_of(facts: &Json, plugin: &str) -> Vec<String> {
    let by_source = facts["build_data"]["per_builder"].as_object();
    let of_plugin = by_source
        .into_iter()
        .flatten()
        .filter(|(source, _)| source.split(':').next() == Some(plugin));
    of_plugin
        .flat_map(|(_, names)| names.as_array().into_iter().flatten())
        .filter_map(Json::as_str)
        .map(str::to_owned)
        .collect()
}

fn schema(attributes: &[Json]) -> Schema {
    Schema {
        settings: attributes
            .iter()
            .map(|attribute| (text(attribute, "name"), setting(attribute)))
            .collect(),
        ..Schema::default()
    }
}

fn setting(attribute: &Json) -> Setting {
    match text(attribute, "type").as_str() {
        "block" => Setting::Block(schema(list(attribute, "nested"))),
        "list(block)" => Setting::Blocks(schema(list(attribute, "nested"))),
        other => Setting::Value(ty(other)),
    }
}

fn ty(text: &str) -> Type {
    let inner = |prefix: &str| text.strip_prefix(prefix).and_then(|rest| rest.strip_suffix(')'));
    match text {
        "string" => Type::String,
        "number" => Type::Number,
        "bool" => Type::Bool,
        _ => match (inner("list("), inner("map(")) {
            (Some(element), _) => Type::list(ty(element)),
            (_, Some(element)) => Type::map(ty(element)),
            _ => Type::Dynamic,
        },
    }
}
