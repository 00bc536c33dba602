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

    /// Whether it only plans, because its runtime does not exist yet: planning says so, and `validate` and `build` refuse it before anything
    /// is made.
    const UNWRITTEN: bool = false;

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

/// `impl PostProcessor` of a described post-processor that nothing can run yet: what it takes, what it makes, whether it needs files.
macro_rules! unwritten_post_processor {
    ($name:ty => $output:ty, needs_files = $needs_files:expr) => {
        impl<In: $crate::artifact::Artifact> $crate::post_processor::PostProcessor<In> for $name {
            type Output = $output;
            const UNWRITTEN: bool = true;

            fn needs_files(&self) -> bool {
                $needs_files
            }

            async fn process(&self, _: &$crate::engine::Cx, _: In) -> $crate::error::Result<$output> {
                Err($crate::source::NoRuntime::Unwritten.error(<Self as $crate::describe::Component>::KIND))
            }
        }
    };
}
pub(crate) use unwritten_post_processor;

/// The same of one whose platform is not compiled in: it takes what it always takes, so that it plans.
#[cfg(all(feature = "plan-only", not(feature = "docker")))]
macro_rules! planned_post_processor {
    (body $input:ty => $output:ty, $needs_files:expr) => {
        type Output = $output;

        fn needs_files(&self) -> bool {
            $needs_files
        }

        async fn process(&self, _: &$crate::engine::Cx, _: $input) -> $crate::error::Result<$output> {
            Err($crate::source::NoRuntime::FeatureOff.error(<Self as $crate::describe::Component>::KIND))
        }
    };
    ($name:ty: files => $output:ty) => {
        impl<In: $crate::artifact::HasFiles> $crate::post_processor::PostProcessor<In> for $name {
            $crate::post_processor::planned_post_processor!(body In => $output, true);
        }
    };
    ($name:ty: $input:ty => $output:ty) => {
        impl $crate::post_processor::PostProcessor<$input> for $name {
            $crate::post_processor::planned_post_processor!(body $input => $output, false);
        }
    };
}
#[cfg(all(feature = "plan-only", not(feature = "docker")))]
pub(crate) use planned_post_processor;
