//! The `packer` block: which versions a template asks for; and the registry blocks.

use super::declarations::{Declared, kind};
use crate::import::{
    context::Context,
    eval::{Scope, evaluate},
    fault::{Fault, Faults},
    syntax::{Block, Body, Expr},
    value::Value,
};

/// Whether the version fits. A template for another version may have anything in it: nothing else is told then.
pub(super) fn fits(bodies: &[Body], context: &Context, faults: &mut Faults) -> bool {
    let before = faults.0.len();
    for body in bodies {
        for block in body.part(&[], &[kind("packer", 0)]).blocks {
            if let Some(attribute) = block
                .body
                .part(&["required_version"], &[])
                .attribute("required_version")
            {
                version(context, &attribute.expr, faults);
            }
        }
    }
    faults.0.len() == before
}

pub(super) fn check(declared: &Declared, context: &Context, faults: &mut Faults) {
    for block in &declared.packer {
        let content = block
            .body
            .content(&["required_version"], &[kind("required_plugins", 0)], faults);
        for plugins in content.of("required_plugins") {
            for plugin in plugins.body.attributes(faults) {
                plugin_entry(context, &plugin.name, &plugin.expr, faults);
            }
        }
    }
    for (first, block) in declared.registry.iter().zip(declared.registry.iter().skip(1)) {
        faults.push(
            Fault::at(
                block.header,
                "duplicate-block",
                "there may be one block `hcp_packer_registry`",
            )
            .also(first.header),
        );
    }
    declared.registry.iter().for_each(|block| registry(block, faults));
}

/// What a registry block may say; imagebake has no such registry.
pub(super) fn registry(block: &Block, faults: &mut Faults) {
    let names = [
        "bucket_name",
        "description",
        "labels",
        "bucket_labels",
        "build_labels",
        "channels",
    ];
    block.body.content(&names, &[], faults);
}

fn version(context: &Context, expr: &Expr, faults: &mut Faults) {
    let Some(value) = faults.keep(evaluate(context, expr, &Scope::default())) else {
        return;
    };
    let text = value.as_str().unwrap_or_default();
    match satisfied(text, &context.version) {
        Some(true) => {}
        Some(false) => faults.push(
            Fault::at(
                expr.span,
                "packer-version",
                format!(
                    "the template asks for packer {text}; this is the language of {}",
                    context.version
                ),
            )
            .help("change `required_version` if the template does not need it"),
        ),
        None => faults.push(
            Fault::at(
                expr.span,
                "packer-version",
                format!("{text:?} is no condition on a version"),
            )
            .help("write `\">= 1.7.0\"` or `\"~> 1.9\"`"),
        ),
    }
}

/// `{ version = "…", source = "host/namespace/type" }`, or a version alone.
fn plugin_entry(context: &Context, name: &str, expr: &Expr, faults: &mut Faults) {
    let Some(value) = faults.keep(evaluate(context, expr, &Scope::default())) else {
        return;
    };
    let problem = |message: String, help: &str| Fault::at(expr.span, "required-plugin", message).help(help);
    let form = "write `{ source = \"github.com/NAMESPACE/TYPE\", version = \">= 1.0.0\" }`";
    let entries = match &value {
        Value::String(_) => return faults.push(problem(format!("plugin `{name}` has no source"), form)),
        other => match other.entries() {
            Some(entries) => entries,
            None => return faults.push(problem(format!("plugin `{name}` is not described as an object"), form)),
        },
    };
    for (key, value) in entries {
        match (key.as_str(), value.as_str()) {
            ("version", Some(text)) if satisfied(text, "0.0.0").is_none() => {
                faults.push(problem(
                    format!("plugin `{name}`: {text:?} is no condition on a version"),
                    form,
                ));
            }
            ("source", Some(text)) if text.split('/').count() < 2 => {
                faults.push(problem(
                    format!("plugin `{name}`: {text:?} is no source of a plugin"),
                    form,
                ));
            }
            ("version" | "source", Some(_)) => {}
            ("version" | "source", None) => faults.push(problem(format!("plugin `{name}`: `{key}` is no text"), form)),
            (other, _) => faults.push(problem(
                format!("plugin `{name}`: `{other}` is not expected here"),
                form,
            )),
        }
    }
    if !entries.contains_key("source") {
        faults.push(problem(format!("plugin `{name}` has no source"), form));
    }
}

/// Whether a version meets all conditions: `>= 1.7, < 2`. Nothing if they cannot be read.
pub(in crate::import) fn satisfied(conditions: &str, version: &str) -> Option<bool> {
    let version = numbers(version)?.0;
    let mut all = true;
    for condition in conditions.split(',') {
        let condition = condition.trim();
        let at = condition.find(|c: char| c.is_ascii_digit() || c == 'v')?;
        let (operator, wanted) = (condition[..at].trim(), numbers(condition[at..].trim())?);
        let (wanted, given) = wanted;
        all &= match operator {
            "" | "=" => version == wanted,
            "!=" => version != wanted,
            ">" => version > wanted,
            ">=" => version >= wanted,
            "<" => version < wanted,
            "<=" => version <= wanted,
            // All but the last given number must be the same.
            "~>" => {
                version >= wanted
                    && version[..given.saturating_sub(1).max(1)] == wanted[..given.saturating_sub(1).max(1)]
            }
            _ => return None,
        };
    }
    Some(all)
}

/// Three numbers, and how many were given. What follows a hyphen or plus is not compared.
fn numbers(text: &str) -> Option<([u64; 3], usize)> {
    let text = text.trim_start_matches('v');
    let core = text.split(['-', '+']).next()?;
    let mut out = [0; 3];
    let mut count = 0;
    for part in core.split('.') {
        *out.get_mut(count)? = part.parse().ok()?;
        count += 1;
    }
    Some((out, count))
}
