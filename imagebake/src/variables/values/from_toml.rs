//! Values files in TOML.

use super::lines::{Entries, Lines};
use crate::{
    plan::Diagnostics,
    variables::input::{Entry, Input, Kind},
};
use toml::{
    Spanned,
    de::{DeInteger, DeTable, DeValue},
};

/// What the file gives, or where it is not TOML.
pub(super) fn entries(lines: &Lines<'_>) -> Result<Vec<Entry>, Diagnostics> {
    let table = DeTable::parse(lines.text).map_err(|error| {
        lines.refused(
            format!("{} is not TOML: {}", lines.name, error.message()),
            "values are written `name = \"text\"`, `name = 3`, `name = [\"a\", \"b\"]`; a table `[web]` is for the image `web`",
            lines.mark(error.span().map_or(0, |span| span.start)),
        )
    })?;
    of_table(lines, table.get_ref())
}

fn of_table(lines: &Lines<'_>, table: &DeTable<'_>) -> Result<Vec<Entry>, Diagnostics> {
    let mut entries = Entries::default();
    for (key, value) in table.iter() {
        let at = lines.mark(key.span().start);
        entries.add(lines, key.get_ref().to_string(), at, input(lines, value)?)?;
    }
    Ok(entries.done())
}

fn input(lines: &Lines<'_>, value: &Spanned<DeValue<'_>>) -> Result<Input, Diagnostics> {
    let kind = match value.get_ref() {
        DeValue::String(text) => Kind::Text(text.to_string()),
        DeValue::Integer(number) => Kind::Number(integer(number)),
        DeValue::Float(number) => Kind::Number(number.as_str().to_owned()),
        DeValue::Boolean(flag) => Kind::Bool(*flag),
        DeValue::Datetime(time) => Kind::Text(time.to_string()),
        DeValue::Array(items) => Kind::List(items.iter().map(|item| input(lines, item)).collect::<Result<_, _>>()?),
        DeValue::Table(table) => Kind::Map(of_table(lines, table)?),
    };
    Ok(Input::new(kind, lines.mark(value.span().start)))
}

/// In decimal digits, whatever base it is written in; as written where it is too large.
fn integer(number: &DeInteger<'_>) -> String {
    i128::from_str_radix(number.as_str(), number.radix())
        .map_or_else(|_| number.as_str().to_owned(), |number| number.to_string())
}
