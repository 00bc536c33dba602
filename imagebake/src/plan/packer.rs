//! Plans under the names of Packer's templates, to be compared with what Packer makes of a template.
//!
//! `{"builds":[{name, build, source, type, config, superseded, provisioners, error_cleanup_provisioner, post_processors}]}`. A config has
//! what was set and nothing else. What imagebake does not need of a template is in `superseded`, attribute → reason. A step is
//! `{type, config, override, superseded, pause_before, timeout, max_retries}`; a post-processor may have `name` and `keep_input_artifact`.
//! Text that needs the answer of a look-up which is not pinned is `<unknown>`, as it is where Packer only checks.

use super::{Described, Plan, PlannedUnit};
use crate::{
    catalog,
    data::UNKNOWN,
    field::{Field, TemplateName, Value},
};
use serde_json::{Map, Value as Json, json};
use std::time::Duration;

/// The plan; with the values of secrets where `reveal` is set and they are at hand.
pub fn plan(plan: &Plan, reveal: bool) -> Json {
    let builds: Vec<Json> = plan.units.iter().map(|unit| build(unit, reveal)).collect();
    json!({"builds": builds})
}

fn build(unit: &PlannedUnit, reveal: bool) -> Json {
    let name = unit.names.packer();
    let mut out = Map::new();
    out.insert("name".into(), name.clone().into());
    out.insert("build".into(), unit.image().into());
    out.insert("source".into(), name.into());
    out.insert("type".into(), unit.kind().into());
    Attributes::of(&unit.fields(), reveal).put(&mut out);
    let many = |steps: Vec<Described>| {
        steps
            .iter()
            .map(|described| step(described, reveal))
            .collect::<Vec<Json>>()
    };
    out.insert("provisioners".into(), many(unit.steps()).into());
    let mut cleanup = many(unit.error_cleanup());
    match cleanup.len() {
        0 => {}
        // Templates know one; several are a list, so that none is dropped in silence.
        1 => drop(out.insert("error_cleanup_provisioner".into(), cleanup.remove(0))),
        _ => drop(out.insert("error_cleanup_provisioner".into(), cleanup.into())),
    }
    let chains: Vec<Json> = unit.chains().into_iter().map(|chain| many(chain).into()).collect();
    out.insert("post_processors".into(), chains.into());
    out.into()
}

fn step(step: &Described, reveal: bool) -> Json {
    let mut out = Map::new();
    out.insert("type".into(), step.kind.into());
    if step.name != step.kind {
        out.insert("name".into(), step.name.clone().into());
    }
    let mut own = Attributes::of(&step.fields, reveal);
    if let Some(base) = &step.base_fields {
        let base = Attributes::of(base, reveal).config;
        let changed: Map<String, Json> = own
            .config
            .iter()
            .filter(|(name, value)| base.get(*name) != Some(value))
            .map(owned)
            .collect();
        out.insert("override".into(), changed.into());
        own.config = base;
    }
    own.put(&mut out);
    for (name, value) in &step.options {
        out.insert((*name).into(), spelt(value, reveal));
    }
    out.into()
}

fn owned((name, value): (&String, &Json)) -> (String, Json) {
    (name.clone(), value.clone())
}

/// Settings under the templates' names.
#[derive(Default)]
struct Attributes {
    config: Map<String, Json>,
    superseded: Map<String, Json>,
}

impl Attributes {
    fn of(fields: &[Field], reveal: bool) -> Self {
        let mut out = Self::default();
        for field in fields {
            let told = field.is_set() || (field.meta.required && !field.value.is_zero());
            match field.meta.template {
                // These are told whether they are set or not: a template that has them loses nothing.
                TemplateName::Superseded { name, reason } => {
                    out.superseded.insert(name.into(), reason.into());
                    if told {
                        out.add(name, &field.value, reveal);
                    }
                }
                TemplateName::SupersededGroup(reason) => {
                    for attribute in catalog::attributes(std::slice::from_ref(field.meta)) {
                        out.superseded.insert(attribute.name, reason.into());
                    }
                }
                _ if !told => {}
                TemplateName::None => {}
                TemplateName::Is(name) => out.add(name, &field.value, reveal),
                TemplateName::Parts(parts) => {
                    parts(&field.value)
                        .iter()
                        .for_each(|(name, value)| out.add(name, value, reveal));
                }
            }
        }
        out
    }

    fn add(&mut self, name: &str, value: &Value, reveal: bool) {
        if !matches!(value, Value::Null) {
            self.config.insert(name.into(), spelt(value, reveal));
        }
    }

    fn put(self, out: &mut Map<String, Json>) {
        out.insert("config".into(), self.config.into());
        if !self.superseded.is_empty() {
            out.insert("superseded".into(), self.superseded.into());
        }
    }
}

/// A value as templates spell it: lengths of time know no unit above the hour.
fn spelt(value: &Value, reveal: bool) -> Json {
    match value {
        Value::Duration(duration) => template_duration(*duration).into(),
        Value::List(items) => items.iter().map(|item| spelt(item, reveal)).collect(),
        Value::Map(items) => items
            .iter()
            .map(|(name, value)| (name.clone(), spelt(value, reveal)))
            .collect(),
        other => match other.to_json(reveal) {
            // Of text with something in it that nobody was asked for, nothing is known: templates know no parts of it.
            Json::String(text) if text.contains(UNKNOWN) => UNKNOWN.into(),
            // A sign of our templates alone: theirs take it as it is.
            Json::String(text) if matches!(other, Value::Template(_)) => text.replace("{{ \"{%\" }}", "{%").into(),
            json => json,
        },
    }
}

fn template_duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let parts = [
        (seconds / 3600, "h"),
        (seconds % 3600 / 60, "m"),
        (seconds % 60, "s"),
        (u64::from(duration.subsec_millis()), "ms"),
        (u64::from(duration.subsec_micros() % 1000), "us"),
        (u64::from(duration.subsec_nanos() % 1000), "ns"),
    ];
    let text: String = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count}{unit}"))
        .collect();
    if text.is_empty() { "0s".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        field::{FieldMeta, FieldType, Place},
        value::Secret,
    };

    fn parts(value: &Value) -> Vec<(&'static str, Value)> {
        vec![("cpus", value.clone()), ("cores", Value::Null)]
    }

    static META: [FieldMeta; 5] = [
        FieldMeta::new("wait", FieldType::Duration, "").template(TemplateName::Is("boot_wait")),
        FieldMeta::new("cpus", FieldType::Integer("u32"), "").template(TemplateName::Parts(parts)),
        FieldMeta::new("password", FieldType::Secret, "").template(TemplateName::Is("ssh_password")),
        FieldMeta::new("own", FieldType::Bool, ""),
        FieldMeta::new("old", FieldType::Bool, "").template(TemplateName::Superseded {
            name: "use_default_display",
            reason: "not needed",
        }),
    ];

    fn fields() -> Vec<Field> {
        let values = [
            Value::Duration(Duration::from_millis(90_061_500)),
            Value::Integer(2),
            Value::Text(Secret::literal("hunter2").named("password").into()),
            Value::Bool(true),
            Value::Bool(true),
        ];
        let place = Place::in_file("src/main.rs", 1, 1);
        META.iter()
            .zip(values)
            .map(|(meta, value)| Field::new(meta, value, Some(place.clone())))
            .collect()
    }

    #[test]
    fn settings_go_by_the_templates_names() {
        let shown = Attributes::of(&fields(), false);
        assert_eq!(
            Json::from(shown.config),
            json!({"boot_wait": "25h1m1s500ms", "cpus": 2, "ssh_password": "<secret password>", "use_default_display": true})
        );
        assert_eq!(
            Json::from(shown.superseded),
            json!({"use_default_display": "not needed"})
        );
        assert_eq!(Attributes::of(&fields(), true).config["ssh_password"], "hunter2");
    }

    #[test]
    fn defaults_are_left_out() {
        let mut unset = fields();
        unset.iter_mut().for_each(|field| field.set_at = None);
        assert!(Attributes::of(&unset, false).config.is_empty());
    }

    #[test]
    fn what_is_superseded_is_told_even_where_it_is_not_set() {
        let mut unset = fields();
        unset.iter_mut().for_each(|field| field.set_at = None);
        let told = Json::from(Attributes::of(&unset, false).superseded);
        assert_eq!(told, json!({"use_default_display": "not needed"}));
    }

    #[test]
    fn lengths_of_time_have_no_days() {
        let of = |seconds| template_duration(Duration::from_secs(seconds));
        assert_eq!([of(0), of(90), of(86_400)], ["0s", "1m30s", "24h"]);
        assert_eq!(template_duration(Duration::from_nanos(1_001)), "1us1ns");
    }

    #[test]
    fn what_only_our_templates_read_is_plain_in_theirs() {
        let template = crate::value::Template::from("a {{ \"{%\" }} {{ build_name }}");
        assert_eq!(spelt(&Value::Template(template), true), "a {% {{ build_name }}");
    }
}
