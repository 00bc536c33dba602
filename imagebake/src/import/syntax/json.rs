//! JSON with the place of every value: HCL's JSON form and the older templates.

use super::{
    Body, Expr, ExprKind,
    hcl::{Reader, template_at},
};
use crate::import::{
    fault::{Fault, Faults, Result},
    sources::{Sources, Span},
    value::{Number, Type, Value},
};
use jsonc_parser::{CollectOptions, ParseOptions, ast, common::Ranged};

/// A value of JSON.
#[derive(Clone, Debug)]
pub struct Json {
    /// What it is.
    pub kind: JsonKind,
    /// Where.
    pub span: Span,
}

/// What a value of JSON is.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "their names say it")]
pub enum JsonKind {
    Null,
    Bool(bool),
    Number(String),
    String(String),
    Array(Vec<Json>),
    Object(Vec<Property>),
}

/// One entry of an object.
#[derive(Clone, Debug)]
pub struct Property {
    /// Its name.
    pub name: String,
    /// Where that stands.
    pub name_span: Span,
    /// Its value.
    pub value: Json,
}

impl Json {
    /// The entries of an object; none for anything else.
    pub fn properties(&self) -> &[Property] {
        match &self.kind {
            JsonKind::Object(properties) => properties,
            _ => &[],
        }
    }

    /// The last entry of that name, which is the one that counts.
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.properties()
            .iter()
            .rev()
            .find(|property| property.name == name)
            .map(|property| &property.value)
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            JsonKind::String(text) => Some(text),
            _ => None,
        }
    }

    /// The plain value, without places. Of entries with one name the last counts.
    pub fn plain(&self) -> serde_json::Value {
        use serde_json::Value as Plain;
        match &self.kind {
            JsonKind::Null => Plain::Null,
            JsonKind::Bool(value) => Plain::Bool(*value),
            JsonKind::Number(text) => serde_json::from_str(text).unwrap_or_else(|_| Plain::String(text.clone())),
            JsonKind::String(text) => Plain::String(text.clone()),
            JsonKind::Array(items) => items.iter().map(Json::plain).collect(),
            JsonKind::Object(properties) => properties
                .iter()
                .map(|property| (property.name.clone(), property.value.plain()))
                .collect(),
        }
    }

    /// As problems name it.
    pub fn friendly(&self) -> &'static str {
        match self.kind {
            JsonKind::Null => "null",
            JsonKind::Bool(_) => "true or false",
            JsonKind::Number(_) => "a number",
            JsonKind::String(_) => "a string",
            JsonKind::Array(_) => "a list",
            JsonKind::Object(_) => "an object",
        }
    }
}

/// A file of JSON, as strict as the peer: no comments, no trailing commas.
pub fn parse_json(sources: &Sources, file: u32) -> Result<Json> {
    let source = sources.file(file);
    let start = if source.text.starts_with('\u{feff}') { 3 } else { 0 };
    let text = &source.text[start..];
    let options = ParseOptions {
        allow_comments: false,
        allow_loose_object_property_names: false,
        allow_trailing_commas: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    };
    let parsed = jsonc_parser::parse_to_ast(text, &CollectOptions::default(), &options).map_err(|error| {
        let range = error.range();
        let at = Span::new(file, range.start + start..range.end + start);
        Fault::at(at, "syntax", format!("this is not JSON: {}", error.kind()))
    })?;
    match parsed.value {
        Some(value) => Ok(tree(&value, file, start)),
        None => Err(Fault::at(
            Span::new(file, 0..0),
            "syntax",
            "this file is empty; an object is expected",
        )),
    }
}

fn tree(value: &ast::Value<'_>, file: u32, offset: usize) -> Json {
    let span = |range: jsonc_parser::common::Range| Span::new(file, range.start + offset..range.end + offset);
    let kind = match value {
        ast::Value::NullKeyword(_) => JsonKind::Null,
        ast::Value::BooleanLit(value) => JsonKind::Bool(value.value),
        ast::Value::NumberLit(value) => JsonKind::Number(value.value.to_owned()),
        ast::Value::StringLit(value) => JsonKind::String(value.value.to_string()),
        ast::Value::Array(value) => {
            JsonKind::Array(value.elements.iter().map(|item| tree(item, file, offset)).collect())
        }
        ast::Value::Object(value) => JsonKind::Object(
            value
                .properties
                .iter()
                .map(|property| Property {
                    name: property.name.as_str().to_owned(),
                    name_span: span(property.name.range()),
                    value: tree(&property.value, file, offset),
                })
                .collect(),
        ),
    };
    Json {
        kind,
        span: span(value.range()),
    }
}

/// The body of a file of HCL's JSON form.
pub(super) fn parse_body(sources: &Sources, file: u32, faults: &mut Faults) -> Body {
    let all = Span::new(file, 0..sources.file(file).text.len());
    let Some(json) = faults.keep(parse_json(sources, file)) else {
        return Body::empty(all);
    };
    let objects = match &json.kind {
        JsonKind::Object(_) => vec![json],
        JsonKind::Array(items) if items.iter().all(|item| matches!(item.kind, JsonKind::Object(_))) => items.clone(),
        _ => {
            faults.push(Fault::at(
                json.span,
                "syntax",
                format!("an object is expected here, not {}", json.friendly()),
            ));
            Vec::new()
        }
    };
    Body::json(objects, sources, all)
}

/// A value as an expression: strings are templates.
pub(super) fn expression(json: &Json, sources: &Sources, faults: &mut Faults) -> Expr {
    let kind = match &json.kind {
        JsonKind::Null => ExprKind::Literal(Value::Null(Type::Dynamic)),
        JsonKind::Bool(value) => ExprKind::Literal(Value::Bool(*value)),
        JsonKind::Number(text) => ExprKind::Literal(Number::parse(text).map_or(Value::DYNAMIC, Value::Number)),
        JsonKind::String(text) => return string(text, json.span, sources, faults),
        JsonKind::Array(items) => ExprKind::Tuple(items.iter().map(|item| expression(item, sources, faults)).collect()),
        JsonKind::Object(properties) => ExprKind::Object(
            properties
                .iter()
                .map(|property| {
                    let key = string(&property.name, property.name_span, sources, faults);
                    (key, expression(&property.value, sources, faults))
                })
                .collect(),
        ),
    };
    Expr::new(kind, json.span)
}

fn string(text: &str, span: Span, sources: &Sources, faults: &mut Faults) -> Expr {
    let mut reader = Reader::new(sources, span.file, span.start as usize + 1);
    // With escapes, places inside the string are those of the whole string.
    if sources.text(span).len() != text.len() + 2 {
        reader.fixed = Some(span);
    }
    match template_at(&reader, text) {
        Ok(mut expr) => {
            expr.span = span;
            expr
        }
        Err(fault) => {
            faults.push(fault);
            Expr::new(ExprKind::Literal(Value::DYNAMIC), span)
        }
    }
}
