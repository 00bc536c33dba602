//! The machine of a build: an overlay of the layers so far, with a guest in it while a step needs one.

use super::{
    config::Compression,
    image::History,
    layer::{Packing, Searched},
    runtime::{self, Reply, Request, Running, Spec, Work},
    store::{Chain, Layer, LayerWriter, Store},
};
use crate::{
    cache::StepKey,
    communicator::{Command, CommandLine, Communicator, Exit, FileAttrs, HostFolder, OutputSink},
    error::{CommandFailure, Context, Error, ErrorKind, Result},
    guest::Snapshots,
    io::off_the_async_threads,
    redact::Redactor,
    value::GuestPath,
};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::Mutex,
};

/// What a machine needs to know of its build.
pub(super) struct Setup {
    pub(super) store: Store,
    /// The folder below the store's `work`.
    pub(super) workspace: String,
    pub(super) hostname: String,
    /// The environment of the image.
    pub(super) env: Vec<(String, String)>,
    /// The folder that steps start in.
    pub(super) dir: String,
    /// The guest's user that steps run as.
    pub(super) user: String,
    pub(super) compression: Compression,
    /// No time stamp of a layer is later, where the run's moment is fixed.
    pub(super) latest: Option<i64>,
    /// The run's moment.
    pub(super) created: String,
    /// Knows the secrets that no layer may hold.
    pub(super) redactor: Redactor,
}

/// A machine; clones are the same one.
#[derive(Clone)]
pub(super) struct OciMachine(Arc<Inner>);

struct Inner {
    setup: Setup,
    state: Mutex<State>,
}

struct State {
    chain: Chain,
    guest: Option<Arc<Running>>,
    /// Whether anything ran since the last layer.
    used: bool,
}

impl OciMachine {
    /// A machine that stands at `chain`; nothing runs yet.
    pub(super) fn new(setup: Setup, chain: Chain) -> Result<Self> {
        let folder = setup.store.work().join(&setup.workspace);
        for part in ["below", "upper", "work", "root"] {
            let path = folder.join(part);
            fs::create_dir_all(&path).path("make the folder", &path)?;
        }
        let below = folder.join("below");
        runtime::make_mount_points(&below).path("fill the folder", &below)?;
        Ok(Self(Arc::new(Inner {
            setup,
            state: Mutex::new(State {
                chain,
                guest: None,
                used: false,
            }),
        })))
    }

    fn folder(&self) -> PathBuf {
        self.0.setup.store.work().join(&self.0.setup.workspace)
    }

    /// The guest, started when there is none.
    async fn guest(&self) -> Result<Arc<Running>> {
        let mut state = self.0.state.lock().await;
        if let Some(guest) = &state.guest {
            return Ok(guest.clone());
        }
        let setup = &self.0.setup;
        let workspace = Store::from_layers(&setup.workspace);
        let layers = state.chain.layers.iter().rev();
        let mut lower: Vec<String> = Vec::new();
        for layer in layers {
            // An overlay takes each folder once; a layer that comes again adds nothing where it comes first.
            let name = Store::layer_name(&layer.diff_id).to_owned();
            if !lower.contains(&name) {
                lower.push(name);
            }
        }
        lower.push(format!("{workspace}/below"));
        let guest = Running::start(Spec {
            layers: setup.store.layers(),
            lower,
            workspace,
            hostname: setup.hostname.clone(),
            rootless: setup.store.flavor().is_rootless(),
        })
        .await?;
        let guest = Arc::new(guest);
        state.guest = Some(guest.clone());
        state.used = true;
        Ok(guest)
    }

    /// Ends the guest, and makes what changed since the last layer the next one.
    async fn take_layer(&self, title: &str) -> Result<()> {
        let mut state = self.0.state.lock().await;
        if let Some(guest) = state.guest.take() {
            guest.stop().await;
        }
        let setup = &self.0.setup;
        let mut history = History {
            created: Some(setup.created.clone()),
            created_by: Some(format!("imagebake: {title}")),
            ..History::default()
        };
        let layer = match std::mem::take(&mut state.used) {
            false => None,
            true => {
                let machine = self.clone();
                {
                    let step = title.to_owned();
                    off_the_async_threads(move || machine.pack(&step)).await?
                }
            }
        };
        match layer {
            Some(layer) => state.chain.layers.push(layer),
            None => history.empty_layer = true,
        }
        state.chain.history.push(history);
        Ok(())
    }

    /// Packs the upper folder, which `step` has changed, and gives it to the store; `None` when nothing changed. Blocking.
    fn pack(&self, step: &str) -> Result<Option<Layer>> {
        let setup = &self.0.setup;
        let (store, folder) = (&setup.store, self.folder());
        let (upper, work) = (folder.join("upper"), folder.join("work"));
        let packing = Packing {
            flavor: Some(store.flavor()),
            latest: setup.latest,
            owner: None,
        };
        let mut writer = Searched::new(LayerWriter::new(store, setup.compression)?, &setup.redactor);
        let packed = Work::Pack {
            folder: upper.clone(),
            packing,
        };
        let entries = runtime::run(packed, &mut writer)?;
        let layer = match entries {
            0 => None,
            _ => {
                let layer = writer.finish(step)?.finish(store)?;
                store.keep_layer(&upper, &layer.diff_id)?;
                Some(layer)
            }
        };
        for folder in [&upper, &work] {
            let emptied = Work::Remove { folder: folder.clone() };
            runtime::run(emptied, &mut std::io::sink())?;
            fs::create_dir(folder).path("make the folder", folder)?;
        }
        Ok(layer)
    }

    /// Ends the guest; the layers as they are now.
    pub(super) async fn finish(&self) -> Chain {
        let mut state = self.0.state.lock().await;
        if let Some(guest) = state.guest.take() {
            guest.stop().await;
        }
        state.chain.clone()
    }

    fn path(&self, path: &GuestPath) -> String {
        match path.as_str().starts_with('/') {
            true => path.as_str().to_owned(),
            false => format!("{}/{}", self.0.setup.dir.trim_end_matches('/'), path.as_str()),
        }
    }
}

impl Snapshots for OciMachine {
    async fn take(&self, key: Option<&StepKey>, title: &str) -> Result<()> {
        self.take_layer(title).await?;
        let Some(key) = key else { return Ok(()) };
        let chain = self.0.state.lock().await.chain.clone();
        let (machine, key) = (self.clone(), key.clone());
        off_the_async_threads(move || machine.0.setup.store.save("step", key.as_str(), &chain)).await
    }
}

impl Communicator for OciMachine {
    const KIND: &'static str = "oci";

    async fn exec(&self, command: Command, output: OutputSink) -> Result<Exit> {
        let setup = &self.0.setup;
        let (argv, shown) = match command.line {
            CommandLine::Shell(line) => (vec!["/bin/sh".to_owned(), "-c".to_owned(), line.clone()], line),
            CommandLine::Program(arguments) => (arguments.clone(), arguments.join(" ")),
        };
        let mut env = setup.env.clone();
        for (name, value) in command.env {
            match env.iter_mut().find(|(known, _)| *known == name) {
                Some((_, old)) => *old = value,
                None => env.push((name, value)),
            }
        }
        let request = Request::Exec {
            argv,
            env,
            dir: command
                .dir
                .as_ref()
                .map_or_else(|| setup.dir.clone(), |dir| self.path(dir)),
            user: command.user.unwrap_or_else(|| setup.user.clone()),
        };
        let guest = self.guest().await?;
        let work = guest.exec(&request, command.stdin, &output);
        let reply = match command.timeout {
            None => work.await,
            Some(limit) => tokio::time::timeout(limit, work).await.unwrap_or_else(|_| {
                Err(
                    Error::new(ErrorKind::Timeout, format!("`{shown}` did not end within {limit:?}"))
                        .command(CommandFailure::new(shown.clone(), None))
                        .hint("give it more time, or look why it hangs"),
                )
            }),
        }?;
        match reply {
            Reply::Code(code) => Ok(Exit::Code(code)),
            Reply::Signal(signal) => Ok(Exit::Signal(signal)),
            other => Err(Error::new(
                ErrorKind::Internal,
                format!("the guest said {other:?} of a program"),
            )),
        }
    }

    async fn upload(&self, from: &mut (dyn AsyncRead + Send + Unpin), to: &GuestPath, attrs: &FileAttrs) -> Result<()> {
        let request = Request::Write {
            path: self.path(to),
            mode: attrs.mode,
            owner: attrs.owner.clone().unwrap_or_else(|| self.0.setup.user.clone()),
        };
        self.guest().await?.give(&request, from).await
    }

    async fn download(&self, from: &GuestPath, to: &mut (dyn AsyncWrite + Send + Unpin)) -> Result<()> {
        let request = Request::Read { path: self.path(from) };
        self.guest().await?.take(&request, to).await
    }

    async fn remove(&self, files: &[GuestPath]) -> Result<()> {
        let paths = files.iter().map(|file| self.path(file)).collect();
        self.guest().await?.ask(&Request::Remove { paths }).await
    }

    async fn upload_dir(&self, from: &HostFolder, to: &GuestPath) -> Result<()> {
        let from = from.path().to_owned();
        if !from.is_dir() {
            return Err(
                Error::new(ErrorKind::NotFound, format!("{} is not a folder", from.display()))
                    .hint("name a folder on the builder"),
            );
        }
        let request = Request::Unpack {
            path: self.path(to),
            owner: self.0.setup.user.clone(),
        };
        let packing = Packing {
            flavor: None,
            latest: None,
            owner: Some((0, 0)),
        };
        self.guest()
            .await?
            .give_from(&request, move |out| super::layer::pack(&from, packing, out).map(drop))
            .await
    }

    async fn download_dir(&self, from: &GuestPath, to: &Path) -> Result<()> {
        let request = Request::Pack { path: self.path(from) };
        let (shown, to) = (format!("the guest's folder {from}"), to.to_owned());
        let how = super::layer::Unpacking {
            flavor: None,
            owners: false,
        };
        self.guest()
            .await?
            .take_into(&request, move |stream| {
                fs::create_dir_all(&to).path("make the folder", &to)?;
                super::layer::unpack(stream, &shown, &to, &[], how).map(drop)
            })
            .await
    }
}
