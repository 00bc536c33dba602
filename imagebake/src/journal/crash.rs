//! Places where a test ends the process at once, to see what a crash there leaves behind.

#[cfg(any(debug_assertions, feature = "testing"))]
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts the boundaries that the process crosses; at number `IMAGEBAKE_CRASH_AT` the process aborts.
#[cfg(any(debug_assertions, feature = "testing"))]
pub(super) fn point() {
    static CROSSED: AtomicU64 = AtomicU64::new(0);
    let crossed = CROSSED.fetch_add(1, Ordering::SeqCst) + 1;
    let told = std::env::var("IMAGEBAKE_CRASH_AT")
        .ok()
        .and_then(|text| text.parse::<u64>().ok());
    if told == Some(crossed) {
        std::process::abort();
    }
}

/// Nothing, in programs that users get.
#[cfg(not(any(debug_assertions, feature = "testing")))]
pub(super) fn point() {}
