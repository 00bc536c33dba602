//! Variables, and locals as `let`s in the order of what they need.

use super::{
    Want,
    expr::literal_expr,
    typed::{Form, Typed},
    types::{Keys, Struct, Ty, common},
    writer::{Known, Writer, no_rust},
};
use crate::import::{
    fault::Result,
    sources::Span,
    syntax::{Expr, ExprKind},
    value::Value,
};

impl Writer<'_> {
    /// The expression of `local.NAME.entry`, where that local is an object written out and the entry needs nothing of it.
    pub(super) fn entry_of_local(&self, inner: &Expr, name: &str) -> Option<Expr> {
        let path = inner.path()?;
        let (["local", local], false) = (path.as_slice(), self.scope.iter().any(|(known, _)| known == "local")) else {
            return None;
        };
        let ExprKind::Object(entries) = &self.declarations.get(*local)?.expr.kind else {
            return None;
        };
        let found = entries.iter().find(|(key, _)| key.as_text() == Some(name))?;
        let simple = matches!(
            found.1.kind,
            ExprKind::Literal(_) | ExprKind::GetAttr(..) | ExprKind::Template(_) | ExprKind::Wrapped(_)
        );
        simple.then(|| found.1.clone())
    }

    pub(super) fn variable(&mut self, name: &str, span: Span) -> Result<Typed> {
        // What is given, or computed, a local has.
        let is_computed = self
            .declarations
            .get(name)
            .is_some_and(|local| local.is_default_of(name));
        if is_computed && !self.open.iter().any(|open| open == name) {
            return self.local(name, span);
        }
        let Some(known) = self.variables.get(name).cloned() else {
            return Err(no_rust(span, format!("the type of variable `{name}` is not known")));
        };
        let key = format!("var.{name}");
        self.uses_vars = true;
        self.used_variables.insert(name.to_owned());
        self.named_here(&key);
        let mut typed = Typed::new(format!("vars.{}", known.ident), known.ty, Form::Place);
        typed.key = Some(key);
        Ok(typed)
    }

    pub(super) fn local(&mut self, name: &str, span: Span) -> Result<Typed> {
        let key = format!("local.{name}");
        self.named_here(&key);
        *self.learned.counts.entry((self.function, key.clone())).or_default() += 1;
        self.let_of(name, span)?;
        let known = self.locals[name].clone();
        let once = self.before.counts.get(&(self.function, key.clone())) == Some(&1) && self.scope.is_empty();
        let form = if once { Form::Once } else { Form::Place };
        let mut typed = Typed::new(known.ident, known.ty, form);
        typed.key = Some(key);
        Ok(typed)
    }

    fn named_here(&mut self, key: &str) {
        let facts = self.facts;
        let uses = self.used(key);
        uses.other += 1;
        uses.facts.push(facts);
    }

    /// The `let` of a local, and before it those of what it needs.
    pub(super) fn let_of(&mut self, name: &str, span: Span) -> Result<()> {
        if self.locals.contains_key(name) {
            return Ok(());
        }
        let Some(declaration) = self.declarations.get(name) else {
            return Err(no_rust(span, format!("there is no local `{name}`")));
        };
        if self.open.iter().any(|open| open == name) {
            return Err(no_rust(span, format!("local `{name}` needs itself")));
        }
        let key = format!("local.{name}");
        let want = self
            .before
            .uses
            .get(&key)
            .filter(|uses| uses.other == 0)
            .and_then(|uses| {
                uses.wants
                    .first()
                    .filter(|first| uses.wants.iter().all(|want| want == *first))
            })
            .cloned();
        let facts = match &want {
            Some(want) => super::writer::facts_of(want),
            None => match self.before.uses.get(&key) {
                None => super::strings::Facts::Known(&[]),
                Some(uses) => uses
                    .rendered_with()
                    .map_or(super::strings::Facts::None, super::strings::Facts::Known),
            },
        };
        // A local is written where no loop is.
        let scope = std::mem::take(&mut self.scope);
        let each = std::mem::take(&mut self.each);
        let closures = std::mem::replace(&mut self.closures, 0);
        let facts = std::mem::replace(&mut self.facts, facts);
        self.open.push(name.to_owned());
        let made = self
            .typed(&declaration.expr, want.as_ref())
            .and_then(|typed| self.bound(&typed, want.as_ref(), name, declaration.expr.span));
        let made = made.or_else(|fault| match self.constant(&declaration.expr) {
            Some(value) => {
                let typed = self.typed(&Expr::new(literal_expr(&value), declaration.expr.span), want.as_ref())?;
                self.bound(&typed, want.as_ref(), name, declaration.expr.span)
            }
            None => Err(fault),
        });
        self.open.pop();
        (self.scope, self.each, self.closures, self.facts) = (scope, each, closures, facts);
        let (mut value, mut ty) = made?;
        let plain = self.before.uses.get(&key).is_some_and(|uses| uses.plain);
        if declaration.sensitive && ty.is_text() && !plain {
            value = format!("Secret::literal({value}).named({})", super::strings::quoted(name));
            ty = Ty::Secret;
        }
        let ident = self.name(name);
        let comments: String = declaration.comments.iter().map(|line| format!("// {line}\n")).collect();
        let statement = format!("let {ident} = {};\n", super::layout::layout(&value, 4));
        let candidate = super::share::Candidate::local(&ident, (&comments, &statement), &value, &ty);
        self.candidates.extend(candidate);
        self.lets.push(format!("{comments}{statement}"));
        self.locals.insert(name.to_owned(), Known { ident, ty });
        Ok(())
    }

    /// The value that a `let` binds, and its type.
    pub(super) fn bound(&mut self, typed: &Typed, want: Option<&Want>, name: &str, span: Span) -> Result<(String, Ty)> {
        if let Some(want @ (Want::Bool | Want::Int(_) | Want::Float | Want::Duration | Want::Secret)) = want
            && !matches!(typed.ty, Ty::Option(_) | Ty::Null)
        {
            self.given(typed, want);
            let ty = Ty::of_want(want);
            return Ok((self.exactly(typed, &ty, span)?, ty));
        }
        let ty = self.settled(typed, name, span)?;
        let text = match (&typed.form, &ty) {
            (Form::Literal(_), Ty::Static) => {
                let text = self.made_text(typed, span)?;
                if !text.starts_with(['"', 'r']) {
                    return Ok((text, Ty::Str));
                }
                text
            }
            (Form::Pieces(_), _) => {
                let text = self.made_text(typed, span)?;
                match text.starts_with(['"', 'r']) {
                    true => return Ok((text, Ty::Static)),
                    false => text,
                }
            }
            (Form::Items(items), Ty::List(_)) if !items.is_empty() => {
                let made = self.exactly(typed, &ty, span)?;
                // Nothing is added to it: an array will do.
                made.strip_prefix("vec!").map(str::to_owned).unwrap_or(made)
            }
            _ => self.exactly(typed, &ty, span)?,
        };
        Ok((text, ty))
    }

    /// The type with names for its structs.
    pub(super) fn settled(&mut self, typed: &Typed, name: &str, span: Span) -> Result<Ty> {
        match &typed.form {
            Form::Entries(entries) => {
                let entries = entries.clone();
                let mut types = Vec::new();
                for (key, value) in &entries {
                    let field = key.value().and_then(Value::as_str).unwrap_or("value").to_owned();
                    types.push((field.clone(), self.settled(value, &format!("{name}_{field}"), span)?));
                }
                let together = types
                    .iter()
                    .map(|(_, ty)| Some(unnamed(ty)))
                    .reduce(|a, b| common(&a?, &b?))
                    .unwrap_or(Some(Ty::Static));
                match together {
                    Some(value) if !matches!(value, Ty::Option(_)) => {
                        let value = renamed(value, name);
                        Ok(Ty::Map(Box::new(value), Keys::of(&entries)))
                    }
                    _ => Ok(Ty::Struct(Struct {
                        name: super::names::camel(name),
                        fields: types.into_iter().collect(),
                        defaults: Default::default(),
                    })),
                }
            }
            Form::Items(items) => {
                let items = items.clone();
                let mut types = Vec::new();
                for item in &items {
                    types.push(unnamed(&self.settled(item, name, span)?));
                }
                match types.into_iter().map(Some).reduce(|a, b| common(&a?, &b?)) {
                    None => Ok(Ty::list(Ty::Str)),
                    Some(Some(item)) => Ok(Ty::list(renamed(
                        match item {
                            Ty::Null => Ty::Str,
                            other => other,
                        },
                        name,
                    ))),
                    Some(None) => Err(no_rust(span, "the elements of this list have no type in common")),
                }
            }
            _ if typed.is_null() => Err(no_rust(span, "what this would be, if it were not null, is not known")),
            _ => Ok(typed.ty.clone()),
        }
    }
}

/// The type with the names of structs taken away, so that two of one shape are one.
fn unnamed(ty: &Ty) -> Ty {
    renamed(ty.clone(), "")
}

fn renamed(ty: Ty, name: &str) -> Ty {
    match ty {
        Ty::Struct(of) => Ty::Struct(Struct {
            name: super::names::camel(name),
            fields: of
                .fields
                .into_iter()
                .map(|(field, ty)| {
                    let inner = if name.is_empty() {
                        String::new()
                    } else {
                        format!("{name}_{field}")
                    };
                    (field, renamed(ty, &inner))
                })
                .collect(),
            defaults: of.defaults,
        }),
        Ty::List(inner) => Ty::list(renamed(*inner, name)),
        Ty::Map(inner, keys) => Ty::Map(Box::new(renamed(*inner, name)), keys),
        Ty::Option(inner) => Ty::option(renamed(*inner, name)),
        other => other,
    }
}
