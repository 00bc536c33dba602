//! How the digests are computed and written.

use super::config::{CHECKSUM_TYPE, Checksum};
use crate::{
    artifact::{Files, HasFiles},
    engine::Cx,
    error::{Error, ErrorKind, Result},
    io::{Control, DigestKind, FileRef, digest_bytes, write_atomically},
    post_processor::PostProcessor,
    post_processors::make_folder_of,
    value::{HostPath, Vars},
};
use serde_json::json;
use std::{collections::BTreeSet, path::PathBuf};

impl<A: HasFiles> PostProcessor<A> for Checksum {
    type Output = Files;

    fn wants(&self) -> Vec<DigestKind> {
        self.wanted().to_vec()
    }

    fn needs_files(&self) -> bool {
        true
    }

    async fn process(&self, cx: &Cx, input: A) -> Result<Files> {
        let kinds: BTreeSet<DigestKind> = self.wanted().iter().copied().collect();
        let mut files = Vec::new();
        for file in input.files() {
            files.push(digested(cx, file, &kinds).await?);
        }
        if files.is_empty() {
            return Err(no_files(A::KIND));
        }
        let mut written = Vec::with_capacity(kinds.len());
        for kind in kinds {
            let path = self.output_path(cx, kind)?;
            let output = cx.claim_output(&path)?;
            let text = lines(&files, kind);
            let wanted = cx.wanted_digests();
            let file = move || {
                make_folder_of(&path)?;
                write_atomically(&path, text.as_bytes())?;
                let digests = digest_bytes(text.as_bytes(), wanted);
                Ok::<_, Error>(FileRef::written(path, text.len() as u64, digests))
            };
            written.push(
                tokio::task::spawn_blocking(file)
                    .await
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))?,
            );
            output.done()?;
        }
        files.extend(written);
        Ok(Files::new(files, "packer.post-processor.checksum"))
    }
}

impl Checksum {
    fn output_path(&self, cx: &Cx, kind: DigestKind) -> Result<PathBuf> {
        let vars = Vars::from_iter([(CHECKSUM_TYPE.to_owned(), json!(kind.name()))]);
        let name = cx.render_with(self.output_template(), vars)?;
        Ok(cx.output_path(&HostPath::from(name.as_str())))
    }
}

/// The file with its digests; read only where somebody has not computed them in passing.
async fn digested(cx: &Cx, file: FileRef, kinds: &BTreeSet<DigestKind>) -> Result<FileRef> {
    if file.digests().missing(kinds).is_empty() {
        return Ok(file);
    }
    let name = file
        .path()
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let bar = cx.progress(&format!("checksum of {name}"), Some(file.size()));
    let control = Control::new().on_progress(move |progress| bar.set(progress.done));
    Ok(file.digest_async(kinds.clone(), control).await?)
}

/// What an artifact without files is told.
fn no_files(kind: &str) -> Error {
    Error::new(
        ErrorKind::Config,
        format!("the artifact ({kind}) has no files to compute checksums of"),
    )
    .hint("put the checksum behind something that makes files, or name them with `Artifice`")
}

/// As coreutils write it: names without folders, and a backslash in front of a line whose name has to be escaped.
fn lines(files: &[FileRef], kind: DigestKind) -> String {
    let mut text = String::new();
    for file in files {
        let name = file.path().file_name().unwrap_or_default().to_string_lossy();
        let escaped = name.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r");
        let mark = if escaped == name { "" } else { "\\" };
        let digest = file.digests().get(kind).unwrap_or_default();
        text.push_str(&format!("{mark}{digest}  {escaped}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_what_coreutils_check() {
        let digests = || digest_bytes(b"abc", [DigestKind::Md5]);
        let files = [
            FileRef::written("out/disk 1.raw", 3, digests()),
            FileRef::written("a\\b\nc", 3, digests()),
        ];
        assert_eq!(
            lines(&files, DigestKind::Md5),
            "900150983cd24fb0d6963f7d28e17f72  disk 1.raw\n\\900150983cd24fb0d6963f7d28e17f72  a\\\\b\\nc\n"
        );
    }
}
