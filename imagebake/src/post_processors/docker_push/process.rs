//! How the image is pushed.

use super::config::DockerPush;
use crate::{
    engine::Cx,
    error::{Error, ErrorKind, Result},
    post_processor::PostProcessor,
    sources::docker::{DockerImage, Maker, credentials_driver, driver::Engine, reference::Reference},
};

/// How often a push is tried: a registry's hiccup should not cost a build. The engine tries each layer several times by itself.
const TRIES: u32 = 3;

impl PostProcessor<DockerImage> for DockerPush {
    type Output = DockerImage;

    async fn process(&self, cx: &Cx, mut image: DockerImage) -> Result<DockerImage> {
        if image.tags.is_empty() {
            return Err(Error::new(ErrorKind::Config, "the image has no name to push it under")
                .hint("put `DockerTag::new(\"registry/repository\")` before it in the chain"));
        }
        let engine = Engine::open(&image.engine).await?;
        let platform = self.platform.as_ref().map(|platform| platform.reveal()).transpose()?;
        for name in &image.tags {
            let reference = Reference::parse(name)?;
            let tag = reference.tag.as_deref().unwrap_or("latest");
            let credentials = credentials_driver::for_image(cx, &reference, self.login.as_ref()).await?;
            let push = || {
                let platform = platform.as_ref().map(|platform| platform.as_str());
                engine.push(cx, &reference.repository, tag, platform, credentials.as_ref())
            };
            let digest = cx
                .retry(TRIES, push)
                .await
                .map_err(|error| error.context("image", name))?;
            let digest = format!("{}@{digest}", reference.repository);
            cx.say(format!("pushed {name} as {digest}"));
            image.digests.retain(|known| *known != digest);
            image.digests.push(digest);
        }
        image.maker = Maker::Push;
        Ok(image)
    }
}
