//! Post-processors in a row, typed from end to end and erased only at the two ends.

use crate::{
    artifact::{AnyArtifact, Artifact},
    engine::{Consumption, Cx, WantedDigests},
    error::Result,
    event::{Phase, StepRef},
    field::{Field, Place},
    io::DigestKind,
    names::UnitNames,
    plan::Diagnostics,
    post_processor::PostProcessor,
    step::Filter,
};
use std::{future::Future, panic::Location, pin::Pin, sync::Arc};

type Boxed<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// A post-processor with options. Any post-processor becomes one by [`PostExt`].
#[derive(Clone)]
pub struct Post<P> {
    processor: P,
    options: PostOptions,
}

#[derive(Clone, Default)]
pub(crate) struct PostOptions {
    pub(crate) filter: Filter,
    pub(crate) name: Option<String>,
    pub(crate) keep_input: Option<bool>,
}

impl<P> Post<P> {
    /// Only in the units that one of `globs` matches; elsewhere the whole chain is left out.
    #[must_use]
    pub fn only<T: Into<String>>(mut self, globs: impl IntoIterator<Item = T>) -> Self {
        self.options.filter.only = globs.into_iter().map(Into::into).collect();
        self
    }

    /// Not in the units that one of `globs` matches.
    #[must_use]
    pub fn except<T: Into<String>>(mut self, globs: impl IntoIterator<Item = T>) -> Self {
        self.options.filter.except = globs.into_iter().map(Into::into).collect();
        self
    }

    /// The post-processor's name in messages; its kind otherwise.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.options.name = Some(name.into());
        self
    }

    /// Whether the input stays when this is done, whatever the post-processor's custom is.
    #[must_use]
    pub fn keep_input_artifact(mut self, keep: bool) -> Self {
        self.options.keep_input = Some(keep);
        self
    }
}

/// Turns any post-processor into one with options.
pub trait PostExt: crate::describe::Component {
    /// See [`Post::only`].
    fn only_for<T: Into<String>>(self, globs: impl IntoIterator<Item = T>) -> Post<Self> {
        self.with_options().only(globs)
    }

    /// See [`Post::except`].
    fn except_for<T: Into<String>>(self, globs: impl IntoIterator<Item = T>) -> Post<Self> {
        self.with_options().except(globs)
    }

    /// See [`Post::keep_input_artifact`].
    fn keep_input_artifact(self, keep: bool) -> Post<Self> {
        self.with_options().keep_input_artifact(keep)
    }

    /// A post-processor without options yet.
    fn with_options(self) -> Post<Self> {
        Post {
            processor: self,
            options: PostOptions::default(),
        }
    }
}

impl<P: crate::describe::Component> PostExt for P {}

/// A post-processor, or one with options, that takes `In`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot take `{In}`",
    note = "what needs a certain artifact goes on the source that makes it, `.source(oci.post(…))`; `.post` of an image takes what fits every source's; files are needed to compress or hash"
)]
pub trait IntoPost<In: Artifact> {
    /// The post-processor.
    type Processor: PostProcessor<In>;
    /// With its options.
    fn into_post(self) -> Post<Self::Processor>;
}

#[diagnostic::do_not_recommend]
impl<In: Artifact, P: PostProcessor<In>> IntoPost<In> for P {
    type Processor = P;
    fn into_post(self) -> Post<P> {
        Post {
            processor: self,
            options: PostOptions::default(),
        }
    }
}

#[diagnostic::do_not_recommend]
impl<In: Artifact, P: PostProcessor<In>> IntoPost<In> for Post<P> {
    type Processor = P;
    fn into_post(self) -> Post<P> {
        self
    }
}

/// One post-processor of a chain, as planning sees it.
pub(crate) trait ErasedPost: Send + Sync {
    fn kind(&self) -> &'static str;
    fn is_unwritten(&self) -> bool;
    fn options(&self) -> &PostOptions;
    fn place(&self) -> Place;
    fn fields(&self) -> Vec<Field>;
    fn check(&self, problems: &mut Diagnostics);
    fn wants(&self) -> Vec<DigestKind>;
    fn keeps_input(&self) -> bool;
    fn needs_files(&self) -> bool;
}

struct Link<P, In> {
    post: Post<P>,
    place: &'static Location<'static>,
    input: std::marker::PhantomData<fn(In)>,
}

impl<In: Artifact, P: PostProcessor<In>> ErasedPost for Link<P, In> {
    fn kind(&self) -> &'static str {
        P::KIND
    }
    fn is_unwritten(&self) -> bool {
        P::UNWRITTEN
    }
    fn options(&self) -> &PostOptions {
        &self.post.options
    }
    fn place(&self) -> Place {
        self.place.into()
    }
    fn fields(&self) -> Vec<Field> {
        self.post.processor.fields()
    }
    fn check(&self, problems: &mut Diagnostics) {
        self.post.processor.check(problems);
    }
    fn wants(&self) -> Vec<DigestKind> {
        self.post.processor.wants()
    }
    fn keeps_input(&self) -> bool {
        self.post
            .options
            .keep_input
            .unwrap_or_else(|| self.post.processor.keeps_input())
    }
    fn needs_files(&self) -> bool {
        self.post.processor.needs_files()
    }
}

impl dyn ErasedPost + '_ {
    pub(crate) fn name(&self) -> &str {
        self.options().name.as_deref().unwrap_or(self.kind())
    }

    pub(crate) fn step_ref(&self, number: usize, of: usize) -> StepRef {
        StepRef::new(
            number,
            of,
            self.name(),
            self.kind(),
            Some(self.place()),
            Phase::PostProcess,
        )
    }
}

type Run<In, Out> = Arc<dyn for<'a> Fn(&'a ChainCx, In) -> Boxed<'a, Out> + Send + Sync>;

/// What a running chain knows besides its artifact.
pub(crate) struct ChainCx {
    pub(crate) cx: Cx,
    /// The chain's first post-processor is this number of the unit's.
    pub(crate) first: usize,
    pub(crate) of: usize,
    pub(crate) consumption: Consumption,
    /// The digests that each of its post-processors wants of what it is given.
    pub(crate) wants: Vec<Vec<DigestKind>>,
    /// The digests that later chains want of the artifact this one begins with.
    pub(crate) wanted_later: Vec<DigestKind>,
}

/// A sequence of post-processors: `Chain::of(DockerTag::new("acme/web")).then(DockerPush::new())`.
pub struct Chain<In, Out> {
    links: Vec<Arc<dyn ErasedPost>>,
    run: Run<In, Out>,
}

impl<In, Out> Clone for Chain<In, Out> {
    fn clone(&self) -> Self {
        Self {
            links: self.links.clone(),
            run: self.run.clone(),
        }
    }
}

impl<In: Artifact, Out: Artifact> Chain<In, Out> {
    /// A chain of one.
    #[track_caller]
    pub fn of<P: PostProcessor<In, Output = Out>>(post: impl IntoPost<In, Processor = P>) -> Self {
        let link = Arc::new(Link {
            post: post.into_post(),
            place: Location::caller(),
            input: Default::default(),
        });
        let erased: Arc<dyn ErasedPost> = link.clone();
        Self {
            links: vec![erased.clone()],
            run: Arc::new(move |chain, input| {
                let (link, erased) = (link.clone(), erased.clone());
                Box::pin(async move { run_link(chain, &link, &*erased, 0, input).await })
            }),
        }
    }

    /// `post` on what the chain gives so far.
    #[track_caller]
    #[must_use]
    pub fn then<I: IntoPost<Out>>(self, post: I) -> Chain<In, <I::Processor as PostProcessor<Out>>::Output> {
        let link = Arc::new(Link {
            post: post.into_post(),
            place: Location::caller(),
            input: Default::default(),
        });
        let erased: Arc<dyn ErasedPost> = link.clone();
        let (before, index) = (self.run, self.links.len());
        let mut links = self.links;
        links.push(erased.clone());
        Chain {
            links,
            run: Arc::new(move |chain, input| {
                let (before, link, erased) = (before.clone(), link.clone(), erased.clone());
                Box::pin(async move {
                    let between = before(chain, input).await?;
                    run_link(chain, &link, &*erased, index, between).await
                })
            }),
        }
    }

    pub(crate) fn erase(self) -> ErasedChain {
        ErasedChain {
            links: self.links,
            run: Arc::new(move |chain, any| {
                let run = self.run.clone();
                Box::pin(async move {
                    let input = any
                        .downcast::<In>()
                        .expect("a chain is only put where its input type is made");
                    run(chain, input).await.map(AnyArtifact::new)
                })
            }),
        }
    }
}

async fn run_link<In: Artifact, P: PostProcessor<In>>(
    chain: &ChainCx,
    link: &Link<P, In>,
    erased: &dyn ErasedPost,
    index: usize,
    input: In,
) -> Result<P::Output> {
    let step = erased.step_ref(chain.first + index, chain.of);
    let kept = AnyArtifact::new(input.clone());
    let stays = erased.keeps_input().then_some(DigestKind::Sha256);
    let later = if index == 0 { &chain.wanted_later[..] } else { &[] };
    chain.cx.set_wanted_digests(WantedDigests {
        of_input: later.iter().copied().chain(stays).collect(),
        of_output: chain.wants.get(index + 1).cloned().unwrap_or_default(),
    });
    let output = chain
        .cx
        .in_step(step, link.post.processor.process(&chain.cx, input))
        .await?;
    chain
        .consumption
        .consumed(kept, AnyArtifact::new(output.clone()), erased.keeps_input());
    Ok(output)
}

/// A chain whose two ends are forgotten.
#[derive(Clone)]
pub(crate) struct ErasedChain {
    pub(crate) links: Vec<Arc<dyn ErasedPost>>,
    pub(crate) run: Run<AnyArtifact, AnyArtifact>,
}

impl ErasedChain {
    /// What of the chain is for `unit`: all, or nothing when its first post-processor is not.
    pub(crate) fn admits(&self, unit: &UnitNames) -> bool {
        self.links.iter().all(|link| link.options().filter.admits(unit))
    }
}
