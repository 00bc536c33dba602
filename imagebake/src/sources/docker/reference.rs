//! Names of images: registry, repository, tag, digest.

use crate::error::{Error, ErrorKind, Result};

/// A name in its parts, as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    /// With its registry, where one is written.
    pub(crate) repository: String,
    pub(crate) tag: Option<String>,
    pub(crate) digest: Option<String>,
}

impl Reference {
    /// Reads `debian`, `ghcr.io/acme/web:1`, `localhost:5000/web@sha256:…`.
    ///
    /// # Errors
    /// What no registry would take.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let wrong = |why: &str| {
            Error::new(
                ErrorKind::Config,
                format!("`{text}` cannot be the name of an image: {why}"),
            )
            .hint("write it as `debian:12`, `ghcr.io/acme/web:1` or `debian@sha256:…`")
        };
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest.to_owned())),
            None => (text, None),
        };
        // A colon before the last slash belongs to a port.
        let (repository, tag) = match rest.rsplit_once(':') {
            Some((repository, tag)) if !tag.contains('/') => (repository, Some(tag.to_owned())),
            _ => (rest, None),
        };
        check_repository(repository).map_err(wrong)?;
        if let Some(tag) = &tag {
            check_tag(tag).map_err(wrong)?;
        }
        Ok(Self {
            repository: repository.to_owned(),
            tag,
            digest,
        })
    }

    /// The registry's host; Docker Hub where none is written.
    pub(crate) fn registry(&self) -> &str {
        match self.repository.split_once('/') {
            Some((host, _)) if host.contains(['.', ':']) || host == "localhost" => host,
            _ => "docker.io",
        }
    }

    /// With a tag or a digest: engines take a bare name for all tags.
    pub(crate) fn full(&self) -> String {
        match (&self.digest, &self.tag) {
            (Some(digest), _) => format!("{}@{digest}", self.repository),
            (None, Some(tag)) => format!("{}:{tag}", self.repository),
            (None, None) => format!("{}:latest", self.repository),
        }
    }
}

/// Whether it can be a repository: `acme/web`, with a registry in front or without.
pub(crate) fn check_repository(text: &str) -> Result<(), &'static str> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
    let (host, path) = match text.split_once('/') {
        Some((host, path)) if host.contains(['.', ':']) || host == "localhost" => (host, path),
        _ => ("", text),
    };
    let host_ok = host.chars().all(|c| c.is_ascii_alphanumeric() || ".-:[]".contains(c));
    if path.chars().any(|c| c.is_ascii_uppercase()) {
        return Err("capital letters are not allowed");
    }
    let part_ok = |part: &str| {
        part.chars().all(plain)
            && part.starts_with(|c: char| c.is_ascii_alphanumeric())
            && part.ends_with(|c: char| c.is_ascii_alphanumeric())
    };
    match host_ok && path.split('/').all(part_ok) {
        true => Ok(()),
        false => Err("names are small letters and digits, with `.`, `_`, `-` between them and `/` between their parts"),
    }
}

/// Whether it can be a tag.
pub(crate) fn check_tag(text: &str) -> Result<(), &'static str> {
    let first = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let rest = |c: char| first(c) || ".-".contains(c);
    match text.len() <= 128 && text.starts_with(first) && text.chars().all(rest) {
        true => Ok(()),
        false => Err("a tag is up to 128 letters, digits, `_`, `.` and `-`, the last two not first"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fall_into_their_parts() {
        let of = |text: &str| Reference::parse(text).expect(text);
        let local = of("localhost:5000/a/b");
        assert_eq!(
            (local.registry(), local.full().as_str()),
            ("localhost:5000", "localhost:5000/a/b:latest")
        );
        let hub = of("debian:12");
        assert_eq!(
            (hub.registry(), hub.repository.as_str(), hub.tag.as_deref()),
            ("docker.io", "debian", Some("12"))
        );
        assert_eq!(of("acme/web@sha256:ab").full(), "acme/web@sha256:ab");
        assert_eq!(of("ghcr.io/acme/web:1").registry(), "ghcr.io");
        for wrong in ["", "Web", "a//b", "a:b c", "-a", "a/-b:1", "a:.x"] {
            assert!(Reference::parse(wrong).is_err(), "{wrong}");
        }
    }
}
