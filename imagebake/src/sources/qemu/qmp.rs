//! QEMU's control connection: JSON lines over a socket, questions and answers by number, events in between.

use crate::{
    communicator::Resets,
    error::{Error, ErrorKind, Result},
};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{UnixStream, unix::OwnedWriteHalf},
    sync::{Mutex as AsyncMutex, oneshot, watch},
};

/// How long a machine may take for an answer.
const ANSWER: Duration = Duration::from_secs(30);

/// The control connection of a running machine. Clones share it.
#[derive(Clone)]
pub(crate) struct Qmp(Arc<Inner>);

struct Inner {
    to: AsyncMutex<OwnedWriteHalf>,
    waiting: Arc<Mutex<Waiting>>,
    events: watch::Receiver<Vec<String>>,
    #[cfg_attr(not(feature = "ssh"), expect(dead_code, reason = "only SSH stays connected"))]
    resets: Resets,
}

#[derive(Default)]
struct Waiting {
    next: u64,
    answers: HashMap<u64, oneshot::Sender<Value>>,
    over: bool,
}

fn lock(waiting: &Mutex<Waiting>) -> MutexGuard<'_, Waiting> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}

fn lost() -> Error {
    Error::new(ErrorKind::Unreachable, "the machine's control connection is closed")
        .hint("QEMU has ended: what it said last is in its log")
}

impl Qmp {
    /// Begins to talk over `socket`.
    ///
    /// # Errors
    /// When nobody answers there.
    pub(crate) async fn connect(socket: UnixStream) -> Result<Self> {
        let (from, to) = socket.into_split();
        let waiting = Arc::new(Mutex::new(Waiting::default()));
        let (told, events) = watch::channel(Vec::new());
        let (reset, resets) = Resets::channel();
        let shared = waiting.clone();
        tokio::spawn(async move {
            let mut lines = BufReader::new(from).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                let Ok(message) = serde_json::from_str::<Value>(&line) else {
                    continue;
                };
                if let Some(event) = message["event"].as_str() {
                    if event == "RESET" {
                        reset.reset();
                    }
                    // An error that the guest is told of is its own to deal with.
                    let name = match message["data"]["action"].as_str() {
                        Some(action) if event == "BLOCK_IO_ERROR" => format!("{event} {action}"),
                        _ => event.to_owned(),
                    };
                    told.send_modify(|events| events.push(name));
                } else if let Some(id) = message["id"].as_u64()
                    && let Some(answer) = lock(&shared).answers.remove(&id)
                {
                    let _ = answer.send(message);
                }
            }
            let mut waiting = lock(&shared);
            waiting.over = true;
            waiting.answers.clear();
        });
        let qmp = Self(Arc::new(Inner {
            to: AsyncMutex::new(to),
            waiting,
            events,
            resets,
        }));
        qmp.execute("qmp_capabilities", json!({})).await?;
        Ok(qmp)
    }

    /// Asks for `command` and gives its answer.
    ///
    /// # Errors
    /// When the machine refuses, does not answer or is gone.
    pub(crate) async fn execute(&self, command: &str, arguments: Value) -> Result<Value> {
        let (answer, answered) = oneshot::channel();
        let id = {
            let mut waiting = lock(&self.0.waiting);
            if waiting.over {
                return Err(lost());
            }
            waiting.next += 1;
            let id = waiting.next;
            waiting.answers.insert(id, answer);
            id
        };
        let line = format!("{}\n", json!({"execute": command, "arguments": arguments, "id": id}));
        let write = self.0.to.lock().await.write_all(line.as_bytes()).await;
        write.map_err(|error| lost().because(error))?;
        let mut message = match tokio::time::timeout(ANSWER, answered).await {
            Ok(Ok(message)) => message,
            Ok(Err(_)) => return Err(lost()),
            Err(_) => {
                lock(&self.0.waiting).answers.remove(&id);
                let message = format!("QEMU did not answer `{command}` in time");
                return Err(Error::new(ErrorKind::Timeout, message));
            }
        };
        match message["error"]["desc"].as_str() {
            None => Ok(message["return"].take()),
            Some(said) => Err(Error::new(
                ErrorKind::CommandFailed,
                format!("QEMU refused `{command}`: {said}"),
            )),
        }
    }

    /// A line for the monitor of people, and what it prints: for what the control connection has no command.
    pub(crate) async fn monitor(&self, line: &str) -> Result<String> {
        let printed = self
            .execute("human-monitor-command", json!({"command-line": line}))
            .await?;
        Ok(printed.as_str().unwrap_or_default().trim().to_owned())
    }

    /// When the machine is reset.
    #[cfg(feature = "ssh")]
    pub(crate) fn resets(&self) -> Resets {
        self.0.resets.clone()
    }

    /// Comes back when the event `name` has been told, and never when the machine ends without.
    pub(crate) async fn event(&self, name: &str) {
        let mut events = self.0.events.clone();
        let wanted = |events: &Vec<String>| events.iter().any(|event| event == name);
        let told = events.wait_for(wanted).await.is_ok();
        if !told {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt;

    /// Answers as QEMU does: an event between question and answer, and a refusal.
    async fn machine(socket: UnixStream) {
        let (from, mut to) = socket.into_split();
        let _ = to.write_all(b"{\"QMP\": {\"version\": {}}}\r\n").await;
        let mut lines = BufReader::new(from).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            let asked: Value = serde_json::from_str(&line).expect("JSON");
            let id = &asked["id"];
            let answer = match asked["execute"].as_str() {
                Some("quit") => return,
                Some("nonsense") => json!({"id": id, "error": {"class": "CommandNotFound", "desc": "not known"}}),
                _ => json!({"id": id, "return": {"asked": asked["execute"]}}),
            };
            let event = json!({"event": "RESUME", "timestamp": {}});
            let _ = to.write_all(format!("{event}\r\n{answer}\r\n").as_bytes()).await;
        }
    }

    #[tokio::test]
    async fn answers_find_their_questions_and_events_are_kept() {
        let (ours, theirs) = UnixStream::pair().expect("sockets");
        tokio::spawn(machine(theirs));
        let qmp = Qmp::connect(ours).await.expect("it answers");
        let (one, two) = tokio::join!(
            qmp.execute("query-status", json!({})),
            qmp.execute("query-vnc", json!({}))
        );
        assert_eq!(one.expect("an answer")["asked"], "query-status");
        assert_eq!(two.expect("an answer")["asked"], "query-vnc");
        qmp.event("RESUME").await;
        let refused = qmp.execute("nonsense", json!({})).await.expect_err("refused");
        assert!(refused.message().contains("not known"), "{}", refused.message());
        let gone = qmp.execute("quit", json!({})).await.expect_err("it ends");
        assert_eq!(gone.kind(), ErrorKind::Unreachable);
    }

    #[tokio::test]
    async fn somebody_who_hangs_up_is_told_apart() {
        let (ours, mut theirs) = UnixStream::pair().expect("sockets");
        tokio::spawn(async move {
            let mut line = [0; 16];
            let _ = theirs.read(&mut line).await;
        });
        assert!(Qmp::connect(ours).await.is_err());
    }
}
