//! How `null` is built: there is nothing to start and nothing to capture.

use super::{artifact::Nothing, config::Null};
use crate::{
    communicator::{Local, NoCommunicator},
    engine::Cx,
    error::Result,
    guest::{Guest, Machine},
    source::{BaseId, Source},
};

impl Source for Null {
    async fn base(&self, _: &Cx) -> Result<BaseId> {
        Ok(BaseId::new("null"))
    }

    async fn build(&self, cx: &Cx, guest: Guest) -> Result<Nothing> {
        let machine = match self.is_local() {
            true => Machine::new(Local).fact("host", "localhost"),
            false => Machine::new(NoCommunicator),
        };
        guest.provision(cx, machine.id("null")).await?;
        Ok(Nothing)
    }
}
