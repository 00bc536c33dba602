//! Are two plans the same? Both as JSON in the shape of [`plan`](super::plan).
//!
//! The same is: a value against its spelling as a string; an absent attribute against null and, counted as a default, against the zero of
//! its type; what only a running build knows (`<unknown>`, `{{ … }}`) against `{{ … }}`; lengths of time of one length; a leading `./`;
//! an attribute of ours listed as superseded. Nothing else is.

use regex::Regex;
use serde_json::{Map, Value as Json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

/// What stands for a value that is left open.
const OPEN: &str = "<unknown>";
static RUNTIME: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?s)\{\{.*?\}\}|<unknown>").expect("it is a pattern"));
static DURATION: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^(?:(?:\d+(?:\.\d+)?)(?:h|ms|us|µs|ns|m|s))+$").expect("it is a pattern"));
static PART: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(\d+(?:\.\d+)?)(h|ms|us|µs|ns|m|s)").expect("it is a pattern"));

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    /// `path: theirs …, ours …`
    pub differences: Vec<String>,
    /// How many defaults one side spells out.
    pub defaults: usize,
    /// How many attributes are superseded.
    pub superseded: usize,
}

/// Compares the peer's plan with ours.
pub fn compare(theirs: &Json, ours: &Json) -> Comparison {
    let mut comparison = Comparison::default();
    comparison.plans(theirs, ours);
    comparison
}

/// Compares two values by the same rules: variables, locals.
pub fn compare_values(theirs: &Json, ours: &Json) -> Vec<String> {
    let mut comparison = Comparison::default();
    comparison.values("", Some(theirs), Some(ours), &[]);
    comparison.differences
}

/// How many values of a plan are left open: those that depend on what nobody was asked for.
pub fn open(plan: &Json) -> usize {
    match plan {
        Json::String(text) => usize::from(text == OPEN),
        Json::Array(items) => items.iter().map(open).sum(),
        Json::Object(items) => items.values().map(open).sum(),
        _ => 0,
    }
}

/// A plan in which values that are left open are those of `known`, where that has them; and how many those are. Whoever records a plan
/// without asking any data source leaves open what the one that asks nobody, `null`, says.
pub fn filled(plan: &Json, known: &Json) -> (Json, usize) {
    match (plan, known) {
        (Json::String(text), Json::String(value)) if text == OPEN && value != OPEN => (known.clone(), 1),
        (Json::Array(items), Json::Array(others)) if items.len() == others.len() => {
            let pairs = items.iter().zip(others).map(|(item, other)| filled(item, other));
            let (items, counts): (Vec<Json>, Vec<usize>) = pairs.unzip();
            (items.into(), counts.iter().sum())
        }
        (Json::Object(items), Json::Object(others)) => {
            let mut count = 0;
            let items: Map<String, Json> = items
                .iter()
                .map(|(name, item)| {
                    let (item, found) = others
                        .get(name)
                        .map_or_else(|| (item.clone(), 0), |other| filled(item, other));
                    count += found;
                    (name.clone(), item)
                })
                .collect();
            (items.into(), count)
        }
        _ => (plan.clone(), 0),
    }
}

fn scalar(value: &Json) -> String {
    let text = match value {
        Json::Bool(flag) => return flag.to_string(),
        Json::Number(number) => match number.as_f64() {
            #[expect(clippy::cast_possible_truncation, reason = "it is whole and small")]
            Some(float) if float.fract() == 0.0 && float.abs() < 9e15 => return (float as i64).to_string(),
            _ => return number.to_string(),
        },
        Json::String(text) => RUNTIME.replace_all(text, "<run>").into_owned(),
        _ => return String::new(),
    };
    // Below zero is none, as in Rust.
    if text.strip_prefix('-').is_some_and(|length| DURATION.is_match(length)) {
        return "0ns".to_owned();
    }
    if DURATION.is_match(&text) {
        let nanoseconds: f64 = PART
            .captures_iter(&text)
            .map(|part| {
                let unit = match &part[2] {
                    "h" => 3600e9,
                    "m" => 60e9,
                    "s" => 1e9,
                    "ms" => 1e6,
                    "ns" => 1.0,
                    _ => 1e3,
                };
                part[1].parse::<f64>().unwrap_or(0.0) * unit
            })
            .sum();
        return format!("{nanoseconds:.0}ns");
    }
    text.strip_prefix("./").map_or_else(|| text.clone(), str::to_owned)
}

fn zero(value: Option<&Json>) -> bool {
    match value {
        None | Some(Json::Null | Json::Bool(false)) => true,
        Some(Json::Number(number)) => number.as_f64() == Some(0.0),
        Some(Json::String(text)) => matches!(text.as_str(), "" | "0" | "false"),
        Some(Json::Array(items)) => items.is_empty(),
        Some(Json::Object(items)) => items.is_empty(),
        Some(Json::Bool(true)) => false,
    }
}

fn present(value: Option<&Json>) -> Option<&Json> {
    value.filter(|value| !value.is_null())
}

fn shown(value: Option<&Json>) -> String {
    let text = value.map_or_else(|| "null".to_owned(), Json::to_string);
    text.chars().take(160).collect()
}

fn keys<'a>(a: &'a Map<String, Json>, b: &'a Map<String, Json>) -> BTreeSet<&'a String> {
    a.keys().chain(b.keys()).collect()
}

fn list<'a>(value: &'a Json, name: &str) -> &'a [Json] {
    value.get(name).and_then(Json::as_array).map_or(&[], Vec::as_slice)
}

impl Comparison {
    fn differ(&mut self, path: &str, theirs: Option<&Json>, ours: Option<&Json>) {
        self.differences
            .push(format!("{path}: peer {}, ours {}", shown(theirs), shown(ours)));
    }

    fn values(&mut self, path: &str, theirs: Option<&Json>, ours: Option<&Json>, superseded: &[String]) {
        match (theirs, ours) {
            (Some(Json::Object(a)), Some(Json::Object(b))) => {
                for key in keys(a, b) {
                    self.member(
                        &format!("{path}.{key}"),
                        a.get(key),
                        b.get(key),
                        superseded.contains(key),
                    );
                }
            }
            (Some(Json::Array(a)), Some(Json::Array(b))) => {
                if a.len() != b.len() {
                    return self.differ(path, theirs, ours);
                }
                for (i, (a, b)) in a.iter().zip(b).enumerate() {
                    self.values(&format!("{path}[{i}]"), Some(a), Some(b), &[]);
                }
            }
            (Some(Json::Object(_) | Json::Array(_) | Json::Null) | None, _)
            | (_, Some(Json::Object(_) | Json::Array(_) | Json::Null) | None) => {
                if !(zero(theirs) && zero(ours)) {
                    self.differ(path, theirs, ours);
                }
            }
            (Some(a), Some(b)) => {
                if scalar(a) != scalar(b) {
                    self.differ(path, theirs, ours);
                }
            }
        }
    }

    fn member(&mut self, path: &str, theirs: Option<&Json>, ours: Option<&Json>, superseded: bool) {
        let (theirs, ours) = (present(theirs), present(ours));
        if theirs.is_none() && ours.is_none() {
            return;
        }
        if superseded {
            self.superseded += 1;
        } else if (theirs.is_none() || ours.is_none()) && zero(theirs) && zero(ours) {
            self.defaults += 1;
        } else {
            self.values(path, theirs, ours, &[]);
        }
    }

    fn step(&mut self, path: &str, theirs: Option<&Json>, ours: Option<&Json>) {
        let (Some(a), Some(b)) = (theirs, ours) else {
            let kind = |step: Option<&Json>| step.and_then(|step| step.get("type")).cloned();
            return self.differ(path, kind(theirs).as_ref(), kind(ours).as_ref());
        };
        for key in [
            "type",
            "pause_before",
            "timeout",
            "max_retries",
            "continue_on_error",
            "keep_input_artifact",
        ] {
            self.member(&format!("{path}.{key}"), a.get(key), b.get(key), false);
        }
        let merged = |step: &Json| {
            let mut all = step
                .get("config")
                .and_then(Json::as_object)
                .cloned()
                .unwrap_or_default();
            all.extend(
                step.get("override")
                    .and_then(Json::as_object)
                    .cloned()
                    .unwrap_or_default(),
            );
            Json::Object(all)
        };
        let superseded = b.get("superseded").and_then(Json::as_object);
        let names: Vec<String> = superseded.iter().flat_map(|map| map.keys().cloned()).collect();
        self.values(path, Some(&merged(a)), Some(&merged(b)), &names);
    }

    fn steps(&mut self, path: &str, theirs: &[Json], ours: &[Json]) {
        for i in 0..theirs.len().max(ours.len()) {
            let path = format!("{path}[{i}]");
            let (a, b) = (theirs.get(i), ours.get(i));
            if a.or(b).is_some_and(Json::is_array) {
                let inner = |side: Option<&Json>| side.and_then(Json::as_array).cloned().unwrap_or_default();
                self.steps(&path, &inner(a), &inner(b));
            } else {
                self.step(&path, a, b);
            }
        }
    }

    /// Units are paired by component and source, in order: names of builds are ours to choose.
    fn plans(&mut self, theirs: &Json, ours: &Json) {
        let by_name = |plan| {
            let mut units: BTreeMap<String, Vec<Json>> = BTreeMap::new();
            for unit in list(plan, "builds") {
                let kind = unit.get("type").and_then(Json::as_str).unwrap_or_default();
                let source = unit.get("source").and_then(Json::as_str).unwrap_or(kind);
                let name = source.strip_prefix(&format!("{kind}.")).unwrap_or(source);
                units.entry(format!("{kind} {name}")).or_default().push(unit.clone());
            }
            units
        };
        let (theirs, ours) = (by_name(theirs), by_name(ours));
        let names: BTreeSet<&String> = theirs.keys().chain(ours.keys()).collect();
        for name in names {
            let none = Vec::new();
            let (a, b) = (theirs.get(name).unwrap_or(&none), ours.get(name).unwrap_or(&none));
            if a.len() != b.len() {
                self.differ(&format!("unit {name}"), Some(&a.len().into()), Some(&b.len().into()));
                continue;
            }
            for (a, b) in a.iter().zip(b) {
                self.step(name, Some(a), Some(b));
                self.steps(
                    &format!("{name}.provisioner"),
                    list(a, "provisioners"),
                    list(b, "provisioners"),
                );
                let cleanup = |unit: &Json| {
                    unit.get("error_cleanup_provisioner")
                        .cloned()
                        .into_iter()
                        .collect::<Vec<_>>()
                };
                self.steps(&format!("{name}.error_cleanup"), &cleanup(a), &cleanup(b));
                self.steps(
                    &format!("{name}.post_processor"),
                    list(a, "post_processors"),
                    list(b, "post_processors"),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn differences(theirs: Json, ours: Json) -> Vec<String> {
        let unit = |config: Json| json!({"builds": [{"type": "null", "source": "null.a", "config": config}]});
        compare(&unit(theirs), &unit(ours)).differences
    }

    #[test]
    fn spellings_of_one_value_are_the_same() {
        let theirs = json!({"a": 2.5, "b": true, "c": "90s", "d": "./x", "e": "{{ .Vars }} x", "f": "<unknown>"});
        let ours = json!({"a": "2.5", "b": "true", "c": "1m30s", "d": "x", "e": "{{.Vars}} x", "f": "{{ build `ID` }}", "g": [], "h": 0});
        assert_eq!(differences(theirs, ours), Vec::<String>::new());
    }

    #[test]
    fn everything_else_differs() {
        for (theirs, ours) in [
            (json!({"a": "x"}), json!({"a": "y"})),
            (json!({"a": ["x"]}), json!({"a": "x"})),
            (json!({"a": 1}), json!({})),
            (json!({}), json!({"a": true})),
            (json!({"a": ["x", "y"]}), json!({"a": ["y", "x"]})),
            (json!({"a": {"b": "1s"}}), json!({"a": {"b": "2s"}})),
        ] {
            assert!(!differences(theirs.clone(), ours.clone()).is_empty(), "{theirs} {ours}");
        }
    }

    #[test]
    fn what_is_left_open_is_counted_and_filled_where_it_is_known() {
        let plan = json!({"a": ["<unknown>", "x"], "b": "<unknown>", "c": 1});
        let known = json!({"a": ["y", "z"], "b": "<unknown>"});
        assert_eq!(open(&plan), 2);
        let (plan, count) = filled(&plan, &known);
        assert_eq!((plan, count), (json!({"a": ["y", "x"], "b": "<unknown>", "c": 1}), 1));
    }

    #[test]
    fn units_and_steps_are_counted() {
        let one = json!({"builds": [{"type": "null", "source": "null.a", "provisioners": [{"type": "shell"}]}]});
        let other = json!({"builds": [{"type": "null", "source": "null.a", "provisioners": []}]});
        assert_eq!(
            compare(&one, &other).differences,
            ["null a.provisioner[0]: peer \"shell\", ours null"]
        );
        assert_eq!(
            compare(&one, &json!({"builds": []})).differences,
            ["unit null a: peer 1, ours 0"]
        );
    }
}
