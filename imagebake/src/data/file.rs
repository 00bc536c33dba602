//! Files of the project.

use super::{Lookup, LookupCx};
use crate::{
    error::{Error, ErrorKind, Result},
    io::{DigestKind, digest_bytes},
    value::HostPath,
};

/// The text of a file; see [`Data::file`](super::Data::file).
pub struct FileText(HostPath);

/// The bytes of a file; see [`Data::file_bytes`](super::Data::file_bytes).
pub struct FileBytes(HostPath);

/// Whether there is such a file; see [`Data::file_exists`](super::Data::file_exists).
pub struct FileExists(HostPath);

impl FileExists {
    pub(super) fn new(path: HostPath) -> Self {
        Self(path)
    }
}

impl FileText {
    pub(super) fn new(path: HostPath) -> Self {
        Self(path)
    }
}

impl FileBytes {
    pub(super) fn new(path: HostPath) -> Self {
        Self(path)
    }
}

#[diagnostic::do_not_recommend]
impl Lookup for FileText {
    const KIND: &'static str = "file";
    type Answer = String;

    fn question(&self) -> String {
        self.0.to_string()
    }

    fn is_local(&self) -> bool {
        true
    }

    fn shown(&self, text: &String) -> String {
        described(text.as_bytes())
    }

    async fn look_up(&self, cx: &LookupCx<'_>) -> Result<String> {
        text_of(&self.0.to_string(), cx.read(&self.0).await?)
    }
}

#[diagnostic::do_not_recommend]
impl Lookup for FileBytes {
    const KIND: &'static str = "file";
    type Answer = Vec<u8>;

    fn question(&self) -> String {
        self.0.to_string()
    }

    fn is_local(&self) -> bool {
        true
    }

    fn shown(&self, bytes: &Vec<u8>) -> String {
        described(bytes)
    }

    async fn look_up(&self, cx: &LookupCx<'_>) -> Result<Vec<u8>> {
        cx.read(&self.0).await
    }
}

#[diagnostic::do_not_recommend]
impl Lookup for FileExists {
    const KIND: &'static str = "file exists";
    type Answer = bool;

    fn question(&self) -> String {
        self.0.to_string()
    }

    fn is_local(&self) -> bool {
        true
    }

    async fn look_up(&self, cx: &LookupCx<'_>) -> Result<bool> {
        let path = cx.input_path(&self.0);
        match tokio::fs::metadata(&path).await {
            Ok(found) if found.is_file() => Ok(true),
            Ok(_) => Err(
                Error::new(ErrorKind::Config, format!("{} is there, and no file", path.display()))
                    .hint("ask for a file in it, or for its files: `data.files(folder, \"**\")`"),
            ),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(Error::io("read", &path, error)),
        }
    }
}

/// `812 bytes, sha256:…`: contents are not for a plan.
pub(super) fn described(bytes: &[u8]) -> String {
    let digests = digest_bytes(bytes, [DigestKind::Sha256]);
    let digest = digests.get(DigestKind::Sha256).unwrap_or_default();
    format!("{} bytes, sha256:{digest}", bytes.len())
}

/// Bytes that must be text.
pub(super) fn text_of(what: &str, bytes: Vec<u8>) -> Result<String> {
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Error::new(
            ErrorKind::Integrity,
            format!("`{what}` is not UTF-8 text: byte {} is not", at + 1),
        )
        .hint("ask for its bytes instead of its text, or convert it")
    })
}
