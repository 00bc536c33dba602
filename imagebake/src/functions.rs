//! Functions of Packer's templates for which Rust has nothing shorter; imported images use them.

use crate::error::{Error, ErrorKind, Result};
use base64::Engine as _;
use sha2::Digest as _;
use std::{borrow::Borrow, collections::BTreeMap, fmt::Display, str::FromStr, time::Duration};

fn wrong(message: String) -> Error {
    Error::new(ErrorKind::Config, message)
}

/// A number that is given as text or as another number; empty text is 0, as templates take it.
///
/// # Errors
/// When it is none, or does not fit.
pub fn number<T: FromStr>(value: &(impl Display + ?Sized)) -> Result<T> {
    let text = value.to_string();
    let number = if text.trim().is_empty() { "0" } else { text.trim() };
    number
        .parse()
        .map_err(|_| wrong(format!("{text:?} is no number, or not one that fits here")))
}

/// A flag that is given as text; empty text is `false`, as templates take it.
///
/// # Errors
/// When it is none.
pub fn flag(text: &str) -> Result<bool> {
    match text {
        "true" | "1" | "t" | "T" | "TRUE" | "True" => Ok(true),
        "false" | "0" | "f" | "F" | "FALSE" | "False" | "" => Ok(false),
        _ => Err(wrong(format!("{text:?} is no flag")).hint("write `true` or `false`")),
    }
}

/// A length of time that is given as text: `90s`, `1h30m`; empty text is none, and so is what templates have below zero (`-1s`).
///
/// # Errors
/// When it is none.
pub fn duration(text: &str) -> Result<Duration> {
    if text.trim().is_empty() {
        return Ok(Duration::ZERO);
    }
    let (negative, length) = match text.trim().strip_prefix('-') {
        Some(length) => (true, length),
        None => (false, text.trim()),
    };
    humantime::parse_duration(length)
        .map(|length| if negative { Duration::ZERO } else { length })
        .map_err(|why| wrong(format!("{text:?} is no length of time: {why}")).hint("write it as `90s` or `1h30m`"))
}

/// What an input that may be absent must be here.
///
/// # Errors
/// When it is absent.
pub fn given<'o, T>(value: &'o Option<T>, name: &str) -> Result<&'o T> {
    value
        .as_ref()
        .ok_or_else(|| wrong(format!("`{name}` has no value, and one is needed here")))
}

/// Element number `at` of a list, from 0.
///
/// # Errors
/// When there are fewer.
pub fn element<T>(list: &[T], at: usize) -> Result<&T> {
    list.get(at).ok_or_else(|| {
        let count = list.len();
        wrong(format!("there is no element number {at} in a list of {count}"))
    })
}

/// Element number `at` of a list, from 0; behind the last one the list begins again.
///
/// # Errors
/// When there are none.
pub fn element_modulo<T>(list: &[T], at: usize) -> Result<&T> {
    let at = at.checked_rem(list.len());
    at.and_then(|at| list.get(at))
        .ok_or_else(|| wrong("an empty list has no elements".to_owned()))
}

/// The entry of a map.
///
/// # Errors
/// When there is none of that name.
pub fn entry<'m, K: Borrow<str> + Ord, V>(map: &'m BTreeMap<K, V>, name: &str) -> Result<&'m V> {
    map.get(name).ok_or_else(|| {
        let known: Vec<&str> = map.keys().map(Borrow::borrow).collect();
        let told = wrong(format!("there is no entry {name:?}"));
        match crate::plan::nearest(name, known.iter().copied()) {
            Some(near) => told.hint(format!("did you mean {near:?}?")),
            None => told.hint(format!("there are: {}", known.join(", "))),
        }
    })
}

/// The error of a list of sources that names one which is not there.
pub fn no_source(name: &str, known: &[&str]) -> Error {
    let told = wrong(format!("there is no source {name:?}"));
    match crate::plan::nearest(name, known.iter().copied()) {
        Some(near) => told.hint(format!("did you mean {near:?}?")),
        None => told.hint(format!("there are: {}", known.join(", "))),
    }
}

/// Whether a regular expression, written out in the program, is found in `text`.
///
/// # Panics
/// When `regex` is no regular expression.
pub fn matches(regex: &str, text: &str) -> bool {
    compiled(regex).is_match(text)
}

/// What a regular expression finds first in `text`.
///
/// # Errors
/// When it finds nothing.
///
/// # Panics
/// When `regex` is no regular expression.
pub fn found(regex: &str, text: &str) -> Result<String> {
    let found = compiled(regex).find(text).map(|found| found.as_str().to_owned());
    found.ok_or_else(|| nothing_found(regex, text))
}

/// What the named groups of a regular expression take of what it finds first in `text`.
///
/// # Errors
/// When it finds nothing.
///
/// # Panics
/// When `regex` is no regular expression.
pub fn groups(regex: &str, text: &str) -> Result<Groups> {
    let regex_of = compiled(regex);
    let found = regex_of.captures(text).ok_or_else(|| nothing_found(regex, text))?;
    let named = regex_of.capture_names().flatten().filter_map(|name| {
        let taken = found.name(name)?.as_str();
        Some((name.to_owned(), taken.to_owned()))
    });
    Ok(Groups(named.collect()))
}

/// What [`groups`] found.
#[derive(Clone, Debug)]
pub struct Groups(BTreeMap<String, String>);

impl Groups {
    /// What the group of that name took, where it took anything.
    pub fn get(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }
}

fn nothing_found(regex: &str, text: &str) -> Error {
    wrong(format!(
        "nothing in {text:?} is what the regular expression {regex:?} looks for"
    ))
}

/// `text` with all that a regular expression finds replaced; `$1` and `${name}` stand for its groups.
///
/// # Panics
/// When `regex` is no regular expression.
pub fn regex_replace(regex: &str, text: &str, with: &str) -> String {
    compiled(regex).replace_all(text, with).into_owned()
}

fn compiled(regex: &str) -> regex_lite::Regex {
    regex_lite::Regex::new(regex).expect("a regular expression in a program is a right one")
}

/// The texts without those that came before.
pub fn distinct<T: AsRef<str>>(list: &[T]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for text in list.iter().map(AsRef::as_ref) {
        if !found.iter().any(|known| known == text) {
            found.push(text.to_owned());
        }
    }
    found
}

/// The texts in the order of their bytes.
pub fn sorted<T: AsRef<str>>(list: &[T]) -> Vec<String> {
    let mut list: Vec<String> = list.iter().map(|text| text.as_ref().to_owned()).collect();
    list.sort();
    list
}

/// The texts in the order of their bytes, each once.
pub fn set<T: AsRef<str>>(list: &[T]) -> Vec<String> {
    let mut list = sorted(list);
    list.dedup();
    list
}

/// The values of each name, in their order: `{for x in list : x.kind => x.name...}`.
pub fn grouped<V>(pairs: impl IntoIterator<Item = (String, V)>) -> BTreeMap<String, Vec<V>> {
    let mut groups: BTreeMap<String, Vec<V>> = BTreeMap::new();
    for (name, value) in pairs {
        groups.entry(name).or_default().push(value);
    }
    groups
}

/// A file of Packer's language with values in place of `${name}`; `$${` stands for `${`.
///
/// # Errors
/// When something else than one of the names stands between the braces, or braces do not end.
pub fn filled(file: &str, values: &[(&str, &dyn Display)]) -> Result<String> {
    let mut out = String::new();
    let mut rest = file;
    while let Some(at) = rest.find("${") {
        let (before, inner) = (&rest[..at], &rest[at + 2..]);
        if let Some(before) = before.strip_suffix('$') {
            out.push_str(before);
            out.push_str("${");
            rest = inner;
            continue;
        }
        let Some(end) = inner.find('}') else {
            return Err(wrong("a `${` has no `}`".to_owned()).hint("write `$${` for a literal `${`"));
        };
        let name = inner[..end].trim();
        let Some((_, value)) = values.iter().find(|(known, _)| *known == name) else {
            let known: Vec<&str> = values.iter().map(|(known, _)| *known).collect();
            let told = wrong(format!("`${{{name}}}` is none of the names that the file is given"));
            return Err(match crate::plan::nearest(name, known.iter().copied()) {
                Some(near) => told.hint(format!("did you mean `{near}`?")),
                None => told.hint(format!("it is given: {}", known.join(", "))),
            });
        };
        out.push_str(before);
        out.push_str(&value.to_string());
        rest = &inner[end + 1..];
    }
    out.push_str(rest);
    Ok(out)
}

/// Text with commas as a list; empty text is an empty one.
pub fn cut(text: &str) -> Vec<String> {
    match text {
        "" => Vec::new(),
        text => text.split(',').map(str::to_owned).collect(),
    }
}

/// The last part of a path; `.` where it has none, `/` for the root.
pub fn basename(path: &str) -> String {
    let last = path.trim_end_matches('/');
    match (path, last) {
        ("", _) => ".".to_owned(),
        (_, "") => "/".to_owned(),
        (_, last) => last.rsplit('/').next().unwrap_or(last).to_owned(),
    }
}

/// A path up to its last `/`, cleaned; `.` where it has none.
pub fn dirname(path: &str) -> String {
    match path.rfind('/') {
        Some(at) => clean(&path[..=at]),
        None => ".".to_owned(),
    }
}

/// Without `.`, `..` and doubled slashes, as far as the text alone tells.
pub(crate) fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    let rooted = path.starts_with('/');
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            ".." if rooted => {}
            part => parts.push(part),
        }
    }
    match (rooted, parts.is_empty()) {
        (true, _) => format!("/{}", parts.join("/")),
        (false, true) => ".".to_owned(),
        (false, false) => parts.join("/"),
    }
}

/// `length` characters from number `start` on; from the end where `start` is negative, all that follow where `length` is.
pub fn substr(text: &str, start: i64, length: i64) -> String {
    let count = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
    let start = if start < 0 { (count + start).max(0) } else { start };
    let skipped = text.chars().skip(usize::try_from(start).unwrap_or(usize::MAX));
    match usize::try_from(length) {
        Ok(length) => skipped.take(length).collect(),
        Err(_) => skipped.collect(),
    }
}

/// In Base64.
pub fn base64(bytes: impl AsRef<[u8]>) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// The whole path; a relative one starts at `folder`. Nothing looks whether it exists.
pub fn absolute(folder: &str, path: &str) -> String {
    match path.starts_with('/') {
        true => clean(path),
        false => clean(&format!("{folder}/{path}")),
    }
}

/// The path with `home` in place of a `~` at its beginning.
pub fn expand_home(home: &str, path: &str) -> String {
    match path.strip_prefix('~') {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("{home}{rest}"),
        _ => path.to_owned(),
    }
}

/// As a part of a URL.
pub fn urlencode(text: &str) -> String {
    const KEPT: &percent_encoding::AsciiSet = &percent_encoding::NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'_')
        .remove(b'.')
        .remove(b'~');
    percent_encoding::utf8_percent_encode(text, KEPT)
        .to_string()
        .replace("%20", "+")
}

fn hex(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The MD5 digest in hexadecimal.
pub fn md5(text: &str) -> String {
    hex(md5::Md5::digest(text))
}

/// The SHA-1 digest in hexadecimal.
pub fn sha1(text: &str) -> String {
    hex(sha1::Sha1::digest(text))
}

/// The SHA-256 digest in hexadecimal.
pub fn sha256(text: &str) -> String {
    hex(sha2::Sha256::digest(text))
}

/// What JSON can be made of.
pub trait Json {
    /// As a value of JSON.
    fn to_json(&self) -> serde_json::Value;
}

#[diagnostic::do_not_recommend]
impl<T: serde::Serialize> Json for T {
    fn to_json(&self) -> serde_json::Value {
        // Texts, numbers, flags, and lists and maps of them: there is nothing that could not be said.
        serde_json::to_value(self).unwrap_or_default()
    }
}

/// An object of JSON, its names in order.
pub fn object(entries: &[(&str, &dyn Json)]) -> serde_json::Value {
    let entries: BTreeMap<&str, &dyn Json> = entries.iter().copied().collect();
    let entries = entries
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_json()));
    serde_json::Value::Object(entries.collect())
}

/// As JSON in one line, which may stand in HTML: `<`, `>` and `&` are escaped, as templates do it.
pub fn json(value: &dyn Json) -> String {
    let mut out = String::new();
    for c in value.to_json().to_string().chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out
}

/// The SHA-512 digest in hexadecimal.
pub fn sha512(text: &str) -> String {
    hex(sha2::Sha512::digest(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_as_numbers_and_times() {
        assert_eq!(number::<u16>(" 22 ").expect("a number"), 22);
        assert_eq!(number::<i64>(&7_u32).expect("a number"), 7);
        assert!(number::<u16>("70000").is_err());
        assert_eq!(duration("1h30m").expect("a time"), Duration::from_secs(5400));
        assert_eq!(duration("-1s").expect("none"), Duration::ZERO);
        assert!(duration("soon").is_err() && duration("-soon").is_err());
        assert_eq!(
            ["true", "1", "false", ""].map(|text| flag(text).expect("a flag")),
            [true, true, false, false]
        );
        assert!(flag("yes").is_err());
        assert_eq!(
            (number::<u8>("").expect("0"), duration("").expect("none")),
            (0, Duration::ZERO)
        );
    }

    #[test]
    fn objects_are_json_as_templates_write_it() {
        let words = ["a<b", "\u{8}\"\u{1f}"];
        let map = BTreeMap::from([("y", 1), ("x", -2)]);
        let inner = object(&[("deep", &true), ("absent", &None::<String>)]);
        let all: [(&str, &dyn Json); 4] = [("z", &words), ("map", &map), ("inner", &inner), ("text", &"&é\u{2028}")];
        assert_eq!(
            json(&object(&all)),
            r#"{"inner":{"absent":null,"deep":true},"map":{"x":-2,"y":1},"text":"\u0026é\u2028","z":["a\u003cb","\b\"\u001f"]}"#
        );
        assert_eq!(json(&"x"), "\"x\"");
    }

    #[test]
    fn groups_have_what_they_took() {
        let version = r"^(?P<major>\d+)(?:\.(?P<minor>\d+))?|(?P<branch>\w+)$";
        let found = groups(version, "24.x").expect("it is one");
        assert_eq!((found.get("major").as_deref(), found.get("branch")), (Some("24"), None));
        let found = groups(version, "next").expect("it is one");
        assert_eq!(
            (found.get("minor"), found.get("branch").as_deref()),
            (None, Some("next"))
        );
        let error = groups("^a$", "b").expect_err("nothing is found");
        assert!(error.message().contains("\"b\""), "{}", error.message());
        assert_eq!(super::found("b+", "abba").expect("found"), "bb");
        assert!(super::found("c", "abba").is_err());
    }

    #[test]
    fn files_are_filled_by_name() {
        let (user, port) = ("ann", 80);
        let values: [(&str, &dyn Display); 2] = [("user", &user), ("port", &port)];
        let filled = |text| super::filled(text, &values);
        assert_eq!(
            filled("${user}:${ port } $${HOME} $5").expect("known"),
            "ann:80 ${HOME} $5"
        );
        assert!(filled("${usr}").expect_err("unknown").hints()[0].contains("`user`"));
        assert!(filled("a ${user").is_err());
        let pairs = [("b", 1), ("a", 2), ("b", 3)].map(|(name, value)| (name.to_owned(), value));
        let groups = grouped(pairs);
        assert_eq!(
            groups,
            BTreeMap::from([("a".to_owned(), vec![2]), ("b".to_owned(), vec![1, 3])])
        );
    }

    #[test]
    fn what_is_missing_is_told_with_what_there_is() {
        assert_eq!(element(&[1, 2], 1).expect("there"), &2);
        assert!(element::<u8>(&[], 0).is_err());
        assert_eq!(given(&Some(1), "x").expect("there"), &1);
        assert!(given::<u8>(&None, "x").is_err());
        let map = BTreeMap::from([("ubuntu", 1), ("debian", 2)]);
        assert_eq!(entry(&map, "debian").expect("there"), &2);
        let error = entry(&map, "debain").expect_err("misspelt");
        assert_eq!(error.hints(), ["did you mean \"debian\"?"]);
    }

    #[test]
    fn texts_are_changed_as_templates_change_them() {
        assert!(matches("^v[0-9]+$", "v12"));
        assert_eq!(regex_replace("[- TZ:]", "2026-01-02T03:04:05Z", ""), "20260102030405");
        assert_eq!(distinct(&["b", "a", "b"]), ["b", "a"]);
        assert_eq!(set(&["b", "a", "b"]), ["a", "b"]);
        assert_eq!(
            (cut("a,b c,"), cut("")),
            (vec!["a".into(), "b c".into(), String::new()], vec![])
        );
        assert_eq!(
            [basename("a/b.c"), basename("b/"), basename(""), basename("//")],
            ["b.c", "b", ".", "/"]
        );
        assert_eq!(
            [dirname("a/b"), dirname("b"), dirname("/b"), dirname("a//b/")],
            ["a", ".", "/", "a/b"]
        );
        assert_eq!(
            [substr("hello", 1, 3), substr("hello", -2, -1), substr("é", 0, 9)],
            ["ell", "lo", "é"]
        );
        assert_eq!(base64("a?b"), "YT9i");
        assert_eq!(urlencode("a b/ü~"), "a+b%2F%C3%BC~");
        assert_eq!(md5("a"), "0cc175b9c0f1b6a831c399e269772661");
        assert_eq!(sha1("a"), "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8");
        assert!(sha256("a").starts_with("ca978112ca1bbdcafac231b39a23dc4d"));
        assert!(sha512("a").starts_with("1f40fc92da241694750979ee6cf582f2"));
    }
}
