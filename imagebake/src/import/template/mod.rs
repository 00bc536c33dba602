//! HCL2 templates: blocks and what they mean.
//!
//! ```text
//! files → read: declarations → variables → locals and data sources, in the order of what they use → builds → units
//! ```
//!
//! Every part goes on after a problem, so that all of them are told at once.

mod builds;
pub(in crate::import) mod declarations;
mod decode;
mod dynamic;
mod graph;
mod packer;
mod references;
mod units;
mod variables;

pub(super) use builds::{OF_POST_PROCESSORS, OF_PROVISIONERS, go_duration};
pub(super) use packer::satisfied;

use super::{
    context::Context,
    eval::Scope,
    fault::Faults,
    input::{self, Input},
    plan::Plan,
    schema::Catalog,
    syntax::{Body, parse_file},
    value::{Attribute, Type, Value},
};
use std::collections::BTreeMap;

/// What a template says. Problems are added to `faults`; what could be evaluated is given even so.
pub fn evaluate(input: &Input, context: &Context, catalog: &dyn Catalog, faults: &mut Faults) -> Plan {
    let bodies = bodies(input, context, faults);
    if !packer::fits(&bodies, context, faults) {
        return Plan::default();
    }
    let declared = declarations::read(&bodies, faults);
    let mut world = World {
        context,
        catalog,
        answer_data: input.answer_data,
        variables: BTreeMap::new(),
        locals: BTreeMap::new(),
        data: BTreeMap::new(),
    };
    let mut plan = Plan::default();
    packer::check(&declared, context, faults);
    variables::evaluate(&declared, input, context, &mut world.variables, &mut plan, faults);
    references::check(&declared, faults);
    graph::evaluate(&declared, &mut world, &mut plan, faults);
    let builds = builds::read(&declared, &world, faults);
    if faults.is_empty() && declared.builds.is_empty() {
        faults.push(
            super::fault::Fault::general("no-build", "there is no build block")
                .help("a template is built by `build { sources = [\"source.TYPE.NAME\"] }`"),
        );
    }
    units::evaluate(&declared, &builds, &world, &mut plan, faults);
    plan.variables = world.variables;
    plan.locals = world.locals;
    plan
}

fn bodies(input: &Input, context: &Context, faults: &mut Faults) -> Vec<Body> {
    let mut bodies: Vec<Body> = Vec::new();
    if let Some(files) = faults.keep(input.files()) {
        for (path, json) in files.all() {
            if let Some(file) = faults.keep(input::read(context, path)) {
                bodies.push(parse_file(&context.sources, file, json, faults));
            }
        }
    }
    bodies
}

/// What the files of a template declare.
pub(super) fn declared(input: &Input, context: &Context, faults: &mut Faults) -> declarations::Declared {
    declarations::read(&bodies(input, context, faults), faults)
}

/// What expressions can use.
struct World<'a> {
    context: &'a Context,
    catalog: &'a dyn Catalog,
    answer_data: bool,
    variables: BTreeMap<String, Value>,
    locals: BTreeMap<String, Value>,
    /// By type, then by name.
    data: BTreeMap<String, BTreeMap<String, Value>>,
}

impl World<'_> {
    /// The names that all expressions can use. `build` is known to steps only.
    fn scope(&self) -> Scope {
        let object = |entries: [(&str, Value); 2]| {
            Value::Object(
                entries
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect(),
            )
        };
        let data = self
            .data
            .iter()
            .map(|(kind, named)| (kind.clone(), Value::Object(named.clone())))
            .collect();
        let packer = [
            ("version".to_owned(), Value::from(self.context.version.as_str())),
            ("iterationID".to_owned(), Value::Unknown(Type::String)),
            ("versionFingerprint".to_owned(), Value::Unknown(Type::String)),
        ];
        Scope::new([
            ("var".to_owned(), Value::Object(self.variables.clone())),
            ("local".to_owned(), Value::Object(self.locals.clone())),
            ("data".to_owned(), Value::Object(data)),
            (
                "path".to_owned(),
                object([
                    ("cwd", self.context.cwd_text.as_str().into()),
                    ("root", self.context.root.as_str().into()),
                ]),
            ),
            ("packer".to_owned(), Value::Object(packer.into_iter().collect())),
            (
                "build".to_owned(),
                Value::Unknown(Type::Object(BTreeMap::<String, Attribute>::new())),
            ),
        ])
    }
}

#[cfg(test)]
mod tests;
