//! How the names are given.

use super::config::DockerTag;
use crate::{
    engine::Cx,
    error::Result,
    post_processor::PostProcessor,
    sources::docker::{DockerImage, Maker, driver::Engine, reference::Reference},
};

impl PostProcessor<DockerImage> for DockerTag {
    type Output = DockerImage;

    async fn process(&self, cx: &Cx, mut image: DockerImage) -> Result<DockerImage> {
        let repository = cx.render(&self.repository)?;
        let mut tags = self.all_tags().map(|tag| cx.render(tag)).collect::<Result<Vec<_>>>()?;
        if tags.is_empty() {
            tags.push("latest".to_owned().into());
        }
        let engine = Engine::open(&image.engine).await?;
        for tag in tags {
            let name = format!("{}:{}", &*repository, &*tag);
            // What facts made of it was not known when it was planned.
            let reference = Reference::parse(&name)?;
            engine.tag(&image.id, &reference.repository, &tag).await?;
            cx.say(format!("{} is now {name}", image.id));
            image.tags.retain(|known| *known != name);
            image.tags.push(name);
        }
        image.maker = Maker::Tag;
        Ok(image)
    }
}
