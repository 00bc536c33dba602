//! What a medium must be, and lists of digests as `sha256sum` and its kin write them.

use super::place::Place;
use crate::{
    engine::Cx,
    error::{Context, Error, ErrorKind, Result},
    io::DigestKind,
    value::{Checksum, HostPath},
};

/// What a medium must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// Anything.
    Nothing,
    /// A digest, and who says so.
    Digest(DigestKind, String, String),
}

impl Expected {
    /// Reads a checksum; a list is fetched and searched for the medium's name.
    pub(super) async fn read(cx: &Cx, checksum: &Checksum, of: &Place) -> Result<Self> {
        let text = checksum.reveal()?;
        let text = text.trim();
        if text == "none" {
            return Ok(Self::Nothing);
        }
        if let Some(list) = text.strip_prefix("file:") {
            let place = Place::parse(list, |path| cx.input_path(&HostPath::from(path)));
            let text = contents(&place).await.map_err(|error| {
                error
                    .context("list of checksums", place.shown())
                    .hint("correct the address of the list, or give the digest itself")
            })?;
            return Self::listed(&text, of, &place);
        }
        let (kind, hex) = match text.split_once(':') {
            Some((kind, hex)) => (Some(kind.parse::<DigestKind>().map_err(Error::from)?), hex),
            None => (kind_of(text), text),
        };
        match kind {
            Some(kind) => Ok(Self::Digest(
                kind,
                hex.to_ascii_lowercase(),
                "the description".to_owned(),
            )),
            None => {
                Err(Error::new(ErrorKind::Config, format!("`{text}` is no checksum")).hint("write it as `sha256:…`"))
            }
        }
    }

    fn listed(text: &str, of: &Place, list: &Place) -> Result<Self> {
        let (name, whole) = (of.name(), of.shown());
        let mut alone = None;
        let mut found = None;
        let mut lines = 0;
        for (digest, file) in text.lines().filter_map(entry) {
            lines += 1;
            let file = file.map(|file| file.trim_start_matches("./").to_owned());
            let fits = |file: &str| {
                file == name || whole.ends_with(&format!("/{file}")) || file.ends_with(&format!("/{name}"))
            };
            match &file {
                Some(file) if fits(file) => {
                    found.get_or_insert(digest);
                }
                Some(_) => {}
                None => alone = Some(digest),
            }
        }
        // A list of one digest without a name is about the one file that it lies beside.
        let digest = found.or(alone.filter(|_| lines == 1));
        let kind = digest.and_then(kind_of);
        match (digest, kind) {
            (Some(digest), Some(kind)) => Ok(Self::Digest(kind, digest.to_ascii_lowercase(), list.shown())),
            _ => Err(Error::new(
                ErrorKind::NotFound,
                format!("the list of checksums {} has no entry for `{name}`", list.shown()),
            )
            .hint("look whether the list is the one of this release, or give the digest itself")),
        }
    }

    /// `sha256:…`.
    pub(super) fn shown(&self) -> Option<String> {
        match self {
            Self::Nothing => None,
            Self::Digest(kind, hex, _) => Some(format!("{kind}:{hex}")),
        }
    }
}

/// The kind that has so many digits.
fn kind_of(hex: &str) -> Option<DigestKind> {
    let kind = match hex.len() {
        32 => DigestKind::Md5,
        40 => DigestKind::Sha1,
        56 => DigestKind::Sha224,
        64 => DigestKind::Sha256,
        96 => DigestKind::Sha384,
        128 => DigestKind::Sha512,
        _ => return None,
    };
    hex.chars().all(|c| c.is_ascii_hexdigit()).then_some(kind)
}

/// The digest and the name of a line: `HEX  NAME`, `HEX *NAME`, `SHA256 (NAME) = HEX`, or `HEX` alone.
fn entry(line: &str) -> Option<(&str, Option<&str>)> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    if let Some((head, hex)) = line.rsplit_once(" = ") {
        let name = head.split_once('(')?.1.strip_suffix(')')?;
        return kind_of(hex.trim()).map(|_| (hex.trim(), Some(name)));
    }
    let (hex, name) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    kind_of(hex)?;
    let name = name.trim_start().trim_start_matches('*');
    Some((hex, (!name.is_empty()).then_some(name)))
}

async fn contents(place: &Place) -> Result<String> {
    place.supported()?;
    match place {
        Place::Here(path) => tokio::fs::read_to_string(path).await.path("read", path),
        #[cfg(feature = "http")]
        Place::Web(url) => super::driver::text(url).await,
        #[cfg(not(feature = "http"))]
        Place::Web(_) => Err(
            Error::new(ErrorKind::Unsupported, "this program was built without HTTP")
                .hint("add the cargo feature \"http\" to the dependency `imagebake`"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_in_all_their_forms() {
        let list = Place::Web("https://example.org/SUMS".to_owned());
        let of = Place::Web("https://example.org/d/a.iso".to_owned());
        let (one, two) = ("a".repeat(64), "B".repeat(64));
        let read = |text: &str| match Expected::listed(text, &of, &list) {
            Ok(Expected::Digest(kind, hex, _)) => Some((kind, hex)),
            _ => None,
        };
        let found = Some((DigestKind::Sha256, "a".repeat(64)));
        assert_eq!(read(&format!("{two}  b.iso\n{one}  a.iso\n")), found);
        assert_eq!(read(&format!("# SHA256\n{one} *./a.iso\n")), found);
        assert_eq!(read(&format!("{one}  d/a.iso\n")), found);
        assert_eq!(
            read(&format!("SHA256 (b.iso) = {two}\nSHA256 (a.iso) = {one}\n")),
            found
        );
        assert_eq!(read(&one), found);
        assert_eq!(read(&format!("{two}  aa.iso\n")), None);
        assert_eq!(read(&format!("{one}\n{two}\n")), None);
        assert_eq!(read("<html>"), None);
    }
}
