//! The JSON Schema of a program's values files, so that editors check and complete them while they are written.

use super::{VariableMeta, input_type::properties};
use crate::registry::ImageEntry;
use serde_json::{Map, Value as Json, json};

/// The schema of values files for `images`: the draft that editors know best.
///
/// A variable that several images declare may be what any of them takes; in the table of an image it is what that image takes.
pub fn values_schema(images: &[ImageEntry]) -> Json {
    let mut all: Map<String, Json> = Map::new();
    // Tells an editor which schema a JSON file has.
    all.insert("$schema".to_owned(), json!({"type": "string"}));
    for image in images {
        for variable in variables(image) {
            let schema = variable.schema();
            match all.get_mut(variable.name) {
                None => {
                    all.insert(variable.name.to_owned(), schema);
                }
                Some(known) => either(known, schema),
            }
        }
    }
    for image in images {
        let table = json!({
            "type": "object",
            "description": format!("Values for the image `{}` alone. {}", image.name, image.doc.trim()).trim(),
            "properties": properties(variables(image)),
            "additionalProperties": false,
        });
        all.insert(image.name.clone().into_owned(), table);
    }
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Values of the images",
        "type": "object",
        "properties": all,
        "additionalProperties": false,
    })
}

fn variables(image: &ImageEntry) -> &'static [VariableMeta] {
    (image.variables)()
}

/// `known` or `other`.
fn either(known: &mut Json, other: Json) {
    if *known == other {
        return;
    }
    // A list made here has nothing beside it; the schema of a number has.
    match known.as_object_mut() {
        Some(map) if map.len() == 1 && map.contains_key("anyOf") => {
            if let Some(several) = map["anyOf"].as_array_mut().filter(|several| !several.contains(&other)) {
                several.push(other);
            }
        }
        _ => *known = json!({"anyOf": [known.take(), other]}),
    }
}
