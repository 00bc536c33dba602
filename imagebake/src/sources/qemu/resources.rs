//! What a machine of QEMU leaves outside the program: its folder beside the image's place, and its processes.
//!
//! A process carries its token in its environment, so that it is found by whoever looks through `/proc`, and its identity is its number
//! with the moment of its start: numbers are used again.

use super::driver::{self, Start};
use crate::{
    error::{Context, Error, ErrorKind, Result},
    io::off_the_async_threads,
    resource::{Owned, Resource, Token},
};
use rustix::{
    event::{PollFd, PollFlags, Timespec},
    process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal},
};
use serde::{Deserialize, Serialize};
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};
use tokio::process::Child;

/// How long a process may take to end after it was killed.
const ENDING: Duration = Duration::from_secs(20);
const PREFIX: &str = ".imagebake-";

/// The folder in which a machine's disks are made, beside the place of the image, so that the image gets there by a rename.
pub(super) struct Folder;

/// Where such folders are.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Beside {
    /// The folder that has the image.
    #[serde(with = "crate::value::path_text::exact")]
    pub(super) parent: PathBuf,
}

impl Beside {
    pub(super) fn folder(&self, id: &str) -> PathBuf {
        self.parent.join(format!("{PREFIX}{id}"))
    }
}

impl Resource for Folder {
    const KIND: &'static str = "imagebake/qemu-folder";
    type Locator = Beside;
    type Driver = Beside;
    type Id = String;

    async fn open(at: &Beside) -> Result<Beside> {
        Ok(at.clone())
    }

    async fn create(&self, beside: &Beside, token: &Token) -> Result<String> {
        let folder = beside.folder(&token.id);
        fs::create_dir_all(&folder).path("make the folder", &folder)?;
        let text = serde_json::to_vec(token).unwrap_or_default();
        let path = folder.join("token.json");
        fs::write(&path, text).path("write", &path)?;
        Ok(token.id.clone())
    }

    async fn find(beside: &Beside, token: &Token) -> Result<Option<String>> {
        Ok(beside.folder(&token.id).is_dir().then(|| token.id.clone()))
    }

    async fn delete(beside: &Beside, id: String) -> Result<()> {
        let folder = beside.folder(&id);
        match tokio::fs::remove_dir_all(&folder).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::io("remove", &folder, error)),
            _ => Ok(()),
        }
    }

    async fn list(beside: &Beside, project: &str) -> Result<Vec<Owned<String>>> {
        let entries = fs::read_dir(&beside.parent).path("read the folder", &beside.parent)?;
        let owned = entries.flatten().filter_map(|entry| {
            entry.file_name().to_str()?.strip_prefix(PREFIX)?;
            let text = fs::read(entry.path().join("token.json")).ok()?;
            let token: Token = serde_json::from_slice(&text).ok()?;
            Some(Owned {
                id: token.id.clone(),
                created: entry.metadata().and_then(|about| about.modified()).ok(),
                token,
            })
        });
        Ok(owned.filter(|owned| owned.token.project == project).collect())
    }

    /// Images usually stand in the project's folder, where the state is too.
    fn locators(state_dir: &Path) -> Vec<Beside> {
        let parent = state_dir.parent().filter(|parent| parent.is_dir());
        let beside = parent.map(|parent| Beside {
            parent: parent.to_owned(),
        });
        beside.into_iter().collect()
    }
}

crate::resource!(Folder);

/// A process to be started.
pub(super) struct Process {
    start: Mutex<Option<Start>>,
    child: Mutex<Option<Child>>,
}

/// The system that a process runs on: after a restart there is none.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Boot {
    id: String,
}

impl Boot {
    pub(super) fn here() -> Self {
        let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        Self {
            id: id.trim().to_owned(),
        }
    }
}

/// A process as it is found again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct ProcessId {
    pub(super) pid: i32,
    /// The moment of its start in ticks of the system, which the next process with this number does not share.
    pub(super) started: u64,
}

impl ProcessId {
    /// The process with this number now, unless it has ended.
    fn of(pid: i32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name in parentheses may have anything in it.
        let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
        let state = fields.next()?;
        let started = fields.nth(18)?.parse().ok()?;
        (state != "Z" && state != "X").then_some(Self { pid, started })
    }

    fn lives(&self) -> bool {
        Self::of(self.pid).is_some_and(|now| now.started == self.started)
    }

    /// Kills it and waits for its end.
    async fn kill(&self) -> Result<()> {
        let Some(pid) = Pid::from_raw(self.pid) else {
            return Ok(());
        };
        // The descriptor stays that process's, whoever gets its number.
        let Ok(process) = pidfd_open(pid, PidfdFlags::empty()) else {
            return Ok(());
        };
        if !self.lives() {
            return Ok(());
        }
        match pidfd_send_signal(&process, Signal::KILL) {
            Ok(()) => {}
            Err(rustix::io::Errno::SRCH) => return Ok(()),
            Err(error) => {
                let message = format!("cannot end process {}", self.pid);
                return Err(Error::new(ErrorKind::PermissionDenied, message).because(io::Error::from(error)));
            }
        }
        let wait = move || {
            let limit = Timespec::try_from(ENDING).ok();
            rustix::event::poll(&mut [PollFd::new(&process, PollFlags::IN)], limit.as_ref()).map_err(io::Error::from)
        };
        match off_the_async_threads(wait).await {
            Ok(0) => Err(Error::new(
                ErrorKind::Timeout,
                format!("process {} does not end though it was killed", self.pid),
            )
            .hint("it may wait for a disk: look at it with `ps`, and run `cleanup` again")),
            Ok(_) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

impl Process {
    pub(super) fn new(start: Start) -> Self {
        Self {
            start: Mutex::new(Some(start)),
            child: Mutex::default(),
        }
    }

    /// The started process, for whoever waits for its end.
    pub(super) fn child(&self) -> Option<Child> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The tokens of all processes that have one.
fn tokens() -> Vec<(Token, ProcessId)> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let marker = format!("{}=", driver::TOKEN);
    let token = |pid: i32| {
        let environment = fs::read(format!("/proc/{pid}/environ")).ok()?;
        let value = environment
            .split(|byte| *byte == 0)
            .find_map(|entry| entry.strip_prefix(marker.as_bytes()))?;
        Some((serde_json::from_slice(value).ok()?, ProcessId::of(pid)?))
    };
    entries
        .flatten()
        .filter_map(|entry| token(entry.file_name().to_str()?.parse().ok()?))
        .collect()
}

impl Resource for Process {
    const KIND: &'static str = "imagebake/qemu-process";
    type Locator = Boot;
    type Driver = Boot;
    type Id = ProcessId;

    async fn open(at: &Boot) -> Result<Boot> {
        Ok(at.clone())
    }

    async fn create(&self, _: &Boot, token: &Token) -> Result<ProcessId> {
        let start = self.start.lock().unwrap_or_else(PoisonError::into_inner).take();
        let start = start.ok_or_else(|| Error::new(ErrorKind::Internal, "a process is started once"))?;
        let token = serde_json::to_string(token).unwrap_or_default();
        let child = start.spawn(&token)?;
        let pid = child.id().and_then(|pid| i32::try_from(pid).ok()).unwrap_or_default();
        *self.child.lock().unwrap_or_else(PoisonError::into_inner) = Some(child);
        // One that has ended already has no moment of its start, and nothing to be removed.
        Ok(ProcessId::of(pid).unwrap_or(ProcessId { pid, started: 0 }))
    }

    async fn find(boot: &Boot, token: &Token) -> Result<Option<ProcessId>> {
        if boot.id != Boot::here().id {
            return Ok(None);
        }
        Ok(tokens().into_iter().find(|(of, _)| of == token).map(|(_, id)| id))
    }

    async fn delete(boot: &Boot, id: ProcessId) -> Result<()> {
        match boot.id == Boot::here().id {
            true => id.kill().await,
            false => Ok(()),
        }
    }

    async fn list(_: &Boot, project: &str) -> Result<Vec<Owned<ProcessId>>> {
        let created = |token: &Token| {
            let age = Duration::from_secs(token.expires.saturating_sub(6 * 3600));
            Some(SystemTime::UNIX_EPOCH + age)
        };
        let owned = tokens().into_iter().filter(|(token, _)| token.project == project);
        Ok(owned
            .map(|(token, id)| Owned {
                created: created(&token),
                id,
                token,
            })
            .collect())
    }

    fn locators(_: &Path) -> Vec<Boot> {
        vec![Boot::here()]
    }
}

crate::resource!(Process);
