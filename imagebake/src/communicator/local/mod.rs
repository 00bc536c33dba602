//! The builder itself as the machine: commands are ordinary processes, files ordinary files.
//!
//! For `shell-local` and for `null` sources that provision the machine they run on. Nothing isolates anything here.

pub(crate) mod driver;

use super::{Command, Communicator, Exit, FileAttrs, HostFolder, OutputSink};
use crate::{
    error::{Context, Error, Result},
    value::GuestPath,
};
use std::{os::unix::fs::PermissionsExt, path::Path};
use tokio::{
    fs,
    io::{AsyncRead, AsyncWrite, AsyncWriteExt},
};

/// Commands and files on the builder.
#[derive(Clone, Copy, Debug, Default)]
pub struct Local;

impl Communicator for Local {
    const KIND: &'static str = "local";

    async fn exec(&self, command: Command, output: OutputSink) -> Result<Exit> {
        driver::run(command, output).await
    }

    async fn upload(&self, from: &mut (dyn AsyncRead + Send + Unpin), to: &GuestPath, attrs: &FileAttrs) -> Result<()> {
        let path = Path::new(to.as_str());
        let mut file = fs::File::create(path).await.path("write", path)?;
        if let Some(mode) = attrs.mode {
            file.set_permissions(std::fs::Permissions::from_mode(mode))
                .await
                .path("set the mode of", path)?;
        }
        tokio::io::copy(from, &mut file).await.path("write", path)?;
        file.flush().await.path("write", path)?;
        if let Some(owner) = &attrs.owner {
            driver::change_owner(path, owner).await?;
        }
        Ok(())
    }

    async fn download(&self, from: &GuestPath, to: &mut (dyn AsyncWrite + Send + Unpin)) -> Result<()> {
        let path = Path::new(from.as_str());
        let mut file = fs::File::open(path).await.path("read", path)?;
        tokio::io::copy(&mut file, to).await.path("read", path)?;
        to.flush().await?;
        Ok(())
    }

    async fn remove(&self, files: &[GuestPath]) -> Result<()> {
        for file in files {
            let path = Path::new(file.as_str());
            match fs::remove_file(path).await {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(Error::io("remove", path, error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    async fn upload_dir(&self, from: &HostFolder, to: &GuestPath) -> Result<()> {
        driver::copy_tree(from.path(), Path::new(to.as_str())).await
    }

    async fn download_dir(&self, from: &GuestPath, to: &Path) -> Result<()> {
        driver::copy_tree(Path::new(from.as_str()), to).await
    }
}
