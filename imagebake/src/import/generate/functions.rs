//! Functions of templates: what Rust has for them.

use super::{
    Want,
    convert::{key_text, or_else, reference},
    expr::{list_of, literal_expr},
    strings::{formatdate, quoted, strftime},
    typed::{Form, Level, Typed},
    types::{Keys, Ty, common},
    writer::{Writer, no_rust},
};
use crate::import::{
    fault::Result,
    sources::Span,
    syntax::{Expr, ExprKind},
    value::Value,
};

impl Writer<'_> {
    pub(super) fn call(
        &mut self,
        name: &str,
        arguments: &[Expr],
        expand: bool,
        want: Option<&Want>,
        span: Span,
    ) -> Result<Typed> {
        // A constant needs no function.
        let whole = Expr::new(
            ExprKind::Call {
                name: name.to_owned(),
                name_span: span,
                arguments: arguments.to_vec(),
                expand,
            },
            span,
        );
        if self.names_nothing(&whole)
            && let Some(value) = self.constant(&whole)
        {
            return self.typed(&Expr::new(literal_expr(&value), span), want);
        }
        if expand {
            return Err(no_rust(span, format!("`{name}` with `...` cannot be written in Rust")));
        }
        match (name, arguments) {
            ("try", [first, rest @ ..]) => self.first_that_works(first, rest, want, span),
            ("can", [inner]) => self.works(inner, span),
            ("timestamp", []) => Ok(self.time("iso()".to_owned())),
            ("formatdate", [format, at]) if is_now(at) => match format.as_text().and_then(formatdate) {
                Some(format) => Ok(self.time(format!("format({})", quoted(&format)))),
                None => Err(no_rust(span, "this format has no counterpart in `strftime`")),
            },
            ("legacy_isotime", []) => Ok(self.time("iso()".to_owned())),
            ("legacy_isotime", [layout]) => match layout.as_text().and_then(strftime) {
                Some(format) => Ok(self.time(format!("format({})", quoted(&format)))),
                None => Err(no_rust(span, "this layout has no counterpart in `strftime`")),
            },
            ("legacy_strftime", [format]) => match format.as_text() {
                Some(format) => Ok(self.time(format!("format({})", quoted(format)))),
                None => Err(no_rust(span, "the format is written out")),
            },
            // A variable of an older template whose default others are put into.
            ("given_or", [given, otherwise]) => {
                let given = self.typed(given, None)?;
                self.closures += 1;
                let otherwise = self
                    .typed(otherwise, None)
                    .and_then(|otherwise| self.exactly(&otherwise, &Ty::Str, span));
                self.closures -= 1;
                let otherwise = otherwise?;
                let given = format!("{}.clone()", given.at(Level::Atom));
                Ok(or_else(&given, &otherwise, Ty::Str))
            }
            // Of a default: an input of its own has it.
            ("env", [asked]) => match asked.as_text() {
                Some(asked) => self.variable(asked, span),
                None => Err(no_rust(span, "the name of an environment variable is written out")),
            },
            // Text of an older template where a list is taken.
            ("cut", [text]) => {
                let text = self.text_of_argument(text)?;
                self.use_path("imagebake::functions");
                Ok(Typed::owned(format!("functions::cut({text})"), Ty::list(Ty::Str)))
            }
            ("uuidv4", []) => Ok(super::expr::text_of(vec![super::typed::Piece::Constant("UUID")])),
            // As older templates say it.
            ("unix_time", []) => Ok(self.time("seconds()".to_owned())),
            ("regex_replace", [of, pattern, with]) if is_now(of) => match (pattern.as_text(), with.as_text()) {
                (Some("[- TZ:]"), Some("")) => Ok(self.time("format(\"%Y%m%d%H%M%S\")".to_owned())),
                _ => self.plain_call(name, arguments, want, span),
            },
            ("file", [path]) => self.file(path, span),
            ("fileset", [folder, glob]) => self.files(folder, glob, span),
            ("fileexists", [path]) => self.file_exists(path, span),
            ("filebase64", [path]) => self.file_as_base64(path, span),
            ("abspath", [path]) => self.whole_path(path),
            ("pathexpand", [path]) => self.path_at_home(path, span),
            ("templatefile", [path, names]) => self.template_file(path, names, span),
            ("coalesce", _) => self.coalesce(arguments, want, span),
            ("format", [form, values @ ..]) => self.format(form, values, span),
            ("max" | "min", [first, rest @ ..]) => self.bound_of(name, first, rest),
            _ => self.plain_call(name, arguments, want, span),
        }
    }

    /// Whether no variable or local is named in it.
    fn names_nothing(&self, expr: &Expr) -> bool {
        let mut nothing = true;
        expr.walk(&mut |node| {
            if let ExprKind::Variable(name) = &node.kind {
                nothing &= !matches!(name.as_str(), "var" | "local" | "data" | "build" | "source");
                nothing &= !self
                    .scope
                    .iter()
                    .any(|(known, _)| known.split('.').next() == Some(name));
            }
            nothing &= !matches!(node.kind, ExprKind::Each);
        });
        nothing
    }

    fn time(&mut self, call: String) -> Typed {
        self.needs_data = true;
        let ty = if call.starts_with("seconds") {
            Ty::Int("i64")
        } else {
            Ty::Str
        };
        Typed::owned(format!("data.time().{call}"), ty)
    }

    fn first_that_works(&mut self, first: &Expr, rest: &[Expr], want: Option<&Want>, span: Span) -> Result<Typed> {
        // What cannot be missing is taken; what may be is looked up.
        if let ExprKind::GetAttr(inner, name) = &first.kind {
            let of = self.typed(inner, None);
            match of {
                Ok(of) => match &of.ty {
                    Ty::Struct(known) => match known.fields.get(name) {
                        Some(Ty::Option(_)) | None => {}
                        Some(_) => return self.typed(first, want),
                    },
                    Ty::Map(..) if rest.len() == 1 => {
                        let key = Typed::literal(name.as_str().into());
                        let otherwise = self.typed(&rest[0], want)?;
                        return self.lookup(&of, &key, &otherwise, span);
                    }
                    _ => return self.typed(first, want),
                },
                Err(fault) => {
                    let Some(next) = rest.first() else { return Err(fault) };
                    return self.first_that_works(next, &rest[1..], want, span);
                }
            }
            if let Some(next) = rest.first() {
                return self.first_that_works(next, &rest[1..], want, span);
            }
        }
        if let ExprKind::Index(inner, key) = &first.kind
            && rest.len() == 1
        {
            let of = self.typed(inner, None)?;
            if matches!(of.ty, Ty::Map(..)) {
                let key = self.typed(key, None)?;
                let otherwise = self.typed(&rest[0], want)?;
                return self.lookup(&of, &key, &otherwise, span);
            }
        }
        // Nothing has no length.
        if let ExprKind::Call { name, arguments, .. } = &first.kind
            && let ("length", [of], [otherwise]) = (name.as_str(), arguments.as_slice(), rest)
        {
            let typed = self.typed(of, None)?;
            if let Ty::Option(inner) = &typed.ty
                && inner.is_text()
                && !matches!(typed.form, Form::Owned)
            {
                let otherwise = self.typed(otherwise, None)?;
                let otherwise = self.exactly(&otherwise, &Ty::Int("usize"), span)?;
                let option = typed.at(Level::Atom);
                let text = format!("{option}.as_ref().map_or({otherwise}, |text| text.chars().count())");
                return Ok(Typed::owned(text, Ty::Int("usize")));
            }
            return self.typed(first, want);
        }
        let simple = matches!(
            first.kind,
            ExprKind::Literal(_) | ExprKind::Template(_) | ExprKind::GetAttr(..)
        );
        match simple || rest.is_empty() {
            true => self.typed(first, want),
            false => Err(no_rust(span, "whether this works is known only when it is tried")),
        }
    }

    /// A reference to text.
    pub(super) fn text_of_argument(&mut self, expr: &Expr) -> Result<String> {
        let typed = self.typed(expr, None)?;
        match (&typed.form, &typed.ty) {
            (Form::Literal(_) | Form::Pieces(_), _) => {
                let text = self.made_text(&typed, expr.span)?;
                Ok(if text.starts_with(['"', 'r']) {
                    text
                } else {
                    format!("&{text}")
                })
            }
            (_, Ty::Static | Ty::Str) => Ok(reference(&typed.at(Level::Unary), &typed)),
            (_, Ty::Int(_) | Ty::Bool | Ty::Float) => Ok(format!("&{}.to_string()", typed.at(Level::Atom))),
            (_, other) => Err(no_rust(
                expr.span,
                format!("text is expected here, not {}", other.rust()),
            )),
        }
    }

    /// Text that methods are called on.
    fn receiver(&mut self, expr: &Expr) -> Result<String> {
        let typed = self.typed(expr, None)?;
        match (&typed.form, &typed.ty) {
            (Form::Literal(_) | Form::Pieces(_), _) => self.made_text(&typed, expr.span),
            (_, Ty::Static | Ty::Str) => Ok(typed.at(Level::Atom)),
            (_, Ty::Int(_) | Ty::Bool | Ty::Float) => Ok(format!("{}.to_string()", typed.at(Level::Atom))),
            (_, other) => Err(no_rust(
                expr.span,
                format!("text is expected here, not {}", other.rust()),
            )),
        }
    }

    /// A list of texts that methods are called on.
    fn texts(&mut self, expr: &Expr) -> Result<String> {
        let typed = self.typed(expr, Some(&Want::list(Want::Str)))?;
        match (&typed.form, &typed.ty) {
            (Form::Items(items), _) => {
                let literal = items.iter().all(|item| matches!(item.form, Form::Literal(_)));
                let ty = if literal { Ty::Static } else { Ty::Str };
                let made = self.exactly(&typed, &Ty::list(ty), expr.span)?;
                Ok(made.strip_prefix("vec!").map(str::to_owned).unwrap_or(made))
            }
            (_, Ty::List(item)) if item.is_text() => Ok(typed.at(Level::Atom)),
            (_, other) => Err(no_rust(
                expr.span,
                format!("a list of texts is expected here, not {}", other.rust()),
            )),
        }
    }

    fn lookup(&mut self, of: &Typed, key: &Typed, otherwise: &Typed, span: Span) -> Result<Typed> {
        if let Form::Entries(entries) = &of.form
            && let Some(Value::String(name)) = key.value()
        {
            let found = entries
                .iter()
                .find(|(key, _)| key.value().and_then(Value::as_str) == Some(name));
            return Ok(found.map_or_else(|| otherwise.clone(), |(_, value)| value.clone()));
        }
        if let Ty::Struct(known) = &of.ty {
            let Some(name) = key.value().and_then(Value::as_str) else {
                return Err(no_rust(
                    span,
                    "an entry that is chosen when it runs must be of one type with the others",
                ));
            };
            return match known.fields.get(name) {
                Some(Ty::Option(_)) => Err(no_rust(span, "this entry may be absent")),
                Some(ty) => Ok(self.field(of, name, ty)),
                None => Ok(otherwise.clone()),
            };
        }
        let Ty::Map(value, _) = of.ty.clone() else {
            return Err(no_rust(span, "a map is expected here"));
        };
        let key = match &key.form {
            Form::Literal(_) | Form::Pieces(_) => self.written_key(key, span)?,
            _ => key_text(key),
        };
        let map = match &of.form {
            Form::Entries(_) => self.exactly(of, &of.ty.clone(), span)?,
            _ => of.at(Level::Atom),
        };
        if let (Ty::Map(..), Form::Entries(entries)) = (&*value, &otherwise.form)
            && entries.is_empty()
        {
            let text = format!("{map}.get({key}).cloned().unwrap_or_default()");
            return Ok(Typed::owned(text, (*value).clone()));
        }
        let says_nothing = matches!(otherwise.value(), Some(Value::String(text)) if text.is_empty());
        if let (Ty::Option(inner), true) = (&*value, says_nothing) {
            // Null and nothing are the same where text is wanted.
            let text = format!("{map}.get({key}).cloned().flatten().unwrap_or_default()");
            return Ok(Typed::owned(text, (**inner).clone()));
        }
        if let (Ty::List(_), Form::Items(items)) = (&*value, &otherwise.form)
            && items.is_empty()
        {
            let text = format!("{map}.get({key}).cloned().unwrap_or_default()");
            return Ok(Typed::owned(text, (*value).clone()));
        }
        if let Ty::Option(inner) = &*value {
            let otherwise = self.exactly(otherwise, &value, span)?;
            let found = format!("{map}.get({key}).cloned()");
            return Ok(or_else(&found, &otherwise, Ty::option((**inner).clone())));
        }
        let ty = common(&value, &otherwise.ty).filter(|ty| *ty == *value || (ty.is_text() && value.is_text()));
        let Some(ty) = ty else {
            return Err(no_rust(span, "the value that is taken otherwise has another type"));
        };
        let empty = matches!(otherwise.value(), Some(Value::String(text)) if text.is_empty());
        let text = match (&*value, &ty) {
            (Ty::Static, Ty::Static) => {
                let otherwise = self.made_text(otherwise, span)?;
                format!("{map}.get({key}).copied().unwrap_or({otherwise})")
            }
            (own, ty) if own == ty && empty => format!("{map}.get({key}).cloned().unwrap_or_default()"),
            (own, ty) if own == ty && own.is_copy() => {
                let otherwise = self.exactly(otherwise, ty, span)?;
                format!("{map}.get({key}).copied().unwrap_or({otherwise})")
            }
            (own, ty) if own == ty => {
                let otherwise = self.exactly(otherwise, ty, span)?;
                return Ok(or_else(&format!("{map}.get({key}).cloned()"), &otherwise, ty.clone()));
            }
            (_, _) => {
                let otherwise = self.exactly(otherwise, &Ty::Str, span)?;
                format!("{map}.get({key}).map_or_else(|| {otherwise}, |text| (*text).to_owned())")
            }
        };
        Ok(Typed::owned(text, ty))
    }

    /// An element of a list that begins again behind its last.
    fn element(&mut self, list: &Expr, at: &Expr, span: Span) -> Result<Typed> {
        let (list, at) = (self.typed(list, None)?, self.typed(at, None)?);
        let written = match at.value() {
            Some(Value::Number(number)) => number.to_i64().and_then(|at| usize::try_from(at).ok()),
            _ => None,
        };
        let Some(written) = written else {
            return Err(no_rust(span, "the number of an element is written out"));
        };
        if let Form::Items(items) = &list.form {
            let item = written.checked_rem(items.len()).map(|at| items[at].clone());
            return item.ok_or_else(|| no_rust(span, "an empty list has no elements"));
        }
        let Ty::List(item) = &list.ty else {
            return Err(no_rust(span, "a list is expected here"));
        };
        self.fails(span)?;
        self.use_path("imagebake::functions");
        let of = super::convert::reference(&list.at(Level::Unary), &list);
        let text = format!("functions::element_modulo({of}, {written})?");
        Ok(Typed::new(text, (**item).clone(), Form::Ref))
    }

    /// The greatest or least of whole numbers.
    fn bound_of(&mut self, method: &str, first: &Expr, rest: &[Expr]) -> Result<Typed> {
        let wide = Ty::Int("i64");
        let number = |writer: &mut Self, expr: &Expr| {
            let typed = writer.typed(expr, None)?;
            match typed.ty {
                Ty::Int(_) => writer.exactly(&typed, &wide, expr.span),
                _ => Err(no_rust(expr.span, "a whole number is expected here")),
            }
        };
        // Something says which number it is, and nothing binds tighter than a method.
        let mut text = format!("i64::{method}({}", number(self, first)?);
        let Some((second, more)) = rest.split_first() else {
            return Ok(Typed::owned(number(self, first)?, wide));
        };
        text.push_str(&format!(", {})", number(self, second)?));
        for expr in more {
            text.push_str(&format!(".{method}({})", number(self, expr)?));
        }
        Ok(Typed::owned(text, wide))
    }

    /// The first that is neither null nor empty text.
    fn coalesce(&mut self, arguments: &[Expr], want: Option<&Want>, span: Span) -> Result<Typed> {
        let Some((last, first)) = arguments.split_last() else {
            return Err(no_rust(span, "`coalesce` needs arguments"));
        };
        let mut result = self.typed(last, want)?;
        for expr in first.iter().rev() {
            let typed = self.typed(expr, want)?;
            match typed.value() {
                Some(value) if value.is_null() || value.as_str() == Some("") => continue,
                // Nothing behind it is ever asked.
                Some(_) => {
                    result = typed;
                    continue;
                }
                None => {}
            }
            result = match &typed.ty {
                Ty::Option(inner) if inner.is_text() => {
                    let otherwise = self.exactly(&result, &Ty::Str, span)?;
                    let given = format!("{}.clone().filter(|text| !text.is_empty())", typed.at(Level::Atom));
                    or_else(&given, &otherwise, Ty::Str)
                }
                ty if ty.is_text() => {
                    let text = self.exactly(&typed, &Ty::Str, span)?;
                    let otherwise = self.exactly(&result, &Ty::Str, span)?;
                    Typed::owned(
                        format!(
                            "if {}.is_empty() {{ {otherwise} }} else {{ {text} }}",
                            self.receiver(expr)?
                        ),
                        Ty::Str,
                    )
                    .level(Level::Block)
                }
                _ => return Err(no_rust(span, "`coalesce` is written in Rust for text alone")),
            };
        }
        Ok(result)
    }

    fn plain_call(&mut self, name: &str, arguments: &[Expr], want: Option<&Want>, span: Span) -> Result<Typed> {
        let owned = |text: String, ty: Ty| Ok(Typed::owned(text, ty));
        match (name, arguments) {
            ("upper", [text]) => owned(format!("{}.to_uppercase()", self.receiver(text)?), Ty::Str),
            ("lower", [text]) => owned(format!("{}.to_lowercase()", self.receiver(text)?), Ty::Str),
            ("trimspace", [text]) => owned(format!("{}.trim().to_owned()", self.receiver(text)?), Ty::Str),
            ("chomp", [text]) => owned(
                format!("{}.trim_end_matches(['\\r', '\\n']).to_owned()", self.receiver(text)?),
                Ty::Str,
            ),
            ("trimprefix" | "trimsuffix", [text, part]) => {
                let (text, part) = (self.receiver(text)?, self.text_of_argument(part)?);
                let method = if name == "trimprefix" {
                    "strip_prefix"
                } else {
                    "strip_suffix"
                };
                owned(
                    format!("{text}.{method}({part}).unwrap_or(&{text}).to_owned()"),
                    Ty::Str,
                )
            }
            ("trim", [text, part]) => {
                let (text, part) = (self.receiver(text)?, self.text_of_argument(part)?);
                owned(
                    format!("{text}.trim_matches(|c| {part}.contains(c)).to_owned()"),
                    Ty::Str,
                )
            }
            ("replace", [text, from, to]) => {
                let (text, from, to) = (
                    self.receiver(text)?,
                    self.text_of_argument(from)?,
                    self.text_of_argument(to)?,
                );
                owned(format!("{text}.replace({from}, {to})"), Ty::Str)
            }
            ("regex_replace", [text, pattern, with]) => match pattern.as_text() {
                Some(pattern) => {
                    let pattern = pattern.to_owned();
                    self.regex_replace(text, &pattern, with, span)
                }
                None => Err(no_rust(span, "a regular expression is written out")),
            },
            ("startswith" | "endswith" | "strcontains", [text, part]) => {
                let method = match name {
                    "startswith" => "starts_with",
                    "endswith" => "ends_with",
                    _ => "contains",
                };
                let (text, part) = (self.receiver(text)?, self.text_of_argument(part)?);
                owned(format!("{text}.{method}({part})"), Ty::Bool)
            }
            ("join", [with, list]) => {
                let (with, list) = (self.text_of_argument(with)?, self.texts(list)?);
                owned(format!("{list}.join({with})"), Ty::Str)
            }
            ("split", [with, text]) => {
                let (with, text) = (self.text_of_argument(with)?, self.receiver(text)?);
                owned(
                    format!("{text}.split({with}).map(str::to_owned).collect::<Vec<_>>()"),
                    Ty::list(Ty::Str),
                )
            }
            ("length", [of]) => {
                let typed = self.typed(of, None)?;
                match &typed.ty {
                    Ty::List(_) | Ty::Map(..) if !matches!(typed.form, Form::Items(_) | Form::Entries(_)) => {
                        owned(format!("{}.len()", typed.at(Level::Atom)), Ty::Int("usize"))
                    }
                    ty if ty.is_text() => owned(format!("{}.chars().count()", self.receiver(of)?), Ty::Int("usize")),
                    _ => match &typed.form {
                        Form::Items(items) => Ok(Typed::literal(Value::integer(
                            i64::try_from(items.len()).unwrap_or(i64::MAX),
                        ))),
                        _ => Err(no_rust(span, "this has no length in Rust")),
                    },
                }
            }
            ("contains", [list, item]) => {
                let typed = self.typed(list, Some(&Want::list(Want::Str)))?;
                if !matches!(&typed.ty, Ty::List(inner) if inner.is_text()) {
                    return Err(no_rust(span, "a list of texts is expected here"));
                }
                let list = self.texts(list)?;
                let item_typed = self.typed(item, None)?;
                let statics = matches!(&typed.form, Form::Items(items) if items.iter().all(|item| matches!(item.form, Form::Literal(_))));
                match (statics, &item_typed.form, &item_typed.ty) {
                    (true, _, _) => owned(
                        format!("{list}.contains(&{})", key_text_of(self, &item_typed, span)?),
                        Ty::Bool,
                    ),
                    (false, Form::Literal(_) | Form::Pieces(_), _) | (false, _, Ty::Static) => {
                        let text = key_text_of(self, &item_typed, span)?;
                        owned(format!("{list}.iter().any(|item| item == {text})"), Ty::Bool)
                    }
                    (false, _, Ty::Str) => owned(
                        format!(
                            "{list}.contains({})",
                            reference(&item_typed.at(Level::Unary), &item_typed)
                        ),
                        Ty::Bool,
                    ),
                    _ => Err(no_rust(span, "text is expected here")),
                }
            }
            ("concat", lists) => self.concat(lists, want, span),
            ("compact", [list]) => {
                let typed = self.typed(list, Some(&Want::list(Want::Str)))?;
                if let Form::Items(items) = &typed.form
                    && items.iter().any(|item| matches!(item.ty, Ty::Option(_) | Ty::Null))
                {
                    let ty = Ty::list(Ty::option(Ty::Str));
                    let made = self.exactly(&typed, &ty, span)?;
                    let made = made.strip_prefix("vec!").unwrap_or(&made);
                    return owned(
                        format!("{made}.into_iter().flatten().filter(|text| !text.is_empty()).collect::<Vec<_>>()"),
                        Ty::list(Ty::Str),
                    );
                }
                let made = match typed.form {
                    Form::Items(_) => self.exactly(&typed, &Ty::list(Ty::Str), span)?,
                    _ => super::convert::value_of(&typed),
                };
                let made = made.strip_prefix("vec!").map(str::to_owned).unwrap_or(made);
                owned(
                    format!("{made}.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>()"),
                    Ty::list(Ty::Str),
                )
            }
            ("distinct", [list]) => {
                let made = self.texts(list)?;
                self.use_path("imagebake::functions");
                owned(format!("functions::distinct(&{made})"), Ty::list(Ty::Str))
            }
            ("sort", [list]) => {
                let made = self.texts(list)?;
                self.use_path("imagebake::functions");
                owned(format!("functions::sorted(&{made})"), Ty::list(Ty::Str))
            }
            ("keys" | "values", [map]) => {
                let typed = self.typed(map, None)?;
                let walk = self.walked(&typed, span)?;
                if !walk.is_map {
                    return Err(no_rust(span, "a map is expected here"));
                }
                let method = if name == "keys" { "keys" } else { "values" };
                let item = if name == "keys" { walk.key } else { walk.item };
                let (convert, item) = match item {
                    Ty::Static => (".map(|text| (*text).to_owned())", Ty::Str),
                    other => (".cloned()", other),
                };
                owned(
                    format!("{}.{method}(){convert}.collect::<Vec<_>>()", walk.text),
                    Ty::list(item),
                )
            }
            ("lookup", [map, key]) => {
                let (map, key) = (self.typed(map, None)?, self.typed(key, None)?);
                self.entry(&map, &key, span)
            }
            ("lookup", [map, key, otherwise]) => {
                let (map, key) = (self.typed(map, None)?, self.typed(key, None)?);
                let otherwise = self.typed(otherwise, want)?;
                self.lookup(&map, &key, &otherwise, span)
            }
            ("merge", maps) => self.merge(maps, span),
            ("jsonencode", [value]) => {
                let value = self.json(value, span)?;
                self.use_path("imagebake::functions");
                owned(format!("functions::json({value})"), Ty::Str)
            }
            ("regex", [pattern, text]) => self.regex(pattern, text, span),
            ("element", [list, at]) => self.element(list, at, span),
            ("basename" | "dirname", [path]) => {
                let path = self.text_of_argument(path)?;
                self.use_path("imagebake::functions");
                owned(format!("functions::{name}({path})"), Ty::Str)
            }
            ("base64encode" | "sha256" | "sha1" | "sha512" | "md5" | "urlencode", [text]) => {
                let text = self.text_of_argument(text)?;
                self.use_path("imagebake::functions");
                let function = if name == "base64encode" { "base64" } else { name };
                owned(format!("functions::{function}({text})"), Ty::Str)
            }
            ("substr", [text, start, length]) => {
                let text = self.text_of_argument(text)?;
                let (start, length) = (self.typed(start, None)?, self.typed(length, None)?);
                let (start, length) = (
                    self.exactly(&start, &Ty::Int("i64"), span)?,
                    self.exactly(&length, &Ty::Int("i64"), span)?,
                );
                self.use_path("imagebake::functions");
                owned(format!("functions::substr({text}, {start}, {length})"), Ty::Str)
            }
            ("indent", [spaces, text]) => {
                let spaces = self.typed(spaces, None)?;
                let spaces = self.exactly(&spaces, &Ty::Int("usize"), span)?;
                let text = self.receiver(text)?;
                owned(
                    format!("{text}.replace('\\n', &format!(\"\\n{{}}\", \" \".repeat({spaces})))"),
                    Ty::Str,
                )
            }
            ("reverse", [list]) => {
                let typed = self.typed(list, want)?;
                let walk = self.walked(&typed, span)?;
                match walk.is_map {
                    false => owned(
                        format!("{}.iter().rev().cloned().collect::<Vec<_>>()", walk.text),
                        Ty::list(walk.item),
                    ),
                    true => Err(no_rust(span, "a list is expected here")),
                }
            }
            _ => Err(no_rust(
                span,
                format!("the function `{name}` cannot be written in Rust with these arguments"),
            )),
        }
    }

    fn concat(&mut self, lists: &[Expr], want: Option<&Want>, span: Span) -> Result<Typed> {
        let mut typed = Vec::new();
        for list in lists {
            typed.push(self.typed(list, want)?);
        }
        // Lists written out are one list.
        if typed.iter().all(|list| matches!(list.form, Form::Items(_))) {
            let items = typed.into_iter().flat_map(|list| match list.form {
                Form::Items(items) => items,
                _ => Vec::new(),
            });
            return Ok(list_of(items.collect()));
        }
        let item = typed
            .iter()
            .filter(|list| !matches!(&list.form, Form::Items(items) if items.is_empty()))
            .map(|list| match &list.ty {
                Ty::List(item) => Some((**item).clone()),
                _ => None,
            })
            .reduce(|a, b| common(&a?, &b?))
            .flatten();
        let Some(item) = item else {
            return Err(no_rust(span, "these lists have no type in common"));
        };
        let item = if item.is_text() { Ty::Str } else { item };
        if !matches!(item, Ty::Str | Ty::Int(_) | Ty::Bool) {
            return Err(no_rust(span, "lists of this type cannot be joined yet"));
        }
        let ty = Ty::list(item);
        let mut parts = Vec::new();
        for list in &typed {
            parts.push(match (&list.form, list.ty == ty) {
                (Form::Items(items), _) if items.is_empty() => continue,
                (Form::Place | Form::Ref | Form::Once, true) => super::convert::value_of(list),
                _ => self.exactly(list, &ty, span)?,
            });
        }
        Ok(Typed::owned(format!("[{}].concat()", parts.join(", ")), ty))
    }

    fn merge(&mut self, maps: &[Expr], span: Span) -> Result<Typed> {
        let mut typed = Vec::new();
        for map in maps {
            typed.push(self.typed(map, None)?);
        }
        if typed.iter().all(|map| matches!(map.form, Form::Entries(_))) {
            let mut entries: Vec<(Typed, Typed)> = Vec::new();
            for map in typed {
                if let Form::Entries(more) = map.form {
                    for (key, value) in more {
                        let name = key.value().cloned();
                        entries.retain(|(known, _)| name.is_none() || known.value() != name.as_ref());
                        entries.push((key, value));
                    }
                }
            }
            return Ok(super::expr::map_of(entries));
        }
        let value = typed
            .iter()
            .filter(|map| !matches!(&map.form, Form::Entries(entries) if entries.is_empty()))
            .map(|map| match &map.ty {
                Ty::Map(value, _) => Some((**value).clone()),
                _ => None,
            })
            .reduce(|a, b| common(&a?, &b?))
            .flatten();
        let Some(value) = value else {
            return Err(no_rust(span, "these maps have no type in common"));
        };
        let value = if value.is_text() { Ty::Str } else { value };
        let ty = Ty::Map(Box::new(value.clone()), Keys::Owned);
        let mut parts = Vec::new();
        for map in &typed {
            match (&map.form, &map.ty) {
                (Form::Entries(entries), _) if entries.is_empty() => {}
                (Form::Place | Form::Ref | Form::Once | Form::Owned, Ty::Map(own, Keys::Static)) => {
                    parts.push((self.owned_entries(map, own, &value, span)?, true));
                }
                _ => parts.push((self.exactly(map, &ty, span)?, false)),
            }
        }
        self.use_path("std::collections::BTreeMap");
        let mut parts = parts.into_iter();
        let first = match parts.next() {
            Some((entries, true)) => entries,
            Some((map, false)) => format!("{map}.into_iter()"),
            None => String::new(),
        };
        let rest: String = parts.map(|(part, _)| format!(".chain({part})")).collect();
        Ok(Typed::owned(format!("{first}{rest}.collect::<BTreeMap<_, _>>()"), ty))
    }
}

impl Writer<'_> {
    /// The entries of a map whose names are written out, with names of their own.
    fn owned_entries(&mut self, map: &Typed, own: &Ty, value: &Ty, span: Span) -> Result<String> {
        let (walk, key, form) = match map.form {
            Form::Once | Form::Owned => ("into_iter", "key.to_owned()", Form::Owned),
            _ => ("iter", "(*key).to_owned()", Form::Ref),
        };
        self.closures += 1;
        let made = self.exactly(&Typed::new("value", own.clone(), form), value, span);
        self.closures -= 1;
        let map = map.at(Level::Atom);
        Ok(format!("{map}.{walk}().map(|(key, value)| ({key}, {}))", made?))
    }
}

fn key_text_of(writer: &mut Writer<'_>, typed: &Typed, span: Span) -> Result<String> {
    match &typed.form {
        Form::Literal(_) | Form::Pieces(_) => writer.made_text(typed, span),
        _ => Ok(key_text(typed)),
    }
}

/// `timestamp()`
fn is_now(expr: &Expr) -> bool {
    matches!(&expr.kind, ExprKind::Call { name, arguments, .. } if name == "timestamp" && arguments.is_empty())
}
