//! Small documents of servers.
//!
//! A document is pinned by its digest: the lock file has no contents, which may be long. The bytes themselves stay in the state folder
//! once `build` or `lock` has fetched them, so that `--offline` finds them again, and are fetched and compared elsewhere.

#[cfg(feature = "http")]
mod driver;

use super::{Ask, Lookup, LookupCx, UNKNOWN, file::text_of};
use crate::{
    error::{Error, ErrorKind, Result},
    io::{DigestKind, digest_bytes},
    value::{Secret, Text},
};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What is larger is no document to describe an image with, in bytes.
pub(super) const MOST: u64 = 64 << 20;

/// A document; see [`Data::http`](super::Data::http).
pub struct Http {
    url: Text,
    headers: Vec<(String, Text)>,
    checksum: Option<String>,
}

/// What a server answered.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HttpBody {
    sha256: String,
    size: u64,
    #[serde(skip)]
    bytes: Option<Bytes>,
}

impl HttpBody {
    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        self.bytes.as_deref().unwrap_or_default()
    }

    /// The text.
    ///
    /// # Errors
    /// When it is not UTF-8.
    pub fn text(&self) -> Result<String> {
        if self.is_unknown() {
            return Ok(UNKNOWN.to_owned());
        }
        text_of("the answer", self.bytes().to_vec())
    }

    /// What is in the document, as JSON.
    ///
    /// # Errors
    /// When it is not JSON, or not of this type.
    pub fn json<T: serde::de::DeserializeOwned>(&self) -> Result<T> {
        if self.is_unknown() {
            return super::unknown::unknown().map_err(|error| Error::new(ErrorKind::Unsupported, error.to_string()));
        }
        serde_json::from_slice(self.bytes()).map_err(|error| {
            Error::new(ErrorKind::Integrity, "the answer is not the JSON that was expected")
                .because(error)
                .hint("look at what the address answers")
        })
    }

    /// The text, number or flag at one place of the document, as text: `/tag_name`, `/assets/0/name` (a JSON pointer).
    ///
    /// # Errors
    /// When it is not JSON, or has no such value there.
    pub fn json_text(&self, pointer: &str) -> Result<String> {
        if self.is_unknown() {
            return Ok(UNKNOWN.to_owned());
        }
        let document: serde_json::Value = self.json()?;
        match document.pointer(pointer) {
            Some(serde_json::Value::String(text)) => Ok(text.clone()),
            Some(value @ (serde_json::Value::Number(_) | serde_json::Value::Bool(_))) => Ok(value.to_string()),
            found => {
                let what = match found {
                    Some(serde_json::Value::Null) | None => "nothing",
                    Some(_) => "more than one value",
                };
                let message = format!("the answer has {what} at `{pointer}`, where text is expected");
                Err(Error::new(ErrorKind::Integrity, message).hint("look at what the address answers"))
            }
        }
    }

    /// Whether nobody was asked.
    fn is_unknown(&self) -> bool {
        self.bytes.is_none() && self.sha256 == UNKNOWN
    }

    /// The SHA-256 digest, in hexadecimal.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    fn of(bytes: Bytes) -> Self {
        let digests = digest_bytes(&bytes, [DigestKind::Sha256]);
        Self {
            sha256: digests.get(DigestKind::Sha256).unwrap_or_default().to_owned(),
            size: bytes.len() as u64,
            bytes: Some(bytes),
        }
    }
}

impl Http {
    pub(super) fn new(url: Text) -> Self {
        Self {
            url,
            headers: Vec::new(),
            checksum: None,
        }
    }

    /// Fetches the document, or says why that cannot be.
    async fn fetch(&self) -> Result<Bytes> {
        let url = self.url.reveal()?;
        check_url(&url)?;
        #[cfg(feature = "http")]
        return driver::get(&url, &self.headers, MOST).await;
        #[cfg(not(feature = "http"))]
        Err(
            Error::new(ErrorKind::Unsupported, "this program was built without HTTP")
                .hint("add the cargo feature \"http\" to the dependency `imagebake`"),
        )
    }

    /// The document with this digest: kept from earlier, else fetched.
    async fn with_digest(&self, kind: DigestKind, hex: &str, cx: &LookupCx<'_>) -> Result<Bytes> {
        if let Some(bytes) = cx.run.kept(kind, hex).await {
            return Ok(bytes);
        }
        if cx.is_offline() {
            return Err(Error::new(
                ErrorKind::Unreachable,
                "its contents are not kept in this project, and --offline forbids to fetch them",
            )
            .hint("run `lock` or `build` once without --offline"));
        }
        let bytes = self.fetch().await?;
        let found = digest_bytes(&bytes, [kind]);
        let found = found.get(kind).unwrap_or_default();
        if found != hex {
            let told = match self.checksum {
                Some(_) => "the checksum in the description",
                None => "what imagebake.lock has",
            };
            return Err(Error::new(
                ErrorKind::Integrity,
                format!("the document has changed: its {kind} is {found}, and {told} is {hex}"),
            )
            .hint(match self.checksum {
                Some(_) => "find out why before you correct the checksum",
                None => "find out why; `lock --update NAME` takes the new document",
            }));
        }
        cx.run.keep(&format!("{kind}-{hex}"), bytes.clone());
        Ok(bytes)
    }
}

impl Ask<'_, Http> {
    /// A header of the request; a secret in it is shown by its name.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<Text>) -> Self {
        self.question.headers.push((name.into(), value.into()));
        self
    }

    /// The document's digest: `sha256:…`, or the kind that has as many digits. Then nothing has to be pinned.
    pub fn checksum(mut self, checksum: impl Into<String>) -> Self {
        self.question.checksum = Some(checksum.into());
        self
    }
}

#[diagnostic::do_not_recommend]
impl Lookup for Http {
    const KIND: &'static str = "http";
    type Answer = HttpBody;

    fn question(&self) -> String {
        let mut question = self.url.to_string();
        let mut headers: Vec<String> = self
            .headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}"))
            .collect();
        headers.sort();
        if !headers.is_empty() {
            question = format!("{question} with {}", headers.join(", "));
        }
        question
    }

    fn is_local(&self) -> bool {
        // The description itself says which document it is.
        self.checksum.is_some()
    }

    fn deadline(&self) -> Duration {
        Duration::from_secs(30)
    }

    fn secrets(&self) -> Vec<&Secret> {
        let headers = self.headers.iter().flat_map(|(_, value)| value.secrets());
        self.url.secrets().chain(headers).collect()
    }

    fn shown(&self, body: &HttpBody) -> String {
        format!("{} bytes, sha256:{}", body.size, body.sha256)
    }

    async fn look_up(&self, cx: &LookupCx<'_>) -> Result<HttpBody> {
        if let Some(checksum) = &self.checksum {
            let (kind, hex) = parse_checksum(checksum)?;
            return Ok(HttpBody::of(self.with_digest(kind, &hex, cx).await?));
        }
        let body = HttpBody::of(self.fetch().await?);
        let bytes = body.bytes.clone().unwrap_or_default();
        cx.run.keep(&format!("{}-{}", DigestKind::Sha256, body.sha256), bytes);
        Ok(body)
    }

    async fn complete(&self, body: &mut HttpBody, cx: &LookupCx<'_>) -> Result<()> {
        body.bytes = Some(self.with_digest(DigestKind::Sha256, &body.sha256, cx).await?);
        Ok(())
    }
}

fn check_url(url: &str) -> Result<()> {
    let wrong = |message: &str, hint: &str| Err(Error::new(ErrorKind::Config, message.to_owned()).hint(hint));
    let Some(rest) = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")) else {
        return wrong(
            "the address does not begin with https:// or http://",
            "write it in full",
        );
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if host.contains('@') {
        return wrong(
            "the address has a user or password in it, which would be shown",
            "give it as a header: `.header(\"Authorization\", text!(\"Bearer {token}\"))`",
        );
    }
    match host.is_empty() {
        true => wrong("the address names no host", "write it in full"),
        false => Ok(()),
    }
}

/// `sha256:…`, or digits whose number tells the kind.
fn parse_checksum(text: &str) -> Result<(DigestKind, String)> {
    let digits = |kind: DigestKind| match kind {
        DigestKind::Md5 => 32,
        DigestKind::Sha1 => 40,
        DigestKind::Sha224 => 56,
        DigestKind::Sha256 | DigestKind::Blake3 => 64,
        DigestKind::Sha384 => 96,
        DigestKind::Sha512 => 128,
    };
    let (kind, hex) = match text.trim().split_once(':') {
        Some((kind, hex)) => (Some(kind.parse::<DigestKind>().map_err(Error::from)?), hex.trim()),
        None => (
            DigestKind::ALL
                .into_iter()
                .find(|kind| digits(*kind) == text.trim().len()),
            text.trim(),
        ),
    };
    match kind.filter(|kind| digits(*kind) == hex.len() && hex.bytes().all(|c| c.is_ascii_hexdigit())) {
        Some(kind) => Ok((kind, hex.to_ascii_lowercase())),
        None => Err(Error::new(ErrorKind::Config, format!("`{text}` is not a checksum"))
            .hint("write it as `sha256:` and 64 hexadecimal digits")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_say_their_kind_or_are_as_long_as_it() {
        let of = |text: &str| {
            parse_checksum(text)
                .map(|(kind, _)| kind.name())
                .map_err(|error| error.full())
        };
        assert_eq!(of(&"a".repeat(64)), Ok("sha256"));
        assert_eq!(of(&format!("SHA512:{}", "0".repeat(128))), Ok("sha512"));
        assert_eq!(of(&"b".repeat(32)), Ok("md5"));
        assert!(of(&"g".repeat(64)).is_err_and(|told| told.contains("is not a checksum")));
        assert!(of("sha256:abc").is_err());
        assert!(of("sha257:abc").is_err_and(|told| told.contains("sha257")));
    }

    #[test]
    fn one_value_of_a_document() {
        let body = HttpBody::of(Bytes::from_static(
            br#"{"tag_name": "v1.2", "assets": [{"size": 7}], "none": null}"#,
        ));
        assert_eq!(body.json_text("/tag_name").expect("text"), "v1.2");
        assert_eq!(body.json_text("/assets/0/size").expect("a number"), "7");
        for (pointer, told) in [
            ("/tag", "nothing at `/tag`"),
            ("/none", "nothing"),
            ("/assets", "more than one"),
        ] {
            let error = body.json_text(pointer).expect_err("refused").full();
            assert!(error.contains(told), "{error}");
        }
        let unknown: HttpBody = super::super::unknown::unknown().expect("it can be left open");
        assert_eq!(unknown.json_text("/tag_name").expect("unknown"), UNKNOWN);
        assert_eq!(unknown.text().expect("unknown"), UNKNOWN);
    }

    #[test]
    fn addresses_are_whole_and_hold_no_credentials() {
        assert!(check_url("https://example.com/a@b").is_ok());
        for wrong in [
            "example.com",
            "ftp://example.com",
            "https://",
            "https://me:secret@example.com/x",
        ] {
            let told = check_url(wrong).expect_err("refused").full();
            assert!(!told.contains("secret"), "{told}");
        }
    }
}
