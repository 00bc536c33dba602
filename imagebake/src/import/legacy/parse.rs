//! The grammar of `{{ … }}`: text and actions, apart from what they mean.

use super::engine::{BUILTINS, Error, Functions, Item};

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Text(String),
    Action(Pipeline),
    If(Pipeline, Vec<Node>, Vec<Node>),
    With(Pipeline, Vec<Node>, Vec<Node>),
    /// Nothing can be walked over, since data is nothing: what matters is what is there instead.
    Range(Pipeline, Vec<Node>),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pipeline {
    /// `$x :=` or `$x =`
    pub(super) variable: Option<String>,
    pub(super) commands: Vec<Vec<Operand>>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Operand {
    Item(Item),
    /// `.`, `.Name`, `.Name.Other`
    Data,
    Variable(String),
    Function(String),
    Parens(Box<Pipeline>),
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Number(String),
    Field,
    Variable(String),
    Sign(char),
    Assign,
}

impl Token {
    fn word(&self) -> Option<&str> {
        match self {
            Self::Word(word) => Some(word),
            _ => None,
        }
    }
}

/// The nodes of a template.
pub(super) fn parse(template: &str, functions: &dyn Functions) -> Result<Vec<Node>, Error> {
    let mut parser = Parser {
        pieces: split(template)?.into_iter(),
        functions,
        depth: 0,
    };
    match parser.nodes()? {
        (nodes, Stop::Template) => Ok(nodes),
        (_, Stop::End) => Err(Error::run("unexpected {{end}}")),
        _ => Err(Error::run("unexpected {{else}}")),
    }
}

enum Piece {
    Text(String),
    Action(Vec<Token>),
}

/// Text and actions, trim markers applied.
fn split(template: &str) -> Result<Vec<Piece>, Error> {
    let mut pieces = Vec::new();
    let mut rest = template;
    let mut trim = false;
    while let Some(at) = rest.find("{{") {
        let (mut text, after) = (&rest[..at], &rest[at + 2..]);
        if trim {
            text = text.trim_start();
        }
        let mut body = after;
        if after.starts_with('-') && after[1..].starts_with(|c: char| c.is_ascii_whitespace()) {
            text = text.trim_end();
            body = &after[1..];
        }
        pieces.push(Piece::Text(text.to_owned()));
        let inner = body.trim_start();
        if inner.starts_with("/*") {
            let end = inner.find("*/").ok_or_else(|| Error::run("a comment has no end"))?;
            let after = &inner[end + 2..];
            let close = after.find("}}").ok_or_else(|| Error::run("`}}` is missing"))?;
            trim = after[..close].trim_end().ends_with('-');
            rest = &after[close + 2..];
            continue;
        }
        let (tokens, used, trims) = tokens(body)?;
        trim = trims;
        pieces.push(Piece::Action(tokens));
        rest = &body[used..];
    }
    pieces.push(Piece::Text(if trim { rest.trim_start() } else { rest }.to_owned()));
    Ok(pieces)
}

/// The words of an action, how long it is with its end, and whether that has a trim marker.
fn tokens(body: &str) -> Result<(Vec<Token>, usize, bool), Error> {
    let mut tokens = Vec::new();
    let mut at = 0;
    loop {
        let rest = &body[at..];
        let Some(c) = rest.chars().next() else {
            return Err(Error::run("`}}` is missing"));
        };
        if rest.starts_with("}}") {
            return Ok((tokens, at + 2, false));
        }
        if c.is_ascii_whitespace() {
            let blank = rest.len() - rest.trim_start().len();
            if rest[blank..].starts_with("-}}") {
                return Ok((tokens, at + blank + 3, true));
            }
            at += blank;
            continue;
        }
        match c {
            '"' => {
                let (text, used) = quoted(rest)?;
                tokens.push(Token::Text(text));
                at += used;
            }
            '`' => {
                let end = rest[1..].find('`').ok_or_else(|| Error::run("a string has no end"))?;
                tokens.push(Token::Text(rest[1..=end].to_owned()));
                at += end + 2;
            }
            '.' | '$' => {
                let end = rest[1..]
                    .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.'))
                    .map_or(rest.len(), |end| end + 1);
                let name = &rest[..end];
                tokens.push(if c == '$' && !name.contains('.') {
                    Token::Variable(name.to_owned())
                } else {
                    Token::Field
                });
                at += end;
            }
            ':' if rest.starts_with(":=") => {
                tokens.push(Token::Assign);
                at += 2;
            }
            '=' => {
                tokens.push(Token::Assign);
                at += 1;
            }
            '|' | '(' | ')' | ',' => {
                tokens.push(Token::Sign(c));
                at += 1;
            }
            c if c.is_ascii_digit()
                || ((c == '-' || c == '+') && rest[1..].starts_with(|c: char| c.is_ascii_digit())) =>
            {
                let end = rest[1..]
                    .find(|c: char| !(c.is_ascii_alphanumeric() || c == '.'))
                    .map_or(rest.len(), |end| end + 1);
                tokens.push(Token::Number(rest[..end].to_owned()));
                at += end;
            }
            c if c.is_alphabetic() || c == '_' => {
                let end = rest
                    .find(|c: char| !(c.is_alphanumeric() || c == '_'))
                    .unwrap_or(rest.len());
                tokens.push(Token::Word(rest[..end].to_owned()));
                at += end;
            }
            other => return Err(Error::run(format!("unexpected {other:?}"))),
        }
    }
}

/// A string with escapes, and how long it is.
fn quoted(text: &str) -> Result<(String, usize), Error> {
    let mut out = String::new();
    let mut characters = text.char_indices().skip(1);
    while let Some((at, c)) = characters.next() {
        match c {
            '"' => return Ok((out, at + 1)),
            '\n' => break,
            '\\' => match characters.next() {
                Some((_, 'n')) => out.push('\n'),
                Some((_, 't')) => out.push('\t'),
                Some((_, 'r')) => out.push('\r'),
                Some((_, c @ ('\\' | '"' | '\''))) => out.push(c),
                _ => return Err(Error::run("an escape in a string is not known")),
            },
            c => out.push(c),
        }
    }
    Err(Error::run("a string has no end"))
}

/// Deeper nesting than any template has: a file must not exhaust the stack.
const DEEPEST: usize = 100;

struct Parser<'a> {
    pieces: std::vec::IntoIter<Piece>,
    functions: &'a dyn Functions,
    depth: usize,
}

/// What ended a list of nodes.
enum Stop {
    Template,
    End,
    Else,
    /// `else if`, which shares its end with the `if` that it belongs to.
    ElseIf(Node),
}

impl Parser<'_> {
    fn nodes(&mut self) -> Result<(Vec<Node>, Stop), Error> {
        let mut nodes = Vec::new();
        while let Some(piece) = self.pieces.next() {
            let tokens = match piece {
                Piece::Text(text) => {
                    nodes.push(Node::Text(text));
                    continue;
                }
                Piece::Action(tokens) => tokens,
            };
            let words: Vec<&str> = tokens.iter().take(2).map_while(Token::word).collect();
            match words.as_slice() {
                ["end"] if tokens.len() == 1 => return Ok((nodes, Stop::End)),
                ["else", "if"] => {
                    let pipeline = self.pipeline(&tokens[2..], 0)?;
                    let (yes, no) = self.branches()?;
                    return Ok((nodes, Stop::ElseIf(Node::If(pipeline, yes, no))));
                }
                ["else"] if tokens.len() == 1 => return Ok((nodes, Stop::Else)),
                [word @ ("if" | "with" | "range"), ..] => {
                    let pipeline = self.pipeline(&tokens[1..], 0)?;
                    let (yes, no) = self.branches()?;
                    nodes.push(match *word {
                        "if" => Node::If(pipeline, yes, no),
                        "with" => Node::With(pipeline, yes, no),
                        _ => Node::Range(pipeline, no),
                    });
                }
                [word @ ("define" | "template" | "block"), ..] => {
                    return Err(Error::run(format!("{{{{{word}}}}} is not supported")));
                }
                _ if tokens.is_empty() => return Err(Error::run("an action is empty")),
                _ => nodes.push(Node::Action(self.pipeline(&tokens, 0)?)),
            }
        }
        Ok((nodes, Stop::Template))
    }

    fn branches(&mut self) -> Result<(Vec<Node>, Vec<Node>), Error> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Error::run("this is nested too deeply"));
        }
        let (yes, end) = self.nodes()?;
        let no = match end {
            Stop::End => Vec::new(),
            Stop::ElseIf(node) => vec![node],
            Stop::Else => match self.nodes()? {
                (no, Stop::End) => no,
                _ => return Err(Error::run("{{end}} is missing")),
            },
            Stop::Template => return Err(Error::run("{{end}} is missing")),
        };
        self.depth -= 1;
        Ok((yes, no))
    }

    fn pipeline(&self, tokens: &[Token], depth: usize) -> Result<Pipeline, Error> {
        if depth > DEEPEST {
            return Err(Error::run("this is nested too deeply"));
        }
        let mut tokens = tokens;
        let mut variable = None;
        if let [Token::Variable(name), Token::Assign, rest @ ..] = tokens {
            variable = Some(name.clone());
            tokens = rest;
        }
        let mut commands = vec![Vec::new()];
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            at += 1;
            let operand = match token {
                Token::Sign('|') => {
                    commands.push(Vec::new());
                    continue;
                }
                Token::Sign('(') => {
                    let end = closing(&tokens[at..]).ok_or_else(|| Error::run("`)` is missing"))?;
                    let inner = self.pipeline(&tokens[at..at + end], depth + 1)?;
                    at += end + 1;
                    Operand::Parens(Box::new(inner))
                }
                Token::Sign(other) => return Err(Error::run(format!("unexpected {other:?}"))),
                Token::Assign => return Err(Error::run("unexpected `=`")),
                Token::Text(text) => Operand::Item(Item::Text(text.clone())),
                Token::Number(text) => Operand::Item(number(text)?),
                Token::Field => Operand::Data,
                Token::Variable(name) => Operand::Variable(name.clone()),
                Token::Word(word) => match word.as_str() {
                    "true" => Operand::Item(Item::Bool(true)),
                    "false" => Operand::Item(Item::Bool(false)),
                    "nil" => Operand::Item(Item::Nothing),
                    name if BUILTINS.contains(&name) || self.functions.knows(name) => {
                        Operand::Function(name.to_owned())
                    }
                    name => return Err(Error::run(format!("there is no function `{name}`"))),
                },
            };
            commands.last_mut().expect("there is always one").push(operand);
        }
        if commands.iter().any(Vec::is_empty) {
            return Err(Error::run("a value is missing"));
        }
        Ok(Pipeline { variable, commands })
    }
}

fn closing(tokens: &[Token]) -> Option<usize> {
    let mut depth = 0;
    for (i, token) in tokens.iter().enumerate() {
        match token {
            Token::Sign('(') => depth += 1,
            Token::Sign(')') if depth == 0 => return Some(i),
            Token::Sign(')') => depth -= 1,
            _ => {}
        }
    }
    None
}

fn number(text: &str) -> Result<Item, Error> {
    let integer = text.parse().map(Item::Integer);
    integer
        .or_else(|_| text.parse().map(Item::Float))
        .map_err(|_| Error::run(format!("{text:?} is not a number")))
}
