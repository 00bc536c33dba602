//! What the configuration of a component may hold: handed in, since this module knows no component.

use super::{
    fault::{Fault, Faults},
    sources::Span,
    value::Type,
};
use std::collections::BTreeMap;

/// What part a component plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// `source`, `builders`
    Source,
    /// `provisioner`, `error-cleanup-provisioner`
    Provisioner,
    /// `post-processor`
    PostProcessor,
    /// `data`
    Data,
}

impl Role {
    /// As problems name it.
    pub fn friendly(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Provisioner => "provisioner",
            Self::PostProcessor => "post-processor",
            Self::Data => "data source",
        }
    }
}

/// The settings of a component, or of a block inside one.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    /// By name.
    pub settings: BTreeMap<String, Setting>,
    /// What a data source answers with.
    pub outputs: BTreeMap<String, Type>,
    /// What a source tells steps as `build.…`, beyond what all tell.
    pub facts: Vec<String>,
}

/// One setting.
#[derive(Clone, Debug)]
pub enum Setting {
    /// An attribute.
    Value(Type),
    /// A block, at most once.
    Block(Schema),
    /// Any number of blocks.
    Blocks(Schema),
}

/// All components that are known.
pub trait Catalog {
    /// The settings of a component; nothing for one that is not known.
    fn schema(&self, role: Role, kind: &str) -> Option<&Schema>;

    /// The names of all components of a role.
    fn kinds(&self, role: Role) -> Vec<String>;
}

/// A component of which nothing is known: what a template says of it is taken as it is written.
pub(super) fn unknown(catalog: &dyn Catalog, role: Role, kind: &str, span: Option<Span>, faults: &mut Faults) {
    let kinds = catalog.kinds(role);
    if kinds.is_empty() || kinds.iter().any(|known| known == kind) {
        return;
    }
    let message = match role {
        Role::Data => format!("the data source `{kind}` is of a plugin that imagebake does not have"),
        _ => format!(
            "the {} `{kind}` is of a plugin that imagebake does not have: something keeps its place in the Rust, and its images do not plan until \
             it is written",
            role.friendly()
        ),
    };
    let fault = match span {
        Some(span) => Fault::at(span, "unknown-component", message),
        None => Fault::general("unknown-component", message),
    };
    faults.push(fault.nearest(kind, kinds.iter().map(String::as_str)).warning());
}

/// Knows no component: what stands in a template is taken as it is written.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoCatalog;

impl Catalog for NoCatalog {
    fn schema(&self, _: Role, _: &str) -> Option<&Schema> {
        None
    }

    fn kinds(&self, _: Role) -> Vec<String> {
        Vec::new()
    }
}
