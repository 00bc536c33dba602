//! What `null` makes: nothing that can be named outside.

use crate::artifact::Artifact;

/// The artifact of a source that captures nothing.
#[derive(Clone, Debug)]
pub struct Nothing;

impl Artifact for Nothing {
    const KIND: &'static str = "nothing";
    fn id(&self) -> String {
        "Null".to_owned()
    }
    fn builder_id(&self) -> &'static str {
        "fnoeding.null"
    }
}
