//! The configuration of a component: the body of its block, converted by its schema.

use super::dynamic;
use crate::import::{
    context::Context,
    eval::{Scope, evaluate},
    fault::{Fault, Faults, UNKNOWN_ATTRIBUTE},
    schema::{Schema, Setting},
    syntax::{Attribute, BlockKind, Body},
    value::{Type, Value, convert},
};
use std::collections::BTreeMap;

/// The bodies of one component as one configuration: a build may add to a source. `own` are attributes that do not belong to it.
pub(super) fn decode(
    context: &Context,
    bodies: &[&Body],
    own: &[&str],
    schema: Option<&Schema>,
    scope: &Scope,
    faults: &mut Faults,
) -> Value {
    match schema {
        Some(schema) => typed(context, bodies, own, schema, scope, faults),
        None => as_written(context, bodies, own, scope, faults),
    }
}

fn typed(
    context: &Context,
    bodies: &[&Body],
    own: &[&str],
    schema: &Schema,
    scope: &Scope,
    faults: &mut Faults,
) -> Value {
    let is_value = |setting: &&Setting| matches!(setting, Setting::Value(_));
    let mut names: Vec<&str> = schema
        .settings
        .iter()
        .filter(|(_, setting)| is_value(setting))
        .map(|(name, _)| name.as_str())
        .collect();
    names.extend(own);
    let kinds: Vec<BlockKind<'_>> = schema
        .settings
        .iter()
        .filter(|(_, setting)| !is_value(setting))
        .map(|(name, _)| BlockKind { name, labels: 0 })
        .collect();
    let mut out = BTreeMap::new();
    let mut blocks = Vec::new();
    let mut attributes: Vec<Attribute> = Vec::new();
    for body in bodies {
        let mut found = Faults::default();
        let (content, expanded) = dynamic::content(context, body, &names, &kinds, scope, &mut found);
        for mut fault in found.0 {
            // Of a component, which may have more in other versions.
            if matches!(fault.code, "unexpected-attribute" | "unexpected-block") {
                fault.code = UNKNOWN_ATTRIBUTE;
            }
            faults.push(Box::new(fault));
        }
        blocks.extend(expanded);
        attributes.extend(
            content
                .attributes
                .into_iter()
                .filter(|attribute| !own.contains(&attribute.name.as_str())),
        );
    }
    twice(&attributes, faults);
    for attribute in &attributes {
        let Some(Setting::Value(ty)) = schema.settings.get(&attribute.name) else {
            continue;
        };
        let value = evaluate(context, &attribute.expr, scope).and_then(|value| {
            convert(&value, ty).map_err(|problem| {
                Fault::at(
                    attribute.expr.span,
                    "type",
                    format!("the value of `{}` does not fit: {problem}", attribute.name),
                )
            })
        });
        if let Some(value) = faults.keep(value) {
            out.insert(attribute.name.clone(), placeholder(value));
        }
    }
    for (name, setting) in &schema.settings {
        let of_kind: Vec<_> = blocks.iter().filter(|scoped| scoped.block.kind == *name).collect();
        match setting {
            Setting::Value(_) => {}
            Setting::Block(inner) => {
                if let [_, second, ..] = of_kind.as_slice() {
                    faults.push(
                        Fault::at(
                            second.block.header,
                            "duplicate-block",
                            format!("there may be one block `{name}` here"),
                        )
                        .also(of_kind[0].block.header),
                    );
                }
                if let Some(first) = of_kind.first() {
                    out.insert(
                        name.clone(),
                        typed(context, &[&first.block.body], &[], inner, &first.scope, faults),
                    );
                }
            }
            Setting::Blocks(inner) => {
                let items = of_kind
                    .iter()
                    .map(|scoped| typed(context, &[&scoped.block.body], &[], inner, &scoped.scope, faults))
                    .collect();
                out.insert(name.clone(), Value::Tuple(items));
            }
        }
    }
    Value::Object(out)
}

/// Without a schema: attributes with the values that they have, blocks of one kind as a list.
fn as_written(context: &Context, bodies: &[&Body], own: &[&str], scope: &Scope, faults: &mut Faults) -> Value {
    let mut out = BTreeMap::new();
    let mut attributes = Vec::new();
    for body in bodies {
        let everything = body.everything();
        let mut names: Vec<&str> = everything
            .blocks
            .iter()
            .map(|block| block.kind.as_str())
            .filter(|kind| *kind != "dynamic")
            .collect();
        names.extend(
            everything
                .of("dynamic")
                .filter_map(|block| block.labels.first())
                .map(|(name, _)| name.as_str()),
        );
        names.sort_unstable();
        names.dedup();
        let labels = |name: &str| everything.of(name).next().map_or(0, |block| block.labels.len());
        let kinds: Vec<BlockKind<'_>> = names
            .iter()
            .map(|name| BlockKind {
                name,
                labels: labels(name),
            })
            .collect();
        let known: Vec<&str> = everything
            .attributes
            .iter()
            .map(|attribute| attribute.name.as_str())
            .collect();
        let (content, blocks) = dynamic::content(context, body, &known, &kinds, scope, faults);
        for scoped in blocks {
            let value = as_written(context, &[&scoped.block.body], &[], &scoped.scope, faults);
            match out
                .entry(scoped.block.kind.clone())
                .or_insert_with(|| Value::Tuple(Vec::new()))
            {
                Value::Tuple(items) => items.push(value),
                _ => faults.push(Fault::at(
                    scoped.block.header,
                    "unexpected-block",
                    "an attribute has this name too",
                )),
            }
        }
        attributes.extend(
            content
                .attributes
                .into_iter()
                .filter(|attribute| !own.contains(&attribute.name.as_str())),
        );
    }
    twice(&attributes, faults);
    for attribute in &attributes {
        if let Some(value) = faults.keep(evaluate(context, &attribute.expr, scope)) {
            out.insert(attribute.name.clone(), placeholder(value));
        }
    }
    Value::Object(out)
}

/// Of several bodies no two may set the same.
fn twice(attributes: &[Attribute], faults: &mut Faults) {
    for (i, attribute) in attributes.iter().enumerate() {
        if let Some(first) = attributes[..i].iter().find(|known| known.name == attribute.name) {
            faults.push(
                Fault::at(
                    attribute.name_span,
                    "duplicate-attribute",
                    format!("`{}` is set here and in the source itself", attribute.name),
                )
                .also(first.name_span)
                .help("a build can add to a source, but not change what it sets; use a variable or a second source"),
            );
        }
    }
}

/// A value that is not known has the shape of its type: components are handed such stand-ins.
pub(super) fn placeholder(value: Value) -> Value {
    let unknown = || Value::from("<unknown>");
    let each = |items: BTreeMap<String, Value>| {
        items
            .into_iter()
            .map(|(name, value)| (name, placeholder(value)))
            .collect()
    };
    match value {
        Value::Unknown(Type::List(_) | Type::Set(_) | Type::Tuple(_)) => Value::Tuple(vec![unknown()]),
        Value::Unknown(Type::Map(_)) => Value::Object([("<unknown>".to_owned(), unknown())].into_iter().collect()),
        Value::Unknown(_) => unknown(),
        Value::List(_, items) | Value::Set(_, items) | Value::Tuple(items) => {
            Value::Tuple(items.into_iter().map(placeholder).collect())
        }
        Value::Map(_, items) | Value::Object(items) => Value::Object(each(items)),
        known => known,
    }
}

/// One attribute of a block's own: its value as `ty`.
pub(super) fn own(
    context: &Context,
    attribute: Option<&Attribute>,
    ty: &Type,
    scope: &Scope,
    faults: &mut Faults,
) -> Option<Value> {
    let attribute = attribute?;
    let value = evaluate(context, &attribute.expr, scope).and_then(|value| {
        convert(&value, ty).map_err(|problem| {
            Fault::at(
                attribute.expr.span,
                "type",
                format!("the value of `{}` does not fit: {problem}", attribute.name),
            )
        })
    });
    faults.keep(value).filter(|value| !value.is_null())
}
