//! Expressions of templates as typed expressions of Rust.

use super::{
    Want,
    typed::{Form, Level, Piece, Typed, Walk},
    types::{Keys, Ty, common},
    writer::{Writer, no_rust},
};
use crate::import::{
    fault::Result,
    sources::Span,
    syntax::{Expr, ExprKind, ForExpr, Part},
    value::{Value, normal},
};

/// Deeper nesting than any template has: a file must not exhaust the stack.
const DEEPEST: usize = 100;

impl Writer<'_> {
    /// What `expr` is; `want` is what will take it, where that is known.
    pub(super) fn typed(&mut self, expr: &Expr, want: Option<&Want>) -> Result<Typed> {
        self.depth += 1;
        let deep = self.depth > DEEPEST;
        let typed = match deep {
            true => Err(no_rust(expr.span, "this expression is nested too deeply")),
            false => self.node(expr, want),
        };
        self.depth -= 1;
        typed
    }

    fn node(&mut self, expr: &Expr, want: Option<&Want>) -> Result<Typed> {
        let span = expr.span;
        if !self.scope.is_empty()
            && let ExprKind::GetAttr(..) | ExprKind::Index(..) = &expr.kind
            && let Some(path) = expr.dotted()
            && let Some((_, typed)) = self.scope.iter().rev().find(|(known, _)| *known == path).cloned()
        {
            self.used_variables.insert(format!("loop {}", typed.text));
            self.touched(&typed);
            return Ok(typed);
        }
        match &expr.kind {
            ExprKind::Literal(value) => Ok(Typed::literal(value.clone())),
            ExprKind::Wrapped(inner) | ExprKind::Parens(inner) => self.typed(inner, want),
            ExprKind::Tuple(items) => {
                let item = match want {
                    Some(Want::List(item)) => Some(&**item),
                    _ => None,
                };
                let items = items
                    .iter()
                    .map(|value| self.typed(value, item))
                    .collect::<Result<Vec<_>>>()?;
                Ok(list_of(items))
            }
            ExprKind::Object(entries) => self.object(entries, want),
            ExprKind::Template(parts) => self.template(parts, span),
            ExprKind::Variable(name) => self.named(name, span),
            ExprKind::Each => match self.each.last().cloned() {
                Some(each) => {
                    self.touched(&each);
                    Ok(each)
                }
                None => Err(no_rust(span, "there is no element here")),
            },
            ExprKind::GetAttr(inner, name) => self.attribute(expr, inner, name),
            ExprKind::Index(inner, key) => self.index(expr, inner, key, span),
            ExprKind::Splat { source, each } => self.splat(source, each, span),
            ExprKind::Call {
                name,
                arguments,
                expand,
                ..
            } => self.call(name, arguments, *expand, want, span),
            ExprKind::Unary(op, inner) => self.unary(*op, inner, span),
            ExprKind::Binary(op, left, right) => self.binary(*op, left, right, span),
            ExprKind::Conditional(condition, yes, no) => self.conditional(condition, yes, no, want, span),
            ExprKind::For(of) => self.for_expr(of, span),
        }
    }

    fn object(&mut self, entries: &[(Expr, Expr)], want: Option<&Want>) -> Result<Typed> {
        let value_want = match want {
            Some(Want::Map(value)) => Some(&**value),
            _ => None,
        };
        let mut out = Vec::new();
        for (key, value) in entries {
            let key = self.typed(key, None)?;
            out.push((key, self.typed(value, value_want)?));
        }
        Ok(map_of(out))
    }

    fn template(&mut self, parts: &[Part], span: Span) -> Result<Typed> {
        let mut pieces = Vec::new();
        for part in parts {
            self.part(part, span, &mut pieces)?;
        }
        Ok(text_of(pieces))
    }

    fn part(&mut self, part: &Part, span: Span, pieces: &mut Vec<Piece>) -> Result<()> {
        match part {
            Part::Literal(text) => pieces.push(Piece::Text(normal(text.clone()))),
            Part::Interpolation(expr) => {
                let typed = self.typed(expr, None)?;
                self.shown(&typed);
                match (&typed.form, &typed.ty) {
                    (Form::Literal(value), _) => match super::literal::as_text(value) {
                        Some(text) => pieces.push(Piece::Text(text)),
                        None => return Err(no_rust(expr.span, "this cannot be put into text")),
                    },
                    (Form::Pieces(inner), _) => pieces.extend(inner.iter().cloned()),
                    (_, Ty::Static | Ty::Str | Ty::Text | Ty::Secret | Ty::Bool | Ty::Int(_) | Ty::Float) => {
                        pieces.push(Piece::Value(typed))
                    }
                    (_, Ty::Option(inner)) if matches!(**inner, Ty::Str | Ty::Int(_) | Ty::Bool | Ty::Secret) => {
                        let inner = (**inner).clone();
                        pieces.push(Piece::Value(self.unwrapped(&typed, inner, expr.span)?));
                    }
                    (_, other) => {
                        return Err(no_rust(
                            expr.span,
                            format!("a value of type {} cannot be put into text", other.rust()),
                        ));
                    }
                }
            }
            Part::If { condition, yes, no } => {
                let condition = self.condition(condition)?;
                let mut sides = Vec::new();
                for side in [yes, no] {
                    let mut inner = Vec::new();
                    for part in side {
                        self.part(part, span, &mut inner)?;
                    }
                    sides.push(text_of(inner));
                }
                match condition.value() {
                    Some(Value::Bool(taken)) => {
                        let side = sides.remove(usize::from(!taken));
                        pieces.push(Piece::Value(side));
                    }
                    _ => {
                        let chosen = self.chosen(&condition, &sides[0], &sides[1], None, span)?;
                        pieces.push(Piece::Value(chosen));
                    }
                }
            }
            Part::For {
                key_name,
                value_name,
                collection,
                body,
            } => {
                let over = self.typed(collection, None)?;
                let walk = self.walked(&over, collection.span)?;
                let (made, pattern, iterated) = self.in_closure(&walk, key_name.as_deref(), value_name, |writer| {
                    let mut inner = Vec::new();
                    for part in body {
                        writer.part(part, span, &mut inner)?;
                    }
                    writer.exactly(&text_of(inner), &Ty::Str, span)
                })?;
                let text = format!("{iterated}.map(|{pattern}| {made}).collect::<String>()");
                pieces.push(Piece::Value(Typed::owned(text, Ty::Str)));
            }
        }
        Ok(())
    }

    /// What must not be null here.
    fn unwrapped(&mut self, typed: &Typed, inner: Ty, span: Span) -> Result<Typed> {
        self.fails(span)?;
        self.use_path("imagebake::functions");
        let name = typed.key.as_deref().map_or("this value", |key| {
            key.trim_end_matches("[]").split('.').next_back().unwrap_or(key)
        });
        let option = super::convert::reference(&typed.at(Level::Unary), typed);
        let text = format!("functions::given({option}, {})?", super::strings::quoted(name));
        Ok(Typed::new(text, inner, Form::Ref))
    }

    /// A name that stands for itself: of a loop.
    fn named(&mut self, name: &str, span: Span) -> Result<Typed> {
        match self.scope.iter().rev().find(|(known, _)| known == name).cloned() {
            Some((_, typed)) => {
                self.used_variables.insert(format!("loop {}", typed.text));
                self.touched(&typed);
                Ok(typed)
            }
            None => Err(no_rust(span, format!("`{name}` as a whole cannot be used"))),
        }
    }

    fn attribute(&mut self, expr: &Expr, inner: &Expr, name: &str) -> Result<Typed> {
        let span = expr.span;
        if let Some(parent) = inner.as_name()
            && !self.scope.iter().any(|(known, _)| known == parent)
        {
            match (parent, name) {
                ("var", name) => return self.variable(name, span),
                ("local", name) => return self.local(name, span),
                ("path", "root") => {
                    // Relative paths start at the image's folder by themselves.
                    return Ok(Typed::literal(self.context.root.as_str().into()));
                }
                ("packer", "version") => {
                    return Ok(Typed::literal(self.context.version.as_str().into()));
                }
                ("path", "cwd") => {
                    self.needs_data = true;
                    return Ok(Typed::owned("data.folder()", Ty::Str));
                }
                ("source", "name" | "type") => {
                    return Ok(match &self.of_source {
                        Some((kind, source)) => {
                            Typed::literal(if name == "name" { source.as_str() } else { kind.as_str() }.into())
                        }
                        None => text_of(vec![Piece::Constant(if name == "name" {
                            "SOURCE"
                        } else {
                            "SOURCE_KIND"
                        })]),
                    });
                }
                ("build", "name") => {
                    if let Some(name) = self.build_named_by.clone() {
                        return self.typed(&name, None);
                    }
                    return Ok(Typed::literal(self.build_name.as_deref().unwrap_or_default().into()));
                }
                ("build", "ID") => return Ok(text_of(vec![Piece::Constant("BUILD_ID")])),
                ("build", "PackerRunUUID") => return Ok(text_of(vec![Piece::Constant("RUN_ID")])),
                ("build", fact) if super::strings::BUILD.contains(&fact) => {
                    return Ok(text_of(vec![Piece::Text(format!("{{{{ build `{fact}` }}}}"))]));
                }
                ("build", fact) => {
                    return Err(no_rust(span, format!("`build.{fact}` has no counterpart here")));
                }
                _ => {}
            }
        }
        if let Some(found) = self.in_document(expr)? {
            return Ok(found);
        }
        match expr.path().as_deref() {
            Some(["data", kind, name, output]) => return self.answer(kind, name, output, span),
            Some(["data", ..] | ["data"]) if expr.path().is_some_and(|path| path.len() < 4) => {
                return Err(no_rust(span, "a data source as a whole cannot be used"));
            }
            _ => {}
        }
        // Of an object as it is written, the one entry.
        if let Some(declared) = self.entry_of_local(inner, name) {
            return self.typed(&declared, None);
        }
        let of = self.typed(inner, None)?;
        self.field_of(&of, name, span)
    }

    fn field_of(&mut self, of: &Typed, name: &str, span: Span) -> Result<Typed> {
        if let Form::Entries(entries) = &of.form {
            let found = entries
                .iter()
                .find(|(key, _)| key.value().and_then(Value::as_str) == Some(name));
            return match found {
                Some((_, value)) => Ok(value.clone()),
                None => Err(no_rust(span, format!("there is no `{name}` in it"))),
            };
        }
        match &of.ty {
            Ty::Struct(known) => match known.fields.get(name) {
                Some(ty) => Ok(self.field(of, name, ty)),
                None => Err(no_rust(span, format!("there is no `{name}` in it"))),
            },
            Ty::Map(..) => self.entry(of, &Typed::literal(name.into()), span),
            Ty::Groups(names) => match names.iter().any(|known| known == name) {
                true => Ok(Typed::owned(
                    format!("{}.get({})", of.at(Level::Atom), super::strings::quoted(name)),
                    Ty::option(Ty::Str),
                )),
                false => Err(no_rust(span, format!("the regular expression has no group `{name}`"))),
            },
            other => Err(no_rust(
                span,
                format!("a value of type {} has no `{name}`", other.rust()),
            )),
        }
    }

    fn index(&mut self, whole: &Expr, inner: &Expr, key: &Expr, span: Span) -> Result<Typed> {
        if let Some(parent @ ("var" | "local")) = inner.as_name()
            && let Some(name) = key.as_text()
        {
            return match parent {
                "var" => self.variable(name, span),
                _ => self.local(name, span),
            };
        }
        if let Some(found) = self.in_document(whole)? {
            return Ok(found);
        }
        let of = self.typed(inner, None)?;
        let key = self.typed(key, None)?;
        match (&of.form, key.value()) {
            (Form::Items(items), Some(Value::Number(number))) => {
                let at = number.to_i64().and_then(|at| usize::try_from(at).ok());
                return match at.and_then(|at| items.get(at)) {
                    Some(item) => Ok(item.clone()),
                    None => Err(no_rust(span, format!("there is no element {number}"))),
                };
            }
            (Form::Entries(_), Some(Value::String(name))) => return self.field_of(&of, &name.clone(), span),
            _ => {}
        }
        match &of.ty {
            Ty::List(item) => {
                let at = self.exactly(&key, &Ty::Int("usize"), span)?;
                self.fails(span)?;
                self.use_path("imagebake::functions");
                let list = super::convert::reference(&of.at(Level::Unary), &of);
                let mut element = Typed::new(
                    format!("functions::element({list}, {at})?"),
                    (**item).clone(),
                    Form::Ref,
                );
                element.key = of.part("[]");
                self.touched(&element);
                Ok(element)
            }
            Ty::Map(..) => self.entry(&of, &key, span),
            Ty::Struct(_) | Ty::Groups(_) => match key.value().and_then(Value::as_str) {
                Some(name) => self.field_of(&of, name, span),
                None => Err(no_rust(
                    span,
                    "an entry that is chosen when it runs must be of one type with the others",
                )),
            },
            other => Err(no_rust(
                span,
                format!("a value of type {} has no elements", other.rust()),
            )),
        }
    }

    /// The key of a map that is text in the template, as a look-up takes it.
    pub(super) fn written_key(&mut self, key: &Typed, span: Span) -> Result<String> {
        let text = self.made_text(key, span)?;
        Ok(match text.starts_with(['"', 'r']) {
            true => text,
            false => format!("&{text}"),
        })
    }

    /// `map[key]`
    pub(super) fn entry(&mut self, of: &Typed, key: &Typed, span: Span) -> Result<Typed> {
        let settled = self.settled(of, "entry", span)?;
        let Ty::Map(value, _) = &settled else {
            return Err(no_rust(span, "a map is expected here"));
        };
        self.fails(span)?;
        self.use_path("imagebake::functions");
        let map = match &of.form {
            Form::Entries(_) => format!("&{}", self.exactly(of, &settled, span)?),
            _ => super::convert::reference(&of.at(Level::Unary), of),
        };
        let key = match &key.form {
            Form::Literal(_) | Form::Pieces(_) => self.written_key(key, span)?,
            _ if key.ty.is_text() => super::convert::reference(&key.at(Level::Unary), key),
            _ => return Err(no_rust(span, "the key of a map is text")),
        };
        let mut entry = Typed::new(format!("functions::entry({map}, {key})?"), (**value).clone(), Form::Ref);
        entry.key = of.part("[]");
        self.touched(&entry);
        Ok(entry)
    }

    fn splat(&mut self, source: &Expr, each: &Expr, span: Span) -> Result<Typed> {
        let of = self.typed(source, None)?;
        let walk = self.walked(&of, span)?;
        self.each.push(walk.element("item"));
        self.closures += 1;
        let made = self.typed(each, None).and_then(|made| {
            let ty = self.settled(&made, "item", span)?;
            Ok((self.exactly(&made, &ty, span)?, ty))
        });
        self.closures -= 1;
        self.each.pop();
        let (made, ty) = made?;
        Ok(Typed::owned(
            format!("{}.iter().map(|item| {made}).collect::<Vec<_>>()", walk.text),
            Ty::list(ty),
        ))
    }

    /// How something is walked over.
    pub(super) fn walked(&mut self, over: &Typed, span: Span) -> Result<Walk> {
        let settled = self.settled(over, "item", span)?;
        let text = match &over.form {
            Form::Items(_) => {
                let made = self.exactly(over, &settled, span)?;
                made.strip_prefix("vec!").map(str::to_owned).unwrap_or(made)
            }
            Form::Entries(_) => self.exactly(over, &settled, span)?,
            _ => over.at(Level::Atom),
        };
        match settled {
            Ty::List(item) => Ok(Walk {
                text,
                key: Ty::Int("usize"),
                item: *item,
                items: over.part("[]"),
                is_map: false,
            }),
            Ty::Map(item, keys) => Ok(Walk {
                text,
                key: Ty::of_keys(keys),
                item: *item,
                items: over.part("[]"),
                is_map: true,
            }),
            other => Err(no_rust(
                span,
                format!("a value of type {} cannot be walked over", other.rust()),
            )),
        }
    }

    /// Runs `body` with the names of a closure known: what it made, the pattern, and the iterator.
    pub(super) fn in_closure<T>(
        &mut self,
        walk: &Walk,
        key_name: Option<&str>,
        value_name: &str,
        body: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<(T, String, String)> {
        let value = super::names::snake(value_name);
        let key = key_name.map(super::names::snake);
        let depth = self.scope.len();
        if let (Some(name), Some(ident)) = (key_name, &key) {
            self.scope.push((
                name.to_owned(),
                Typed::new(ident.clone(), walk.key.clone(), walk.key_form()),
            ));
        }
        self.scope.push((value_name.to_owned(), walk.element(&value)));
        self.closures += 1;
        let made = body(self);
        self.closures -= 1;
        self.scope.truncate(depth);
        let made = made?;
        let value_used = self.used_variables.remove(&format!("loop {value}"));
        let key_used = key
            .as_ref()
            .is_some_and(|key| self.used_variables.remove(&format!("loop {key}")));
        let value = if value_used { value } else { "_".to_owned() };
        let text = &walk.text;
        let (pattern, iterated) = match (walk.is_map, key.filter(|_| key_used)) {
            (true, Some(key)) if value == "_" => (key, format!("{text}.keys()")),
            (true, Some(key)) => (format!("({key}, {value})"), format!("{text}.iter()")),
            (true, None) => (value, format!("{text}.values()")),
            (false, Some(key)) => (format!("({key}, {value})"), format!("{text}.iter().enumerate()")),
            (false, None) => (value, format!("{text}.iter()")),
        };
        Ok((made, pattern, iterated))
    }

    fn for_expr(&mut self, of: &ForExpr, span: Span) -> Result<Typed> {
        let over = self.typed(&of.collection, None)?;
        let walk = self.walked(&over, of.collection.span)?;
        let ((condition, key, value, ty), pattern, iterated) =
            self.in_closure(&walk, of.key_name.as_deref(), &of.value_name, |writer| {
                let condition = match &of.condition {
                    Some(condition) => {
                        let condition = writer.condition(condition)?;
                        match condition.value() {
                            Some(Value::Bool(true)) => None,
                            Some(_) => Some("false".to_owned()),
                            None => Some(condition.text),
                        }
                    }
                    None => None,
                };
                let key = match &of.key {
                    Some(key) => {
                        let typed = writer.typed(key, None)?;
                        Some(writer.exactly(&typed, &Ty::Str, key.span)?)
                    }
                    None => None,
                };
                let made = writer.typed(&of.value, None)?;
                let mut ty = writer.settled(&made, &of.value_name, span)?;
                if ty == Ty::Static && !matches!(made.form, Form::Literal(_)) {
                    ty = Ty::Str;
                }
                let value = writer.exactly(&made, &ty, span)?;
                Ok((condition, key, value, ty))
            })?;
        // A filter is given references to what is walked over.
        let filter = condition
            .map(|condition| match pattern_for(&pattern, &condition).as_str() {
                "_" => format!(".filter(|_| {condition})"),
                pattern => format!(".filter(|&{pattern}| {condition})"),
            })
            .unwrap_or_default();
        let made = format!("{} {value}", key.as_deref().unwrap_or_default());
        let pattern = pattern_for(&pattern, &made);
        Ok(match key {
            None => {
                let same = value == format!("{pattern}.clone()");
                let map = match same {
                    true => ".cloned()".to_owned(),
                    false => format!(".map(|{pattern}| {value})"),
                };
                Typed::owned(format!("{iterated}{filter}{map}.collect::<Vec<_>>()"), Ty::list(ty))
            }
            Some(key) if of.grouping => {
                self.use_path("imagebake::functions");
                Typed::owned(
                    format!("functions::grouped({iterated}{filter}.map(|{pattern}| ({key}, {value})))"),
                    Ty::Map(Box::new(Ty::list(ty)), Keys::Owned),
                )
            }
            Some(key) => {
                self.use_path("std::collections::BTreeMap");
                Typed::owned(
                    format!("{iterated}{filter}.map(|{pattern}| ({key}, {value})).collect::<BTreeMap<_, _>>()"),
                    Ty::Map(Box::new(ty), Keys::Owned),
                )
            }
        })
    }
}

/// A list as it is written.
pub(super) fn list_of(items: Vec<Typed>) -> Typed {
    let ty = items
        .iter()
        .map(|item| Some(item.ty.clone()))
        .reduce(|a, b| common(&a?, &b?))
        .unwrap_or(Some(Ty::Str))
        .unwrap_or(Ty::Null);
    Typed::new("", Ty::list(ty), Form::Items(items))
}

/// A map or object as it is written.
pub(super) fn map_of(entries: Vec<(Typed, Typed)>) -> Typed {
    let keys = Keys::of(&entries);
    let ty = entries
        .iter()
        .map(|(_, value)| Some(value.ty.clone()))
        .reduce(|a, b| common(&a?, &b?))
        .unwrap_or(Some(Ty::Static))
        .unwrap_or(Ty::Null);
    Typed::new("", Ty::Map(Box::new(ty), keys), Form::Entries(entries))
}

/// Text of pieces: a literal where nothing is put in, neighbours joined.
pub(super) fn text_of(pieces: Vec<Piece>) -> Typed {
    let mut joined: Vec<Piece> = Vec::new();
    for piece in pieces {
        match (joined.last_mut(), piece) {
            // Relative paths start at the image's folder by themselves: `${path.root}/x`.
            (Some(Piece::Text(before)), Piece::Text(text))
                if before == "." && text.starts_with('/') && text.len() > 1 =>
            {
                *before = text[1..].to_owned();
            }
            (Some(Piece::Text(before)), Piece::Text(text)) => before.push_str(&text),
            (_, piece) => joined.push(piece),
        }
    }
    match joined.as_slice() {
        [] => Typed::literal("".into()),
        [Piece::Text(text)] => Typed::literal(text.as_str().into()),
        // Text alone is itself.
        [Piece::Value(typed)] if typed.ty.is_text() || typed.ty.is_hidden() => typed.clone(),
        _ => {
            let hidden = joined
                .iter()
                .any(|piece| matches!(piece, Piece::Value(typed) if typed.ty.is_hidden()));
            Typed::new("", if hidden { Ty::Text } else { Ty::Str }, Form::Pieces(joined))
        }
    }
}

/// Whether `name` is a word of some Rust.
fn names(text: &str, name: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric() && c != '_')
        .any(|word| word == name)
}

/// A pattern with `_` for what `text` does not use.
fn pattern_for(pattern: &str, text: &str) -> String {
    let parts: Vec<String> = pattern
        .trim_matches(['(', ')'])
        .split(", ")
        .map(|name| {
            if names(text, name) {
                name.to_owned()
            } else {
                "_".to_owned()
            }
        })
        .collect();
    match parts.as_slice() {
        [one] => one.clone(),
        parts => format!("({})", parts.join(", ")),
    }
}

/// A value as an expression of the template.
pub(super) fn literal_expr(value: &Value) -> ExprKind {
    let span = Span::new(0, 0..0);
    let of = |value: &Value| Expr::new(literal_expr(value), span);
    match (value.items(), value.entries()) {
        (Some(items), _) => ExprKind::Tuple(items.iter().map(of).collect()),
        (_, Some(entries)) => ExprKind::Object(
            entries
                .iter()
                .map(|(name, value)| (of(&name.as_str().into()), of(value)))
                .collect(),
        ),
        _ => ExprKind::Literal(value.clone()),
    }
}
