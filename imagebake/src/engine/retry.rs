//! The one way to wait and the one way to try again.

use super::Cx;
use crate::{
    error::{Error, ErrorKind, Result},
    event::Event,
};
use std::{future::Future, time::Duration};
use tokio::time::Instant;

/// Growing pauses between tries.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    next: Duration,
    most: Duration,
}

impl Backoff {
    /// Pauses that start at `first` and double up to `most`.
    pub fn new(first: Duration, most: Duration) -> Self {
        Self { next: first, most }
    }

    fn step(&mut self) -> Duration {
        let pause = self.next;
        self.next = (pause * 2).min(self.most);
        // Up to a fifth more, so that many builds do not ask in step.
        pause + pause.mul_f64(f64::from(std::process::id() % 64) / 320.0)
    }
}

/// Asks until `ready` says something, with growing pauses; `what` is what is waited for, for the error.
///
/// # Errors
/// What `ready` fails with permanently, [`ErrorKind::Timeout`] after `within`, and cancelling.
pub async fn wait_until<T, F: Future<Output = Result<Option<T>>>>(
    cx: &Cx,
    what: &str,
    within: Duration,
    mut backoff: Backoff,
    mut ready: impl FnMut() -> F,
) -> Result<T> {
    let deadline = Instant::now() + within;
    let mut last = None;
    loop {
        match cx.until_cancelled(ready()).await {
            Ok(Some(found)) => return Ok(found),
            Ok(None) => {}
            Err(error) if error.is_temporary() => last = Some(error),
            Err(error) => return Err(error),
        }
        let now = Instant::now();
        if now >= deadline {
            // What is left of a longer time has digits that nobody reads.
            let millis = u64::try_from((within.as_micros() + 500) / 1000).unwrap_or(u64::MAX);
            let waited = humantime::format_duration(Duration::from_millis(millis));
            let error = Error::new(ErrorKind::Timeout, format!("waited {waited} for {what}"));
            return Err(last.map_or_else(
                || error,
                |last| Error::new(ErrorKind::Timeout, format!("waited {waited} for {what}")).because(last),
            ));
        }
        cx.pause(backoff.step().min(deadline - now)).await?;
    }
}

impl Cx {
    /// Tries `work` up to `tries` times, again only after an error that says it may pass; every further try is reported with the
    /// first error.
    ///
    /// # Errors
    /// The last try's error.
    pub async fn retry<T, F: Future<Output = Result<T>>>(&self, tries: u32, mut work: impl FnMut() -> F) -> Result<T> {
        let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(30));
        let mut first: Option<String> = None;
        let mut attempt = 1;
        loop {
            let error = match self.until_cancelled(work()).await {
                Err(error) if error.is_temporary() && attempt < tries => error,
                result => return result,
            };
            attempt += 1;
            self.report_attempt(attempt, tries, first.get_or_insert_with(|| error.full()));
            self.pause(backoff.step()).await?;
        }
    }

    pub(crate) fn report_attempt(&self, attempt: u32, of: u32, error: &str) {
        let error = self.redactor().redact_str(error).into_owned();
        self.emit(Event::Attempt {
            unit: self.unit().clone(),
            step: self.current_step(),
            attempt,
            of,
            error,
        });
    }
}
