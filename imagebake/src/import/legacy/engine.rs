//! The `{{ … }}` language: Go's templates, as far as templates of images use it.
//!
//! Text, pipelines, `if`, `with`, `range`, variables, comments and trim markers. Data (`.Vars`) is known to a running build alone and is
//! nothing here. Named templates are not supported.

use super::parse::{Node, Operand, Pipeline, parse};
use std::{
    collections::BTreeMap,
    fmt::{self, Write},
};

/// A value of a pipeline.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Item {
    Nothing,
    Bool(bool),
    Integer(i64),
    Float(f64),
    Text(String),
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("<no value>"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Integer(value) => write!(f, "{value}"),
            Self::Float(value) => write!(f, "{value}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

impl Item {
    pub(super) fn is_true(&self) -> bool {
        match self {
            Self::Nothing => false,
            Self::Bool(value) => *value,
            Self::Integer(value) => *value != 0,
            Self::Float(value) => *value != 0.0,
            Self::Text(text) => !text.is_empty(),
        }
    }

    pub(super) fn text(&self) -> Result<&str, Error> {
        match self {
            Self::Text(text) => Ok(text),
            other => Err(Error::run(format!("a string is expected, not {other}"))),
        }
    }

    pub(super) fn integer(&self) -> Result<i64, Error> {
        match self {
            Self::Integer(value) => Ok(*value),
            other => Err(Error::run(format!("a whole number is expected, not {other}"))),
        }
    }
}

/// Why a template cannot be rendered.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Error {
    pub(super) message: String,
    /// The user variable that has no value.
    pub(super) unset: Option<String>,
}

impl Error {
    pub(super) fn run(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            unset: None,
        }
    }
}

/// The functions that a template may call.
pub(super) trait Functions {
    /// Whether there is a function of that name.
    fn knows(&self, name: &str) -> bool;
    /// Its result.
    fn call(&self, name: &str, arguments: &[Item]) -> Result<Item, Error>;
}

/// The text with everything put in.
pub(super) fn render(template: &str, functions: &dyn Functions) -> Result<String, Error> {
    if !template.contains("{{") {
        return Ok(template.to_owned());
    }
    let nodes = parse(template, functions)?;
    let mut out = String::new();
    let mut run = Run {
        functions,
        variables: BTreeMap::new(),
    };
    run.nodes(&nodes, &mut out)?;
    Ok(out)
}

pub(super) const BUILTINS: [&str; 17] = [
    "and", "or", "not", "eq", "ne", "lt", "le", "gt", "ge", "print", "println", "printf", "len", "html", "js",
    "urlquery", "index",
];

struct Run<'a> {
    functions: &'a dyn Functions,
    variables: BTreeMap<String, Item>,
}

impl Run<'_> {
    fn nodes(&mut self, nodes: &[Node], out: &mut String) -> Result<(), Error> {
        for node in nodes {
            match node {
                Node::Text(text) => out.push_str(text),
                Node::Action(pipeline) => {
                    let item = self.pipeline(pipeline)?;
                    if pipeline.variable.is_none() {
                        let _ = write!(out, "{item}");
                    }
                }
                Node::If(pipeline, yes, no) | Node::With(pipeline, yes, no) => {
                    let taken = if self.pipeline(pipeline)?.is_true() { yes } else { no };
                    self.nodes(taken, out)?;
                }
                Node::Range(pipeline, no) => match self.pipeline(pipeline)? {
                    Item::Nothing => self.nodes(no, out)?,
                    other => return Err(Error::run(format!("{{{{range}}}} cannot walk over {other}"))),
                },
            }
        }
        Ok(())
    }

    fn pipeline(&mut self, pipeline: &Pipeline) -> Result<Item, Error> {
        let mut last: Option<Item> = None;
        for command in &pipeline.commands {
            last = Some(self.command(command, last)?);
        }
        let item = last.unwrap_or(Item::Nothing);
        if let Some(name) = &pipeline.variable {
            self.variables.insert(name.clone(), item.clone());
        }
        Ok(item)
    }

    fn command(&mut self, operands: &[Operand], piped: Option<Item>) -> Result<Item, Error> {
        let (first, rest) = operands.split_first().expect("commands are not empty");
        let Operand::Function(name) = first else {
            if !rest.is_empty() || piped.is_some() {
                return Err(Error::run("only a function can be given arguments"));
            }
            return self.operand(first);
        };
        let mut arguments = rest
            .iter()
            .map(|operand| self.operand(operand))
            .collect::<Result<Vec<_>, _>>()?;
        arguments.extend(piped);
        if BUILTINS.contains(&name.as_str()) {
            builtin(name, &arguments)
        } else {
            self.functions.call(name, &arguments)
        }
    }

    fn operand(&mut self, operand: &Operand) -> Result<Item, Error> {
        match operand {
            Operand::Item(item) => Ok(item.clone()),
            Operand::Data => Ok(Item::Nothing),
            Operand::Variable(name) => {
                let known = self.variables.get(name).cloned();
                known
                    .or_else(|| (name == "$").then_some(Item::Nothing))
                    .ok_or_else(|| Error::run(format!("there is no variable `{name}`")))
            }
            Operand::Function(_) => self.command(std::slice::from_ref(operand), None),
            Operand::Parens(pipeline) => self.pipeline(pipeline),
        }
    }
}

fn builtin(name: &str, arguments: &[Item]) -> Result<Item, Error> {
    let missing = || Error::run(format!("`{name}` needs more arguments"));
    let first = arguments.first();
    let all = |arguments: &[Item]| arguments.iter().map(Item::to_string).collect::<Vec<_>>();
    Ok(match name {
        "and" => arguments
            .iter()
            .find(|item| !item.is_true())
            .or(arguments.last())
            .cloned()
            .ok_or_else(missing)?,
        "or" => arguments
            .iter()
            .find(|item| item.is_true())
            .or(arguments.last())
            .cloned()
            .ok_or_else(missing)?,
        "not" => Item::Bool(!first.ok_or_else(missing)?.is_true()),
        "eq" => {
            let first = first.ok_or_else(missing)?;
            Item::Bool(arguments[1..].iter().any(|item| item == first))
        }
        "ne" | "lt" | "le" | "gt" | "ge" => {
            let [a, b] = arguments else {
                return Err(missing());
            };
            compare(name, a, b)?
        }
        "print" => Item::Text(all(arguments).concat()),
        "println" => Item::Text(format!("{}\n", all(arguments).join(" "))),
        "printf" => printf(arguments)?,
        "len" => match first.ok_or_else(missing)? {
            Item::Text(text) => Item::Integer(i64::try_from(text.len()).unwrap_or(i64::MAX)),
            other => return Err(Error::run(format!("`len` of {other}"))),
        },
        "html" => Item::Text(
            all(arguments)
                .concat()
                .replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;")
                .replace('"', "&#34;")
                .replace('\'', "&#39;"),
        ),
        "urlquery" => Item::Text(crate::import::functions::query_escape(&all(arguments).concat())),
        other => return Err(Error::run(format!("`{other}` is not supported"))),
    })
}

fn compare(name: &str, a: &Item, b: &Item) -> Result<Item, Error> {
    use std::cmp::Ordering;
    let order = match (a, b) {
        (Item::Text(a), Item::Text(b)) => Some(a.cmp(b)),
        (Item::Integer(a), Item::Integer(b)) => Some(a.cmp(b)),
        (Item::Float(a), Item::Float(b)) => a.partial_cmp(b),
        (a, b) if name == "ne" => return Ok(Item::Bool(a != b)),
        _ => None,
    };
    let order = order.ok_or_else(|| Error::run(format!("`{name}`: {a} and {b} cannot be compared")))?;
    Ok(Item::Bool(match name {
        "ne" => order != Ordering::Equal,
        "lt" => order == Ordering::Less,
        "le" => order != Ordering::Greater,
        "gt" => order == Ordering::Greater,
        _ => order != Ordering::Less,
    }))
}

/// `%s`, `%d`, `%v`, `%q` with an optional width.
fn printf(arguments: &[Item]) -> Result<Item, Error> {
    let form = arguments
        .first()
        .ok_or_else(|| Error::run("`printf` needs a format"))?
        .text()?;
    let mut rest = arguments[1..].iter();
    let mut out = String::new();
    let mut characters = form.chars().peekable();
    while let Some(c) = characters.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut width = String::new();
        while let Some(digit) = characters.next_if(|c| c.is_ascii_digit() || matches!(c, '-' | '+' | '.')) {
            width.push(digit);
        }
        let verb = characters
            .next()
            .ok_or_else(|| Error::run("a lone % stands at the end"))?;
        if verb == '%' {
            out.push('%');
            continue;
        }
        let item = rest.next().ok_or_else(|| Error::run("`printf` needs more arguments"))?;
        let text = match verb {
            's' | 'v' | 'd' | 't' => item.to_string(),
            'q' => format!("{:?}", item.to_string()),
            other => return Err(Error::run(format!("`printf`: %{other} is not supported"))),
        };
        let zero = width.starts_with('0') && verb == 'd';
        let wide: usize = width.trim_start_matches(['-', '+']).parse().unwrap_or(0);
        let wide = wide.min(1000);
        let _ = match (width.starts_with('-'), zero) {
            (true, _) => write!(out, "{text:<wide$}"),
            (_, true) => write!(out, "{text:0>wide$}"),
            _ => write!(out, "{text:>wide$}"),
        };
    }
    Ok(Item::Text(out))
}
