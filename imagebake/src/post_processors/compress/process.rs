//! How the files are compressed.

use super::config::Compress;
use crate::{
    artifact::{Files, HasFiles},
    engine::Cx,
    error::{Error, ErrorKind, Result},
    io::{
        Control, DigestKind, FileRef, Reading,
        compress::{Options, compress_async},
    },
    post_processor::PostProcessor,
    post_processors::make_folder_of,
    value::HostPath,
};

impl<A: HasFiles> PostProcessor<A> for Compress {
    type Output = Files;

    fn needs_files(&self) -> bool {
        true
    }

    fn keeps_input(&self) -> bool {
        false
    }

    async fn process(&self, cx: &Cx, input: A) -> Result<Files> {
        let path = cx.output_path(&HostPath::from(cx.render(self.output_template())?.as_str()));
        let (files, readings): (Vec<FileRef>, Vec<Reading>) =
            input.files().into_iter().map(|file| cx.reading(file)).unzip();
        if files.is_empty() {
            return Err(Error::new(
                ErrorKind::Config,
                format!("the artifact ({}) has no files to compress", A::KIND),
            )
            .hint("put the compression behind something that makes files, or name them with `Artifice`"));
        }
        let output = cx.claim_output(&path)?;
        make_folder_of(&path)?;
        let before: u64 = files.iter().map(FileRef::size).sum();
        let bar = cx.progress(&format!("compress {}", path.display()), Some(before));
        let control = Control::new().on_progress(move |progress| bar.set(progress.done));
        let (files, file) = compress_async(files, path, self.options(cx), control).await?;
        for (reading, file) in readings.into_iter().zip(&files) {
            reading.done(file);
        }
        output.done()?;
        cx.say(format!(
            "compressed {before} bytes to {} in {}",
            file.size(),
            file.path().display()
        ));
        Ok(Files::new(vec![file], "packer.post-processor.compress"))
    }
}

impl Compress {
    fn options(&self, cx: &Cx) -> Options {
        // The summary of a build names the SHA-256 of its files; what comes next in the chain says what else it wants.
        let digests = cx.wanted_digests().into_iter().chain([DigestKind::Sha256]);
        let mut options = Options::new()
            .input_digests(cx.wanted_input_digests())
            .output_digests(digests);
        if let Some(format) = self.stated_format() {
            options = options.format(format);
        }
        if let Some(level) = self.level() {
            options = options.level(level);
        }
        match (cx.clock().is_fixed(), u64::try_from(cx.clock().seconds())) {
            (true, Ok(seconds)) => options.mtime(seconds),
            _ => options,
        }
    }
}
