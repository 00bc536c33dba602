//! The values of settings, as arguments of setters.

use super::{
    Code, SettingBlock, SettingValue, Want,
    calls::{Calls, Piece},
    given::{settings_of, text_of},
    paths,
};
use crate::{
    field::{FieldMeta, FieldType, Named, TemplateName, Value as Described},
    import::{
        fault::{Fault, Result},
        syntax::{Expr, ExprKind, Part},
        value::Value,
    },
};

/// An argument, which may be wrapped in a type of its own: `AmiId::new(…)`.
pub(super) struct Argument {
    pub(super) code: Code,
    wrap: Option<String>,
}

impl Argument {
    fn plain(code: Code) -> Self {
        Self { code, wrap: None }
    }

    pub(super) fn wrapped(&self, inner: &str) -> String {
        match &self.wrap {
            Some(function) => format!("{function}({inner})"),
            None => inner.to_owned(),
        }
    }

    pub(super) fn text(&self) -> String {
        self.wrapped(&self.code.text)
    }
}

/// What a place of that type takes; nothing for types of their own.
pub(super) fn want(ty: FieldType, facts: &'static [&'static str]) -> Option<Want> {
    Some(match ty {
        FieldType::Bool => Want::Bool,
        FieldType::Integer(name) => Want::Int(name),
        FieldType::Float => Want::Float,
        FieldType::Text => Want::Text,
        FieldType::Template => Want::Template(facts),
        FieldType::Duration => Want::Duration,
        FieldType::HostPath => Want::HostPath,
        FieldType::GuestPath => Want::GuestPath,
        FieldType::Secret => Want::Secret,
        FieldType::List(item) => Want::list(want(*item, facts)?),
        FieldType::Map(value) => Want::map(want(*value, facts)?),
        FieldType::Named(_) | FieldType::Group(_) => return None,
    })
}

/// The elements of a list as it is written.
fn elements(expr: &Expr) -> Option<&[Expr]> {
    match &expr.kind {
        ExprKind::Tuple(items) => Some(items),
        ExprKind::Parens(inner) | ExprKind::Wrapped(inner) => elements(inner),
        _ => None,
    }
}

/// The entries of a map as it is written.
fn entries(expr: &Expr) -> Option<&[(Expr, Expr)]> {
    match &expr.kind {
        ExprKind::Object(entries) => Some(entries),
        ExprKind::Parens(inner) | ExprKind::Wrapped(inner) => entries_of(inner),
        _ => None,
    }
}

fn entries_of(expr: &Expr) -> Option<&[(Expr, Expr)]> {
    entries(expr)
}

/// A bare name as a key of an object is text.
fn key_expr(key: &Expr) -> Expr {
    match key.as_name() {
        Some(name) => Expr::new(ExprKind::Literal(Value::String(name.to_owned())), key.span),
        None => key.clone(),
    }
}

impl Calls<'_, '_> {
    /// The value of a setting.
    pub(super) fn value(&mut self, row: &FieldMeta, expr: &Expr) -> Result<Argument> {
        self.of_type(row.ty, row.facts, expr)
    }

    fn of_type(&mut self, ty: FieldType, facts: &'static [&'static str], expr: &Expr) -> Result<Argument> {
        if let Some(want) = want(ty, facts) {
            return Ok(Argument::plain(self.writer.expr(expr, &want)?));
        }
        match ty {
            FieldType::Named(named) => self.named(named, facts, expr),
            FieldType::Group(shape) => {
                let settings = settings_of(expr, self.writer)?;
                Ok(Argument::plain(Code::new(self.settings(shape, &settings)?)))
            }
            FieldType::List(item) => {
                let Some(items) = elements(expr) else {
                    // One block is written without the brackets of a list.
                    if entries(expr).is_some() {
                        let only = self.of_type(*item, facts, expr)?;
                        return Ok(Argument::plain(Code::new(format!("[{}]", only.text()))));
                    }
                    let message = "a list of these has to be written out, `[…]`";
                    return Err(Fault::at(expr.span, "no-rust", message));
                };
                let mut all = Vec::new();
                for item_expr in items {
                    all.push(self.of_type(*item, facts, item_expr)?.text());
                }
                Ok(Argument::plain(Code::new(format!("[{}]", all.join(", ")))))
            }
            _ => {
                let message = "these names and values have to be written out, `{ … }`";
                Err(Fault::at(expr.span, "no-rust", message))
            }
        }
    }

    /// A value of a type of its own.
    fn named(&mut self, named: &'static Named, facts: &'static [&'static str], expr: &Expr) -> Result<Argument> {
        let path = paths::named(named.module, named.name, &mut self.writer.uses);
        let constant = self.writer.constant(expr).and_then(text_of);
        let word = named.words.iter().find(|(text, _)| constant.as_deref() == Some(*text));
        if let Some((_, word)) = word {
            return Ok(Argument::plain(Code::literal(format!("{path}::{word}"))));
        }
        for (prefix, function) in named.prefixes {
            if let Some(rest) = without(expr, prefix, constant.as_deref()) {
                return Ok(Argument {
                    code: self.writer.expr(&rest, &Want::Text)?,
                    wrap: Some(format!("{path}::{function}")),
                });
            }
        }
        let Some((function, ty)) = named.function else {
            let known: Vec<&str> = named.words.iter().map(|(text, _)| *text).collect();
            let message = match &constant {
                Some(text) => format!("`{text}` is none of `{}`", known.join("`, `")),
                None => format!("this has to be written out: one of `{}`", known.join("`, `")),
            };
            let fault = Fault::at(expr.span, "no-rust", message);
            return Err(fault.nearest(constant.as_deref().unwrap_or_default(), known));
        };
        let inner = want(*ty, facts).expect("the function of a named type takes what has no name of its own");
        Ok(Argument {
            code: self.writer.expr(expr, &inner)?,
            wrap: Some(format!("{path}::{function}")),
        })
    }

    /// The calls for an attribute.
    pub(super) fn value_calls(&mut self, row: &FieldMeta, expr: &Expr) -> Result<Vec<Piece>> {
        let says_nothing = match self.writer.constant(expr) {
            Some(Value::List(_, items) | Value::Set(_, items) | Value::Tuple(items)) => items.is_empty(),
            Some(Value::Map(_, entries) | Value::Object(entries)) => entries.is_empty(),
            _ => false,
        };
        if says_nothing && row.default.is_none() {
            return Ok(Vec::new());
        }
        match (row.ty, row.each) {
            (FieldType::Map(value), Some(each)) => {
                if let Some(written) = entries(expr) {
                    return self.entries(each, *value, row.facts, written);
                }
            }
            (FieldType::List(item), Some(each)) => {
                let apart = matches!(item, FieldType::List(_) | FieldType::Group(_)) || row.setter.is_none();
                let written = match elements(expr) {
                    Some(items) => Some(items),
                    // One block without the brackets of a list.
                    None if entries(expr).is_some() => Some(std::slice::from_ref(expr)),
                    None => None,
                };
                if let Some(items) = written.filter(|items| apart || (items.len() == 1 && row.default.is_none())) {
                    let mut pieces = Vec::new();
                    for item_expr in items {
                        let argument = self.of_type(*item, row.facts, item_expr)?;
                        pieces.push(self.call(each, &argument));
                    }
                    return Ok(pieces);
                }
                if row.setter.is_none() {
                    let argument = self.value(row, expr)?;
                    return Ok(vec![self.loop_over(each, &argument.text())]);
                }
            }
            _ => {}
        }
        let Some(setter) = row.setter else {
            let message = "these have to be written out, one by one";
            return Err(Fault::at(expr.span, "no-rust", message));
        };
        let argument = self.value(row, expr)?;
        Ok(vec![self.call(setter, &argument)])
    }

    /// A call for each entry: their values may be of several types.
    fn entries(
        &mut self,
        each: &str,
        value: FieldType,
        facts: &'static [&'static str],
        written: &[(Expr, Expr)],
    ) -> Result<Vec<Piece>> {
        let mut pieces = Vec::new();
        for (key, entry) in written {
            if super::given::is_null(entry, self.writer) {
                continue;
            }
            let name = self.writer.expr(&key_expr(key), &Want::Str)?;
            let argument = self.of_type(value, facts, entry)?;
            pieces.push(self.entry_call(each, &name.text, &argument));
        }
        Ok(pieces)
    }

    /// Entries that templates write as blocks: `tag { key = "a"  value = "b" }`.
    pub(super) fn entry_blocks(
        &mut self,
        row: &FieldMeta,
        value: FieldType,
        blocks: &[SettingBlock],
    ) -> Result<Vec<Piece>> {
        let (Some(each), TemplateName::Parts(parts)) = (row.each, row.template) else {
            let span = blocks.first().map(|block| block.span);
            let message = "these are names and values, not blocks";
            return Err(span.map_or_else(
                || Fault::general("no-rust", message),
                |span| Fault::at(span, "no-rust", message),
            ));
        };
        let key = name_in(parts).unwrap_or("key");
        let mut pieces = Vec::new();
        for block in blocks {
            let (named, valued) = (block.settings.expr(key), block.settings.expr("value"));
            let other = block.settings.entries.iter().find(|setting| {
                (setting.name != key && setting.name != "value") || matches!(setting.value, SettingValue::Blocks(_))
            });
            let (Some(named), Some(valued), None) = (named, valued, other) else {
                let span = other.map_or(block.span, |setting| setting.name_span);
                let message = format!("a block here has `{key}` and `value`, and nothing else");
                return Err(Fault::at(span, "no-rust", message));
            };
            pieces.push(self.each_block(each, block, |calls| {
                let name = calls.writer.expr(named, &Want::Str)?;
                let argument = calls.of_type(value, row.facts, valued)?;
                if name.optional || argument.code.optional {
                    let message = "whether it is there cannot depend on a variable";
                    return Err(Fault::at(valued.span, "no-rust", message));
                }
                Ok(format!("{}, {}", name.text, argument.text()))
            })?);
        }
        Ok(pieces)
    }
}

/// What blocks of entries call the name of an entry.
fn name_in(parts: fn(&Described) -> Vec<(&'static str, Described)>) -> Option<&'static str> {
    let probe = Described::Map(vec![(String::new(), Described::Null)]);
    let (_, told) = parts(&probe).into_iter().next()?;
    let Described::List(blocks) = told else { return None };
    let Some(Described::Map(block)) = blocks.into_iter().next() else {
        return None;
    };
    let (name, _) = block.into_iter().next()?;
    ["key", "name"].into_iter().find(|known| *known == name)
}

/// The expression without `prefix`, where it begins with that.
fn without(expr: &Expr, prefix: &str, constant: Option<&str>) -> Option<Expr> {
    if let Some(text) = constant {
        let rest = text.strip_prefix(prefix)?;
        return Some(Expr::new(ExprKind::Literal(Value::String(rest.to_owned())), expr.span));
    }
    let ExprKind::Template(parts) = &expr.kind else {
        return None;
    };
    let Some(Part::Literal(first)) = parts.first() else {
        return None;
    };
    let rest = first.strip_prefix(prefix)?;
    let mut parts = parts[1..].to_vec();
    if !rest.is_empty() {
        parts.insert(0, Part::Literal(rest.to_owned()));
    }
    Some(Expr::new(ExprKind::Template(parts), expr.span))
}
