//! Expressions of templates as expressions of Rust.

use super::{Code, Want};
use crate::import::{
    context::Context,
    fault::{Fault, Result},
    sources::Span,
    syntax::Expr,
    value::Value,
};
use std::collections::BTreeSet;

/// Writes the expressions of one template.
pub struct Writer<'a> {
    /// The world around the template.
    pub context: &'a Context,
    /// Paths for `use`, beyond the prelude.
    pub uses: BTreeSet<String>,
}

impl Writer<'_> {
    /// What `expr` is in Rust where `want` is taken.
    ///
    /// # Errors
    /// What cannot be said, or does not fit.
    pub fn expr(&mut self, expr: &Expr, want: &Want) -> Result<Code> {
        let _ = want;
        Err(Fault::at(expr.span, "no-rust", "this cannot be written in Rust"))
    }

    /// A value as a literal of Rust.
    ///
    /// # Errors
    /// When it does not fit.
    pub fn literal(&mut self, value: &Value, want: &Want, span: Span) -> Result<Code> {
        let _ = (value, want);
        Err(Fault::at(span, "no-rust", "this cannot be written in Rust"))
    }

    /// The value of an expression that nothing outside is asked for: a constant of the template.
    pub fn constant(&self, expr: &Expr) -> Option<Value> {
        let _ = expr;
        None
    }

    /// Runs `body` with the names of a loop over `collection` known; gives the pattern, what is iterated over, and what `body` made.
    ///
    /// # Errors
    /// What cannot be said, or what `body` found.
    pub fn each<T>(
        &mut self,
        iterator: &str,
        collection: &Expr,
        body: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<(String, String, T)> {
        let _ = (iterator, body);
        Err(Fault::at(collection.span, "no-rust", "this cannot be written in Rust"))
    }

    /// A name for a `let` that nothing has yet.
    pub fn name(&mut self, wanted: &str) -> String {
        wanted.to_owned()
    }

    /// Adds a path to the module's `use` declarations.
    pub fn use_path(&mut self, path: &str) {
        self.uses.insert(path.to_owned());
    }
}
