//! What a machine shows: frames, pictures to compare them with, and the VNC client that brings them.
//!
//! A [`Frame`] is compared with the one before by the region that changed, which is how typing sees that the machine took a key and how waiting
//! sees that a screen has come to rest. It deliberately reads no text.

mod frame;
mod picture;
mod vnc;

pub use frame::{Frame, Region};
pub use picture::Picture;
pub use vnc::Vnc;

use crate::error::Result;
use std::{future::Future, sync::Arc, time::Duration};

/// A screen that can be looked at.
pub trait Screen: Send + Sync {
    /// What is shown now.
    fn frame(&self) -> impl Future<Output = Result<Arc<Frame>>> + Send;

    /// What is shown once it is something else than `seen`; nothing when that does not happen `within`.
    fn changed(&self, seen: &Frame, within: Duration) -> impl Future<Output = Result<Option<Arc<Frame>>>> + Send;
}
