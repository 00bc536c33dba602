//! A source in an image: its name and its own chains.

use crate::{
    artifact::{AnyArtifact, Artifact},
    cache::StepKey,
    chain::{Chain, ErasedChain, IntoPost},
    describe::{Component, Describe, Enabled, Info},
    engine::Cx,
    error::Result,
    field::{Field, Place},
    guest::{Guest, Snapshot},
    plan::Diagnostics,
    source::{BaseId, NoRuntime},
};
use std::{future::Future, panic::Location, path::PathBuf, pin::Pin};

/// A source with a name and chains of its own. Any source becomes one by [`SourceExt`].
#[derive(Clone)]
pub struct Unit<S> {
    source: S,
    name: Option<String>,
    chains: Vec<ErasedChain>,
    place: &'static Location<'static>,
}

impl<S: Describe> Unit<S> {
    #[track_caller]
    fn of(source: S) -> Self {
        Self {
            source,
            name: None,
            chains: Vec::new(),
            place: Location::caller(),
        }
    }

    /// The source's name in its image, where its kind is not enough.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// A chain of one post-processor on this source's artifact.
    #[track_caller]
    #[must_use]
    pub fn post(self, post: impl IntoPost<S::Artifact, Processor: Component>) -> Self {
        self.chain(Chain::of(post))
    }

    /// A chain on this source's artifact.
    #[must_use]
    pub fn chain<Out: Artifact>(mut self, chain: Chain<S::Artifact, Out>) -> Self {
        self.chains.push(chain.erase());
        self
    }
}

/// Turns any source into a unit with a name and chains.
pub trait SourceExt: Describe {
    /// See [`Unit::named`].
    #[track_caller]
    fn named(self, name: impl Into<String>) -> Unit<Self> {
        Unit::of(self).named(name)
    }

    /// See [`Unit::post`].
    #[track_caller]
    fn post(self, post: impl IntoPost<Self::Artifact, Processor: Component>) -> Unit<Self> {
        Unit::of(self).post(post)
    }

    /// See [`Unit::chain`].
    #[track_caller]
    fn chain<Out: Artifact>(self, chain: Chain<Self::Artifact, Out>) -> Unit<Self> {
        Unit::of(self).chain(chain)
    }
}

impl<S: Describe> SourceExt for S {}

/// A source, or one with a name and chains.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a source of machines",
    note = "sources are `oci::Oci`, `null::Null`, `file::File` and whatever implements `imagebake::source::Source`"
)]
pub trait IntoUnit {
    /// The source.
    type Source: Describe<Feature = Self::Feature>;
    /// The cargo feature that the source needs.
    type Feature;
    /// The unit.
    fn into_unit(self, place: &'static Location<'static>) -> Unit<Self::Source>;
}

#[diagnostic::do_not_recommend]
impl<S: Describe> IntoUnit for S {
    type Source = S;
    type Feature = S::Feature;
    fn into_unit(self, place: &'static Location<'static>) -> Unit<S> {
        Unit {
            source: self,
            name: None,
            chains: Vec::new(),
            place,
        }
    }
}

#[diagnostic::do_not_recommend]
impl<S: Describe> IntoUnit for Unit<S> {
    type Source = S;
    type Feature = S::Feature;
    fn into_unit(self, _: &'static Location<'static>) -> Unit<S> {
        self
    }
}

type Boxed<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// The sealed, type-erased twin of [`Unit`].
pub(crate) trait ErasedUnit: Send + Sync {
    fn kind(&self) -> &'static str;
    fn name(&self) -> Option<&str>;
    fn place(&self) -> Place;
    fn fields(&self) -> Vec<Field>;
    fn check(&self, problems: &mut Diagnostics);
    fn info(&self) -> Info;
    fn no_runtime(&self) -> Option<NoRuntime>;
    fn chains(&self) -> &[ErasedChain];
    fn probe<'a>(&'a self, cx: &'a Cx) -> Boxed<'a, ()>;
    fn base<'a>(&'a self, cx: &'a Cx) -> Boxed<'a, BaseId>;
    fn stores_machines(&self) -> bool;
    fn inputs(&self, cx: &Cx) -> Result<Vec<PathBuf>>;
    fn snapshot<'a>(&'a self, cx: &'a Cx, key: &'a StepKey) -> Boxed<'a, Option<Snapshot>>;
    fn build<'a>(&'a self, cx: &'a Cx, guest: Guest) -> Boxed<'a, AnyArtifact>;
}

impl<S: Describe<Feature: Enabled>> ErasedUnit for Unit<S> {
    fn kind(&self) -> &'static str {
        S::KIND
    }
    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }
    fn place(&self) -> Place {
        self.place.into()
    }
    fn fields(&self) -> Vec<Field> {
        self.source.fields()
    }
    fn check(&self, problems: &mut Diagnostics) {
        Component::check(&self.source, problems);
    }
    fn info(&self) -> Info {
        self.source.info()
    }
    fn no_runtime(&self) -> Option<NoRuntime> {
        S::RUNTIME.missing()
    }
    fn chains(&self) -> &[ErasedChain] {
        &self.chains
    }
    fn probe<'a>(&'a self, cx: &'a Cx) -> Boxed<'a, ()> {
        Box::pin(async move { S::RUNTIME.probe(&self.source, cx).await })
    }
    fn base<'a>(&'a self, cx: &'a Cx) -> Boxed<'a, BaseId> {
        Box::pin(async move { S::RUNTIME.base(&self.source, cx).await })
    }
    fn stores_machines(&self) -> bool {
        S::RUNTIME.stores_machines(&self.source)
    }
    fn inputs(&self, cx: &Cx) -> Result<Vec<PathBuf>> {
        S::RUNTIME.inputs(&self.source, cx)
    }
    fn snapshot<'a>(&'a self, cx: &'a Cx, key: &'a StepKey) -> Boxed<'a, Option<Snapshot>> {
        Box::pin(async move { S::RUNTIME.snapshot(&self.source, cx, key).await })
    }
    fn build<'a>(&'a self, cx: &'a Cx, guest: Guest) -> Boxed<'a, AnyArtifact> {
        Box::pin(async move { S::RUNTIME.build(&self.source, cx, guest).await })
    }
}
