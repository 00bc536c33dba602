//! Files that templates read: they are read when the program runs.

use super::{
    Want,
    strings::quoted,
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
    pub(super) fn file(&mut self, path: &Expr, span: Span) -> Result<Typed> {
        self.fails(span)?;
        self.needs_data = true;
        let code = self.expr(&self.of_template(path), &Want::HostPath)?;
        Ok(Typed::owned(format!("data.file({}).await?", code.text), Ty::Str))
    }

    pub(super) fn files(&mut self, folder: &Expr, glob: &Expr, span: Span) -> Result<Typed> {
        self.fails(span)?;
        self.needs_data = true;
        let (folder, glob) = (
            self.expr(&self.of_template(folder), &Want::HostPath)?,
            self.expr(glob, &Want::Str)?,
        );
        let text = format!("data.files({}, {}).await?", folder.text, glob.text);
        Ok(Typed::owned(text, Ty::list(Ty::Str)))
    }

    pub(super) fn file_exists(&mut self, path: &Expr, span: Span) -> Result<Typed> {
        self.fails(span)?;
        self.needs_data = true;
        let code = self.expr(&self.of_template(path), &Want::HostPath)?;
        Ok(Typed::owned(
            format!("data.file_exists({}).await?", code.text),
            Ty::Bool,
        ))
    }

    pub(super) fn file_as_base64(&mut self, path: &Expr, span: Span) -> Result<Typed> {
        self.fails(span)?;
        self.needs_data = true;
        let code = self.expr(&self.of_template(path), &Want::HostPath)?;
        self.use_path("imagebake::functions");
        let text = format!("functions::base64(data.file_bytes({}).await?)", code.text);
        Ok(Typed::owned(text, Ty::Str))
    }

    /// Other than those of files it starts where packer was started, for the template too.
    pub(super) fn whole_path(&mut self, path: &Expr) -> Result<Typed> {
        self.needs_data = true;
        let path = self.text_of_argument(path)?;
        self.use_path("imagebake::functions");
        Ok(Typed::owned(
            format!("functions::absolute(&data.folder(), {path})"),
            Ty::Str,
        ))
    }

    pub(super) fn path_at_home(&mut self, path: &Expr, span: Span) -> Result<Typed> {
        self.fails(span)?;
        self.needs_data = true;
        let path = self.text_of_argument(path)?;
        self.use_path("imagebake::functions");
        let text = format!("functions::expand_home(&data.env(\"HOME\").await?, {path})");
        Ok(Typed::owned(text, Ty::Str))
    }

    /// A path that a function of the template is given starts at the template's folder; ours start where packer was started.
    fn of_template(&self, path: &Expr) -> Expr {
        let root = &self.context.root;
        let mut names_root = false;
        path.walk(&mut |node| {
            if let ExprKind::GetAttr(inner, _) = &node.kind {
                names_root |= inner.as_name() == Some("path");
            }
        });
        if root == "." || names_root {
            return path.clone();
        }
        let parts = vec![
            crate::import::syntax::Part::Literal(format!("{root}/")),
            crate::import::syntax::Part::Interpolation(path.clone()),
        ];
        Expr::new(ExprKind::Template(parts), path.span)
    }

    /// A file with `${…}`: what it says becomes text of the program, with what it is given put in.
    pub(super) fn template_file(&mut self, path: &Expr, names: &Expr, span: Span) -> Result<Typed> {
        let Some(Value::String(name)) = self.constant(path) else {
            return Err(no_rust(
                path.span,
                "which file is rendered must be known when the image is written",
            ));
        };
        let file = self.context.path(&name);
        let text = std::fs::read_to_string(&file)
            .map_err(|error| no_rust(path.span, format!("cannot read {name}: {error}")))?;
        let plain = !text.contains("{{")
            && !text.contains("~}")
            && !text.contains("${~")
            && !text.contains("{%")
            && !text.contains("%{");
        let number = self.context.sources.add(name, text);
        let body = crate::import::syntax::parse_template(&self.context.sources, number)?;
        if let (true, 0, Some(used)) = (plain, self.closures, names_in(&body))
            && let Some(read) = self.filled_file(path, &used, names, span)?
        {
            return Ok(read);
        }
        let given = self.typed(names, None)?;
        let mut known: Vec<(String, Typed)> = Vec::new();
        match (&given.form, &given.ty) {
            (Form::Entries(entries), _) => {
                for (key, value) in entries {
                    match key.value().and_then(Value::as_str) {
                        Some(name) => known.push((name.to_owned(), value.clone())),
                        None => return Err(no_rust(names.span, "the names that a file is given are written out")),
                    }
                }
            }
            (_, Ty::Struct(of)) => {
                for (name, ty) in &of.fields {
                    known.push((name.clone(), self.field(&given, name, ty)));
                }
            }
            _ => return Err(no_rust(names.span, "the names that a file is given are written out")),
        }
        let scope = std::mem::replace(&mut self.scope, known);
        let facts = std::mem::replace(&mut self.facts, super::strings::Facts::None);
        let typed = self.typed(&body, None).and_then(|typed| match typed.form {
            Form::Pieces(_) => {
                let text = self.made_text(&typed, span)?;
                Ok(match text.starts_with("format!") {
                    true => Typed::owned(text, Ty::Str),
                    false => typed,
                })
            }
            _ => Ok(typed),
        });
        self.scope = scope;
        self.facts = facts;
        typed
    }

    /// The same where the file has names alone: it is read when the program runs, and its names get their values then.
    fn filled_file(&mut self, path: &Expr, used: &[String], names: &Expr, span: Span) -> Result<Option<Typed>> {
        let ExprKind::Object(entries) = &names.kind else {
            return Ok(None);
        };
        let mut values = Vec::new();
        for name in used {
            let given = entries
                .iter()
                .find(|(key, _)| key.as_name().or_else(|| key.as_text()) == Some(name));
            let Some((_, value)) = given else {
                return Ok(None);
            };
            let typed = self.typed(value, None)?;
            let text = match (&typed.form, &typed.ty) {
                (Form::Literal(_) | Form::Pieces(_), _) => self.made_text(&typed, value.span)?,
                (_, Ty::Static | Ty::Str | Ty::Bool | Ty::Int(_)) => typed.at(Level::Unary),
                _ => return Ok(None),
            };
            values.push(format!("({}, &{text})", quoted(name)));
        }
        let file = self.file(path, span)?;
        if values.is_empty() && !used.is_empty() {
            return Ok(None);
        }
        if used.is_empty() {
            return Ok(Some(file));
        }
        self.use_path("imagebake::functions");
        Ok(Some(Typed::owned(
            format!("functions::filled(&{}, &[{}])?", file.text, values.join(", ")),
            Ty::Str,
        )))
    }
}

/// The names in a file that has nothing but names between its braces; nothing for one with expressions, or with `$${`.
fn names_in(body: &Expr) -> Option<Vec<String>> {
    use crate::import::syntax::Part;
    match &body.kind {
        ExprKind::Literal(Value::String(text)) => (!text.contains("${")).then(Vec::new),
        ExprKind::Wrapped(inner) => Some(vec![inner.as_name()?.to_owned()]),
        ExprKind::Template(parts) => {
            let mut names: Vec<String> = Vec::new();
            for part in parts {
                match part {
                    Part::Literal(text) if !text.contains("${") => {}
                    Part::Interpolation(expr) => {
                        let name = expr.as_name()?;
                        if !names.iter().any(|known| known == name) {
                            names.push(name.to_owned());
                        }
                    }
                    _ => return None,
                }
            }
            Some(names)
        }
        _ => None,
    }
}
