//! `format` of templates as `format!`.

use super::{
    Want,
    expr::text_of,
    typed::{Form, Level, Piece, Typed},
    types::Ty,
    writer::{Writer, no_rust},
};
use crate::import::{fault::Result, sources::Span, syntax::Expr};

/// A piece of the text that says how values are put in.
#[derive(Debug, PartialEq)]
enum Verb {
    Text(String),
    /// The letter, and what Rust writes behind the colon.
    Value(char, String),
}

/// The pieces, where Rust has the same for all of them.
fn verbs(form: &str) -> Option<Vec<Verb>> {
    let mut out = Vec::new();
    let mut rest = form;
    while let Some(at) = rest.find('%') {
        out.push(Verb::Text(rest[..at].to_owned()));
        rest = &rest[at + 1..];
        let flags = rest.find(|c| !matches!(c, '-' | '0')).unwrap_or(rest.len());
        let (flags, after) = rest.split_at(flags);
        let digits = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
        let (width, after) = after.split_at(digits);
        let letter = after.chars().next()?;
        rest = &after[letter.len_utf8()..];
        let how = match (letter, flags, width) {
            ('%', "", "") => {
                out.push(Verb::Text("%".to_owned()));
                continue;
            }
            ('s' | 'd' | 'v' | 't', "", "") => String::new(),
            ('s', "", width) => format!(">{width}"),
            ('s', "-", width) => format!("<{width}"),
            ('d', "", width) => width.to_owned(),
            ('d', "-", width) => format!("<{width}"),
            ('d', "0", width) => format!("0{width}"),
            _ => return None,
        };
        out.push(Verb::Value(letter, how));
    }
    out.push(Verb::Text(rest.to_owned()));
    Some(out)
}

impl Writer<'_> {
    /// `format("%s-%03d", …)`
    pub(super) fn format(&mut self, form: &Expr, arguments: &[Expr], span: Span) -> Result<Typed> {
        let verbs = form.as_text().and_then(verbs);
        let Some(verbs) = verbs.filter(|verbs| values(verbs) == arguments.len()) else {
            return Err(no_rust(span, "this `format` has no counterpart in Rust"));
        };
        let mut arguments = arguments.iter();
        let mut pieces = Vec::new();
        for verb in verbs {
            let (letter, how) = match verb {
                Verb::Text(text) => {
                    pieces.push(Piece::Text(text));
                    continue;
                }
                Verb::Value(letter, how) => (letter, how),
            };
            let Some(argument) = arguments.next() else { continue };
            let typed = self.typed(argument, Some(&Want::Str))?;
            self.shown(&typed);
            let fits = match letter {
                'd' => matches!(typed.ty, Ty::Int(_)),
                't' => matches!(typed.ty, Ty::Bool),
                _ => matches!(
                    typed.ty,
                    Ty::Static | Ty::Str | Ty::Text | Ty::Secret | Ty::Int(_) | Ty::Bool
                ),
            };
            if !fits || (typed.ty.is_hidden() && !how.is_empty()) {
                let message = format!("a value of type {} cannot be `%{letter}` in Rust", typed.ty.rust());
                return Err(no_rust(argument.span, message));
            }
            pieces.push(match (&typed.form, how.as_str()) {
                (Form::Literal(value), "") => match super::literal::as_text(value) {
                    Some(text) => Piece::Text(text),
                    None => return Err(no_rust(argument.span, "this cannot be put into text")),
                },
                (_, "") => Piece::Value(typed),
                (_, how) => {
                    let value = match typed.form {
                        Form::Literal(_) | Form::Pieces(_) => self.made_text(&typed, argument.span)?,
                        _ => typed.at(Level::Compare),
                    };
                    Piece::Value(Typed::owned(format!("format!(\"{{:{how}}}\", {value})"), Ty::Str))
                }
            });
        }
        Ok(text_of(pieces))
    }
}

fn values(verbs: &[Verb]) -> usize {
    verbs.iter().filter(|verb| matches!(verb, Verb::Value(..))).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbs_are_those_that_rust_has() {
        let value = |letter, how: &str| Verb::Value(letter, how.to_owned());
        let text = |text: &str| Verb::Text(text.to_owned());
        assert_eq!(
            verbs("a%s%%-%03d%-5s"),
            Some(vec![
                text("a"),
                value('s', ""),
                text(""),
                text("%"),
                text("-"),
                value('d', "03"),
                text(""),
                value('s', "<5"),
                text("")
            ])
        );
        for other in ["%q", "%.2f", "%[1]s", "%+d", "%x", "%", "%-05d", "%5v"] {
            assert_eq!(verbs(other), None, "{other}");
        }
    }
}
