//! How `docker` is built: base image, container, steps, image or archive.

use super::{
    archive::write_stream,
    artifact::{DockerArchive, DockerImage},
    capture::{Discarded, Exported},
    config::{Container, Pull},
    container_driver::EngineContainer,
    context::build_context,
    credentials_driver as credentials,
    dockerfile::Dockerfile,
    driver::{Engine, Feed},
    endpoint::Endpoint,
    reference::Reference,
    resources::{BuildContainer, BuildImage, MarkedImage},
    run_command::RunCommand,
    spec::{BuildSpec, Commit, ContainerSpec, ImageFacts},
};
use crate::{
    communicator::container::{ContainerComm, ContainerEngine, Settings},
    engine::Cx,
    error::{Error, ErrorKind, Result},
    guest::{Guest, Machine},
    io::DigestKind,
    journal::Held,
    source::{BaseId, Source},
    sources::null::Nothing,
    value::{HostPath, Template, Text},
};

impl Source for Container {
    async fn probe(&self, cx: &Cx) -> Result<()> {
        self.look(cx).await
    }

    async fn base(&self, cx: &Cx) -> Result<BaseId> {
        self.base_id(cx).await
    }

    async fn build(&self, cx: &Cx, guest: Guest) -> Result<DockerImage> {
        let running = self.provisioned(cx, guest).await?;
        let image = running.commit(self, cx).await?;
        let engine = running.engine.clone();
        running.end().await;
        let image = cx.scope().release(image).await?;
        described(&engine, image.id).await
    }
}

impl Source for Exported {
    async fn probe(&self, cx: &Cx) -> Result<()> {
        self.0.look(cx).await
    }

    async fn base(&self, cx: &Cx) -> Result<BaseId> {
        self.0.base_id(cx).await
    }

    async fn build(&self, cx: &Cx, guest: Guest) -> Result<DockerArchive> {
        let path = text(cx, self.0.export_path.as_ref())?.unwrap_or_default();
        let output = cx.claim_output(cx.output_path(&HostPath::from(path)))?;
        let running = self.0.provisioned(cx, guest).await?;
        let path = output.path().to_owned();
        let shown = format!("export {}", path.display());
        let stream = running.engine.export(running.container.id());
        let file = write_stream(cx, &shown, None, Box::pin(stream), path, [DigestKind::Sha256]).await?;
        output.done()?;
        running.end().await;
        Ok(DockerArchive::new(file, None))
    }
}

impl Source for Discarded {
    async fn probe(&self, cx: &Cx) -> Result<()> {
        self.0.look(cx).await
    }

    async fn base(&self, cx: &Cx) -> Result<BaseId> {
        self.0.base_id(cx).await
    }

    async fn build(&self, cx: &Cx, guest: Guest) -> Result<Nothing> {
        let running = self.0.provisioned(cx, guest).await?;
        running.end().await;
        Ok(Nothing)
    }
}

/// A container in which the steps have run.
struct Running {
    engine: Engine,
    container: Held<BuildContainer>,
    comm: ContainerComm<EngineContainer>,
    base: ImageFacts,
}

impl Running {
    async fn commit(&self, source: &Container, cx: &Cx) -> Result<Held<BuildImage>> {
        let changes = source
            .changes
            .iter()
            .map(|change| cx.render(change).map(|text| text.to_string()));
        let commit = BuildImage::Commit(Commit {
            container: self.container.id().clone(),
            cmd: self.base.cmd.clone(),
            entrypoint: self.base.entrypoint.clone(),
            changes: changes.collect::<Result<_>>()?,
            author: text(cx, source.author.as_ref())?,
            message: text(cx, source.message.as_ref())?,
        });
        cx.scope().create(&commit, &self.engine, self.engine.at()).await
    }

    /// Begins to remove the container while the artifact is worked on. Its scope waits for that in the end, and says so.
    async fn end(self) {
        self.comm.drop_uploads().await;
        let (engine, container) = (self.engine, self.container.id().clone());
        tokio::spawn(async move {
            if let Err(error) = engine.remove_container(&container).await {
                tracing::debug!(error = error.full(), "the container is removed later");
            }
        });
    }
}

/// The image with what the engine knows of it.
pub(crate) async fn described(engine: &Engine, id: String) -> Result<DockerImage> {
    let facts = engine.image(&id).await?.unwrap_or_default();
    Ok(DockerImage {
        size: facts.size,
        engine: engine.at().clone(),
        id,
        ..DockerImage::default()
    })
}

fn text(cx: &Cx, template: Option<&Template>) -> Result<Option<String>> {
    template
        .map(|template| cx.render(template).map(|text| text.to_string()))
        .transpose()
}

fn revealed(text: Option<&Text>) -> Result<Option<String>> {
    text.map(|text| text.reveal().map(|text| text.to_string())).transpose()
}

fn all_revealed(texts: &[Text]) -> Result<Vec<String>> {
    texts
        .iter()
        .map(|text| text.reveal().map(|text| text.to_string()))
        .collect()
}

impl Container {
    async fn look(&self, cx: &Cx) -> Result<()> {
        let engine = Engine::open(&Endpoint::discover()?).await?;
        let committed = self.export_path.is_none() && self.discard != Some(true);
        if committed && let Some(product) = engine.other_product().await? {
            cx.warn(format!(
                "{product} removes an image that loses its name, and so the committed one before its post-processors name it: \
                 export the container (`.export_path(…)`), or build with source `oci`, which needs no engine"
            ));
        }
        if let Some(build) = &self.build {
            let path = cx.input_path(&build.path);
            tokio::fs::metadata(&path)
                .await
                .map_err(|error| Error::io("read", &path, error))?;
        }
        if self.pull == Pull::Never {
            self.wanted_image(&engine).await?;
        }
        Ok(())
    }

    /// The image that must be there.
    async fn wanted_image(&self, engine: &Engine) -> Result<Option<ImageFacts>> {
        let Some(name) = revealed(self.image.as_ref())? else {
            return Ok(None);
        };
        match engine.image(&name).await? {
            Some(found) => Ok(Some(found)),
            None => Err(Error::new(
                ErrorKind::NotFound,
                format!("the engine has no image {name}, and `pull` says to fetch none"),
            )
            .context("engine", &engine.at().host)
            .hint("leave `pull` out, or load the image first: `docker load`, `docker import`")),
        }
    }

    async fn base_id(&self, cx: &Cx) -> Result<BaseId> {
        let engine = Engine::open(&Endpoint::discover()?).await?;
        match &self.build {
            // What a Dockerfile makes is known when it is made.
            Some(build) => Ok(BaseId::new(format!("dockerfile {}", build.path))),
            None => Ok(BaseId::new(self.fetched(cx, &engine).await?.id)),
        }
    }

    /// The base image, fetched where `pull` says so.
    async fn fetched(&self, cx: &Cx, engine: &Engine) -> Result<ImageFacts> {
        if self.pull == Pull::Never {
            return self.wanted_image(engine).await.map(Option::unwrap_or_default);
        }
        let name = revealed(self.image.as_ref())?.unwrap_or_default();
        let there = engine.image(&name).await?;
        let platform = revealed(self.platform.as_ref())?;
        let fits = |image: &ImageFacts| {
            platform
                .as_ref()
                .is_none_or(|wanted| image.platform.starts_with(wanted.as_str()))
        };
        match there {
            Some(found) if self.pull == Pull::Missing && fits(&found) => return Ok(found),
            // An id is no name that a registry knows.
            Some(found) if name.starts_with("sha256:") || found.id.trim_start_matches("sha256:").starts_with(&name) => {
                return Ok(found);
            }
            _ => {}
        }
        let reference = Reference::parse(&name)?;
        let credentials = credentials::for_image(cx, &reference, self.login.as_ref()).await?;
        let full = reference.full();
        engine
            .pull(cx, &full, platform.as_deref(), credentials.as_ref())
            .await?;
        engine.image(&full).await?.ok_or_else(|| {
            Error::new(
                ErrorKind::NotFound,
                format!("the engine fetched {full} and does not have it"),
            )
            .hint("another process may have removed it: build again")
        })
    }

    /// Starts the container and runs the steps in it.
    async fn provisioned(&self, cx: &Cx, guest: Guest) -> Result<Running> {
        let engine = Engine::open(&Endpoint::discover()?).await?;
        let base = match &self.build {
            None => self.fetched(cx, &engine).await?,
            Some(build) => {
                // It is wanted as long as the container is, and goes with the scope.
                let built = build_image(cx, &engine, build).await?;
                engine.image(&built.id().id).await?.unwrap_or_default()
            }
        };
        let run = RunCommand::parse(all_revealed(&self.run_command)?)?;
        let user = match revealed(self.exec_user.as_ref())? {
            Some(user) => Some(user),
            None => run.user.clone(),
        };
        let spec = self.container_spec(run, base.id.clone())?;
        // The shell that holds the container open can run the commands too, unless they are somebody else's.
        let joins = !spec.tty && user == spec.user && !self.pty && !self.windows_container;
        let container = cx.scope().create(&BuildContainer(spec), &engine, engine.at()).await?;
        let handle = EngineContainer {
            engine: engine.clone(),
            id: container.id().clone(),
        };
        let settings = Settings {
            user: user.clone(),
            terminal: self.pty,
            own_uploads: self.fix_upload_owner,
            windows: self.windows_container,
        };
        let comm = match joins {
            true => {
                // Before its start, or what it says first would be lost.
                let session = handle.attach().await?;
                engine.start(container.id()).await?;
                ContainerComm::in_shell(handle, settings, session)
            }
            false => {
                engine.start(container.id()).await?;
                ContainerComm::new(handle, settings)
            }
        };
        let machine = Machine::new(comm.clone()).id(container.id().clone()).fact(
            "user",
            user.or_else(|| base.user.clone()).unwrap_or_else(|| "root".to_owned()),
        );
        guest.provision(cx, machine).await?;
        Ok(Running {
            engine,
            container,
            comm,
            base,
        })
    }

    fn container_spec(&self, run: RunCommand, image: String) -> Result<ContainerSpec> {
        let with = |mut told: Vec<String>, more: &[Text]| -> Result<Vec<String>> {
            told.extend(all_revealed(more)?);
            Ok(told)
        };
        let mut binds = run.binds;
        for (from, to) in &self.volumes {
            binds.push(format!("{from}:{}", &*to.reveal()?));
        }
        let holds_open = if self.windows_container {
            "powershell"
        } else {
            "/bin/sh"
        };
        let by_itself = run.entrypoint.is_none() && run.command.is_empty();
        Ok(ContainerSpec {
            image,
            name: run.name,
            platform: revealed(self.platform.as_ref())?.or(run.platform),
            entrypoint: match by_itself {
                true => Some(vec![holds_open.to_owned()]),
                false => run.entrypoint.map(|program| vec![program]),
            },
            cmd: run.command,
            env: run.env,
            user: run.user,
            workdir: run.workdir,
            hostname: run.hostname,
            // A program of the user's own waits for somebody to type; our shell reads commands.
            tty: !by_itself || self.windows_container,
            logs: !by_itself,
            network: revealed(self.network.as_ref())?.or(run.network),
            binds,
            tmpfs: with(run.tmpfs, &self.tmpfs)?,
            devices: with(run.devices, &self.devices)?,
            cap_add: with(run.cap_add, &self.cap_add)?,
            cap_drop: with(run.cap_drop, &self.cap_drop)?,
            security_opt: run.security_opt,
            extra_hosts: run.extra_hosts,
            dns: run.dns,
            runtime: revealed(self.runtime.as_ref())?.or(run.runtime),
            pid: run.pid,
            ipc: run.ipc,
            cgroupns: run.cgroupns,
            shm_size: run.shm_size,
            memory: run.memory,
            privileged: self.privileged || run.privileged,
            init: run.init,
        })
    }
}

async fn build_image(cx: &Cx, engine: &Engine, build: &Dockerfile) -> Result<Held<BuildImage>> {
    let path = cx.input_path(&build.path);
    let folder = match &build.build_dir {
        Some(folder) => cx.input_path(folder),
        None => path.parent().unwrap_or(std::path::Path::new(".")).to_owned(),
    };
    let (context, dockerfile) = build_context(&folder, &path, build.compress).await?;
    let arguments = build
        .arguments
        .iter()
        .map(|(name, value)| Ok((name.clone(), value.reveal()?.to_string())));
    let spec = BuildSpec {
        dockerfile,
        arguments: arguments.collect::<Result<_>>()?,
        pull: build.pull == Pull::Always,
        target: revealed(build.target.as_ref())?,
        platform: revealed(build.platform.as_ref())?,
        cache: build.cache,
    };
    let image = BuildImage::Dockerfile(spec, Feed::new(cx, context));
    let held: Held<BuildImage> = cx.scope().create(&image, engine, engine.at()).await?;
    let MarkedImage { id, .. } = held.id();
    cx.say(format!("built {} as {id}", build.path));
    Ok(held)
}
