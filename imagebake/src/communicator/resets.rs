//! Resets of a machine, as its platform tells them: whoever was connected to it is no longer, though no packet says so.
//!
//! A guest that resets without closing anything leaves connections on which nothing ever arrives again. A protocol finds that out by asking
//! for an answer for some time; who runs the machine knows at once.

use tokio::sync::watch;

/// How a platform tells the resets of its machine.
#[derive(Debug)]
pub struct ResetsTold(watch::Sender<u64>);

impl ResetsTold {
    /// The machine was reset just now.
    pub fn reset(&self) {
        self.0.send_modify(|count| *count += 1);
    }
}

/// The resets of a machine.
#[derive(Clone, Debug)]
pub struct Resets(watch::Receiver<u64>);

impl Resets {
    /// The two ends.
    pub fn channel() -> (ResetsTold, Self) {
        let (told, heard) = watch::channel(0);
        (ResetsTold(told), Self(heard))
    }

    /// Comes back at the first reset from the moment of the call on, and never when none is told any more.
    pub fn next(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut heard = self.0.clone();
        heard.mark_unchanged();
        async move {
            if heard.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}
