//! A client of VNC: RFB 3.3 to 3.8, with no password or one, for typing and for looking.
//!
//! Frames are asked for as raw pixels: the machine is on this computer or near, and a decoder less is one that cannot fail.

use super::{Frame, Screen};
use crate::{
    boot_command::{Key, Keyboard, NamedKey},
    error::{Error, ErrorKind, Result},
    value::Secret,
};
use des::{
    Des,
    cipher::{BlockCipherEncrypt, KeyInit},
};
use std::{sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    sync::{Mutex, watch},
    task::JoinHandle,
};

/// How long a server may take for its part of the greeting.
const GREETING: Duration = Duration::from_secs(30);
/// More pixels than this in one direction no screen has.
const LARGEST: u16 = 16_384;
const RAW: i32 = 0;
const DESKTOP_SIZE: i32 = -223;

type Writer = Box<dyn AsyncWrite + Send + Unpin>;

/// A connection to a machine's screen and keyboard.
pub struct Vnc {
    to: Arc<Mutex<Writer>>,
    frames: watch::Receiver<Arc<Frame>>,
    reading: JoinHandle<()>,
}

impl Drop for Vnc {
    fn drop(&mut self) {
        self.reading.abort();
    }
}

fn lost(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::new(ErrorKind::Unreachable, "the connection to the machine's screen is lost")
        .because(error)
        .hint("the machine may have ended: look at its log")
}

fn unexpected(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Unsupported, message).hint("what answers there may be no VNC server: check the address")
}

impl Vnc {
    /// Greets the server at the other end of `stream`, with the password that it may ask for.
    ///
    /// # Errors
    /// When it is no VNC server, refuses the password, or does not answer.
    pub async fn connect(
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        password: Option<&Secret>,
    ) -> Result<Self> {
        let (from, to) = tokio::io::split(stream);
        let (mut from, mut to): (_, Writer) = (from, Box::new(to));
        let greeting = greet(&mut from, &mut to, password);
        let first = tokio::time::timeout(GREETING, greeting).await.map_err(|_| {
            Error::new(ErrorKind::Timeout, "the server of the machine's screen does not answer")
                .hint("it talks to one viewer at a time unless it shares its screen: close the other one")
        })??;
        let (told, frames) = watch::channel(Arc::new(first));
        let to = Arc::new(Mutex::new(to));
        let asking = to.clone();
        let reading = tokio::spawn(async move {
            // The end of the connection is seen by whoever waits for frames, since the sender is gone then.
            let _ = read_updates(&mut from, &asking, &told).await;
        });
        Ok(Self { to, frames, reading })
    }

    async fn send(&self, message: &[u8]) -> Result<()> {
        let mut to = self.to.lock().await;
        to.write_all(message).await.map_err(lost)?;
        to.flush().await.map_err(lost)
    }

    async fn key(&self, key: Key, down: bool) -> Result<()> {
        let mut message = [4, u8::from(down), 0, 0, 0, 0, 0, 0];
        message[4..].copy_from_slice(&key.keysym().to_be_bytes());
        self.send(&message).await
    }
}

impl Keyboard for Vnc {
    async fn press(&self, key: Key) -> Result<()> {
        if key.position().1 {
            self.key(Key::Named(NamedKey::LeftShift), true).await?;
        }
        self.key(key, true).await
    }

    async fn release(&self, key: Key) -> Result<()> {
        self.key(key, false).await?;
        if key.position().1 {
            self.key(Key::Named(NamedKey::LeftShift), false).await?;
        }
        Ok(())
    }
}

impl Screen for Vnc {
    async fn frame(&self) -> Result<Arc<Frame>> {
        let mut frames = self.frames.clone();
        // The first update brings the first pixels; before it there is a black screen of the right size.
        let shown = frames.wait_for(|frame| !frame.is_blank());
        let _ = tokio::time::timeout(Duration::from_millis(500), shown).await;
        let frame = self.frames.borrow().clone();
        Ok(frame)
    }

    async fn changed(&self, seen: &Frame, within: Duration) -> Result<Option<Arc<Frame>>> {
        let mut frames = self.frames.clone();
        let changed = frames.wait_for(|frame| **frame != *seen);
        match tokio::time::timeout(within, changed).await {
            Ok(Ok(frame)) => Ok(Some(frame.clone())),
            Ok(Err(closed)) => Err(lost(closed)),
            Err(_) => Ok(None),
        }
    }
}

async fn greet(from: &mut (impl AsyncRead + Unpin), to: &mut Writer, password: Option<&Secret>) -> Result<Frame> {
    let mut version = [0; 12];
    from.read_exact(&mut version).await.map_err(lost)?;
    let minor: u32 = version
        .strip_prefix(b"RFB 003.")
        .and_then(|rest| std::str::from_utf8(&rest[..3]).ok()?.parse().ok())
        .ok_or_else(|| unexpected("the server of the machine's screen does not speak VNC"))?;
    let minor = if minor >= 8 {
        8
    } else if minor == 7 {
        7
    } else {
        3
    };
    to.write_all(format!("RFB 003.00{minor}\n").as_bytes())
        .await
        .map_err(lost)?;
    let kind = choose(from, to, minor, password.is_some()).await?;
    if kind == 2 {
        let password = password.ok_or_else(|| {
            Error::new(
                ErrorKind::PermissionDenied,
                "the machine's screen asks for a password, and none is given",
            )
        })?;
        let mut challenge = [0; 16];
        from.read_exact(&mut challenge).await.map_err(lost)?;
        encrypt(&mut challenge, password.expose()?.as_bytes());
        to.write_all(&challenge).await.map_err(lost)?;
    }
    // Before 3.8 nothing is said when nothing was asked.
    if (kind == 2 || minor >= 8) && from.read_u32().await.map_err(lost)? != 0 {
        let why = match minor >= 8 {
            true => reason(from).await,
            false => "it said no more".to_owned(),
        };
        return Err(Error::new(
            ErrorKind::PermissionDenied,
            format!("the machine's screen refuses the password: {why}"),
        ));
    }
    // Shared: whoever watches the build stays connected.
    to.write_all(&[1]).await.map_err(lost)?;
    let (width, height) = (
        from.read_u16().await.map_err(lost)?,
        from.read_u16().await.map_err(lost)?,
    );
    let mut format = [0; 16];
    from.read_exact(&mut format).await.map_err(lost)?;
    let length = from.read_u32().await.map_err(lost)?;
    skip(from, u64::from(length)).await?;
    // 32 bits a pixel, true colour, little endian: `BGRx`.
    to.write_all(&[0, 0, 0, 0, 32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0])
        .await
        .map_err(lost)?;
    let mut encodings = vec![2, 0, 0, 2];
    encodings.extend(RAW.to_be_bytes());
    encodings.extend(DESKTOP_SIZE.to_be_bytes());
    to.write_all(&encodings).await.map_err(lost)?;
    to.write_all(&request(false, width, height)).await.map_err(lost)?;
    to.flush().await.map_err(lost)?;
    sized(width, height)
}

/// The way to log in: 1 for none, 2 for a password.
async fn choose(from: &mut (impl AsyncRead + Unpin), to: &mut Writer, minor: u32, password: bool) -> Result<u8> {
    let offered = match minor {
        3 => vec![u8::try_from(from.read_u32().await.map_err(lost)?).unwrap_or(u8::MAX)],
        _ => {
            let count = from.read_u8().await.map_err(lost)?;
            let mut offered = vec![0; usize::from(count)];
            from.read_exact(&mut offered).await.map_err(lost)?;
            offered
        }
    };
    if offered.is_empty() || offered == [0] {
        let why = reason(from).await;
        return Err(Error::new(
            ErrorKind::Unreachable,
            format!("the machine's screen takes no viewer: {why}"),
        ));
    }
    let order: &[u8] = if password { &[2, 1] } else { &[1, 2] };
    let Some(kind) = order.iter().find(|kind| offered.contains(kind)) else {
        return Err(unexpected(format!(
            "the machine's screen asks for a way to log in that is not known here ({offered:?})"
        )));
    };
    if minor != 3 {
        to.write_all(&[*kind]).await.map_err(lost)?;
    }
    Ok(*kind)
}

async fn reason(from: &mut (impl AsyncRead + Unpin)) -> String {
    let length = from.read_u32().await.unwrap_or(0).min(4096);
    let mut text = vec![0; length as usize];
    match from.read_exact(&mut text).await {
        Ok(_) => String::from_utf8_lossy(&text).into_owned(),
        Err(_) => "it said no more".to_owned(),
    }
}

/// The answer to a challenge: DES under the first eight bytes of the password, each with its bits in the other order.
fn encrypt(challenge: &mut [u8; 16], password: &[u8]) {
    let mut key = [0; 8];
    for (byte, given) in key.iter_mut().zip(password) {
        *byte = given.reverse_bits();
    }
    let cipher = Des::new(&key.into());
    for half in challenge.chunks_exact_mut(8) {
        let mut block = [0; 8];
        block.copy_from_slice(half);
        let mut block = block.into();
        cipher.encrypt_block(&mut block);
        half.copy_from_slice(&block);
    }
}

fn request(only_changes: bool, width: u16, height: u16) -> [u8; 10] {
    let ([a, b], [c, d]) = (width.to_be_bytes(), height.to_be_bytes());
    [3, u8::from(only_changes), 0, 0, 0, 0, a, b, c, d]
}

fn sized(width: u16, height: u16) -> Result<Frame> {
    match width <= LARGEST && height <= LARGEST {
        true => Ok(Frame::new(width.into(), height.into())),
        false => Err(unexpected(format!("a screen of {width} by {height} pixels cannot be"))),
    }
}

async fn skip(from: &mut (impl AsyncRead + Unpin), length: u64) -> Result<()> {
    let copied = tokio::io::copy(&mut from.take(length), &mut tokio::io::sink())
        .await
        .map_err(lost)?;
    match copied == length {
        true => Ok(()),
        false => Err(lost("it ended within a message")),
    }
}

/// Reads what the server says until it ends, and asks for the next frame after each.
async fn read_updates(
    from: &mut (impl AsyncRead + Unpin),
    to: &Mutex<Writer>,
    told: &watch::Sender<Arc<Frame>>,
) -> Result<()> {
    let mut from = tokio::io::BufReader::with_capacity(1 << 16, from);
    let mut frame = (**told.borrow()).clone();
    loop {
        match from.read_u8().await.map_err(lost)? {
            0 => {
                skip(&mut from, 1).await?;
                let rectangles = from.read_u16().await.map_err(lost)?;
                let mut all = false;
                for _ in 0..rectangles {
                    all |= read_rectangle(&mut from, &mut frame).await?;
                }
                told.send_replace(Arc::new(frame.clone()));
                let side = |pixels: usize| u16::try_from(pixels).unwrap_or(LARGEST);
                let next = request(!all, side(frame.width()), side(frame.height()));
                let mut to = to.lock().await;
                to.write_all(&next).await.map_err(lost)?;
                to.flush().await.map_err(lost)?;
            }
            // A palette, which true colour has not; a bell; text of a clipboard.
            1 => {
                skip(&mut from, 3).await?;
                let colours = from.read_u16().await.map_err(lost)?;
                skip(&mut from, u64::from(colours) * 6).await?;
            }
            2 => {}
            3 => {
                skip(&mut from, 3).await?;
                let length = from.read_u32().await.map_err(lost)?;
                skip(&mut from, length.into()).await?;
            }
            other => {
                return Err(unexpected(format!(
                    "the machine's screen says {other}, which nobody asked for"
                )));
            }
        }
    }
}

/// Reads one rectangle; says whether the screen has another size now.
async fn read_rectangle(from: &mut (impl AsyncRead + Unpin), frame: &mut Frame) -> Result<bool> {
    let mut head = [0; 12];
    from.read_exact(&mut head).await.map_err(lost)?;
    let number = |at: usize| u16::from_be_bytes([head[at], head[at + 1]]);
    let (x, y, width, height) = (number(0), number(2), number(4), number(6));
    match i32::from_be_bytes([head[8], head[9], head[10], head[11]]) {
        DESKTOP_SIZE => {
            *frame = sized(width, height)?;
            Ok(true)
        }
        RAW => {
            let (x, y, width, height) = (usize::from(x), usize::from(y), usize::from(width), usize::from(height));
            if x + width > frame.width() || y + height > frame.height() {
                return Err(unexpected("the machine's screen shows something beside itself"));
            }
            let mut bytes = vec![0; width * 4];
            for line in 0..height {
                from.read_exact(&mut bytes).await.map_err(lost)?;
                let row = &mut frame.row_mut(y + line)[x..x + width];
                for (pixel, bytes) in row.iter_mut().zip(bytes.chunks_exact(4)) {
                    *pixel = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], 0]);
                }
            }
            Ok(false)
        }
        other => Err(unexpected(format!(
            "the machine's screen is sent in a form ({other}) that nobody asked for"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{DuplexStream, duplex};

    /// A server of RFB 3.8 with a screen of 4 by 2 pixels that reports what is typed.
    async fn serve(mut peer: DuplexStream, password: Option<&'static str>) -> Vec<(bool, u32)> {
        let mut typed = Vec::new();
        peer.write_all(b"RFB 003.008\n").await.expect("written");
        let mut version = [0; 12];
        peer.read_exact(&mut version).await.expect("read");
        assert_eq!(&version, b"RFB 003.008\n");
        let kind = if password.is_some() { 2 } else { 1 };
        peer.write_all(&[1, kind]).await.expect("written");
        assert_eq!(peer.read_u8().await.expect("read"), kind);
        if let Some(password) = password {
            let challenge = *b"0123456789abcdef";
            peer.write_all(&challenge).await.expect("written");
            let (mut answer, mut expected) = ([0; 16], challenge);
            peer.read_exact(&mut answer).await.expect("read");
            encrypt(&mut expected, password.as_bytes());
            if answer != expected {
                peer.write_all(&[0, 0, 0, 1, 0, 0, 0, 2, b'n', b'o'])
                    .await
                    .expect("written");
                return typed;
            }
        }
        peer.write_all(&[0, 0, 0, 0]).await.expect("written");
        assert_eq!(peer.read_u8().await.expect("read"), 1, "it shares");
        let mut hello = vec![0, 4, 0, 2];
        hello.extend([0; 16]);
        hello.extend([0, 0, 0, 2, b'v', b'm']);
        peer.write_all(&hello).await.expect("written");
        let mut updates = 0;
        while let Ok(kind) = peer.read_u8().await {
            let mut rest = vec![0; [19, 0, 11, 9, 7][usize::from(kind)]];
            if peer.read_exact(&mut rest).await.is_err() {
                break;
            }
            match kind {
                3 => {
                    updates += 1;
                    let pixel: &[u8] = match updates {
                        // The right size first, then one pixel, then nothing more.
                        1 => &[0, 0, 0, 1, 0, 0, 0, 0, 0, 5, 0, 3, 0xff, 0xff, 0xff, 0x21],
                        2 => &[2, 0, 0, 0, 1, 0, 1, 0, 2, 0, 1, 0, 1, 0, 0, 0, 0, 0x33, 0x22, 0x11, 9],
                        _ => &[],
                    };
                    peer.write_all(pixel).await.expect("written");
                }
                4 => typed.push((rest[0] == 1, u32::from_be_bytes([rest[3], rest[4], rest[5], rest[6]]))),
                _ => {}
            }
        }
        typed
    }

    #[tokio::test]
    async fn frames_come_and_keys_go() {
        let (ours, theirs) = duplex(4096);
        let server = tokio::spawn(serve(theirs, Some("sesame")));
        let password = Secret::literal("sesame");
        let vnc = Vnc::connect(ours, Some(&password)).await.expect("connected");
        let frame = vnc.frame().await.expect("a frame");
        assert_eq!((frame.width(), frame.height()), (5, 3));
        assert_eq!(frame.row(2)[1], 0x11_2233);
        let none = vnc
            .changed(&frame, Duration::from_millis(20))
            .await
            .expect("it answers");
        assert!(none.is_none());
        for key in [Key::Char('A'), Key::Named(NamedKey::Enter)] {
            vnc.press(key).await.expect("pressed");
            vnc.release(key).await.expect("released");
        }
        drop(vnc);
        let typed = server.await.expect("it ended");
        assert_eq!(
            typed,
            [
                (true, 0xffe1),
                (true, 0x41),
                (false, 0x41),
                (false, 0xffe1),
                (true, 0xff0d),
                (false, 0xff0d)
            ]
        );
    }

    #[tokio::test]
    async fn a_wrong_password_and_a_stranger_are_told() {
        let (ours, theirs) = duplex(4096);
        tokio::spawn(serve(theirs, Some("sesame")));
        let error = Vnc::connect(ours, Some(&Secret::literal("wrong")))
            .await
            .err()
            .expect("refused");
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
        assert!(error.message().ends_with("refuses the password: no"), "{error}");

        let (ours, mut theirs) = duplex(4096);
        theirs.write_all(b"SSH-2.0-OpenSSH_9\r\n").await.expect("written");
        let error = Vnc::connect(ours, None).await.err().expect("refused");
        assert!(error.message().contains("does not speak VNC"), "{error}");
    }

    #[test]
    fn a_challenge_is_answered_as_others_do() {
        // As OpenSSL's DES-ECB gives it under the key 0e86ceceeef64e26, which is "password" with the bits of each byte turned.
        let known = [0xff, 0x97, 0x50, 0x2e, 0x94, 0x22, 0xf0, 0x89];
        let mut challenge = [0; 16];
        encrypt(&mut challenge, b"password");
        assert_eq!((&challenge[..8], &challenge[8..]), (&known[..], &known[..]));
        let mut longer = [0; 16];
        encrypt(&mut longer, b"password and more");
        assert_eq!(challenge, longer, "eight bytes count");
    }
}
