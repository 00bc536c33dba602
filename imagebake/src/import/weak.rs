//! The older templates' plans hold settings as they are written; their components convert them when they run. Here they are converted
//! beforehand, so that such a plan can be compared with one of typed settings.
//!
//! Each conversion is one that packer does itself: its components decode settings with mapstructure (weakly typed input, with the hooks
//! that packer-plugin-sdk's `template/config` adds), and its functions of templates are those of `template/interpolate`. What is not done
//! there is not done here: a plan must not be taken for the same because of something that only this file does.

use super::{
    functions::time::Moment,
    known::canonical,
    legacy,
    schema::{Catalog, Role, Schema, Setting},
    value::Type,
};
use crate::value::{SOURCE, SOURCE_KIND};
use regex::{Captures, Regex};
use serde_json::Value as Json;
use std::sync::LazyLock;

static TEMPLATE_DIR: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\{\{-?\s*template_dir\s*-?\}\}").expect("it is a pattern"));
static CLEAN_TIME: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\{\{-?\s*isotime\s*\|\s*clean_resource_name\s*-?\}\}").expect("it is a pattern"));
static CALL: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\{\{-?\s*([^{}]*?)\s*-?\}\}").expect("it is a pattern"));
/// A time in a layout of the template's: without one it is a fact of the run on both sides.
static DATED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"\{\{-?\s*((?:strftime|isotime)\s+(?:"[^"{}]*"|`[^`{}]*`))\s*-?\}\}"#).expect("it is a pattern")
});
static OWN_FACT: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\{\{-?\s*(build_name|build_type|\.BuildName)\s*-?\}\}").expect("it is a pattern"));
static USER: LazyLock<Regex> =
    LazyLock::new(|| Regex::new("\\{\\{-?\\s*user\\s+[`\"][^`\"]*[`\"]\\s*-?\\}\\}").expect("it is a pattern"));

/// What decides how texts of a plan are converted.
pub struct Surroundings<'a> {
    /// The template's folder, as it is seen from where packer was started: `{{template_dir}}`.
    pub root: &'a str,
    /// Where packer was started.
    pub cwd: &'a str,
    /// The moment of the run, in seconds since 1970.
    pub clock: i64,
}

/// The plan of an older template as its components take it.
///
/// - Sources that have another name here are called by that: one plugin registers one builder under both names.
/// - Names of settings are found in any case (mapstructure compares them with `EqualFold`).
/// - Text for a list is cut at its commas, and empty text is an empty list (the hook `StringToSliceHookFunc(",")`); another single value is
///   a list of one, a block is a list of one block, one without settings is none (weakly typed input).
/// - Empty text for a flag is `false`, for a number 0 (weakly typed input).
/// - A user variable that nobody declared is empty (`user` outside of variables), `{{template_dir}}` is the template's folder, and a file below
///   the folder in which packer was started is named as seen from there, since relative paths start there.
/// - `{{strftime "%F"}}` and `{{isotime "2006"}}` are the moment of the run, also in texts that have facts of a running build beside them.
/// - `{{isotime | clean_resource_name}}` is the moment of the run as a name without colons, in sources of clouds that have that function.
pub fn converted(plan: &Json, catalog: &dyn Catalog, around: &Surroundings<'_>) -> Json {
    let mut plan = plan.clone();
    let converter = Converter { catalog, around };
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

/// A plan of ours, whose settings have their types already: files below the folder in which packer was started are named as seen from there.
pub fn seen_from(plan: &Json, cwd: &str) -> Json {
    let mut plan = plan.clone();
    below(&mut plan, cwd);
    plan
}

fn below(json: &mut Json, cwd: &str) {
    match json {
        Json::String(text) => {
            let rest = text.strip_prefix(cwd).and_then(|rest| rest.strip_prefix('/'));
            if let Some(rest) = rest.map(str::to_owned) {
                *text = rest;
            }
        }
        Json::Array(items) => items.iter_mut().for_each(|item| below(item, cwd)),
        Json::Object(items) => items.values_mut().for_each(|item| below(item, cwd)),
        _ => {}
    }
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

/// A plan in which the facts that are known of each unit, its source's name and kind, are put in, and what functions of text come to that are
/// given text as it is written: expressions have their values in the peer's plans, the same between braces is rendered by components alone.
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
            let ours = OWN_FACT.replace_all(&ours, known);
            let constant = |call: &Captures<'_>| {
                let made = legacy::constant(&call[1]).and_then(Result::ok);
                made.unwrap_or_else(|| call[0].to_owned())
            };
            *text = CALL.replace_all(&ours, constant).into_owned();
        }
        Json::Array(items) => items.iter_mut().for_each(|item| put_in(item, name, kind)),
        Json::Object(items) => items.values_mut().for_each(|item| put_in(item, name, kind)),
        _ => {}
    }
}

struct Converter<'a> {
    catalog: &'a dyn Catalog,
    around: &'a Surroundings<'a>,
}

impl Converter<'_> {
    fn step(&self, role: Role, step: &mut Json) {
        let kind = step["type"].as_str().unwrap_or_default().to_owned();
        let schema = self.catalog.schema(role, &kind);
        let cleans = role == Role::Source && ["amazon-", "azure-"].iter().any(|cloud| kind.starts_with(cloud));
        for part in ["config", "override"] {
            if let Some(config) = step.get_mut(part) {
                self.texts(config, cleans);
                if let Some(schema) = schema {
                    settings(config, schema);
                }
            }
        }
    }

    fn texts(&self, json: &mut Json, cleans: bool) {
        match json {
            Json::String(text) => {
                let folder = |found: &Captures<'_>| match found.get(0).map_or(0, |whole| whole.start()) {
                    0 => self.around.root.to_owned(),
                    _ if self.around.root == "." => self.around.cwd.to_owned(),
                    _ => format!("{}/{}", self.around.cwd, self.around.root),
                };
                let here = TEMPLATE_DIR.replace_all(text, folder);
                let here = USER.replace_all(&here, "");
                let dated = |call: &Captures<'_>| {
                    let made = legacy::dated(&call[1], self.around.clock);
                    made.unwrap_or_else(|| call[0].to_owned())
                };
                let here = DATED.replace_all(&here, dated);
                let here = match cleans {
                    true => CLEAN_TIME.replace_all(&here, |_: &Captures<'_>| self.clean_time()),
                    false => here,
                };
                *text = here.into_owned();
                below(json, self.around.cwd);
            }
            Json::Array(items) => items.iter_mut().for_each(|item| self.texts(item, cleans)),
            Json::Object(items) => items.values_mut().for_each(|item| self.texts(item, cleans)),
            _ => {}
        }
    }

    fn clean_time(&self) -> String {
        Moment::at(self.around.clock).rfc3339().replace(':', "-")
    }
}

/// Text for a list, cut at its commas.
pub(super) fn cut(text: &str) -> Vec<&str> {
    match text {
        "" => Vec::new(),
        text => text.split(',').collect(),
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
            Some(Setting::Value(Type::List(_))) => match value {
                Json::String(text) => *value = cut(text).into(),
                Json::Array(_) | Json::Null => {}
                _ => *value = Json::Array(vec![value.take()]),
            },
            Some(Setting::Value(Type::Bool)) if value == "" => *value = false.into(),
            Some(Setting::Value(Type::Number)) if value == "" => *value = 0.into(),
            Some(Setting::Block(inner)) => settings(value, inner),
            Some(Setting::Blocks(inner)) => {
                if let Some(block) = value.as_object() {
                    *value = match block.is_empty() {
                        true => Json::Array(Vec::new()),
                        false => Json::Array(vec![value.take()]),
                    };
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

    const AROUND: Surroundings<'static> = Surroundings {
        root: "packer",
        cwd: "/srv",
        clock: 1_767_225_600,
    };

    #[test]
    fn a_time_beside_facts_of_the_build_is_that_of_the_run() {
        let texts = json!({"a": "{{strftime \"%Y-%m\"}} {{build `ID`}}", "b": "{{isotime `2006`}} {{.Vars}}", "c": "{{isotime}} {{timestamp}} {{.Path}}"});
        let plan = json!({"builds": [{"type": "null", "config": texts}]});
        let converted = converted(&plan, &Known::new(), &AROUND);
        assert_eq!(
            converted["builds"][0]["config"],
            json!({"a": "2026-01 {{build `ID`}}", "b": "2026 {{.Vars}}", "c": "{{isotime}} {{timestamp}} {{.Path}}"})
        );
    }

    #[test]
    fn text_for_a_list_is_cut_at_its_commas() {
        let config = json!({"ami_regions": "us-east-1,us-west-2", "ami_users": "", "launch_block_device_mappings": {}, "ami_name": "a-{{isotime | clean_resource_name}}-{{uuid}}"});
        let plan = json!({"builds": [{"type": "amazon-ebs", "config": config}]});
        let converted = converted(&plan, &Known::new(), &AROUND);
        assert_eq!(
            converted["builds"][0]["config"],
            json!({"ami_regions": ["us-east-1", "us-west-2"], "ami_users": [], "launch_block_device_mappings": [], "ami_name": "a-2026-01-01T00-00-00Z-{{uuid}}"})
        );
        let other = json!({"builds": [{"type": "null", "config": {"a": "{{isotime | clean_resource_name}}"}}]});
        let kept = super::converted(&other, &Known::new(), &AROUND);
        assert_eq!(kept["builds"][0]["config"]["a"], "{{isotime | clean_resource_name}}");
    }

    #[test]
    fn a_unit_knows_its_own_name() {
        let ours = json!({"builds": [{"type": "docker", "source": "docker.web", "config": {"a": format!("{SOURCE} {SOURCE_KIND} {{{{ build_name }}}}")}}]});
        assert_eq!(with_own_facts(&ours)["builds"][0]["config"]["a"], "web docker web");
    }

    #[test]
    fn names_are_found_in_any_case_and_under_their_older_form() {
        let plan = json!({"builds": [{"name": "proxmox", "source": "proxmox", "type": "proxmox", "config": {"Cores": 2, "onboot": ""}}]});
        let converted = converted(&plan, &Known::new(), &AROUND);
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
        let converted = converted(&plan, &Known::new(), &AROUND);
        let config = &converted["builds"][0]["provisioners"][0]["config"];
        assert_eq!(
            *config,
            json!({"inline": ["echo "], "script": "packer/a.sh", "remote_folder": "x"})
        );
    }
}
