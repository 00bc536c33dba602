//! A thread that lets a reporter act while nothing happens.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

/// State shared with a thread that calls it every now and then; the thread ends with this.
pub(super) struct Heartbeat<T> {
    shared: Arc<Mutex<T>>,
    _end: Option<mpsc::Sender<()>>,
}

impl<T: Send + 'static> Heartbeat<T> {
    /// Calls `beat` every `interval`. Without a thread to spare it is never called: a reporter without a pulse still reports.
    pub(super) fn start(state: T, interval: Duration, beat: impl Fn(&mut T) + Send + 'static) -> Self {
        let shared = Arc::new(Mutex::new(state));
        let weak = Arc::downgrade(&shared);
        let (end, ended) = mpsc::channel();
        let pulse = move || {
            while ended.recv_timeout(interval) == Err(RecvTimeoutError::Timeout) {
                let Some(shared) = weak.upgrade() else { return };
                beat(&mut shared.lock().unwrap_or_else(PoisonError::into_inner));
            }
        };
        let started = thread::Builder::new().name("reporter pulse".into()).spawn(pulse);
        Self {
            shared,
            _end: started.ok().map(|_| end),
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, T> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
