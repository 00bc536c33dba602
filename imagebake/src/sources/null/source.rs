//! How `null` is built: there is nothing to start and nothing to capture.

use super::{artifact::Nothing, config::Null};
#[cfg(feature = "ssh")]
use crate::communicator::ssh::{Access, Ssh, SshComm};
use crate::{
    communicator::{Local, NoCommunicator},
    engine::Cx,
    error::Result,
    guest::{Guest, Machine},
    source::{BaseId, Source},
};

impl Source for Null {
    #[cfg(feature = "ssh")]
    async fn probe(&self, cx: &Cx) -> Result<()> {
        match &self.ssh {
            Some(ssh) => SshComm::probe(cx, ssh, running(ssh)).await,
            None => Ok(()),
        }
    }

    async fn base(&self, _: &Cx) -> Result<BaseId> {
        Ok(BaseId::new("null"))
    }

    async fn build(&self, cx: &Cx, guest: Guest) -> Result<Nothing> {
        #[cfg(feature = "ssh")]
        if let Some(ssh) = &self.ssh {
            return by_ssh(cx, ssh, guest).await;
        }
        let machine = match self.is_local() {
            true => Machine::new(Local).fact("host", "localhost"),
            false => Machine::new(NoCommunicator),
        };
        guest.provision(cx, machine.id("null")).await?;
        Ok(Nothing)
    }
}

#[cfg(feature = "ssh")]
async fn by_ssh(cx: &Cx, ssh: &Ssh, guest: Guest) -> Result<Nothing> {
    let comm = SshComm::connect(cx, ssh, running(ssh)).await?;
    let machine = Machine::new(comm.clone())
        .id("null")
        .fact("host", comm.host())
        .fact("port", comm.port().to_string())
        .fact("user", comm.user());
    let provisioned = guest.provision(cx, machine).await;
    // A step that was cancelled may still be ending in the machine.
    comm.close().await;
    provisioned.map(|_| Nothing)
}

#[cfg(feature = "ssh")]
fn running(ssh: &Ssh) -> Access {
    Access::running(ssh.host.as_ref().map(ToString::to_string).unwrap_or_default())
}
