//! No machine to talk to.

use super::{Command, Communicator, Exit, FileAttrs, HostFolder, OutputSink, unsupported};
use crate::{error::Result, value::GuestPath};
use std::path::Path;
use tokio::io::{AsyncRead, AsyncWrite};

/// Refuses everything: for sources without a machine, whose steps run on the builder.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoCommunicator;

impl Communicator for NoCommunicator {
    const KIND: &'static str = "none";

    async fn exec(&self, _: Command, _: OutputSink) -> Result<Exit> {
        Err(unsupported(Self::KIND, "run commands"))
    }

    async fn upload(&self, _: &mut (dyn AsyncRead + Send + Unpin), _: &GuestPath, _: &FileAttrs) -> Result<()> {
        Err(unsupported(Self::KIND, "upload"))
    }

    async fn download(&self, _: &GuestPath, _: &mut (dyn AsyncWrite + Send + Unpin)) -> Result<()> {
        Err(unsupported(Self::KIND, "download"))
    }

    async fn upload_dir(&self, _: &HostFolder, _: &GuestPath) -> Result<()> {
        Err(unsupported(Self::KIND, "upload"))
    }

    async fn download_dir(&self, _: &GuestPath, _: &Path) -> Result<()> {
        Err(unsupported(Self::KIND, "download"))
    }
}
