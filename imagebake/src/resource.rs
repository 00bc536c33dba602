//! Objects outside the process, and how a later process finds and removes them.
//!
//! A [`Resource`] value is the specification of one object. Everything a process needs that knows only the journal is in its
//! [`Resource::Locator`]: where to look (endpoint, region) and by which *references* to secrets, never their values. Objects come to
//! be through [`Scope::create`](crate::journal::Scope::create) alone, which records the intent durably first.

use crate::error::Result;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::{future::Future, pin::Pin, time::SystemTime};

type Boxed<T> = Pin<Box<dyn Future<Output = Result<T>> + Send>>;

/// Who an outside object belongs to: written into the object itself (labels, tags, its name), so that `find` works after a
/// crash and a sweep works after the disk with the journal is lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct Token {
    /// Unique to this object: `ib-` and 20 letters or digits, valid in names of every platform.
    pub id: String,
    /// The project: a stable hash of where it lives and its name.
    pub project: String,
    /// The run that made it.
    pub run: String,
    /// When a sweep may take it, in seconds since 1970.
    pub expires: u64,
}

impl Token {
    /// A token for one object of `run` in `project`.
    pub fn new(id: impl Into<String>, project: impl Into<String>, run: impl Into<String>, expires: u64) -> Self {
        Self {
            id: id.into(),
            project: project.into(),
            run: run.into(),
            expires,
        }
    }
}

/// One object of a kind, as a sweep finds it.
#[derive(Debug)]
pub struct Owned<Id> {
    /// Its identity.
    pub id: Id,
    /// The token read back from its labels.
    pub token: Token,
    /// When it was made, where the platform says.
    pub created: Option<SystemTime>,
}

/// A kind of object outside the process. See the module documentation.
pub trait Resource: Send + Sync + Sized + 'static {
    /// `crate/kind`, unique among all crates: `imagebake/oci-workspace`.
    const KIND: &'static str;
    /// What a later process needs to reach the platform; serialised into the journal.
    type Locator: Serialize + DeserializeOwned + Send + Sync;
    /// The platform's driver.
    type Driver: Send + Sync;
    /// The object's identity, known once it exists.
    type Id: Serialize + DeserializeOwned + Clone + Send + Sync;

    /// Connects to the platform; resolves references to secrets.
    fn open(at: &Self::Locator) -> impl Future<Output = Result<Self::Driver>> + Send;
    /// Makes the object and writes `token` into it.
    fn create(&self, driver: &Self::Driver, token: &Token) -> impl Future<Output = Result<Self::Id>> + Send;
    /// Finds the object that carries `token`; `None` when it was never made or is gone.
    fn find(driver: &Self::Driver, token: &Token) -> impl Future<Output = Result<Option<Self::Id>>> + Send;
    /// Removes it; an object that is already gone is success.
    fn delete(driver: &Self::Driver, id: Self::Id) -> impl Future<Output = Result<()>> + Send;
    /// Every object of this kind that carries a token of `project`.
    fn list(driver: &Self::Driver, project: &str) -> impl Future<Output = Result<Vec<Owned<Self::Id>>>> + Send;
    /// Takes the marks of ownership off an object that became the artifact, before it is released: from then on [`list`](Self::list)
    /// must not name it, or a sweep would take what the user keeps. Nothing by default: right for kinds that are never released, that
    /// `list` never names, or whose place the artifact has left by then.
    fn keep(at: &Self::Locator, id: &Self::Id) -> impl Future<Output = Result<()>> + Send {
        let _ = (at, id);
        std::future::ready(Ok(()))
    }
    /// Where a sweep looks when nothing is known but the platform's name and the environment; empty when the kind cannot be
    /// swept without a journal.
    fn locators(state_dir: &std::path::Path) -> Vec<Self::Locator> {
        let _ = state_dir;
        Vec::new()
    }
}

/// Written by [`resource!`](crate::resource!) only; [`Scope::create`](crate::journal::Scope::create) asks for it, so that an
/// object that could not be cleaned up does not compile.
#[diagnostic::on_unimplemented(
    message = "`{Self}` could not be cleaned up after a crash",
    note = "write `imagebake::resource!({Self});` beside its `impl Resource`"
)]
pub trait Registered: Resource {
    #[doc(hidden)]
    const RECOVERY: Recovery;
}

/// What a process without the resource's type can do with a journal entry of its kind.
#[derive(Clone, Copy)]
pub struct Recovery {
    pub(crate) kind: &'static str,
    pub(crate) at: &'static str,
    pub(crate) undo: fn(Value, Token, Option<Value>) -> Boxed<bool>,
    pub(crate) keep: fn(Value, Value) -> Boxed<()>,
    pub(crate) sweep: fn(std::path::PathBuf, SweepFilter) -> Boxed<Vec<Swept>>,
}

/// What a sweep may remove: objects of `project` that were made before `made_before` and whose time has run out at `now`.
#[derive(Clone, Debug)]
pub(crate) struct SweepFilter {
    pub(crate) project: String,
    pub(crate) made_before: SystemTime,
    pub(crate) now: SystemTime,
    pub(crate) dry_run: bool,
    /// Runs that are going on here: theirs are never taken, however old.
    pub(crate) live: Vec<String>,
}

/// One object that a sweep removed, or would remove.
#[derive(Debug, Serialize)]
pub(crate) struct Swept {
    pub(crate) kind: &'static str,
    pub(crate) id: Value,
    pub(crate) run: String,
    pub(crate) error: Option<String>,
}

inventory::collect!(Recovery);

impl Recovery {
    #[doc(hidden)]
    pub const fn of<R: Resource>(at: &'static str) -> Self {
        Self {
            kind: R::KIND,
            at,
            undo: |locator, token, id| Box::pin(undo::<R>(locator, token, id)),
            keep: |locator, id| Box::pin(keep::<R>(locator, id)),
            sweep: |state_dir, filter| Box::pin(async move { sweep::<R>(&state_dir, &filter).await }),
        }
    }
}

fn entry<T: DeserializeOwned>(value: Value, what: &str, kind: &str) -> Result<T> {
    serde_json::from_value(value).map_err(|error| {
        crate::error::Error::new(
            crate::error::ErrorKind::Internal,
            format!("the journal's {what} of {kind} is not one that this version understands"),
        )
        .because(error)
        .hint("run cleanup with the version of the program that made the entry")
    })
}

async fn undo<R: Resource>(locator: Value, token: Token, id: Option<Value>) -> Result<bool> {
    let driver = R::open(&entry(locator, "locator", R::KIND)?).await?;
    let id = match id {
        Some(id) => Some(entry(id, "id", R::KIND)?),
        None => R::find(&driver, &token).await?,
    };
    match id {
        Some(id) => R::delete(&driver, id).await.map(|()| true),
        None => Ok(false),
    }
}

async fn keep<R: Resource>(locator: Value, id: Value) -> Result<()> {
    let at = entry(locator, "locator", R::KIND)?;
    R::keep(&at, &entry(id, "id", R::KIND)?).await
}

async fn sweep<R: Resource>(state_dir: &std::path::Path, filter: &SweepFilter) -> Result<Vec<Swept>> {
    let mut swept = Vec::new();
    for locator in R::locators(state_dir) {
        let asked = async {
            let driver = R::open(&locator).await?;
            let all = R::list(&driver, &filter.project).await?;
            Ok::<_, crate::error::Error>((driver, all))
        };
        let (driver, all) = match asked.await {
            Ok(found) => found,
            // One place that does not answer must not hide what was removed in the others.
            Err(error) => {
                swept.push(Swept {
                    kind: R::KIND,
                    id: Value::Null,
                    run: String::new(),
                    error: Some(error.full()),
                });
                continue;
            }
        };
        for owned in all {
            let expired = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(owned.token.expires) <= filter.now;
            let old = owned.created.is_none_or(|created| created < filter.made_before);
            let live = filter.live.contains(&owned.token.run);
            if owned.token.project != filter.project || !expired || !old || live {
                continue;
            }
            let id = serde_json::to_value(&owned.id).unwrap_or(Value::Null);
            let error = match filter.dry_run {
                true => None,
                false => R::delete(&driver, owned.id).await.err().map(|error| error.full()),
            };
            swept.push(Swept {
                kind: R::KIND,
                id,
                run: owned.token.run,
                error,
            });
        }
    }
    Ok(swept)
}

/// Registers a [`Resource`] so that a later process can remove what this one left. Write it beside the `impl`.
#[macro_export]
macro_rules! resource {
    ($resource:ty) => {
        impl $crate::resource::Registered for $resource {
            const RECOVERY: $crate::resource::Recovery = $crate::resource::Recovery::of::<$resource>(concat!(
                env!("CARGO_PKG_NAME"),
                " ",
                file!(),
                ":",
                line!()
            ));
        }
        $crate::inventory::submit! { <$resource as $crate::resource::Registered>::RECOVERY }
    };
}
