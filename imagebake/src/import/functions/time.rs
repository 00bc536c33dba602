//! The clock and dates. The clock stands still during an evaluation.

use super::{Failure, Function, Kind, bad, function, p, text, whole};
use crate::import::value::Value;
use jiff::{
    Timestamp,
    civil::{Date, DateTime},
    tz::Offset,
};
use std::{collections::BTreeMap, fmt::Write};

pub(super) const TABLE: &[Function] = &[
    function("timestamp", &[], Kind::Text, |context, _| {
        Ok(Moment::at(context.clock).rfc3339().into())
    }),
    function("legacy_isotime", &[], Kind::Text, |context, a| {
        let now = Moment::at(context.clock);
        Ok(match a.len() {
            0 => now.rfc3339(),
            1 => now.layout(text(a, 0)),
            n => return Err(super::failed(format!("at most one argument is expected, not {n}"))),
        }
        .into())
    })
    .rest(p("format", Kind::Text)),
    function("legacy_strftime", &[], Kind::Text, |context, a| {
        let now = Moment::at(context.clock);
        match a.len() {
            0 => Ok(now.rfc3339().into()),
            1 => now
                .strftime(text(a, 0))
                .map(Value::from)
                .map_err(|problem| bad(0, problem)),
            n => Err(super::failed(format!("at most one argument is expected, not {n}"))),
        }
    })
    .rest(p("format", Kind::Text)),
    function(
        "formatdate",
        &[p("format", Kind::Text), p("time", Kind::Text)],
        Kind::Text,
        |_, a| {
            let moment = parse(text(a, 1), 1)?;
            moment
                .format_date(text(a, 0))
                .map(Value::from)
                .map_err(|problem| bad(0, problem))
        },
    ),
    function(
        "timeadd",
        &[p("timestamp", Kind::Text), p("duration", Kind::Text)],
        Kind::Text,
        |_, a| {
            let moment = parse(text(a, 0), 0)?;
            let nanoseconds = duration(text(a, 1)).map_err(|problem| bad(1, problem))?;
            let later = moment.local.checked_add(jiff::SignedDuration::from_nanos(nanoseconds));
            let local = later.map_err(|error| bad(1, error.to_string()))?;
            Ok(Moment { local, ..moment }.rfc3339().into())
        },
    ),
    function("rfc3339_parse", &[p("timestamp", Kind::Text)], Kind::Any, |_, a| {
        let moment = parse(text(a, 0), 0)?;
        Ok(moment.fields("unix", Value::integer(moment.unix())))
    }),
    function(
        "unix_timestamp_parse",
        &[p("unix_timestamp", Kind::Number)],
        Kind::Any,
        |_, a| {
            let moment = Moment::at(whole(a, 0)?);
            Ok(moment.fields("rfc3339", moment.rfc3339().into()))
        },
    ),
];

/// A moment and how far its clock is ahead of UTC.
#[derive(Clone, Copy, Debug)]
pub(in crate::import) struct Moment {
    local: DateTime,
    offset: Offset,
}

/// `2006-01-02T15:04:05Z`, or with `+02:00`.
fn parse(text: &str, argument: usize) -> Result<Moment, Failure> {
    let wrong = || {
        bad(
            argument,
            format!("{text:?} is no time; one like 2006-01-02T15:04:05Z is required"),
        )
    };
    let zone = text.get(19..).and_then(|rest| rest.find(['Z', '+', '-']));
    let (clock, zone) = text.split_at_checked(zone.ok_or_else(wrong)? + 19).ok_or_else(wrong)?;
    let bytes = clock.as_bytes();
    if bytes.get(10) != Some(&b'T') || bytes.get(4) != Some(&b'-') || bytes.get(13) != Some(&b':') {
        return Err(wrong());
    }
    let local: DateTime = clock.parse().map_err(|_| wrong())?;
    let seconds = if zone == "Z" {
        0
    } else {
        let (hours, minutes) = zone[1..].split_once(':').ok_or_else(wrong)?;
        let (hours, minutes): (i32, i32) = (
            hours.parse().map_err(|_| wrong())?,
            minutes.parse().map_err(|_| wrong())?,
        );
        (hours * 3600 + minutes * 60) * if zone.starts_with('-') { -1 } else { 1 }
    };
    let offset = Offset::from_seconds(seconds).map_err(|_| wrong())?;
    Ok(Moment { local, offset })
}

/// Nanoseconds of `1h30m`, as Go writes durations.
pub(in crate::import) fn duration(text: &str) -> Result<i64, String> {
    let wrong = || format!("{text:?} is no length of time; one like 90s or 1h30m is required");
    let (sign, mut rest) = match text.as_bytes().first() {
        Some(b'-') => (-1.0, &text[1..]),
        Some(b'+') => (1.0, &text[1..]),
        _ => (1.0, text),
    };
    if rest == "0" {
        return Ok(0);
    }
    let mut total = 0.0_f64;
    if rest.is_empty() {
        return Err(wrong());
    }
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .ok_or_else(|| format!("{text:?} has no unit; write {text}s for seconds, or m or h"))?;
        let number: f64 = rest[..digits].parse().map_err(|_| wrong())?;
        rest = &rest[digits..];
        let end = rest
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(rest.len());
        total += number
            * match &rest[..end] {
                "ns" => 1.0,
                "us" | "µs" | "μs" => 1e3,
                "ms" => 1e6,
                "s" => 1e9,
                "m" => 60e9,
                "h" => 3600e9,
                _ => return Err(wrong()),
            };
        rest = &rest[end..];
    }
    if total > 9e18 {
        return Err(wrong());
    }
    #[expect(clippy::cast_possible_truncation, reason = "the range was just checked")]
    Ok((sign * total).round() as i64)
}

impl Moment {
    /// Seconds since 1970, in UTC.
    pub(in crate::import) fn at(seconds: i64) -> Self {
        let offset = Offset::UTC;
        let local = offset.to_datetime(Timestamp::from_second(seconds).unwrap_or_default());
        Self { local, offset }
    }

    pub(in crate::import) fn rfc3339(&self) -> String {
        self.layout("2006-01-02T15:04:05Z07:00")
    }

    fn unix(&self) -> i64 {
        self.offset
            .to_timestamp(self.local)
            .map_or(0, |stamp| stamp.as_second())
    }

    fn fields(&self, as_what: &str, whole: Value) -> Value {
        let date = self.local.date();
        let week = date.iso_week_date();
        let numbers = [
            ("year", i64::from(date.year())),
            ("year_day", i64::from(date.day_of_year())),
            ("day", i64::from(date.day())),
            ("month", i64::from(date.month())),
            ("weekday", i64::from(date.weekday().to_sunday_zero_offset())),
            ("hour", i64::from(self.local.hour())),
            ("minute", i64::from(self.local.minute())),
            ("second", i64::from(self.local.second())),
            ("iso_year", i64::from(week.year())),
            ("iso_week", i64::from(week.week())),
        ];
        let mut fields: BTreeMap<String, Value> = numbers
            .into_iter()
            .map(|(name, n)| (name.to_owned(), Value::integer(n)))
            .collect();
        fields.insert(as_what.to_owned(), whole);
        fields.insert("month_name".into(), month(date).into());
        fields.insert("weekday_name".into(), weekday(date).into());
        Value::Object(fields)
    }

    fn zone(&self, colon: bool) -> String {
        let seconds = self.offset.seconds();
        let (sign, minutes) = if seconds < 0 {
            ('-', -seconds / 60)
        } else {
            ('+', seconds / 60)
        };
        let colon = if colon { ":" } else { "" };
        format!("{sign}{:02}{colon}{:02}", minutes / 60, minutes % 60)
    }

    fn hour12(&self) -> i8 {
        match self.local.hour() % 12 {
            0 => 12,
            hour => hour,
        }
    }

    fn half(&self) -> &'static str {
        if self.local.hour() < 12 { "AM" } else { "PM" }
    }

    /// `YYYY-MM-DD'T'hh:mm:ssZ`
    fn format_date(&self, format: &str) -> Result<String, String> {
        let date = self.local.date();
        let mut out = String::new();
        let mut rest = format;
        while let Some(first) = rest.chars().next() {
            if first == '\'' {
                let Some(end) = quoted_end(rest) else {
                    return Err("a quoted piece has no end".into());
                };
                out.push_str(&rest[1..end].replace("''", "'"));
                if end == 1 {
                    out.push('\'');
                }
                rest = &rest[end + 1..];
                continue;
            }
            if !first.is_ascii_alphabetic() {
                out.push(first);
                rest = &rest[first.len_utf8()..];
                continue;
            }
            let run = rest.len() - rest.trim_start_matches(first).len();
            let verb = &rest[..run];
            let _ = match verb {
                "YYYY" => write!(out, "{:04}", date.year()),
                "YY" => write!(out, "{:02}", date.year() % 100),
                "MMMM" => write!(out, "{}", month(date)),
                "MMM" => write!(out, "{}", &month(date)[..3]),
                "MM" => write!(out, "{:02}", date.month()),
                "M" => write!(out, "{}", date.month()),
                "DD" => write!(out, "{:02}", date.day()),
                "D" => write!(out, "{}", date.day()),
                "EEEE" => write!(out, "{}", weekday(date)),
                "EEE" => write!(out, "{}", &weekday(date)[..3]),
                "hh" => write!(out, "{:02}", self.local.hour()),
                "h" => write!(out, "{}", self.local.hour()),
                "HH" => write!(out, "{:02}", self.hour12()),
                "H" => write!(out, "{}", self.hour12()),
                "AA" => write!(out, "{}", self.half()),
                "aa" => write!(out, "{}", self.half().to_lowercase()),
                "mm" => write!(out, "{:02}", self.local.minute()),
                "m" => write!(out, "{}", self.local.minute()),
                "ss" => write!(out, "{:02}", self.local.second()),
                "s" => write!(out, "{}", self.local.second()),
                "ZZZZZ" => write!(out, "{}", self.zone(true)),
                "ZZZZ" => write!(out, "{}", self.zone(false)),
                "ZZZ" if self.offset.seconds() == 0 => write!(out, "UTC"),
                "ZZZ" => write!(out, "{}", self.zone(false)),
                "Z" if self.offset.seconds() == 0 => write!(out, "Z"),
                "Z" => write!(out, "{}", self.zone(true)),
                _ => {
                    return Err(format!(
                        "{verb:?} is no part of a date; put other letters in single quotes"
                    ));
                }
            };
            rest = &rest[run..];
        }
        Ok(out)
    }

    /// Go's layouts: the date of 2006 written as it shall look.
    pub(in crate::import) fn layout(&self, layout: &str) -> String {
        let date = self.local.date();
        let mut out = String::new();
        let mut rest = layout;
        while !rest.is_empty() {
            let Some(chunk) = CHUNKS.iter().find(|chunk| begins(rest, chunk)) else {
                if let Some(digits) = fraction(rest, &out) {
                    let nanoseconds = format!("{:09}", self.local.subsec_nanosecond());
                    let shown = &nanoseconds[..digits.min(9)];
                    let trimmed = shown.trim_end_matches('0');
                    if rest.as_bytes()[1] == b'0' {
                        let _ = write!(out, "{}{shown}", &rest[..1]);
                    } else if !trimmed.is_empty() {
                        let _ = write!(out, "{}{trimmed}", &rest[..1]);
                    }
                    rest = &rest[1 + digits..];
                    continue;
                }
                let c = rest.chars().next().unwrap_or_default();
                out.push(c);
                rest = &rest[c.len_utf8()..];
                continue;
            };
            let _ = match *chunk {
                "January" => write!(out, "{}", month(date)),
                "Jan" => write!(out, "{}", &month(date)[..3]),
                "Monday" => write!(out, "{}", weekday(date)),
                "Mon" => write!(out, "{}", &weekday(date)[..3]),
                "MST" if self.offset.seconds() == 0 => write!(out, "UTC"),
                "MST" => write!(out, "{}", self.zone(false)),
                "2006" => write!(out, "{:04}", date.year()),
                "06" => write!(out, "{:02}", date.year() % 100),
                "002" => write!(out, "{:03}", date.day_of_year()),
                "__2" => write!(out, "{:3}", date.day_of_year()),
                "01" => write!(out, "{:02}", date.month()),
                "1" => write!(out, "{}", date.month()),
                "02" => write!(out, "{:02}", date.day()),
                "_2" => write!(out, "{:2}", date.day()),
                "2" => write!(out, "{}", date.day()),
                "15" => write!(out, "{:02}", self.local.hour()),
                "03" => write!(out, "{:02}", self.hour12()),
                "3" => write!(out, "{}", self.hour12()),
                "04" => write!(out, "{:02}", self.local.minute()),
                "4" => write!(out, "{}", self.local.minute()),
                "05" => write!(out, "{:02}", self.local.second()),
                "5" => write!(out, "{}", self.local.second()),
                "PM" => write!(out, "{}", self.half()),
                "pm" => write!(out, "{}", self.half().to_lowercase()),
                chunk if chunk.starts_with('Z') && self.offset.seconds() == 0 => write!(out, "Z"),
                chunk => {
                    let mut zone = self.zone(chunk.contains(':'));
                    if chunk.len() == 3 {
                        zone.truncate(3);
                    } else if chunk.contains(":00:00") {
                        zone.push_str(":00");
                    } else if chunk.len() == 7 {
                        zone.push_str("00");
                    }
                    write!(out, "{zone}")
                }
            };
            rest = &rest[chunk.len()..];
        }
        out
    }

    /// `%Y-%m-%d`
    pub(in crate::import) fn strftime(&self, format: &str) -> Result<String, String> {
        let date = self.local.date();
        let mut out = String::new();
        let mut characters = format.chars();
        while let Some(c) = characters.next() {
            if c != '%' {
                out.push(c);
                continue;
            }
            let verb = characters.next().ok_or("a lone % stands at the end")?;
            let first_weekday = |shift: i16| {
                let day = date.day_of_year() + 6 - (i16::from(date.weekday().to_sunday_zero_offset()) + shift) % 7;
                day / 7
            };
            let _ = match verb {
                'A' => write!(out, "{}", weekday(date)),
                'a' => write!(out, "{}", &weekday(date)[..3]),
                'B' => write!(out, "{}", month(date)),
                'b' | 'h' => write!(out, "{}", &month(date)[..3]),
                'C' => write!(out, "{:02}", date.year() / 100),
                'c' => write!(out, "{}", self.layout("Mon Jan _2 15:04:05 2006")),
                'D' | 'x' => write!(out, "{}", self.layout("01/02/06")),
                'd' => write!(out, "{:02}", date.day()),
                'e' => write!(out, "{:2}", date.day()),
                'F' => write!(out, "{}", self.layout("2006-01-02")),
                'H' => write!(out, "{:02}", self.local.hour()),
                'I' => write!(out, "{:02}", self.hour12()),
                'j' => write!(out, "{:03}", date.day_of_year()),
                'k' => write!(out, "{:2}", self.local.hour()),
                'l' => write!(out, "{:2}", self.hour12()),
                'M' => write!(out, "{:02}", self.local.minute()),
                'm' => write!(out, "{:02}", date.month()),
                'n' => out.write_char('\n'),
                'p' => write!(out, "{}", self.half()),
                'R' => write!(out, "{}", self.layout("15:04")),
                'r' => write!(out, "{}", self.layout("03:04:05 PM")),
                'S' => write!(out, "{:02}", self.local.second()),
                'T' | 'X' => write!(out, "{}", self.layout("15:04:05")),
                't' => out.write_char('\t'),
                'U' => write!(out, "{:02}", first_weekday(0)),
                'u' => write!(out, "{}", date.weekday().to_monday_one_offset()),
                'V' => write!(out, "{:02}", date.iso_week_date().week()),
                'v' => write!(out, "{}", self.layout("_2-Jan-2006")),
                'W' => write!(out, "{:02}", first_weekday(6)),
                'w' => write!(out, "{}", date.weekday().to_sunday_zero_offset()),
                'Y' => write!(out, "{:04}", date.year()),
                'y' => write!(out, "{:02}", date.year() % 100),
                'Z' => write!(out, "{}", self.layout("MST")),
                'z' => write!(out, "{}", self.zone(false)),
                '%' => write!(out, "%"),
                other => return Err(format!("%{other} is no part of a date")),
            };
        }
        Ok(out)
    }
}

/// The parts of a layout, the longer ones first.
const CHUNKS: [&str; 34] = [
    "January",
    "Jan",
    "Monday",
    "Mon",
    "MST",
    "2006",
    "Z07:00:00",
    "Z070000",
    "Z07:00",
    "Z0700",
    "Z07",
    "-07:00:00",
    "-070000",
    "-07:00",
    "-0700",
    "-07",
    "002",
    "__2",
    "_2006",
    "01",
    "02",
    "03",
    "04",
    "05",
    "06",
    "_2",
    "15",
    "PM",
    "pm",
    "1",
    "2",
    "3",
    "4",
    "5",
];

/// Whether the layout goes on with this part. `Jan` and `Mon` are no parts of longer words.
fn begins(rest: &str, chunk: &str) -> bool {
    let Some(after) = rest.strip_prefix(chunk) else {
        return false;
    };
    match chunk {
        "Jan" | "Mon" => !after.starts_with(|c: char| c.is_ascii_lowercase()),
        // `_2006` is an underscore and a year.
        "_2006" => false,
        "_2" => !after.starts_with("006"),
        _ => true,
    }
}

/// How many digits of a fraction follow a point or comma, behind seconds.
fn fraction(rest: &str, before: &str) -> Option<usize> {
    let bytes = rest.as_bytes();
    let digit = *bytes.get(1)?;
    if !matches!(bytes[0], b'.' | b',')
        || !matches!(digit, b'0' | b'9')
        || !before.ends_with(|c: char| c.is_ascii_digit())
    {
        return None;
    }
    let digits = bytes[1..].iter().take_while(|byte| **byte == digit).count();
    (!bytes.get(1 + digits).is_some_and(u8::is_ascii_digit)).then_some(digits)
}

/// Where the quoted piece at the start ends; two quotes inside are one.
fn quoted_end(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 1;
    while at < bytes.len() {
        if bytes[at] == b'\'' {
            if bytes.get(at + 1) == Some(&b'\'') && at > 1 {
                at += 2;
                continue;
            }
            return Some(at);
        }
        at += 1;
    }
    None
}

fn month(date: Date) -> &'static str {
    const NAMES: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    NAMES[usize::try_from(date.month() - 1).unwrap_or(0) % 12]
}

fn weekday(date: Date) -> &'static str {
    const NAMES: [&str; 7] = [
        "Sunday",
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
    ];
    NAMES[usize::try_from(date.weekday().to_sunday_zero_offset()).unwrap_or(0) % 7]
}
