//! Encodings: base64, CSV, JSON, URLs, YAML.

use super::{Failure, Function, Kind, Outcome, bad, failed, function, nullable, p, text, yaml};
use crate::import::value::{Type, Value};
use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD},
};
use std::{collections::BTreeMap, io::Write};

/// As Go reads it: newlines are nothing, padding must be right.
const DECODER: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical)
        .with_decode_allow_trailing_bits(true),
);

pub(super) const TABLE: &[Function] = &[
    function("base64decode", &[p("str", Kind::Text)], Kind::Text, |_, a| {
        String::from_utf8(decode(text(a, 0), 0)?)
            .map(Value::from)
            .map_err(|_| bad(0, "what is encoded is not text in UTF-8"))
    }),
    function("base64encode", &[p("str", Kind::Text)], Kind::Text, |_, a| {
        Ok(STANDARD.encode(text(a, 0)).into())
    }),
    function("base64gzip", &[p("str", Kind::Text)], Kind::Text, |_, a| {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        let packed = packed.write_all(text(a, 0).as_bytes()).and_then(|()| packed.finish());
        packed
            .map(|bytes| STANDARD.encode(bytes).into())
            .map_err(|error| failed(error.to_string()))
    }),
    function(
        "textdecodebase64",
        &[p("source", Kind::Text), p("encoding", Kind::Text)],
        Kind::Text,
        |_, a| from_charset(&decode(text(a, 0), 0)?, text(a, 1)),
    ),
    function(
        "textencodebase64",
        &[p("string", Kind::Text), p("encoding", Kind::Text)],
        Kind::Text,
        |_, a| Ok(STANDARD.encode(to_charset(text(a, 0), text(a, 1))?).into()),
    ),
    function("urlencode", &[p("str", Kind::Text)], Kind::Text, |_, a| {
        Ok(query_escape(text(a, 0)).into())
    }),
    function("csvdecode", &[p("str", Kind::Text)], Kind::Any, |_, a| csv(text(a, 0))),
    function("jsondecode", &[p("str", Kind::Text)], Kind::Any, |_, a| {
        let json: serde_json::Value =
            serde_json::from_str(text(a, 0)).map_err(|error| bad(0, format!("this is not JSON: {error}")))?;
        Ok(Value::from_json(&json))
    }),
    function("jsonencode", &[nullable("val", Kind::Any)], Kind::Text, |_, a| {
        Ok(json_text(&a[0]).into())
    }),
    function("yamldecode", &[p("src", Kind::Text)], Kind::Any, |_, a| {
        yaml::decode(text(a, 0)).map_err(|problem| bad(0, problem))
    }),
    function("yamlencode", &[nullable("value", Kind::Any)], Kind::Text, |_, a| {
        Ok(yaml::encode(&a[0]).into())
    }),
];

fn decode(text: &str, argument: usize) -> Result<Vec<u8>, Failure> {
    let clean: String = text.chars().filter(|c| !matches!(c, '\n' | '\r')).collect();
    DECODER
        .decode(clean)
        .map_err(|error| bad(argument, format!("this is not base64: {error}")))
}

/// Everything but letters, digits and `-_.~` as `%xx`; spaces as `+`.
pub(in crate::import) fn query_escape(text: &str) -> String {
    use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
    const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'_')
        .remove(b'.')
        .remove(b'~')
        .remove(b' ');
    utf8_percent_encode(text, ESCAPED).to_string().replace(' ', "+")
}

fn charset(label: &str) -> Result<&'static encoding_rs::Encoding, Failure> {
    encoding_rs::Encoding::for_label(label.as_bytes()).ok_or_else(|| {
        bad(
            1,
            format!("{label:?} is no encoding known here; write its IANA name, like UTF-16LE"),
        )
    })
}

fn to_charset(text: &str, label: &str) -> Result<Vec<u8>, Failure> {
    match label.to_ascii_uppercase().as_str() {
        "UTF-16LE" => return Ok(text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        "UTF-16BE" => return Ok(text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
        // With a mark of the byte order, as Go's encoder writes it.
        "UTF-16" => {
            return Ok([0xfe, 0xff]
                .into_iter()
                .chain(text.encode_utf16().flat_map(u16::to_be_bytes))
                .collect());
        }
        _ => {}
    }
    let (bytes, _, lossy) = charset(label)?.encode(text);
    if lossy {
        return Err(bad(0, format!("the text has characters that {label} does not have")));
    }
    Ok(bytes.into_owned())
}

fn from_charset(bytes: &[u8], label: &str) -> Outcome {
    let (text, lossy) = charset(label)?.decode_without_bom_handling(bytes);
    if lossy {
        return Err(bad(0, format!("what is encoded is not text in {label}")));
    }
    Ok(text.into_owned().into())
}

/// The first line names the columns; every other one is an object.
fn csv(text: &str) -> Outcome {
    let mut reader = csv::ReaderBuilder::new().from_reader(text.as_bytes());
    let names: Vec<String> = reader
        .headers()
        .map_err(|error| bad(0, error.to_string()))?
        .iter()
        .map(str::to_owned)
        .collect();
    if names.is_empty() {
        return Err(bad(0, "there is no line that names the columns"));
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| bad(0, error.to_string()))?;
        let row: BTreeMap<String, Value> = names.iter().cloned().zip(record.iter().map(Value::from)).collect();
        rows.push(Value::Object(row));
    }
    let element = rows.first().map_or_else(
        || {
            let attribute = crate::import::value::Attribute::required(Type::String);
            Type::Object(names.iter().map(|name| (name.clone(), attribute.clone())).collect())
        },
        Value::ty,
    );
    Ok(Value::List(element, rows))
}

/// A value as JSON.
pub(super) fn json_text(value: &Value) -> String {
    let mut out = String::new();
    to_json(value, &mut out);
    out
}

/// As Go writes it: names in order, `<`, `>` and `&` escaped.
fn to_json(value: &Value, out: &mut String) {
    match value {
        Value::Unknown(_) | Value::Null(_) => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Number(value) => out.push_str(&value.to_string()),
        Value::String(value) => quote(value, out),
        Value::List(_, items) | Value::Set(_, items) | Value::Tuple(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                to_json(item, out);
            }
            out.push(']');
        }
        Value::Map(_, items) | Value::Object(items) => {
            out.push('{');
            for (i, (name, item)) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                quote(name, out);
                out.push(':');
                to_json(item, out);
            }
            out.push('}');
        }
    }
}

/// What JSON has a letter for, and what a page of HTML would not read as text, is escaped beside what every quoted text escapes.
fn quote(text: &str, out: &mut String) {
    let special = |c: char| (c as u32) < 0x20 || matches!(c, '<' | '>' | '&' | '\u{2028}' | '\u{2029}');
    quote_by(text, out, &[('\u{8}', 'b'), ('\u{c}', 'f')], special);
}

/// Quotes with backslashes: by a letter what `letters` has one for, by its number what is `special`.
pub(super) fn quote_by(text: &str, out: &mut String, letters: &[(char, char)], special: impl Fn(char) -> bool) {
    const ALWAYS: [(char, char); 5] = [('"', '"'), ('\\', '\\'), ('\n', 'n'), ('\r', 'r'), ('\t', 't')];
    out.push('"');
    for c in text.chars() {
        let letter = ALWAYS.iter().chain(letters).find(|(of, _)| *of == c);
        match letter {
            Some((_, letter)) => out.extend(['\\', *letter]),
            None if special(c) => out.push_str(&format!("\\u{:04x}", c as u32)),
            None => out.push(c),
        }
    }
    out.push('"');
}
