//! How the files are found.

use super::config::Artifice;
use crate::{
    artifact::{Artifact, Files},
    engine::Cx,
    error::{Error, Result},
    io::{FileRef, glob, off_the_async_threads},
    post_processor::PostProcessor,
    value::HostPath,
};

impl<A: Artifact> PostProcessor<A> for Artifice {
    type Output = Files;

    async fn process(&self, cx: &Cx, _: A) -> Result<Files> {
        let rendered = self.patterns().iter().map(|pattern| cx.render(pattern));
        let patterns = rendered.map(|name| Ok(cx.output_path(&HostPath::from(name?.as_str()))));
        let patterns = patterns.collect::<Result<Vec<_>>>()?;
        let find = move || {
            let mut paths = Vec::new();
            for pattern in patterns {
                for path in glob::files(&pattern)? {
                    // Two patterns may match one file; it is one file of the artifact.
                    if !paths.contains(&path) {
                        paths.push(path);
                    }
                }
            }
            paths
                .into_iter()
                .map(|path| FileRef::open(path).map_err(Error::from))
                .collect::<Result<Vec<_>>>()
        };
        let files = off_the_async_threads(find).await?;
        Ok(Files::new(files, "packer.post-processor.artifice"))
    }
}
