//! The forms in which a secret is likely to be printed.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::collections::BTreeSet;

/// Shorter values, and shorter lines of longer ones, are not hidden.
const SHORTEST: usize = 3;
/// A piece of base64 that is shorter than this turns up by chance.
const SHORTEST_BASE64: usize = 6;
/// What URLs leave as it is.
const URL: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Every form of `value`: raw, base64 at each alignment, URL-, JSON- and shell-quoted; and each of its lines.
pub(super) fn of(value: &str) -> Vec<Vec<u8>> {
    let mut all = BTreeSet::new();
    let whole = value.trim_end_matches(['\n', '\r']);
    for text in [value, whole].into_iter().chain(value.lines().map(str::trim)) {
        if text.len() >= SHORTEST {
            add(text, &mut all);
        }
    }
    all.into_iter().map(String::into_bytes).collect()
}

/// Every form of the value as a whole, with and without its last line break.
#[cfg(feature = "oci")]
pub(super) fn of_whole(value: &str) -> Vec<Vec<u8>> {
    let mut all = BTreeSet::new();
    add(value, &mut all);
    add(value.trim_end_matches(['\n', '\r']), &mut all);
    all.into_iter().map(String::into_bytes).collect()
}

fn add(text: &str, all: &mut BTreeSet<String>) {
    all.insert(text.to_owned());
    for alphabet in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
        all.extend((0..3).filter_map(|offset| base64_middle(alphabet, text.as_bytes(), offset)));
    }
    for set in [NON_ALPHANUMERIC, URL] {
        let upper = utf8_percent_encode(text, set).to_string();
        all.insert(upper.replace("%20", "+"));
        all.insert(lower_hex(&upper));
        all.insert(upper);
    }
    let json = serde_json::to_string(text).unwrap_or_default();
    let json = json.trim_start_matches('"');
    let json = json.strip_suffix('"').unwrap_or(json).to_owned();
    all.insert(json.replace('/', "\\/"));
    all.insert(json);
    all.insert(text.replace('\'', r"'\''"));
    all.insert(text.replace('\'', "'\"'\"'"));
    all.insert(escaped(text, |c| matches!(c, '"' | '$' | '`' | '\\')));
    all.insert(escaped(text, |c| !(c.is_alphanumeric() || "_-./:=@%+,".contains(c))));
}

/// The part of the base64 of longer data that is the same whatever stands around `bytes`, which begin `offset` bytes after a
/// multiple of three.
fn base64_middle(alphabet: &impl Engine, bytes: &[u8], offset: usize) -> Option<String> {
    let mut padded = vec![0; offset];
    padded.extend_from_slice(bytes);
    let text = alphabet.encode(&padded);
    let (from, to) = ((offset * 8).div_ceil(6), padded.len() * 8 / 6);
    (to >= from + SHORTEST_BASE64).then(|| text[from..to].to_owned())
}

fn lower_hex(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut after_percent = 0;
    for c in text.chars() {
        out.push(if after_percent > 0 { c.to_ascii_lowercase() } else { c });
        after_percent = if c == '%' { 2 } else { after_percent.max(1) - 1 };
    }
    out
}

fn escaped(text: &str, which: impl Fn(char) -> bool) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        if which(c) {
            out.push('\\');
        }
        out.push(c);
        out
    })
}
