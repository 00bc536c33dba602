//! The parts of a template: what stands at its top level.

use crate::import::{
    context::Context,
    fault::{Fault, Faults},
    functions::time::duration,
    sources::Span,
    syntax::{Json, JsonKind, Property},
    template::satisfied,
};

/// A template, unrendered.
#[derive(Debug, Default)]
pub(in crate::import) struct Parts {
    pub(in crate::import) variables: Vec<Variable>,
    pub(in crate::import) sensitive: Vec<String>,
    pub(in crate::import) builders: Vec<Part>,
    pub(in crate::import) provisioners: Vec<Part>,
    pub(in crate::import) error_cleanup: Option<Part>,
    pub(in crate::import) chains: Vec<Vec<Part>>,
}

/// A variable; without a default it must be given a value.
#[derive(Debug)]
pub(in crate::import) struct Variable {
    pub(in crate::import) name: String,
    pub(in crate::import) span: Span,
    pub(in crate::import) default: Option<String>,
    /// Where the default stands.
    pub(in crate::import) at: Span,
}

/// A component and what applies to it.
#[derive(Debug, Default)]
pub(in crate::import) struct Part {
    pub(in crate::import) kind: String,
    pub(in crate::import) name: Option<String>,
    pub(in crate::import) span: Option<Span>,
    pub(in crate::import) only: Vec<String>,
    pub(in crate::import) except: Vec<String>,
    pub(in crate::import) pause_before: i64,
    pub(in crate::import) timeout: i64,
    pub(in crate::import) max_retries: Option<String>,
    pub(in crate::import) keep_input_artifact: Option<bool>,
    /// By the names of builders.
    pub(in crate::import) changed: Vec<Property>,
    /// Its settings.
    pub(in crate::import) settings: Vec<Property>,
}

const TOP: [&str; 9] = [
    "builders",
    "description",
    "error-cleanup-provisioner",
    "min_packer_version",
    "post-processors",
    "provisioners",
    "push",
    "sensitive-variables",
    "variables",
];

/// What belongs to any step, and is no setting of its component.
const OWN: [(&str, &[&str]); 3] = [
    ("builder", &["name", "type"]),
    (
        "provisioner",
        &[
            "type",
            "only",
            "except",
            "override",
            "pause_before",
            "max_retries",
            "timeout",
        ],
    ),
    (
        "post-processor",
        &["name", "type", "only", "except", "keep_input_artifact"],
    ),
];

pub(in crate::import) fn read(json: &Json, context: &Context, faults: &mut Faults) -> Parts {
    let mut parts = Parts::default();
    if !matches!(json.kind, JsonKind::Object(_)) {
        faults.push(Fault::at(
            json.span,
            "syntax",
            format!("a template is an object, not {}", json.friendly()),
        ));
        return parts;
    }
    for property in json.properties() {
        if property.name.starts_with('_') {
            continue;
        }
        if !TOP.contains(&property.name.as_str()) {
            faults.push(
                Fault::at(
                    property.name_span,
                    "unexpected-attribute",
                    format!("`{}` is not expected in a template", property.name),
                )
                .nearest(&property.name, TOP),
            );
        }
    }
    let mut reader = Reader { faults };
    if let Some(version) = json.get("min_packer_version") {
        reader.version(version, context);
    }
    if let Some(variables) = json.get("variables") {
        parts.variables = reader.variables(variables);
    }
    parts.sensitive = reader.texts(json.get("sensitive-variables"), "sensitive-variables");
    for builder in reader.list(json.get("builders"), "builders") {
        let Some(part) = reader.part(builder, "builder") else {
            continue;
        };
        let name = |part: &Part| part.name.clone().unwrap_or_else(|| part.kind.clone());
        match parts.builders.iter().find(|known| name(known) == name(&part)) {
            Some(known) => {
                let mut fault = Fault::at(
                    builder.span,
                    "duplicate",
                    format!("there are two builders `{}`", name(&part)),
                )
                .help("give one of them another `name`");
                fault.also.extend(known.span);
                reader.faults.push(fault);
            }
            None => parts.builders.push(part),
        }
    }
    for provisioner in reader.list(json.get("provisioners"), "provisioners") {
        parts.provisioners.extend(reader.part(provisioner, "provisioner"));
    }
    parts.error_cleanup = json
        .get("error-cleanup-provisioner")
        .and_then(|part| reader.part(part, "provisioner"));
    for entry in reader.list(json.get("post-processors"), "post-processors") {
        let chain: Vec<&Json> = match &entry.kind {
            JsonKind::Array(items) => items.iter().collect(),
            _ => vec![entry],
        };
        parts.chains.push(
            chain
                .into_iter()
                .filter_map(|step| reader.part(step, "post-processor"))
                .collect(),
        );
    }
    if parts.builders.is_empty() && reader.faults.is_empty() {
        reader
            .faults
            .push(Fault::at(json.span, "no-source", "this template has no builders"));
    }
    parts
}

struct Reader<'a> {
    faults: &'a mut Faults,
}

impl Reader<'_> {
    fn wrong(&mut self, json: &Json, name: &str, expected: &str) {
        self.faults.push(Fault::at(
            json.span,
            "type",
            format!("`{name}`: {expected} is expected, not {}", json.friendly()),
        ));
    }

    fn version(&mut self, json: &Json, context: &Context) {
        let Some(text) = json.as_str() else {
            return self.wrong(json, "min_packer_version", "a string");
        };
        if satisfied(&format!(">= {text}"), &context.version) != Some(true) {
            self.faults.push(
                Fault::at(
                    json.span,
                    "packer-version",
                    format!(
                        "the template asks for packer {text}; this is the language of {}",
                        context.version
                    ),
                )
                .help("change `min_packer_version` if the template does not need it"),
            );
        }
    }

    fn list<'j>(&mut self, json: Option<&'j Json>, name: &str) -> &'j [Json] {
        match json.map(|json| (&json.kind, json)) {
            None | Some((JsonKind::Null, _)) => &[],
            Some((JsonKind::Array(items), _)) => items,
            // One is a list of one.
            Some((JsonKind::Object(_) | JsonKind::String(_), json)) => std::slice::from_ref(json),
            Some((_, json)) => {
                self.wrong(json, name, "a list");
                &[]
            }
        }
    }

    fn texts(&mut self, json: Option<&Json>, name: &str) -> Vec<String> {
        let items = self.list(json, name);
        let mut texts = Vec::new();
        for item in items {
            match item.as_str() {
                Some(text) => texts.push(text.to_owned()),
                None => self.wrong(item, name, "a string"),
            }
        }
        texts
    }

    fn variables(&mut self, json: &Json) -> Vec<Variable> {
        if !matches!(json.kind, JsonKind::Object(_)) {
            self.wrong(json, "variables", "an object");
        }
        let mut variables: Vec<Variable> = Vec::new();
        for property in json.properties() {
            let default = match &property.value.kind {
                JsonKind::Null => None,
                JsonKind::Array(_) | JsonKind::Object(_) => {
                    self.wrong(&property.value, &property.name, "a string");
                    continue;
                }
                _ => Some(scalar(&property.value)),
            };
            // Of two with one name the later one counts.
            variables.retain(|known| known.name != property.name);
            variables.push(Variable {
                name: property.name.clone(),
                span: property.name_span,
                default,
                at: property.value.span,
            });
        }
        variables
    }

    fn part(&mut self, json: &Json, role: &str) -> Option<Part> {
        if role == "post-processor"
            && let Some(kind) = json.as_str()
        {
            return Some(Part {
                kind: kind.to_owned(),
                span: Some(json.span),
                ..Part::default()
            });
        }
        if !matches!(json.kind, JsonKind::Object(_)) {
            self.wrong(json, role, "an object");
            return None;
        }
        let Some(kind) = json.get("type").and_then(Json::as_str).filter(|kind| !kind.is_empty()) else {
            self.faults.push(
                Fault::at(json.span, "missing-attribute", format!("this {role} has no `type`"))
                    .help("write `\"type\": \"…\"`"),
            );
            return None;
        };
        let own = OWN
            .iter()
            .find(|(known, _)| *known == role)
            .map_or(&[][..], |(_, own)| own);
        let get = |name: &str| own.contains(&name).then(|| json.get(name)).flatten();
        let mut part = Part {
            kind: kind.to_owned(),
            name: get("name").map(scalar).filter(|name| !name.is_empty()),
            span: Some(json.span),
            only: self.texts(get("only"), "only"),
            except: self.texts(get("except"), "except"),
            max_retries: get("max_retries")
                .map(scalar)
                .filter(|text| !text.is_empty() && text != "0"),
            keep_input_artifact: match get("keep_input_artifact") {
                Some(json) => match json.kind {
                    JsonKind::Bool(flag) => Some(flag),
                    _ => Some(matches!(scalar(json).as_str(), "true" | "1")),
                },
                None => None,
            },
            changed: get("override")
                .map(|json| json.properties().to_vec())
                .unwrap_or_default(),
            ..Part::default()
        };
        if let (false, false, Some(except)) = (part.only.is_empty(), part.except.is_empty(), get("except")) {
            self.faults.push(Fault::at(
                except.span,
                "only-and-except",
                "a step has either `only` or `except`",
            ));
        }
        part.pause_before = self.duration(get("pause_before"), "pause_before");
        part.timeout = self.duration(get("timeout"), "timeout");
        for property in json
            .properties()
            .iter()
            .filter(|property| !own.contains(&property.name.as_str()))
        {
            part.settings.retain(|known| known.name != property.name);
            part.settings.push(property.clone());
        }
        Some(part)
    }

    fn duration(&mut self, json: Option<&Json>, name: &str) -> i64 {
        let Some(json) = json else { return 0 };
        match duration(&scalar(json)) {
            Ok(nanoseconds) => nanoseconds,
            Err(problem) => {
                self.faults
                    .push(Fault::at(json.span, "duration", format!("`{name}`: {problem}")));
                0
            }
        }
    }
}

/// The text of what is no list and no object.
pub(in crate::import) fn scalar(json: &Json) -> String {
    match &json.kind {
        JsonKind::String(text) => text.clone(),
        JsonKind::Number(text) => {
            crate::import::value::Number::parse(text).map_or_else(|| text.clone(), |number| number.to_string())
        }
        // As the peer's weak conversion has it.
        JsonKind::Bool(true) => "1".into(),
        JsonKind::Bool(false) => "0".into(),
        _ => String::new(),
    }
}
