//! How the archive is written.

use super::config::DockerSave;
use crate::{
    engine::Cx,
    error::Result,
    io::DigestKind,
    post_processor::PostProcessor,
    sources::docker::{DockerArchive, DockerImage, archive::write_stream, driver::Engine},
    value::HostPath,
};

impl PostProcessor<DockerImage> for DockerSave {
    type Output = DockerArchive;

    async fn process(&self, cx: &Cx, image: DockerImage) -> Result<DockerArchive> {
        let path = cx.output_path(&HostPath::from(cx.render(&self.path)?.as_str()));
        let output = cx.claim_output(&path)?;
        let engine = Engine::open(&image.engine).await?;
        let names: Vec<&str> = match image.tags.is_empty() {
            true => vec![&image.id],
            false => image.tags.iter().map(String::as_str).collect(),
        };
        let what = format!("save {}", path.display());
        let digests = cx.wanted_digests().into_iter().chain([DigestKind::Sha256]);
        let stream = Box::pin(engine.save(&names));
        let file = write_stream(cx, &what, Some(image.size), stream, path, digests).await?;
        output.done()?;
        Ok(DockerArchive::new(file, Some(image)))
    }
}
