//! The engine's API: the only file that names its client.

use super::{endpoint::Endpoint, ssh_driver::Tunnel};
use crate::{
    communicator::container::{Condition, ContainerEngine, EngineStream, Exec, Session, TarStream},
    engine::{Cx, ProgressBar},
    error::{Error, ErrorKind, Result},
    event::Stream as OutputStream,
};
use bollard::{
    API_DEFAULT_VERSION, Docker,
    auth::DockerCredentials,
    container::LogOutput,
    errors::Error as ClientError,
    exec::{CreateExecOptions, StartExecOptions, StartExecResults},
    models::{ContainerConfig, ContainerCreateBody, DeviceMapping, HostConfig, HostConfigLogConfig, ProgressDetail},
    query_parameters::{
        AttachContainerOptionsBuilder, BuildImageOptionsBuilder, CommitContainerOptionsBuilder,
        CreateContainerOptionsBuilder, CreateImageOptionsBuilder, DownloadFromContainerOptionsBuilder,
        ListContainersOptionsBuilder, ListImagesOptionsBuilder, PushImageOptionsBuilder, RemoveContainerOptionsBuilder,
        RemoveImageOptionsBuilder, RestartContainerOptionsBuilder, TagImageOptionsBuilder,
        UploadToContainerOptionsBuilder,
    },
};
use bytes::Bytes;
use futures_util::{Stream, StreamExt, TryStreamExt};
use std::{
    collections::HashMap,
    pin::Pin,
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
    prompt: Docker,
    patient: Docker,
    at: Endpoint,
    _tunnel: Option<Arc<Tunnel>>,
}

/// What the engine knows of an image.
#[derive(Clone, Debug, Default)]
pub(crate) struct ImageFacts {
    pub(crate) id: String,
    pub(crate) tags: Vec<String>,
    pub(crate) size: u64,
    pub(crate) created: i64,
    pub(crate) platform: String,
    pub(crate) cmd: Option<Vec<String>>,
    pub(crate) entrypoint: Option<Vec<String>>,
    pub(crate) user: Option<String>,
    /// What it was made from, where a list of images says it.
    pub(crate) parent: String,
}

/// A container to make.
#[derive(Clone, Debug, Default)]
pub(crate) struct ContainerSpec {
    pub(crate) image: String,
    /// The user's own name for it.
    pub(crate) name: Option<String>,
    pub(crate) platform: Option<String>,
    pub(crate) entrypoint: Option<Vec<String>>,
    pub(crate) cmd: Vec<String>,
    pub(crate) env: Vec<String>,
    pub(crate) user: Option<String>,
    pub(crate) workdir: Option<String>,
    pub(crate) hostname: Option<String>,
    pub(crate) tty: bool,
    pub(crate) network: Option<String>,
    pub(crate) binds: Vec<String>,
    pub(crate) tmpfs: Vec<String>,
    pub(crate) devices: Vec<String>,
    pub(crate) cap_add: Vec<String>,
    pub(crate) cap_drop: Vec<String>,
    pub(crate) security_opt: Vec<String>,
    pub(crate) extra_hosts: Vec<String>,
    pub(crate) dns: Vec<String>,
    pub(crate) runtime: Option<String>,
    pub(crate) pid: Option<String>,
    pub(crate) ipc: Option<String>,
    pub(crate) cgroupns: Option<String>,
    pub(crate) shm_size: Option<i64>,
    pub(crate) memory: Option<i64>,
    pub(crate) privileged: bool,
    pub(crate) init: bool,
    /// Whether the engine keeps what the main program prints.
    pub(crate) logs: bool,
}

/// A container that there is.
#[derive(Clone, Debug)]
pub(crate) struct FoundContainer {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) labels: HashMap<String, String>,
    pub(crate) created: Option<i64>,
}

/// A container to make an image of.
#[derive(Clone, Debug, Default)]
pub(crate) struct Commit {
    pub(crate) container: String,
    pub(crate) cmd: Option<Vec<String>>,
    pub(crate) entrypoint: Option<Vec<String>>,
    pub(crate) changes: Vec<String>,
    pub(crate) author: Option<String>,
    pub(crate) message: Option<String>,
}

/// A Dockerfile to build.
#[derive(Clone, Debug, Default)]
pub(crate) struct BuildSpec {
    pub(crate) dockerfile: String,
    pub(crate) arguments: Vec<(String, String)>,
    pub(crate) pull: bool,
    pub(crate) target: Option<String>,
    pub(crate) platform: Option<String>,
    pub(crate) cache: bool,
}

/// An archive to make an image of.
#[derive(Clone, Debug, Default)]
pub(crate) struct ImportSpec {
    pub(crate) changes: Vec<String>,
    pub(crate) message: Option<String>,
    pub(crate) platform: Option<String>,
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

    /// Where it is.
    pub(crate) fn at(&self) -> &Endpoint {
        &self.at
    }

    fn failed(&self, doing: &str, error: ClientError) -> Error {
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
        made.map(|made| made.id)
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
        let id = told.into_iter().filter_map(|told| told.status).next_back();
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

    async fn condition_of(&self, container: &str) -> Result<Option<Condition>> {
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

fn some<T>(list: &[T]) -> Option<Vec<T>>
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

/// A container of an engine, for the communicator.
#[derive(Clone)]
pub(crate) struct EngineContainer {
    pub(crate) engine: Engine,
    pub(crate) id: String,
}

/// What a program prints, for the communicator.
fn printed(
    engine: Engine,
    output: Pin<Box<dyn Stream<Item = Result<LogOutput, ClientError>> + Send>>,
) -> EngineStream<(OutputStream, Bytes)> {
    Box::pin(output.map(move |told| match told {
        Ok(LogOutput::StdErr { message }) => Ok((OutputStream::Stderr, message)),
        Ok(other) => Ok((OutputStream::Stdout, other.into_bytes())),
        Err(error) => Err(engine.failed("read what a program in the container prints", error)),
    }))
}

impl ContainerEngine for EngineContainer {
    async fn open(&self, exec: Exec) -> Result<Session> {
        let client = &self.engine.patient;
        let options = CreateExecOptions {
            attach_stdin: Some(exec.stdin),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            tty: Some(exec.tty),
            env: some(&exec.env),
            cmd: Some(exec.argv),
            user: exec.user,
            working_dir: exec.dir,
            ..CreateExecOptions::default()
        };
        let failed = |error| self.engine.failed("run a program in the container", error);
        let made = client.create_exec(&self.id, options).await.map_err(failed)?;
        let options = StartExecOptions {
            detach: false,
            tty: exec.tty,
            output_capacity: Some(64 << 10),
        };
        match client.start_exec(&made.id, Some(options)).await.map_err(failed)? {
            StartExecResults::Attached { output, input } => Ok(Session {
                id: made.id,
                output: printed(self.engine.clone(), output),
                input,
            }),
            StartExecResults::Detached => Err(Error::new(
                ErrorKind::Internal,
                "the engine does not say what a program prints",
            )),
        }
    }

    async fn attach(&self) -> Result<Session> {
        let options = AttachContainerOptionsBuilder::new()
            .stream(true)
            .stdin(true)
            .stdout(true)
            .stderr(true)
            .build();
        let joined = self.engine.patient.attach_container(&self.id, Some(options)).await;
        let joined = joined.map_err(|error| self.engine.failed("join the container", error))?;
        Ok(Session {
            id: String::new(),
            output: printed(self.engine.clone(), joined.output),
            input: joined.input,
        })
    }

    async fn exit_code(&self, id: &str) -> Result<Option<i64>> {
        let told = self.engine.prompt.inspect_exec(id).await;
        let told = told.map_err(|error| self.engine.failed("learn how a program ended", error))?;
        Ok(match told.running {
            Some(true) => None,
            _ => told.exit_code,
        })
    }

    async fn put(&self, folder: &str, tar: TarStream) -> Result<()> {
        let options = UploadToContainerOptionsBuilder::new().path(folder).build();
        let body = bollard::body_try_stream(tar);
        let sent = self
            .engine
            .patient
            .upload_to_container(&self.id, Some(options), body)
            .await;
        sent.map_err(|error| self.engine.failed(&format!("upload to {folder}"), error))
    }

    async fn get(&self, path: &str) -> Result<Pin<Box<dyn Stream<Item = Result<Bytes>> + Send>>> {
        let options = DownloadFromContainerOptionsBuilder::new().path(path).build();
        let engine = self.engine.clone();
        let doing = format!("download {path}");
        let given = self.engine.patient.download_from_container(&self.id, Some(options));
        Ok(Box::pin(given.map_err(move |error| engine.failed(&doing, error))))
    }

    async fn condition(&self) -> Result<Option<Condition>> {
        self.engine.condition_of(&self.id).await
    }

    async fn restart(&self) -> Result<()> {
        self.engine.restart(&self.id).await
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

// ---- errors

fn is_status(error: &ClientError, code: u16) -> bool {
    matches!(error, ClientError::DockerResponseServerError { status_code, .. } if *status_code == code)
}

fn unreachable_engine(host: &str, error: ClientError) -> Error {
    let told = failure(host, &format!("reach the Docker engine at {host}"), error);
    match told.kind() {
        ErrorKind::Unreachable | ErrorKind::PermissionDenied | ErrorKind::Timeout => told
            .hint("start an engine (`systemctl start docker`), or name one: DOCKER_HOST=unix:///path, tcp://host:2376, ssh://user@host"),
        _ => told,
    }
}

/// What the engine or the way to it said, in the user's terms.
fn failure(host: &str, doing: &str, error: ClientError) -> Error {
    let say = |kind, cause: &str| Error::new(kind, format!("cannot {doing}: {cause}")).context("engine", host);
    match &error {
        ClientError::DockerResponseServerError { status_code, message } => answered(*status_code, message, say),
        ClientError::DockerStreamError { error } => streamed(error, say),
        ClientError::RequestTimeoutError => say(ErrorKind::Timeout, "the engine does not answer")
            .temporary()
            .hint("look whether the engine is busy or hangs: `docker info`"),
        ClientError::SocketNotFoundError(path) => say(ErrorKind::Unreachable, &format!("there is no socket {path}")),
        ClientError::CertPathError { path } => say(
            ErrorKind::Config,
            &format!("the certificate {} cannot be read", path.display()),
        )
        .hint("DOCKER_CERT_PATH names a folder with `ca.pem`, `cert.pem` and `key.pem`"),
        ClientError::JsonDataError { message, .. } => say(ErrorKind::Internal, message)
            .hint("what answers there may be no Docker engine, or a version with another API"),
        _ => transport(&error, say),
    }
}

/// An answer of the engine's with a status: the status decides.
fn answered(code: u16, message: &str, say: impl Fn(ErrorKind, &str) -> Error) -> Error {
    match code {
        400 => say(ErrorKind::Config, message).hint("the engine does not accept a setting: change it"),
        401 | 403 => say(ErrorKind::PermissionDenied, message).hint("log in (`Login::new`, or `docker login`)"),
        404 => say(ErrorKind::NotFound, message).hint("look at the name: `docker images`, `docker ps -a`"),
        409 => say(ErrorKind::Busy, message).hint("something else uses it: remove that first, or build again later"),
        429 => say(ErrorKind::Busy, message)
            .temporary()
            .hint("there were too many requests: build again later"),
        502..=504 => say(ErrorKind::Unreachable, message)
            .temporary()
            .hint("look at what stands before the engine"),
        // The engine has one code for all that goes wrong inside it, a registry's refusal too.
        _ => streamed(message, say),
    }
}

/// A failure told in words only. The words that are looked at are the registry protocol's own error codes and the system's errors, which
/// the engine hands on as they are.
fn streamed(message: &str, say: impl Fn(ErrorKind, &str) -> Error) -> Error {
    let has = |words: &[&str]| words.iter().any(|word| message.contains(word));
    if has(&["no space left on device"]) {
        return say(ErrorKind::NoSpace, message)
            .hint("make room for the engine: `docker system df`, `docker system prune`");
    }
    if has(&["toomanyrequests", "429 Too Many Requests"]) {
        return say(ErrorKind::Busy, message)
            .temporary()
            .hint("the registry limits requests: log in, or build again later");
    }
    if has(&[
        "unauthorized",
        "no basic auth credentials",
        "authentication required",
        "401 Unauthorized",
    ]) {
        return say(ErrorKind::PermissionDenied, message)
            .hint("give credentials with `.login(Login::new(user, password))`, or `docker login`");
    }
    if has(&[
        "manifest unknown",
        "name unknown",
        "not found: manifest",
        "repository does not exist",
    ]) {
        return say(ErrorKind::NotFound, message)
            .hint("look at the image's name and tag; a private one needs `.login(Login::new(user, password))`");
    }
    if has(&["denied:", "access denied", "403 Forbidden"]) {
        return say(ErrorKind::PermissionDenied, message)
            .hint("the account may not do that in this repository, or the tag cannot be changed: choose another");
    }
    if has(&["immutable", "TAG_INVALID", "cannot be overwritten"]) {
        return say(ErrorKind::AlreadyExists, message)
            .hint("the tag is there and cannot be changed: choose another tag");
    }
    let passing = [
        "500 Internal Server Error",
        "502 Bad Gateway",
        "503 Service Unavailable",
        "504 Gateway Timeout",
        "Timeout exceeded",
        "TLS handshake timeout",
        "i/o timeout",
        "connection refused",
        "connection reset",
        "unexpected EOF",
        "EOF",
    ];
    if has(&passing) {
        return say(ErrorKind::Unreachable, message)
            .temporary()
            .hint("look whether the registry answers, and build again");
    }
    say(ErrorKind::Io, message).hint("the engine's own log has more: `journalctl -u docker`")
}

/// The way to the engine failed.
fn transport(error: &ClientError, say: impl Fn(ErrorKind, &str) -> Error) -> Error {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    let mut last = error.to_string();
    let mut system = None;
    while let Some(inner) = cause {
        last = inner.to_string();
        system = system.or_else(|| inner.downcast_ref::<std::io::Error>().map(std::io::Error::kind));
        cause = inner.source();
    }
    use std::io::ErrorKind as Io;
    match system {
        Some(Io::PermissionDenied) => say(ErrorKind::PermissionDenied, &last)
            .hint("the engine's socket is for root and the group `docker`: join the group, or use an engine of your own (rootless)"),
        // No socket: nothing will listen there in a moment.
        Some(Io::NotFound) => say(ErrorKind::Unreachable, &last).hint("is an engine installed and running?"),
        _ => say(ErrorKind::Unreachable, &last)
            .temporary()
            .hint("is the engine running? `docker version` tries to reach it; DOCKER_HOST names another"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Status;

    fn told(message: &str) -> (ErrorKind, Status) {
        let error = failure(
            "unix:///x",
            "push a:b",
            ClientError::DockerStreamError {
                error: message.to_owned(),
            },
        );
        assert!(!error.hints().is_empty(), "{message}");
        (error.kind(), error.status())
    }

    #[test]
    fn what_a_registry_says_decides_whether_to_try_again() {
        use ErrorKind::*;
        for (message, expected) in [
            (
                "unauthorized: authentication required",
                (PermissionDenied, Status::Permanent),
            ),
            (
                "denied: requested access to the resource is denied",
                (PermissionDenied, Status::Permanent),
            ),
            ("toomanyrequests: rate exceeded", (Busy, Status::Temporary)),
            (
                "received unexpected HTTP status: 500 Internal Server Error",
                (Unreachable, Status::Temporary),
            ),
            (
                "Get \"https://x/v2/\": net/http: TLS handshake timeout",
                (Unreachable, Status::Temporary),
            ),
            ("manifest unknown: manifest unknown", (NotFound, Status::Permanent)),
            (
                "write /var/lib/docker/x: no space left on device",
                (NoSpace, Status::Permanent),
            ),
            ("tag is immutable", (AlreadyExists, Status::Permanent)),
        ] {
            assert_eq!(told(message), expected, "{message}");
        }
    }

    #[test]
    fn a_status_of_the_engine_decides_the_kind() {
        let of = |status_code| {
            let error = ClientError::DockerResponseServerError {
                status_code,
                message: "m".into(),
            };
            let error = failure("unix:///x", "x", error);
            (error.kind(), error.is_temporary())
        };
        assert_eq!(of(404), (ErrorKind::NotFound, false));
        assert_eq!(of(429), (ErrorKind::Busy, true));
        assert_eq!(of(503), (ErrorKind::Unreachable, true));
    }
}
