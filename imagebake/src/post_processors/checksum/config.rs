//! The settings of `checksum`.

use crate::{describe::Component, field::Places, io::DigestKind, plan::Diagnostics, value::Template};
use imagebake_macros::Config;

/// The variable of `output` that the kind of the digest stands for.
pub(super) const CHECKSUM_TYPE: &str = "checksum_type";

/// Writes digests of the artifact's files: one file for each kind, with a line `<digest>  <name>` for each file, as `sha256sum --check`
/// reads it. The artifact goes on with these files added to its own.
#[derive(Clone, Debug, Config)]
#[config(constructors(all(kinds)))]
pub struct Checksum {
    /// Kinds of digests.
    #[field(default = [DigestKind::Md5], each = "kind", template = "checksum_types")]
    kinds: Vec<DigestKind>,
    /// The file to write, relative to the current folder; `{{ checksum_type }}` is the kind: `md5`, `sha256`.
    #[field(
        default = "{{ image }}_{{ source }}_{{ checksum_type }}.checksum",
        facts("checksum_type"),
        template = "output"
    )]
    output: Template,
    at: Places,
}

impl Checksum {
    /// Digests of this kind; [`Checksum::kind`] adds more.
    #[track_caller]
    pub fn of(kind: DigestKind) -> Self {
        Self::all([kind])
    }

    /// Digests of these kinds, all computed in one read.
    #[track_caller]
    pub fn all(kinds: impl IntoIterator<Item = DigestKind>) -> Self {
        let mut checksum = Self::defaults();
        checksum.kinds.clear();
        // A loop, for in a closure the caller's line is lost.
        for kind in kinds {
            checksum = checksum.kind(kind);
        }
        checksum
    }

    pub(super) fn wanted(&self) -> &[DigestKind] {
        &self.kinds
    }
    pub(super) fn output_template(&self) -> &Template {
        &self.output
    }
}

impl Component for Checksum {
    const KIND: &'static str = "checksum";

    fn check(&self, problems: &mut Diagnostics) {
        if self.kinds.is_empty() {
            problems.error(
                "kinds",
                "empty",
                "there is no kind of digest to compute; add one, such as `DigestKind::Sha256`",
            );
        }
        if self.output.is_empty() {
            problems.error("output", "empty", "the checksums need the name of a file");
        }
        if self.output.is_secret() {
            problems.error("output", "secret", "the name of a file cannot be a secret");
        }
        let names_kind = self
            .output
            .variables()
            .is_ok_and(|names| names.iter().any(|name| name == CHECKSUM_TYPE));
        let mut kinds = self.kinds.clone();
        kinds.sort();
        kinds.dedup();
        if kinds.len() > 1 && !names_kind {
            problems.error(
                "output",
                "ambiguous",
                "checksums of several kinds need a file each; put `{{ checksum_type }}` into the name",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(checksum: &Checksum) -> usize {
        let mut problems = Diagnostics::new();
        checksum.check(&mut problems);
        problems.len()
    }

    #[test]
    fn one_file_for_several_kinds_is_a_plan_error() {
        let two = Checksum::all([DigestKind::Md5, DigestKind::Sha256]);
        assert_eq!(codes(&two), 0);
        assert_eq!(codes(&two.clone().output("sums.txt")), 1);
        assert_eq!(codes(&Checksum::of(DigestKind::Sha256).output("sums.txt")), 0);
        assert_eq!(codes(&Checksum::all([])), 1);
    }
}
