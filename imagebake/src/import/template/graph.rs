//! Locals and data sources, in the order of what they use.

use super::{World, declarations::Declared, decode::decode};
use crate::import::{
    eval::{Scope, evaluate as evaluate_expr},
    fault::{Fault, Faults},
    plan::{Plan, Step},
    schema::{Role, unknown},
    syntax::{Body, Expr, ExprKind},
    value::{Attribute, Type, Value},
};
use std::collections::BTreeMap;

/// A node: number in the list of locals or of data sources.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Node {
    Local(usize),
    Data(usize),
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    New,
    Open,
    Done,
}

struct Walk<'a, 'w, 'c> {
    declared: &'a Declared,
    world: &'w mut World<'c>,
    plan: &'w mut Plan,
    faults: &'w mut Faults,
    locals: Vec<State>,
    data: Vec<State>,
    path: Vec<Node>,
}

pub(super) fn evaluate(declared: &Declared, world: &mut World<'_>, plan: &mut Plan, faults: &mut Faults) {
    let mut walk = Walk {
        locals: vec![State::New; declared.locals.len()],
        data: vec![State::New; declared.data.len()],
        path: Vec::new(),
        declared,
        world,
        plan,
        faults,
    };
    for i in 0..declared.data.len() {
        walk.visit(Node::Data(i));
    }
    for i in 0..declared.locals.len() {
        walk.visit(Node::Local(i));
    }
}

impl Walk<'_, '_, '_> {
    fn state(&mut self, node: Node) -> &mut State {
        match node {
            Node::Local(i) => &mut self.locals[i],
            Node::Data(i) => &mut self.data[i],
        }
    }

    fn name(&self, node: Node) -> String {
        match node {
            Node::Local(i) => format!("local.{}", self.declared.locals[i].name),
            Node::Data(i) => format!("data.{}.{}", self.declared.data[i].kind, self.declared.data[i].name),
        }
    }

    fn visit(&mut self, node: Node) {
        match *self.state(node) {
            State::Done => return,
            State::Open => return self.cycle(node),
            State::New => *self.state(node) = State::Open,
        }
        self.path.push(node);
        let declared = self.declared;
        let mut uses = Vec::new();
        match node {
            Node::Local(i) => self.uses(&declared.locals[i].expr, &mut uses),
            Node::Data(i) => self.uses_of_body(&declared.data[i].block.body, &mut uses),
        }
        for used in uses {
            self.visit(used);
        }
        self.path.pop();
        if *self.state(node) == State::Open {
            match node {
                Node::Local(i) => self.local(i),
                Node::Data(i) => self.data(i),
            }
        }
        *self.state(node) = State::Done;
    }

    fn cycle(&mut self, node: Node) {
        let start = self.path.iter().position(|known| *known == node).unwrap_or(0);
        let around: Vec<Node> = self.path[start..].to_vec();
        let names: Vec<String> = around.iter().chain([&node]).map(|node| self.name(*node)).collect();
        let span = match node {
            Node::Local(i) => self.declared.locals[i].span,
            Node::Data(i) => self.declared.data[i].block.header,
        };
        self.faults.push(
            Fault::at(span, "cycle", format!("these need each other: {}", names.join(" → ")))
                .help("compute one of them without the others"),
        );
        for node in around {
            if let Node::Local(i) = node {
                self.world
                    .locals
                    .insert(self.declared.locals[i].name.clone(), Value::DYNAMIC);
            }
            *self.state(node) = State::Done;
        }
    }

    fn uses_of_body(&self, body: &Body, uses: &mut Vec<Node>) {
        let everything = body.everything();
        everything
            .attributes
            .iter()
            .for_each(|attribute| self.uses(&attribute.expr, uses));
        everything
            .blocks
            .iter()
            .for_each(|block| self.uses_of_body(&block.body, uses));
    }

    fn uses(&self, expr: &Expr, uses: &mut Vec<Node>) {
        let mut found = Vec::new();
        let local = |name: &str| {
            self.declared
                .locals
                .iter()
                .position(|local| local.name == name)
                .map(Node::Local)
        };
        expr.walk(&mut |node| match &node.kind {
            ExprKind::GetAttr(inner, name) => match inner.path().as_deref() {
                Some(["local"]) => found.extend(local(name)),
                Some(["data", kind]) => {
                    let data = self
                        .declared
                        .data
                        .iter()
                        .position(|data| data.kind == *kind && data.name == *name);
                    found.extend(data.map(Node::Data));
                }
                _ => {}
            },
            ExprKind::Index(inner, key) if inner.as_name() == Some("local") => match key.as_text() {
                Some(name) => found.extend(local(name)),
                // Any of them may be meant.
                None => found.extend((0..self.declared.locals.len()).map(Node::Local)),
            },
            _ => {}
        });
        let own = self.path.last().copied();
        uses.extend(
            found
                .into_iter()
                .filter(|node| Some(*node) != own || matches!(node, Node::Local(_))),
        );
    }

    fn local(&mut self, i: usize) {
        let local = &self.declared.locals[i];
        let value = self
            .faults
            .keep(evaluate_expr(self.world.context, &local.expr, &self.world.scope()));
        self.world
            .locals
            .insert(local.name.clone(), value.unwrap_or(Value::DYNAMIC));
        let hidden = local
            .sensitive
            .as_ref()
            .map(|expr| evaluate_expr(self.world.context, expr, &Scope::default()));
        if hidden.and_then(|value| self.faults.keep(value)) == Some(Value::Bool(true)) {
            self.plan.sensitive.insert(format!("local.{}", local.name));
        }
    }

    fn data(&mut self, i: usize) {
        let data = &self.declared.data[i];
        let schema = self.world.catalog.schema(Role::Data, &data.kind);
        let at = Some(data.block.labels[0].1);
        unknown(self.world.catalog, Role::Data, &data.kind, at, self.faults);
        let scope = self.world.scope();
        let config = decode(
            self.world.context,
            &[&data.block.body],
            &[],
            schema,
            &scope,
            self.faults,
        );
        let outputs = schema.map(|schema| {
            let attributes: BTreeMap<String, Attribute> = schema
                .outputs
                .iter()
                .map(|(name, ty)| (name.clone(), Attribute::required(ty.clone())))
                .collect();
            Type::Object(attributes)
        });
        let mut answer = Value::Unknown(
            outputs
                .filter(|ty| *ty != Type::Object(BTreeMap::new()))
                .unwrap_or(Type::Dynamic),
        );
        // The one data source that asks nobody.
        if self.world.answer_data
            && data.kind == "null"
            && let Some(input) = config.entries().and_then(|entries| entries.get("input"))
        {
            answer = Value::Object([("output".to_owned(), input.clone())].into_iter().collect());
        }
        self.world
            .data
            .entry(data.kind.clone())
            .or_default()
            .insert(data.name.clone(), answer);
        self.plan.data.push(Step::new(data.kind.clone(), config));
    }
}
