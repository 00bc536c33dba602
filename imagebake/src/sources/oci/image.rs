//! The image spec's documents: config, manifest, index. Only what is written or needed is typed; what a base's config has beyond that
//! is kept as it is.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// A line of an image's history.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct History {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) created: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) created_by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) author: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) comment: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) empty_layer: bool,
}

/// What a digest refers to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Descriptor {
    pub(super) media_type: String,
    pub(super) digest: String,
    pub(super) size: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) platform: Option<Platform>,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub(super) annotations: Map<String, Value>,
}

/// What an image runs on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Platform {
    pub(super) os: String,
    pub(super) architecture: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) variant: Option<String>,
}

impl Platform {
    /// The builder's own.
    pub(super) fn host() -> Self {
        let (architecture, variant) = match std::env::consts::ARCH {
            "x86_64" => ("amd64", None),
            "aarch64" => ("arm64", Some("v8")),
            "x86" => ("386", None),
            "arm" => ("arm", Some("v7")),
            "powerpc64" => ("ppc64le", None),
            other => (other, None),
        };
        Self {
            os: "linux".to_owned(),
            architecture: architecture.to_owned(),
            variant: variant.map(str::to_owned),
        }
    }

    /// `linux/arm64/v8`; `None` when it is not of that form.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('/').map(str::to_owned);
        let platform = Self {
            os: parts.next().filter(|part| !part.is_empty())?,
            architecture: parts.next().filter(|part| !part.is_empty())?,
            variant: parts.next(),
        };
        parts.next().is_none().then_some(platform)
    }

    /// Whether an image for `other` will do.
    pub(super) fn accepts(&self, other: &Self) -> bool {
        let same = self.os == other.os && self.architecture == other.architecture;
        same && (self.variant.is_none() || other.variant.is_none() || self.variant == other.variant)
    }
}

impl std::fmt::Display for Platform {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        self.variant.iter().try_for_each(|variant| write!(f, "/{variant}"))
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Manifest {
    pub(super) schema_version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) media_type: Option<String>,
    pub(super) config: Descriptor,
    pub(super) layers: Vec<Descriptor>,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub(super) annotations: Map<String, Value>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Index {
    pub(super) schema_version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) media_type: Option<String>,
    pub(super) manifests: Vec<Descriptor>,
}

pub(super) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(super) const INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub(super) const CONFIG: &str = "application/vnd.oci.image.config.v1+json";

/// An image config: the document as it is, with the parts that change at hand.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct ImageConfig(pub(super) Map<String, Value>);

impl ImageConfig {
    /// That of an image with nothing in it.
    pub(super) fn empty(platform: &Platform) -> Self {
        let mut config = Map::new();
        config.insert("architecture".into(), json!(platform.architecture));
        config.insert("os".into(), json!(platform.os));
        if let Some(variant) = &platform.variant {
            config.insert("variant".into(), json!(variant));
        }
        config.insert("config".into(), json!({}));
        Self(config)
    }

    pub(super) fn platform(&self) -> Option<Platform> {
        let text = |name: &str| self.0.get(name).and_then(Value::as_str).map(str::to_owned);
        Some(Platform {
            os: text("os")?,
            architecture: text("architecture")?,
            variant: text("variant"),
        })
    }

    pub(super) fn history(&self) -> Vec<History> {
        let history = self.0.get("history").cloned().unwrap_or_default();
        serde_json::from_value(history).unwrap_or_default()
    }

    pub(super) fn diff_ids(&self) -> Vec<String> {
        let ids = self.0.get("rootfs").and_then(|rootfs| rootfs.get("diff_ids")).cloned();
        ids.and_then(|ids| serde_json::from_value(ids).ok()).unwrap_or_default()
    }

    /// The run-time settings: `Cmd`, `Env` and so on.
    pub(super) fn settings(&mut self) -> &mut Map<String, Value> {
        let settings = self.0.entry("config").or_insert_with(|| json!({}));
        if !settings.is_object() {
            *settings = json!({});
        }
        settings.as_object_mut().expect("it was made an object above")
    }

    fn setting(&self, name: &str) -> Option<&Value> {
        self.0.get("config")?.get(name)
    }

    /// The environment that programs of the image start with.
    pub(super) fn env(&self) -> Vec<(String, String)> {
        let lines = self.setting("Env").and_then(Value::as_array);
        let lines = lines.into_iter().flatten().filter_map(Value::as_str);
        lines
            .filter_map(|line| line.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    /// Adds to the environment, replacing variables of the same names.
    pub(super) fn set_env(&mut self, more: &[(String, String)]) {
        let mut env = self.env();
        for (name, value) in more {
            match env.iter_mut().find(|(known, _)| known == name) {
                Some((_, old)) => old.clone_from(value),
                None => env.push((name.clone(), value.clone())),
            }
        }
        if !env.is_empty() {
            let lines: Vec<String> = env.iter().map(|(name, value)| format!("{name}={value}")).collect();
            self.settings().insert("Env".into(), json!(lines));
        }
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.setting(name)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    }

    /// Adds names to a set such as `ExposedPorts`.
    pub(super) fn add_to_set(&mut self, name: &str, items: impl IntoIterator<Item = String>) {
        for item in items {
            let set = self.settings().entry(name).or_insert_with(|| json!({}));
            if !set.is_object() {
                *set = json!({});
            }
            if let Some(set) = set.as_object_mut() {
                set.insert(item, json!({}));
            }
        }
    }

    /// Puts in what a build made of it.
    pub(super) fn complete(&mut self, created: &str, author: Option<&str>, diff_ids: &[&str], history: &[History]) {
        self.0.insert("created".into(), json!(created));
        if let Some(author) = author {
            self.0.insert("author".into(), json!(author));
        }
        self.0
            .insert("rootfs".into(), json!({"type": "layers", "diff_ids": diff_ids}));
        self.0.insert("history".into(), json!(history));
    }
}
