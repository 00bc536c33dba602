//! The older templates' plans hold settings as they are written; their components convert them when they run. Here they are converted
//! beforehand, so that such a plan can be compared with one of typed settings.

use super::{
    known::canonical,
    schema::{Catalog, Role, Schema, Setting},
    value::Type,
};
use crate::value::{SOURCE, SOURCE_KIND};
use regex::{Captures, Regex};
use serde_json::Value as Json;
use std::sync::LazyLock;

static TEMPLATE_DIR: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\{\{-?\s*template_dir\s*-?\}\}").expect("it is a pattern"));
static OWN_FACT: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\{\{-?\s*(build_name|build_type|\.BuildName)\s*-?\}\}").expect("it is a pattern"));
static USER: LazyLock<Regex> =
    LazyLock::new(|| Regex::new("\\{\\{-?\\s*user\\s+[`\"][^`\"]*[`\"]\\s*-?\\}\\}").expect("it is a pattern"));

/// The plan of an older template as its components take it: one value where several are taken is a list of one, one block likewise;
/// an empty text for a flag is `false`, settings are found in any case, sources of another name have the one they have here; the template's
/// folder is where it is (`root`), a variable that nobody declared is empty, and a file below the folder in which packer was started
/// (`cwd`) is named as seen from there.
pub fn converted(plan: &Json, catalog: &dyn Catalog, root: &str, cwd: &str) -> Json {
    let mut plan = plan.clone();
    let converter = Converter { catalog, root, cwd };
    for build in plan["builds"].as_array_mut().into_iter().flatten() {
        renamed(build);
        converter.step(Role::Source, build);
        for step in build["provisioners"].as_array_mut().into_iter().flatten() {
            converter.step(Role::Provisioner, step);
        }
        if let Some(step) = build.get_mut("error_cleanup_provisioner") {
            converter.step(Role::Provisioner, step);
        }
        for chain in build["post_processors"].as_array_mut().into_iter().flatten() {
            for step in chain.as_array_mut().into_iter().flatten() {
                converter.step(Role::PostProcessor, step);
            }
        }
    }
    plan
}

/// A source of another name as the one that it means here; a unit without a name of its own is called as its source is.
fn renamed(build: &mut Json) {
    let kind = build["type"].as_str().unwrap_or_default().to_owned();
    let here = canonical(Role::Source, &kind);
    if here == kind {
        return;
    }
    for part in ["name", "source", "type"] {
        if build.get(part).and_then(Json::as_str) == Some(&kind) {
            build[part] = here.into();
        }
    }
}

/// A plan in which the facts that are known of each unit, its source's name and kind, are put in: expressions have their values in
/// the peer's plans, the same facts between braces have not.
pub fn with_own_facts(plan: &Json) -> Json {
    let mut plan = plan.clone();
    for build in plan["builds"].as_array_mut().into_iter().flatten() {
        let kind = build["type"].as_str().unwrap_or_default().to_owned();
        let source = build["source"].as_str().unwrap_or_default().to_owned();
        let name = source.strip_prefix(&format!("{kind}.")).unwrap_or(&source).to_owned();
        put_in(build, &name, &kind);
    }
    plan
}

fn put_in(json: &mut Json, name: &str, kind: &str) {
    match json {
        Json::String(text) if text.contains("{{") => {
            let ours = text
                .replace(&SOURCE.to_string(), name)
                .replace(&SOURCE_KIND.to_string(), kind);
            let known = |fact: &Captures<'_>| if &fact[1] == "build_type" { kind } else { name }.to_owned();
            *text = OWN_FACT.replace_all(&ours, known).into_owned();
        }
        Json::Array(items) => items.iter_mut().for_each(|item| put_in(item, name, kind)),
        Json::Object(items) => items.values_mut().for_each(|item| put_in(item, name, kind)),
        _ => {}
    }
}

struct Converter<'a> {
    catalog: &'a dyn Catalog,
    root: &'a str,
    cwd: &'a str,
}

impl Converter<'_> {
    fn step(&self, role: Role, step: &mut Json) {
        let schema = self.catalog.schema(role, step["type"].as_str().unwrap_or_default());
        for part in ["config", "override"] {
            if let Some(config) = step.get_mut(part) {
                self.texts(config);
                if let Some(schema) = schema {
                    settings(config, schema);
                }
            }
        }
    }

    fn texts(&self, json: &mut Json) {
        match json {
            Json::String(text) => {
                let here = TEMPLATE_DIR.replace_all(text, |_: &Captures<'_>| self.root.to_owned());
                let here = USER.replace_all(&here, "");
                let below = here.strip_prefix(self.cwd).and_then(|rest| rest.strip_prefix('/'));
                *text = below.unwrap_or(&here).to_owned();
            }
            Json::Array(items) => items.iter_mut().for_each(|item| self.texts(item)),
            Json::Object(items) => items.values_mut().for_each(|item| self.texts(item)),
            _ => {}
        }
    }
}

fn settings(config: &mut Json, schema: &Schema) {
    if let Some(given) = config.as_object_mut() {
        let known = |name: &String| {
            let mut alike = schema.settings.keys().filter(|known| known.eq_ignore_ascii_case(name));
            match schema.settings.contains_key(name) {
                true => None,
                false => alike.next().cloned(),
            }
        };
        let renamed = std::mem::take(given).into_iter();
        *given = renamed
            .map(|(name, value)| (known(&name).unwrap_or(name), value))
            .collect();
    }
    for (name, value) in config.as_object_mut().into_iter().flatten() {
        match schema.settings.get(name) {
            Some(Setting::Value(Type::List(_))) if !value.is_array() && !value.is_null() => {
                *value = Json::Array(vec![value.take()]);
            }
            Some(Setting::Value(Type::Bool)) if value == "" => *value = false.into(),
            Some(Setting::Block(inner)) => settings(value, inner),
            Some(Setting::Blocks(inner)) => {
                if value.is_object() {
                    *value = Json::Array(vec![value.take()]);
                }
                for item in value.as_array_mut().into_iter().flatten() {
                    settings(item, inner);
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::known::Known;
    use serde_json::json;

    #[test]
    fn a_unit_knows_its_own_name() {
        let ours = json!({"builds": [{"type": "docker", "source": "docker.web", "config": {"a": format!("{SOURCE} {SOURCE_KIND} {{{{ build_name }}}}")}}]});
        assert_eq!(with_own_facts(&ours)["builds"][0]["config"]["a"], "web docker web");
    }

    #[test]
    fn names_are_found_in_any_case_and_under_their_older_form() {
        let plan = json!({"builds": [{"name": "proxmox", "source": "proxmox", "type": "proxmox", "config": {"Cores": 2, "onboot": ""}}]});
        let converted = converted(&plan, &Known::new(), "packer", "/srv");
        let build = &converted["builds"][0];
        assert_eq!(build["config"], json!({"cores": 2, "onboot": false}));
        for part in ["name", "source", "type"] {
            assert_eq!(build[part], "proxmox-iso", "{part}");
        }
    }

    #[test]
    fn one_is_a_list_of_one_and_folders_are_where_they_are() {
        let steps = json!([{"type": "shell", "config": {"inline": "echo {{user `none`}}", "script": "{{template_dir}}/a.sh", "remote_folder": "/srv/x"}}]);
        let plan = json!({"builds": [{"type": "null", "config": {}, "provisioners": steps}]});
        let converted = converted(&plan, &Known::new(), "packer", "/srv");
        let config = &converted["builds"][0]["provisioners"][0]["config"];
        assert_eq!(
            *config,
            json!({"inline": ["echo "], "script": "packer/a.sh", "remote_folder": "x"})
        );
    }
}
