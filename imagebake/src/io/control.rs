//! Watching and stopping a long transfer.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::error::{Error, Result};

/// How far a transfer is, in bytes of its input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of input that were read, holes included.
    pub done: u64,
    /// Bytes of input in all.
    pub total: u64,
}

/// A flag that stops a transfer soon after it is raised. Clones share the flag.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Raises the flag; it is never lowered again.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the flag is raised.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// What a caller hands to a transfer to watch and to stop it. The default does neither.
#[derive(Clone, Default)]
pub struct Control {
    progress: Option<Arc<dyn Fn(Progress) + Send + Sync>>,
    cancel: Cancel,
}

impl Control {
    /// Neither watched nor stopped by anyone.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Calls `report` about once a MiB of input. It runs on the reading thread, so it must be quick.
    #[must_use]
    pub fn on_progress(mut self, report: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        self.progress = Some(Arc::new(report));
        self
    }

    /// Stops with [`Error::Cancelled`] once `cancel` is raised.
    #[must_use]
    pub fn with_cancel(mut self, cancel: Cancel) -> Self {
        self.cancel = cancel;
        self
    }

    /// The flag that stops this transfer.
    #[must_use]
    pub fn cancel(&self) -> &Cancel {
        &self.cancel
    }

    pub(crate) fn check(&self) -> Result<()> {
        if self.cancel.is_cancelled() {
            Err(Error::Cancelled)
        } else {
            Ok(())
        }
    }

    pub(crate) fn report(&self, done: u64, total: u64) {
        if let Some(report) = &self.progress {
            report(Progress { done, total });
        }
    }
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control")
            .field("watched", &self.progress.is_some())
            .field("cancel", &self.cancel)
            .finish()
    }
}

/// Raises a flag when dropped: an async caller that is dropped stops its blocking twin.
#[derive(Debug)]
pub(crate) struct CancelOnDrop(pub(crate) Cancel);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}
