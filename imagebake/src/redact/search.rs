//! Looks for secrets in bytes that are kept: files of an image, not output that is told.
//!
//! Only whole values count, since a line of a key may stand in a thousand files, and only those of eight bytes and more: shorter ones turn
//! up by chance. Raw, base64 at each alignment, URL-, JSON- and shell-quoted; what is compressed or encrypted is not found.

use super::{Redactor, forms};
use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind};
use std::{collections::BTreeMap, sync::Arc};

/// Shorter values are not looked for.
const SHORTEST: usize = 8;

/// A search in a stream that comes in chunks cut anywhere.
pub(crate) struct Search {
    automaton: AhoCorasick,
    names: Vec<Arc<str>>,
    longest: usize,
    /// The end of what has passed, as long as a secret may have begun in it.
    tail: Vec<u8>,
    passed: u64,
}

impl Redactor {
    /// A search for the secrets known now; `None` where there is none to look for.
    pub(crate) fn search(&self) -> Option<Search> {
        let patterns = self.patterns();
        let long = patterns.values.iter().filter(|(value, _)| value.len() >= SHORTEST);
        let forms: BTreeMap<Vec<u8>, Arc<str>> = long
            .flat_map(|(value, name)| forms::of_whole(value).into_iter().map(|form| (form, name.clone())))
            .filter(|(form, _)| form.len() >= SHORTEST)
            .collect();
        let longest = forms.keys().map(Vec::len).max()?;
        let automaton = AhoCorasickBuilder::new()
            .match_kind(MatchKind::LeftmostFirst)
            .build(forms.keys())
            .expect("secrets are far smaller than the automaton's limits");
        Some(Search {
            automaton,
            names: forms.into_values().collect(),
            longest,
            tail: Vec::new(),
            passed: 0,
        })
    }
}

impl Search {
    /// Takes a chunk; `found` is told each secret that ends in it, and where in the stream it begins.
    pub(crate) fn push(&mut self, chunk: &[u8], mut found: impl FnMut(&str, u64)) {
        // First what lies across the cut, then what lies in the chunk.
        let across = chunk.len().min(self.longest - 1);
        let cut = self.tail.len();
        self.tail.extend_from_slice(&chunk[..across]);
        let begin = self.passed - cut as u64;
        for hit in self
            .automaton
            .find_iter(&self.tail)
            .filter(|hit| hit.start() < cut && hit.end() > cut)
        {
            found(&self.names[hit.pattern()], begin + hit.start() as u64);
        }
        for hit in self.automaton.find_iter(chunk) {
            found(&self.names[hit.pattern()], self.passed + hit.start() as u64);
        }
        self.passed += chunk.len() as u64;
        if chunk.len() >= self.longest {
            self.tail.clear();
            self.tail.extend_from_slice(&chunk[chunk.len() - (self.longest - 1)..]);
        } else {
            let keep = self.tail.len().saturating_sub(self.longest - 1);
            self.tail.drain(..keep);
        }
    }

    /// How many bytes back a secret that is found next may begin.
    pub(crate) fn reach(&self) -> u64 {
        self.longest as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(redactor: &Redactor, chunks: &[&[u8]]) -> Vec<(String, u64)> {
        let (mut search, mut all) = (redactor.search().expect("there are secrets"), Vec::new());
        for chunk in chunks {
            search.push(chunk, |name, at| all.push((name.to_owned(), at)));
        }
        all
    }

    #[test]
    fn whole_values_are_found_and_short_ones_and_lines_are_not() {
        let redactor = Redactor::new();
        redactor.register("short", "hunter2");
        assert!(redactor.search().is_none());
        redactor.register("key", "-----BEGIN KEY-----\nabcdef\n-----END KEY-----\n");
        assert!(found(&redactor, &[b"-----BEGIN KEY-----\nother\n"]).is_empty());
        let whole = b"x\n-----BEGIN KEY-----\nabcdef\n-----END KEY-----";
        assert_eq!(found(&redactor, &[whole]), [("key".to_owned(), 2)]);
        redactor.register("token", "correct-horse");
        for form in ["Y29ycmVjdC1ob3JzZQ", "correct%2Dhorse", "correct-horse"] {
            assert_eq!(found(&redactor, &[form.as_bytes()]).len(), 1, "{form}");
        }
    }

    proptest! {
        #[test]
        fn a_secret_is_found_once_however_the_stream_is_cut(
            before in "[a-z ]{0,30}",
            after in "[a-z ]{0,30}",
            cuts in proptest::collection::vec(0usize..80, 0..8),
        ) {
            let redactor = Redactor::new();
            redactor.register("token", "CORRECT_HORSE");
            let text = format!("{before}CORRECT_HORSE{after}");
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            cuts.extend([0, text.len()]);
            cuts.sort();
            let chunks: Vec<&[u8]> = cuts.windows(2).map(|pair| &text.as_bytes()[pair[0]..pair[1]]).collect();
            prop_assert_eq!(found(&redactor, &chunks), [("token".to_owned(), before.len() as u64)]);
        }
    }
}
