//! The only way to make an outside object, and the way back.

use super::{crash, entry::Entry, recovery::remove, writer::Writer};
use crate::{
    engine::random_id,
    error::{Error, ErrorKind, Result},
    event::{ResourceAction, UnitName},
    io::off_the_async_threads,
    project::Project,
    resource::{Recovery, Registered, Resource, Token},
};
use serde_json::Value;
use std::{
    future::Future,
    path::PathBuf,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};
use tokio::sync::OnceCell;

/// After this long a sweep may take what a lost journal forgot.
const EXPIRES_AFTER: Duration = Duration::from_secs(6 * 3600);

/// The journal of one run. The file comes to be with the first intent.
#[derive(Clone)]
pub struct Journal(Arc<Shared>);

struct Shared {
    path: PathBuf,
    run: String,
    project: String,
    writer: OnceCell<Mutex<Option<Arc<Writer>>>>,
    outstanding: Mutex<usize>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Journal {
    /// The journal of `run`; makes nothing yet.
    pub fn new(project: &Project, run: &str) -> Self {
        Self(Arc::new(Shared {
            path: project.state_dir.join("journal").join(format!("{run}.jsonl")),
            run: run.to_owned(),
            project: project.id.clone(),
            writer: OnceCell::new(),
            outstanding: Mutex::new(0),
        }))
    }

    /// The scope of one unit; `events` hears what becomes of its objects.
    pub fn scope(&self, unit: UnitName, events: impl Fn(ResourceEvent) + Send + Sync + 'static) -> Scope {
        Scope(Arc::new(Inner {
            journal: self.clone(),
            unit,
            events: Box::new(events),
            undo: Mutex::default(),
        }))
    }

    async fn append(&self, entry: &Entry) -> Result<()> {
        let shared = self.0.clone();
        let writer = self
            .0
            .writer
            .get_or_try_init(|| async {
                let work = move || Writer::create(&shared.path, &shared.run, &shared.project);
                let made = off_the_async_threads(work).await;
                made.map(|writer| Mutex::new(Some(Arc::new(writer)))).map_err(|error| {
                    error.hint("nothing was made outside; the state folder must be writable (--state-dir)")
                })
            })
            .await?;
        let writer = lock(writer).clone();
        let closed = || Error::new(ErrorKind::Internal, "the journal is closed already");
        writer.ok_or_else(closed)?.append(entry).await
    }

    fn count(&self, change: isize) {
        let mut outstanding = lock(&self.0.outstanding);
        *outstanding = outstanding.saturating_add_signed(change);
    }

    /// Ends the run's journal: removed when nothing is left outside, else kept for `cleanup`.
    ///
    /// # Errors
    /// When the file cannot be removed.
    pub async fn close(&self) -> Result<()> {
        let Some(writer) = self.0.writer.get() else {
            return Ok(());
        };
        let Some(writer) = lock(writer).take() else {
            return Ok(());
        };
        let nothing_left = *lock(&self.0.outstanding) == 0;
        let path = self.0.path.clone();
        let work = move || {
            crash::point();
            if nothing_left {
                std::fs::remove_file(&path).map_err(|error| Error::io("remove", &path, error))?;
            }
            // A unit that was killed may still hold the writer; the lock then goes with the process.
            if let Some(writer) = Arc::into_inner(writer) {
                writer.close();
            }
            Ok(())
        };
        off_the_async_threads(work).await
    }
}

/// What became of an object.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ResourceEvent {
    /// What became of it.
    pub action: ResourceAction,
    /// `crate/kind`.
    pub kind: String,
    /// Its identity.
    pub id: String,
}

/// What happens to the objects of a unit that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unwind {
    /// They are removed, the last one first.
    Delete,
    /// They are left, on record for `cleanup`.
    Keep,
}

/// The outside objects of one unit. Cheap to clone.
#[derive(Clone)]
pub struct Scope(Arc<Inner>);

struct Inner {
    journal: Journal,
    unit: UnitName,
    events: Box<dyn Fn(ResourceEvent) + Send + Sync>,
    undo: Mutex<Vec<Undo>>,
}

/// An object and how to remove it: exactly what a later process would do.
#[derive(Clone)]
struct Undo {
    token: Token,
    recovery: Recovery,
    locator: Value,
    id: Option<Value>,
}

/// An object that exists and that the scope answers for.
#[derive(Debug)]
#[must_use = "release it when it becomes the artifact; otherwise it is removed with the scope"]
pub struct Held<R: Resource> {
    token: Token,
    id: R::Id,
}

impl<R: Resource> Held<R> {
    /// Its identity.
    pub fn id(&self) -> &R::Id {
        &self.id
    }

    /// The token that is written into it.
    pub fn token(&self) -> &Token {
        &self.token
    }
}

fn json<T: serde::Serialize>(what: &str, value: &T) -> Result<Value> {
    serde_json::to_value(value)
        .map_err(|error| Error::new(ErrorKind::Internal, format!("a {what} is not plain data")).because(error))
}

fn shown(id: Option<&Value>, token: &Token) -> String {
    match id {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => token.id.clone(),
    }
}

impl Scope {
    /// Makes an object: the intent is on the disk before the platform hears of it, its identity right after.
    ///
    /// Dropping the future at any point, a panic or a crash loses nothing: what may have been made is found again by its token.
    ///
    /// # Errors
    /// When the intent cannot be recorded (then nothing was made), or the platform refuses.
    // Boxed: an `async fn` would let the compiler repeat that a resource is not registered at each use of the future.
    pub fn create<'a, R: Registered>(
        &'a self,
        resource: &'a R,
        driver: &'a R::Driver,
        at: &'a R::Locator,
    ) -> Pin<Box<dyn Future<Output = Result<Held<R>>> + Send + 'a>> {
        Box::pin(self.create_recorded(resource, driver, at))
    }

    async fn create_recorded<R: Registered>(
        &self,
        resource: &R,
        driver: &R::Driver,
        at: &R::Locator,
    ) -> Result<Held<R>> {
        let journal = &self.0.journal;
        let expires = (SystemTime::now() + EXPIRES_AFTER)
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_or(0, |since| since.as_secs());
        let token = Token::new(
            format!("ib-{}", random_id()),
            journal.0.project.clone(),
            journal.0.run.clone(),
            expires,
        );
        let locator = json("locator", at)?;
        let intent = Entry::Intent {
            token: token.clone(),
            kind: R::KIND.to_owned(),
            locator: locator.clone(),
            unit: self.0.unit.to_string(),
        };
        // Before the intent: should this future be dropped while it is written, the undo is there already.
        journal.count(1);
        lock(&self.0.undo).push(Undo {
            token: token.clone(),
            recovery: R::RECOVERY,
            locator,
            id: None,
        });
        if let Err(error) = journal.append(&intent).await {
            self.forget(&token);
            return Err(error);
        }
        let id = resource.create(driver, &token).await?;
        crash::point();
        let as_json = json("identity", &id)?;
        if let Some(undo) = lock(&self.0.undo).iter_mut().find(|undo| undo.token == token) {
            undo.id = Some(as_json.clone());
        }
        let created = Entry::Created {
            token: token.id.clone(),
            id: as_json.clone(),
        };
        if let Err(error) = journal.append(&created).await {
            // It cannot be put on record, so it must not stay.
            return match R::delete(driver, id).await {
                Ok(()) => {
                    self.forget(&token);
                    Err(error)
                }
                Err(left) => Err(error.context("left behind", format!("{} {as_json}: {left}", R::KIND))),
            };
        }
        self.tell(ResourceAction::Created, R::KIND, shown(Some(&as_json), &token));
        Ok(Held { token, id })
    }

    /// The object became the artifact, or part of it: it stays.
    ///
    /// # Errors
    /// When its marks of ownership cannot be taken off, or that cannot be recorded; the object is removed with the scope then.
    pub async fn release<R: Resource>(&self, held: Held<R>) -> Result<R::Id> {
        // First the marks: an object that is released and still carries them would be swept one day.
        let undo = self.undo_of(&held.token);
        if let Some(undo) = &undo {
            (undo.recovery.keep)(undo.locator.clone(), json("identity", &held.id)?).await?;
        }
        self.0
            .journal
            .append(&Entry::Released {
                token: held.token.id.clone(),
            })
            .await?;
        self.forget(&held.token);
        self.tell(
            ResourceAction::Released,
            R::KIND,
            shown(json("identity", &held.id).ok().as_ref(), &held.token),
        );
        Ok(held.id)
    }

    /// Removes the object before its scope ends.
    ///
    /// # Errors
    /// The platform's; the scope tries again at its end.
    pub async fn delete<R: Resource>(&self, held: Held<R>) -> Result<()> {
        // It stays in its place until it is gone: this future may be dropped, or the platform may refuse.
        let Some(undo) = self.undo_of(&held.token) else {
            return Ok(());
        };
        self.undo(&undo).await?;
        lock(&self.0.undo).retain(|undo| undo.token != held.token);
        Ok(())
    }

    /// Whether the unit has nothing outside.
    pub(crate) fn is_empty(&self) -> bool {
        lock(&self.0.undo).is_empty()
    }

    fn undo_of(&self, token: &Token) -> Option<Undo> {
        lock(&self.0.undo).iter().find(|undo| undo.token == *token).cloned()
    }

    /// Ends the scope. The errors are those of objects that could not be removed; they stay on record.
    pub(crate) async fn unwind(&self, policy: Unwind) -> Vec<Error> {
        let mut errors = Vec::new();
        loop {
            let Some(undo) = lock(&self.0.undo).pop() else {
                return errors;
            };
            if policy == Unwind::Keep {
                self.tell(
                    ResourceAction::Kept,
                    undo.recovery.kind,
                    shown(undo.id.as_ref(), &undo.token),
                );
                continue;
            }
            if let Err(error) = self.undo(&undo).await {
                let told = Entry::UndoFailed {
                    token: undo.token.id.clone(),
                    error: error.full(),
                };
                let _ = self.0.journal.append(&told).await;
                self.tell(
                    ResourceAction::UndoFailed,
                    undo.recovery.kind,
                    shown(undo.id.as_ref(), &undo.token),
                );
                let what = shown(undo.id.as_ref(), &undo.token);
                errors.push(
                    error
                        .context("object", format!("{} {what}", undo.recovery.kind))
                        .hint("run `cleanup` to try again"),
                );
            }
        }
    }

    async fn undo(&self, undo: &Undo) -> Result<()> {
        crash::point();
        remove(&undo.recovery, &undo.locator, &undo.token, undo.id.as_ref()).await?;
        crash::point();
        let deleted = Entry::Deleted {
            token: undo.token.id.clone(),
        };
        // It is gone all the same, and a clean-up that looks for it again does no harm.
        if let Err(error) = self.0.journal.append(&deleted).await {
            tracing::warn!(error = error.full(), "the journal cannot say that an object is gone");
        }
        self.0.journal.count(-1);
        self.tell(
            ResourceAction::Deleted,
            undo.recovery.kind,
            shown(undo.id.as_ref(), &undo.token),
        );
        Ok(())
    }

    #[cfg(test)]
    pub(super) fn outstanding(&self) -> usize {
        lock(&self.0.undo).len()
    }

    fn forget(&self, token: &Token) {
        lock(&self.0.undo).retain(|undo| undo.token != *token);
        self.0.journal.count(-1);
    }

    fn tell(&self, action: ResourceAction, kind: &str, id: String) {
        (self.0.events)(ResourceEvent {
            action,
            kind: kind.to_owned(),
            id,
        });
    }
}
