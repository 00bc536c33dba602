//! Operators and conditions of templates as those of Rust.

use super::{
    Want,
    convert::{key_text, or_else, value_of},
    typed::{Form, Level, Typed},
    types::{Ty, common},
    writer::{Writer, no_rust},
};
use crate::import::{
    fault::Result,
    sources::Span,
    syntax::{BinaryOp, Expr, ExprKind, UnaryOp},
    value::Value,
};

impl Writer<'_> {
    pub(super) fn unary(&mut self, op: UnaryOp, inner: &Expr, span: Span) -> Result<Typed> {
        match op {
            UnaryOp::Not => {
                let condition = self.condition(inner)?;
                Ok(negated(&condition))
            }
            UnaryOp::Negate => {
                let value = self.typed(inner, None)?;
                match (&value.form, &value.ty) {
                    (Form::Literal(Value::Number(number)), _) => Ok(Typed::literal(number.negate().into())),
                    (_, Ty::Float) => {
                        let negated = format!("-{}", super::convert::value_of(&value));
                        Ok(Typed::owned(negated, Ty::Float).level(Level::Unary))
                    }
                    // What has no sign has none to turn.
                    (_, Ty::Int(_)) => {
                        let wide = Ty::Int("i64");
                        let text = self.exactly(&value, &wide, span)?;
                        let text = match text == value.text && value.level < Level::Unary {
                            true => format!("-({text})"),
                            false => format!("-{text}"),
                        };
                        Ok(Typed::owned(text, wide).level(Level::Unary))
                    }
                    _ => Err(no_rust(span, "a number is expected here")),
                }
            }
        }
    }

    /// True or false.
    pub(super) fn condition(&mut self, expr: &Expr) -> Result<Typed> {
        let typed = self.typed(expr, Some(&Want::Bool))?;
        if let Some(value) = typed.value() {
            return match super::literal::literal(value, &Want::Bool, expr.span)?.text.as_str() {
                "true" => Ok(Typed::literal(true.into())),
                _ => Ok(Typed::literal(false.into())),
            };
        }
        if matches!(typed.ty, Ty::Bool) {
            return Ok(match typed.form {
                Form::Ref => Typed {
                    text: value_of(&typed),
                    form: Form::Owned,
                    level: Level::Unary,
                    ..typed
                },
                _ => typed,
            });
        }
        self.given(&typed, &Want::Bool);
        let text = self.exactly(&typed, &Ty::Bool, expr.span)?;
        Ok(Typed::owned(text, Ty::Bool).level(Level::Compare))
    }

    pub(super) fn binary(&mut self, op: BinaryOp, left: &Expr, right: &Expr, span: Span) -> Result<Typed> {
        match op {
            BinaryOp::And | BinaryOp::Or => {
                let (a, b) = (self.condition(left)?, self.condition(right)?);
                let deciding = op == BinaryOp::Or;
                for (one, other) in [(&a, &b), (&b, &a)] {
                    if let Some(Value::Bool(flag)) = one.value() {
                        return Ok(if *flag == deciding { one.clone() } else { other.clone() });
                    }
                }
                let (sign, level) = if deciding {
                    ("||", Level::Or)
                } else {
                    ("&&", Level::And)
                };
                // `&&` inside `||` reads better with parentheses, and the other way round needs them.
                let side = |typed: &Typed| match typed.level {
                    Level::And if deciding => format!("({})", typed.text),
                    _ => typed.at(level),
                };
                Ok(Typed::owned(format!("{} {sign} {}", side(&a), side(&b)), Ty::Bool).level(level))
            }
            BinaryOp::Equal | BinaryOp::NotEqual => self.equal(left, right, op == BinaryOp::Equal, span),
            _ => self.arithmetic(op, left, right, span),
        }
    }

    pub(super) fn equal(&mut self, left: &Expr, right: &Expr, wanted: bool, span: Span) -> Result<Typed> {
        let (a, b) = (self.typed(left, None)?, self.typed(right, None)?);
        if let (Some(a), Some(b)) = (a.value(), b.value()) {
            return Ok(Typed::literal((a.same(b) == wanted).into()));
        }
        for (one, other) in [(&a, &b), (&b, &a)] {
            if one.is_null() {
                return Ok(match &other.ty {
                    Ty::Option(_) => {
                        let method = if wanted { "is_none" } else { "is_some" };
                        Typed::owned(format!("{}.{method}()", other.at(Level::Atom)), Ty::Bool)
                    }
                    _ => Typed::literal((!wanted).into()),
                });
            }
            match (one.value(), &other.ty) {
                (Some(Value::Bool(flag)), Ty::Bool) => {
                    return Ok(if *flag == wanted { other.clone() } else { negated(other) });
                }
                (Some(Value::String(text)), Ty::Str | Ty::Static)
                    if text.is_empty() && !matches!(other.form, Form::Pieces(_)) =>
                {
                    let empty = Typed::owned(format!("{}.is_empty()", other.at(Level::Atom)), Ty::Bool);
                    return Ok(if wanted { empty } else { negated(&empty) });
                }
                (Some(Value::Number(number)), Ty::Int("usize"))
                    if other.text.ends_with(".len()") && number.to_i64() == Some(0) =>
                {
                    return Ok(emptiness(other, wanted));
                }
                _ => {}
            }
        }
        let sign = if wanted { "==" } else { "!=" };
        let text = match (&a.ty, &b.ty) {
            (x, y) if x.is_text() && y.is_text() => {
                format!(
                    "{} {sign} {}",
                    self.compared(&a, &b, span)?,
                    self.compared(&b, &a, span)?
                )
            }
            (Ty::Int(x), Ty::Int(y)) if x == y || a.value().is_some() || b.value().is_some() => {
                let ty = if a.value().is_some() {
                    b.ty.clone()
                } else {
                    a.ty.clone()
                };
                format!(
                    "{} {sign} {}",
                    self.exactly(&a, &ty, span)?,
                    self.exactly(&b, &ty, span)?
                )
            }
            (Ty::Bool, Ty::Bool) => format!("{} {sign} {}", a.at(Level::Sum), b.at(Level::Sum)),
            // Null is not an empty text.
            (Ty::Option(inner), other) | (other, Ty::Option(inner)) if inner.is_text() && other.is_text() => {
                let (option, text) = if matches!(a.ty, Ty::Option(_)) {
                    (&a, &b)
                } else {
                    (&b, &a)
                };
                let text = match &text.form {
                    Form::Literal(_) | Form::Pieces(_) => self.made_text(text, span)?,
                    _ => key_text(text),
                };
                format!("{}.as_deref() {sign} Some({text})", option.at(Level::Atom))
            }
            _ => {
                return Err(no_rust(
                    span,
                    format!("values of types {} and {} cannot be compared", a.ty.rust(), b.ty.rust()),
                ));
            }
        };
        Ok(Typed::owned(text, Ty::Bool).level(Level::Compare))
    }

    pub(super) fn compared(&mut self, typed: &Typed, other: &Typed, span: Span) -> Result<String> {
        Ok(match (&typed.form, &other.form) {
            (Form::Literal(_) | Form::Pieces(_), _) => self.made_text(typed, span)?,
            // A reference against a value.
            (Form::Ref, Form::Place | Form::Once | Form::Owned) if typed.ty == Ty::Str => {
                format!("*{}", typed.at(Level::Unary))
            }
            _ => typed.at(Level::Sum),
        })
    }

    pub(super) fn arithmetic(&mut self, op: BinaryOp, left: &Expr, right: &Expr, span: Span) -> Result<Typed> {
        let (a, b) = (self.typed(left, None)?, self.typed(right, None)?);
        let (sign, compares) = match op {
            BinaryOp::Greater => (">", true),
            BinaryOp::GreaterOrEqual => (">=", true),
            BinaryOp::Less => ("<", true),
            BinaryOp::LessOrEqual => ("<=", true),
            BinaryOp::Add => ("+", false),
            BinaryOp::Subtract => ("-", false),
            BinaryOp::Multiply => ("*", false),
            _ => return Err(no_rust(span, "a division is exact in templates and not in Rust")),
        };
        if a.text.ends_with(".len()")
            && let Some(Value::Number(number)) = b.value()
        {
            match (sign, number.to_i64()) {
                (">", Some(0)) | (">=", Some(1)) => return Ok(emptiness(&a, false)),
                ("<", Some(1)) | ("<=", Some(0)) => return Ok(emptiness(&a, true)),
                _ => {}
            }
        }
        let ty = match (&a.ty, &b.ty) {
            (x, y) if x == y && !x.is_text() => x.clone(),
            (x, _) if b.value().is_some() && !x.is_text() => x.clone(),
            (_, y) if a.value().is_some() && !y.is_text() => y.clone(),
            (x, y) if compares || (x.is_text() && y.is_text()) => Ty::Int("i64"),
            _ => Ty::Int("i64"),
        };
        if !matches!(ty, Ty::Int(_) | Ty::Float) {
            return Err(no_rust(span, "numbers are expected here"));
        }
        // Numbers of templates know neither a sign nor a bound: what is narrow would overflow where they do not.
        let ty = match ty {
            Ty::Int(_) if !compares => Ty::Int("i64"),
            Ty::Float if !compares => {
                return Err(no_rust(
                    span,
                    "arithmetic with fractions is exact in templates and not in Rust",
                ));
            }
            ty => ty,
        };
        let level = match (compares, op) {
            (true, _) => Level::Compare,
            (_, BinaryOp::Multiply) => Level::Product,
            _ => Level::Sum,
        };
        let mut sides = Vec::new();
        for (at, side) in [&a, &b].into_iter().enumerate() {
            let text = self.exactly(side, &ty, span)?;
            let own = if side.text == text { side.level } else { Level::Atom };
            let needed = match (level, at) {
                (Level::Sum, 1) => Level::Product,
                (Level::Product, 1) => Level::Unary,
                (Level::Compare, _) => Level::Sum,
                (level, _) => level,
            };
            sides.push(if own < needed { format!("({text})") } else { text });
        }
        let result = if compares { Ty::Bool } else { ty };
        Ok(Typed::owned(format!("{} {sign} {}", sides[0], sides[1]), result).level(level))
    }

    pub(super) fn conditional(
        &mut self,
        condition: &Expr,
        yes: &Expr,
        no: &Expr,
        want: Option<&Want>,
        span: Span,
    ) -> Result<Typed> {
        if let Some(chosen) = self.unless_null(condition, yes, no, want, span)? {
            return Ok(chosen);
        }
        let condition = self.condition(condition)?;
        if let Some(Value::Bool(taken)) = condition.value() {
            return self.typed(if *taken { yes } else { no }, want);
        }
        let (yes, no) = (self.typed(yes, want)?, self.typed(no, want)?);
        self.chosen(&condition, &yes, &no, want, span)
    }

    /// `var.x == null ? a : b`, where `b` may use `x`.
    pub(super) fn unless_null(
        &mut self,
        condition: &Expr,
        yes: &Expr,
        no: &Expr,
        want: Option<&Want>,
        span: Span,
    ) -> Result<Option<Typed>> {
        let Some(Presence { of, present, filled }) = presence(condition) else {
            return Ok(None);
        };
        let named = of.dotted().filter(|path| {
            let root = path.split('.').next().unwrap_or_default();
            path.contains('.') && matches!(root, "var" | "local")
        });
        let Some(path) = named else {
            return Ok(None);
        };
        let option = self.typed(of, None)?;
        let Ty::Option(inner) = option.ty.clone() else {
            return Ok(None);
        };
        if filled && !inner.is_text() {
            return Ok(None);
        }
        // Whether it is a place that others need too.
        let is_place = !filled && !matches!(option.form, Form::Owned);
        let taken = match filled {
            true => format!("{}.clone().filter(|text| !text.is_empty())", option.at(Level::Atom)),
            false => option.at(Level::Atom),
        };
        let (present, absent) = if present { (yes, no) } else { (no, yes) };
        let name = path.rsplit('.').next().unwrap_or_default().to_owned();
        let names = self.names.clone();
        let ident = self.names.take(&super::names::snake(&name));
        let form = if is_place { Form::Ref } else { Form::Place };
        let seen = Typed::new(ident.clone(), (*inner).clone(), form);
        let without = self.typed(absent, want)?;
        let mapped = without.is_null();
        let depth = self.scope.len();
        self.scope.push((path, seen));
        self.closures += usize::from(mapped);
        let with = self.typed(present, want);
        self.scope.truncate(depth);
        self.closures -= usize::from(mapped);
        // The name is free behind it; those of what had to be bound before it are not.
        self.names = names;
        for known in self.locals.values() {
            self.names.keep(&known.ident);
        }
        // It may be that it can fail, which no closure can tell.
        let Ok(with) = with else { return Ok(None) };
        let used = self.used_variables.remove(&format!("loop {ident}"));
        if !used || with.is_null() || (mapped && matches!(with.ty, Ty::Option(_))) {
            return Ok(None);
        }
        let b = self.settled(&with, "choice", span)?;
        let a = match mapped {
            true => b.clone(),
            false => self.settled(&without, "choice", span)?,
        };
        let exact = match want {
            Some(want @ (Want::Bool | Want::Int(_) | Want::Float | Want::Duration | Want::Secret)) => {
                Some(Ty::of_want(want))
            }
            _ => common(&a, &b),
        };
        let Some(ty) = exact else { return Ok(None) };
        let ty = if ty == Ty::Static { Ty::Str } else { ty };
        if mapped {
            self.closures += 1;
            let made = self.exactly(&with, &ty, span);
            self.closures -= 1;
            let Ok(made) = made else { return Ok(None) };
            let view = if is_place { ".as_ref()" } else { "" };
            let text = match made == format!("{ident}.clone()") {
                true if is_place => format!("{taken}.clone()"),
                true => taken,
                false => format!("{taken}{view}.map(|{ident}| {made})"),
            };
            return Ok(Some(Typed::owned(text, Ty::option(ty))));
        }
        let (without, with_text) = (self.exactly(&without, &ty, span)?, self.exactly(&with, &ty, span)?);
        if with.text == ident && ty == *inner {
            return Ok(Some(match ty.is_copy() {
                true => Typed::owned(format!("{taken}.unwrap_or({without})"), ty),
                false if is_place => or_else(&format!("{taken}.clone()"), &without, ty),
                false => or_else(&taken, &without, ty),
            }));
        }
        // It is the other, or may be absent as well.
        if with.text == ident && ty == Ty::option((*inner).clone()) && !is_place {
            return Ok(Some(Typed::owned(format!("{taken}.or_else(|| {without})"), ty)));
        }
        let view = if is_place { "&" } else { "" };
        let text = format!("match {view}{taken} {{ Some({ident}) => {with_text}, None => {without} }}");
        Ok(Some(Typed::owned(text, ty).level(Level::Block)))
    }

    pub(super) fn chosen(
        &mut self,
        condition: &Typed,
        yes: &Typed,
        no: &Typed,
        want: Option<&Want>,
        span: Span,
    ) -> Result<Typed> {
        match (yes.value(), no.value()) {
            (Some(Value::Bool(true)), Some(Value::Bool(false))) => return Ok(condition.clone()),
            (Some(Value::Bool(false)), Some(Value::Bool(true))) => return Ok(negated(condition)),
            (Some(a), Some(b)) if a.is_null() && b.is_null() => return Ok(yes.clone()),
            _ => {}
        }
        let exact = match want {
            Some(want @ (Want::Bool | Want::Int(_) | Want::Float | Want::Duration | Want::Secret)) => {
                Some(Ty::of_want(want))
            }
            _ => None,
        };
        let optional = [yes, no].iter().any(|side| matches!(side.ty, Ty::Option(_) | Ty::Null));
        let mut ty = match exact {
            Some(ty) if optional => Ty::option(ty),
            Some(ty) => ty,
            None => {
                let (a, b) = (self.settled_or_null(yes, span)?, self.settled_or_null(no, span)?);
                let (a, b) = match (&yes.form, &no.form) {
                    (Form::Items(items), _) if items.is_empty() => (b.clone(), b),
                    (_, Form::Items(items)) if items.is_empty() => (a.clone(), a),
                    (Form::Entries(entries), _) if entries.is_empty() => (b.clone(), b),
                    (_, Form::Entries(entries)) if entries.is_empty() => (a.clone(), a),
                    _ => (a, b),
                };
                common(&a, &b).ok_or_else(|| {
                    no_rust(
                        span,
                        format!("the two sides have no type in common: {} and {}", a.rust(), b.rust()),
                    )
                })?
            }
        };
        if let Some(want) = want {
            self.given(yes, want);
            self.given(no, want);
        }
        if ty == Ty::Static {
            let plain = [yes, no].map(|side| self.made_text(side, span).map(|text| text.starts_with(['"', 'r'])));
            let [yes_plain, no_plain] = plain;
            let literal = |side: &Typed| matches!(side.form, Form::Literal(_) | Form::Pieces(_));
            if (literal(yes) && !yes_plain?) || (literal(no) && !no_plain?) {
                ty = Ty::Str;
            }
        }
        if let Ty::Option(inner) = &mut ty
            && **inner == Ty::Static
            && !matches!(yes.ty, Ty::Option(_))
            && !matches!(no.ty, Ty::Option(_))
        {
            **inner = Ty::Static;
        }
        if let Ty::Option(inner) = &ty
            && (yes.is_null() || no.is_null())
        {
            let side = if no.is_null() { yes } else { no };
            if !matches!(side.ty, Ty::Option(_)) {
                let condition = if no.is_null() {
                    condition.clone()
                } else {
                    negated(condition)
                };
                let value = self.exactly(side, inner, span)?;
                let condition = condition.at(Level::Atom);
                let text = match side.form {
                    Form::Literal(_) => format!("{condition}.then_some({value})"),
                    _ => format!("{condition}.then(|| {value})"),
                };
                return Ok(Typed::owned(text, ty));
            }
        }
        let (mut yes, mut no) = (self.exactly(yes, &ty, span)?, self.exactly(no, &ty, span)?);
        let mut condition = condition.text.clone();
        // What is asked for comes first.
        if let Some(inner) = condition.strip_prefix('!').filter(|inner| !inner.contains(['&', '|'])) {
            condition = inner.to_owned();
            std::mem::swap(&mut yes, &mut no);
        }
        let otherwise = match no.starts_with("if ") {
            true => no,
            false => format!("{{ {no} }}"),
        };
        Ok(Typed::owned(format!("if {condition} {{ {yes} }} else {otherwise}"), ty).level(Level::Block))
    }

    pub(super) fn settled_or_null(&mut self, typed: &Typed, span: Span) -> Result<Ty> {
        match typed.is_null() {
            true => Ok(Ty::Null),
            false => self.settled(typed, "choice", span),
        }
    }
}

/// Whether something is there, as a condition asks it.
struct Presence<'a> {
    of: &'a Expr,
    /// What holds when it is there: the condition, or its opposite.
    present: bool,
    /// Text without anything in it is not there either.
    filled: bool,
}

/// `x != null`, `try(length(x), 0) > 0`
fn presence(condition: &Expr) -> Option<Presence<'_>> {
    let condition = match &condition.kind {
        ExprKind::Parens(inner) => inner,
        _ => condition,
    };
    let ExprKind::Binary(op, left, right) = &condition.kind else {
        return None;
    };
    let is_null = |expr: &Expr| matches!(&expr.kind, ExprKind::Literal(value) if value.is_null());
    let is_zero =
        |expr: &Expr| matches!(&expr.kind, ExprKind::Literal(Value::Number(number)) if number.to_i64() == Some(0));
    if is_zero(right)
        && let ExprKind::Call { name, arguments, .. } = &left.kind
        && let ("try", [tried, otherwise]) = (name.as_str(), arguments.as_slice())
        && let ExprKind::Call { name, arguments, .. } = &tried.kind
        && let ("length", [of], true) = (name.as_str(), arguments.as_slice(), is_zero(otherwise))
    {
        let present = match op {
            BinaryOp::Greater | BinaryOp::NotEqual => true,
            BinaryOp::Equal => false,
            _ => return None,
        };
        return Some(Presence {
            of,
            present,
            filled: true,
        });
    }
    let present = match op {
        BinaryOp::NotEqual => true,
        BinaryOp::Equal => false,
        _ => return None,
    };
    let of = match (is_null(left), is_null(right)) {
        (false, true) => left,
        (true, false) => right,
        _ => return None,
    };
    Some(Presence {
        of,
        present,
        filled: false,
    })
}

pub(super) fn negated(condition: &Typed) -> Typed {
    if let Some(Value::Bool(flag)) = condition.value() {
        return Typed::literal((!flag).into());
    }
    match condition.text.strip_prefix('!') {
        Some(inner) if condition.level == Level::Unary => Typed::owned(inner, Ty::Bool),
        _ if condition.level == Level::Compare => match opposite(&condition.text) {
            Some(text) => Typed::owned(text, Ty::Bool).level(Level::Compare),
            None => Typed::owned(format!("!{}", condition.at(Level::Unary)), Ty::Bool).level(Level::Unary),
        },
        _ => Typed::owned(format!("!{}", condition.at(Level::Unary)), Ty::Bool).level(Level::Unary),
    }
}

/// A comparison that says the opposite, where there is one sign outside of text.
fn opposite(comparison: &str) -> Option<String> {
    const SIGNS: [(&str, &str); 6] = [
        (" == ", " != "),
        (" != ", " == "),
        (" >= ", " < "),
        (" <= ", " > "),
        (" > ", " <= "),
        (" < ", " >= "),
    ];
    let outside: String = comparison.split('"').step_by(2).collect::<Vec<_>>().join("\"");
    let found: Vec<&(&str, &str)> = SIGNS.iter().filter(|(sign, _)| comparison.contains(sign)).collect();
    match found.as_slice() {
        [(sign, other)] if outside.matches(sign).count() == 1 && comparison.matches(sign).count() == 1 => {
            Some(comparison.replacen(sign, other, 1))
        }
        _ => None,
    }
}

/// Whether a list whose length was asked for is empty, or is not.
fn emptiness(length: &Typed, wanted: bool) -> Typed {
    let list = length.text.trim_end_matches(".len()");
    let empty = Typed::owned(format!("{list}.is_empty()"), Ty::Bool);
    if wanted { empty } else { negated(&empty) }
}
