//! HCL's own syntax, read by hcl-edit and turned into our nodes.

use super::{
    Attribute, BinaryOp, Block, Body, Expr, ExprKind, ForExpr, UnaryOp,
    body::Native,
    template::{heredoc, parts},
};
use crate::import::{
    fault::{Fault, Faults, Result},
    sources::{Sources, Span},
    value::{Number, Value},
};
use hcl_edit::{
    Decorate as _, Span as _,
    expr::{BinaryOperator, Expression, ObjectKey, TraversalOperator, UnaryOperator},
    structure::Structure,
    template::Element,
};
use std::ops::Range;

/// More than any template has: everything that walks over a tree recurses.
const LONGEST_TRAVERSAL: usize = 100;

/// Turns the ranges of a piece of text into places of its file.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    pub(super) sources: &'a Sources,
    pub(super) file: u32,
    /// Where the piece starts in its file.
    pub(super) offset: usize,
    /// Set where the piece does not stand in the file byte for byte: all of it is there.
    pub(super) fixed: Option<Span>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(sources: &'a Sources, file: u32, offset: usize) -> Self {
        Self {
            sources,
            file,
            offset,
            fixed: None,
        }
    }

    pub(super) fn span(&self, range: Range<usize>) -> Span {
        self.fixed
            .unwrap_or_else(|| Span::new(self.file, range.start + self.offset..range.end + self.offset))
    }

    pub(super) fn spanned(&self, node: &impl hcl_edit::Span) -> Span {
        self.span(node.span().unwrap_or(0..0))
    }

    pub(super) fn error(&self, error: &hcl_edit::parser::Error) -> Box<Fault> {
        let at = error.location().offset();
        Fault::at(
            self.span(at..at + 1),
            "syntax",
            format!("this cannot be read: {}", error.message()),
        )
    }

    /// Reads structures into `native`.
    pub(super) fn structures(&self, body: &hcl_edit::structure::Body, native: &mut Native, faults: &mut Faults) {
        for structure in body {
            match structure {
                Structure::Attribute(attribute) => {
                    let name_span = self.spanned(&attribute.key);
                    let expr = self.expr(&attribute.value, faults);
                    native.add(
                        Attribute {
                            name: attribute.key.as_str().to_owned(),
                            name_span,
                            span: name_span.to(expr.span),
                            comments: comments(structure),
                            expr,
                        },
                        faults,
                    );
                }
                Structure::Block(block) => {
                    let kind_span = self.spanned(&block.ident);
                    let labels: Vec<(String, Span)> = block
                        .labels
                        .iter()
                        .map(|label| (label.as_str().to_owned(), self.spanned(label)))
                        .collect();
                    let header = labels.iter().fold(kind_span, |span, (_, label)| span.to(*label));
                    let span = block.span().map_or(kind_span, |range| self.span(range));
                    native.blocks.push(Block {
                        kind: block.ident.as_str().to_owned(),
                        kind_span,
                        labels,
                        header,
                        body: self.body(&block.body, span, faults),
                        span,
                        comments: comments(structure),
                    });
                }
            }
        }
    }

    fn body(&self, body: &hcl_edit::structure::Body, span: Span, faults: &mut Faults) -> Body {
        let mut native = Native::default();
        self.structures(body, &mut native, faults);
        Body::native(native, span)
    }

    /// Turns an expression into our nodes.
    pub(super) fn expr(&self, expr: &Expression, faults: &mut Faults) -> Expr {
        let span = self.spanned(expr);
        let kind = match expr {
            Expression::Null(_) => ExprKind::Literal(Value::Null(crate::import::value::Type::Dynamic)),
            Expression::Bool(value) => ExprKind::Literal(Value::Bool(**value)),
            Expression::Number(number) => {
                let written = number.as_repr().map(|text| text.to_string());
                let text = written.unwrap_or_else(|| number.value().to_string());
                match Number::parse(&text.replace(' ', "")) {
                    Some(number) => ExprKind::Literal(Value::Number(number)),
                    None => {
                        faults.push(Fault::at(span, "syntax", format!("{text:?} is not a number")));
                        ExprKind::Literal(Value::DYNAMIC)
                    }
                }
            }
            Expression::String(text) => ExprKind::Literal(Value::string(text.as_str())),
            Expression::Array(items) => ExprKind::Tuple(items.iter().map(|item| self.expr(item, faults)).collect()),
            Expression::Object(object) => {
                let mut items = Vec::new();
                for (key, value) in object {
                    items.push((self.key(key, faults), self.expr(value.expr(), faults)));
                }
                ExprKind::Object(items)
            }
            Expression::StringTemplate(template) => {
                let elements: Vec<Element> = template.iter().cloned().collect();
                self.template(parts(self, &elements, faults))
            }
            Expression::HeredocTemplate(template) => self.template(heredoc(self, template, span, faults)),
            Expression::Parenthesis(inner) => ExprKind::Parens(Box::new(self.expr(inner.inner(), faults))),
            Expression::Variable(name) => ExprKind::Variable(name.as_str().to_owned()),
            Expression::Conditional(inner) => ExprKind::Conditional(
                Box::new(self.expr(&inner.cond_expr, faults)),
                Box::new(self.expr(&inner.true_expr, faults)),
                Box::new(self.expr(&inner.false_expr, faults)),
            ),
            Expression::FuncCall(call) => {
                let mut name: String = call
                    .name
                    .namespace
                    .iter()
                    .map(|part| format!("{}::", part.as_str()))
                    .collect();
                name.push_str(call.name.name.as_str());
                ExprKind::Call {
                    name,
                    name_span: self.spanned(&call.name.name),
                    arguments: call.args.iter().map(|argument| self.expr(argument, faults)).collect(),
                    expand: call.args.expand_final(),
                }
            }
            Expression::Traversal(traversal) => return self.traversal(traversal, span, faults),
            Expression::UnaryOp(op) => ExprKind::Unary(
                match *op.operator.value() {
                    UnaryOperator::Not => UnaryOp::Not,
                    UnaryOperator::Neg => UnaryOp::Negate,
                },
                Box::new(self.expr(&op.expr, faults)),
            ),
            Expression::BinaryOp(op) => ExprKind::Binary(
                binary(*op.operator.value()),
                Box::new(self.expr(&op.lhs_expr, faults)),
                Box::new(self.expr(&op.rhs_expr, faults)),
            ),
            Expression::ForExpr(inner) => ExprKind::For(Box::new(ForExpr {
                key_name: inner.intro.key_var.as_ref().map(|name| name.as_str().to_owned()),
                value_name: inner.intro.value_var.as_str().to_owned(),
                collection: self.expr(&inner.intro.collection_expr, faults),
                key: inner.key_expr.as_ref().map(|key| self.expr(key, faults)),
                value: self.expr(&inner.value_expr, faults),
                condition: inner.cond.as_ref().map(|condition| self.expr(&condition.expr, faults)),
                grouping: inner.grouping,
            })),
        };
        Expr::new(kind, span)
    }

    /// Text alone is a literal, an interpolation alone is its value.
    fn template(&self, mut parts: Vec<super::Part>) -> ExprKind {
        match parts.as_slice() {
            [] => ExprKind::Literal(Value::string("")),
            [super::Part::Literal(text)] => ExprKind::Literal(Value::string(text.clone())),
            [super::Part::Interpolation(_)] => match parts.remove(0) {
                super::Part::Interpolation(expr) => ExprKind::Wrapped(Box::new(expr)),
                _ => unreachable!("it was just matched"),
            },
            _ => ExprKind::Template(parts),
        }
    }

    fn key(&self, key: &ObjectKey, faults: &mut Faults) -> Expr {
        match key {
            ObjectKey::Ident(name) => Expr::new(ExprKind::Literal(Value::string(name.as_str())), self.spanned(name)),
            ObjectKey::Expression(Expression::Variable(name)) => {
                Expr::new(ExprKind::Literal(Value::string(name.as_str())), self.spanned(name))
            }
            ObjectKey::Expression(expr) => self.expr(expr, faults),
        }
    }

    fn traversal(&self, traversal: &hcl_edit::expr::Traversal, span: Span, faults: &mut Faults) -> Expr {
        if traversal.operators.len() > LONGEST_TRAVERSAL {
            faults.push(Fault::at(span, "nesting", "this expression is nested too deeply"));
            return Expr::new(ExprKind::Literal(Value::DYNAMIC), span);
        }
        let mut stack: Vec<(Expr, bool)> = Vec::new();
        let mut current = self.expr(&traversal.expr, faults);
        for operator in &traversal.operators {
            let here = current.span.to(self.spanned(operator));
            let wrap = |current: Expr, kind: fn(Box<Expr>, String) -> ExprKind, name: String| {
                Expr::new(kind(Box::new(current), name), here)
            };
            // What follows `.*` is taken of each element as long as it is names; an index is taken of the result.
            let ends =
                matches!(operator.value(), TraversalOperator::Index(_)) && stack.last().is_some_and(|(_, full)| !full);
            if ends {
                let (source, _) = stack.pop().expect("it was just seen");
                let whole = source.span.to(current.span);
                current = splat(source, current, whole);
            }
            current = match operator.value() {
                TraversalOperator::GetAttr(name) => wrap(current, ExprKind::GetAttr, name.as_str().to_owned()),
                TraversalOperator::LegacyIndex(number) => {
                    let number = usize::try_from(**number).unwrap_or(usize::MAX);
                    let index = Expr::new(ExprKind::Literal(Value::Number(Number::from(number))), here);
                    Expr::new(ExprKind::Index(Box::new(current), Box::new(index)), here)
                }
                TraversalOperator::Index(index) => {
                    let index = self.expr(index, faults);
                    Expr::new(ExprKind::Index(Box::new(current), Box::new(index)), here)
                }
                TraversalOperator::AttrSplat(_) | TraversalOperator::FullSplat(_) => {
                    let full = matches!(operator.value(), TraversalOperator::FullSplat(_));
                    stack.push((current, full));
                    Expr::new(ExprKind::Each, here)
                }
            };
        }
        while let Some((source, _)) = stack.pop() {
            let whole = source.span.to(current.span);
            current = splat(source, current, whole);
        }
        current.span = span;
        current
    }
}

/// The comments around a structure.
fn comments(structure: &Structure) -> Vec<String> {
    let decor = structure.decor();
    let texts = decor.prefix().into_iter().chain(decor.suffix());
    let all: Vec<String> = texts.map(|text| text.to_string()).collect();
    let mut lines = Vec::new();
    for text in &all {
        // A comment that an empty line parts from what follows is about something else.
        let near = text.rsplit("\n\n").next().unwrap_or_default();
        for line in near.lines().map(str::trim) {
            let bare = line.trim_start_matches(['#', '/', '*']).trim_end_matches("*/").trim();
            if bare.len() < line.len() || !bare.is_empty() {
                lines.push(bare.to_owned());
            }
        }
        while lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
    }
    lines
}

fn splat(source: Expr, each: Expr, span: Span) -> Expr {
    Expr::new(
        ExprKind::Splat {
            source: Box::new(source),
            each: Box::new(each),
        },
        span,
    )
}

fn binary(operator: BinaryOperator) -> BinaryOp {
    match operator {
        BinaryOperator::Eq => BinaryOp::Equal,
        BinaryOperator::NotEq => BinaryOp::NotEqual,
        BinaryOperator::LessEq => BinaryOp::LessOrEqual,
        BinaryOperator::GreaterEq => BinaryOp::GreaterOrEqual,
        BinaryOperator::Less => BinaryOp::Less,
        BinaryOperator::Greater => BinaryOp::Greater,
        BinaryOperator::Plus => BinaryOp::Add,
        BinaryOperator::Minus => BinaryOp::Subtract,
        BinaryOperator::Mul => BinaryOp::Multiply,
        BinaryOperator::Div => BinaryOp::Divide,
        BinaryOperator::Mod => BinaryOp::Remainder,
        BinaryOperator::And => BinaryOp::And,
        BinaryOperator::Or => BinaryOp::Or,
    }
}

/// An expression that stands on its own: the value of a variable on the command line.
pub fn parse_expression(sources: &Sources, file: u32) -> Result<Expr> {
    let text = sources.file(file).text.clone();
    let reader = Reader::new(sources, file, 0);
    let parsed = hcl_edit::parser::parse_expr(&text).map_err(|error| reader.error(&error))?;
    finished(|faults| reader.expr(&parsed, faults))
}

/// A template that stands on its own: a file for `templatefile`.
pub fn parse_template(sources: &Sources, file: u32) -> Result<Expr> {
    let text = sources.file(file).text.clone();
    template_at(&Reader::new(sources, file, 0), &text)
}

/// The template `text` that `reader` knows the place of.
pub(super) fn template_at(reader: &Reader<'_>, text: &str) -> Result<Expr> {
    let span = reader.span(0..text.len());
    if !text.contains("${") && !text.contains("%{") {
        return Ok(Expr::new(ExprKind::Literal(Value::string(text)), span));
    }
    let parsed = hcl_edit::parser::parse_template(text).map_err(|error| reader.error(&error))?;
    let elements: Vec<Element> = parsed.iter().cloned().collect();
    finished(|faults| Expr::new(reader.template(parts(reader, &elements, faults)), span))
}

/// What was made, unless there were problems on the way.
fn finished(make: impl FnOnce(&mut Faults) -> Expr) -> Result<Expr> {
    let mut faults = Faults::default();
    let made = make(&mut faults);
    match faults.0.into_iter().next() {
        Some(fault) => Err(Box::new(fault)),
        None => Ok(made),
    }
}
