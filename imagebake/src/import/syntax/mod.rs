//! Templates as trees: one shape for HCL's own syntax and for its JSON form, with the place of every node.
//!
//! hcl-edit reads HCL and keeps its spans private to itself; trees from JSON, and several problems in one file, need our own nodes.

mod body;
mod expr;
mod hcl;
mod json;
mod recover;
mod template;

pub use body::{Attribute, Block, BlockKind, Body, Content};
pub use expr::{BinaryOp, Expr, ExprKind, ForExpr, Part, UnaryOp};
pub use hcl::{parse_expression, parse_template};
pub use json::{Json, JsonKind, Property, parse_json};

use super::{fault::Faults, sources::Sources};

/// A file of HCL, or of its JSON form where `json` is set. What could be read is given even where there are problems.
pub fn parse_file(sources: &Sources, file: u32, json: bool, faults: &mut Faults) -> Body {
    if json {
        json::parse_body(sources, file, faults)
    } else {
        recover::parse(sources, file, faults)
    }
}

#[cfg(test)]
mod tests;
