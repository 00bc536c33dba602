//! A machine whose disks are layers, so that it can be stored between its steps: what is written after a step goes into a new layer of each disk, and
//! those below are not written to any more.
//!
//! ```text
//! guest: sync ── stop ── a new layer on top of every disk, all at once ── go on
//!                           └─ beside the next step: what is below goes to the disk, and gets its name
//! ```
//!
//! What is stored is what a machine has after its power was cut: disks and the firmware's variables, no memory. It is started again like after
//! a reboot. A failure to store is told and changes nothing for the build, unless QEMU does not say what became of it: an image of layers that the
//! machine does not write to any more would lack what later steps did.

use super::{
    arguments::Drive,
    command_line::own_variables,
    config::Machine,
    disks::{Disks, room_for},
    driver::Img,
    qmp::Qmp,
    states::{Share, State, Store, StoreAt, Working},
    steps::Place,
};
use crate::{
    cache::StepKey,
    communicator::{Command, Communicator, OutputSink, ssh::SshComm},
    engine::Cx,
    error::{Context, Error, ErrorKind, Result},
    event::Timing,
    guest::{Guest, Snapshot, Snapshots},
    io::off_the_async_threads,
    journal::Held,
    resource::Resource,
};
use serde_json::{Value, json};
use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::task::JoinHandle;

/// How long a guest may take to write what it has in memory.
const SYNC: Duration = Duration::from_secs(300);

/// How long it may take to come back from a reboot that a step ended with.
const REBOOT: Duration = Duration::from_secs(300);

/// The disks of a machine that can be stored. Clones are the same ones.
#[derive(Clone)]
pub(super) struct Layers(Arc<Inner>);

struct Inner {
    share: Share,
    /// The layers of each disk, lowest first; the last one is being written to.
    disks: Mutex<Vec<Vec<String>>>,
    /// The state that the machine was started from.
    from: Option<(State, StepKey)>,
    keys: Vec<StepKey>,
    /// What the first disk started from.
    base: Option<PathBuf>,
    /// How QEMU knows the disks, once it was asked.
    attached: Mutex<Option<Vec<Attached>>>,
    /// The state that is being stored, and what of.
    storing: tokio::sync::Mutex<Option<(String, JoinHandle<Result<()>>)>>,
    seconds: Mutex<f64>,
    held: Mutex<Option<Held<Working>>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Machine {
    /// The state of a machine under `key`, where one is stored that starts from what this machine does.
    pub(super) async fn stored(&self, cx: &Cx, key: &StepKey) -> Result<Option<Snapshot>> {
        let (state_dir, wanted) = (cx.state_dir().to_owned(), key.clone());
        let found = off_the_async_threads(move || Ok::<_, Error>(Store::open(&state_dir)?.find(&wanted)));
        let Some(state) = found.await? else { return Ok(None) };
        // Its lowest layer knows the disk by its path.
        let same = match &state.base {
            None => true,
            Some(base) => self.medium(cx).await?.path == *base,
        };
        Ok(same.then(|| Snapshot::new(key.clone(), key.as_str())))
    }

    /// The build's part in the store, with the state to start from; `None` where nothing is to be stored. `base` is the disk that the machine
    /// starts from otherwise.
    pub(super) async fn layers(&self, cx: &Cx, guest: &Guest, base: Option<&Path>) -> Result<Option<Layers>> {
        let keys = guest.keys();
        if keys.is_empty() {
            return Ok(None);
        }
        let at = StoreAt {
            state_dir: cx.state_dir().to_owned(),
        };
        let store = Working::open(&at).await?;
        let held = cx.scope().create(&Working, &store, &at).await?;
        let share = Share::new(store, held.id());
        let from = match guest.start_from() {
            None => None,
            Some(snapshot) => {
                let (share, key) = (share.clone(), snapshot.key.clone());
                let state = off_the_async_threads(move || Ok::<_, Error>((share.take_up(&key)?, key)));
                Some(state.await?)
            }
        };
        Ok(Some(Layers(Arc::new(Inner {
            share,
            disks: Mutex::default(),
            from,
            keys,
            base: base.map(Path::to_owned),
            attached: Mutex::default(),
            storing: tokio::sync::Mutex::default(),
            seconds: Mutex::default(),
            held: Mutex::new(Some(held)),
        }))))
    }

    /// Makes the disks that the machine writes to: empty ones, or what the machine starts from goes on in them.
    pub(super) async fn make_layers(&self, cx: &Cx, img: &Img, layers: &Layers, place: &Place) -> Result<Disks> {
        let Inner { share, from, base, .. } = &*layers.0;
        let count = 1 + self.disk_additional_size.len();
        if let Some(base) = base {
            // The image is written there in the end.
            room_for(base, &place.folder.join("done"))?;
        }
        let names = layers.new_layers(count).await?;
        let paths: Vec<PathBuf> = names.iter().map(|name| share.store.layer(name)).collect();
        let disks = match from {
            None => {
                self.make_disks_at(cx, img, &paths, base.as_deref(), "qcow2").await?;
                names.into_iter().map(|name| vec![name]).collect()
            }
            Some((state, _)) => {
                if state.disks.len() != count {
                    return Err(Error::new(ErrorKind::Internal, "the stored machine has other disks"));
                }
                cx.say("the machine starts from its stored state");
                let mut disks = state.disks.clone();
                for ((disk, name), path) in disks.iter_mut().zip(names).zip(&paths) {
                    overlay(img, disk.last(), path, None).await?;
                    disk.push(name);
                }
                if let Some(variables) = &state.variables {
                    let to = own_variables(&place.folder);
                    let copied = std::fs::copy(share.store.layer(variables), &to);
                    copied.path("copy the firmware's variables to", &to)?;
                }
                disks
            }
        };
        *lock(&layers.0.disks) = disks;
        Ok(Disks {
            drives: layers.drives(),
            base: base.clone(),
            layered: true,
            started: self.disk_image || from.is_some(),
        })
    }
}

/// An overlay on the layer `below`, which is beside it. A layer that a machine writes to is not opened: then the `size` is to be known.
async fn overlay(img: &Img, below: Option<&String>, path: &Path, size: Option<u64>) -> Result<()> {
    let mut words: Vec<OsString> = ["create", "-q", "-f", "qcow2", "-F", "qcow2"]
        .map(OsString::from)
        .to_vec();
    words.extend(
        below
            .iter()
            .flat_map(|below| [OsString::from("-b"), below.as_str().into()]),
    );
    words.extend(size.map(|_| OsString::from("-u")));
    words.push(path.into());
    words.extend(size.map(|size| size.to_string().into()));
    img.run(&words).await
}

impl Layers {
    /// Whether the machine starts from a stored state.
    pub(super) fn restored(&self) -> bool {
        self.0.from.is_some()
    }

    /// The key made for another build that the machine may still let in.
    pub(super) fn old_login(&self) -> Option<&str> {
        self.0.from.as_ref().and_then(|(state, _)| state.login.as_deref())
    }

    /// The disks as they are written to now.
    pub(super) fn drives(&self) -> Vec<Drive> {
        let top = |disk: &Vec<String>| Drive {
            path: self.0.share.store.layer(disk.last().map_or("", String::as_str)),
            format: "qcow2".to_owned(),
        };
        lock(&self.0.disks).iter().map(top).collect()
    }

    async fn new_layers(&self, count: usize) -> Result<Vec<String>> {
        let share = self.0.share.clone();
        off_the_async_threads(move || share.new_layers(count)).await
    }

    /// The machine did not come to life from its stored state: the next build is to find another.
    pub(super) async fn let_nobody_in(&self, error: Error) -> Error {
        let Some((_, key)) = self.0.from.clone() else {
            return error;
        };
        if error.kind() == ErrorKind::Cancelled {
            return error;
        }
        let store = self.0.share.store.clone();
        if let Err(problem) = off_the_async_threads(move || store.forget(&key)).await {
            tracing::warn!(error = problem.full(), "a state of no use stays");
        }
        error.hint(
            "the machine was started from a stored state, as after a reboot, which is forgotten now: the next build begins at an earlier one. \
             Where a step makes a machine that nobody can reboot and log in to, leave `step_snapshots` out",
        )
    }

    /// Waits until the last state is stored; tells where it could not be.
    async fn settle(&self, cx: &Cx) {
        let Some((when, storing)) = self.0.storing.lock().await.take() else {
            return;
        };
        let stored = storing.await;
        if let Err(error) = stored.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic())) {
            not_stored(cx, &when, &error);
        }
    }

    /// The machine's steps are over, be it well: what is stored is that, and of what this unit stored before, what this build's steps are.
    pub(super) async fn end(&self, cx: &Cx) {
        self.settle(cx).await;
        let seconds = *lock(&self.0.seconds);
        if seconds > 0.0 {
            cx.note_timing(Timing::new("store the machine", seconds, false));
        }
        let (store, keys, unit) = (self.0.share.store.clone(), self.0.keys.clone(), cx.unit().to_string());
        let kept = off_the_async_threads(move || store.keep_only(Some(&unit), &keys));
        if let Err(error) = kept.await {
            cx.warn(format!(
                "stored machines of former steps could not be removed: {}",
                error.full()
            ));
        }
    }
}

impl Layers {
    /// The build is over, and needs nothing of the store any more.
    pub(super) async fn leave(&self, cx: &Cx) -> Result<()> {
        let held = lock(&self.0.held).take();
        match held {
            Some(held) => cx.scope().delete(held).await,
            None => Ok(()),
        }
    }
}

fn not_stored(cx: &Cx, when: &str, error: &Error) {
    cx.warn(format!(
        "the machine is not stored as it was {when}, so that no later build can begin there: {}",
        error.full()
    ));
}

/// The power to store a running machine.
pub(super) struct Recorder {
    pub(super) cx: Cx,
    pub(super) layers: Layers,
    pub(super) img: Img,
    pub(super) qmp: Qmp,
    pub(super) comm: SshComm,
    /// The build's folder.
    pub(super) folder: PathBuf,
    /// Whether it took more than a start to get here, so that the machine is stored before its first step too.
    pub(super) installed: bool,
    /// The public half of the key made for the build, where the machine was told it.
    pub(super) login: Option<String>,
}

impl Snapshots for Recorder {
    async fn take_base(&self, key: &StepKey) -> Result<()> {
        match self.installed {
            true => self.take_under(key, "before its first step".to_owned()).await,
            false => Ok(()),
        }
    }

    async fn take(&self, key: Option<&StepKey>, title: &str) -> Result<()> {
        match key {
            Some(key) => self.take_under(key, format!("after {title}")).await,
            None => Ok(()),
        }
    }
}

/// Why a machine is not stored.
#[derive(Debug)]
enum Failure {
    /// It goes on as it was.
    Unstored(Error),
    /// Whether it goes on, and which layers it writes to, nobody knows.
    Unknown(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Unstored(error)
    }
}

/// Has QEMU do what changes the machine: only what it refuses is certainly not done.
async fn tell(qmp: &Qmp, command: &str, arguments: Value) -> Result<(), Failure> {
    match qmp.execute(command, arguments).await {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::CommandFailed => Err(Failure::Unstored(error)),
        Err(error) => Err(Failure::Unknown(error)),
    }
}

/// A disk as QEMU knows it.
#[derive(Clone)]
struct Attached {
    device: String,
    /// In bytes.
    size: u64,
}

impl Recorder {
    async fn take_under(&self, key: &StepKey, when: String) -> Result<()> {
        let began = Instant::now();
        self.layers.settle(&self.cx).await;
        let stored = self.store(key, &when).await;
        *lock(&self.layers.0.seconds) += began.elapsed().as_secs_f64();
        match stored {
            Err(Failure::Unstored(error)) if error.kind() != ErrorKind::Cancelled => {
                not_stored(&self.cx, &when, &error);
                Ok(())
            }
            Err(Failure::Unstored(error) | Failure::Unknown(error)) => Err(error),
            Ok(()) => Ok(()),
        }
    }

    async fn store(&self, key: &StepKey, when: &str) -> Result<(), Failure> {
        self.write_out().await?;
        let known = lock(&self.layers.0.attached).clone();
        let attached = match known {
            Some(known) => known,
            // Layers that come later have names that QEMU makes up.
            None => self.attached(&self.qmp.execute("query-block", json!({})).await?)?,
        };
        *lock(&self.layers.0.attached) = Some(attached.clone());
        let variables = Some(own_variables(&self.folder)).filter(|path| path.is_file());
        let below: Vec<Vec<String>> = lock(&self.layers.0.disks).clone();
        let mut names = self
            .layers
            .new_layers(below.len() + usize::from(variables.is_some()))
            .await?;
        let stored = variables.map(|path| (path, names.pop().unwrap_or_default()));
        let store = &self.layers.0.share.store;
        let mut actions = Vec::new();
        for ((disk, name), Attached { device, size }) in below.iter().zip(&names).zip(&attached) {
            let path = store.layer(name);
            overlay(&self.img, disk.last(), &path, Some(*size)).await?;
            let file = path.display().to_string();
            let data = json!({"device": device, "snapshot-file": file, "format": "qcow2", "mode": "existing"});
            actions.push(json!({"type": "blockdev-snapshot-sync", "data": data}));
        }
        tell(&self.qmp, "stop", json!({})).await?;
        let taken = async {
            if let Some((from, name)) = &stored {
                let copied = tokio::fs::copy(from, store.layer(name)).await;
                copied.path("copy the firmware's variables to", store.layer(name))?;
            }
            tell(&self.qmp, "transaction", json!({"actions": actions})).await
        };
        let taken = taken.await;
        // One that stands still is not what the next step is for.
        let goes_on = self.qmp.execute("cont", json!({})).await;
        goes_on.map_err(Failure::Unknown)?;
        taken?;
        for (disk, name) in lock(&self.layers.0.disks).iter_mut().zip(names) {
            disk.push(name);
        }
        let state = State {
            unit: self.cx.unit().to_string(),
            base: self.layers.0.base.clone(),
            disks: below,
            variables: stored.map(|(_, name)| name),
            login: self.login.clone(),
        };
        // The disk writes while the next step runs.
        let (share, key) = (self.layers.0.share.clone(), key.clone());
        let storing = tokio::task::spawn_blocking(move || share.record(&key, &state));
        *self.layers.0.storing.lock().await = Some((when.to_owned(), storing));
        Ok(())
    }

    /// Has the guest write what it has in memory. It may be on its way back from a reboot that the step ended with.
    async fn write_out(&self) -> Result<()> {
        let ended = match self.sync().await {
            Err(error) if error.kind() != ErrorKind::Cancelled => {
                tracing::debug!(error = error.full(), "the machine is waited for to be stored");
                self.comm.reconnect(REBOOT).await?;
                self.sync().await
            }
            ended => ended,
        };
        ended.map_err(|error| {
            error.hint("the guest writes its file systems out by `sync`: without it they might be stored half-written")
        })
    }

    async fn sync(&self) -> Result<()> {
        let (sink, mut printed) = OutputSink::channel();
        let drain = async { while printed.recv().await.is_some() {} };
        let command = Command::shell("sync").timeout(SYNC);
        match tokio::join!(Box::pin(self.comm.exec(command, sink)), drain).0? {
            exit if exit.success() => Ok(()),
            exit => Err(Error::new(
                ErrorKind::CommandFailed,
                format!("`sync` ended with exit code {} in the guest", exit.code()),
            )),
        }
    }

    /// How QEMU knows the machine's disks, and their sizes.
    fn attached(&self, told: &Value) -> Result<Vec<Attached>> {
        let drives = self.layers.drives();
        let mut found: Vec<Option<Attached>> = vec![None; drives.len()];
        for device in told.as_array().into_iter().flatten() {
            let inserted = &device["inserted"];
            if inserted.is_null() || inserted["ro"].as_bool() == Some(true) {
                continue;
            }
            let file = Path::new(inserted["file"].as_str().unwrap_or_default());
            match drives.iter().position(|drive| drive.path == file) {
                Some(i) => {
                    found[i] = Some(Attached {
                        device: device["device"].as_str().unwrap_or_default().to_owned(),
                        size: inserted["image"]["virtual-size"].as_u64().unwrap_or_default(),
                    });
                }
                None if file.starts_with(&self.folder) => {}
                None => {
                    let message = format!(
                        "the machine has a disk of its own, {}, which would not be stored",
                        file.display()
                    );
                    return Err(Error::new(ErrorKind::Unsupported, message).hint("look at `qemuargs`"));
                }
            }
        }
        let all: Option<Vec<_>> = found.into_iter().collect();
        all.ok_or_else(|| {
            Error::new(ErrorKind::Unsupported, "a disk of the machine is not attached to it").hint("look at `qemuargs`")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::{
        io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
        net::UnixStream,
    };

    #[tokio::test]
    async fn only_what_qemu_refuses_is_passed_over() {
        let (ours, theirs) = UnixStream::pair().expect("sockets");
        let machine = async {
            let (from, mut to) = theirs.into_split();
            let mut lines = BufReader::new(from).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                let asked: Value = serde_json::from_str(&line).expect("JSON");
                let id = &asked["id"];
                let answer = match asked["execute"].as_str() {
                    Some("stop") => json!({"id": id, "error": {"class": "GenericError", "desc": "not now"}}),
                    // Gone in the middle of it.
                    Some("transaction") => return,
                    _ => json!({"id": id, "return": {}}),
                };
                to.write_all(format!("{answer}\r\n").as_bytes()).await.expect("written");
            }
        };
        let asking = async {
            let qmp = Qmp::connect(ours).await.expect("it answers");
            tell(&qmp, "cont", json!({})).await.expect("done");
            let refused = tell(&qmp, "stop", json!({})).await.expect_err("refused");
            assert!(matches!(refused, Failure::Unstored(_)), "{refused:?}");
            let lost = tell(&qmp, "transaction", json!({})).await.expect_err("lost");
            assert!(matches!(lost, Failure::Unknown(_)), "{lost:?}");
        };
        tokio::join!(machine, asking);
    }
}
