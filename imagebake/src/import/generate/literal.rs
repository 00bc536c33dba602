//! Values as literals of Rust.

use super::{
    Code, Want,
    strings::{self, Facts, Piece},
};
use crate::import::{
    fault::{Fault, Result},
    functions::time::duration,
    sources::Span,
    value::Value,
};

/// A value as a literal that fits `want`; empty lists carry their type.
pub(super) fn literal(value: &Value, want: &Want, span: Span) -> Result<Code> {
    let misfit = |what: &str| {
        Err(Fault::at(
            span,
            "type",
            format!("{what} is expected here, not a {}", value.ty().friendly()),
        ))
    };
    if value.is_null() {
        return Ok(Code {
            optional: true,
            ..Code::literal("None")
        });
    }
    let text = as_text(value);
    Ok(Code::literal(match want {
        Want::Bool => match (value, text.as_deref()) {
            (_, Some("true" | "1" | "t" | "T" | "TRUE" | "True")) => "true".to_owned(),
            (_, Some("false" | "0" | "f" | "F" | "FALSE" | "False" | "")) => "false".to_owned(),
            _ => return misfit("true or false"),
        },
        Want::Int(ty) => match text.as_deref().map(str::trim).and_then(|text| integer(text, ty)) {
            Some(number) => number,
            None => return misfit(&format!("a whole number that fits {ty}")),
        },
        Want::Float => match text.as_deref().and_then(|text| text.trim().parse::<f64>().ok()) {
            Some(number) => format!("{number:?}"),
            None => return misfit("a number"),
        },
        Want::Duration => match text.as_deref().map(span_of_time) {
            Some(Ok(code)) => code,
            Some(Err(problem)) => return Err(Fault::at(span, "duration", problem)),
            None => return misfit("a length of time"),
        },
        Want::Secret => match text {
            Some(text) => format!("Secret::literal({})", strings::quoted(&text)),
            None => return misfit("text"),
        },
        Want::Text | Want::Str | Want::HostPath | Want::GuestPath => match text {
            Some(text) => {
                // What would have been rendered, and is not, is a problem.
                let pieces = strings::pieces(&text, Facts::None, span)?;
                match pieces.as_slice() {
                    [Piece::Text(text)] => strings::quoted(text),
                    _ => {
                        return Err(Fault::at(
                            span,
                            "no-rust",
                            "the time of the run cannot be asked for here",
                        ));
                    }
                }
            }
            None => return misfit("text"),
        },
        Want::Template(facts) => match text {
            Some(text) => return rendered(&text, facts, span),
            None => return misfit("text"),
        },
        Want::List(item) => {
            let items = match (value.items(), text) {
                (Some(items), _) => items.to_vec(),
                // A single one is a list of one.
                (None, Some(_)) => vec![value.clone()],
                _ => return misfit("a list"),
            };
            let codes = items
                .iter()
                .map(|value| literal(value, item, span))
                .collect::<Result<Vec<_>>>()?;
            match codes.is_empty() {
                true => format!(
                    "{}::new()",
                    turbofish(&super::types::Ty::list(super::types::Ty::of_want(item)).rust())
                ),
                false => format!("[{}]", joined(codes, item)),
            }
        }
        Want::Map(inner) => {
            let Some(entries) = value.entries() else {
                return misfit("a map");
            };
            let mut pairs = Vec::new();
            for (name, value) in entries.iter().filter(|(_, value)| !value.is_null()) {
                pairs.push((strings::quoted(name), literal(value, inner, span)?));
            }
            let made = pairs.iter().any(|(_, code)| !is_plain(code));
            let pairs: Vec<String> = pairs
                .into_iter()
                .map(|(name, code)| format!("({name}, {})", owned_if(made, code, inner)))
                .collect();
            match pairs.is_empty() {
                true => format!("Vec::<(String, {})>::new()", super::types::Ty::of_want(inner).rust()),
                false => format!("[{}]", pairs.join(", ")),
            }
        }
    }))
}

fn turbofish(ty: &str) -> String {
    ty.replacen('<', "::<", 1)
}

fn joined(codes: Vec<Code>, want: &Want) -> String {
    let made = codes.iter().any(|code| !is_plain(code));
    let items: Vec<String> = codes.into_iter().map(|code| owned_if(made, code, want)).collect();
    items.join(", ")
}

fn is_plain(code: &Code) -> bool {
    !code.text.starts_with("format!")
}

/// Beside text that is made, text that is written out has to be a `String` too.
fn owned_if(made: bool, code: Code, want: &Want) -> String {
    let is_text = matches!(
        want,
        Want::Text | Want::Template(_) | Want::Str | Want::HostPath | Want::GuestPath
    );
    match made && is_text && is_plain(&code) {
        true => format!("{}.to_owned()", code.text),
        false => code.text,
    }
}

/// Text with facts in it.
fn rendered(text: &str, facts: &'static [&'static str], span: Span) -> Result<Code> {
    let pieces = strings::pieces(text, Facts::Known(facts), span)?;
    if pieces.iter().all(|piece| matches!(piece, Piece::Text(_))) {
        let text: String = pieces
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => text.as_str(),
                _ => "",
            })
            .collect();
        return Ok(Code::literal(strings::quoted(&text)));
    }
    let mut form = String::new();
    for piece in &pieces {
        match piece {
            Piece::Text(text) => form.push_str(&strings::braced(text)),
            Piece::Constant(name) => form.push_str(&format!("{{{name}}}")),
            Piece::Time(_) => {
                return Err(Fault::at(
                    span,
                    "no-rust",
                    "the time of the run cannot be asked for here",
                ));
            }
        }
    }
    Ok(Code::literal(format!("format!({})", strings::quoted(&form))))
}

/// Text, numbers and truth values as text.
pub(super) fn as_text(value: &Value) -> Option<String> {
    Some(match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(flag) => flag.to_string(),
        _ => return None,
    })
}

/// The whole number as a literal, where it fits.
pub(super) fn integer(text: &str, ty: &str) -> Option<String> {
    let number: i128 = text.parse().ok()?;
    let (least, most): (i128, i128) = match ty {
        "u8" => (0, u8::MAX.into()),
        "u16" => (0, u16::MAX.into()),
        "u32" => (0, u32::MAX.into()),
        "u64" => (0, u64::MAX.into()),
        "usize" => (0, u64::MAX.into()),
        "i8" => (i8::MIN.into(), i8::MAX.into()),
        "i16" => (i16::MIN.into(), i16::MAX.into()),
        "i32" => (i32::MIN.into(), i32::MAX.into()),
        _ => (i64::MIN.into(), i64::MAX.into()),
    };
    (least..=most).contains(&number).then(|| number.to_string())
}

/// A length of time as templates spell it: `90s`, `1h30m`.
pub(super) fn span_of_time(text: &str) -> std::result::Result<String, String> {
    let nanoseconds = duration(text)?;
    // One below zero turns a pause or an interval off, as zero does here.
    let nanoseconds = u64::try_from(nanoseconds.max(0)).map_err(|_| format!("{text:?} is too long a time"))?;
    Ok(match nanoseconds {
        0 => "Duration::ZERO".to_owned(),
        n if n % 1_000_000_000 == 0 => format!("Duration::from_secs({})", seconds(n / 1_000_000_000)),
        n if n % 1_000_000 == 0 => format!("Duration::from_millis({})", n / 1_000_000),
        n => format!("Duration::from_nanos({n})"),
    })
}

/// Hours and minutes as a reader sees them.
fn seconds(seconds: u64) -> String {
    match seconds {
        s if s >= 3600 && s % 3600 == 0 => match s / 3600 {
            1 => "3600".to_owned(),
            hours => format!("{hours} * 3600"),
        },
        s if s > 60 && s % 60 == 0 => format!("{} * 60", s / 60),
        s => s.to_string(),
    }
}
