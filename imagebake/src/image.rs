//! An image: sources, steps and chains. Inert data; making one touches no disk, network or clock.

use crate::{
    artifact::{AnyArtifact, Artifact},
    chain::{Chain, ErasedChain, IntoPost},
    describe::{Component, Enabled},
    step::{ErasedStep, IntoStep},
    unit::{ErasedUnit, IntoUnit},
};
use std::{panic::Location, sync::Arc};

/// The description of an image. One plain type: `if`s, loops and helper functions stay ordinary Rust.
///
/// ```
/// use imagebake::prelude::*;
///
/// fn hardened(image: Image) -> Image {
///     image.provision(ShellLocal::inline(["echo hardened"]))
/// }
///
/// fn web(debug: bool) -> Image {
///     let mut image = Image::new().source(Null::local()).post(Manifest::to("manifest.json"));
///     if debug {
///         image = image.provision(ShellLocal::inline(["env | sort"]));
///     }
///     hardened(image)
/// }
/// # web(true);
/// ```
#[derive(Clone, Default)]
#[must_use = "an image that is not returned is not built"]
pub struct Image {
    pub(crate) units: Vec<Arc<dyn ErasedUnit>>,
    pub(crate) steps: Vec<Arc<dyn ErasedStep>>,
    pub(crate) error_cleanup: Vec<Arc<dyn ErasedStep>>,
    pub(crate) chains: Vec<ErasedChain>,
    pub(crate) description: Option<String>,
}

impl Image {
    /// An image without anything yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// What the image is for; shown by `list` and `inspect`. The doc comment of the `#[image]` function serves too.
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }

    /// Adds a source; all sources of an image are built side by side.
    #[track_caller]
    pub fn source(mut self, source: impl IntoUnit<Feature: Enabled<Proof: Sized>>) -> Self {
        self.units.push(Arc::new(source.into_unit(Location::caller())));
        self
    }

    /// Adds a step; steps run in the order they are added.
    #[track_caller]
    pub fn provision(mut self, step: impl IntoStep) -> Self {
        self.steps.push(Arc::new(step.into_step(Location::caller())));
        self
    }

    /// Adds a step that runs when a step has failed, before the machine is removed.
    #[track_caller]
    pub fn error_cleanup(mut self, step: impl IntoStep) -> Self {
        self.error_cleanup.push(Arc::new(step.into_step(Location::caller())));
        self
    }

    /// Adds a chain of one post-processor on every source's artifact.
    #[track_caller]
    pub fn post(self, post: impl IntoPost<AnyArtifact, Processor: Component>) -> Self {
        self.chain(Chain::of(post))
    }

    /// Adds a chain on every source's artifact.
    pub fn chain<Out: Artifact>(mut self, chain: Chain<AnyArtifact, Out>) -> Self {
        self.chains.push(chain.erase());
        self
    }

    /// Adds all that `other` has.
    pub fn merge(mut self, other: Image) -> Self {
        self.units.extend(other.units);
        self.steps.extend(other.steps);
        self.error_cleanup.extend(other.error_cleanup);
        self.chains.extend(other.chains);
        self.description = self.description.or(other.description);
        self
    }
}
