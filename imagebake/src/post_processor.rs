//! What is done with an artifact.

use crate::{artifact::Artifact, describe::Component, engine::Cx, error::Result, io::DigestKind};
use std::future::Future;

/// Something done with an artifact of type `In`: compress it, push it, note it in a manifest.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot take `{In}`",
    note = "what needs a certain artifact goes on the source that makes it, `.source(oci.post(…))`; `.post` of an image takes what fits every source's; files are needed to compress or hash"
)]
pub trait PostProcessor<In: Artifact>: Component {
    /// What it gives to the next in its chain.
    type Output: Artifact;

    /// The digests of the input's files that it wants; whoever writes or first reads the files computes them in that pass.
    fn wants(&self) -> Vec<DigestKind> {
        Vec::new()
    }

    /// Whether it can do nothing with an artifact that has no files; then planning refuses one.
    fn needs_files(&self) -> bool {
        false
    }

    /// Whether the input stays when this is done. An input is removed after all its chains are done, and only if every consumer
    /// gave it up.
    fn keeps_input(&self) -> bool {
        true
    }

    /// Does it.
    fn process(&self, cx: &Cx, input: In) -> impl Future<Output = Result<Self::Output>> + Send;
}
