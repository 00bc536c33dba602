//! Who is told what happens. Reporters only read events; they run on a thread of their own and get everything redacted.
//!
//! [`Plain`] prints line by line, [`Github`] does so for the log of a job of GitHub Actions, [`Human`] keeps one live line per unit on a terminal, [`Json`] writes one event per line for programs,
//! and [`Logs`] stands in front of them: it keeps one log file per unit and adds to each failure the last lines and the path of its
//! log. [`Bundle`] keeps the
//! events and each failure beside the logs. Nothing here decides anything, and nothing here can stop a build: a reader that goes away ends the output alone.

#[cfg(feature = "cli")]
mod bundle;
#[cfg(feature = "cli")]
pub(crate) mod github;
mod heartbeat;
#[cfg(feature = "cli")]
mod human;
mod json;
mod lines;
mod logs;
#[cfg(feature = "cli")]
pub(crate) mod markdown;
mod out;
mod plain;
mod style;
mod summary;
#[cfg(test)]
mod testing;
mod tracker;

#[cfg(feature = "cli")]
pub use bundle::Bundle;
#[cfg(feature = "cli")]
pub use github::Github;
#[cfg(feature = "cli")]
pub use human::{Human, HumanOptions, Screen};
pub use json::Json;
pub use logs::Logs;
pub use out::Out;
pub use plain::{Plain, PlainOptions};
pub use style::Style;
pub(crate) use style::{bytes, duration, printable};
pub use summary::Commands;
#[cfg(feature = "cli")]
pub(crate) use summary::Rendering;

use crate::event::Stamped;

/// Shows or stores what happens.
pub trait Reporter: Send {
    /// Called for every event, in order; [`Event::Summary`](crate::event::Event::Summary) is the last one.
    fn event(&mut self, event: &Stamped);
}
