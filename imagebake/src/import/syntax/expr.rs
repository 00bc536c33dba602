//! Expressions.

use crate::import::{sources::Span, value::Value};

/// An expression and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where.
    pub span: Span,
}

impl Expr {
    /// A node.
    pub fn new(kind: ExprKind, span: Span) -> Self {
        Self { kind, span }
    }

    /// The name, for a lone identifier.
    pub fn as_name(&self) -> Option<&str> {
        match &self.kind {
            ExprKind::Variable(name) => Some(name),
            _ => None,
        }
    }

    /// The text, for a string without anything to evaluate.
    pub fn as_text(&self) -> Option<&str> {
        match &self.kind {
            ExprKind::Literal(Value::String(text)) => Some(text),
            _ => None,
        }
    }

    /// `a.b.c` as its names, and the node's own rest ignored: `a.b[0].c` gives `a`, `b`.
    pub fn path(&self) -> Option<Vec<&str>> {
        match &self.kind {
            ExprKind::Variable(name) => Some(vec![name]),
            ExprKind::GetAttr(inner, name) => {
                let mut path = inner.path()?;
                path.push(name);
                Some(path)
            }
            _ => None,
        }
    }

    /// `a.b["c"].d` as one text: `a.b.c.d`.
    pub fn dotted(&self) -> Option<String> {
        match &self.kind {
            ExprKind::Variable(name) => Some(name.clone()),
            ExprKind::GetAttr(inner, name) => Some(format!("{}.{name}", inner.dotted()?)),
            ExprKind::Index(inner, key) => Some(format!("{}.{}", inner.dotted()?, key.as_text()?)),
            _ => None,
        }
    }

    /// Calls `visit` for this node and all below it.
    pub fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
        visit(self);
        for child in self.children() {
            child.walk(visit);
        }
    }

    /// The expressions that this one is made of.
    pub fn children(&self) -> Vec<&Expr> {
        match &self.kind {
            ExprKind::Literal(_) | ExprKind::Variable(_) | ExprKind::Each => Vec::new(),
            ExprKind::Tuple(items) | ExprKind::Call { arguments: items, .. } => items.iter().collect(),
            ExprKind::Object(items) => items.iter().flat_map(|(key, value)| [key, value]).collect(),
            ExprKind::Template(parts) => parts.iter().flat_map(Part::children).collect(),
            ExprKind::Wrapped(inner)
            | ExprKind::Parens(inner)
            | ExprKind::GetAttr(inner, _)
            | ExprKind::Unary(_, inner) => {
                vec![inner]
            }
            ExprKind::Index(left, right)
            | ExprKind::Binary(_, left, right)
            | ExprKind::Splat {
                source: left,
                each: right,
            } => vec![left, right],
            ExprKind::Conditional(condition, yes, no) => vec![condition, yes, no],
            ExprKind::For(inner) => {
                let optional = inner.key.iter().chain(&inner.condition);
                [&inner.collection, &inner.value].into_iter().chain(optional).collect()
            }
        }
    }
}

/// What an expression is.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// A value as written.
    Literal(Value),
    /// `[a, b]`
    Tuple(Vec<Expr>),
    /// `{a = b}`: a bare name as a key is a literal.
    Object(Vec<(Expr, Expr)>),
    /// `"a${b}"`, a heredoc.
    Template(Vec<Part>),
    /// `"${a}"`: the value itself, of whatever type.
    Wrapped(Box<Expr>),
    /// `(a)`
    Parens(Box<Expr>),
    /// `a`
    Variable(String),
    /// The element at hand inside a splat.
    Each,
    /// `a.b`
    GetAttr(Box<Expr>, String),
    /// `a[b]`
    Index(Box<Expr>, Box<Expr>),
    /// `a[*].b`, `a.*.b`: what follows is `each`.
    Splat {
        /// What is walked over.
        source: Box<Expr>,
        /// What is taken of every element.
        each: Box<Expr>,
    },
    /// `f(a, b...)`
    Call {
        /// The function.
        name: String,
        /// Where its name stands.
        name_span: Span,
        /// What it is given.
        arguments: Vec<Expr>,
        /// Whether the last argument is a list of further ones.
        expand: bool,
    },
    /// `!a`, `-a`
    Unary(UnaryOp, Box<Expr>),
    /// `a + b`
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// `a ? b : c`
    Conditional(Box<Expr>, Box<Expr>, Box<Expr>),
    /// `[for a in b : c]`, `{for a, b in c : d => e}`
    For(Box<ForExpr>),
}

/// A `for` expression.
#[derive(Clone, Debug, PartialEq)]
pub struct ForExpr {
    /// The name of the key, if it has one.
    pub key_name: Option<String>,
    /// The name of the value.
    pub value_name: String,
    /// What is walked over.
    pub collection: Expr,
    /// The key of the result, for objects.
    pub key: Option<Expr>,
    /// The value of the result.
    pub value: Expr,
    /// Which elements are taken.
    pub condition: Option<Expr>,
    /// Whether values of one key make a list.
    pub grouping: bool,
}

/// A part of a template.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// Text.
    Literal(String),
    /// `${a}`
    Interpolation(Expr),
    /// `%{if a}b%{else}c%{endif}`
    If {
        /// The question.
        condition: Expr,
        /// What is there if so.
        yes: Vec<Part>,
        /// What is there if not.
        no: Vec<Part>,
    },
    /// `%{for a in b}c%{endfor}`
    For {
        /// The name of the key, if it has one.
        key_name: Option<String>,
        /// The name of the value.
        value_name: String,
        /// What is walked over.
        collection: Expr,
        /// What is there for each.
        body: Vec<Part>,
    },
}

impl Part {
    /// The expressions that this part is made of.
    pub fn children(&self) -> Vec<&Expr> {
        match self {
            Part::Literal(_) => Vec::new(),
            Part::Interpolation(expr) => vec![expr],
            Part::If { condition, yes, no } => {
                let inner = yes.iter().chain(no).flat_map(Part::children);
                std::iter::once(condition).chain(inner).collect()
            }
            Part::For { collection, body, .. } => {
                let inner = body.iter().flat_map(Part::children);
                std::iter::once(collection).chain(inner).collect()
            }
        }
    }
}

/// An operator before its operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOp {
    /// `!`
    Not,
    /// `-`
    Negate,
}

/// An operator between its operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "their names say it")]
pub enum BinaryOp {
    Or,
    And,
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}
