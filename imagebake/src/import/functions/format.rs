//! `format` and `formatlist`: verbs with flags, width and precision, as the peer's library has them.

use super::{Failure, Function, Kind, Outcome, bad, failed, function, nullable, p, text};
use crate::import::value::{Number, Type, Value, convert};
use unicode_segmentation::UnicodeSegmentation;

pub(super) const TABLE: &[Function] = &[
    function("format", &[p("format", Kind::Text)], Kind::Text, |_, a| {
        format(text(a, 0), &a[1..]).map(Value::from)
    })
    .rest(nullable("args", Kind::Any)),
    function("formatlist", &[p("format", Kind::Text)], Kind::Texts, |_, a| {
        format_list(text(a, 0), &a[1..])
    })
    .rest(nullable("args", Kind::Any)),
];

/// One text for each place of the lists; what is no list is the same for all.
fn format_list(form: &str, arguments: &[Value]) -> Outcome {
    let mut length = None;
    for (i, argument) in arguments.iter().enumerate() {
        if let Some(items) = argument.items() {
            match length {
                Some(known) if known != items.len() => {
                    return Err(bad(
                        i + 1,
                        format!(
                            "all lists must have one length; this one has {}, another {known}",
                            items.len()
                        ),
                    ));
                }
                _ => length = Some(items.len()),
            }
        }
    }
    let count = length.unwrap_or(1);
    let mut out = Vec::with_capacity(count);
    for at in 0..count {
        let row: Vec<Value> = arguments
            .iter()
            .map(|argument| {
                argument
                    .items()
                    .map_or_else(|| argument.clone(), |items| items[at].clone())
            })
            .collect();
        out.push(Value::from(format(form, &row)?));
    }
    Ok(Value::List(Type::String, out))
}

#[derive(Default)]
struct Verb {
    plus: bool,
    minus: bool,
    space: bool,
    zero: bool,
    sharp: bool,
    width: usize,
    precision: Option<usize>,
}

fn format(form: &str, arguments: &[Value]) -> Result<String, Failure> {
    let mut out = String::new();
    let mut rest = form;
    let mut next = 0;
    let mut most = 0;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let mut verb = Verb::default();
        loop {
            match rest.as_bytes().first() {
                Some(b'+') => verb.plus = true,
                Some(b'-') => verb.minus = true,
                Some(b' ') => verb.space = true,
                Some(b'0') => verb.zero = true,
                Some(b'#') => verb.sharp = true,
                _ => break,
            }
            rest = &rest[1..];
        }
        verb.width = digits(&mut rest).unwrap_or(0);
        if let Some(after) = rest.strip_prefix('.') {
            rest = after;
            verb.precision = Some(digits(&mut rest).unwrap_or(0));
        }
        if verb.width > 10_000 || verb.precision.is_some_and(|precision| precision > 10_000) {
            return Err(bad(0, "the width is too large"));
        }
        if let Some(after) = rest.strip_prefix('[') {
            rest = after;
            let number = digits(&mut rest).filter(|n| *n > 0);
            next = number.ok_or_else(|| bad(0, "the number of an argument counts from 1"))? - 1;
            rest = rest
                .strip_prefix(']')
                .ok_or_else(|| bad(0, "`]` is missing after the number of an argument"))?;
        }
        let letter = rest
            .chars()
            .next()
            .ok_or_else(|| bad(0, "a lone % stands at the end; write %% for a percent sign"))?;
        rest = &rest[letter.len_utf8()..];
        if letter == '%' {
            out.push('%');
            continue;
        }
        let argument = arguments
            .get(next)
            .ok_or_else(|| bad(0, format!("there is no argument number {} for %{letter}", next + 1)))?;
        most = most.max(next + 1);
        next += 1;
        out.push_str(&verb.apply(letter, argument, next)?);
    }
    out.push_str(rest);
    if most < arguments.len() {
        return Err(failed(format!(
            "{} argument(s) are given, of which {most} are used",
            arguments.len()
        )));
    }
    Ok(out)
}

fn digits(rest: &mut &str) -> Option<usize> {
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let number = rest[..end].parse().ok();
    *rest = &rest[end..];
    number
}

impl Verb {
    fn apply(&self, letter: char, value: &Value, at: usize) -> Result<String, Failure> {
        let as_type = |ty: &Type| {
            if value.is_null() {
                return Err(bad(at, format!("it is null, which %{letter} cannot format")));
            }
            convert(value, ty).map_err(|problem| bad(at, format!("%{letter}: {problem}")))
        };
        match letter {
            'v' => match value {
                Value::String(text) if self.sharp => Ok(self.pad(&json(&Value::string(text.clone())))),
                Value::String(text) => Ok(self.text(text)),
                Value::Number(number) if !self.sharp => Ok(self.number(&number.to_string())),
                Value::Bool(flag) => Ok(self.pad(&flag.to_string())),
                Value::Null(_) => Ok(self.pad("null")),
                other => Ok(self.pad(&json(other))),
            },
            't' => match as_type(&Type::Bool)? {
                Value::Bool(flag) => Ok(self.pad(&flag.to_string())),
                _ => Ok(String::new()),
            },
            's' | 'q' => match as_type(&Type::String)? {
                Value::String(text) if letter == 'q' => Ok(self.pad(&json(&Value::string(text)))),
                Value::String(text) => Ok(self.text(&text)),
                _ => Ok(String::new()),
            },
            'b' | 'd' | 'o' | 'x' | 'X' => match as_type(&Type::Number)? {
                Value::Number(number) => Ok(self.number(&self.whole(letter, &number))),
                _ => Ok(String::new()),
            },
            'e' | 'E' | 'f' | 'F' | 'g' | 'G' => match as_type(&Type::Number)? {
                Value::Number(number) => Ok(self.number(&self.float(letter, &number))),
                _ => Ok(String::new()),
            },
            other => Err(bad(0, format!("%{other} is no verb; write %% for a percent sign"))),
        }
    }

    /// The precision of text is how much of it is shown.
    fn text(&self, text: &str) -> String {
        match self.precision {
            Some(precision) => self.pad(&text.graphemes(true).take(precision).collect::<String>()),
            None => self.pad(text),
        }
    }

    fn pad(&self, text: &str) -> String {
        let missing = self.width.saturating_sub(text.graphemes(true).count());
        let fill = " ".repeat(missing);
        if self.minus {
            format!("{text}{fill}")
        } else {
            format!("{fill}{text}")
        }
    }

    /// With its sign, and zeros in front where they are asked for.
    fn number(&self, text: &str) -> String {
        let (sign, digits) = match text.strip_prefix('-') {
            Some(digits) => ("-", digits),
            None if self.plus => ("+", text),
            None if self.space => (" ", text),
            None => ("", text),
        };
        let missing = self.width.saturating_sub(sign.len() + digits.len());
        if self.zero && !self.minus {
            format!("{sign}{}{digits}", "0".repeat(missing))
        } else {
            self.pad(&format!("{sign}{digits}"))
        }
    }

    fn whole(&self, letter: char, number: &Number) -> String {
        let number = number.to_bigint();
        let base = match letter {
            'b' => 2,
            'o' => 8,
            'x' | 'X' => 16,
            _ => 10,
        };
        let mut text = number.to_str_radix(base);
        if letter == 'X' {
            text = text.to_uppercase();
        }
        text
    }

    fn float(&self, letter: char, number: &Number) -> String {
        let value = number.to_f64();
        let precision = self.precision.unwrap_or(6);
        let exponent = |text: String| {
            // Go writes at least two digits of the exponent and its sign.
            let (mantissa, power) = text.split_once('e').unwrap_or((&text, "0"));
            let power: i32 = power.parse().unwrap_or(0);
            let sign = if power < 0 { '-' } else { '+' };
            format!("{mantissa}e{sign}{:02}", power.abs())
        };
        let out;
        match letter {
            'f' | 'F' => out = number.fixed(precision),
            'e' | 'E' => out = exponent(format!("{value:.precision$e}")),
            _ => {
                let power = if value == 0.0 { 0.0 } else { value.abs().log10().floor() };
                let significant = self.precision.map(|precision| precision.max(1));
                #[expect(clippy::cast_precision_loss, reason = "a width of text")]
                let limit = significant.map_or(21.0, |n| n as f64);
                if power < -4.0 || power >= limit {
                    out = exponent(match significant {
                        Some(n) => format!("{value:.*e}", n - 1),
                        None => format!("{value:e}"),
                    });
                } else {
                    match significant {
                        #[expect(
                            clippy::cast_possible_truncation,
                            clippy::cast_sign_loss,
                            clippy::cast_precision_loss,
                            reason = "small numbers"
                        )]
                        Some(n) => {
                            let places = (n as f64 - 1.0 - power).max(0.0) as usize;
                            let fixed = format!("{value:.places$}");
                            out = if fixed.contains('.') {
                                fixed.trim_end_matches('0').trim_end_matches('.').to_owned()
                            } else {
                                fixed
                            };
                        }
                        None => out = format!("{value}"),
                    }
                }
            }
        }
        if letter.is_ascii_uppercase() {
            out.to_uppercase()
        } else {
            out
        }
    }
}

fn json(value: &Value) -> String {
    super::encoding::json_text(value)
}
