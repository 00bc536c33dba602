//! Values files in YAML 1.2: one document, a mapping of names to values.

use super::lines::{Entries, Lines, mark};
use crate::{
    plan::Diagnostics,
    variables::input::{Entry, Input, Kind},
    yaml::{self, At, Node, Refused, Resolved, Why},
};

const HELP: &str =
    "values are written `name: text`, `name: 3`, `name: [a, b]`; a mapping below `web:` is for the image `web`";

/// What the file gives, or where it is not YAML as values files have it.
pub(super) fn entries(lines: &Lines<'_>) -> Result<Vec<Entry>, Diagnostics> {
    let mut documents = yaml::documents(lines.text)
        .map_err(|problem| refused(lines, problem))?
        .into_iter();
    let Some(first) = documents.next() else {
        return Ok(Vec::new());
    };
    let yaml::Kind::Map(pairs) = first.root.kind else {
        let message = format!("{} is not a mapping of names to values", lines.name);
        return Err(lines.refused(message, HELP, at(first.root.at)));
    };
    if let Some(second) = documents.next() {
        let message = format!("{} has several documents", lines.name);
        return Err(lines.refused(message, "keep one: what stands above the second `---`", at(second.at)));
    }
    of_map(lines, pairs)
}

fn refused(lines: &Lines<'_>, problem: Refused) -> Diagnostics {
    let (message, help) = match &problem.why {
        Why::Syntax(what) => (format!("{} is not YAML: {what}", lines.name), HELP),
        Why::TooDeep => (problem.why.to_string(), HELP),
        Why::TooMany => (
            format!("with its aliases, {} is more than a million values", lines.name),
            "write the values out",
        ),
        Why::AliasOfItself => (problem.why.to_string(), "write the value out"),
    };
    lines.refused(message, help, at(problem.at))
}

fn at((line, column): At) -> crate::variables::input::Mark {
    mark(line, column)
}

fn of_map(lines: &Lines<'_>, pairs: Vec<(Node, Node)>) -> Result<Vec<Entry>, Diagnostics> {
    let mut entries = Entries::default();
    for (key, value) in pairs {
        let place = at(key.at);
        let yaml::Kind::Scalar(key) = key.kind else {
            return Err(lines.refused("a key is a name, not a list or a mapping", HELP, place));
        };
        let value = input(lines, value)?.ok_or_else(|| lines.null(&key.text, place))?;
        entries.add(lines, key.text, place, value)?;
    }
    Ok(entries.done())
}

/// `None` for null.
fn input(lines: &Lines<'_>, node: Node) -> Result<Option<Input>, Diagnostics> {
    let place = at(node.at);
    let kind = match node.kind {
        yaml::Kind::Scalar(scalar) => match scalar.resolved() {
            Resolved::Null => return Ok(None),
            Resolved::Bool(flag) => Kind::Bool(flag),
            Resolved::Number(number) => Kind::Number(number),
            Resolved::Text(text) => Kind::Text(text),
        },
        yaml::Kind::List(nodes) => {
            let mut items = Vec::with_capacity(nodes.len());
            for node in nodes {
                let place = at(node.at);
                items.push(input(lines, node)?.ok_or_else(|| lines.null("an item of a list", place))?);
            }
            Kind::List(items)
        }
        yaml::Kind::Map(pairs) => Kind::Map(of_map(lines, pairs)?),
    };
    Ok(Some(Input::new(kind, place)))
}
