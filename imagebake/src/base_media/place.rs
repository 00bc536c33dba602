//! Where a medium is: a file on the builder, or an address.

use crate::error::{Error, ErrorKind, Result};
use std::path::PathBuf;

/// A place of a medium.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A file on the builder.
    Here(PathBuf),
    /// An address.
    Web(String),
}

impl Place {
    /// A path, `file://…`, or an address.
    pub(super) fn parse(text: &str, resolve: impl Fn(PathBuf) -> PathBuf) -> Self {
        if let Some(path) = text.strip_prefix("file://") {
            let path = percent_encoding::percent_decode_str(path).decode_utf8_lossy();
            return Self::Here(resolve(PathBuf::from(&*path)));
        }
        match text.split_once("://") {
            Some((scheme, _)) if !scheme.is_empty() && scheme.chars().all(|c| c.is_ascii_alphanumeric()) => {
                Self::Web(text.to_owned())
            }
            _ => Self::Here(resolve(PathBuf::from(text))),
        }
    }

    /// Whether this version can fetch from there.
    pub(super) fn supported(&self) -> Result<()> {
        match self {
            Self::Web(url) if !["http://", "https://"].iter().any(|scheme| url.starts_with(scheme)) => {
                let scheme = url.split(':').next().unwrap_or_default();
                Err(
                    Error::new(ErrorKind::Unsupported, format!("media cannot be fetched by `{scheme}`"))
                        .hint("give an address with https:// or http://, or a path on the builder"),
                )
            }
            _ => Ok(()),
        }
    }

    /// As messages show it: without what an address may have in it to log in.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Here(path) => path.display().to_string(),
            Self::Web(url) => {
                let url = url.split(['?', '#']).next().unwrap_or_default();
                let Some((scheme, rest)) = url.split_once("://") else {
                    return url.to_owned();
                };
                let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
                let host = host.rsplit('@').next().unwrap_or(host);
                format!("{scheme}://{host}/{path}")
            }
        }
    }

    /// The file's own name, by which lists of checksums know it.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Here(path) => path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            Self::Web(_) => {
                let shown = self.shown();
                let last = shown.rsplit('/').next().unwrap_or_default();
                percent_encoding::percent_decode_str(last)
                    .decode_utf8_lossy()
                    .into_owned()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn paths_and_addresses_are_told_apart() {
        let parse = |text: &str| Place::parse(text, |path| Path::new("/p").join(path));
        assert_eq!(parse("a.iso"), Place::Here("/p/a.iso".into()));
        assert_eq!(parse("file:///x/a%20b.iso"), Place::Here("/x/a b.iso".into()));
        let web = parse("https://me:secret@example.org/d/a%2Bb.iso?key=1");
        assert_eq!(web.shown(), "https://example.org/d/a%2Bb.iso");
        assert_eq!(web.name(), "a+b.iso");
        assert!(web.supported().is_ok() && parse("s3://bucket/a.iso").supported().is_err());
    }
}
