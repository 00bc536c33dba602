//! The engine's API. Only the `driver` files of this folder name its client.

use super::{
    endpoint::Endpoint,
    failure_driver::{failure, is_status, unreachable_engine},
    spec::{BuildSpec, Commit, ContainerSpec, FoundContainer, ImageFacts, ImportSpec},
    ssh_driver::Tunnel,
};
use crate::{
    communicator::container::{Condition, TarStream},
    engine::{Cx, ProgressBar},
    error::{Error, ErrorKind, Result},
    event::Stream as OutputStream,
};
use bollard::{
    API_DEFAULT_VERSION, Docker,
    auth::DockerCredentials,
    errors::Error as ClientError,
    models::{ContainerConfig, ContainerCreateBody, DeviceMapping, HostConfig, HostConfigLogConfig, ProgressDetail},
    query_parameters::{
        BuildImageOptionsBuilder, CommitContainerOptionsBuilder, CreateContainerOptionsBuilder,
        CreateImageOptionsBuilder, ListContainersOptionsBuilder, ListImagesOptionsBuilder, PushImageOptionsBuilder,
        RemoveContainerOptionsBuilder, RemoveImageOptionsBuilder, RestartContainerOptionsBuilder,
        TagImageOptionsBuilder,
    },
};
use bytes::Bytes;
use futures_util::{Stream, StreamExt, TryStreamExt};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// An engine answers a question at once.
const PROMPT: Duration = Duration::from_secs(120);
/// What moves data or waits for others takes as long as it takes: a day stands for "for ever" in the client.
const PATIENT: Duration = Duration::from_secs(24 * 3600);
/// A registry that says nothing for this long has stopped.
const STALLED: Duration = Duration::from_secs(300);

/// A connected engine. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Engine {
    pub(super) prompt: Docker,
    pub(super) patient: Docker,
    at: Endpoint,
    _tunnel: Option<Arc<Tunnel>>,
}

/// Bytes for the engine, given once, and whom to tell of what it does with them.
pub(crate) struct Feed {
    bytes: Mutex<Option<TarStream>>,
    cx: Cx,
}

impl Feed {
    pub(crate) fn new(cx: &Cx, bytes: TarStream) -> Self {
        Self {
            bytes: Mutex::new(Some(bytes)),
            cx: cx.clone(),
        }
    }

    fn take(&self) -> Result<TarStream> {
        let taken = self.bytes.lock().unwrap_or_else(PoisonError::into_inner).take();
        taken.ok_or_else(|| Error::new(ErrorKind::Internal, "the bytes for the engine were given already"))
    }
}

/// A user and a password, or a token, for one registry.
#[derive(Clone, Default)]
pub(crate) struct Credentials {
    pub(crate) username: String,
    pub(crate) password: String,
    pub(crate) identity_token: Option<String>,
    pub(crate) server: String,
}

impl Credentials {
    fn sent(&self) -> DockerCredentials {
        match &self.identity_token {
            Some(token) => DockerCredentials {
                identitytoken: Some(token.clone()),
                serveraddress: Some(self.server.clone()),
                ..DockerCredentials::default()
            },
            None => DockerCredentials {
                username: Some(self.username.clone()),
                password: Some(self.password.clone()),
                serveraddress: Some(self.server.clone()),
                ..DockerCredentials::default()
            },
        }
    }
}

impl Engine {
    /// Connects, and agrees on a version of the API.
    ///
    /// # Errors
    /// When the address is not one, or nobody answers there.
    pub(crate) async fn open(at: &Endpoint) -> Result<Self> {
        let host = at.host.as_str();
        let tunnel = host.starts_with("ssh://").then(|| Tunnel::open(at)).transpose()?;
        let seconds = PROMPT.as_secs();
        let client = match (&tunnel, &at.certificates) {
            (Some(tunnel), _) => {
                Docker::connect_with_unix(&tunnel.socket().to_string_lossy(), seconds, API_DEFAULT_VERSION)
            }
            (None, Some(folder)) if !host.starts_with("unix://") => {
                // Some other part of the program may have chosen a provider; any will do.
                let _ = rustls::crypto::ring::default_provider().install_default();
                let file = |name: &str| folder.join(name);
                let (key, cert, ca) = (file("key.pem"), file("cert.pem"), file("ca.pem"));
                Docker::connect_with_ssl(host, &key, &cert, &ca, seconds, API_DEFAULT_VERSION)
            }
            _ if host.starts_with("tcp://") || host.starts_with("http://") => {
                Docker::connect_with_http(host, seconds, API_DEFAULT_VERSION)
            }
            _ if host.starts_with("unix://") || host.starts_with("npipe://") => {
                Docker::connect_with_local(host, seconds, API_DEFAULT_VERSION)
            }
            _ => {
                return Err(
                    Error::new(ErrorKind::Config, format!("`{host}` is not an engine's address"))
                        .hint("DOCKER_HOST takes `unix:///path`, `tcp://host:port` and `ssh://user@host`"),
                );
            }
        };
        let client = match client {
            Ok(client) => client.negotiate_version().await,
            Err(error) => Err(error),
        };
        let prompt = client.map_err(|error| unreachable_engine(host, error))?;
        Ok(Self {
            patient: prompt.clone().with_timeout(PATIENT),
            prompt,
            at: at.clone(),
            _tunnel: tunnel.map(Arc::new),
        })
    }

    /// What it is called where it is not Docker's own: `Podman Engine 4.3.1`.
    pub(crate) async fn other_product(&self) -> Result<Option<String>> {
        let told = self.prompt.version().await;
        let told = told.map_err(|error| self.failed("ask what engine it is", error))?;
        let mut parts = told.components.unwrap_or_default().into_iter();
        let podman = parts.find(|part| part.name.starts_with("Podman"));
        Ok(podman.map(|part| format!("{} {}", part.name, part.version)))
    }

    /// Where it is.
    pub(crate) fn at(&self) -> &Endpoint {
        &self.at
    }

    pub(super) fn failed(&self, doing: &str, error: ClientError) -> Error {
        failure(&self.at.host, doing, error)
    }

    // ---- images

    /// The image called `name`, where the engine has it.
    pub(crate) async fn image(&self, name: &str) -> Result<Option<ImageFacts>> {
        let found = match self.prompt.inspect_image(name).await {
            Ok(found) => found,
            Err(error) if is_status(&error, 404) => return Ok(None),
            Err(error) => return Err(self.failed(&format!("look at the image {name}"), error)),
        };
        let config = found.config.unwrap_or_default();
        let platform = [found.os, found.architecture, found.variant].into_iter().flatten();
        Ok(Some(ImageFacts {
            id: found.id.unwrap_or_default(),
            tags: found.repo_tags.unwrap_or_default(),
            size: found.size.and_then(|size| size.try_into().ok()).unwrap_or_default(),
            created: 0,
            platform: platform.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/"),
            cmd: config.cmd,
            entrypoint: config.entrypoint,
            user: config.user.filter(|user| !user.is_empty()),
            parent: String::new(),
        }))
    }

    /// The images of a repository.
    pub(crate) async fn images_of(&self, repository: &str) -> Result<Vec<ImageFacts>> {
        let filters = HashMap::from([("reference", vec![repository])]);
        let options = ListImagesOptionsBuilder::new().filters(&filters).build();
        let found = self.prompt.list_images(Some(options)).await;
        let found = found.map_err(|error| self.failed("list the images", error))?;
        let facts = |image: bollard::models::ImageSummary| ImageFacts {
            id: image.id,
            tags: image.repo_tags,
            created: image.created,
            parent: image.parent_id,
            ..ImageFacts::default()
        };
        Ok(found.into_iter().map(facts).collect())
    }

    /// Fetches `image`, which has a tag or a digest, from its registry.
    pub(crate) async fn pull(
        &self,
        cx: &Cx,
        image: &str,
        platform: Option<&str>,
        credentials: Option<&Credentials>,
    ) -> Result<()> {
        let mut options = CreateImageOptionsBuilder::new().from_image(image);
        if let Some(platform) = platform {
            options = options.platform(platform);
        }
        let sent = credentials.map(Credentials::sent);
        let pulled = self.patient.create_image(Some(options.build()), None, sent);
        let mut layers = Layers::new(cx, "pull", image);
        let doing = format!("pull {image}");
        let mut pulled = std::pin::pin!(pulled);
        while let Some(told) = self.next(&mut pulled, &doing).await? {
            layers.tell(
                told.id.as_deref(),
                told.status.as_deref(),
                told.progress_detail.as_ref(),
            );
        }
        layers.finish();
        Ok(())
    }

    /// Sends `repository:tag` to its registry; the digest that the registry gave it.
    pub(crate) async fn push(
        &self,
        cx: &Cx,
        repository: &str,
        tag: &str,
        platform: Option<&str>,
        credentials: Option<&Credentials>,
    ) -> Result<String> {
        let mut options = PushImageOptionsBuilder::new().tag(tag);
        if let Some(platform) = platform {
            options = options.platform(platform);
        }
        let sent = credentials.map(Credentials::sent);
        let name = format!("{repository}:{tag}");
        let pushed = self.patient.push_image(repository, Some(options.build()), sent);
        let mut layers = Layers::new(cx, "push", &name);
        let doing = format!("push {name}");
        let mut digest = None;
        let mut pushed = std::pin::pin!(pushed);
        while let Some(told) = self.next(&mut pushed, &doing).await? {
            let status = told.status.unwrap_or_default();
            if let Some((_, rest)) = status.split_once("digest: ") {
                digest = rest.split_whitespace().next().map(str::to_owned);
            }
            layers.tell(None, Some(&status), told.progress_detail.as_ref());
        }
        layers.finish();
        digest.ok_or_else(|| {
            Error::new(
                ErrorKind::Internal,
                format!("the engine did not say which digest {name} has in the registry"),
            )
            .hint("look whether the image is in the registry, and push it again")
        })
    }

    /// The next message of a transfer, as long as there are any.
    async fn next<T>(
        &self,
        messages: &mut (impl Stream<Item = Result<T, ClientError>> + Unpin),
        doing: &str,
    ) -> Result<Option<T>> {
        match tokio::time::timeout(STALLED, messages.next()).await {
            Ok(Some(Ok(told))) => Ok(Some(told)),
            Ok(Some(Err(error))) => Err(self.failed(doing, error)),
            Ok(None) => Ok(None),
            Err(_) => Err(Error::new(
                ErrorKind::Timeout,
                format!("cannot {doing}: nothing moved for {} minutes", STALLED.as_secs() / 60),
            )
            .temporary()
            .hint("look whether the registry answers, and build again")),
        }
    }

    /// Makes an image of a container, under a name.
    pub(crate) async fn commit(&self, commit: &Commit, repository: &str, tag: &str) -> Result<String> {
        let mut options = CommitContainerOptionsBuilder::new()
            .container(&commit.container)
            .repo(repository)
            .tag(tag)
            .pause(true);
        let changes = commit.changes.join("\n");
        if !changes.is_empty() {
            options = options.changes(&changes);
        }
        if let Some(author) = &commit.author {
            options = options.author(author);
        }
        if let Some(message) = &commit.message {
            options = options.comment(message);
        }
        // Told in full, or the program that held the container open would be the image's.
        let config = ContainerConfig {
            cmd: commit.cmd.clone(),
            entrypoint: Some(commit.entrypoint.clone().unwrap_or_default()),
            ..ContainerConfig::default()
        };
        let made = self.patient.commit_container(options.build(), config).await;
        made.map(|made| full_id(made.id))
            .map_err(|error| self.failed("commit the container", error))
    }

    /// Builds a Dockerfile; what it prints goes into the log.
    pub(crate) async fn build(&self, spec: &BuildSpec, feed: &Feed, name: &str) -> Result<String> {
        let arguments: HashMap<String, String> = spec.arguments.iter().cloned().collect();
        let mut options = BuildImageOptionsBuilder::new()
            .dockerfile(&spec.dockerfile)
            .t(name)
            .buildargs(&arguments)
            .nocache(!spec.cache)
            .rm(true)
            .forcerm(true);
        if spec.pull {
            options = options.pull("true");
        }
        if let Some(target) = &spec.target {
            options = options.target(target);
        }
        if let Some(platform) = &spec.platform {
            options = options.platform(platform);
        }
        let body = bollard::body_try_stream(feed.take()?);
        let built = self.patient.build_image(options.build(), None, Some(body));
        let mut built = std::pin::pin!(built);
        let mut out = feed.cx.output_streams();
        let mut outcome = Ok(());
        while let Some(told) = built.next().await {
            match told {
                Ok(told) => {
                    let text = told.stream.unwrap_or_default();
                    out.write(OutputStream::Stdout, text.as_bytes()).await;
                }
                Err(error) => {
                    outcome = Err(self.failed("build the Dockerfile", error));
                    break;
                }
            }
        }
        out.finish().await;
        outcome?;
        let made = self.image(name).await?;
        made.map(|made| made.id).ok_or_else(|| {
            Error::new(
                ErrorKind::Internal,
                "the engine built the Dockerfile and has no image of it",
            )
            .hint("the log has what it printed")
        })
    }

    /// Makes an image of an archive with a file system, under a name.
    pub(crate) async fn import(&self, spec: &ImportSpec, feed: &Feed, repository: &str, tag: &str) -> Result<String> {
        self.import_stream(spec, feed.take()?, repository, tag).await
    }

    async fn import_stream(&self, spec: &ImportSpec, bytes: TarStream, repository: &str, tag: &str) -> Result<String> {
        let mut options = CreateImageOptionsBuilder::new().from_src("-").repo(repository).tag(tag);
        if !spec.changes.is_empty() {
            options = options.changes(vec![spec.changes.join("\n")]);
        }
        if let Some(message) = &spec.message {
            options = options.message(message);
        }
        if let Some(platform) = &spec.platform {
            options = options.platform(platform);
        }
        let body = bollard::body_try_stream(bytes);
        let made = self.patient.create_image(Some(options.build()), Some(body), None);
        let told: Vec<_> = made
            .try_collect()
            .await
            .map_err(|error| self.failed("import the archive", error))?;
        let id = told.into_iter().filter_map(|told| told.status).next_back().map(full_id);
        id.filter(|id| id.starts_with("sha256:")).ok_or_else(|| {
            Error::new(
                ErrorKind::Internal,
                "the engine did not say what it made of the archive",
            )
            .hint("look whether the archive is a tar archive")
        })
    }

    /// Gives a name to an image with nothing in it: an image that had the name keeps everything else.
    pub(crate) async fn name_nothing(&self, repository: &str, tag: &str) -> Result<()> {
        // An archive's end: two empty blocks.
        let empty = Bytes::from_static(&[0; 1024]);
        let stream = Box::pin(futures_util::stream::iter([Ok(empty)]));
        self.import_stream(&ImportSpec::default(), stream, repository, tag)
            .await
            .map(drop)
    }

    /// Gives the image another name.
    pub(crate) async fn tag(&self, image: &str, repository: &str, tag: &str) -> Result<()> {
        let options = TagImageOptionsBuilder::new().repo(repository).tag(tag).build();
        let tagged = self.prompt.tag_image(image, Some(options)).await;
        tagged.map_err(|error| self.failed(&format!("name the image {repository}:{tag}"), error))
    }

    /// Removes the name, and with the last one the image. What is gone already is success.
    pub(crate) async fn remove_image(&self, name: &str) -> Result<()> {
        let options = RemoveImageOptionsBuilder::new().noprune(true).build();
        match self.patient.remove_image(name, Some(options), None).await {
            Ok(_) => Ok(()),
            Err(error) if is_status(&error, 404) => Ok(()),
            Err(error) => Err(self.failed(&format!("remove the image {name}"), error)),
        }
    }

    /// The images as one archive for `docker load`.
    pub(crate) fn save(&self, names: &[&str]) -> impl Stream<Item = Result<Bytes>> + Send + use<> {
        let engine = self.clone();
        let saved = self.patient.export_images(names);
        Box::pin(saved.map_err(move |error| engine.failed("save the image", error)))
    }

    // ---- containers

    pub(crate) async fn create_container(
        &self,
        spec: &ContainerSpec,
        name: &str,
        label: Option<(&str, &str)>,
    ) -> Result<String> {
        let mut options = CreateContainerOptionsBuilder::new().name(name);
        if let Some(platform) = &spec.platform {
            options = options.platform(platform);
        }
        let body = create_body(spec, label);
        let made = self.patient.create_container(Some(options.build()), body).await;
        made.map(|made| made.id).map_err(|error| {
            let conflict = is_status(&error, 409) && spec.name.is_some();
            let error = self.failed("make the container", error);
            match conflict {
                true => error.hint("leave `--name` out of `run_command`: builds then do not stand in each other's way"),
                false => error,
            }
        })
    }

    pub(crate) async fn start(&self, container: &str) -> Result<()> {
        let started = self.patient.start_container(container, None).await;
        started.map_err(|error| {
            self.failed("start the container", error)
                .hint("the base needs the program that `run_command` starts: `/bin/sh` without one")
        })
    }

    pub(crate) async fn restart(&self, container: &str) -> Result<()> {
        let options = RestartContainerOptionsBuilder::new().t(0).build();
        let restarted = self.patient.restart_container(container, Some(options)).await;
        restarted.map_err(|error| self.failed("restart the container", error))
    }

    /// Ends it and removes it with its own volumes. One that is gone already is success.
    pub(crate) async fn remove_container(&self, container: &str) -> Result<()> {
        let options = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
        match self.patient.remove_container(container, Some(options)).await {
            Ok(()) => Ok(()),
            Err(error) if is_status(&error, 404) => Ok(()),
            // Another request is at it: then it will be gone soon.
            Err(error) if is_status(&error, 409) => {
                let mut ticks = tokio::time::interval(Duration::from_millis(20));
                let gone = async {
                    loop {
                        ticks.tick().await;
                        if self.condition_of(container).await?.is_none() {
                            return Ok(());
                        }
                    }
                };
                let waited = tokio::time::timeout(PROMPT, gone).await;
                waited.unwrap_or_else(|_| Err(self.failed("remove the container", error).temporary()))
            }
            Err(error) => Err(self.failed("remove the container", error)),
        }
    }

    pub(crate) async fn containers(&self) -> Result<Vec<FoundContainer>> {
        let options = ListContainersOptionsBuilder::new().all(true).build();
        let found = self.prompt.list_containers(Some(options)).await;
        let found = found.map_err(|error| self.failed("list the containers", error))?;
        let known = |container: bollard::models::ContainerSummary| {
            Some(FoundContainer {
                id: container.id?,
                name: container.names?.first()?.trim_start_matches('/').to_owned(),
                labels: container.labels.unwrap_or_default(),
                created: container.created,
            })
        };
        Ok(found.into_iter().filter_map(known).collect())
    }

    /// The container's whole file system as a tar archive.
    pub(crate) fn export(&self, container: &str) -> impl Stream<Item = Result<Bytes>> + Send + use<> {
        let engine = self.clone();
        let exported = self.patient.export_container(container);
        Box::pin(exported.map_err(move |error| engine.failed("export the container", error)))
    }

    pub(super) async fn condition_of(&self, container: &str) -> Result<Option<Condition>> {
        let found = match self.prompt.inspect_container(container, None).await {
            Ok(found) => found,
            Err(error) if is_status(&error, 404) => return Ok(None),
            Err(error) => return Err(self.failed("look at the container", error)),
        };
        let state = found.state.unwrap_or_default();
        Ok(Some(Condition {
            running: state.running.unwrap_or_default(),
            exit_code: state.exit_code,
            out_of_memory: state.oom_killed.unwrap_or_default(),
            error: state.error.filter(|error| !error.is_empty()),
        }))
    }
}

pub(super) fn some<T>(list: &[T]) -> Option<Vec<T>>
where
    T: Clone,
{
    (!list.is_empty()).then(|| list.to_vec())
}

fn create_body(spec: &ContainerSpec, label: Option<(&str, &str)>) -> ContainerCreateBody {
    let device = |text: &String| {
        let mut parts = text.splitn(3, ':');
        let host = parts.next().unwrap_or_default().to_owned();
        DeviceMapping {
            path_in_container: Some(parts.next().map_or_else(|| host.clone(), str::to_owned)),
            cgroup_permissions: Some(parts.next().unwrap_or("rwm").to_owned()),
            path_on_host: Some(host),
        }
    };
    let devices: Vec<_> = spec.devices.iter().map(device).collect();
    let tmpfs = spec.tmpfs.iter().map(|text| {
        let (path, options) = text.split_once(':').unwrap_or((text, ""));
        (path.to_owned(), options.to_owned())
    });
    let host_config = HostConfig {
        binds: some(&spec.binds),
        tmpfs: Some(tmpfs.collect()),
        devices: some(&devices),
        cap_add: some(&spec.cap_add),
        cap_drop: some(&spec.cap_drop),
        security_opt: some(&spec.security_opt),
        extra_hosts: some(&spec.extra_hosts),
        dns: some(&spec.dns),
        network_mode: spec.network.clone(),
        runtime: spec.runtime.clone(),
        pid_mode: spec.pid.clone(),
        ipc_mode: spec.ipc.clone(),
        cgroupns_mode: spec.cgroupns.as_ref().and_then(|mode| mode.parse().ok()),
        shm_size: spec.shm_size,
        memory: spec.memory,
        privileged: Some(spec.privileged),
        init: spec.init.then_some(true),
        log_config: (!spec.logs).then(|| HostConfigLogConfig {
            typ: Some("none".to_owned()),
            config: None,
        }),
        ..HostConfig::default()
    };
    ContainerCreateBody {
        image: Some(spec.image.clone()),
        entrypoint: spec.entrypoint.clone(),
        cmd: some(&spec.cmd),
        env: some(&spec.env),
        user: spec.user.clone(),
        working_dir: spec.workdir.clone(),
        hostname: spec.hostname.clone(),
        tty: Some(spec.tty),
        open_stdin: Some(true),
        labels: label.map(|(name, value)| HashMap::from([(name.to_owned(), value.to_owned())])),
        host_config: Some(host_config),
        ..ContainerCreateBody::default()
    }
}

// ---- progress

/// The layers of one transfer. A layer that is there already moves nothing and is counted.
struct Layers {
    cx: Cx,
    doing: &'static str,
    name: String,
    bar: Option<ProgressBar>,
    /// By id; where the engine's client does not give one, by size.
    moved: HashMap<String, (u64, u64)>,
    there: usize,
    new: usize,
}

impl Layers {
    fn new(cx: &Cx, doing: &'static str, name: &str) -> Self {
        Self {
            cx: cx.clone(),
            doing,
            name: name.to_owned(),
            bar: None,
            moved: HashMap::new(),
            there: 0,
            new: 0,
        }
    }

    fn tell(&mut self, id: Option<&str>, status: Option<&str>, progress: Option<&ProgressDetail>) {
        let status = status.unwrap_or_default();
        match status {
            "Already exists" | "Layer already exists" => self.there += 1,
            "Pull complete" | "Pushed" => self.new += 1,
            _ if status.starts_with("Mounted from") => self.there += 1,
            _ => {}
        }
        let moves = matches!(status, "Downloading" | "Pushing");
        let number = |number: Option<i64>| number.and_then(|number| u64::try_from(number).ok());
        let told = progress.and_then(|detail| Some((number(detail.current)?, number(detail.total)?)));
        let (true, Some((done, total))) = (moves, told) else {
            return;
        };
        let key = id.map_or_else(|| total.to_string(), str::to_owned);
        self.moved.insert(key, (done.min(total), total));
        let sum: u64 = self.moved.values().map(|(done, _)| done).sum();
        let what = format!("{} {}", self.doing, self.name);
        let cx = &self.cx;
        self.bar.get_or_insert_with(|| cx.progress(&what, None)).set(sum);
    }

    fn finish(self) {
        let there = match self.there {
            0 => String::new(),
            there => format!(", {there} there already"),
        };
        let done = if self.doing == "pull" { "pulled" } else { "pushed" };
        self.cx
            .say(format!("{done} {}: {} new layers{there}", self.name, self.new));
    }
}

/// An image's id as it can be looked up: Podman leaves out what kind of digest it is, and takes it for a name then.
fn full_id(id: String) -> String {
    let bare = id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    if bare { format!("sha256:{id}") } else { id }
}
