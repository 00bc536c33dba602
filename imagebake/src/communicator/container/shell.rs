//! A shell that stays open in a container.
//!
//! Starting a program costs an engine a tenth of a second; a line for a shell that runs already costs a thousandth. Each command runs in a
//! subshell of its own, so that it cannot change the next one's surroundings. Its end is a line with a word on both of its streams that no command can
//! know, behind which stands the exit code; whatever stands before is output. Data never reaches a command line: it is quoted in what the shell reads.

use super::{ContainerEngine, EngineStream, Exec, Session};
use crate::{
    communicator::OutputSink,
    engine::random_id,
    error::{Error, ErrorKind, Result},
    event::Stream as OutputStream,
};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use std::pin::Pin;
use tokio::io::{AsyncWrite, AsyncWriteExt};

/// The open shell.
pub(super) struct Shell {
    input: Pin<Box<dyn AsyncWrite + Send>>,
    output: EngineStream<(OutputStream, Bytes)>,
    id: String,
    word: String,
    streams: [Scanner; 2],
}

/// How a command in a shell ended.
pub(super) enum Ended {
    /// With this exit code.
    Code(i32),
    /// The shell ended too.
    Lost,
}

impl Shell {
    /// Starts one; it is not known yet whether there is a shell in the container.
    pub(super) async fn open(engine: &impl ContainerEngine, user: Option<String>) -> Result<Self> {
        let exec = Exec {
            argv: vec!["/bin/sh".to_owned()],
            user,
            stdin: true,
            ..Exec::default()
        };
        engine.open(exec).await.map(Self::joined)
    }

    /// A shell that runs already.
    pub(super) fn joined(session: Session) -> Self {
        let word = format!("imagebake-{}{}", random_id(), random_id());
        Self {
            input: session.input,
            output: session.output,
            id: session.id,
            streams: [Scanner::new(&word), Scanner::new(&word)],
            word,
        }
    }

    /// What the engine calls it; nothing where it is the container's main program.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// Runs `script`, which is any number of lines, in a subshell that reads nothing.
    pub(super) async fn run(&mut self, script: &str, output: &OutputSink) -> Result<Ended> {
        let word = &self.word;
        let text = format!("(\n{script}\n) </dev/null; echo {word} $?; echo {word} 0 >&2\n");
        let written = async {
            self.input.write_all(text.as_bytes()).await?;
            self.input.flush().await
        };
        let mut codes = [None, None];
        let mut written = std::pin::pin!(written);
        let mut writing = true;
        loop {
            let told = tokio::select! {
                done = &mut written, if writing => {
                    writing = false;
                    // What it said last is worth more than that it does not read any more.
                    if let Err(error) = done {
                        tracing::debug!(%error, "the shell in the container does not read");
                    }
                    continue;
                }
                told = self.output.next() => told,
            };
            let Some(told) = told else { return Ok(Ended::Lost) };
            let (stream, bytes) = told?;
            let scanner = &mut self.streams[stream as usize];
            let (before, code) = scanner.push(&bytes)?;
            if !before.is_empty() {
                output.send(stream, before).await;
            }
            if code.is_some() {
                codes[stream as usize] = code;
            }
            if let [Some(code), Some(_)] = codes {
                return Ok(Ended::Code(code));
            }
        }
    }
}

/// Looks for the word in a stream that is cut anywhere.
struct Scanner {
    word: Vec<u8>,
    held: BytesMut,
}

impl Scanner {
    fn new(word: &str) -> Self {
        Self {
            word: word.as_bytes().to_vec(),
            held: BytesMut::new(),
        }
    }

    /// What may be handed on, and the code behind the word where both came.
    fn push(&mut self, bytes: &Bytes) -> Result<(Bytes, Option<i32>)> {
        if self.held.is_empty() && memchr::memmem::find(bytes, &self.word).is_none() {
            let keep = self.possible_start(bytes);
            if keep == 0 {
                return Ok((bytes.clone(), None));
            }
        }
        self.held.extend_from_slice(bytes);
        let Some(at) = memchr::memmem::find(&self.held, &self.word) else {
            let keep = self.possible_start(&self.held);
            let before = self.held.split_to(self.held.len() - keep);
            return Ok((before.freeze(), None));
        };
        let Some(end) = memchr::memchr(b'\n', &self.held[at..]) else {
            return Ok((self.held.split_to(at).freeze(), None));
        };
        let before = self.held.split_to(at).freeze();
        let line = self.held.split_to(end + 1);
        let code = std::str::from_utf8(&line[self.word.len()..])
            .ok()
            .and_then(|text| text.trim().parse().ok())
            .ok_or_else(|| {
                Error::new(
                    ErrorKind::Internal,
                    "the shell in the container does not say how a command ended",
                )
                .hint("is `/bin/sh` in the image a POSIX shell?")
            })?;
        Ok((before, Some(code)))
    }

    /// How many of the last bytes may be the word's beginning.
    fn possible_start(&self, bytes: &[u8]) -> usize {
        let most = bytes.len().min(self.word.len() - 1);
        let tail = &bytes[bytes.len() - most..];
        (0..tail.len())
            .find(|from| self.word.starts_with(&tail[*from..]))
            .map_or(0, |from| tail.len() - from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(chunks: &[&str]) -> (String, Option<i32>) {
        let mut scanner = Scanner::new("wworrd");
        let (mut text, mut code) = (String::new(), None);
        for chunk in chunks {
            let (before, found) = scanner
                .push(&Bytes::copy_from_slice(chunk.as_bytes()))
                .expect("understood");
            text.push_str(std::str::from_utf8(&before).expect("text"));
            code = code.or(found);
        }
        (text, code)
    }

    #[test]
    fn the_end_of_a_command_is_found_however_it_is_cut() {
        let whole = "out wwor without a line's end wworrd 17\n";
        let expected = ("out wwor without a line's end ".to_owned(), Some(17));
        assert_eq!(scan(&[whole]), expected);
        for cut in 1..whole.len() {
            let (a, b) = whole.split_at(cut);
            assert_eq!(scan(&[a, b]), expected, "cut at {cut}");
        }
        let letters: Vec<String> = whole.chars().map(String::from).collect();
        let letters: Vec<&str> = letters.iter().map(String::as_str).collect();
        assert_eq!(scan(&letters), expected);
    }

    #[test]
    fn output_that_only_looks_like_an_end_is_handed_on() {
        assert_eq!(scan(&["a ww", "x"]), ("a wwx".to_owned(), None));
        assert_eq!(scan(&["www", "wworrd 0\n"]), ("www".to_owned(), Some(0)));
    }
}
