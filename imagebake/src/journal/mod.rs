//! The durable record of every outside object, so that nothing leaks whatever happens.
//!
//! ```text
//! Scope::create:  Intent (fsync) → the platform's call → Created (fsync)      unwind, cleanup:  delete → Deleted (fsync)
//! ```
//!
//! One file per run, `<state>/journal/<run>.jsonl`, append-only, locked while the run lives, removed when nothing is left of it. The
//! token of each intent is written into the object itself, so that one made just before a crash is found again. Locators never
//! hold credentials. A run that makes nothing outside has no file. What this module does not do: decide *when* to clean up.

mod crash;
mod entry;
mod reader;
mod recovery;
mod scope;
#[cfg(test)]
mod tests;
mod writer;

pub use recovery::{CleanupReport, Kept, Removed, RunCleanup, RunState, SweepReport, cleanup, pending, sweep};
pub use scope::{Held, Journal, ResourceEvent, Scope, Unwind};
