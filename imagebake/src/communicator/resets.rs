//! Resets of a machine, as its platform tells them: whoever was connected to it is no longer, though no packet says so.
//!
//! A guest that resets without closing anything leaves connections on which nothing ever arrives again. A protocol finds that out by asking
//! for an answer for some time; who runs the machine knows at once.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::watch,
};

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

    /// Comes back at the first reset from now on, and never when none is told any more.
    fn next(&self) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let mut heard = self.0.clone();
        heard.mark_unchanged();
        Box::pin(async move {
            if heard.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        })
    }
}

/// A stream to a machine that breaks when the machine is reset.
pub(crate) struct Breaking<S> {
    stream: S,
    reset: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    broken: bool,
}

impl<S> Breaking<S> {
    /// `stream`, which was opened to the machine as it is now.
    pub(crate) fn new(stream: S, resets: Option<&Resets>) -> Self {
        Self {
            stream,
            reset: resets.map(Resets::next),
            broken: false,
        }
    }

    fn whole(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        let reset = self.reset.as_mut().map(|reset| reset.as_mut().poll(cx));
        if let Some(Poll::Ready(())) = reset {
            self.reset = None;
            self.broken = true;
        }
        match self.broken {
            true => Err(io::Error::new(io::ErrorKind::ConnectionReset, "the machine was reset")),
            false => Ok(()),
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Breaking<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.whole(cx)?;
        Pin::new(&mut self.stream).poll_read(cx, into)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Breaking<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.whole(cx)?;
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.whole(cx)?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test]
    async fn a_stream_breaks_at_a_reset_and_one_that_is_opened_after_it_does_not() {
        let (told, resets) = Resets::channel();
        let (ours, _theirs) = tokio::io::duplex(8);
        let mut before = Breaking::new(ours, Some(&resets));
        before.write_all(b"x").await.expect("whole");
        let silent = async { before.read_u8().await.expect_err("broken").to_string() };
        let reset = async {
            tokio::task::yield_now().await;
            told.reset();
        };
        let (why, ()) = tokio::join!(silent, reset);
        assert_eq!(why, "the machine was reset");
        assert!(before.write_all(b"x").await.is_err(), "it stays broken");

        let (ours, mut theirs) = tokio::io::duplex(8);
        let mut after = Breaking::new(ours, Some(&resets));
        theirs.write_all(b"y").await.expect("written");
        assert_eq!(after.read_u8().await.expect("whole"), b'y');
        drop(told);
        theirs.write_all(b"z").await.expect("written");
        assert_eq!(after.read_u8().await.expect("nobody tells any more"), b'z');
    }
}
