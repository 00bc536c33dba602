//! What the files declare, before anything of it is evaluated.

use crate::import::{
    fault::{Fault, Faults},
    sources::Span,
    syntax::{Attribute, Block, BlockKind, Body, Expr},
};

/// All declarations of all files.
#[derive(Debug, Default)]
pub(in crate::import) struct Declared {
    pub(in crate::import) packer: Vec<Block>,
    pub(in crate::import) variables: Vec<Variable>,
    pub(in crate::import) locals: Vec<Local>,
    pub(in crate::import) data: Vec<Named>,
    pub(in crate::import) sources: Vec<Named>,
    pub(in crate::import) builds: Vec<Block>,
    pub(in crate::import) registry: Vec<Block>,
}

/// `variable "x" { … }`, or an entry of `variables { … }`.
#[derive(Debug)]
pub(in crate::import) struct Variable {
    pub(in crate::import) name: String,
    pub(in crate::import) span: Span,
    pub(in crate::import) default: Option<Expr>,
    pub(in crate::import) ty: Option<Expr>,
    pub(in crate::import) sensitive: Option<Expr>,
    pub(in crate::import) description: Option<Expr>,
    pub(in crate::import) validations: Vec<Block>,
    pub(in crate::import) comments: Vec<String>,
}

/// An entry of `locals { … }`, or `local "x" { … }`.
#[derive(Debug)]
pub(in crate::import) struct Local {
    pub(in crate::import) name: String,
    pub(in crate::import) span: Span,
    pub(in crate::import) expr: Expr,
    pub(in crate::import) sensitive: Option<Expr>,
    pub(in crate::import) comments: Vec<String>,
}

/// `source "type" "name" { … }`, `data "type" "name" { … }`
#[derive(Debug)]
pub(in crate::import) struct Named {
    pub(in crate::import) kind: String,
    pub(in crate::import) name: String,
    pub(in crate::import) block: Block,
}

const BLOCKS: [BlockKind<'_>; 10] = [
    kind("packer", 0),
    kind("variable", 1),
    kind("variables", 0),
    kind("local", 1),
    kind("locals", 0),
    kind("data", 2),
    kind("source", 2),
    kind("build", 0),
    kind("hcp_packer_registry", 0),
    kind("communicator", 2),
];

pub(in crate::import) const fn kind(name: &'static str, labels: usize) -> BlockKind<'static> {
    BlockKind { name, labels }
}

pub(in crate::import) fn read(bodies: &[Body], faults: &mut Faults) -> Declared {
    let mut declared = Declared::default();
    for body in bodies {
        let content = body.content(&[], &BLOCKS, faults);
        for block in content.blocks {
            declared.add(block, faults);
        }
    }
    declared
}

impl Declared {
    fn add(&mut self, block: Block, faults: &mut Faults) {
        match block.kind.as_str() {
            "packer" => self.packer.push(block),
            "variable" => {
                let content = block.body.content(
                    &["description", "default", "type", "sensitive"],
                    &[kind("validation", 0)],
                    faults,
                );
                let expr = |name: &str| content.attribute(name).map(|attribute| attribute.expr.clone());
                let variable = Variable {
                    name: block.labels[0].0.clone(),
                    span: block.header,
                    default: expr("default"),
                    ty: expr("type"),
                    sensitive: expr("sensitive"),
                    description: expr("description"),
                    validations: content.of("validation").cloned().collect(),
                    comments: block.comments.clone(),
                };
                self.variable(variable, faults);
            }
            "variables" => {
                for Attribute {
                    name,
                    name_span,
                    expr,
                    comments,
                    ..
                } in block.body.attributes(faults)
                {
                    let variable = Variable {
                        name,
                        span: name_span,
                        default: Some(expr),
                        ty: None,
                        sensitive: None,
                        description: None,
                        validations: Vec::new(),
                        comments,
                    };
                    self.variable(variable, faults);
                }
            }
            "locals" => {
                for Attribute {
                    name,
                    name_span,
                    expr,
                    comments,
                    ..
                } in block.body.attributes(faults)
                {
                    self.local(
                        Local {
                            name,
                            span: name_span,
                            expr,
                            sensitive: None,
                            comments,
                        },
                        faults,
                    );
                }
            }
            "local" => {
                let content = block.body.content(&["expression", "sensitive"], &[], faults);
                let Some(expression) = content.attribute("expression") else {
                    faults.push(
                        Fault::at(
                            block.header,
                            "missing-attribute",
                            format!("local `{}` has no `expression`", block.labels[0].0),
                        )
                        .help("write `expression = …`"),
                    );
                    return;
                };
                self.local(
                    Local {
                        name: block.labels[0].0.clone(),
                        span: block.header,
                        expr: expression.expr.clone(),
                        sensitive: content.attribute("sensitive").map(|attribute| attribute.expr.clone()),
                        comments: block.comments.clone(),
                    },
                    faults,
                );
            }
            "data" => named(&mut self.data, block, faults),
            "source" => named(&mut self.sources, block, faults),
            "build" => self.builds.push(block),
            "hcp_packer_registry" => self.registry.push(block),
            // The peer accepts and ignores it.
            _ => {}
        }
    }

    fn variable(&mut self, variable: Variable, faults: &mut Faults) {
        match self.variables.iter().find(|known| known.name == variable.name) {
            Some(known) => duplicate("variable", &variable.name, variable.span, known.span, faults),
            None => self.variables.push(variable),
        }
    }

    fn local(&mut self, local: Local, faults: &mut Faults) {
        match self.locals.iter().find(|known| known.name == local.name) {
            Some(known) => duplicate("local", &local.name, local.span, known.span, faults),
            None => self.locals.push(local),
        }
    }
}

fn named(known: &mut Vec<Named>, block: Block, faults: &mut Faults) {
    let (kind, name) = (block.labels[0].0.clone(), block.labels[1].0.clone());
    match known.iter().find(|other| other.kind == kind && other.name == name) {
        Some(other) => duplicate(
            &block.kind,
            &format!("{kind}.{name}"),
            block.header,
            other.block.header,
            faults,
        ),
        None => known.push(Named { kind, name, block }),
    }
}

fn duplicate(what: &str, name: &str, span: Span, first: Span, faults: &mut Faults) {
    faults.push(
        Fault::at(span, "duplicate", format!("{what} `{name}` is declared twice"))
            .also(first)
            .help("rename or remove one of the two"),
    );
}
