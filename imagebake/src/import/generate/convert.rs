//! Expressions of one type where another is taken.

use super::{
    Code, Want, layout,
    literal::{as_text, integer, literal, span_of_time},
    strings::{self, Facts, braced, quoted},
    typed::{Form, Level, Piece, Typed},
    types::{Keys, Struct, Ty},
    writer::{Writer, no_rust},
};
use crate::import::{fault::Result, sources::Span, syntax::Expr};

impl Writer<'_> {
    /// As the argument of a setter.
    pub(super) fn argument(&mut self, typed: &Typed, want: &Want, span: Span) -> Result<Code> {
        self.given(typed, want);
        if let Form::Literal(value) = &typed.form {
            let asks_time = matches!(
                want,
                Want::Text | Want::Str | Want::HostPath | Want::GuestPath | Want::Template(_)
            ) && as_text(value).is_some_and(|text| text.contains("{{"));
            if !asks_time {
                return literal(value, want, span);
            }
        }
        if let Ty::Option(inner) = &typed.ty {
            let inner = (**inner).clone();
            return self.optional(typed, &inner, want, span);
        }
        Ok(match want {
            Want::Text | Want::Template(_) | Want::Str | Want::HostPath | Want::GuestPath => {
                if typed.ty.is_hidden() && !matches!(want, Want::Text | Want::Template(_)) {
                    self.must_be_plain(typed, span)?;
                }
                self.text_argument(typed, want, span)?
            }
            Want::Bool | Want::Int(_) | Want::Float | Want::Duration | Want::Secret => {
                Code::new(self.exactly(typed, &Ty::of_want(want), span)?)
            }
            Want::List(item) => self.list_argument(typed, item, span)?,
            Want::Map(value) => self.map_argument(typed, value, span)?,
        })
    }

    /// An `Option`: `if let Some(x) = TEXT`.
    fn optional(&mut self, typed: &Typed, inner: &Ty, want: &Want, span: Span) -> Result<Code> {
        let wanted = Ty::of_want(want);
        let fits = match (inner, want) {
            (_, Want::Text | Want::Template(_) | Want::Str | Want::HostPath | Want::GuestPath) => {
                inner.is_text() || inner.is_hidden() || matches!(inner, Ty::Int(_) | Ty::Bool)
            }
            (Ty::List(item), Want::List(_)) => item.is_text(),
            (Ty::Map(item, _), Want::Map(_)) => item.is_text(),
            _ => *inner == wanted,
        };
        if !fits && *inner == Ty::Str {
            let option = typed.at(Level::Atom);
            let text = match want {
                Want::Secret => format!("{option}.as_ref().map(Secret::literal)"),
                Want::Bool | Want::Int(_) | Want::Float | Want::Duration => {
                    self.fails(span)?;
                    self.use_path("imagebake::functions");
                    let function = match want {
                        Want::Bool => "flag",
                        Want::Duration => "duration",
                        _ => "number",
                    };
                    format!("{option}.as_deref().map(functions::{function}).transpose()?")
                }
                _ => return Err(no_rust(span, "text that may be absent cannot be a list")),
            };
            return Ok(Code {
                optional: true,
                ..Code::new(text)
            });
        }
        if !fits {
            return Err(no_rust(
                span,
                format!(
                    "a value of type {} that may be absent cannot be {}",
                    inner.rust(),
                    wanted.rust()
                ),
            ));
        }
        let text = match typed.form {
            Form::Place if !inner.is_copy() => format!("&{}", typed.at(Level::Unary)),
            _ => typed.text.clone(),
        };
        Ok(Code {
            optional: true,
            ..Code::new(text)
        })
    }

    fn must_be_plain(&mut self, typed: &Typed, span: Span) -> Result<()> {
        match &typed.key {
            Some(key) => {
                self.used(key).plain = true;
                Ok(())
            }
            _ => Err(no_rust(span, "a secret cannot be here: this setting is shown")),
        }
    }

    fn text_argument(&mut self, typed: &Typed, want: &Want, span: Span) -> Result<Code> {
        Ok(match &typed.form {
            Form::Literal(_) | Form::Pieces(_) => {
                let text = self.made_text(typed, span)?;
                Code {
                    literal: matches!(typed.form, Form::Literal(_)),
                    ..Code::new(text)
                }
            }
            Form::Items(_) | Form::Entries(_) => return Err(no_rust(span, "text is expected here")),
            _ if typed.ty.is_text() || typed.ty.is_hidden() => Code::new(borrowed(typed)),
            _ => match (&typed.ty, want) {
                (Ty::Bool | Ty::Int("u16" | "u32" | "u64" | "i32" | "i64"), Want::Template(_) | Want::Text) => {
                    Code::new(value_of(typed))
                }
                (Ty::Bool | Ty::Int(_) | Ty::Float, _) => Code::new(format!("{}.to_string()", typed.at(Level::Atom))),
                _ => return Err(no_rust(span, format!("text is expected here, not {}", typed.ty.rust()))),
            },
        })
    }

    fn list_argument(&mut self, typed: &Typed, item: &Want, span: Span) -> Result<Code> {
        match &typed.form {
            Form::Items(items) if items.is_empty() => literal(
                &crate::import::value::Value::Tuple(Vec::new()),
                &Want::list(item.clone()),
                span,
            ),
            Form::Items(items) => {
                let items = items.clone();
                let written = self.items(&items, item, span)?;
                Ok(Code::new(format!("[{}]", written.join(", "))))
            }
            _ => match &typed.ty {
                Ty::List(inner) if is_text_like(item) && (inner.is_text() || inner.is_hidden()) => {
                    Ok(Code::new(borrowed(typed)))
                }
                Ty::List(_) => Ok(Code::new(self.exactly(typed, &Ty::list(Ty::of_want(item)), span)?)),
                Ty::Map(..) | Ty::Struct(_) => Err(no_rust(span, "a list is expected here")),
                _ => {
                    let code = self.argument(typed, item, span)?;
                    Ok(Code::new(format!("[{}]", code.text)))
                }
            },
        }
    }

    /// Items of one type.
    fn items(&mut self, items: &[Typed], want: &Want, span: Span) -> Result<Vec<String>> {
        if !is_text_like(want) {
            let ty = Ty::of_want(want);
            return items
                .iter()
                .map(|item| {
                    self.given(item, want);
                    self.exactly(item, &ty, span)
                })
                .collect();
        }
        let mut texts = Vec::new();
        for item in items {
            self.given(item, want);
            if matches!(item.ty, Ty::Option(_) | Ty::Null) {
                return Err(no_rust(span, "an element of this list may be null"));
            }
            if item.ty.is_hidden() && !matches!(want, Want::Text | Want::Template(_)) {
                self.must_be_plain(item, span)?;
            }
            texts.push(match &item.form {
                Form::Literal(_) | Form::Pieces(_) => self.made_text(item, span)?,
                _ => String::new(),
            });
        }
        let is_plain = |text: &str| text.starts_with(['"', 'r']) && !text.starts_with("r.");
        let is_static = |(item, text): (&Typed, &String)| match &item.form {
            Form::Literal(_) | Form::Pieces(_) => {
                is_plain(text) && (text.starts_with('"') || text.starts_with("r\"") || text.starts_with("r#"))
            }
            _ => item.ty == Ty::Static,
        };
        let all_static = items.iter().zip(&texts).all(is_static);
        let hidden = items.iter().any(|item| item.ty.is_hidden());
        let mut out = Vec::new();
        for (item, text) in items.iter().zip(&texts) {
            out.push(if all_static {
                match text.is_empty() && !matches!(item.form, Form::Literal(_)) {
                    true => item.text.clone(),
                    false => text.clone(),
                }
            } else if hidden {
                let kind = if matches!(want, Want::Template(_)) {
                    "Template"
                } else {
                    "Text"
                };
                let argument = match text.is_empty() {
                    true => borrowed(item),
                    false => text.clone(),
                };
                match kind == "Text" && argument.starts_with("text!") {
                    true => argument,
                    false => format!("{kind}::from({argument})"),
                }
            } else {
                self.exactly(item, &Ty::Str, span)?
            });
        }
        Ok(out)
    }

    fn map_argument(&mut self, typed: &Typed, want: &Want, span: Span) -> Result<Code> {
        match &typed.form {
            Form::Entries(entries) if entries.is_empty() => literal(
                &crate::import::value::Value::Object(Default::default()),
                &Want::map(want.clone()),
                span,
            ),
            Form::Entries(entries) => {
                let (keys, values): (Vec<Typed>, Vec<Typed>) = entries.iter().cloned().unzip();
                let keys = self.items(&keys, &Want::Str, span)?;
                let values = self.items(&values, want, span)?;
                let pairs: Vec<String> = keys
                    .iter()
                    .zip(values)
                    .map(|(key, value)| format!("({key}, {value})"))
                    .collect();
                Ok(Code::new(format!("[{}]", pairs.join(", "))))
            }
            _ => match &typed.ty {
                Ty::Map(inner, _) if is_text_like(want) && (inner.is_text() || inner.is_hidden()) => {
                    Ok(Code::new(borrowed(typed)))
                }
                Ty::Map(_, keys) => Ok(Code::new(self.exactly(
                    typed,
                    &Ty::Map(Box::new(Ty::of_want(want)), *keys),
                    span,
                )?)),
                Ty::Struct(of) => {
                    // Written out, field by field.
                    let of = of.clone();
                    let entries = of
                        .fields
                        .iter()
                        .map(|(name, ty)| (Typed::literal(name.as_str().into()), self.field(typed, name, ty)))
                        .collect();
                    let entries = Typed::new("", typed.ty.clone(), Form::Entries(entries));
                    self.map_argument(&entries, want, span)
                }
                _ => Err(no_rust(span, "a map is expected here")),
            },
        }
    }

    /// A value of exactly that type.
    pub(super) fn exactly(&mut self, typed: &Typed, ty: &Ty, span: Span) -> Result<String> {
        let misfit = || {
            Err(no_rust(
                span,
                format!("a value of type {} cannot be {} in Rust", typed.ty.rust(), ty.rust()),
            ))
        };
        match (&typed.form, ty) {
            (_, Ty::Option(inner)) => {
                return match &typed.ty {
                    Ty::Null => Ok("None".to_owned()),
                    Ty::Option(own) if own == inner => Ok(value_of(typed)),
                    Ty::Option(_) => misfit(),
                    _ => Ok(format!("Some({})", self.exactly(typed, inner, span)?)),
                };
            }
            (Form::Items(items), Ty::List(item)) => {
                let items = items.clone();
                let written = items
                    .iter()
                    .map(|value| self.exactly(value, item, span))
                    .collect::<Result<Vec<_>>>()?;
                return Ok(match written.is_empty() {
                    true => "Vec::new()".to_owned(),
                    false => format!("vec![{}]", written.join(", ")),
                });
            }
            (Form::Entries(entries), Ty::Map(value, keys)) => {
                let entries = entries.clone();
                let mut pairs = Vec::new();
                for (key, item) in &entries {
                    let key = self.exactly(key, &Ty::of_keys(*keys), span)?;
                    pairs.push(format!("({key}, {})", self.exactly(item, value, span)?));
                }
                self.use_path("std::collections::BTreeMap");
                return Ok(match pairs.is_empty() {
                    true => "BTreeMap::new()".to_owned(),
                    false => format!("BTreeMap::from([{}])", pairs.join(", ")),
                });
            }
            (Form::Entries(entries), Ty::Struct(of)) => {
                let entries = entries.clone();
                let of = of.clone();
                return self.struct_of(&entries, &of, span);
            }
            _ => {}
        }
        let written_out = match &typed.form {
            Form::Literal(value) => as_text(value),
            _ => None,
        };
        let text = match (&typed.ty, ty, written_out) {
            (_, Ty::Bool, Some(text)) if !matches!(typed.ty, Ty::Bool) => match text.as_str() {
                "true" | "1" => "true".to_owned(),
                "false" | "0" | "" => "false".to_owned(),
                _ => return misfit(),
            },
            (_, Ty::Bool, Some(text)) => text,
            (_, Ty::Int(name), Some(text)) => match integer(text.trim(), name) {
                Some(number) => number,
                None => return misfit(),
            },
            (_, Ty::Float, Some(text)) => match text.trim().parse::<f64>() {
                Ok(number) => format!("{number:?}"),
                Err(_) => return misfit(),
            },
            (_, Ty::Duration, Some(text)) => match span_of_time(&text) {
                Ok(code) => {
                    self.use_path("std::time::Duration");
                    code
                }
                Err(problem) => return Err(no_rust(span, problem)),
            },
            (_, Ty::Secret, Some(text)) => format!("Secret::literal({})", quoted(&text)),
            (_, Ty::Static, Some(_)) => self.made_text(typed, span)?,
            (_, Ty::Str, Some(_)) => {
                let text = self.made_text(typed, span)?;
                match text.as_str() {
                    "\"\"" => "String::new()".to_owned(),
                    made if made.starts_with("format!") || made.starts_with("data.") => text,
                    _ => format!("{text}.to_owned()"),
                }
            }
            (_, Ty::Text, Some(_)) => format!("Text::from({})", self.made_text(typed, span)?),
            (a, b, None) if a == b && !matches!(typed.form, Form::Pieces(_)) => value_of(typed),
            (Ty::Static | Ty::Str, Ty::Str, None) => match &typed.form {
                Form::Pieces(_) => {
                    let text = self.made_text(typed, span)?;
                    match text.starts_with(['"', 'r']) {
                        true => format!("{text}.to_owned()"),
                        false => text,
                    }
                }
                _ => format!("{}.to_owned()", typed.at(Level::Atom)),
            },
            (Ty::Static | Ty::Str | Ty::Secret | Ty::Text, Ty::Text, None) => match &typed.form {
                Form::Pieces(_) => {
                    let text = self.made_text(typed, span)?;
                    match text.starts_with("text!") {
                        true => text,
                        false => format!("Text::from({text})"),
                    }
                }
                _ => format!("Text::from({})", borrowed(typed)),
            },
            (from, Ty::Secret, None) if from.is_text() => {
                let text = match &typed.form {
                    Form::Pieces(_) => self.made_text(typed, span)?,
                    _ => borrowed(typed),
                };
                format!("Secret::literal({text})")
            }
            (Ty::Secret, Ty::Str, None) => {
                self.must_be_plain(typed, span)?;
                value_of(typed)
            }
            (Ty::Bool | Ty::Int(_) | Ty::Float, Ty::Str, None) => format!("{}.to_string()", typed.at(Level::Atom)),
            (from, Ty::Bool, None) if from.is_text() => {
                self.fails(span)?;
                self.use_path("imagebake::functions");
                let text = self.shown_text(typed, span)?;
                format!("functions::flag({})?", reference(&text, typed))
            }
            (Ty::Int(from), Ty::Int(to), None) if widens(from, to) => format!("{to}::from({})", value_of(typed)),
            (Ty::Int(from), Ty::Float, None) if widens(from, "i64") && *from != "i64" => {
                format!("f64::from({})", value_of(typed))
            }
            (Ty::Int(_) | Ty::Float, to @ (Ty::Int(_) | Ty::Float), None) => {
                self.fails(span)?;
                self.use_path("imagebake::functions");
                // In a sum of a local nothing else says which number it is.
                format!("functions::number::<{}>(&{})?", to.rust(), typed.at(Level::Atom))
            }
            (from, Ty::Int(_) | Ty::Float, None) if from.is_text() => {
                self.fails(span)?;
                self.use_path("imagebake::functions");
                let text = self.shown_text(typed, span)?;
                format!("functions::number({})?", reference(&text, typed))
            }
            (from, Ty::Duration, None) if from.is_text() => {
                self.fails(span)?;
                self.use_path("imagebake::functions");
                let text = self.shown_text(typed, span)?;
                format!("functions::duration({})?", reference(&text, typed))
            }
            (Ty::List(from), Ty::List(to), None) => {
                let item = Typed::new("item", (**from).clone(), Form::Ref);
                self.closures += 1;
                let made = self.exactly(&item, to, span);
                self.closures -= 1;
                format!("{}.iter().map(|item| {}).collect()", typed.at(Level::Atom), made?)
            }
            _ => return misfit(),
        };
        Ok(text)
    }

    /// A field of a struct. What is learned of its use is learned of the field.
    pub(super) fn field(&mut self, of: &Typed, name: &str, ty: &Ty) -> Typed {
        let mut field = Typed::new(
            format!("{}.{}", of.at(Level::Atom), Struct::ident(name)),
            ty.clone(),
            Form::Place,
        );
        field.key = of.part(&format!(".{name}"));
        self.touched(&field);
        field
    }

    fn struct_of(&mut self, entries: &[(Typed, Typed)], of: &Struct, span: Span) -> Result<String> {
        let mut fields = Vec::new();
        for (name, ty) in &of.fields {
            let given = entries
                .iter()
                .find(|(key, _)| key.value().and_then(|value| value.as_str()) == Some(name));
            let value = match given {
                Some((_, value)) => self.exactly(value, ty, span)?,
                None if of.defaults.contains_key(name) => {
                    let default = Expr::new(super::expr::literal_expr(&of.defaults[name]), span);
                    let default = self.typed(&default, None)?;
                    self.exactly(&default, ty, span)?
                }
                None if matches!(ty, Ty::Option(_)) => "None".to_owned(),
                None => return Err(no_rust(span, format!("`{name}` is missing here"))),
            };
            let ident = Struct::ident(name);
            fields.push(match value == ident {
                true => ident,
                false => format!("{ident}: {value}"),
            });
        }
        if !self.structs.contains(of) {
            self.structs.push(of.clone());
        }
        Ok(format!("{} {{ {} }}", of.name, fields.join(", ")))
    }

    /// Text in one expression; what is shown of a place.
    fn shown_text(&mut self, typed: &Typed, span: Span) -> Result<String> {
        match &typed.form {
            Form::Literal(_) | Form::Pieces(_) => self.made_text(typed, span),
            _ => Ok(typed.at(Level::Compare)),
        }
    }

    /// Literals and text with values in it: a literal, a `format!` or a `text!`.
    pub(super) fn made_text(&mut self, typed: &Typed, span: Span) -> Result<String> {
        let pieces = match &typed.form {
            Form::Literal(value) => match as_text(value) {
                Some(text) => vec![Piece::Text(text)],
                None => return Err(no_rust(span, "text is expected here")),
            },
            Form::Pieces(pieces) => pieces.clone(),
            _ => return Ok(typed.text.clone()),
        };
        let facts = self.facts;
        let mut made: Vec<Made> = Vec::new();
        for piece in pieces {
            match piece {
                Piece::Text(text) => {
                    self.may_clean(&text, span)?;
                    for piece in strings::pieces(&text, facts, span)? {
                        match (made.last_mut(), piece) {
                            (Some(Made::Text(before)), strings::Piece::Text(text)) => before.push_str(&text),
                            (_, strings::Piece::Text(text)) => made.push(Made::Text(text)),
                            (_, strings::Piece::Constant(name)) => made.push(Made::Name(name.to_owned())),
                            (_, strings::Piece::Time(call)) => {
                                self.needs_data = true;
                                made.push(Made::Value(format!("data.time().{call}"), false, true));
                            }
                        }
                    }
                }
                Piece::Constant(name) => {
                    if facts == Facts::None {
                        return Err(no_rust(
                            span,
                            "this is known to a running build only, and this setting is not rendered",
                        ));
                    }
                    made.push(Made::Name(name.to_owned()));
                }
                Piece::Value(value) => {
                    let hidden = value.ty.is_hidden();
                    match &value.form {
                        Form::Literal(_) | Form::Pieces(_) => {
                            let text = self.made_text(&value, span)?;
                            made.push(Made::Value(text, hidden, true));
                        }
                        _ if is_name(&value.text) => made.push(Made::Name(value.text.clone()).hide(hidden)),
                        _ => made.push(Made::Value(
                            value.text.clone(),
                            hidden,
                            matches!(value.form, Form::Owned),
                        )),
                    }
                }
            }
        }
        Ok(written(&made))
    }

    /// Which signs a name may have is another matter in each cloud: two of them take the time with `-` for `:`.
    fn may_clean(&self, text: &str, span: Span) -> Result<()> {
        let kind = self.of_source.as_ref().map_or("", |(kind, _)| kind);
        let known = kind.starts_with("amazon-") || kind.starts_with("azure-");
        match text.contains("clean_resource_name") && !known {
            true => Err(no_rust(
                span,
                "`clean_resource_name` is written in Rust for names of Amazon and Azure alone",
            )),
            false => Ok(()),
        }
    }
}

/// A piece of text in Rust.
enum Made {
    Text(String),
    /// Named in the braces.
    Name(String),
    /// The same, and a secret.
    Hidden(String),
    /// Behind the text; whether it is a secret, and whether it is a new value.
    Value(String, bool, bool),
}

impl Made {
    fn hide(self, hidden: bool) -> Self {
        match (self, hidden) {
            (Self::Name(name), true) => Self::Hidden(name),
            (made, _) => made,
        }
    }
}

fn written(made: &[Made]) -> String {
    let hidden = made
        .iter()
        .any(|made| matches!(made, Made::Hidden(_) | Made::Value(_, true, _)));
    match made {
        [] => return "\"\"".to_owned(),
        [Made::Text(text)] => return quoted(text),
        [Made::Value(text, false, true)] if text.ends_with(".seconds()") => return format!("{text}.to_string()"),
        // A new value is its text already.
        [Made::Value(text, false, true)] => return text.clone(),
        _ => {}
    }
    let mut form = String::new();
    let mut values: Vec<String> = Vec::new();
    for piece in made {
        match piece {
            Made::Text(text) => form.push_str(&braced(text)),
            Made::Name(name) | Made::Hidden(name) => form.push_str(&format!("{{{name}}}")),
            Made::Value(text, ..) if hidden => {
                let last = text.rsplit('.').next().unwrap_or_default();
                let base = if is_name(last) {
                    last.to_owned()
                } else {
                    "value".to_owned()
                };
                let mut name = base.clone();
                let mut number = 2;
                let taken = |name: &str| values.iter().any(|value| value.starts_with(&format!("{name} = ")));
                while taken(&name) && !values.contains(&format!("{name} = {text}")) {
                    name = format!("{base}_{number}");
                    number += 1;
                }
                form.push_str(&format!("{{{name}}}"));
                let value = format!("{name} = {text}");
                if !values.contains(&value) {
                    values.push(value);
                }
            }
            Made::Value(text, ..) => {
                let (how, value) = formatted(text).unwrap_or(("", shown(text)));
                match how {
                    "" => form.push_str("{}"),
                    how => form.push_str(&format!("{{:{how}}}")),
                }
                values.push(value.to_owned());
            }
        }
    }
    let name = if hidden { "text!" } else { "format!" };
    let values: String = values.iter().map(|value| format!(", {value}")).collect();
    format!("{name}({}{values})", quoted(&form))
}

/// How a value is written, and the value, of `format!("{:03}", value)`.
fn formatted(text: &str) -> Option<(&str, &str)> {
    let (how, value) = text.strip_prefix("format!(\"{:")?.split_once("}\", ")?;
    let how = Some(how).filter(|how| how.chars().all(|c| c.is_ascii_digit() || matches!(c, '<' | '>')))?;
    Some((how, value.strip_suffix(')')?))
}

/// What is put into text needs not be text of its own.
fn shown(text: &str) -> &str {
    let block = text.starts_with("if ") || text.starts_with("match ");
    let view = text
        .strip_suffix(".to_owned()")
        .or_else(|| text.strip_suffix(".to_string()"));
    view.filter(|_| !block).unwrap_or(text)
}

pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

pub(super) fn is_text_like(want: &Want) -> bool {
    matches!(
        want,
        Want::Text | Want::Template(_) | Want::Str | Want::HostPath | Want::GuestPath
    )
}

fn widens(from: &str, to: &str) -> bool {
    let bits = |ty: &str| ty.get(1..).and_then(|bits| bits.parse::<u32>().ok());
    match (from.chars().next(), to.chars().next(), bits(from), bits(to)) {
        (Some(a), Some(b), Some(from), Some(to)) if a == b => from < to,
        (Some('u'), Some('i'), Some(from), Some(to)) => from < to,
        _ => false,
    }
}

/// Where a reference will do, or a conversion from one.
pub(super) fn borrowed(typed: &Typed) -> String {
    match typed.form {
        Form::Place if !typed.ty.is_copy() => format!("&{}", typed.at(Level::Unary)),
        _ => typed.text.clone(),
    }
}

/// What an option holds, or else `otherwise`: by a closure, unless that may fail, which it could tell nobody.
pub(super) fn or_else(option: &str, otherwise: &str, ty: Ty) -> Typed {
    match layout::code(otherwise).iter().any(|(_, byte)| *byte == b'?') {
        false => Typed::owned(format!("{option}.unwrap_or_else(|| {otherwise})"), ty),
        true => {
            let text = format!("match {option} {{ Some(found) => found, None => {otherwise} }}");
            Typed::owned(text, ty).level(Level::Block)
        }
    }
}

/// What is not a reference yet, as one.
pub(super) fn reference(text: &str, typed: &Typed) -> String {
    match (&typed.form, &typed.ty) {
        (Form::Ref, _) | (Form::Place | Form::Once, Ty::Static) => text.to_owned(),
        _ if text.starts_with(['"', 'r']) && matches!(typed.form, Form::Literal(_)) => text.to_owned(),
        _ => format!("&{text}"),
    }
}

/// The value itself, cloned where others need it.
pub(super) fn value_of(typed: &Typed) -> String {
    match typed.form {
        // It may be an array.
        Form::Place | Form::Once
            if matches!(typed.ty, Ty::List(_)) && typed.key.as_ref().is_some_and(|key| key.starts_with("local.")) =>
        {
            format!("{}.to_vec()", typed.at(Level::Atom))
        }
        Form::Place if !typed.ty.is_copy() => format!("{}.clone()", typed.at(Level::Atom)),
        Form::Ref if typed.ty.is_copy() => format!("*{}", typed.at(Level::Unary)),
        Form::Ref => format!("{}.clone()", typed.at(Level::Atom)),
        _ => typed.text.clone(),
    }
}

/// What a map's keys are looked up by.
pub(super) fn key_text(typed: &Typed) -> String {
    match (&typed.form, &typed.ty) {
        (_, Ty::Static) | (Form::Ref, _) => typed.text.clone(),
        _ => format!("{}.as_str()", typed.at(Level::Atom)),
    }
}

impl Keys {
    /// Those of entries as they are written.
    pub(super) fn of(entries: &[(Typed, Typed)]) -> Self {
        match entries.iter().all(|(key, _)| key.ty == Ty::Static) {
            true => Self::Static,
            false => Self::Owned,
        }
    }
}
