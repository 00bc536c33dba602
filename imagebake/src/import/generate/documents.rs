//! Regular expressions of templates, and what they write as JSON.

use super::{
    convert::reference,
    strings::{Facts, quoted},
    typed::{Form, Level, Typed},
    types::Ty,
    writer::{Writer, no_rust},
};
use crate::import::{
    fault::Result,
    sources::Span,
    syntax::{Expr, ExprKind},
    value::Value,
};

impl Writer<'_> {
    /// Whether a regular expression finds anything.
    pub(super) fn works(&mut self, inner: &Expr, span: Span) -> Result<Typed> {
        match &inner.kind {
            ExprKind::Call { name, arguments, .. } if name == "regex" && arguments.len() == 2 => {
                let pattern = arguments[0].as_text().map(str::to_owned);
                let Some(pattern) = pattern.filter(|pattern| regex_lite::Regex::new(pattern).is_ok()) else {
                    return Err(no_rust(span, "this regular expression has no counterpart"));
                };
                let text = self.text_of_argument(&arguments[1])?;
                self.use_path("imagebake::functions");
                Ok(Typed::owned(
                    format!("functions::matches({}, {text})", quoted(&pattern)),
                    Ty::Bool,
                ))
            }
            _ => Err(no_rust(span, "whether this works is known only when it is tried")),
        }
    }

    /// What it finds: text, or what its groups took, by name.
    pub(super) fn regex(&mut self, pattern: &Expr, text: &Expr, span: Span) -> Result<Typed> {
        let compiled = pattern
            .as_text()
            .and_then(|pattern| Some((pattern.to_owned(), regex_lite::Regex::new(pattern).ok()?)));
        let Some((pattern, compiled)) = compiled else {
            return Err(no_rust(span, "this regular expression has no counterpart"));
        };
        let names: Vec<String> = compiled.capture_names().flatten().map(str::to_owned).collect();
        let function = match (names.len() + 1, compiled.captures_len()) {
            (_, 1) => "found",
            (named, all) if named == all => "groups",
            _ => return Err(no_rust(span, "the groups of a regular expression need names in Rust")),
        };
        self.fails(span)?;
        let text = self.text_of_argument(text)?;
        self.use_path("imagebake::functions");
        let ty = match function {
            "found" => Ty::Str,
            _ => Ty::Groups(names),
        };
        Ok(Typed::owned(
            format!("functions::{function}({}, {text})?", quoted(&pattern)),
            ty,
        ))
    }

    pub(super) fn regex_replace(&mut self, text: &Expr, pattern: &str, with: &Expr, span: Span) -> Result<Typed> {
        if regex_lite::Regex::new(pattern).is_err() {
            return Err(no_rust(span, "this regular expression has no counterpart"));
        }
        let (text, with) = (self.text_of_argument(text)?, self.text_of_argument(with)?);
        self.use_path("imagebake::functions");
        Ok(Typed::owned(
            format!("functions::regex_replace({}, {text}, {with})", quoted(pattern)),
            Ty::Str,
        ))
    }

    /// A reference to what JSON is made of.
    pub(super) fn json(&mut self, value: &Expr, span: Span) -> Result<String> {
        // An object is written out here, whatever it is called: its values may be of any types.
        let declared = match value.path().as_deref() {
            Some(["local", name]) => self.declarations.get(*name).map(|declaration| declaration.expr.clone()),
            _ => None,
        };
        let declared = declared.filter(|expr| matches!(expr.kind, ExprKind::Object(_)));
        let value = declared.as_ref().unwrap_or(value);
        if let ExprKind::Object(entries) = &value.kind {
            let mut fields = Vec::new();
            for (key, value) in entries {
                let Some(name) = key.as_text() else {
                    return Err(no_rust(key.span, "the names of an object are written out"));
                };
                fields.push(format!("({}, {})", quoted(name), self.json(value, span)?));
            }
            self.use_path("imagebake::functions");
            return Ok(format!("&functions::object(&[{}])", fields.join(", ")));
        }
        let typed = self.typed(value, None)?;
        if let Some(value) = typed.value() {
            return match value {
                Value::Null(_) => Ok("&None::<String>".to_owned()),
                Value::String(text) if text.contains("{{") => {
                    Err(no_rust(span, "`{{ … }}` inside of JSON is not written in Rust yet"))
                }
                Value::String(text) => Ok(format!("&{}", quoted(text))),
                Value::Bool(flag) => Ok(format!("&{flag}")),
                Value::Number(number) if number.to_i64().is_some() => Ok(format!("&{number}")),
                _ => Err(no_rust(span, "this cannot be written as JSON in Rust")),
            };
        }
        if !is_plain(&typed.ty) {
            let message = format!("a value of type {} cannot be written as JSON in Rust", typed.ty.rust());
            return Err(no_rust(span, message));
        }
        Ok(match &typed.form {
            Form::Pieces(_) => {
                let facts = std::mem::replace(&mut self.facts, Facts::None);
                let made = self.made_text(&typed, span);
                self.facts = facts;
                format!("&{}", made?)
            }
            Form::Items(_) | Form::Entries(_) => {
                let made = self.exactly(&typed, &typed.ty.clone(), span)?;
                format!("&{}", made.strip_prefix("vec!").unwrap_or(&made))
            }
            _ => reference(&typed.at(Level::Unary), &typed),
        })
    }
}

/// Whether it is made of text, whole numbers and flags, which templates and Rust write alike.
fn is_plain(ty: &Ty) -> bool {
    match ty {
        Ty::Static | Ty::Str | Ty::Bool | Ty::Int(_) => true,
        Ty::List(inner) | Ty::Map(inner, _) | Ty::Option(inner) => is_plain(inner),
        _ => false,
    }
}
