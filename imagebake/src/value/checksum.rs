//! What a downloaded file must be.

use super::Text;
use crate::field::{FieldType, Named, ToValue, Value};

/// The digest that a downloaded file must have, or where to read it.
///
/// There is no conversion from text, so that a checksum and an address cannot be swapped.
#[derive(Clone, Debug, Default)]
pub struct Checksum(Text);

impl Checksum {
    /// A SHA-256 digest, 64 hexadecimal digits.
    pub fn sha256(digest: impl Into<Text>) -> Self {
        Self::of("sha256", digest)
    }

    /// A SHA-512 digest, 128 hexadecimal digits.
    pub fn sha512(digest: impl Into<Text>) -> Self {
        Self::of("sha512", digest)
    }

    /// A SHA-1 digest, 40 hexadecimal digits: says that nothing was lost on the way, not that nobody changed it.
    pub fn sha1(digest: impl Into<Text>) -> Self {
        Self::of("sha1", digest)
    }

    /// An MD5 digest, 32 hexadecimal digits: says that nothing was lost on the way, not that nobody changed it.
    pub fn md5(digest: impl Into<Text>) -> Self {
        Self::of("md5", digest)
    }

    /// A list of digests, by path or address, as `sha256sum` writes one: `https://example.org/SHA256SUMS`.
    pub fn file(list: impl Into<Text>) -> Self {
        Self::of("file", list)
    }

    /// Nothing is checked.
    pub fn none() -> Self {
        Self(Text::from("none"))
    }

    /// As templates write it: `sha256:…`, `file:…`, `none`, or digits alone, whose number says the kind.
    pub fn parse(text: impl Into<Text>) -> Self {
        Self(text.into())
    }

    fn of(kind: &'static str, what: impl Into<Text>) -> Self {
        Self(Text::concat([Text::from(kind), Text::from(":"), what.into()]))
    }

    /// The text with its secrets' values.
    pub(crate) fn reveal(&self) -> crate::error::Result<zeroize::Zeroizing<String>> {
        self.0.reveal()
    }

    /// What is wrong with it, if anything.
    pub(crate) fn problem(&self) -> Option<String> {
        let text = self.0.to_string();
        let (kind, rest) = text.split_once(':').unwrap_or(("", &text));
        let digits = match kind {
            "" if rest == "none" || self.0.is_secret() => return None,
            "none" => return None,
            "file" => {
                return rest
                    .is_empty()
                    .then(|| "the list of checksums needs a path or address".to_owned());
            }
            "" => None,
            "md5" => Some(32),
            "sha1" => Some(40),
            "sha224" => Some(56),
            "sha256" => Some(64),
            "sha384" => Some(96),
            "sha512" => Some(128),
            other => {
                return Some(format!(
                    "`{other}` is no kind of checksum: md5, sha1, sha256, sha512, file, none"
                ));
            }
        };
        if !rest.chars().all(|c| c.is_ascii_hexdigit()) {
            return Some(format!("`{rest}` is not hexadecimal"));
        }
        match (digits, rest.len()) {
            (None, 32 | 40 | 56 | 64 | 96 | 128) => None,
            (None, 0) => Some("say what the file must be, or `Checksum::none()`".to_owned()),
            (None, found) => Some(format!("no kind of checksum has {found} digits")),
            (Some(wanted), found) if wanted == found => None,
            (Some(wanted), found) => Some(format!("{kind} has {wanted} digits, and these are {found}")),
        }
    }
}

impl ToValue for Checksum {
    const TYPE: FieldType = FieldType::Named(
        &Named::new("Checksum")
            .of("value")
            .by("parse", &FieldType::Text)
            .words(&[("none", "none()")])
            .prefixes(&[
                ("sha256:", "sha256"),
                ("sha512:", "sha512"),
                ("sha1:", "sha1"),
                ("md5:", "md5"),
                ("file:", "file"),
            ]),
    );
    fn to_value(&self) -> Value {
        match self.0.is_empty() {
            true => Value::Null,
            false => Value::Text(self.0.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_fit_their_kind() {
        assert_eq!(Checksum::sha256("ab".repeat(32)).problem(), None);
        assert_eq!(Checksum::parse("ab".repeat(16)).problem(), None);
        assert_eq!(Checksum::none().problem(), None);
        assert_eq!(Checksum::file("https://example.org/SHA256SUMS").problem(), None);
        for wrong in ["sha256:ab", "md5:zz", "sha3:aa", "abc", "", "file:"] {
            assert!(Checksum::parse(wrong).problem().is_some(), "{wrong}");
        }
    }
}
