//! Values files in HCL, as Packer's `.pkrvars.hcl` are: attributes, each a value that is written out.

use super::lines::{Entries, Lines};
use crate::{
    plan::Diagnostics,
    variables::input::{Entry, Input, Kind, Mark},
};
use hcl_edit::{
    Span,
    expr::{Expression, ObjectKey, UnaryOperator},
    structure::{Body, Structure},
    template::{Element, Template},
};
use std::ops::Range;

const HELP: &str = "values are written `name = \"text\"`, `name = 3`, `name = [\"a\", \"b\"]`; a block `web { … }` is for the image `web`";

/// What the file gives, or where it is not HCL as values files have it.
pub(super) fn entries(lines: &Lines<'_>) -> Result<Vec<Entry>, Diagnostics> {
    let body = hcl_edit::parser::parse_body(lines.text).map_err(|error| {
        let (at, what) = (error.location().offset(), error.message());
        // It knows a key twice itself, in words of its own.
        if what.contains("redefined attribute") {
            let rest = lines.text.get(at..).unwrap_or_default();
            let key: String = rest.chars().take_while(|c| !c.is_whitespace() && *c != '=').collect();
            return lines.refused(format!("`{key}` is given twice"), "keep one of them", lines.mark(at));
        }
        lines.refused(format!("{} is not HCL: {what}", lines.name), HELP, lines.mark(at))
    })?;
    of_body(lines, &body)
}

/// A list or a map as Packer reads it from the environment; `None` where the text is none.
pub(super) fn typed(text: &str) -> Option<Input> {
    let lines = Lines::new("", text);
    let expression = text.parse::<Expression>().ok()?;
    let input = of_expression(&lines, &expression).ok()??;
    Some(input.without_places())
}

fn of_body(lines: &Lines<'_>, body: &Body) -> Result<Vec<Entry>, Diagnostics> {
    let mut entries = Entries::default();
    for structure in body.iter() {
        match structure {
            Structure::Attribute(attribute) => {
                let (key, at) = (attribute.key.as_str(), at(lines, attribute.key.span()));
                let value = of_expression(lines, &attribute.value)?.ok_or_else(|| lines.null(key, at))?;
                entries.add(lines, key.to_owned(), at, value)?;
            }
            Structure::Block(block) => {
                let at = at(lines, block.ident.span());
                if block.is_labeled() {
                    let message = format!("a block `{}` of a values file has no labels", block.ident.as_str());
                    return Err(lines.refused(message, HELP, at));
                }
                let inside = of_body(lines, &block.body)?;
                entries.add(
                    lines,
                    block.ident.as_str().to_owned(),
                    at,
                    Input::new(Kind::Map(inside), at),
                )?;
            }
        }
    }
    Ok(entries.done())
}

/// One value; `None` for null.
fn of_expression(lines: &Lines<'_>, expression: &Expression) -> Result<Option<Input>, Diagnostics> {
    let place = at(lines, expression.span());
    let kind = match expression {
        Expression::Null(_) => return Ok(None),
        Expression::Bool(flag) => Kind::Bool(*flag.value()),
        Expression::Number(number) => Kind::Number(
            expression
                .span()
                .and_then(|span| lines.text.get(span))
                .map_or_else(|| number.value().to_string(), |digits| digits.trim().to_owned()),
        ),
        Expression::String(text) => Kind::Text(text.value().clone()),
        Expression::Parenthesis(inside) => return of_expression(lines, inside.inner()),
        Expression::UnaryOp(negated) if *negated.operator.value() == UnaryOperator::Neg => {
            match of_expression(lines, &negated.expr)? {
                Some(Input {
                    kind: Kind::Number(digits),
                    ..
                }) => Kind::Number(format!("-{digits}")),
                _ => return Err(computed(lines, place)),
            }
        }
        Expression::HeredocTemplate(heredoc) => {
            let mut heredoc = (**heredoc).clone();
            heredoc.dedent();
            Kind::Text(literal(&heredoc.template).ok_or_else(|| computed(lines, place))?)
        }
        Expression::Array(items) => {
            let mut list = Vec::new();
            for item in items.iter() {
                let value = of_expression(lines, item)?;
                list.push(value.ok_or_else(|| lines.null("an item of a list", at(lines, item.span())))?);
            }
            Kind::List(list)
        }
        Expression::Object(object) => {
            let mut entries = Entries::default();
            for (key, value) in object.iter() {
                let name = match key {
                    ObjectKey::Ident(name) => name.as_str().to_owned(),
                    ObjectKey::Expression(Expression::String(name)) => name.value().clone(),
                    ObjectKey::Expression(_) => return Err(computed(lines, at(lines, key.span()))),
                };
                let key_at = at(lines, key.span());
                let value = of_expression(lines, value.expr())?.ok_or_else(|| lines.null(&name, key_at))?;
                entries.add(lines, name, key_at, value)?;
            }
            Kind::Map(entries.done())
        }
        _ => return Err(computed(lines, place)),
    };
    Ok(Some(Input::new(kind, place)))
}

fn computed(lines: &Lines<'_>, at: Mark) -> Diagnostics {
    lines.refused(
        "a values file has no functions, references or templates",
        "write the value out; what is computed belongs into the image function",
        at,
    )
}

fn literal(template: &Template) -> Option<String> {
    template
        .iter()
        .map(|element| match element {
            Element::Literal(text) => Some(text.value().as_str()),
            _ => None,
        })
        .collect()
}

fn at(lines: &Lines<'_>, span: Option<Range<usize>>) -> Mark {
    lines.mark(span.map_or(0, |span| span.start))
}
