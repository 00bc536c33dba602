//! A connection's stream, which breaks when the machine is reset: nothing arrives on it any more, and no packet says so.

use crate::communicator::Resets;
use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream to a machine that breaks when the machine is reset.
pub(super) struct Breaking<S> {
    stream: S,
    reset: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    broken: bool,
}

impl<S> Breaking<S> {
    /// `stream`, which was opened to the machine as it is now.
    pub(super) fn new(stream: S, resets: Option<&Resets>) -> Self {
        Self {
            stream,
            reset: resets.map(|resets| Box::pin(resets.next()) as _),
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
