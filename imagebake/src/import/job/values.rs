//! Files with values beside a template that packer reads without being told: they stay data.

use super::folder;
use crate::import::{
    context::Context,
    evaluate,
    fault::Faults,
    input::{self, Input},
    known::Known,
    syntax::parse_file,
};
use serde_json::Map;
use std::{collections::BTreeSet, path::Path};

/// What a module reads its values from.
pub(super) struct Own {
    /// As seen from where packer was started.
    pub(super) path: String,
    /// A file of the package, where no file of the template can be read as it is: its name, and what it says.
    pub(super) made: Option<(String, String)>,
}

/// The file with a template's own values. Several become one, as one does that also has values of other templates' variables.
pub(super) fn own(input: &Input, context: &Context, name: &str, package: &Path) -> Option<Own> {
    let files = input.own_value_files().ok()?;
    let keys = keys(&files, context);
    if keys.is_empty() {
        return None;
    }
    // Without what is given besides.
    let bare = Input {
        var_files: Vec::new(),
        vars: Vec::new(),
        ..input.clone()
    };
    let mut context = context.clone();
    context.env.retain(|name, _| !name.starts_with("PKR_VAR_"));
    let (plan, _) = evaluate(&bare, &context, &Known::new());
    let (declared, other): (Vec<&String>, Vec<&String>) =
        keys.iter().partition(|key| plan.variables.contains_key(*key));
    let paths: Vec<&Path> = files.all().map(|(path, _)| path).collect();
    if let ([path], true) = (paths.as_slice(), other.is_empty()) {
        return Some(Own {
            path: folder::relative(&context.cwd, path),
            made: None,
        });
    }
    let values: Map<String, serde_json::Value> = declared
        .into_iter()
        .map(|key| (key.clone(), plan.variables[key].to_json()))
        .collect();
    let file = format!("{name}.values.json");
    let text = serde_json::to_string_pretty(&values).unwrap_or_default();
    Some(Own {
        path: [folder::relative(&context.cwd, package), file.clone()]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join("/"),
        made: Some((file, text + "\n")),
    })
}

/// The names of what the files set.
fn keys(files: &input::Files, context: &Context) -> BTreeSet<String> {
    let mut faults = Faults::default();
    let mut keys = BTreeSet::new();
    for (path, json) in files.all() {
        if let Ok(file) = input::read(context, path) {
            let body = parse_file(&context.sources, file, json, &mut faults);
            keys.extend(body.attributes(&mut faults).into_iter().map(|attribute| attribute.name));
        }
    }
    keys
}
