//! How the digests are computed and written.

use super::config::{CHECKSUM_TYPE, Checksum};
use crate::{
    artifact::{Files, HasFiles},
    engine::Cx,
    error::{Error, ErrorKind, Result},
    io::{DigestKind, FileRef, digest_bytes, off_the_async_threads, write_atomically},
    post_processor::PostProcessor,
    post_processors::make_folder_of,
    value::{HostPath, Vars},
};
use serde_json::json;
use std::{collections::BTreeSet, os::unix::ffi::OsStrExt, path::PathBuf};

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
            files.push(cx.digested(file, &kinds).await?);
        }
        if files.is_empty() {
            return Err(no_files(A::KIND));
        }
        let mut written = Vec::with_capacity(kinds.len());
        for kind in kinds {
            let path = self.output_path(cx, kind)?;
            let output = cx.claim_output(&path)?;
            let text = lines(&files, kind);
            // The summary of a build names the SHA-256 of its files.
            let wanted = cx.wanted_digests().into_iter().chain([DigestKind::Sha256]);
            let file = move || {
                make_folder_of(&path)?;
                write_atomically(&path, &text)?;
                let digests = digest_bytes(&text, wanted);
                Ok::<_, Error>(FileRef::written(path, text.len() as u64, digests))
            };
            written.push(off_the_async_threads(file).await?);
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

/// What an artifact without files is told.
fn no_files(kind: &str) -> Error {
    Error::new(
        ErrorKind::Config,
        format!("the artifact ({kind}) has no files to compute checksums of"),
    )
    .hint("put the checksum behind something that makes files, or name them with `Artifice`")
}

/// As coreutils write it: names without folders, and a backslash in front of a line whose name has to be escaped.
fn lines(files: &[FileRef], kind: DigestKind) -> Vec<u8> {
    let mut text = Vec::new();
    for file in files {
        // A name is bytes, whatever it looks like.
        let name = file.path().file_name().unwrap_or_default().as_bytes();
        let mut escaped = Vec::with_capacity(name.len());
        for byte in name {
            match byte {
                b'\\' => escaped.extend_from_slice(b"\\\\"),
                b'\n' => escaped.extend_from_slice(b"\\n"),
                b'\r' => escaped.extend_from_slice(b"\\r"),
                other => escaped.push(*other),
            }
        }
        if escaped.len() != name.len() {
            text.push(b'\\');
        }
        let digest = file.digests().get(kind).unwrap_or_default();
        text.extend_from_slice(format!("{digest}  ").as_bytes());
        text.extend_from_slice(&escaped);
        text.push(b'\n');
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
            FileRef::written(std::ffi::OsStr::from_bytes(b"\xff"), 3, digests()),
        ];
        assert_eq!(
            lines(&files, DigestKind::Md5),
            b"900150983cd24fb0d6963f7d28e17f72  disk 1.raw\n\\900150983cd24fb0d6963f7d28e17f72  a\\\\b\\nc\n\
              900150983cd24fb0d6963f7d28e17f72  \xff\n"
        );
    }
}
