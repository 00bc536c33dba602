//! The part of a build that happens in a machine, as the engine hands it to a source.
//!
//! The engine has computed the step keys and looked up the deepest stored snapshot before [`Source::build`](crate::source::Source::build)
//! is called. The source starts its machine from [`Guest::start_from`] or from its base, gets in, and calls [`Guest::provision`] with
//! the live machine and whatever powers it has.

use crate::{
    cache::StepKey,
    communicator::{Communicator, ErasedCommunicator},
    engine::{Cx, StepRunner},
    error::Result,
};
use serde::{Deserialize, Serialize};
use std::{future::Future, pin::Pin, sync::Arc};

type Boxed<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// A stored state of a machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Snapshot {
    /// The step after which it was taken, or the base.
    pub key: StepKey,
    /// What the source calls it.
    pub id: String,
}

impl Snapshot {
    /// The state after the step with `key`, which the source calls `id`.
    pub fn new(key: StepKey, id: impl Into<String>) -> Self {
        Self { key, id: id.into() }
    }
}

/// The power of a machine to be stored between steps.
pub trait Snapshots: Send + Sync {
    /// Stores the machine's state as that before the first step, which has come to be in this build: the machine was not started from
    /// [`Guest::start_from`]. Nothing by default, which is right where the base is as good.
    fn take_base(&self, key: &StepKey) -> impl Future<Output = Result<()>> + Send {
        let _ = key;
        std::future::ready(Ok(()))
    }

    /// Stores the machine's state as that after the step called `title`. Without a `key` nothing can be found again, but a
    /// machine that is made of one layer per step still takes its layer.
    fn take(&self, key: Option<&StepKey>, title: &str) -> impl Future<Output = Result<()>> + Send;
}

pub(crate) trait ErasedSnapshots: Send + Sync {
    fn take_base<'a>(&'a self, key: &'a StepKey) -> Boxed<'a, ()>;
    fn take<'a>(&'a self, key: Option<&'a StepKey>, title: &'a str) -> Boxed<'a, ()>;
}

impl<S: Snapshots> ErasedSnapshots for S {
    fn take_base<'a>(&'a self, key: &'a StepKey) -> Boxed<'a, ()> {
        Box::pin(Snapshots::take_base(self, key))
    }
    fn take<'a>(&'a self, key: Option<&'a StepKey>, title: &'a str) -> Boxed<'a, ()> {
        Box::pin(Snapshots::take(self, key, title))
    }
}

/// A machine that somebody is in, with its optional powers.
pub struct Machine {
    pub(crate) comm: Arc<dyn ErasedCommunicator>,
    pub(crate) snapshots: Option<Arc<dyn ErasedSnapshots>>,
    pub(crate) facts: Vec<(&'static str, String)>,
}

impl Machine {
    /// A machine reached by `communicator`.
    pub fn new(communicator: impl Communicator) -> Self {
        Self {
            comm: Arc::new(communicator),
            snapshots: None,
            facts: Vec::new(),
        }
    }

    /// A machine that can be stored between steps.
    #[must_use]
    pub fn snapshots(mut self, snapshots: impl Snapshots + 'static) -> Self {
        self.snapshots = Some(Arc::new(snapshots));
        self
    }

    /// What the platform calls the machine: `build.id`.
    #[must_use]
    pub fn id(self, id: impl Into<String>) -> Self {
        self.fact("id", id)
    }

    /// A fact for templates and scripts, as `build.NAME`: `host`, `port`, `user`, or one of the platform's own.
    #[must_use]
    pub fn fact(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.facts.push((name, value.into()));
        self
    }
}

/// Proof that the steps were run.
#[derive(Debug)]
pub struct Provisioned(pub(crate) ());

/// The steps that are to be run in a machine.
pub struct Guest {
    runner: StepRunner,
    start_from: Option<Snapshot>,
}

impl Guest {
    pub(crate) fn new(runner: StepRunner, start_from: Option<Snapshot>) -> Self {
        Self { runner, start_from }
    }

    /// The deepest stored state from which the machine can start; the base where there is none.
    pub fn start_from(&self) -> Option<&Snapshot> {
        self.start_from.as_ref()
    }

    /// The keys under which this build may store its machine: before the first step, then after each, those that a stored state stands for
    /// among them. Empty where nothing is to be stored.
    pub fn keys(&self) -> Vec<StepKey> {
        self.runner.keys()
    }

    /// How many steps are left to run.
    pub fn steps_left(&self) -> usize {
        self.runner.left()
    }

    /// Runs the steps that are left, storing the machine after each where it can be stored.
    ///
    /// # Errors
    /// The first step that failed, after the error-cleanup steps have run; or what the user cancelled.
    pub async fn provision(self, cx: &Cx, machine: Machine) -> Result<Provisioned> {
        self.runner.run(cx, machine).await.map(|()| Provisioned(()))
    }
}
