//! What kind of value an input is: in words, by example, and as JSON Schema. One description for messages, help and editors.

use super::VariableMeta;
use serde_json::{Map, Value as Json, json};

/// The type of an input.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum InputType {
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Integer {
        /// The smallest.
        min: i128,
        /// The largest.
        max: i128,
    },
    /// A number.
    Number,
    /// Text.
    Text,
    /// A path.
    Path,
    /// A length of time.
    Duration,
    /// A secret.
    Secret,
    /// Text that a type of its own understands.
    Parsed {
        /// What it is, in words: `an IP address`.
        words: &'static str,
        /// One that is right; empty where none is known.
        example: &'static str,
    },
    /// One of some words.
    OneOf(&'static [&'static str]),
    /// Whatever serde makes of it: what that is, is asked when somebody wants to know.
    Serde(fn() -> InputType),
    /// Anything.
    Any,
    /// Several of one type.
    List(&'static InputType),
    /// Names to values of one type.
    Map(&'static InputType),
    /// A struct of inputs.
    Struct(&'static [VariableMeta]),
}

impl InputType {
    fn known(self) -> Self {
        match self {
            Self::Serde(ask) => ask().known(),
            other => other,
        }
    }

    /// What it is, in words: `a whole number`, `a list of texts`.
    pub fn words(self) -> String {
        match self.known() {
            Self::Bool => "true or false".into(),
            Self::Integer { min: 0, max } if max <= u16::MAX.into() => format!("a whole number from 0 to {max}"),
            Self::Integer { .. } => "a whole number".into(),
            Self::Number => "a number".into(),
            Self::Text => "text".into(),
            Self::Path => "a path".into(),
            Self::Duration => "a length of time".into(),
            Self::Secret => "a secret".into(),
            Self::Parsed { words, .. } => words.into(),
            Self::OneOf(words) => format!("one of {}", words.join(", ")),
            Self::Serde(_) | Self::Any => "a value".into(),
            Self::List(item) => format!("a list of {}", item.plural()),
            Self::Map(item) => format!("a table of {}", item.plural()),
            Self::Struct(_) => "a table".into(),
        }
    }

    fn plural(self) -> String {
        match self.known() {
            Self::Bool => "true or false".into(),
            Self::Integer { .. } => "whole numbers".into(),
            Self::Number => "numbers".into(),
            Self::Text => "texts".into(),
            Self::Path => "paths".into(),
            Self::Duration => "lengths of time".into(),
            Self::Secret => "secrets".into(),
            Self::Parsed { words: "a value", .. } => "values".into(),
            Self::Parsed { words, .. } => words.into(),
            Self::OneOf(words) => words.join(", "),
            Self::Serde(_) | Self::Any => "values".into(),
            Self::List(item) => format!("lists of {}", item.plural()),
            Self::Map(item) => format!("tables of {}", item.plural()),
            Self::Struct(_) => "tables".into(),
        }
    }

    /// One that is right, as far as the type alone can tell; `None` where it cannot.
    fn example(self) -> Option<Json> {
        Some(match self.known() {
            Self::Bool => true.into(),
            Self::Integer { min, max } => i64::try_from(3.clamp(min, max)).unwrap_or(3).into(),
            Self::Number => json!(1.5),
            Self::Text => "text".into(),
            Self::Path => "path/to/file".into(),
            Self::Duration => "90s".into(),
            Self::Secret => "env:NAME".into(),
            Self::Parsed { example: "", .. } | Self::Serde(_) | Self::Any => return None,
            Self::Parsed { example, .. } => example.into(),
            Self::OneOf(words) => (*words.first()?).into(),
            Self::List(item) => json!([item.example()?]),
            Self::Map(item) => json!({"name": item.example()?}),
            Self::Struct(fields) => {
                let needed = fields.iter().filter(|field| !field.optional);
                let mut shown: Vec<&VariableMeta> = needed.collect();
                if shown.is_empty() {
                    shown.extend(fields.first());
                }
                let pairs = shown
                    .into_iter()
                    .map(|field| Some((field.name.to_owned(), field.example()?)));
                Json::Object(pairs.collect::<Option<Map<_, _>>>()?)
            }
        })
    }

    /// What values files may give, as JSON Schema.
    fn schema(self) -> Json {
        match self.known() {
            Self::Bool => json!({"anyOf": [{"type": "boolean"}, {"enum": ["true", "false"]}]}),
            Self::Integer { min, max } => {
                let mut whole = json!({"type": "integer"});
                if let Ok(min) = i64::try_from(min) {
                    whole["minimum"] = min.into();
                }
                if let Ok(max) = u64::try_from(max) {
                    whole["maximum"] = max.into();
                }
                json!({"anyOf": [whole, {"type": "string", "pattern": "^\\s*[-+]?[0-9]+\\s*$"}]})
            }
            Self::Number => {
                json!({"anyOf": [{"type": "number"}, {"type": "string", "pattern": "^\\s*[-+.0-9eE]+\\s*$"}]})
            }
            Self::Text | Self::Path | Self::Duration | Self::Parsed { .. } => {
                json!({"type": ["string", "number", "boolean"]})
            }
            Self::Secret => json!({"type": ["string", "number"]}),
            Self::OneOf(words) => json!({"enum": words}),
            Self::Serde(_) | Self::Any => json!({}),
            // As text they are read as if they were typed.
            Self::List(item) => json!({"anyOf": [{"type": "array", "items": item.schema()}, {"type": "string"}]}),
            Self::Map(item) => {
                json!({"anyOf": [{"type": "object", "additionalProperties": item.schema()}, {"type": "string"}]})
            }
            Self::Struct(fields) => {
                let needed: Vec<&str> = fields
                    .iter()
                    .filter(|field| !field.optional)
                    .map(|field| field.name)
                    .collect();
                json!({
                    "type": "object",
                    "properties": properties(fields),
                    "required": needed,
                    "additionalProperties": false,
                })
            }
        }
    }
}

impl VariableMeta {
    /// A right value, as JSON: one that was given for that, the default, or what its type suggests.
    pub fn example(&self) -> Option<Json> {
        let told = self.example.and_then(|json| serde_json::from_str(json).ok());
        match (told, self.matches) {
            (Some(told), _) => Some(told),
            // Made-up text is not what a regular expression asks for.
            (None, Some(_)) => None,
            (None, None) => self.ty.example(),
        }
    }

    /// What a values file may give it, as JSON Schema.
    pub fn schema(&self) -> Json {
        let mut schema = self.ty.schema();
        let help = self.help.trim();
        if !help.is_empty() {
            schema["description"] = help.into();
        }
        if let (Some(regex), InputType::Text) = (self.matches.and_then(of_editors), self.ty) {
            schema["pattern"] = regex.into();
        }
        if !self.secret
            && let Some(example) = self.example()
        {
            schema["examples"] = json!([example]);
        }
        schema
    }
}

/// The properties of an object whose keys are `variables`.
pub(crate) fn properties(variables: &[VariableMeta]) -> Map<String, Json> {
    variables
        .iter()
        .map(|variable| (variable.name.to_owned(), variable.schema()))
        .collect()
}

/// A regular expression as editors understand it; `None` where theirs differ.
fn of_editors(regex: &'static str) -> Option<&'static str> {
    let flags = regex.replace("(?:", "").contains("(?");
    let differs = ["\\A", "\\z", "\\x{", "[[:", "&&", "\\p"]
        .iter()
        .any(|part| regex.contains(part));
    (!flags && !differs).then_some(regex)
}

/// How a value is written where it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Syntax {
    /// `--var name=value`.
    CommandLine,
    Environment,
    Toml,
    Yaml,
    Json,
    Hcl,
}

impl Syntax {
    /// `name` with `value`.
    pub(crate) fn written(self, name: &str, value: &Json) -> String {
        match self {
            Self::CommandLine => format!("--var {}", quoted(&format!("{name}={}", typed(value)))),
            Self::Environment => format!("IMAGEBAKE_VAR_{name}={}", quoted(&typed(value))),
            Self::Toml | Self::Hcl => format!("{name} = {}", self.assigned(value)),
            Self::Yaml => format!("{name}: {value}"),
            Self::Json => format!("\"{name}\": {value}"),
        }
    }

    /// A value in a language that writes maps `{ a = 1 }`.
    fn assigned(self, value: &Json) -> String {
        match value {
            Json::Array(items) => {
                let items: Vec<String> = items.iter().map(|item| self.assigned(item)).collect();
                format!("[{}]", items.join(", "))
            }
            Json::Object(map) => {
                let plain = |key: &str| key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
                let entry = |(key, value): (&String, &Json)| match plain(key) && !key.is_empty() {
                    true => format!("{key} = {}", self.assigned(value)),
                    false => format!("{} = {}", Json::from(key.as_str()), self.assigned(value)),
                };
                let entries: Vec<String> = map.iter().map(entry).collect();
                format!("{{ {} }}", entries.join(", "))
            }
            Json::String(_) if self == Self::Hcl => value.to_string().replace("${", "$${").replace("%{", "%%{"),
            other => other.to_string(),
        }
    }
}

/// A value as a user types it.
pub(super) fn typed(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Array(items) => {
            let plain: Option<Vec<&str>> = items
                .iter()
                .map(|item| item.as_str().filter(|text| !text.contains(',') && text.trim() == *text))
                .collect();
            plain
                .filter(|texts| !texts.is_empty())
                .map_or_else(|| value.to_string(), |texts| texts.join(","))
        }
        other => other.to_string(),
    }
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./=:,+@%".contains(c);
    match word.chars().all(plain) {
        true => word.to_owned(),
        false => crate::communicator::remote_quote(word),
    }
}
