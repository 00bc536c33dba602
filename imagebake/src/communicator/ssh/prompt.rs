//! A connection that acknowledges at once what a server says.
//!
//! Until the first command OpenSSH leaves it to TCP when its small packets go out, and TCP holds the second one back until the first is
//! acknowledged (Nagle); the side that waits for it puts acknowledging off, for 40 ms on Linux, to send it along with something. Both wait.
//! From the first command on the server sends at once by itself.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

/// From here on the handshake and the login are over, whatever was tried.
const READS: u32 = 256;

/// A TCP connection to a server, with the beginning without delays.
pub(super) struct Prompt {
    stream: TcpStream,
    /// How many reads are acknowledged at once: the system forgets the wish by itself.
    left: u32,
}

impl Prompt {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self { stream, left: READS }
    }

    fn acknowledge(&mut self) {
        if self.left > 0 {
            self.left -= 1;
            // It is faster with it, and works without.
            #[cfg(target_os = "linux")]
            let _ = rustix::net::sockopt::set_tcp_quickack(&self.stream, true);
        }
    }
}

impl AsyncRead for Prompt {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(cx, into);
        if read.is_ready() {
            self.acknowledge();
        }
        read
    }
}

impl AsyncWrite for Prompt {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
