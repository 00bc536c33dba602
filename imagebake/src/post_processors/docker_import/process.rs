//! How the image is made.

use super::config::DockerImport;
use crate::{
    artifact::HasFiles,
    engine::Cx,
    error::{Context, Error, ErrorKind, Result},
    post_processor::PostProcessor,
    sources::docker::{
        DockerImage, Maker,
        driver::{Engine, Feed},
        endpoint::Endpoint,
        reference::Reference,
        resources::BuildImage,
        source::described,
        spec::ImportSpec,
    },
};
use bytes::BytesMut;
use tokio::io::AsyncReadExt;

impl<A: HasFiles> PostProcessor<A> for DockerImport {
    type Output = DockerImage;

    fn needs_files(&self) -> bool {
        true
    }

    async fn process(&self, cx: &Cx, input: A) -> Result<DockerImage> {
        let files = input.files();
        let [file] = &files[..] else {
            return Err(Error::new(
                ErrorKind::Config,
                format!(
                    "the artifact ({}) has {} files, and an image is made of one",
                    A::KIND,
                    files.len()
                ),
            )
            .hint("put the import behind what writes one tar archive"));
        };
        let repository = cx.render(&self.repository)?;
        let tag = self.tag.as_ref().map(|tag| cx.render(tag)).transpose()?;
        let tag = tag.as_ref().map_or("latest", |tag| tag.as_str());
        let name = Reference::parse(&format!("{}:{tag}", &*repository))?;
        let platform = self.platform.as_ref().map(|platform| platform.reveal()).transpose()?;
        let changes = self
            .changes
            .iter()
            .map(|change| cx.render(change).map(|text| text.to_string()));
        let spec = ImportSpec {
            changes: changes.collect::<Result<_>>()?,
            message: None,
            platform: platform.map(|platform| platform.to_string()),
        };
        let engine = Engine::open(&Endpoint::discover()?).await?;
        let opened = tokio::fs::File::open(file.path()).await.path("read", file.path())?;
        let bar = cx.progress(&format!("import {}", file.path().display()), Some(file.size()));
        let stream = futures_util::stream::try_unfold((opened, bar), |(mut opened, bar)| async move {
            let mut block = BytesMut::with_capacity(256 << 10);
            let count = opened.read_buf(&mut block).await?;
            bar.add(count as u64);
            Ok((count > 0).then(|| (block.freeze(), (opened, bar))))
        });
        let image = BuildImage::Import(spec, Feed::new(cx, Box::pin(stream)));
        let held = cx.scope().create(&image, &engine, engine.at()).await?;
        engine.tag(&held.id().id, &name.repository, tag).await?;
        let made = cx.scope().release(held).await?;
        let mut image = described(&engine, made.id).await?;
        image.tags.push(name.full());
        image.maker = Maker::Import;
        cx.say(format!("imported {} as {}", image.id, name.full()));
        Ok(image)
    }
}
