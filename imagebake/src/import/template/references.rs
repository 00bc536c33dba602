//! References to what nobody declared: told for all files at once, also where nothing evaluates them.

use super::declarations::Declared;
use crate::import::{
    eval::missing,
    fault::{Fault, Faults},
    functions,
    syntax::{Body, Expr, ExprKind, Part},
};

/// Names that every expression may start with.
const EVERYWHERE: [&str; 6] = ["var", "local", "data", "path", "packer", "build"];

struct Checker<'a> {
    declared: &'a Declared,
    faults: &'a mut Faults,
    /// Names of `for` expressions and `dynamic` blocks around the place.
    bound: Vec<String>,
    /// Whether unknown names are told: in JSON, blocks that bind names look like attributes.
    names: bool,
}

pub(super) fn check(declared: &Declared, faults: &mut Faults) {
    let mut checker = Checker {
        declared,
        faults,
        bound: EVERYWHERE.map(str::to_owned).to_vec(),
        names: true,
    };
    for local in &declared.locals {
        checker.expr(&local.expr);
    }
    for data in &declared.data {
        checker.body(&data.block.body);
    }
    checker.bound.push("source".into());
    for source in &declared.sources {
        checker.body(&source.block.body);
    }
    for build in &declared.builds {
        checker.body(&build.body);
    }
}

impl Checker<'_> {
    fn body(&mut self, body: &Body) {
        let names = std::mem::replace(&mut self.names, body.is_native());
        let everything = body.everything();
        for attribute in &everything.attributes {
            self.expr(&attribute.expr);
        }
        for block in &everything.blocks {
            if block.kind != "dynamic" {
                self.body(&block.body);
                continue;
            }
            let inner = block.body.everything();
            let iterator = inner.attribute("iterator");
            let written = iterator.and_then(|attribute| attribute.expr.as_name().or_else(|| attribute.expr.as_text()));
            let label = block.labels.first().map(|(label, _)| label.as_str());
            if let Some(for_each) = inner.attribute("for_each") {
                self.expr(&for_each.expr);
            }
            self.bound.extend(written.or(label).map(str::to_owned));
            let before = self.bound.len();
            if let Some(labels) = inner.attribute("labels") {
                self.expr(&labels.expr);
            }
            for content in inner.of("content") {
                self.body(&content.body);
            }
            self.bound.truncate(before.saturating_sub(1));
        }
        self.names = names;
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Variable(name) if self.names && !self.bound.contains(name) => self.faults.push(
                Fault::at(expr.span, "unknown-variable", format!("there is no variable `{name}`"))
                    .nearest(name, self.bound.iter().map(String::as_str)),
            ),
            // Whether something exists may be what they ask.
            ExprKind::Call { name, .. } if matches!(name.as_str(), "try" | "can") => return,
            ExprKind::Call {
                name,
                name_span,
                arguments,
                ..
            } => {
                if !functions::names().contains(&name.as_str()) {
                    self.faults.push(functions::unknown(name, *name_span));
                }
                if name == "convert" {
                    // The second argument is a type.
                    arguments.iter().take(1).for_each(|argument| self.expr(argument));
                    return;
                }
            }
            ExprKind::GetAttr(inner, name) => self.attribute(expr, inner, name),
            ExprKind::For(inner) => {
                self.expr(&inner.collection);
                let before = self.bound.len();
                self.bound.push(inner.value_name.clone());
                self.bound.extend(inner.key_name.clone());
                for part in [&inner.value].into_iter().chain(&inner.key).chain(&inner.condition) {
                    self.expr(part);
                }
                self.bound.truncate(before);
                return;
            }
            ExprKind::Template(parts) => {
                self.parts(parts);
                return;
            }
            _ => {}
        }
        for child in expr.children() {
            self.expr(child);
        }
    }

    fn parts(&mut self, parts: &[Part]) {
        for part in parts {
            match part {
                Part::Literal(_) => {}
                Part::Interpolation(expr) => self.expr(expr),
                Part::If { condition, yes, no } => {
                    self.expr(condition);
                    self.parts(yes);
                    self.parts(no);
                }
                Part::For {
                    key_name,
                    value_name,
                    collection,
                    body,
                } => {
                    self.expr(collection);
                    let before = self.bound.len();
                    self.bound.push(value_name.clone());
                    self.bound.extend(key_name.clone());
                    self.parts(body);
                    self.bound.truncate(before);
                }
            }
        }
    }

    /// `var.name`, `local.name`, `data.type.name`
    fn attribute(&mut self, expr: &Expr, inner: &Expr, name: &str) {
        let declared = self.declared;
        let told = match inner.path().as_deref() {
            Some([root @ "var"]) => names(
                root,
                name,
                declared.variables.iter().map(|variable| variable.name.as_str()),
                expr,
            ),
            Some([root @ "local"]) => names(
                root,
                name,
                declared.locals.iter().map(|local| local.name.as_str()),
                expr,
            ),
            Some(["data", kind]) => {
                let of_kind = declared.data.iter().filter(|data| data.kind == *kind);
                let known: Vec<&str> = of_kind.map(|data| data.name.as_str()).collect();
                (!known.contains(&name)).then(|| {
                    Fault::at(
                        expr.span,
                        "unknown-data",
                        format!("there is no data source `data.{kind}.{name}`"),
                    )
                    .nearest(name, known)
                })
            }
            _ => None,
        };
        if let Some(fault) = told {
            self.faults.push(fault);
        }
    }
}

fn names<'a>(root: &str, name: &str, known: impl Iterator<Item = &'a str> + Clone, expr: &Expr) -> Option<Box<Fault>> {
    let found = known.clone().any(|known| known == name);
    (!found).then(|| missing(&format!("`{root}`"), name, known, expr.span))
}
