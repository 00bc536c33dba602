//! The inputs of images: what `inspect` says of them, and `build web --help` adds to the help of the command.

use super::args::suggestion;
use crate::{
    names::any_matches,
    registry::ImageEntry,
    reporter::Style,
    variables::{InputType, Syntax, VariableMeta},
};
use std::{ffi::OsString, fmt::Write};

/// Commands whose words are images.
const OF_IMAGES: &[&str] = &["build", "plan", "validate", "inspect"];

/// The command that asks for help on images, and what is added to its help; none where the words name no image.
pub(super) fn help(words: &[OsString], images: &[ImageEntry]) -> Option<(&'static str, String)> {
    let words: Vec<&str> = words.iter().skip(1).filter_map(|word| word.to_str()).collect();
    let at = words.iter().position(|word| OF_IMAGES.contains(word))?;
    let command = OF_IMAGES.iter().find(|command| **command == words[at])?;
    let mut out = String::new();
    let mut shown: Vec<&str> = Vec::new();
    for (index, word) in words.iter().enumerate().skip(at + 1) {
        let found = images
            .iter()
            .filter(|image| any_matches(word, &[image.name.clone().into_owned()]));
        let before = shown.len();
        for image in found {
            if !shown.contains(&&*image.name) {
                shown.push(&image.name);
                of_image(&mut out, image);
            }
        }
        // What follows an option is its value; only a first word that is no option is surely meant for an image.
        let surely = index == at + 1 && !word.starts_with('-');
        if shown.len() == before && surely && !images.is_empty() {
            let near = suggestion(word, images.iter().map(|image| &*image.name));
            let _ = writeln!(out, "There is no image `{word}`: {near}");
        }
    }
    (!out.is_empty()).then(|| (*command, out.trim_end().to_owned()))
}

fn of_image(out: &mut String, image: &ImageEntry) {
    let variables = (image.variables)();
    if variables.is_empty() {
        let _ = writeln!(out, "`{}` has no inputs.\n", image.name);
        return;
    }
    let _ = writeln!(
        out,
        "Inputs of {}, for --var, --values and IMAGEBAKE_VAR_<name>:",
        image.name
    );
    rows(out, variables, Style::default());
    if let Some(file) = image.values_file {
        let _ = writeln!(out, "  values file: {file}");
    }
    out.push('\n');
}

/// Each input with what it is, what it is for, and a right value.
pub(super) fn rows(out: &mut String, variables: &[VariableMeta], style: Style) {
    nested(out, "", variables, style);
}

fn nested(out: &mut String, within: &str, variables: &[VariableMeta], style: Style) {
    for variable in variables {
        let need = match (variable.default_shown(), variable.optional) {
            (Some(default), _) => format!("default {default}"),
            (_, true) => "optional".to_owned(),
            (_, false) => "required".to_owned(),
        };
        let name = format!("{within}{}", variable.name);
        let words = variable.ty.words();
        let secret = if variable.secret && words != "a secret" {
            ", secret"
        } else {
            ""
        };
        let env = variable.env.map(|name| format!(", from {name}")).unwrap_or_default();
        let _ = writeln!(
            out,
            "  {}  {}",
            style.cyan(&name),
            style.dim(format!("{words}, {need}{secret}{env}"))
        );
        for line in variable.help.lines().filter(|line| !line.trim().is_empty()) {
            let _ = writeln!(out, "      {}", line.trim());
        }
        if let Some(regex) = variable.matches {
            let _ = writeln!(out, "      {}", style.dim(format!("matches {regex}")));
        }
        if let (Some(example), "", false) = (variable.example(), within, variable.secret) {
            let example = Syntax::CommandLine.written(variable.name, &example);
            let _ = writeln!(out, "      {}", style.dim(format!("for example: {example}")));
        }
        match variable.ty {
            InputType::Struct(fields) => nested(out, &format!("{name}."), fields, style),
            InputType::List(InputType::Struct(fields)) => nested(out, &format!("{name}[].",), fields, style),
            InputType::Map(InputType::Struct(fields)) => nested(out, &format!("{name}.*."), fields, style),
            _ => {}
        }
    }
}
