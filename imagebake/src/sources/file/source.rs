//! How `file` is built: written or copied beside its name, then renamed.

use super::config::File;
use crate::{
    artifact::Files,
    communicator::NoCommunicator,
    engine::Cx,
    error::{Context, Result},
    guest::{Guest, Machine},
    io::{Control, DigestKind, FileRef, copy_sparse_async, off_the_async_threads, write_atomically},
    source::{BaseId, Source},
    value::HostPath,
};
use std::{collections::BTreeSet, path::Path};

impl Source for File {
    async fn probe(&self, cx: &Cx) -> Result<()> {
        let Some(source) = &self.source else { return Ok(()) };
        let path = cx.input_path(source);
        let opened = tokio::fs::File::open(&path).await.path("read", &path);
        opened.map(drop).map_err(|error| match self.at_source() {
            Some(place) => error.at(place),
            None => error,
        })
    }

    async fn base(&self, _: &Cx) -> Result<BaseId> {
        Ok(BaseId::new("file"))
    }

    async fn build(&self, cx: &Cx, guest: Guest) -> Result<Files> {
        guest.provision(cx, Machine::new(NoCommunicator).id("file")).await?;
        let target = cx.output_path(&HostPath::from(cx.render(&self.target)?.as_str()));
        let output = cx.claim_output(&target)?;
        let folder = target.parent().unwrap_or(Path::new("."));
        tokio::fs::create_dir_all(folder)
            .await
            .path("make the folder", folder)?;
        match (&self.source, &self.content) {
            (Some(source), _) => {
                copy_sparse_async(cx.input_path(source), target.clone(), Control::new()).await?;
            }
            (None, content) => {
                let text = match content {
                    Some(content) => cx.render(content)?.as_bytes().to_vec(),
                    None => Vec::new(),
                };
                let path = target.clone();
                off_the_async_threads(move || write_atomically(&path, &text)).await?;
            }
        }
        output.done()?;
        let wanted: BTreeSet<DigestKind> = cx.wanted_digests().into_iter().collect();
        let file = FileRef::open(&target)?.digest_async(wanted, Control::new()).await?;
        Ok(Files::new(vec![file], "packer.file"))
    }
}
