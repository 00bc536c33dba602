//! How `file` copies.

use super::config::File;
use crate::{
    communicator::{FileAttrs, Remote},
    engine::Cx,
    error::{Context, Error, ErrorKind, Result},
    provisioner::Provisioner,
    value::{GuestPath, HostPath},
};
use std::{os::unix::fs::PermissionsExt, path::Path};
use tokio::{fs, io::AsyncWriteExt};

impl Provisioner for File {
    fn inputs(&self) -> Vec<HostPath> {
        if self.is_download() || self.generated {
            Vec::new()
        } else {
            self.all_sources().cloned().collect()
        }
    }

    /// What is made during the build, or has to be written to the builder, is copied every time.
    fn cacheable(&self) -> bool {
        !self.is_download() && !self.generated
    }

    async fn provision(&self, cx: &Cx, guest: &Remote) -> Result<()> {
        let destination = cx.render(&self.destination)?;
        if let Some(content) = &self.content {
            let text = cx.render(content)?;
            let attrs = FileAttrs {
                owner: self.owner.clone(),
                ..FileAttrs::mode(self.mode.unwrap_or(0o644))
            };
            let attrs = if content.is_secret() && self.mode.is_none() {
                FileAttrs {
                    mode: Some(0o600),
                    ..attrs
                }
            } else {
                attrs
            };
            return guest
                .write(&GuestPath::from(destination.as_str()), text.as_bytes().to_vec(), &attrs)
                .await;
        }
        for source in self.all_sources() {
            match self.is_download() {
                false => {
                    self.send(cx, guest, source, &GuestPath::from(destination.as_str()))
                        .await?
                }
                true => download(cx, guest, source, destination.as_str()).await?,
            }
        }
        Ok(())
    }
}

impl File {
    async fn send(&self, cx: &Cx, guest: &Remote, source: &HostPath, to: &GuestPath) -> Result<()> {
        let path = cx.input_path(source);
        let about = fs::metadata(&path).await.path("read", &path)?;
        if about.is_dir() {
            let contents = source.to_string().ends_with('/');
            let to = if contents {
                to.clone()
            } else {
                to.join(&file_name(&path)?)
            };
            cx.say(format!("uploading {source} to {to}"));
            guest.upload_dir(&path, &to).await?;
            return match &self.owner {
                Some(owner) => {
                    guest
                        .sh(&format!("chown -R {} {}", guest.quote(owner), guest.quote(to.as_str())))
                        .await
                }
                None => Ok(()),
            };
        }
        let to = if to.names_folder() {
            to.join(&file_name(&path)?)
        } else {
            to.clone()
        };
        let mode = self.mode.unwrap_or(about.permissions().mode() & 0o7777);
        let attrs = FileAttrs {
            owner: self.owner.clone(),
            ..FileAttrs::mode(mode).sized(about.len())
        };
        let mut file = Counted {
            file: fs::File::open(&path).await.path("read", &path)?,
            bar: cx.progress(&format!("upload {source}"), Some(about.len())),
        };
        guest
            .upload(&mut file, &to, &attrs)
            .await
            .map_err(|error| match error.kind() {
                ErrorKind::NotFound => error.hint(format!("does the folder of {to} exist in the guest?")),
                _ => error,
            })
    }
}

async fn download(cx: &Cx, guest: &Remote, source: &HostPath, destination: &str) -> Result<()> {
    let from = GuestPath::from(source.to_string());
    let to = cx.output_path(&HostPath::from(destination));
    if from.names_folder() {
        return guest.download_dir(&from, &to).await;
    }
    let to = if destination.ends_with('/') {
        to.join(file_name(Path::new(from.as_str()))?)
    } else {
        to
    };
    let folder = to.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).await.path("make the folder", folder)?;
    // Whole or not at all: the name appears when the last byte is there.
    let draft = tempfile::NamedTempFile::new_in(folder).path("write in", folder)?;
    let mut file = fs::File::from_std(draft.reopen().path("write", &to)?);
    guest
        .download(&from, &mut file)
        .await
        .map_err(|error| match error.kind() {
            ErrorKind::Io => error.hint(format!("if {from} is a folder, end it with `/`: `{from}/`")),
            _ => error,
        })?;
    file.flush().await.path("write", &to)?;
    let output = cx.claim_output(&to)?;
    draft
        .persist(&to)
        .map_err(|error| Error::io("write", &to, error.error))?;
    fs::set_permissions(&to, std::fs::Permissions::from_mode(0o644))
        .await
        .path("set the mode of", &to)?;
    output.done()
}

fn file_name(path: &Path) -> Result<String> {
    let name = path.file_name().and_then(|name| name.to_str()).map(str::to_owned);
    name.ok_or_else(|| {
        Error::new(
            ErrorKind::Config,
            format!("{} has no name that can be used in the guest", path.display()),
        )
        .hint("name the destination file itself")
    })
}

/// A file whose reading is shown.
struct Counted {
    file: fs::File,
    bar: crate::engine::ProgressBar,
}

impl tokio::io::AsyncRead for Counted {
    fn poll_read(
        mut self: std::pin::Pin<&mut Self>,
        task: &mut std::task::Context<'_>,
        buffer: &mut tokio::io::ReadBuf<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        let before = buffer.filled().len();
        let polled = std::pin::Pin::new(&mut self.file).poll_read(task, buffer);
        self.bar.add((buffer.filled().len() - before) as u64);
        polled
    }
}
