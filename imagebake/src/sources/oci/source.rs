//! How `oci` is built: base, machine, steps, image, outputs.

use super::{
    artifact::OciImage,
    base::{self, Base},
    config::Oci,
    image::{ImageConfig, Platform},
    layer::Flavor,
    machine::{OciMachine, Setup},
    output::{self, Finished},
    resources::{StoreAt, Workspace},
    store::{Chain, Store},
};
use crate::{
    cache::StepKey,
    engine::{Cx, Output},
    error::{Error, ErrorKind, Result},
    guest::{Guest, Machine, Snapshot},
    io::{DigestKind, off_the_async_threads},
    source::{BaseId, Source},
    value::{HostPath, Template},
};
use serde_json::json;

impl Source for Oci {
    fn stores_machines(&self) -> bool {
        true
    }

    async fn base(&self, cx: &Cx) -> Result<BaseId> {
        let store = open(cx).await?;
        Ok(BaseId::new(base::import(self, cx, &store).await?.id))
    }

    async fn snapshot(&self, cx: &Cx, key: &StepKey) -> Result<Option<Snapshot>> {
        let store = open(cx).await?;
        let wanted = key.clone();
        let found = off_the_async_threads(move || -> Result<_> {
            Ok(store
                .load::<Chain>("step", wanted.as_str())
                .filter(|chain| store.has_chain(chain)))
        });
        Ok(found.await?.map(|_| Snapshot::new(key.clone(), key.as_str())))
    }

    async fn build(&self, cx: &Cx, guest: Guest) -> Result<OciImage> {
        let store = open(cx).await?;
        let outputs = Outputs::claim(self, cx)?;
        let Base { chain, mut config, .. } = base::import(self, cx, &store).await?;
        let chain = match guest.start_from() {
            None => chain,
            // The engine leaves out the steps that it stands for: without it the image would lack them.
            Some(snapshot) => store.load("step", &snapshot.id).ok_or_else(|| {
                Error::new(
                    ErrorKind::NotFound,
                    "the stored machine that the build starts from is gone",
                )
                .hint("another process cleared the store: build again")
            })?,
        };
        let platform = config.platform().unwrap_or_else(Platform::host);
        if store.flavor() == Flavor::Single {
            cx.warn(
                "without root, and without the package `uidmap` and ranges of ids in /etc/subuid and /etc/subgid, the guest has \
                 one user: a `chown` to another fails",
            );
        }
        self.apply_early(cx, &mut config)?;

        let at = StoreAt {
            state_dir: cx.state_dir().to_owned(),
            flavor: store.flavor(),
        };
        let workspace = cx.scope().create(&Workspace, &store, &at).await?;
        let machine = OciMachine::new(
            Setup {
                store: store.clone(),
                workspace: workspace.id().clone(),
                hostname: host_name(cx.image()),
                env: environment(&config),
                dir: config.text("WorkingDir").unwrap_or_else(|| "/".to_owned()),
                user: self.exec_user.reveal()?.to_string(),
                compression: self.layer_compression,
                latest: cx.clock().is_fixed().then(|| cx.clock().seconds()),
                created: cx.clock().iso(),
                redactor: cx.redactor().clone(),
            },
            chain,
        )?;
        let handle = Machine::new(machine.clone())
            .snapshots(machine.clone())
            .id(workspace.id().clone())
            .fact("user", &*self.exec_user.reveal()?);
        let provisioned = guest.provision(cx, handle).await;
        let chain = machine.finish().await;
        provisioned.map_err(|error| match (store.flavor(), error.kind()) {
            (Flavor::Single, ErrorKind::CommandFailed) => error.hint(
                "if it changes owners: without root that needs the package `uidmap` and ranges of ids in /etc/subuid and /etc/subgid",
            ),
            _ => error,
        })?;

        self.apply_late(cx, &mut config)?;
        let author = self.author.as_ref().map(|author| cx.render(author)).transpose()?;
        let diff_ids: Vec<&str> = chain.layers.iter().map(|layer| layer.diff_id.as_str()).collect();
        config.complete(
            &cx.clock().iso(),
            author.as_ref().map(|author| author.as_str()),
            &diff_ids,
            &chain.history,
        );
        let tag = self.tag.as_ref().map(|tag| cx.render(tag)).transpose()?;
        let tag = tag.map(|tag| tag.to_string());

        let image = {
            let (store, platform) = (store.clone(), platform.clone());
            off_the_async_threads(move || {
                let image = output::finish(&store, chain, &config, &platform, tag)?;
                outputs.write(&store, image, &platform)
            })
            .await?
        };
        cx.scope().delete(workspace).await?;
        Ok(image)
    }
}

async fn open(cx: &Cx) -> Result<Store> {
    let state_dir = cx.state_dir().to_owned();
    off_the_async_threads(move || Store::open(&state_dir, super::flavor())).await
}

/// A host name that every system takes.
fn host_name(image: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            '-'
        }
    };
    let name: String = image.chars().map(plain).take(63).collect();
    match name.trim_matches('-') {
        "" => "image".to_owned(),
        name => name.to_owned(),
    }
}

fn environment(config: &ImageConfig) -> Vec<(String, String)> {
    let mut env = config.env();
    if !env.iter().any(|(name, _)| name == "PATH") {
        let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        env.insert(0, ("PATH".to_owned(), path.to_owned()));
    }
    env
}

impl Oci {
    /// What steps see too: variables and the folder to start in.
    fn apply_early(&self, cx: &Cx, config: &mut ImageConfig) -> Result<()> {
        let render = |(name, value): &(String, Template)| Ok((name.clone(), cx.render(value)?.to_string()));
        let env: Vec<(String, String)> = self.envs.iter().map(render).collect::<Result<_>>()?;
        config.set_env(&env);
        Ok(())
    }

    /// What the image's user sees.
    fn apply_late(&self, cx: &Cx, config: &mut ImageConfig) -> Result<()> {
        let text = |template: &Template| cx.render(template).map(|text| text.to_string());
        let all = |templates: &[Template]| templates.iter().map(text).collect::<Result<Vec<_>>>();
        if let Some(entrypoint) = &self.entrypoint {
            config.settings().insert("Entrypoint".into(), json!(all(entrypoint)?));
            // The base's arguments were meant for the base's program.
            if self.cmd.is_none() {
                config.settings().remove("Cmd");
            }
        }
        if let Some(cmd) = &self.cmd {
            config.settings().insert("Cmd".into(), json!(all(cmd)?));
        }
        for (name, value) in [("User", &self.user), ("WorkingDir", &self.workdir)] {
            if let Some(value) = value {
                config.settings().insert(name.into(), json!(text(value)?));
            }
        }
        if let Some(signal) = &self.stop_signal {
            config.settings().insert("StopSignal".into(), json!(&*signal.reveal()?));
        }
        let ports = all(&self.expose)?.into_iter().map(|port| match port.contains('/') {
            true => port,
            false => format!("{port}/tcp"),
        });
        config.add_to_set("ExposedPorts", ports);
        config.add_to_set("Volumes", all(&self.volumes)?);
        for (name, value) in &self.labels {
            let value = json!(text(value)?);
            let labels = config.settings().entry("Labels").or_insert_with(|| json!({}));
            if !labels.is_object() {
                *labels = json!({});
            }
            if let Some(labels) = labels.as_object_mut() {
                labels.insert(name.clone(), value);
            }
        }
        Ok(())
    }
}

/// The outputs that were asked for, claimed before the work begins.
struct Outputs {
    layout: Option<Output>,
    oci_archive: Option<Output>,
    docker_archive: Option<Output>,
}

impl Outputs {
    fn claim(source: &Oci, cx: &Cx) -> Result<Self> {
        let claim = |template: &Option<Template>| -> Result<Option<Output>> {
            let Some(template) = template else { return Ok(None) };
            let path = HostPath::from(cx.render(template)?.as_str());
            cx.claim_output(cx.output_path(&path)).map(Some)
        };
        Ok(Self {
            layout: claim(&source.layout)?,
            oci_archive: claim(&source.oci_archive)?,
            docker_archive: claim(&source.docker_archive)?,
        })
    }

    fn write(self, store: &Store, image: Finished, platform: &Platform) -> Result<OciImage> {
        let mut made = OciImage {
            digest: image.manifest.digest.clone(),
            config_digest: image.config.digest.clone(),
            tag: image.tag.clone(),
            platform: platform.to_string(),
            layers: image.layers.iter().map(|layer| layer.diff_id.clone()).collect(),
            layout: None,
            archives: Vec::new(),
        };
        if let Some(output) = self.layout {
            output::write_layout(store, &image, output.path())?;
            made.layout = Some(output.path().to_owned());
            output.done()?;
        }
        let wanted = [DigestKind::Sha256];
        if let Some(output) = self.oci_archive {
            made.archives
                .push(output::write_oci_archive(store, &image, output.path(), &wanted)?);
            output.done()?;
        }
        if let Some(output) = self.docker_archive {
            made.archives
                .push(output::write_docker_archive(store, &image, output.path(), &wanted)?);
            output.done()?;
        }
        Ok(made)
    }
}
