//! A plan that was written down, read back: what `plan --save` writes, which is what `plan --output json --all` prints.
//!
//! Only what comparing needs is read; what a later version of the same format adds is passed over.

use super::json::VERSION;
use crate::{
    error::{Error, ErrorKind, Result},
    field::Place,
};
use serde::Deserialize;
use serde_json::{Map, Value as Json};

/// A plan, its defaults included.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct SavedPlan {
    /// In the order of the plan.
    pub units: Vec<SavedUnit>,
}

/// One unit of a saved plan.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct SavedUnit {
    /// `web.oci`.
    pub name: String,
    /// The image's name.
    pub image: String,
    /// The source's name.
    pub source: String,
    /// The source's kind.
    pub kind: String,
    /// Where the source stood.
    pub place: Place,
    /// The source's settings.
    pub settings: Vec<SavedSetting>,
    /// In order.
    pub steps: Vec<SavedStep>,
    /// In order.
    pub error_cleanup: Vec<SavedStep>,
    /// Each a sequence of post-processors.
    pub chains: Vec<Vec<SavedStep>>,
}

/// A step or post-processor of a saved plan.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct SavedStep {
    /// Its kind, or what `.named` said.
    pub name: String,
    /// Its kind.
    pub kind: String,
    /// Where it stood.
    pub place: Place,
    /// Its settings.
    pub settings: Vec<SavedSetting>,
    /// The options that every step has, those that were set.
    pub options: Map<String, Json>,
}

/// A setting of a saved plan.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct SavedSetting {
    /// Its name.
    pub name: String,
    /// Its value; secrets by name.
    pub value: Json,
    /// Where it was set; `None` where the default stood.
    #[serde(default)]
    pub place: Option<Place>,
}

impl SavedPlan {
    /// Reads the text of a saved plan; `name` is what errors call it, the file's.
    ///
    /// # Errors
    /// When it is not one, or one that this version cannot compare.
    pub fn read(name: &str, text: &[u8]) -> Result<Self> {
        let json: Json = serde_json::from_slice(text).map_err(|error| {
            wrong(name, "is not a saved plan: it is not JSON")
                .because(error)
                .hint(ANEW)
        })?;
        Self::from_json(name, json)
    }

    /// Reads a plan from its JSON form.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn from_json(name: &str, json: Json) -> Result<Self> {
        match json.get("version").and_then(Json::as_u64) {
            Some(version) if version > u64::from(VERSION) => {
                let message =
                    format!("is a plan in version {version} of the format, and this program reads version {VERSION}");
                return Err(wrong(name, &message).hint(
                    "compare with a program of the imagebake that wrote it, or write it anew with `plan --save`",
                ));
            }
            Some(_) if json.get("units").is_some_and(Json::is_array) => {}
            _ => {
                return Err(wrong(
                    name,
                    "is JSON, but not a saved plan: `version` and `units` are expected",
                )
                .hint(ANEW));
            }
        }
        // Without the defaults of then, a default that has changed would go unseen.
        if json.get("all").and_then(Json::as_bool) != Some(true) {
            return Err(
                wrong(name, "is a plan without the settings that stood at their defaults")
                    .hint("write it with `plan --save FILE`, or print it with `plan --output json --all`"),
            );
        }
        serde_json::from_value(json).map_err(|error| wrong(name, "is a damaged plan").because(error).hint(ANEW))
    }
}

const ANEW: &str = "write one with `plan --save FILE`";

fn wrong(name: &str, what: &str) -> Error {
    Error::new(ErrorKind::Integrity, format!("{name} {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_no_plan_is_told_apart() {
        let refused = |text: &str| SavedPlan::read("p", text.as_bytes()).expect_err("refused").full();
        for (text, told) in [
            ("units = 1", "is not JSON"),
            ("", "is not JSON"),
            ("[]", "`version` and `units`"),
            ("{\"version\":1}", "`version` and `units`"),
            ("{\"version\":99}", "version 99"),
            ("{\"version\":1,\"units\":[]}", "without the settings"),
            ("{\"version\":1,\"units\":[],\"all\":false}", "without the settings"),
            ("{\"version\":1,\"units\":[{}],\"all\":true}", "damaged"),
        ] {
            let message = refused(text);
            assert!(message.contains(told), "{text}: {message}");
        }
    }

    #[test]
    fn what_is_new_in_the_format_is_passed_over() {
        let plan = json!({"version": 1, "all": true, "units": [], "later": {"x": 1}});
        assert!(SavedPlan::from_json("p", plan).expect("a plan").units.is_empty());
    }
}
