//! Units: every source of every build with its configuration, and the steps that apply to it.

use super::{
    World,
    builds::{Block, Build, OF_POST_PROCESSORS, OF_PROVISIONERS, Use},
    declarations::Declared,
    decode::decode,
};
use crate::import::{
    eval::Scope,
    fault::Faults,
    plan::{Plan, Step, Unit},
    schema::{Role, unknown},
    syntax::{Body, ExprKind},
    value::Value,
};
use std::collections::BTreeMap;

/// What every source tells its steps as `build.…`.
const FACTS: [&str; 13] = [
    "ID",
    "Host",
    "Port",
    "User",
    "Password",
    "ConnType",
    "PackerRunUUID",
    "PackerHTTPPort",
    "PackerHTTPIP",
    "PackerHTTPAddr",
    "SSHPublicKey",
    "SSHPrivateKey",
    "WinRMPassword",
];

pub(super) fn evaluate(declared: &Declared, builds: &[Build], world: &World<'_>, plan: &mut Plan, faults: &mut Faults) {
    for build in builds {
        for used in &build.sources {
            let source = declared
                .sources
                .iter()
                .find(|source| source.kind == used.kind && source.name == used.name);
            if let Some(source) = source {
                let at = Some(source.block.labels[0].1);
                unknown(world.catalog, Role::Source, &used.kind, at, faults);
                plan.units.push(unit(build, used, &source.block.body, world, faults));
            }
        }
    }
}

fn unit(build: &Build, used: &Use, body: &Body, world: &World<'_>, faults: &mut Faults) -> Unit {
    let name = used.local_name.clone().unwrap_or_else(|| used.name.clone());
    let source = format!("{}.{name}", used.kind);
    let schema = world.catalog.schema(Role::Source, &used.kind);
    let text = |text: &str| Value::from(text);
    let of_source = [("type".to_owned(), text(&used.kind)), ("name".to_owned(), text(&name))];
    let of_source = Value::Object(of_source.into_iter().collect());
    let mut bodies = vec![body];
    let mut scope = world.scope();
    if let Some((more, with)) = &used.more {
        bodies.insert(0, more);
        scope = with.clone();
    }
    let scope = scope.child([("source".to_owned(), of_source.clone())]);
    let own_name: &[&str] = if used.more.is_some() { &["name"] } else { &[] };
    let config = decode(world.context, &bodies, own_name, schema, &scope, faults);

    let mut facts: BTreeMap<String, Value> = FACTS
        .iter()
        .map(|fact| ((*fact).to_owned(), text("<unknown>")))
        .collect();
    facts.extend(
        schema
            .iter()
            .flat_map(|schema| &schema.facts)
            .map(|fact| (fact.clone(), text("<unknown>"))),
    );
    if schema.is_none() {
        // What a source that is not known tells its steps is not known either: it is what they ask for.
        let chains = build.chains.iter().flatten();
        for block in build.provisioners.iter().chain(&build.error_cleanup).chain(chains) {
            asked(&block.body, &mut facts);
        }
    }
    facts.insert("name".into(), text(build.name.as_deref().unwrap_or_default()));
    let names = [
        ("build".to_owned(), Value::Object(facts)),
        ("source".to_owned(), of_source),
    ];

    let mut step = |block: &Block, role: Role| -> Option<Step> {
        if !applies(block, &source) {
            return None;
        }
        let own: &[&str] = if role == Role::Provisioner {
            &OF_PROVISIONERS
        } else {
            &OF_POST_PROCESSORS
        };
        let scope: Scope = block.scope.child(names.clone());
        let schema = world.catalog.schema(role, &block.kind);
        unknown(world.catalog, role, &block.kind, Some(block.span), faults);
        let config = decode(world.context, &[&block.body], own, schema, &scope, faults);
        Some(Step {
            kind: block.kind.clone(),
            name: block.name.clone(),
            config,
            changed: block.changed.get(&name).cloned(),
            options: block.options.clone(),
        })
    };
    let provisioners = build
        .provisioners
        .iter()
        .filter_map(|block| step(block, Role::Provisioner))
        .collect();
    let error_cleanup = build
        .error_cleanup
        .as_ref()
        .and_then(|block| step(block, Role::Provisioner));
    let chains = build
        .chains
        .iter()
        .map(|chain| {
            chain
                .iter()
                .filter_map(|block| step(block, Role::PostProcessor))
                .collect::<Vec<_>>()
        })
        .filter(|chain| !chain.is_empty())
        .collect();
    let whole = match &build.name {
        Some(build) if !build.is_empty() => format!("{build}.{source}"),
        _ => source.clone(),
    };
    Unit {
        name: whole,
        build: build.name.clone().filter(|name| !name.is_empty()),
        source,
        step: Step::new(used.kind.clone(), config),
        provisioners,
        error_cleanup,
        chains,
    }
}

/// Every `build.NAME` of a body.
fn asked(body: &Body, facts: &mut BTreeMap<String, Value>) {
    let everything = body.everything();
    for attribute in &everything.attributes {
        attribute.expr.walk(&mut |node| {
            if let ExprKind::GetAttr(inner, name) = &node.kind
                && inner.as_name() == Some("build")
            {
                facts.insert(name.clone(), Value::from("<unknown>"));
            }
        });
    }
    everything.blocks.iter().for_each(|block| asked(&block.body, facts));
}

/// `only` and `except` name sources as `type.name`.
fn applies(block: &Block, source: &str) -> bool {
    if block.only.is_empty() {
        !block.except.iter().any(|name| name == source)
    } else {
        block.only.iter().any(|name| name == source)
    }
}
