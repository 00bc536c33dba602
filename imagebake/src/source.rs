//! Where machines come from.

use crate::{
    artifact::AnyArtifact,
    cache::StepKey,
    describe::Describe,
    engine::Cx,
    error::{Error, ErrorKind, Result},
    guest::{Guest, Snapshot},
};
use std::{fmt, future::Future, path::PathBuf, pin::Pin};

/// The identity of what a machine starts from: a digest, an image id. Equal bases give equal step keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseId(String);

impl BaseId {
    /// `id` must change whenever the contents of the base do.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The identity.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A source that can be built.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be built",
    note = "implement `imagebake::source::Source` for it"
)]
pub trait Source: Describe {
    /// Whether machines are stored after their steps, for [`snapshot`](Self::snapshot) to find them. Where they are not, steps have no
    /// keys, and nothing that they read is read before the build for that.
    fn stores_machines(&self) -> bool {
        false
    }

    /// The builder's files and folders that a machine finds without any step: their contents go into the keys. Asked only of a source that
    /// [stores machines](Self::stores_machines); blocking.
    ///
    /// # Errors
    /// When a pattern matches nothing.
    fn inputs(&self, cx: &Cx) -> Result<Vec<PathBuf>> {
        let _ = cx;
        Ok(Vec::new())
    }

    /// Looks, without making anything, whether it could be built: the engine answers, files are readable, there is room.
    fn probe(&self, cx: &Cx) -> impl Future<Output = Result<()>> + Send {
        let _ = cx;
        async { Ok(()) }
    }

    /// What the machine starts from. Fetches it where that is needed.
    fn base(&self, cx: &Cx) -> impl Future<Output = Result<BaseId>> + Send;

    /// The stored machine as it was after the step with `key`, or before the first one, where there is one. Asked only of a source that
    /// [stores machines](Self::stores_machines).
    fn snapshot(&self, cx: &Cx, key: &StepKey) -> impl Future<Output = Result<Option<Snapshot>>> + Send {
        let _ = (cx, key);
        async { Ok(None) }
    }

    /// Starts a machine, hands it to `guest`, captures the artifact.
    fn build(&self, cx: &Cx, guest: Guest) -> impl Future<Output = Result<Self::Artifact>> + Send;
}

type Boxed<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// How a described source is built, if it can be.
pub struct Runtime<S: Describe>(std::result::Result<Functions<S>, NoRuntime>);

/// Why a source cannot be built by this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoRuntime {
    /// The platform's cargo feature is off.
    FeatureOff,
    /// Nobody has written it yet.
    Unwritten,
}

impl NoRuntime {
    pub(crate) fn message(self, kind: &str) -> String {
        match self {
            Self::FeatureOff => format!("`{kind}` plans, but this program cannot build it"),
            Self::Unwritten => format!("`{kind}` plans, but cannot be built: imagebake has no runtime for it yet"),
        }
    }

    pub(crate) fn hint(self) -> &'static str {
        match self {
            Self::FeatureOff => {
                "build with the platform's cargo feature instead of `plan-only`, where imagebake has one"
            }
            Self::Unwritten => {
                "`plan` and its comparisons work; leave it out of a build with `--except` or `.except([…])`"
            }
        }
    }

    pub(crate) fn error(self, kind: &str) -> Error {
        Error::new(ErrorKind::Unsupported, self.message(kind)).hint(self.hint())
    }
}

/// `impl Describe` of a described source that nothing can build yet: what it makes, and what it says of itself.
macro_rules! unwritten_source {
    ($source:ty => $artifact:ty, |$this:pat_param| $info:expr) => {
        impl $crate::describe::Describe for $source {
            type Artifact = $artifact;
            type Feature = $crate::describe::feature::core;
            const RUNTIME: $crate::source::Runtime<Self> = $crate::source::Runtime::unwritten();

            fn info(&self) -> $crate::describe::Info {
                let $this = self;
                $info
            }
        }
    };
}
pub(crate) use unwritten_source;

struct Functions<S> {
    stores_machines: fn(&S) -> bool,
    inputs: fn(&S, &Cx) -> Result<Vec<PathBuf>>,
    probe: for<'a> fn(&'a S, &'a Cx) -> Boxed<'a, ()>,
    base: for<'a> fn(&'a S, &'a Cx) -> Boxed<'a, BaseId>,
    snapshot: for<'a> fn(&'a S, &'a Cx, &'a StepKey) -> Boxed<'a, Option<Snapshot>>,
    build: for<'a> fn(&'a S, &'a Cx, Guest) -> Boxed<'a, AnyArtifact>,
}

impl<S: Describe> Runtime<S> {
    /// The source's own `impl Source`.
    pub const fn of() -> Self
    where
        S: Source,
    {
        Self(Ok(Functions {
            stores_machines: S::stores_machines,
            inputs: S::inputs,
            probe: |source, cx| Box::pin(source.probe(cx)),
            base: |source, cx| Box::pin(source.base(cx)),
            snapshot: |source, cx, key| Box::pin(source.snapshot(cx, key)),
            build: |source, cx, guest| Box::pin(async move { source.build(cx, guest).await.map(AnyArtifact::new) }),
        }))
    }

    /// A source that plans and cannot be built by this program.
    pub const fn planned() -> Self {
        Self(Err(NoRuntime::FeatureOff))
    }

    /// A source whose settings are described and whose runtime does not exist yet: it plans, and says so.
    pub const fn unwritten() -> Self {
        Self(Err(NoRuntime::Unwritten))
    }

    pub(crate) fn missing(&self) -> Option<NoRuntime> {
        self.0.as_ref().err().copied()
    }

    fn functions(&self) -> Result<&Functions<S>> {
        self.0.as_ref().map_err(|why| why.error(S::KIND))
    }

    pub(crate) async fn probe(&self, source: &S, cx: &Cx) -> Result<()> {
        (self.functions()?.probe)(source, cx).await
    }

    pub(crate) async fn base(&self, source: &S, cx: &Cx) -> Result<BaseId> {
        (self.functions()?.base)(source, cx).await
    }

    pub(crate) fn stores_machines(&self, source: &S) -> bool {
        self.functions()
            .is_ok_and(|functions| (functions.stores_machines)(source))
    }

    pub(crate) fn inputs(&self, source: &S, cx: &Cx) -> Result<Vec<PathBuf>> {
        (self.functions()?.inputs)(source, cx)
    }

    pub(crate) async fn snapshot(&self, source: &S, cx: &Cx, key: &StepKey) -> Result<Option<Snapshot>> {
        (self.functions()?.snapshot)(source, cx, key).await
    }

    pub(crate) async fn build(&self, source: &S, cx: &Cx, guest: Guest) -> Result<AnyArtifact> {
        (self.functions()?.build)(source, cx, guest).await
    }
}
