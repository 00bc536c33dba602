//! Text of templates: its quoting in Rust, and the `{{ … }}` in it.

use super::names;
use crate::import::{
    fault::{Fault, Result},
    legacy,
    sources::Span,
};

/// What text may ask for with `{{ … }}`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Facts {
    /// Nothing: it is never rendered.
    None,
    /// What all templates may, and these.
    Known(&'static [&'static str]),
}

/// A piece of text.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Piece {
    /// As it stands, in the language of [`Template`](crate::value::Template).
    Text(String),
    /// A constant of the prelude: `TIMESTAMP`.
    Constant(&'static str),
    /// The time of the run, as this expression of `clock` says.
    Time(String),
}

/// A string literal that reads as well as it can.
pub(super) fn quoted(text: &str) -> String {
    let controls = text.chars().any(|c| (c.is_control() && c != '\n') || is_invisible(c));
    let lines = text.trim_end_matches('\n').contains('\n');
    let signs = text.contains(['"', '\\']);
    if controls || (!signs && !lines) {
        return escaped(text);
    }
    if !signs {
        return format!("\"{text}\"");
    }
    // One sign or two read well enough escaped.
    if !lines && text.matches(['"', '\\']).count() <= 1 && !text.contains('\n') {
        return escaped(text);
    }
    let mut hashes = String::from(if text.contains('"') { "#" } else { "" });
    while text.contains(&format!("\"{hashes}")) {
        hashes.push('#');
    }
    format!("r{hashes}\"{text}\"{hashes}")
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn escaped(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\'' => out.push('\''),
            c if is_invisible(c) => out.extend(c.escape_unicode()),
            c => out.extend(c.escape_debug()),
        }
    }
    out.push('"');
    out
}

/// Braces of text in a form of `format!`.
pub(super) fn braced(text: &str) -> String {
    text.replace('{', "{{").replace('}', "}}")
}

/// What stands between `{{` and `}}`, and text around it.
enum Part<'a> {
    Text(&'a str),
    Action(&'a str),
}

fn parts(text: &str) -> std::result::Result<Vec<Part<'_>>, &'static str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("{{") {
        let inner = &rest[at + 2..];
        let mut quote = None;
        let mut end = None;
        let mut characters = inner.char_indices().peekable();
        while let Some((i, c)) = characters.next() {
            match (quote, c) {
                (Some('"'), '\\') => drop(characters.next()),
                (Some(open), c) if c == open => quote = None,
                (None, '"' | '`') => quote = Some(c),
                (None, '}') if inner[i + 1..].starts_with('}') => {
                    end = Some(i);
                    break;
                }
                _ => {}
            }
        }
        let end = end.ok_or("`{{` without `}}`")?;
        let (mut before, mut action) = (&rest[..at], &inner[..end]);
        rest = &inner[end + 2..];
        if let Some(trimmed) = action.strip_prefix("- ") {
            (before, action) = (before.trim_end(), trimmed);
        }
        if let Some(trimmed) = action.strip_suffix(" -") {
            (rest, action) = (rest.trim_start(), trimmed);
        }
        parts.push(Part::Text(before));
        parts.push(Part::Action(action.trim()));
    }
    parts.push(Part::Text(rest));
    Ok(parts)
}

/// The words of an action; strings without their quotes, marked.
#[derive(Debug, PartialEq)]
enum Word {
    Bare(String),
    Text(String),
}

fn words(action: &str) -> Option<Vec<Word>> {
    let mut words = Vec::new();
    let mut rest = action.trim();
    while let Some(first) = rest.chars().next() {
        if first == '"' || first == '`' {
            let end = rest[1..].find(first)?;
            let text = &rest[1..=end];
            if text.contains('\\') && first == '"' {
                return None;
            }
            words.push(Word::Text(text.to_owned()));
            rest = &rest[end + 2..];
        } else {
            let end = rest
                .find(|c: char| c.is_whitespace() || c == '"' || c == '`')
                .unwrap_or(rest.len());
            words.push(Word::Bare(rest[..end].to_owned()));
            rest = &rest[end..];
        }
        rest = rest.trim_start();
    }
    Some(words)
}

/// Text and actions in turn: whether it is an action, and what stands there.
pub(super) fn actions(text: &str) -> std::result::Result<Vec<(bool, String)>, &'static str> {
    let parts = parts(text)?.into_iter().map(|part| match part {
        Part::Text(text) => (false, text.to_owned()),
        Part::Action(action) => (true, action.to_owned()),
    });
    Ok(parts.collect())
}

/// The words of an action, strings without their quotes.
pub(super) fn bare_words(action: &str) -> Vec<String> {
    let words = words(action).unwrap_or_default().into_iter();
    words
        .map(|word| match word {
            Word::Bare(word) | Word::Text(word) => word,
        })
        .collect()
}

/// The pieces of text with Go's `{{ … }}`.
pub(super) fn pieces(text: &str, facts: Facts, span: Span) -> Result<Vec<Piece>> {
    let fault = |message: String| Fault::at(span, "template", message);
    if !text.contains("{{") {
        return Ok(vec![Piece::Text(plain(text, facts))]);
    }
    let mut pieces: Vec<Piece> = Vec::new();
    for part in parts(text).map_err(|message| fault(message.to_owned()))? {
        match part {
            Part::Text("") => {}
            Part::Text(text) => pieces.push(Piece::Text(plain(text, facts))),
            Part::Action(action) => pieces.push(self::action(action, facts, span)?),
        }
    }
    // Neighbours are one.
    let mut joined: Vec<Piece> = Vec::new();
    for piece in pieces {
        match (joined.last_mut(), piece) {
            (Some(Piece::Text(before)), Piece::Text(text)) => before.push_str(&text),
            (_, piece) => joined.push(piece),
        }
    }
    if joined.is_empty() {
        joined.push(Piece::Text(String::new()));
    }
    Ok(joined)
}

/// What our templates would read as a sign of theirs, where they are rendered.
fn plain(text: &str, facts: Facts) -> String {
    match facts {
        Facts::None => text.to_owned(),
        Facts::Known(_) => text.replace("{%", "{{ \"{%\" }}"),
    }
}

fn action(action: &str, facts: Facts, span: Span) -> Result<Piece> {
    let unknown = |help: String| {
        // A misspelt function is that, wherever it stands.
        let name = action.split_whitespace().next().unwrap_or_default();
        let known = legacy::function_names();
        if !name.starts_with('.')
            && !known.contains(&name)
            && let Some(near) = crate::plan::nearest(name, known.iter().copied())
        {
            let fault = Fault::at(span, "template", format!("there is no function `{name}`"));
            return Err(fault.help(format!("did you mean `{near}`?")));
        }
        Err(Fault::at(
            span,
            "template",
            format!("`{{{{ {action} }}}}` has no counterpart here"),
        )
        .help(help))
    };
    let Some(words) = words(action) else {
        return unknown("write it without functions".to_owned());
    };
    // A comment.
    if action.starts_with("/*") {
        return Ok(Piece::Text(String::new()));
    }
    match legacy::constant(action) {
        Some(Ok(text)) => return Ok(Piece::Text(plain(&text, facts))),
        Some(Err(problem)) => return Err(Fault::at(span, "template", format!("`{{{{ {action} }}}}`: {problem}"))),
        None => {}
    }
    if let [Word::Text(text)] = words.as_slice() {
        return Ok(Piece::Text(match facts {
            Facts::Known(_) if text.contains("{{") || text.contains("{%") => format!("{{{{ {} }}}}", escaped(text)),
            _ => text.clone(),
        }));
    }
    let bare: Vec<&str> = words
        .iter()
        .map(|word| match word {
            Word::Bare(word) | Word::Text(word) => word.as_str(),
        })
        .collect();
    let known = match facts {
        Facts::None => {
            return match bare.as_slice() {
                // The base of a container, where its command says so.
                [".Image"] => Ok(Piece::Text("{{.Image}}".to_owned())),
                ["timestamp"] => Ok(Piece::Time("seconds()".to_owned())),
                ["isotime"] => Ok(Piece::Time("iso()".to_owned())),
                ["isotime", layout] => layout_of(layout, span),
                ["strftime", layout] => Ok(Piece::Time(format!("format({})", quoted(layout)))),
                _ => unknown("this setting is not rendered: write the value itself".to_owned()),
            };
        }
        Facts::Known(known) => known,
    };
    let constant = |name| Ok(Piece::Constant(name));
    // As a part of a URL.
    if let [field, "|", "urlquery"] | ["urlquery", field] = bare.as_slice() {
        let encoded = match self::action(field, facts, span)? {
            Piece::Text(text) => text.strip_suffix(" }}").map(|text| format!("{text} | urlencode }}}}")),
            _ => None,
        };
        return match encoded {
            Some(text) => Ok(Piece::Text(text)),
            None => unknown("encode it in Rust with `urlencode`".to_owned()),
        };
    }
    match bare.as_slice() {
        ["timestamp"] => constant("TIMESTAMP"),
        ["isotime"] => constant("ISO_TIME"),
        ["uuid"] => constant("UUID"),
        // Names of clouds have no colons.
        ["isotime", "|", "clean_resource_name"] => Ok(Piece::Time(format!("format({})", quoted(CLEANED_ISO)))),
        ["isotime", layout] => layout_of(layout, span),
        ["strftime", layout] => Ok(Piece::Time(format!("format({})", quoted(layout)))),
        ["build_name"] | [".BuildName"] => constant("SOURCE"),
        ["build_type"] | [".BuilderType"] => constant("SOURCE_KIND"),
        ["build", "ID"] => constant("BUILD_ID"),
        ["build", "PackerRunUUID"] => constant("RUN_ID"),
        ["build", name] if BUILD.contains(name) => Ok(Piece::Text(build_fact(name))),
        [field] if field.starts_with('.') => {
            let path: Vec<&str> = field[1..].split('.').collect();
            let first = names::fact(path[0]);
            if !known.contains(&first.as_str()) {
                let all: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
                return unknown(match all.is_empty() {
                    true => "this setting knows the facts of every build, and no others".to_owned(),
                    false => format!("this setting knows {}", all.join(", ")),
                });
            }
            match path.as_slice() {
                [_] => Ok(Piece::Text(format!("{{{{ {first} }}}}"))),
                [_, inner] => Ok(Piece::Text(format!("{{{{ {first}[{}] }}}}", escaped(inner)))),
                _ => unknown("it goes too deep".to_owned()),
            }
        }
        _ => unknown("compute it in Rust, or write the value itself".to_owned()),
    }
}

/// What a build tells its steps beyond its id: of every machine, and of one kind of source.
pub(super) const BUILD: [&str; 10] = [
    "Host",
    "Port",
    "User",
    "BuildRegion",
    "SourceAMI",
    "SourceAMICreationDate",
    "SourceAMIName",
    "SourceAMIOwner",
    "SourceAMIOwnerName",
    "SourceImageName",
];

/// `{{ build.source_ami }}`
pub(super) fn build_fact(name: &str) -> String {
    format!("{{{{ build.{} }}}}", names::fact(name))
}

/// The moment as a name that a cloud takes.
const CLEANED_ISO: &str = "%Y-%m-%dT%H-%M-%SZ";

/// Go's layout of a time as the signs of `strftime`.
fn layout_of(layout: &str, span: Span) -> Result<Piece> {
    match strftime(layout) {
        Some(format) => Ok(Piece::Time(format!("format({})", quoted(&format)))),
        None => Err(Fault::at(
            span,
            "template",
            format!("the layout {layout:?} of `isotime` has no counterpart in `strftime`"),
        )),
    }
}

const LAYOUT: [(&str, &str); 22] = [
    ("January", "%B"),
    ("Monday", "%A"),
    ("2006", "%Y"),
    ("-07:00", "%:z"),
    ("-0700", "%z"),
    ("Z07:00", "Z"),
    ("MST", "UTC"),
    ("Jan", "%b"),
    ("Mon", "%a"),
    ("01", "%m"),
    ("02", "%d"),
    ("03", "%I"),
    ("04", "%M"),
    ("05", "%S"),
    ("06", "%y"),
    ("15", "%H"),
    ("002", "%j"),
    ("PM", "%p"),
    ("pm", "%P"),
    ("_2", "%e"),
    ("2", "%-d"),
    ("1", "%-m"),
];

/// A layout as Go writes it: the moment 2006-01-02 15:04:05 is the pattern.
pub(super) fn strftime(layout: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = layout;
    while let Some(c) = rest.chars().next() {
        if rest.starts_with("002") {
            out.push_str("%j");
            rest = &rest[3..];
        } else if let Some((go, sign)) = LAYOUT.iter().find(|(go, _)| rest.starts_with(go)) {
            out.push_str(sign);
            rest = &rest[go.len()..];
        } else if matches!(c, '3' | '4' | '5') || rest.starts_with(".0") || rest.starts_with(".9") {
            return None;
        } else {
            out.push_str(if c == '%' { "%%" } else { &rest[..c.len_utf8()] });
            rest = &rest[c.len_utf8()..];
        }
    }
    Some(out)
}

/// A format of `formatdate` as the signs of `strftime`.
pub(super) fn formatdate(format: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = format;
    while let Some(c) = rest.chars().next() {
        if c == '\'' {
            // Quoted text; two quotes in it are one.
            let mut inner = &rest[1..];
            loop {
                let end = inner.find('\'')?;
                out.push_str(&inner[..end].replace('%', "%%"));
                inner = &inner[end + 1..];
                match inner.strip_prefix('\'') {
                    Some(more) => {
                        out.push('\'');
                        inner = more;
                    }
                    None => break,
                }
            }
            rest = inner;
            continue;
        }
        let run = rest.chars().take_while(|other| *other == c).count();
        let sign = match (c, run) {
            ('Y', 4) => "%Y",
            ('Y', 2) => "%y",
            ('M', 4) => "%B",
            ('M', 3) => "%b",
            ('M', 2) => "%m",
            ('M', 1) => "%-m",
            ('D', 2) => "%d",
            ('D', 1) => "%-d",
            ('E', 4) => "%A",
            ('E', 3) => "%a",
            ('h', 2) => "%H",
            ('h', 1) => "%-H",
            ('H', 2) => "%I",
            ('H', 1) => "%-I",
            ('A', 2) => "%p",
            ('a', 2) => "%P",
            ('m', 2) => "%M",
            ('m', 1) => "%-M",
            ('s', 2) => "%S",
            ('s', 1) => "%-S",
            ('Z', 5) => "+00:00",
            ('Z', 4) => "+0000",
            ('Z', 3) => "UTC",
            ('Z', 1) => "Z",
            (c, _) if c.is_ascii_alphabetic() => return None,
            ('%', _) => "%%",
            _ => &rest[..c.len_utf8()],
        };
        let taken = if c.is_ascii_alphabetic() { run } else { c.len_utf8() };
        out.push_str(sign);
        rest = &rest[taken..];
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPAN: Span = Span {
        file: 0,
        start: 0,
        end: 0,
    };

    #[test]
    fn quoting_reads_well() {
        assert_eq!(quoted("a"), "\"a\"");
        assert_eq!(quoted("it's \"b\""), "r#\"it's \"b\"\"#");
        assert_eq!(quoted(r"C:\a"), r#""C:\\a""#);
        assert_eq!(quoted(r"C:\a\b"), r#"r"C:\a\b""#);
        assert_eq!(quoted("a\"#b\""), "r##\"a\"#b\"\"##");
        assert_eq!(quoted("a\n"), "\"a\\n\"");
        assert_eq!(quoted("a\nb\n"), "\"a\nb\n\"");
        assert_eq!(quoted("a\r\nb"), "\"a\\r\\nb\"");
        assert_eq!(quoted("a\u{200b}"), "\"a\\u{200b}\"");
    }

    #[test]
    fn facts_have_our_names() {
        let of = |text| {
            pieces(
                text,
                Facts::Known(&["vars", "path", "http_ip", "source_ami_tags"]),
                SPAN,
            )
        };
        let text = |text: &str| Ok(vec![Piece::Text(text.to_owned())]);
        assert_eq!(of("{{ .Vars }} sudo '{{.Path}}'"), text("{{ vars }} sudo '{{ path }}'"));
        assert_eq!(of("http://{{.HTTPIP}}:1"), text("http://{{ http_ip }}:1"));
        assert_eq!(of("{{ .SourceAMITags.Name }}"), text("{{ source_ami_tags[\"Name\"] }}"));
        assert_eq!(of("k={{ .HTTPIP | urlquery }}"), text("k={{ http_ip | urlencode }}"));
        assert!(of("{{ .Name | urlquery }}").is_err());
        assert_eq!(of("a {% b"), text("a {{ \"{%\" }} b"));
        assert_eq!(
            of("web-{{timestamp}}"),
            Ok(vec![Piece::Text("web-".into()), Piece::Constant("TIMESTAMP")])
        );
        assert!(of("{{ .Name }}").is_err());
        assert_eq!(of("{{ uuid }}"), Ok(vec![Piece::Constant("UUID")]));
        assert_eq!(
            pieces("{{isotime \"2006-01-02\"}}", Facts::None, SPAN),
            Ok(vec![Piece::Time("format(\"%Y-%m-%d\")".into())])
        );
    }

    #[test]
    fn formats_of_time_are_those_of_strftime() {
        assert_eq!(
            formatdate("YYYY-MM-DD'T'hh:mm:ssZ").as_deref(),
            Some("%Y-%m-%dT%H:%M:%SZ")
        );
        assert_eq!(formatdate("YYMMDD'-'hhmmss").as_deref(), Some("%y%m%d-%H%M%S"));
        assert_eq!(formatdate("YYYY-MM-DDX"), None);
        assert_eq!(strftime("20060102T150405Z").as_deref(), Some("%Y%m%dT%H%M%SZ"));
    }
}
