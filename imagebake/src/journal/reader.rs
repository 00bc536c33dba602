//! Reads a journal back: what of a run is still outside.

use super::entry::{Entry, VERSION};
use crate::{
    error::{Error, ErrorKind, Result},
    resource::Token,
};
use serde_json::Value;
use std::path::Path;

/// An object that was intended and is neither released nor deleted, as far as the journal knows.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Outstanding {
    pub(super) token: Token,
    pub(super) kind: String,
    pub(super) locator: Value,
    pub(super) unit: String,
    pub(super) id: Option<Value>,
}

/// What `text` says is left, in the order it was made. A torn last line is what a crash leaves and says nothing; anything else that
/// cannot be read is refused, for it could be the record of an object.
pub(super) fn outstanding(path: &Path, text: &[u8]) -> Result<Vec<Outstanding>> {
    let mut left: Vec<Outstanding> = Vec::new();
    let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    for (i, line) in text[..whole]
        .split(|byte| *byte == b'\n')
        .enumerate()
        .filter(|(_, line)| !line.is_empty())
    {
        let refused = |why: String| {
            Error::new(ErrorKind::Integrity, format!("{}:{}: {why}", path.display(), i + 1))
                .hint("nothing was removed; run cleanup with the version of the program that wrote it")
        };
        let entry: Entry = serde_json::from_slice(line).map_err(|error| refused(format!("unknown entry: {error}")))?;
        match entry {
            Entry::Run { v, .. } if v != VERSION => return Err(refused(format!("this journal has version {v}"))),
            Entry::Run { .. } | Entry::UndoFailed { .. } => {}
            Entry::Intent {
                token,
                kind,
                locator,
                unit,
            } => {
                left.push(Outstanding {
                    token,
                    kind,
                    locator,
                    unit,
                    id: None,
                });
            }
            Entry::Created { token, id } => match left.iter_mut().find(|object| object.token.id == token) {
                Some(object) => object.id = Some(id),
                None => return Err(refused(format!("{token} was created without an intent"))),
            },
            Entry::Released { token } | Entry::Deleted { token } => left.retain(|object| object.token.id != token),
        }
    }
    Ok(left)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn journal() -> String {
        let token = |id: &str| Token::new(id, "p", "r1", 0);
        let intent = |id: &str| Entry::Intent {
            token: token(id),
            kind: "acme/vm".into(),
            locator: json!({}),
            unit: "web.acme".into(),
        };
        let created = |id: &str| Entry::Created {
            token: id.into(),
            id: json!(id),
        };
        [
            Entry::Run {
                v: VERSION,
                run: "r1".into(),
                project: "p".into(),
            },
            intent("a"),
            created("a"),
            intent("b"),
            created("b"),
            Entry::Deleted { token: "b".into() },
            intent("c"),
        ]
        .iter()
        .map(Entry::line)
        .collect()
    }

    fn tokens(text: &[u8]) -> Vec<(String, bool)> {
        let left = outstanding(Path::new("j"), text).expect("it reads");
        left.into_iter()
            .map(|object| (object.token.id, object.id.is_some()))
            .collect()
    }

    #[test]
    fn what_is_neither_released_nor_deleted_is_left() {
        assert_eq!(
            tokens(journal().as_bytes()),
            [("a".to_owned(), true), ("c".to_owned(), false)]
        );
    }

    #[test]
    fn a_crash_at_any_byte_leaves_a_journal_that_reads_and_knows_every_complete_intent() {
        let text = journal();
        for cut in 0..=text.len() {
            let left = tokens(&text.as_bytes()[..cut]);
            let complete = |line: &str| text.find(line).map(|at| at + line.len() <= cut).unwrap_or(false);
            let intent = text.lines().nth(1).map(|line| format!("{line}\n")).expect("a line");
            assert_eq!(left.iter().any(|(id, _)| id == "a"), complete(&intent), "cut at {cut}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for bad in [
            "{\"entry\":\"run\",\"v\":2,\"run\":\"r\",\"project\":\"p\"}\n",
            "{}\n",
            "{\"entry\":\"x\"}\n",
            "garbage\n",
        ] {
            let error = outstanding(Path::new("j.jsonl"), bad.as_bytes()).expect_err(bad);
            assert!(error.message().starts_with("j.jsonl:1: "), "{error}");
        }
    }
}
