//! YAML 1.2 as trees: what values files and templates have of it.

use saphyr_parser::{Event, Parser, ScalarStyle, Span, StrInput, Tag};
use std::{borrow::Cow, collections::HashMap, fmt};

/// How deep nodes may be nested.
const DEEPEST: usize = 64;
/// What aliases may make of a text; a few lines can stand for billions of nodes.
const MOST: usize = 1_000_000;

/// A line and a column, both from 1.
pub(crate) type At = (usize, usize);

/// A document that has anything in it.
pub(crate) struct Document {
    /// Where it begins.
    pub(crate) at: At,
    pub(crate) root: Node,
}

/// A node with its place.
#[derive(Clone)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    pub(crate) at: At,
}

/// What a node is.
#[derive(Clone)]
pub(crate) enum Kind {
    Scalar(Scalar),
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
}

/// A scalar as it is written.
#[derive(Clone)]
pub(crate) struct Scalar {
    pub(crate) text: String,
    /// By quotes or a tag, whatever it looks like.
    is_text: bool,
}

/// What a scalar is by the core schema.
pub(crate) enum Resolved {
    Null,
    Bool(bool),
    /// A whole number in decimal digits, any other as written.
    Number(String),
    Text(String),
}

/// A text that is not YAML as it is read here.
pub(crate) struct Refused {
    pub(crate) why: Why,
    pub(crate) at: At,
}

/// What is wrong with it.
pub(crate) enum Why {
    Syntax(String),
    TooDeep,
    TooMany,
    AliasOfItself,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(what) => f.write_str(what),
            Self::TooDeep => write!(f, "values are nested more than {DEEPEST} levels deep"),
            Self::TooMany => f.write_str("its aliases make more than a million values of it"),
            Self::AliasOfItself => f.write_str("an alias stands within the value that it names"),
        }
    }
}

/// The documents of `text`, those without any node left out.
pub(crate) fn documents(text: &str) -> Result<Vec<Document>, Refused> {
    let mut reader = Reader {
        parser: Parser::new_from_str(text),
        anchors: HashMap::new(),
        made: 0,
    };
    let mut documents = Vec::new();
    let mut begun = (1, 1);
    loop {
        match reader.next()? {
            (Event::StreamEnd, _) => return Ok(documents),
            (Event::DocumentStart(_), at) => begun = at,
            (Event::StreamStart | Event::DocumentEnd | Event::Nothing, _) => {}
            (Event::Scalar(text, ScalarStyle::Plain, 0, None), _) if text.is_empty() => {}
            first => documents.push(Document {
                at: begun,
                root: reader.node(first, 0)?,
            }),
        }
    }
}

struct Reader<'a> {
    parser: Parser<'a, StrInput<'a>>,
    /// What anchors name, and how many nodes it is.
    anchors: HashMap<usize, (Node, usize)>,
    made: usize,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<(Event<'a>, At), Refused> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => Ok((event, start(&span))),
            Some(Err(error)) => Err(Refused {
                why: Why::Syntax(error.info().to_owned()),
                at: (error.marker().line(), error.marker().col() + 1),
            }),
            None => Ok((Event::StreamEnd, (1, 1))),
        }
    }

    /// The node that begins with `event`.
    fn node(&mut self, (event, at): (Event<'a>, At), depth: usize) -> Result<Node, Refused> {
        if depth > DEEPEST {
            let why = Why::TooDeep;
            return Err(Refused { why, at });
        }
        let before = self.made;
        self.made += 1;
        let (anchor, node) = match event {
            Event::Alias(name) => {
                let named = self.anchors.get(&name).cloned();
                let (mut node, size) = named.ok_or(Refused {
                    why: Why::AliasOfItself,
                    at,
                })?;
                node.at = at;
                self.made += size;
                (0, node)
            }
            Event::Scalar(text, style, anchor, tag) => {
                let kind = Kind::Scalar(Scalar::new(text, style, tag.as_deref()));
                (anchor, Node { kind, at })
            }
            Event::SequenceStart(anchor, _) => {
                let mut items = Vec::new();
                loop {
                    match self.next()? {
                        (Event::SequenceEnd, _) => break,
                        item => items.push(self.node(item, depth + 1)?),
                    }
                }
                let kind = Kind::List(items);
                (anchor, Node { kind, at })
            }
            Event::MappingStart(anchor, _) => {
                let mut entries = Vec::new();
                loop {
                    let key = match self.next()? {
                        (Event::MappingEnd, _) => break,
                        key => self.node(key, depth + 1)?,
                    };
                    let value = self.next()?;
                    entries.push((key, self.node(value, depth + 1)?));
                }
                let kind = Kind::Map(entries);
                (anchor, Node { kind, at })
            }
            _ => {
                let why = Why::Syntax("a value is missing".to_owned());
                return Err(Refused { why, at });
            }
        };
        if self.made > MOST {
            let why = Why::TooMany;
            return Err(Refused { why, at });
        }
        if anchor > 0 {
            self.anchors.insert(anchor, (node.clone(), self.made - before));
        }
        Ok(node)
    }
}

fn start(span: &Span) -> At {
    (span.start.line(), span.start.col() + 1)
}

impl Scalar {
    fn new(text: Cow<'_, str>, style: ScalarStyle, tag: Option<&Tag>) -> Self {
        let tagged = tag.is_some_and(|tag| !tag.is_yaml_core_schema() || tag.suffix == "str");
        Self {
            text: text.into_owned(),
            is_text: style != ScalarStyle::Plain || tagged,
        }
    }

    /// What it is by the core schema.
    pub(crate) fn resolved(self) -> Resolved {
        if self.is_text {
            return Resolved::Text(self.text);
        }
        match self.text.as_str() {
            "" | "~" | "null" | "Null" | "NULL" => Resolved::Null,
            "true" | "True" | "TRUE" => Resolved::Bool(true),
            "false" | "False" | "FALSE" => Resolved::Bool(false),
            plain => number(plain).map_or_else(|| Resolved::Text(plain.to_owned()), Resolved::Number),
        }
    }
}

/// Whole numbers in decimal digits, others as written; `None` for what is no number.
fn number(text: &str) -> Option<String> {
    for (prefix, radix) in [("0x", 16), ("0o", 8)] {
        if let Some(digits) = text.strip_prefix(prefix) {
            return i128::from_str_radix(digits, radix)
                .ok()
                .map(|number| number.to_string());
        }
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let is_number = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && digits.chars().all(|c| c.is_ascii_digit() || ".eE+-".contains(c))
        && digits.parse::<f64>().is_ok();
    is_number.then(|| text.to_owned())
}
