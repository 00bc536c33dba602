//! The body of an image's function: its statements in groups, the chain that makes the image, and what names it needs.

use super::{
    Takes,
    model::{Build, Step},
    writer::Writer,
};
use crate::import::{
    syntax::{Expr, ExprKind},
    value::Value,
};

/// What an image is made with.
pub(super) enum Call {
    /// `.provision(…)`
    One(String),
    /// A loop that adds steps.
    Loop(String),
}

/// The statements that make the image, bound to `name` where there are loops, and the expression that it is then.
pub(super) fn assembled(calls: &[Call], name: &str) -> (String, String) {
    let mut statements = String::new();
    let mut chain = "Image::new()".to_owned();
    let mut bound = false;
    for call in calls {
        match call {
            Call::One(call) => chain.push_str(&format!("\n{call}")),
            Call::Loop(text) => {
                if !bound {
                    statements.push_str(&format!("let mut {name} = {chain};\n"));
                } else if chain != name {
                    statements.push_str(&format!("{name} = {chain};\n"));
                }
                statements.push_str(text);
                bound = true;
                chain = name.to_owned();
            }
        }
    }
    (statements, chain)
}

/// Longer bodies have a blank line between what is computed, sources, steps and what follows them.
const SHORT: usize = 600;

/// The statements of a body, with blank lines between groups, which end at `ends`.
pub(super) fn grouped(statements: &str, ends: &[usize]) -> String {
    if statements.len() < SHORT {
        return statements.to_owned();
    }
    let mut out = String::new();
    let mut start = 0;
    for end in ends.iter().copied().chain([statements.len()]) {
        let group = &statements[start..end];
        if !out.is_empty() && !group.is_empty() {
            out.push('\n');
        }
        out.push_str(group);
        start = end;
    }
    out
}

/// The one item of a list as it is written.
pub(super) fn only_item(list: &Expr) -> Option<&Expr> {
    match &list.kind {
        ExprKind::Tuple(items) if items.len() == 1 => items.first(),
        _ => None,
    }
}

/// A name that an image may have.
pub(super) fn image_name(name: &str) -> String {
    let allowed = |c: char| {
        if c.is_alphanumeric() || matches!(c, '-' | '_') {
            c
        } else {
            '-'
        }
    };
    let name: String = name.chars().map(allowed).collect();
    match name.trim_start_matches('-') {
        "" => "image".to_owned(),
        name => name.to_owned(),
    }
}

pub(super) fn documented(build: &Build) -> String {
    let lines: Vec<String> = match &build.description {
        Some(description) if !description.trim().is_empty() => description.lines().map(str::to_owned).collect(),
        _ => build.comments.clone(),
    };
    lines
        .iter()
        .map(|line| format!("/// {}\n", line.trim()).replace("/// \n", "///\n"))
        .collect()
}

/// Whether a chain takes what one kind of source makes: by its first step that is known.
pub(super) fn particular(chain: &[Step]) -> bool {
    let known = chain.iter().find_map(|step| super::component::takes(&step.kind));
    known == Some(Takes::Particular)
}

/// Statements that nothing can use yet.
pub(super) fn commented(statements: &str) -> String {
    let lines = statements.lines().map(|line| match line.starts_with("//") {
        true => format!("{line}\n"),
        false => format!("// {line}\n"),
    });
    lines.collect()
}

/// A name that says what a step does: its own, that of its script, that of its kind.
pub(super) fn named_after(step: &Step, writer: &Writer<'_>) -> String {
    let constant = |expr: &Expr| writer.constant(expr);
    let text = |name: &str| {
        let value = constant(step.settings.expr(name)?)?;
        let first = value.items().and_then(|items| items.first()).unwrap_or(&value).clone();
        first.as_str().map(str::to_owned)
    };
    let stem = |path: String| {
        let name = path
            .rsplit(['/', '\\'])
            .find(|part| !part.is_empty())
            .unwrap_or_default()
            .to_owned();
        let stem = name
            .split('.')
            .find(|part| !part.is_empty())
            .unwrap_or_default()
            .to_owned();
        (stem.len() > 1
            && stem.len() < 40
            && stem.starts_with(|c: char| c.is_ascii_alphabetic())
            && !stem.contains("{{"))
        .then_some(stem)
    };
    if let Some(name) = step
        .options
        .name
        .as_ref()
        .and_then(constant)
        .as_ref()
        .and_then(Value::as_str)
        && !name.is_empty()
    {
        return name.to_owned();
    }
    let scripted = ["script", "scripts", "playbook_file", "playbook_files", "manifest_file"]
        .into_iter()
        .find_map(text)
        .and_then(stem);
    if let Some(name) = scripted {
        return name;
    }
    if step.kind == "file"
        && let Some(name) = text("source").and_then(stem)
    {
        return format!("upload_{name}");
    }
    step.kind.clone()
}
