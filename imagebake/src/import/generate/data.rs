//! Data sources: a look-up for each that is used, bound to its name, and what expressions take of its answer.

use super::{
    Note, Settings, Want,
    calls::Calls,
    layout::layout,
    names::snake,
    strings::quoted,
    typed::{Form, Typed},
    types::{Keys, Ty},
    writer::{Known, Writer, no_rust},
};
use crate::{
    catalog,
    field::FieldType,
    import::{
        fault::{Fault, Result},
        sources::Span,
        syntax::{Expr, ExprKind},
        value::Value,
    },
};
use std::collections::BTreeMap;

/// The data sources of a template, by kind and name.
pub(super) type Sources = BTreeMap<(String, String), DataSource>;

/// A data source.
#[derive(Clone, Debug)]
pub(super) struct DataSource {
    pub(super) settings: Settings,
    pub(super) comments: Vec<String>,
    pub(super) span: Span,
}

impl Writer<'_> {
    /// `data.KIND.NAME.output`
    pub(super) fn answer(&mut self, kind: &str, name: &str, output: &str, span: Span) -> Result<Typed> {
        let Some(source) = self.data.get(&(kind.to_owned(), name.to_owned())) else {
            return Err(no_rust(span, format!("there is no data source `data.{kind}.{name}`")));
        };
        self.named_data.insert(format!("data.{kind}.{name}"));
        let given = |setting: &str| source.settings.expr(setting).cloned();
        match (kind, output) {
            // It answers what it is given.
            ("null", "output") => match given("input") {
                Some(input) => self.typed(&input, None),
                None => Ok(Typed::literal("".into())),
            },
            ("http", "body") => self.taken_of(name, &format!("{name}_body"), "text()", span),
            ("http", setting @ ("url" | "request_headers")) => match given(setting) {
                Some(expr) => self.typed(&expr, None),
                None => Err(no_rust(span, format!("`{setting}` is not set"))),
            },
            _ => {
                let known = catalog::lookups().into_iter().find(|lookup| lookup.kind == kind);
                let Some(lookup) = known else {
                    return Err(no_counterpart(kind, span));
                };
                let Some((_, ty)) = lookup.answer.iter().find(|(known, _)| *known == output) else {
                    let fault = Fault::at(
                        span,
                        "no-rust",
                        format!("the data source `{kind}` answers no `{output}`"),
                    );
                    return Err(fault.nearest(output, lookup.answer.iter().map(|(known, _)| *known)));
                };
                let ident = self.look_up(kind, name, span)?;
                Ok(Typed::new(
                    format!("{ident}.{}", snake(output)),
                    type_of(*ty),
                    Form::Place,
                ))
            }
        }
    }

    /// The text at a place of a document, where the expression is that: `jsondecode(data.http.NAME.body).a.b`.
    pub(super) fn in_document(&mut self, expr: &Expr) -> Result<Option<Typed>> {
        let mut pointer: Vec<String> = Vec::new();
        let mut at = expr;
        let document = loop {
            if let Some(name) = self.document(at) {
                break name;
            }
            match &at.kind {
                ExprKind::GetAttr(inner, name) => {
                    pointer.push(name.clone());
                    at = inner;
                }
                ExprKind::Index(inner, key) => {
                    match self.constant(key) {
                        Some(Value::String(name)) => pointer.push(name),
                        Some(Value::Number(number)) => pointer.push(number.to_string()),
                        _ => return Ok(None),
                    }
                    at = inner;
                }
                _ => return Ok(None),
            }
        };
        let Some(last) = pointer.first().cloned() else {
            return Ok(None);
        };
        pointer.reverse();
        let escaped = pointer.iter().map(|part| part.replace('~', "~0").replace('/', "~1"));
        let pointer = format!("/{}", escaped.collect::<Vec<_>>().join("/"));
        let wanted = match last.parse::<usize>() {
            Ok(_) => format!("{document}_{last}"),
            Err(_) => last,
        };
        let call = format!("json_text({})", quoted(&pointer));
        self.taken_of(&document, &wanted, &call, expr.span).map(Some)
    }

    /// The name of the `http` data source whose body this is, decoded; by itself or as a local.
    fn document(&self, expr: &Expr) -> Option<String> {
        match &expr.kind {
            ExprKind::Wrapped(inner) | ExprKind::Parens(inner) => self.document(inner),
            ExprKind::Call { name, arguments, .. } if name == "jsondecode" => {
                match arguments.first()?.path()?.as_slice() {
                    ["data", "http", name, "body"] => Some((*name).to_owned()),
                    _ => None,
                }
            }
            ExprKind::GetAttr(..) => match expr.path()?.as_slice() {
                ["local", name] => {
                    let declared = &self.declarations.get(*name)?.expr;
                    // Locals that name others could go round in a circle.
                    let mut inner = declared;
                    while let ExprKind::Wrapped(within) | ExprKind::Parens(within) = &inner.kind {
                        inner = within;
                    }
                    matches!(inner.kind, ExprKind::Call { .. })
                        .then(|| self.document(inner))
                        .flatten()
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// What a method says of the document `name`, bound to a name of its own.
    fn taken_of(&mut self, name: &str, wanted: &str, call: &str, span: Span) -> Result<Typed> {
        let key = format!("data.http.{name}.{call}");
        if !self.locals.contains_key(&key) {
            let document = self.look_up("http", name, span)?;
            let ident = self.name(wanted);
            self.fallible = true;
            self.lets.push(format!("let {ident} = {document}.{call}?;\n"));
            self.locals.insert(key.clone(), Known { ident, ty: Ty::Str });
        }
        let Known { ident, ty } = self.locals[&key].clone();
        Ok(Typed::new(ident, ty, Form::Place))
    }

    /// The `let` of a look-up; its name.
    fn look_up(&mut self, kind: &str, name: &str, span: Span) -> Result<String> {
        let key = format!("data.{kind}.{name}");
        self.named_data.insert(key.clone());
        if let Some(known) = self.locals.get(&key) {
            return Ok(known.ident.clone());
        }
        if self.open.contains(&key) {
            return Err(no_rust(span, format!("the data source `{key}` needs itself")));
        }
        let Some(source) = self.data.get(&(kind.to_owned(), name.to_owned())) else {
            return Err(no_rust(span, format!("there is no data source `{key}`")));
        };
        // It is written where no loop is.
        let scope = std::mem::take(&mut self.scope);
        let each = std::mem::take(&mut self.each);
        let closures = std::mem::replace(&mut self.closures, 0);
        self.open.push(key.clone());
        let asked = match kind {
            "http" => self.get(source),
            _ => self.question(kind, source),
        };
        self.open.pop();
        (self.scope, self.each, self.closures) = (scope, each, closures);
        let asked = asked?;
        self.needs_data = true;
        self.fallible = true;
        let ident = self.name(name);
        let comments: String = source.comments.iter().map(|line| format!("// {line}\n")).collect();
        let asked = layout(&asked, 4);
        self.lets.push(format!("{comments}let {ident} = {asked};\n"));
        // What it is is never asked for: its fields are.
        let known = Known {
            ident: ident.clone(),
            ty: Ty::Null,
        };
        self.locals.insert(key, known);
        Ok(ident)
    }

    /// `data.http("https://…").header("Accept", "…").await?`
    fn get(&mut self, source: &DataSource) -> Result<String> {
        let settings = &source.settings;
        let refused = |setting: &str| match settings.get(setting) {
            Some(found) => Err(no_rust(
                found.name_span,
                "a look-up asks with GET, and sends nothing else",
            )),
            None => Ok(()),
        };
        let method = settings.expr("method").and_then(|method| self.constant(method));
        if method
            .as_ref()
            .and_then(Value::as_str)
            .is_none_or(|method| method != "GET")
        {
            refused("method")?;
        }
        refused("request_body")?;
        let Some(url) = settings.expr("url") else {
            return Err(no_rust(
                source.span,
                "nothing says which address is asked: `url` is missing",
            ));
        };
        let mut asked = format!("data.http({})", self.expr(url, &Want::Text)?.text);
        if let Some(headers) = settings.expr("request_headers") {
            let ExprKind::Object(entries) = &headers.kind else {
                return Err(no_rust(headers.span, "headers have to be written out, `{ … }`"));
            };
            for (name, value) in entries {
                let name = match name.as_name().or_else(|| name.as_text()) {
                    Some(name) => quoted(name),
                    None => self.expr(name, &Want::Str)?.text,
                };
                asked.push_str(&format!("\n.header({name}, {})", self.expr(value, &Want::Text)?.text));
            }
        }
        self.features.insert("http");
        Ok(format!("{asked}\n.await?"))
    }

    /// `data.look_up(amazon::FindAmi::by(…)).await?`
    fn question(&mut self, kind: &str, source: &DataSource) -> Result<String> {
        let Some(lookup) = catalog::lookups().into_iter().find(|lookup| lookup.kind == kind) else {
            return Err(no_counterpart(kind, source.span));
        };
        let mut calls = Calls::new(self);
        let question = calls.settings(&lookup.shape, &source.settings)?;
        let (notes, mut unknown) = (calls.notes, calls.unknown);
        if !unknown.is_empty() {
            return Err(Box::new(unknown.remove(0)));
        }
        self.notes.extend(notes);
        let question = layout(&question, 8);
        let hidden = if lookup.sensitive { "\n.sensitive()" } else { "" };
        Ok(format!("data.look_up({question}){hidden}\n.await?"))
    }

    /// Data sources that nothing uses: they are left out, and that is told.
    pub(super) fn unused_data(&self) -> Vec<Note> {
        let unused = self.data.iter().filter(|((kind, name), _)| {
            let used = format!("data.{kind}.{name}");
            !self.named_data.contains(&used)
        });
        unused
            .map(|((kind, name), source)| {
                let message = format!("nothing uses `data.{kind}.{name}`, and so it is left out");
                Note::at(source.span, message)
            })
            .collect()
    }
}

fn no_counterpart(kind: &str, span: Span) -> Box<Fault> {
    no_rust(span, format!("the data source `{kind}` has no counterpart here"))
        .help("make what it says an input, or write the look-up: `impl Lookup for …`")
}

fn type_of(ty: FieldType) -> Ty {
    match ty {
        FieldType::List(item) => Ty::list(type_of(*item)),
        FieldType::Map(value) => Ty::Map(Box::new(type_of(*value)), Keys::Owned),
        _ => Ty::Str,
    }
}
