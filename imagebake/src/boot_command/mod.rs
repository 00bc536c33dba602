//! The keys that are typed at a machine's first screen, before anything in it listens.
//!
//! ```text
//! Template ── rendered ──▶ text ── parse ──▶ [Stroke] ── Typing ──▶ Keyboard   (VNC, QMP, scan codes: the platform's)
//!                                                          ▲
//!                                              Screen, serial log: what the guest shows
//! ```
//!
//! The language is Packer's: `<enter>`, `<leftCtrlOn>c<leftCtrlOff>`, `<wait10s>`; everything else is typed as it is. What Packer has not: waiting
//! for what the guest shows instead of sleeping ([`Boot::wait_for_serial`](crate::groups::Boot::wait_for_serial) and its siblings), and typing as
//! fast as the guest shows what was typed (`Pace::Guest`).
//!
//! It knows no platform: a source brings a `Keyboard` and, where it has one, a `Screen`.

mod action;
mod key;
mod parse;
#[cfg(feature = "machines")]
mod typing;
#[cfg(feature = "machines")]
mod wait;

pub use action::Action;
pub use key::{Key, NamedKey};
pub(crate) use parse::check;
pub use parse::{Stroke, parse};
#[cfg(feature = "machines")]
pub use typing::{Keyboard, Pace, Typing};
#[cfg(feature = "machines")]
pub use wait::SerialLog;
