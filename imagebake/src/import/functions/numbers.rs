//! Numbers.

use super::{Function, Kind, Outcome, bad, failed, function, items, number, p, text, whole};
use crate::import::value::{Number, Value};

pub(super) const TABLE: &[Function] = &[
    function("abs", &[p("num", Kind::Number)], Kind::Number, |_, a| {
        Ok(number(a, 0).abs().into())
    }),
    function("ceil", &[p("num", Kind::Number)], Kind::Number, |_, a| {
        Ok(number(a, 0).ceil().into())
    }),
    function("floor", &[p("num", Kind::Number)], Kind::Number, |_, a| {
        Ok(number(a, 0).floor().into())
    }),
    function(
        "log",
        &[p("num", Kind::Number), p("base", Kind::Number)],
        Kind::Number,
        |_, a| float(number(a, 0).to_f64().ln() / number(a, 1).to_f64().ln()),
    ),
    function("max", &[], Kind::Number, |_, a| extreme(a, true)).rest(p("numbers", Kind::Number)),
    function("min", &[], Kind::Number, |_, a| extreme(a, false)).rest(p("numbers", Kind::Number)),
    function(
        "parseint",
        &[p("number", Kind::Text), p("base", Kind::Number)],
        Kind::Number,
        |_, a| {
            let base = whole(a, 1)?;
            let radix = u32::try_from(base).ok().filter(|base| (2..=62).contains(base));
            let radix = radix.ok_or_else(|| bad(1, "the base must be a whole number from 2 to 62"))?;
            parse_int(text(a, 0), radix)
                .map(Value::Number)
                .ok_or_else(|| bad(0, format!("{:?} is no whole number of base {radix}", text(a, 0))))
        },
    ),
    function(
        "pow",
        &[p("num", Kind::Number), p("power", Kind::Number)],
        Kind::Number,
        |_, a| float(number(a, 0).to_f64().powf(number(a, 1).to_f64())),
    ),
    function("signum", &[p("num", Kind::Number)], Kind::Number, |_, a| {
        Ok(Value::integer(number(a, 0).signum()))
    }),
    function("sum", &[p("list", Kind::Any)], Kind::Number, |_, a| {
        let list = a[0].items().ok_or_else(|| bad(0, "a list, set or tuple is required"))?;
        if list.is_empty() {
            return Err(bad(0, "the list must have elements"));
        }
        let mut total = Number::from(0_i64);
        for item in list {
            match crate::import::value::convert(item, &crate::import::value::Type::Number) {
                Ok(Value::Number(number)) => total = total.add(&number),
                _ => return Err(bad(0, "all elements must be numbers")),
            }
        }
        Ok(total.into())
    }),
    function("alltrue", &[p("list", Kind::Bools)], Kind::Bool, |_, a| {
        Ok(Value::Bool(items(a, 0).iter().all(|item| *item == Value::Bool(true))))
    }),
    function("anytrue", &[p("list", Kind::Bools)], Kind::Bool, |_, a| {
        Ok(Value::Bool(items(a, 0).contains(&Value::Bool(true))))
    }),
];

fn float(value: f64) -> Outcome {
    Number::from_f64(value)
        .map(Value::Number)
        .ok_or_else(|| failed("the result is no number"))
}

fn extreme(numbers: &[Value], largest: bool) -> Outcome {
    let numbers = numbers.iter().filter_map(|value| match value {
        Value::Number(number) => Some(number),
        _ => None,
    });
    let found = if largest { numbers.max() } else { numbers.min() };
    found
        .cloned()
        .map(Value::Number)
        .ok_or_else(|| failed("at least one number is required"))
}

/// Digits, then small letters, then capitals, where the base needs them; up to 36 their case does not matter.
fn parse_int(text: &str, base: u32) -> Option<Number> {
    if base <= 36 {
        return Number::parse_radix(text, base);
    }
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let base_number = Number::from(i64::from(base));
    let mut total = (!digits.is_empty()).then(|| Number::from(0_i64))?;
    for digit in digits.chars() {
        let value = match digit {
            '0'..='9' => digit as u32 - '0' as u32,
            'a'..='z' => digit as u32 - 'a' as u32 + 10,
            'A'..='Z' => digit as u32 - 'A' as u32 + 36,
            _ => return None,
        };
        total = (value < base).then(|| total.multiply(&base_number).add(&Number::from(i64::from(value))))?;
    }
    Some(if negative { total.negate() } else { total })
}
