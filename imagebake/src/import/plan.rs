//! What a template says, evaluated: its units with their configuration.
//!
//! Written as JSON it has the shape in which the peer's own plans are recorded: `{"builds": [{name, build, source, type, config,
//! provisioners, error_cleanup_provisioner, post_processors}], "variables", "locals", "data"}`.

use super::value::{Type, Value};
use serde_json::{Map, Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};

/// A template, evaluated. Not to be printed: it holds the values of secrets.
#[derive(Clone, Default)]
pub struct Plan {
    /// Every unit.
    pub units: Vec<Unit>,
    /// Values of the variables.
    pub variables: BTreeMap<String, Value>,
    /// Values of the locals.
    pub locals: BTreeMap<String, Value>,
    /// Variables and locals whose values must not be shown: `var.x`, `local.y`.
    pub sensitive: BTreeSet<String>,
    /// Variables without a value, and their types.
    pub unset: BTreeMap<String, Type>,
    /// The data sources that were asked for.
    pub data: Vec<Step>,
}

/// A source of a build, with the steps that apply to it.
#[derive(Clone)]
pub struct Unit {
    /// `build.type.name`
    pub name: String,
    /// The name of the build.
    pub build: Option<String>,
    /// `type.name`
    pub source: String,
    /// The source itself.
    pub step: Step,
    /// Its provisioners.
    pub provisioners: Vec<Step>,
    /// What runs after a failure.
    pub error_cleanup: Option<Step>,
    /// Its chains of post-processors.
    pub chains: Vec<Vec<Step>>,
}

/// A component and its configuration.
#[derive(Clone)]
pub struct Step {
    /// Which component.
    pub kind: String,
    /// Its name.
    pub name: Option<String>,
    /// Its configuration.
    pub config: Value,
    /// What is different for this source.
    pub changed: Option<Value>,
    /// What applies to any step: `pause_before`, `timeout`, `max_retries`, `continue_on_error`, `keep_input_artifact`.
    pub options: BTreeMap<&'static str, Value>,
}

impl Step {
    /// A component with a configuration and nothing else.
    pub fn new(kind: impl Into<String>, config: Value) -> Self {
        Self {
            kind: kind.into(),
            name: None,
            config,
            changed: None,
            options: BTreeMap::new(),
        }
    }

    fn fill(&self, out: &mut Map<String, Json>) {
        out.insert("type".into(), self.kind.clone().into());
        out.insert("config".into(), self.config.to_json());
        if let Some(changed) = &self.changed {
            out.insert("override".into(), changed.to_json());
        }
        for (name, value) in &self.options {
            out.insert((*name).into(), value.to_json());
        }
    }

    fn to_json(&self) -> Json {
        let mut out = Map::new();
        if let Some(name) = &self.name {
            out.insert("name".into(), name.clone().into());
        }
        self.fill(&mut out);
        out.into()
    }
}

impl Plan {
    /// The texts that must not be shown.
    pub(super) fn secrets(&self) -> Vec<String> {
        let mut texts = Vec::new();
        for name in &self.sensitive {
            let value = match name.split_once('.') {
                Some(("var", name)) => self.variables.get(name),
                Some((_, name)) => self.locals.get(name),
                None => None,
            };
            value.into_iter().for_each(|value| value.texts(&mut texts));
        }
        texts.retain(|text| !text.trim().is_empty());
        // Of two that begin alike the longer one is taken out first.
        texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
        texts
    }

    /// As JSON, secrets included: for comparison, never for show.
    pub fn to_json(&self) -> Json {
        let of = |values: &BTreeMap<String, Value>| -> Map<String, Json> {
            values
                .iter()
                .map(|(name, value)| (name.clone(), value.to_json()))
                .collect()
        };
        json!({
            "builds": self.units.iter().map(Unit::to_json).collect::<Vec<_>>(),
            "variables": of(&self.variables),
            "locals": of(&self.locals),
            "data": self.data.iter().map(Step::to_json).collect::<Vec<_>>(),
        })
    }
}

impl Unit {
    fn to_json(&self) -> Json {
        let mut out = Map::new();
        out.insert("name".into(), self.name.clone().into());
        if let Some(build) = &self.build {
            out.insert("build".into(), build.clone().into());
        }
        out.insert("source".into(), self.source.clone().into());
        self.step.fill(&mut out);
        out.insert(
            "provisioners".into(),
            self.provisioners.iter().map(Step::to_json).collect(),
        );
        if let Some(step) = &self.error_cleanup {
            out.insert("error_cleanup_provisioner".into(), step.to_json());
        }
        let chains: Vec<Json> = self
            .chains
            .iter()
            .map(|chain| chain.iter().map(Step::to_json).collect())
            .collect();
        out.insert("post_processors".into(), chains.into());
        out.into()
    }
}
