//! Bodies: attributes and blocks.
//!
//! In HCL's JSON form nothing but the schema tells an attribute from a block, so that a body is asked for what a schema names.

use super::{
    Expr,
    json::{Json, JsonKind, expression},
};
use crate::import::{
    fault::{Fault, Faults},
    sources::{Sources, Span},
};
use std::rc::Rc;

/// An attribute.
#[derive(Clone, Debug)]
pub struct Attribute {
    /// Its name.
    pub name: String,
    /// Where its name stands.
    pub name_span: Span,
    /// Its value.
    pub expr: Expr,
    /// From its name to the end of its value.
    pub span: Span,
    /// The lines of the comment above it and behind it, without their signs.
    pub comments: Vec<String>,
}

/// A block.
#[derive(Clone, Debug)]
pub struct Block {
    /// `source`, `provisioner`, …
    pub kind: String,
    /// Where that stands.
    pub kind_span: Span,
    /// What follows it.
    pub labels: Vec<(String, Span)>,
    /// Kind and labels.
    pub header: Span,
    /// What stands between the braces.
    pub body: Body,
    /// All of it.
    pub span: Span,
    /// The lines of the comment above it, without their signs.
    pub comments: Vec<String>,
}

/// A kind of block that a schema knows.
#[derive(Clone, Copy, Debug)]
pub struct BlockKind<'a> {
    /// Its name.
    pub name: &'a str,
    /// How many labels it has.
    pub labels: usize,
}

/// What stands between braces, or in a file.
#[derive(Clone, Debug)]
pub struct Body {
    items: Items,
    /// Where it is.
    pub span: Span,
}

#[derive(Clone, Debug)]
enum Items {
    Native(Rc<Native>),
    Json(Rc<Vec<Json>>, Sources),
}

/// Attributes and blocks of HCL's own syntax.
#[derive(Clone, Debug, Default)]
pub(super) struct Native {
    pub(super) attributes: Vec<Attribute>,
    pub(super) blocks: Vec<Block>,
}

impl Native {
    pub(super) fn add(&mut self, attribute: Attribute, faults: &mut Faults) {
        match self.attributes.iter().find(|known| known.name == attribute.name) {
            Some(first) => faults.push(
                Fault::at(
                    attribute.name_span,
                    "duplicate-attribute",
                    format!("`{}` is set twice; each attribute may be set once", attribute.name),
                )
                .also(first.name_span),
            ),
            None => self.attributes.push(attribute),
        }
    }
}

/// What a body has of what a schema names.
#[derive(Clone, Debug, Default)]
pub struct Content {
    /// Attributes, in the order in which they stand.
    pub attributes: Vec<Attribute>,
    /// Blocks, in the order in which they stand.
    pub blocks: Vec<Block>,
}

impl Content {
    /// The attribute of that name.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }

    /// The blocks of that kind.
    pub fn of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Block> {
        self.blocks.iter().filter(move |block| block.kind == kind)
    }
}

impl Body {
    pub(super) fn native(native: Native, span: Span) -> Self {
        Self {
            items: Items::Native(Rc::new(native)),
            span,
        }
    }

    pub(super) fn json(objects: Vec<Json>, sources: &Sources, span: Span) -> Self {
        Self {
            items: Items::Json(Rc::new(objects), sources.clone()),
            span,
        }
    }

    /// A body with nothing in it.
    pub fn empty(span: Span) -> Self {
        Self::native(Native::default(), span)
    }

    /// What the schema names; anything else is a problem.
    pub fn content(&self, attributes: &[&str], blocks: &[BlockKind<'_>], faults: &mut Faults) -> Content {
        self.read(attributes, blocks, Some(faults))
    }

    /// What the schema names; anything else is passed over.
    pub fn part(&self, attributes: &[&str], blocks: &[BlockKind<'_>]) -> Content {
        self.read(attributes, blocks, None)
    }

    /// Whether it is HCL's own syntax, which tells blocks from attributes by itself.
    pub fn is_native(&self) -> bool {
        matches!(self.items, Items::Native(_))
    }

    /// Everything, where no schema says what is a block: HCL's own syntax tells, JSON is attributes.
    pub fn everything(&self) -> Content {
        match &self.items {
            Items::Native(native) => Content {
                attributes: native.attributes.clone(),
                blocks: native.blocks.clone(),
            },
            Items::Json(..) => Content {
                attributes: self.attributes(&mut Faults::default()),
                blocks: Vec::new(),
            },
        }
    }

    /// All attributes; blocks are problems.
    pub fn attributes(&self, faults: &mut Faults) -> Vec<Attribute> {
        match &self.items {
            Items::Native(native) => {
                for block in &native.blocks {
                    faults.push(Fault::at(
                        block.header,
                        "unexpected-block",
                        format!("a block `{}` is not expected here; only attributes are", block.kind),
                    ));
                }
                native.attributes.clone()
            }
            Items::Json(objects, sources) => {
                let mut native = Native::default();
                for property in objects
                    .iter()
                    .flat_map(Json::properties)
                    .filter(|property| property.name != "//")
                {
                    native.add(attribute(property, sources, faults), faults);
                }
                native.attributes
            }
        }
    }

    fn read(&self, attributes: &[&str], blocks: &[BlockKind<'_>], faults: Option<&mut Faults>) -> Content {
        match &self.items {
            Items::Native(native) => from_native(native, attributes, blocks, faults),
            Items::Json(objects, sources) => from_json(objects, sources, attributes, blocks, faults),
        }
    }
}

fn from_native(native: &Native, attributes: &[&str], blocks: &[BlockKind<'_>], faults: Option<&mut Faults>) -> Content {
    let mut content = Content::default();
    let mut unknown = Faults::default();
    let names = || attributes.iter().copied().chain(blocks.iter().map(|block| block.name));
    for attribute in &native.attributes {
        if attributes.contains(&attribute.name.as_str()) {
            content.attributes.push(attribute.clone());
        } else if blocks.iter().any(|block| block.name == attribute.name) {
            unknown.push(
                Fault::at(
                    attribute.name_span,
                    "block-or-attribute",
                    format!("`{}` is a block, not an attribute", attribute.name),
                )
                .help(format!("write `{} {{ … }}`", attribute.name)),
            );
        } else {
            unknown.push(
                Fault::at(
                    attribute.name_span,
                    "unexpected-attribute",
                    format!("an attribute `{}` is not expected here", attribute.name),
                )
                .nearest(&attribute.name, names()),
            );
        }
    }
    for block in &native.blocks {
        match blocks.iter().find(|known| known.name == block.kind) {
            Some(known) if known.labels == block.labels.len() => content.blocks.push(block.clone()),
            Some(known) => unknown.push(Fault::at(
                block.header,
                "labels",
                format!(
                    "a block `{}` has {} label(s), this one has {}",
                    block.kind,
                    known.labels,
                    block.labels.len()
                ),
            )),
            None if attributes.contains(&block.kind.as_str()) => unknown.push(
                Fault::at(
                    block.kind_span,
                    "block-or-attribute",
                    format!("`{}` is an attribute, not a block", block.kind),
                )
                .help(format!("write `{} = …`", block.kind)),
            ),
            None => unknown.push(
                Fault::at(
                    block.kind_span,
                    "unexpected-block",
                    format!("a block `{}` is not expected here", block.kind),
                )
                .nearest(&block.kind, names()),
            ),
        }
    }
    if let Some(faults) = faults {
        unknown.0.into_iter().for_each(|fault| faults.push(Box::new(fault)));
    }
    content
}

fn attribute(property: &super::json::Property, sources: &Sources, faults: &mut Faults) -> Attribute {
    Attribute {
        name: property.name.clone(),
        name_span: property.name_span,
        expr: expression(&property.value, sources, faults),
        span: property.name_span.to(property.value.span),
        comments: Vec::new(),
    }
}

fn from_json(
    objects: &[Json],
    sources: &Sources,
    attributes: &[&str],
    blocks: &[BlockKind<'_>],
    faults: Option<&mut Faults>,
) -> Content {
    let mut content = Content::default();
    let mut found = Faults::default();
    let mut native = Native::default();
    for property in objects
        .iter()
        .flat_map(Json::properties)
        .filter(|property| property.name != "//")
    {
        if let Some(kind) = blocks.iter().find(|block| block.name == property.name) {
            let mut labels = Vec::new();
            json_blocks(
                &property.value,
                property,
                kind.labels,
                &mut labels,
                sources,
                &mut content.blocks,
                &mut found,
            );
        } else if attributes.contains(&property.name.as_str()) {
            native.add(attribute(property, sources, &mut found), &mut found);
        } else if faults.is_some() {
            found.push(
                Fault::at(
                    property.name_span,
                    "unexpected-attribute",
                    format!("`{}` is not expected here", property.name),
                )
                .nearest(
                    &property.name,
                    attributes.iter().copied().chain(blocks.iter().map(|block| block.name)),
                ),
            );
        }
    }
    content.attributes = native.attributes;
    if let Some(faults) = faults {
        found.0.into_iter().for_each(|fault| faults.push(Box::new(fault)));
    }
    content
}

/// Objects nested as deep as there are labels, with lists of objects anywhere.
fn json_blocks(
    value: &Json,
    property: &super::json::Property,
    labels_left: usize,
    labels: &mut Vec<(String, Span)>,
    sources: &Sources,
    blocks: &mut Vec<Block>,
    faults: &mut Faults,
) {
    match &value.kind {
        JsonKind::Null => {}
        JsonKind::Array(items) => items
            .iter()
            .for_each(|item| json_blocks(item, property, labels_left, labels, sources, blocks, faults)),
        JsonKind::Object(properties) if labels_left > 0 => {
            for inner in properties.iter().filter(|inner| inner.name != "//") {
                labels.push((inner.name.clone(), inner.name_span));
                json_blocks(&inner.value, property, labels_left - 1, labels, sources, blocks, faults);
                labels.pop();
            }
        }
        JsonKind::Object(_) => blocks.push(Block {
            kind: property.name.clone(),
            kind_span: property.name_span,
            labels: labels.clone(),
            header: property.name_span,
            body: Body::json(vec![value.clone()], sources, value.span),
            span: value.span,
            comments: Vec::new(),
        }),
        _ => faults.push(Fault::at(
            value.span,
            "syntax",
            format!(
                "`{}` is a block: an object or a list of objects is expected",
                property.name
            ),
        )),
    }
}
