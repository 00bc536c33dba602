//! How far a command may be behind with reading what it is sent.
//!
//! A server keeps what a command has not read, up to the window that it granted. OpenSSH's is two megabytes, in a buffer that is
//! copied and cleared each time it becomes a packet larger: with 10,000 small files, which `tar` unpacks more slowly than they come, that was a
//! quarter of the whole upload. A command that reads as fast as its bytes come needs only what is on the way, which near a server is little.
//! So the sender stays close to the reader, and goes farther ahead each time it has waited in vain: on a long way it soon uses the
//! whole window.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::{sync::Notify, time::timeout};

/// How far ahead a sender begins to be.
const CLOSE: u64 = 256 << 10;
/// Whoever says nothing for so long is far away, or reads slowly: then it costs nothing either.
const QUIET: Duration = Duration::from_millis(20);

/// What is sent to a command, and what of it the server said was read.
pub(super) struct Pace {
    at: Mutex<At>,
    news: Notify,
}

struct At {
    /// The largest window that was told: that of a command which has read everything.
    largest: u64,
    /// The window when it was last told.
    open: u64,
    /// What was sent since.
    sent: u64,
    limit: u64,
}

impl Pace {
    pub(super) fn new() -> Self {
        Self {
            at: Mutex::new(At {
                largest: 0,
                open: 0,
                sent: 0,
                limit: CLOSE,
            }),
            news: Notify::new(),
        }
    }

    /// The server said how much more it takes.
    pub(super) fn told(&self, window: u32) {
        let mut at = self.at();
        at.open = window.into();
        at.largest = at.largest.max(at.open);
        at.sent = 0;
        self.news.notify_one();
    }

    pub(super) fn sent(&self, bytes: usize) {
        self.at().sent += bytes as u64;
    }

    /// Waits until the command has caught up, or nothing is gained by waiting.
    pub(super) async fn wait(&self) {
        while self.at().is_ahead() {
            if timeout(QUIET, self.news.notified()).await.is_err() {
                self.at().limit *= 2;
            }
        }
    }

    fn at(&self) -> std::sync::MutexGuard<'_, At> {
        self.at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl At {
    fn is_ahead(&self) -> bool {
        self.largest - self.open + self.sent >= self.limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[tokio::test]
    async fn a_sender_stays_close_to_who_reads_and_goes_ahead_of_who_says_nothing() {
        let pace = Pace::new();
        pace.wait().await;
        pace.sent(CLOSE as usize);
        // The server says that all was read: nobody waits.
        pace.told(2 << 20);
        let began = Instant::now();
        pace.wait().await;
        assert!(began.elapsed() < QUIET, "it waited for what it knew");
        // One that has read half of what it was sent.
        pace.sent(2 * CLOSE as usize);
        pace.told((2 << 20) - CLOSE as u32);
        assert!(pace.at().is_ahead());
        pace.told((2 << 20) - CLOSE as u32 / 2);
        assert!(!pace.at().is_ahead());
        // One that says nothing gets twice as much each time.
        pace.sent(4 * CLOSE as usize);
        pace.wait().await;
        assert!(pace.at().limit == 8 * CLOSE, "{}", pace.at().limit);
    }
}
