//! Blocking work of async callers: on threads that may wait, with its panics in the caller.

use super::error::Error;
use tokio::task::JoinError;

/// Runs blocking work on the runtime's blocking threads; a panic in it goes on in the caller.
pub(crate) async fn off_the_async_threads<T: Send + 'static, E: From<Error> + Send + 'static>(
    work: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, E> {
    joined(tokio::task::spawn_blocking(work).await)
}

/// What work came to that was begun earlier, for a caller who does something else meanwhile.
pub(crate) fn joined<T, E: From<Error>>(ended: Result<Result<T, E>, JoinError>) -> Result<T, E> {
    match ended.map_err(JoinError::try_into_panic) {
        Ok(done) => done,
        Err(Ok(panic)) => std::panic::resume_unwind(panic),
        // The runtime is shutting down and never ran the work.
        Err(Err(_)) => Err(Error::Cancelled.into()),
    }
}

/// A file that is gone when it is closed.
pub(crate) async fn temporary_file() -> std::io::Result<tokio::fs::File> {
    off_the_async_threads(tempfile::tempfile)
        .await
        .map(tokio::fs::File::from_std)
}
