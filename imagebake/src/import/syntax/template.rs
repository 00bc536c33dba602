//! Templates inside strings and heredocs: strip markers and the indentation of `<<-`.
//!
//! A marker (`~`) takes white space away up to the end of the line beside it and no further, as the peer reads text line by line;
//! the indentation of a heredoc is what all lines have in common that do not consist of white space alone.

use super::{Part, hcl::Reader};
use crate::import::{fault::Faults, sources::Span};
use hcl_edit::template::{Directive, Element, HeredocTemplate, Strip};

/// A template, line by line.
enum Token {
    /// A piece of one line; the last one of a line ends with its newline.
    Text(String),
    /// Anything that is evaluated, with its strip markers.
    Code(Part, Strip),
    /// The start, middle or end of a directive; only its strip markers matter.
    Marker(Mark, Strip),
}

enum Mark {
    If(super::Expr),
    For(Option<String>, String, super::Expr),
    Else,
    End,
}

/// The elements as parts.
pub(super) fn parts(reader: &Reader<'_>, elements: &[Element], faults: &mut Faults) -> Vec<Part> {
    let mut tokens = Vec::new();
    flatten(reader, elements, &mut tokens, faults);
    strip(&mut tokens);
    nest(&mut tokens.into_iter(), &mut false)
}

/// A heredoc, read anew from its text, since the indentation is taken off otherwise than hcl-edit does.
pub(super) fn heredoc(reader: &Reader<'_>, template: &HeredocTemplate, span: Span, faults: &mut Faults) -> Vec<Part> {
    let text = reader.sources.text(span);
    let Some((head, rest)) = text.split_once('\n') else {
        return Vec::new();
    };
    let flush = head.trim_start().starts_with("<<-");
    let delimiter = template.delimiter.as_str();
    let end = rest.rfind(delimiter).unwrap_or(rest.len());
    let content = &rest[..rest[..end].rfind('\n').map_or(0, |at| at + 1)];
    let start = span.start as usize + head.len() + 1;
    let inner = Reader {
        offset: start,
        ..*reader
    };
    let elements: Vec<Element> = match hcl_edit::parser::parse_template(content) {
        Ok(parsed) => parsed.iter().cloned().collect(),
        Err(error) => {
            faults.push(inner.error(&error));
            return Vec::new();
        }
    };
    let mut tokens = Vec::new();
    flatten(&inner, &elements, &mut tokens, faults);
    strip(&mut tokens);
    if flush {
        dedent(&mut tokens);
    }
    // Newlines of Windows files stay, as they do for the peer.
    nest(&mut tokens.into_iter(), &mut false)
}

fn flatten(reader: &Reader<'_>, elements: &[Element], tokens: &mut Vec<Token>, faults: &mut Faults) {
    for element in elements {
        match element {
            Element::Literal(text) => {
                tokens.extend(text.split_inclusive('\n').map(|line| Token::Text(line.to_owned())))
            }
            Element::Interpolation(inner) => {
                let expr = reader.expr(&inner.expr, faults);
                tokens.push(Token::Code(Part::Interpolation(expr), inner.strip));
            }
            Element::Directive(directive) => match directive.as_ref() {
                Directive::If(inner) => {
                    let condition = reader.expr(&inner.if_expr.cond_expr, faults);
                    tokens.push(Token::Marker(Mark::If(condition), inner.if_expr.strip));
                    let yes: Vec<Element> = inner.if_expr.template.iter().cloned().collect();
                    flatten(reader, &yes, tokens, faults);
                    if let Some(other) = &inner.else_expr {
                        tokens.push(Token::Marker(Mark::Else, other.strip));
                        let no: Vec<Element> = other.template.iter().cloned().collect();
                        flatten(reader, &no, tokens, faults);
                    }
                    tokens.push(Token::Marker(Mark::End, inner.endif_expr.strip));
                }
                Directive::For(inner) => {
                    let head = &inner.for_expr;
                    let mark = Mark::For(
                        head.key_var.as_ref().map(|name| name.as_str().to_owned()),
                        head.value_var.as_str().to_owned(),
                        reader.expr(&head.collection_expr, faults),
                    );
                    tokens.push(Token::Marker(mark, head.strip));
                    let body: Vec<Element> = head.template.iter().cloned().collect();
                    flatten(reader, &body, tokens, faults);
                    tokens.push(Token::Marker(Mark::End, inner.endfor_expr.strip));
                }
            },
        }
    }
}

fn strip(tokens: &mut [Token]) {
    for i in 0..tokens.len() {
        let (Token::Code(_, strip) | Token::Marker(_, strip)) = &tokens[i] else {
            continue;
        };
        let (before, after) = (strip.strip_start(), strip.strip_end());
        if before
            && i > 0
            && let Token::Text(text) = &mut tokens[i - 1]
        {
            text.truncate(text.trim_end().len());
        }
        if after && let Some(Token::Text(text)) = tokens.get_mut(i + 1) {
            *text = text.trim_start().to_owned();
        }
    }
}

fn dedent(tokens: &mut [Token]) {
    let mut least = usize::MAX;
    let mut starts = Vec::new();
    let mut newline = true;
    for (i, token) in tokens.iter().enumerate() {
        let text = match token {
            Token::Text(text) => Some(text),
            _ => None,
        };
        if std::mem::take(&mut newline) {
            match text {
                Some(text) if text.trim_start().is_empty() && text.ends_with('\n') => {}
                Some(text) => {
                    starts.push(i);
                    least = least.min(text.chars().take_while(|c| c.is_whitespace()).count());
                }
                None => least = 0,
            }
        }
        newline = text.is_some_and(|text| text.ends_with('\n'));
    }
    for i in starts {
        if let Token::Text(text) = &mut tokens[i] {
            *text = text.chars().skip(least).collect();
        }
    }
}

/// Parts up to the end of the directive that is open; `other` tells whether that was an `else`.
fn nest(tokens: &mut std::vec::IntoIter<Token>, other: &mut bool) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    while let Some(token) = tokens.next() {
        match token {
            Token::Text(text) => match parts.last_mut() {
                Some(Part::Literal(before)) => before.push_str(&text),
                _ if text.is_empty() => {}
                _ => parts.push(Part::Literal(text)),
            },
            Token::Code(part, _) => parts.push(part),
            Token::Marker(Mark::If(condition), _) => {
                let mut has_else = false;
                let yes = nest(tokens, &mut has_else);
                let no = if has_else { nest(tokens, &mut false) } else { Vec::new() };
                parts.push(Part::If { condition, yes, no });
            }
            Token::Marker(Mark::For(key_name, value_name, collection), _) => {
                let body = nest(tokens, &mut false);
                parts.push(Part::For {
                    key_name,
                    value_name,
                    collection,
                    body,
                });
            }
            Token::Marker(Mark::Else, _) => {
                *other = true;
                break;
            }
            Token::Marker(Mark::End, _) => break,
        }
    }
    parts
}
