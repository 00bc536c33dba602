//! The lines of a journal.

use crate::resource::Token;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The version of the format; a journal of a newer one is kept and named.
pub(super) const VERSION: u32 = 1;

/// One line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Entry {
    /// The first line.
    Run { v: u32, run: String, project: String },
    /// An object is about to be made.
    Intent {
        token: Token,
        kind: String,
        locator: Value,
        unit: String,
    },
    /// It was made; `token` is the id of its token from here on.
    Created { token: String, id: Value },
    /// It became the artifact.
    Released { token: String },
    /// It is gone, or was never made.
    Deleted { token: String },
    /// It could not be removed.
    UndoFailed { token: String, error: String },
}

impl Entry {
    /// The line, its end included.
    pub(super) fn line(&self) -> String {
        let mut line = serde_json::to_string(self).expect("entries are plain data");
        line.push('\n');
        line
    }
}
