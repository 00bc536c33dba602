//! All syntax problems of a file: where a file cannot be read as a whole, it is read block by block.

use super::{Body, body::Native, hcl::Reader};
use crate::import::{
    fault::Faults,
    sources::{Sources, Span},
};
use std::borrow::Cow;

/// The body of a file of HCL.
pub(super) fn parse(sources: &Sources, file: u32, faults: &mut Faults) -> Body {
    let source = sources.file(file);
    // A mark of the byte order is no part of the text.
    let start = if source.text.starts_with('\u{feff}') { 3 } else { 0 };
    let text = &without_empty_heredocs(&source.text[start..]);
    let span = Span::new(file, start..source.text.len());
    let mut native = Native::default();
    let whole = Reader::new(sources, file, start);
    match hcl_edit::parser::parse_body(text) {
        Ok(body) => whole.structures(&body, &mut native, faults),
        Err(first) => {
            let before = faults.0.len();
            for piece in pieces(text) {
                let reader = Reader::new(sources, file, start + piece.start);
                match hcl_edit::parser::parse_body(&text[piece.clone()]) {
                    Ok(body) => reader.structures(&body, &mut native, faults),
                    Err(error) => {
                        let fault = reader.error(&error);
                        let at_end = error.location().offset() + 1 >= text[piece.clone()].trim_end().len();
                        faults.push(match unclosed(text, &piece).filter(|_| at_end) {
                            Some(help) => fault.help(help),
                            None => fault,
                        });
                    }
                }
            }
            if faults.0.len() == before {
                faults.push(whole.error(&first));
            }
        }
    }
    Body::native(native, span)
}

/// hcl-edit takes what follows a here-document without a line for its text: such a one becomes `""`, with blanks after it so that
/// everything else stays where it is.
fn without_empty_heredocs(text: &str) -> Cow<'_, str> {
    let mut empty = Vec::new();
    let mut inside: Option<&str> = None;
    let mut at = 0;
    let mut lines = text.split_inclusive('\n').peekable();
    while let Some(line) = lines.next() {
        let start = at;
        at += line.len();
        if let Some(mark) = inside {
            if line.trim() == mark {
                inside = None;
            }
            continue;
        }
        let opened = line.trim_end();
        let comment = opened.trim_start().starts_with(['#', '/']);
        let Some(opener) = opened.rfind("<<").filter(|_| !comment) else {
            continue;
        };
        let mark = opened[opener + 2..].trim_start_matches('-');
        let named = mark.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && mark.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
        match lines.peek() {
            Some(next) if named && next.trim() == mark => {
                let end = at + next.trim_end().len();
                empty.push(start + opener..end);
                at += next.len();
                lines.next();
            }
            _ if named => inside = Some(mark),
            _ => {}
        }
    }
    if empty.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut text = text.to_owned();
    for range in empty {
        let blank = format!("\"\"{}", " ".repeat(range.len() - 2));
        text.replace_range(range, &blank);
    }
    Cow::Owned(text)
}

/// Whether another block begins inside a piece in the first column: then the first one is not closed.
fn unclosed(text: &str, piece: &std::ops::Range<usize>) -> Option<String> {
    let mut at = piece.start;
    let mut lines = text[piece.clone()].split_inclusive('\n').map(|line| {
        at += line.len();
        (at - line.len(), line)
    });
    let (first, _) = lines.find(|(_, line)| start(line).is_some())?;
    let (next, _) = lines.find(|(_, line)| start(line).is_some() && line.trim_end().ends_with('{'))?;
    let number = |at: usize| text[..at].matches('\n').count() + 1;
    let (first, next) = (number(first), number(next));
    Some(format!(
        "the block that begins in line {first} is not closed: is a `}}` missing before line {next}?"
    ))
}

/// What follows the first word of a line that starts a block or an attribute in the first column.
fn start(line: &str) -> Option<&str> {
    let word = line
        .find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-')))
        .unwrap_or(line.len());
    let rest = line[word..].trim_start();
    let opens = line.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && (rest.starts_with(['{', '"']) || (rest.starts_with('=') && !rest.starts_with("==")));
    opens.then_some(rest)
}

/// The file cut before every line that starts a block or an attribute in the first column.
fn pieces(text: &str) -> Vec<std::ops::Range<usize>> {
    let mut cuts = vec![0];
    let mut at = 0;
    let mut closed = true;
    for line in text.split_inclusive('\n') {
        let opens = start(line).is_some();
        let sets = start(line).is_some_and(|rest| rest.starts_with('='));
        if opens && closed && at > 0 {
            cuts.push(at);
        }
        at += line.len();
        // The first column of a heredoc or of a broken block may look like a start; a block of the top level ends with `}` there.
        closed = line.trim_end() == "}"
            || (closed && line.trim().is_empty())
            || line.starts_with('#')
            || line.starts_with("//")
            || (opens && line.trim_end().ends_with('}'))
            || sets;
    }
    cuts.push(text.len());
    cuts.windows(2).map(|pair| pair[0]..pair[1]).collect()
}
