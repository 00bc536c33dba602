//! How `qemu` is built: medium, folder, disks, machine, steps, image.

use super::{
    config::Machine,
    evidence,
    layers::Layers,
    start::{Running, Setup, Tools},
    steps::Place,
};
#[cfg(feature = "ssh")]
use super::{driver::Img, layers::Recorder, login::LoginKey, seed::Seed};
use crate::{
    artifact::Files,
    communicator::NoCommunicator,
    engine::Cx,
    error::{ErrorKind, Result},
    groups::Http,
    guest::{self, Guest},
    source::{BaseId, Source},
    value::Vars,
};
#[cfg(feature = "ssh")]
use crate::{
    cache::StepKey,
    communicator::ssh::{Access, SshComm},
    guest::Snapshot,
};
use serde_json::json;
use std::path::PathBuf;

impl Source for Machine {
    fn stores_machines(&self) -> bool {
        self.step_snapshots && cfg!(feature = "ssh")
    }

    fn inputs(&self, cx: &Cx) -> Result<Vec<PathBuf>> {
        let named = [&self.efi_firmware_code, &self.efi_firmware_vars, &self.firmware]
            .into_iter()
            .flatten();
        let served = self.http.iter().filter_map(Http::folder);
        let mut all: Vec<PathBuf> = named.chain(served).map(|path| cx.input_path(path)).collect();
        for found in [
            self.floppy.as_ref().map(|floppy| floppy.inputs(cx)),
            self.cd.as_ref().map(|cd| cd.inputs(cx)),
        ] {
            all.extend(found.transpose()?.unwrap_or_default());
        }
        Ok(all)
    }

    #[cfg(feature = "ssh")]
    async fn snapshot(&self, cx: &Cx, key: &StepKey) -> Result<Option<Snapshot>> {
        self.stored(cx, key).await
    }

    async fn probe(&self, cx: &Cx) -> Result<()> {
        self.check_words().await?;
        let tools = self.tools(cx).await?;
        self.check_memory()?;
        self.check_screen()?;
        self.name(cx)?;
        drop(self.claim_output(cx)?);
        self.check_surroundings(cx).await?;
        #[cfg(feature = "ssh")]
        if self.wants_ssh() {
            self.check_way()?;
        }
        self.look_at_medium(cx).await?;
        match &tools.accelerator.because {
            Some(why) => cx.warn(format!("the machine is emulated ({}): {why}", tools.accelerator.name)),
            None => cx.say(format!("the machine is accelerated by {}", tools.accelerator.name)),
        }
        #[cfg(feature = "ssh")]
        if let (true, Some(ssh)) = (self.wants_ssh(), &self.communication.ssh) {
            SshComm::probe(cx, ssh, Access::starting("127.0.0.1")).await?;
        }
        Ok(())
    }

    async fn base(&self, cx: &Cx) -> Result<BaseId> {
        Ok(BaseId::new(self.medium(cx).await?.identity))
    }

    async fn build(&self, cx: &Cx, guest: Guest) -> Result<Files> {
        let tools = self.tools(cx).await?;
        let medium = self.medium(cx).await?.path;
        let place = self.claim_place(cx).await?;
        let (disk, mut cds) = match self.disk_image {
            true => (Some(medium.as_path()), vec![]),
            false => (None, vec![medium.clone()]),
        };
        let layers = self.layers(cx, &guest, disk).await?;
        #[cfg(feature = "ssh")]
        let restored = layers.as_ref().is_some_and(Layers::restored);
        #[cfg(feature = "ssh")]
        let key = self.login_key(cx).await?;
        #[cfg(feature = "ssh")]
        let seed = {
            let made = key.as_ref().and_then(|key| key.made.as_ref());
            self.make_seed(cx, &place.folder, made, restored)?
        };
        #[cfg(feature = "ssh")]
        let public = key.as_ref().map(|key| &key.public);
        #[cfg(not(feature = "ssh"))]
        let public = None::<String>;
        let facts: Vars = public
            .map(|key| ("ssh_public_key".to_owned(), json!(key)))
            .into_iter()
            .collect();
        let around = self.surround(cx, &place.folder, &place.name, facts).await?;
        #[cfg(feature = "ssh")]
        cds.extend(seed.as_ref().map(|seed| seed.cd.clone()));
        cds.extend(around.cd.clone());
        let folder = place.folder.join("image");
        let mut disks = match &layers {
            Some(layers) => self.make_layers(cx, &tools.img, layers, &place).await?,
            None => self.make_disks(cx, &tools.img, &folder, &place.name, disk).await?,
        };
        let setup = Setup {
            folder: &place.folder,
            name: &place.name,
            disks: &disks,
            cds: &cds,
            floppy: around.floppy.as_deref(),
            facts: around.facts.clone(),
        };
        let way = Way {
            guest,
            layers: layers.clone(),
            #[cfg(feature = "ssh")]
            key,
            #[cfg(feature = "ssh")]
            seed,
        };
        let ran = self.run(cx, &tools, setup, way, &place).await;
        if let Some(layers) = &layers {
            layers.end(cx).await;
            disks.drives = layers.drives();
        }
        ran?;
        let files = self.capture(cx, &tools.img, &disks, place).await?;
        if let Some(layers) = &layers {
            layers.leave(cx).await?;
        }
        Ok(files)
    }
}

/// The steps, and what makes the machine known.
struct Way {
    guest: Guest,
    layers: Option<Layers>,
    #[cfg(feature = "ssh")]
    key: Option<LoginKey>,
    #[cfg(feature = "ssh")]
    seed: Option<Seed>,
}

impl Machine {
    /// From the machine's start to its end; what it left of a failure is kept.
    async fn run(&self, cx: &Cx, tools: &Tools, setup: Setup<'_>, way: Way, place: &Place) -> Result<()> {
        let facts = setup.facts.clone();
        let running = match self.start(cx, tools, setup).await {
            Ok(running) => running,
            Err(error) => return Err(evidence::collect(cx, None, &place.folder, error).await),
        };
        if let Some(screen) = &running.screen {
            cx.say(format!("the machine's screen is at {}", screen.shown));
        }
        let used = async {
            // One that was stored is past that.
            if !way.layers.as_ref().is_some_and(Layers::restored) {
                let typed = self.type_boot_command(cx, &running, place, &facts);
                running.while_it_runs(typed).await?;
            }
            self.use_machine(cx, tools, &running, way, place).await
        };
        match Box::pin(used).await {
            Ok(()) => {
                let Running { process, tpm, .. } = running;
                cx.scope().delete(process).await?;
                match tpm {
                    Some(tpm) => cx.scope().delete(tpm).await,
                    None => Ok(()),
                }
            }
            Err(error) if error.kind() == ErrorKind::Cancelled => Err(error),
            Err(error) => Err(evidence::collect(cx, Some(&running), &place.folder, error).await),
        }
    }

    /// Gets in, runs the steps, turns it off.
    async fn use_machine(&self, cx: &Cx, tools: &Tools, running: &Running, way: Way, place: &Place) -> Result<()> {
        if !self.wants_ssh() {
            let machine = guest::Machine::new(NoCommunicator).id(place.name.clone());
            running.while_it_runs(way.guest.provision(cx, machine)).await?;
            return self.shut_down(cx, running, None::<&NoCommunicator>).await;
        }
        #[cfg(feature = "ssh")]
        return self.use_over_ssh(cx, &tools.img, running, way, place).await;
        #[cfg(not(feature = "ssh"))]
        let _ = tools;
        #[cfg(not(feature = "ssh"))]
        Err(
            crate::error::Error::new(ErrorKind::Unsupported, "this program was built without SSH")
                .hint("add the cargo feature \"ssh\" to the dependency `imagebake`"),
        )
    }

    #[cfg(feature = "ssh")]
    async fn use_over_ssh(&self, cx: &Cx, img: &Img, running: &Running, way: Way, place: &Place) -> Result<()> {
        let mut access = Access::starting("127.0.0.1").resets(running.qmp.resets());
        if let Some(port) = running.port {
            access = access.port(port);
        }
        let restored = way.layers.as_ref().filter(|layers| layers.restored());
        // A stored machine has heard of this build's key only where cloud-init tells it.
        let made = way.key.and_then(|key| key.made);
        let made = made.filter(|_| restored.is_none() || way.seed.is_some());
        if let Some(key) = &made {
            access = access.key(key.clone());
        }
        if let Some(seed) = &way.seed {
            access = seed.known_to(access);
        }
        let comm = match (self.get_in(cx, running, access).await, restored) {
            (Err(error), Some(layers)) => return Err(layers.let_nobody_in(error).await),
            (comm, _) => comm?,
        };
        if let Some(key) = restored.and_then(Layers::old_login) {
            self.take_key_out(&comm, key).await?;
        }
        let mut machine = guest::Machine::new(comm.clone())
            .id(place.name.clone())
            .fact("host", comm.host())
            .fact("port", comm.port().to_string())
            .fact("user", comm.user());
        if let Some(layers) = &way.layers {
            machine = machine.snapshots(Recorder {
                cx: cx.clone(),
                layers: layers.clone(),
                img: img.clone(),
                qmp: running.qmp.clone(),
                comm: comm.clone(),
                folder: place.folder.clone(),
                installed: self.is_installed(),
                login: made.as_ref().map(|key| key.public().to_owned()),
            });
        }
        let provisioned = running.while_it_runs(way.guest.provision(cx, machine)).await;
        if let Err(error) = provisioned {
            comm.close().await;
            return Err(error);
        }
        if let Some(key) = &made {
            self.clear_key(&comm, key).await?;
        }
        let off = self.shut_down(cx, running, Some(&comm)).await;
        comm.close().await;
        off
    }
}
