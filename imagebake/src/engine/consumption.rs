//! Which artifacts are left when all chains are done.
//!
//! An input is removed only after every chain has run, and only if every consumer gave it up. What nobody consumed, or somebody
//! kept, is what the unit made.

use crate::artifact::{AnyArtifact, Artifact};
use std::{
    collections::BTreeSet,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

/// The record of who took what. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Consumption(Arc<Mutex<Vec<Entry>>>);

struct Entry {
    artifact: AnyArtifact,
    /// Whether somebody wants it to stay, or nobody has taken it yet.
    kept: bool,
    consumers: usize,
}

fn same(a: &AnyArtifact, b: &AnyArtifact) -> bool {
    a.kind() == b.kind() && a.id() == b.id()
}

impl Consumption {
    /// Adds what a source or a post-processor made.
    pub(crate) fn made(&self, artifact: AnyArtifact) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match entries.iter_mut().find(|entry| same(&entry.artifact, &artifact)) {
            // The same artifact, perhaps with digests that were not known before.
            Some(entry) => entry.artifact = artifact,
            None => entries.push(Entry {
                artifact,
                kept: false,
                consumers: 0,
            }),
        }
    }

    /// A post-processor took `input` and made `output`.
    pub(crate) fn consumed(&self, input: AnyArtifact, output: AnyArtifact, kept: bool) {
        {
            let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(entry) = entries.iter_mut().find(|entry| same(&entry.artifact, &input)) {
                entry.consumers += 1;
                entry.kept |= kept || same(&input, &output);
            }
        }
        self.made(output);
    }

    /// What stays, and what is to be removed: artifacts that every consumer gave up and whose files are not part of one that
    /// stays.
    pub(crate) fn settle(&self) -> (Vec<AnyArtifact>, Vec<AnyArtifact>) {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (stay, go): (Vec<&Entry>, Vec<&Entry>) =
            entries.iter().partition(|entry| entry.kept || entry.consumers == 0);
        let paths = |artifact: &AnyArtifact| -> BTreeSet<PathBuf> {
            artifact.files().iter().map(|file| file.path().to_owned()).collect()
        };
        let staying: BTreeSet<PathBuf> = stay.iter().flat_map(|entry| paths(&entry.artifact)).collect();
        let go = go
            .into_iter()
            .filter(|entry| paths(&entry.artifact).is_disjoint(&staying));
        (
            stay.iter().map(|entry| entry.artifact.clone()).collect(),
            go.map(|entry| entry.artifact.clone()).collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{artifact::Files, io::FileRef};

    fn files(path: &str) -> AnyArtifact {
        AnyArtifact::new(Files::new(vec![FileRef::written(path, 1, Default::default())], "test"))
    }

    fn ids(artifacts: &[AnyArtifact]) -> Vec<String> {
        artifacts.iter().map(Artifact::id).collect()
    }

    #[test]
    fn an_input_goes_only_if_every_consumer_gave_it_up() {
        let record = Consumption::default();
        record.made(files("disk"));
        record.consumed(files("disk"), files("disk.gz"), false);
        let (stay, go) = record.settle();
        assert_eq!(
            (ids(&stay), ids(&go)),
            (vec!["disk.gz".to_owned()], vec!["disk".to_owned()])
        );

        record.consumed(files("disk"), files("disk.sum"), true);
        let (stay, go) = record.settle();
        assert_eq!((ids(&stay).len(), go.len()), (3, 0));
    }

    #[test]
    fn what_passes_through_stays() {
        let record = Consumption::default();
        record.made(files("disk"));
        record.consumed(files("disk"), files("disk"), false);
        assert_eq!(record.settle().1.len(), 0);
    }
}
