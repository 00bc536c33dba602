//! Nothing secret reaches an event, a log or a report: what stands in front of all of them.
//!
//! A [`Redactor`] knows the secrets of a run in every form in which they are likely to be printed (see `forms.rs`); [`StreamRedactor`]
//! hides them in a stream whatever way it is cut. What it does not do: guess what might be secret. Values of one or two bytes
//! are not hidden: they would blot out most of a log, and hide nothing that cannot be guessed.

mod forms;
#[cfg(feature = "oci")]
mod search;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, AhoCorasickKind, Input, MatchKind, packed};
#[cfg(feature = "oci")]
pub(crate) use search::Search;
use std::{
    borrow::Cow,
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

/// Automata up to this size are fully unrolled, which is several times as fast.
const UNROLLED_UP_TO: usize = 256 << 10;

/// The secrets of a run. Cheap to clone; secrets may be added at any time.
#[derive(Clone, Default)]
pub struct Redactor(Arc<RwLock<Arc<Patterns>>>);

#[derive(Default)]
struct Patterns {
    /// Each form and the name of its secret.
    forms: BTreeMap<Vec<u8>, Arc<str>>,
    names: Vec<Arc<str>>,
    lengths: Vec<usize>,
    longest: usize,
    /// For each byte the forms that begin with it.
    by_first: Vec<Vec<Vec<u8>>>,
    automaton: Option<AhoCorasick>,
    /// Finds where the first form begins, many bytes at a time: nearly all output has none. Absent where there are too many forms for it.
    first: Option<packed::Searcher>,
    /// Each whole value and its name.
    values: BTreeMap<String, Arc<str>>,
}

impl Redactor {
    /// Knows no secret yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Hides `value` from now on; `<secret NAME>` stands for it.
    pub fn register(&self, name: &str, value: &str) {
        self.register_all([(name, value)]);
    }

    /// Hides several values from now on, at the price of one.
    pub(crate) fn register_all<N: AsRef<str>, V: AsRef<str>>(&self, secrets: impl IntoIterator<Item = (N, V)>) {
        let (mut new, mut values) = (BTreeMap::new(), BTreeMap::new());
        for (name, value) in secrets {
            let name: Arc<str> = name.as_ref().into();
            values.insert(value.as_ref().to_owned(), name.clone());
            new.extend(forms::of(value.as_ref()).into_iter().map(|form| (form, name.clone())));
        }
        let mut current = self.0.write().unwrap_or_else(PoisonError::into_inner);
        new.retain(|form, _| !current.forms.contains_key(form));
        if new.is_empty() {
            return;
        }
        let mut all = current.forms.clone();
        all.extend(new);
        values.extend(current.values.clone());
        *current = Arc::new(Patterns::new(all, values));
    }

    /// Whether nothing is hidden.
    pub(crate) fn is_empty(&self) -> bool {
        self.patterns().automaton.is_none()
    }

    fn patterns(&self) -> Arc<Patterns> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// `text` with every secret hidden.
    pub fn redact_str<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let patterns = self.patterns();
        let found = patterns.covered(text.as_bytes(), 0);
        if found.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut out = Vec::with_capacity(text.len());
        patterns.emit(text.as_bytes(), &found, 0, text.len(), &mut out);
        Cow::Owned(String::from_utf8_lossy(&out).into_owned())
    }

    /// `value` with every secret in its texts and keys hidden.
    pub fn redact_json(&self, value: &mut serde_json::Value) {
        use serde_json::Value;
        match value {
            Value::String(text) => {
                if let Cow::Owned(clean) = self.redact_str(text) {
                    *text = clean;
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.redact_json(item)),
            Value::Object(map) => {
                let clean = std::mem::take(map).into_iter().map(|(key, mut item)| {
                    self.redact_json(&mut item);
                    (self.redact_str(&key).into_owned(), item)
                });
                *map = clean.collect();
            }
            _ => {}
        }
    }
}

/// A stretch that is hidden, and the form that names it.
#[derive(Clone, Copy, Debug)]
struct Covered {
    start: usize,
    end: usize,
    /// `None` for what was announced before.
    name: Option<usize>,
}

impl Patterns {
    fn new(forms: BTreeMap<Vec<u8>, Arc<str>>, values: BTreeMap<String, Arc<str>>) -> Self {
        let mut by_first = vec![Vec::new(); 256];
        for form in forms.keys() {
            by_first[usize::from(form[0])].push(form.clone());
        }
        let bytes: usize = forms.keys().map(Vec::len).sum();
        let kind = (bytes <= UNROLLED_UP_TO).then_some(AhoCorasickKind::DFA);
        let automaton = AhoCorasickBuilder::new()
            .match_kind(MatchKind::Standard)
            .kind(kind)
            .build(forms.keys())
            .expect("secrets are far smaller than the automaton's limits");
        Self {
            names: forms.values().cloned().collect(),
            lengths: forms.keys().map(Vec::len).collect(),
            longest: forms.keys().map(Vec::len).max().unwrap_or(0),
            by_first,
            automaton: Some(automaton),
            first: packed::Searcher::new(forms.keys()),
            forms,
            values,
        }
    }

    /// The stretches of `bytes` that forms cover, in order, those that touch joined; the first `announced` bytes are covered already.
    fn covered(&self, bytes: &[u8], announced: usize) -> Vec<Covered> {
        let mut found: Vec<Covered> = Vec::new();
        if announced > 0 {
            found.push(Covered {
                start: 0,
                end: announced,
                name: None,
            });
        }
        let Some(automaton) = &self.automaton else { return found };
        let from = match &self.first {
            Some(first) => match first.find(bytes) {
                Some(hit) => hit.start(),
                None => return found,
            },
            None => 0,
        };
        for hit in automaton.find_overlapping_iter(Input::new(bytes).range(from..)) {
            let pattern = hit.pattern().as_usize();
            let mut this = Covered {
                start: hit.start(),
                end: hit.end(),
                name: Some(pattern),
            };
            // Hits come by their ends, so a longer one may begin before several that were found earlier.
            while let Some(last) = found.last().filter(|last| last.end > this.start) {
                let longer = |name: usize| self.lengths[name] >= this.name.map_or(0, |name| self.lengths[name]);
                this = Covered {
                    start: this.start.min(last.start),
                    end: this.end.max(last.end),
                    name: match last.name {
                        None => None,
                        Some(name) if longer(name) => Some(name),
                        Some(_) => this.name,
                    },
                };
                found.pop();
            }
            found.push(this);
        }
        found
    }

    /// Where the longest end of `bytes` begins that a form could continue.
    fn undecided(&self, bytes: &[u8]) -> usize {
        let from = bytes.len().saturating_sub(self.longest.saturating_sub(1));
        let continues = |at: &usize| {
            let end = &bytes[*at..];
            self.by_first[usize::from(bytes[*at])]
                .iter()
                .any(|form| form.len() > end.len() && form.starts_with(end))
        };
        (from..bytes.len()).find(continues).unwrap_or(bytes.len())
    }

    /// Writes `bytes[from..to]` with `found` hidden; a stretch is announced where it begins.
    fn emit(&self, bytes: &[u8], found: &[Covered], from: usize, to: usize, out: &mut Vec<u8>) {
        let mut at = from;
        for stretch in found.iter().take_while(|stretch| stretch.start < to) {
            out.extend_from_slice(&bytes[at.min(stretch.start)..stretch.start]);
            if let Some(pattern) = stretch.name {
                match &*self.names[pattern] {
                    "" => out.extend_from_slice(b"<secret>"),
                    name => out.extend_from_slice(format!("<secret {name}>").as_bytes()),
                }
            }
            at = stretch.end;
        }
        if at < to {
            out.extend_from_slice(&bytes[at..to]);
        }
    }
}

/// Hides secrets in a stream that comes in chunks cut anywhere.
///
/// Holds back only what could be the beginning of a secret, so that an interactive line appears at once.
pub struct StreamRedactor {
    redactor: Redactor,
    held: Vec<u8>,
    /// How many of the held bytes belong to a secret that was announced.
    announced: usize,
}

impl StreamRedactor {
    /// A new stream.
    pub fn new(redactor: &Redactor) -> Self {
        Self {
            redactor: redactor.clone(),
            held: Vec::new(),
            announced: 0,
        }
    }

    /// Takes a chunk; what is certain by now is added to `out`.
    pub fn push(&mut self, chunk: &[u8], out: &mut Vec<u8>) {
        let patterns = self.redactor.patterns();
        if patterns.automaton.is_none() && self.held.is_empty() {
            out.extend_from_slice(chunk);
            return;
        }
        if self.held.is_empty() {
            let keep = self.pass(&patterns, chunk, patterns.undecided(chunk), out);
            self.held.extend_from_slice(&chunk[keep..]);
        } else {
            let mut bytes = std::mem::take(&mut self.held);
            bytes.extend_from_slice(chunk);
            let keep = self.pass(&patterns, &bytes, patterns.undecided(&bytes), out);
            bytes.drain(..keep);
            self.held = bytes;
        }
    }

    /// Ends the stream: what was held back is added to `out`.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        let bytes = std::mem::take(&mut self.held);
        let patterns = self.redactor.patterns();
        self.pass(&patterns, &bytes, bytes.len(), out);
        self.announced = 0;
    }

    fn pass(&mut self, patterns: &Patterns, bytes: &[u8], to: usize, out: &mut Vec<u8>) -> usize {
        let found = patterns.covered(bytes, self.announced);
        patterns.emit(bytes, &found, 0, to, out);
        let begun = |stretch: &&Covered| stretch.start < to || stretch.name.is_none();
        let across = found.iter().filter(begun).find(|stretch| stretch.end > to);
        self.announced = across.map_or(0, |stretch| stretch.end - to);
        to
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn redactor(secrets: &[&str]) -> Redactor {
        let redactor = Redactor::new();
        secrets
            .iter()
            .enumerate()
            .for_each(|(i, secret)| redactor.register(&format!("s{i}"), secret));
        redactor
    }

    fn stream(redactor: &Redactor, chunks: &[&[u8]]) -> String {
        let (mut stream, mut out) = (StreamRedactor::new(redactor), Vec::new());
        chunks.iter().for_each(|chunk| stream.push(chunk, &mut out));
        stream.finish(&mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn a_secret_is_hidden_however_it_is_cut_or_written() {
        let redactor = redactor(&["hunter2!'\"x"]);
        assert_eq!(stream(&redactor, &[b"a hunt", b"er2!", b"'\"x b"]), "a <secret s0> b");
        for form in [
            "hunter2!'\\''\"x",
            "hunter2%21%27%22x",
            "hunter2!'\\\"x",
            "aHVudGVyMiEnIn",
        ] {
            assert!(redactor.redact_str(form).contains("<secret s0>"), "{form}");
        }
        assert_eq!(redactor.redact_str("nothing"), "nothing");
    }

    #[test]
    fn only_what_could_be_a_secret_is_held_back() {
        let redactor = redactor(&["hunter2"]);
        let (mut stream, mut out) = (StreamRedactor::new(&redactor), Vec::new());
        stream.push(b"password: ", &mut out);
        assert_eq!(out, b"password: ");
        stream.push(b"hun", &mut out);
        assert_eq!(out, b"password: ");
        stream.push(b"g", &mut out);
        assert_eq!(out, b"password: hung");
    }

    #[test]
    fn overlapping_secrets_are_hidden_whole() {
        let redactor = redactor(&["abcdef", "defghi", "cde"]);
        assert_eq!(stream(&redactor, &[b"1abcde", b"fghi2"]), "1<secret s0>2");
        assert_eq!(stream(&redactor, &[b"1cde2"]), "1<secret s2>2");
    }

    #[test]
    fn json_is_hidden_in_keys_and_values() {
        let mut value = serde_json::json!({"a hunter2": ["x hunter2", 1], "b": {"c": "hunter2"}});
        redactor(&["hunter2"]).redact_json(&mut value);
        let hidden = serde_json::json!({"a <secret s0>": ["x <secret s0>", 1], "b": {"c": "<secret s0>"}});
        assert_eq!(value, hidden);
    }

    #[test]
    fn each_line_of_a_secret_is_one() {
        let redactor = redactor(&["first line\nsecond line\r\n\nab"]);
        assert_eq!(redactor.redact_str("x second line y ab"), "x <secret s0> y ab");
    }

    proptest! {
        #[test]
        fn cutting_changes_nothing(
            secrets in proptest::collection::vec("[abc]{3,6}", 1..4),
            text in "[abc]{0,60}",
            cuts in proptest::collection::vec(0usize..60, 0..6),
        ) {
            let names: Vec<&str> = secrets.iter().map(String::as_str).collect();
            let redactor = redactor(&names);
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            cuts.extend([0, text.len()]);
            cuts.sort();
            let chunks: Vec<&[u8]> = cuts.windows(2).map(|pair| &text.as_bytes()[pair[0]..pair[1]]).collect();
            let whole = stream(&redactor, &[text.as_bytes()]);
            let cut = stream(&redactor, &chunks);
            let strip = |text: &str| (0..4).fold(text.to_owned(), |text, i| text.replace(&format!("<secret s{i}>"), "*"));
            prop_assert_eq!(strip(&whole), strip(&cut));
            for secret in &secrets {
                prop_assert!(!strip(&cut).contains(secret.as_str()));
            }
        }

        #[test]
        fn no_form_of_a_secret_survives(secret in "[ -~]{6,24}", before in "[a-z]{0,5}", after in "[a-z]{0,5}") {
            use base64::Engine as _;
            let redactor = redactor(&[&secret]);
            let whole = format!("{before}{secret}{after}");
            let encoded = base64::engine::general_purpose::STANDARD.encode(&whole);
            prop_assert!(redactor.redact_str(&encoded).contains("<secret"));
            prop_assert!(!redactor.redact_str(&whole).contains(&secret));
            let json = serde_json::to_string(&whole).expect("text");
            prop_assert!(redactor.redact_str(&json).contains("<secret"));
        }
    }
}
