//! Who is told what happens. Reporters only read events; they run on a thread of their own and get everything redacted.

use crate::event::Stamped;

/// Shows or stores what happens.
pub trait Reporter: Send {
    /// Called for every event, in order.
    fn event(&mut self, event: &Stamped);
}
