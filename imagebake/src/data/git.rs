//! The repository that an image stands in.

use super::{Lookup, LookupCx, command};
use crate::{
    communicator::Command,
    error::{Error, ErrorKind, Result},
};
use serde::{Deserialize, Serialize};
use std::{fmt, time::Duration};

/// The state of the repository; see [`Data::git`](super::Data::git).
pub struct GitRevision;

/// A commit, and whether files that git tracks differ from it. `{revision}` is the commit, with `-dirty` after it where they do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GitState {
    /// The commit, in full.
    pub commit: String,
    /// The branch, unless a commit is checked out without one.
    #[serde(default)]
    pub branch: Option<String>,
    /// Whether a file that git tracks differs from the commit; files that it does not know do not count.
    pub dirty: bool,
}

impl GitState {
    /// The first 12 digits of the commit, with `-dirty` where files differ from it.
    pub fn short(&self) -> String {
        let digits = &self.commit[..self.commit.len().min(12)];
        format!("{digits}{}", self.mark())
    }

    fn mark(&self) -> &'static str {
        if self.dirty { "-dirty" } else { "" }
    }

    /// Reads what `git status --porcelain=v2 --branch` prints; `None` before the first commit.
    fn read(text: &str) -> Option<Self> {
        let header = |name: &str| text.lines().find_map(|line| line.strip_prefix(name));
        let commit = header("# branch.oid ").filter(|commit| commit.bytes().all(|c| c.is_ascii_hexdigit()))?;
        Some(Self {
            commit: commit.to_owned(),
            branch: header("# branch.head ")
                .filter(|branch| *branch != "(detached)")
                .map(str::to_owned),
            dirty: text.lines().any(|line| !line.starts_with('#')),
        })
    }
}

impl fmt::Display for GitState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.commit, self.mark())
    }
}

#[diagnostic::do_not_recommend]
impl Lookup for GitRevision {
    const KIND: &'static str = "git";
    type Answer = GitState;

    fn question(&self) -> String {
        "HEAD".to_owned()
    }

    fn is_local(&self) -> bool {
        true
    }

    fn deadline(&self) -> Duration {
        Duration::from_secs(20)
    }

    fn shown(&self, state: &GitState) -> String {
        match &state.branch {
            Some(branch) => format!("{state} on {branch}"),
            None => state.to_string(),
        }
    }

    async fn look_up(&self, cx: &LookupCx<'_>) -> Result<GitState> {
        let words = ["git", "status", "--porcelain=v2", "--branch", "--untracked-files=no"];
        // Else git would refresh its index, and a plan writes nothing.
        let command = Command::program(words)
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("LC_ALL", "C");
        let printed = command::run(cx, command, &words.join(" ")).await?;
        GitState::read(&String::from_utf8_lossy(&printed)).ok_or_else(|| {
            Error::new(ErrorKind::NotFound, "the repository has no commit yet").hint("commit something first")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_states_of_a_repository() {
        let clean = "# branch.oid 0123456789abcdef0123\n# branch.head main\n# branch.upstream origin/main\n";
        let state = GitState::read(clean).expect("a commit");
        assert_eq!((state.branch.as_deref(), state.dirty), (Some("main"), false));
        assert_eq!(state.short(), "0123456789ab");
        let dirty =
            "# branch.oid 0123456789abcdef0123\n# branch.head (detached)\n1 .M N... 100644 100644 100644 a b c\n";
        let state = GitState::read(dirty).expect("a commit");
        assert_eq!((state.branch.as_deref(), state.dirty), (None, true));
        assert_eq!(state.to_string(), "0123456789abcdef0123-dirty");
        assert_eq!(GitState::read("# branch.oid (initial)\n# branch.head main\n"), None);
    }
}
