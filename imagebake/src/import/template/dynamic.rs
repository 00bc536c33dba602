//! `dynamic` blocks: as many blocks as a collection has elements.

use super::declarations::kind;
use crate::import::{
    context::Context,
    eval::{self, Scope, evaluate},
    fault::{Fault, Faults},
    syntax::{Block, BlockKind, Body, Content},
    value::{Type, Value, convert},
};

/// A block, and the names that its expressions may use.
#[derive(Clone, Debug)]
pub(super) struct Scoped {
    pub(super) block: Block,
    pub(super) scope: Scope,
}

/// What a schema names of a body, `dynamic` blocks expanded.
pub(super) fn content(
    context: &Context,
    body: &Body,
    attributes: &[&str],
    blocks: &[BlockKind<'_>],
    scope: &Scope,
    faults: &mut Faults,
) -> (Content, Vec<Scoped>) {
    let mut kinds = blocks.to_vec();
    kinds.push(kind("dynamic", 1));
    let content = body.content(attributes, &kinds, faults);
    let mut expanded = Vec::new();
    for block in &content.blocks {
        if block.kind == "dynamic" {
            expand(context, block, blocks, scope, &mut expanded, faults);
        } else {
            expanded.push(Scoped {
                block: block.clone(),
                scope: scope.clone(),
            });
        }
    }
    (content, expanded)
}

fn expand(
    context: &Context,
    block: &Block,
    kinds: &[BlockKind<'_>],
    scope: &Scope,
    out: &mut Vec<Scoped>,
    faults: &mut Faults,
) {
    let (name, name_span) = &block.labels[0];
    let Some(known) = kinds.iter().find(|kind| kind.name == name) else {
        faults.push(
            Fault::at(
                *name_span,
                "unexpected-block",
                format!("a block `{name}` is not expected here"),
            )
            .nearest(name, kinds.iter().map(|kind| kind.name)),
        );
        return;
    };
    let content = block
        .body
        .content(&["for_each", "iterator", "labels"], &[kind("content", 0)], faults);
    let missing = |what: &str| {
        Fault::at(
            block.header,
            "missing-attribute",
            format!("this dynamic block has no `{what}`"),
        )
        .help("write `dynamic \"KIND\" { for_each = LIST  content { … } }`")
    };
    let Some(for_each) = content.attribute("for_each") else {
        faults.push(missing("for_each"));
        return;
    };
    let Some(inner) = content.of("content").next() else {
        faults.push(missing("content"));
        return;
    };
    let iterator = match content.attribute("iterator") {
        None => name.clone(),
        Some(attribute) => match attribute.expr.as_name().or_else(|| attribute.expr.as_text()) {
            Some(name) => name.to_owned(),
            None => {
                faults.push(Fault::at(attribute.expr.span, "iterator", "a name is expected here"));
                return;
            }
        },
    };
    let Some(collection) = faults.keep(evaluate(context, &for_each.expr, scope)) else {
        return;
    };
    let elements = match faults.keep(eval::elements(&collection, for_each.expr.span)) {
        Some(Some(elements)) => elements,
        // How many there will be is not known: one stands for all.
        Some(None) => vec![(Value::DYNAMIC, Value::DYNAMIC)],
        None => return,
    };
    for (key, value) in elements {
        let at_hand = [("key".to_owned(), key), ("value".to_owned(), value)];
        let scope = scope.child([(iterator.clone(), Value::Object(at_hand.into_iter().collect()))]);
        let mut labels = Vec::new();
        if let Some(attribute) = content.attribute("labels") {
            let Some(value) = faults.keep(evaluate(context, &attribute.expr, &scope)) else {
                continue;
            };
            let texts = convert(&value, &Type::list(Type::String)).ok();
            let texts = texts.as_ref().and_then(Value::items).unwrap_or_default();
            labels = texts
                .iter()
                .filter_map(Value::as_str)
                .map(|label| (label.to_owned(), attribute.expr.span))
                .collect();
        }
        if labels.len() != known.labels {
            faults.push(Fault::at(
                block.header,
                "labels",
                format!(
                    "a block `{name}` has {} label(s), this one has {}",
                    known.labels,
                    labels.len()
                ),
            ));
            return;
        }
        out.push(Scoped {
            block: Block {
                kind: name.clone(),
                kind_span: *name_span,
                labels,
                header: block.header,
                body: inner.body.clone(),
                span: block.span,
                comments: block.comments.clone(),
            },
            scope,
        });
    }
}
