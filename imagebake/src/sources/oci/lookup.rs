//! What a registry's tag means now: the look-up `registry`.

use crate::{
    data::{Ask, Data, Lookup, LookupCx},
    error::{Error, ErrorKind, Result},
    value::Text,
};
use serde::{Deserialize, Serialize};
use std::{fmt, time::Duration};

/// Look-ups in registries, as methods of [`Data`].
pub trait RegistryData {
    /// The digest of an image: what its tag means now, and in every build until `lock --update`. Credentials come from
    /// `~/.docker/config.json`.
    ///
    /// ```
    /// use imagebake::prelude::*;
    ///
    /// #[image]
    /// async fn web(data: &Data) -> Result<Image> {
    ///     let base = data.registry_digest("debian:12").await?;
    ///     Ok(Image::new().source(Oci::from_registry(base).oci_archive("web.tar")))
    /// }
    /// ```
    #[track_caller]
    fn registry_digest(&self, image: impl Into<String>) -> Ask<'_, RegistryDigest>;
}

impl RegistryData for Data {
    #[track_caller]
    fn registry_digest(&self, image: impl Into<String>) -> Ask<'_, RegistryDigest> {
        self.look_up(RegistryDigest { image: image.into() })
    }
}

/// The digest of an image of a registry.
pub struct RegistryDigest {
    image: String,
}

/// An image by its digest; it displays as a reference that never comes to mean something else: `debian@sha256:…`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageDigest {
    digest: String,
    #[serde(skip)]
    name: String,
}

impl ImageDigest {
    /// `sha256:…`: of the index where the image is made for several platforms.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The name without tag and digest, as it was asked for.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for ImageDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.name, self.digest)
    }
}

impl From<ImageDigest> for Text {
    fn from(image: ImageDigest) -> Self {
        image.to_string().into()
    }
}

impl From<&ImageDigest> for Text {
    fn from(image: &ImageDigest) -> Self {
        image.to_string().into()
    }
}

/// The name and the digest of a reference; the tag is what both replace.
fn parts(image: &str) -> (&str, Option<&str>) {
    let (rest, digest) = match image.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (image, None),
    };
    // A colon before the last slash is a port.
    let name_at = rest.rfind('/').map_or(0, |slash| slash + 1);
    let end = rest[name_at..].find(':').map_or(rest.len(), |colon| name_at + colon);
    (&rest[..end], digest)
}

#[diagnostic::do_not_recommend]
impl Lookup for RegistryDigest {
    const KIND: &'static str = "registry";
    type Answer = ImageDigest;

    fn question(&self) -> String {
        self.image.clone()
    }

    fn is_local(&self) -> bool {
        parts(&self.image).1.is_some()
    }

    fn deadline(&self) -> Duration {
        Duration::from_secs(60)
    }

    async fn look_up(&self, cx: &LookupCx<'_>) -> Result<ImageDigest> {
        let (name, digest) = parts(&self.image);
        let digest = match digest {
            Some(digest) => digest.to_owned(),
            None => current(&self.image).await?,
        };
        let mut image = ImageDigest {
            digest,
            name: name.to_owned(),
        };
        self.complete(&mut image, cx).await?;
        Ok(image)
    }

    async fn complete(&self, image: &mut ImageDigest, _: &LookupCx<'_>) -> Result<()> {
        image.name = parts(&self.image).0.to_owned();
        let hex = image.digest.split_once(':').map(|(_, hex)| hex);
        match hex.is_some_and(|hex| hex.len() >= 32 && hex.bytes().all(|c| c.is_ascii_hexdigit())) {
            true => Ok(()),
            false => Err(
                Error::new(ErrorKind::Integrity, format!("`{}` is not a digest", image.digest))
                    .hint("a digest is `sha256:` and 64 hexadecimal digits"),
            ),
        }
    }
}

#[cfg(all(feature = "oci", target_os = "linux"))]
async fn current(image: &str) -> Result<String> {
    super::base::digest_of(image).await
}

#[cfg(not(all(feature = "oci", target_os = "linux")))]
async fn current(_: &str) -> Result<String> {
    Err(
        Error::new(ErrorKind::Unsupported, "this program was built without registries")
            .hint("add the cargo feature \"oci\" to the dependency `imagebake`"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_taken_apart() {
        for (image, name, digest) in [
            ("debian", "debian", None),
            ("debian:12", "debian", None),
            ("localhost:5000/a/b", "localhost:5000/a/b", None),
            ("localhost:5000/a/b:1", "localhost:5000/a/b", None),
            ("ghcr.io/a/b:1@sha256:00", "ghcr.io/a/b", Some("sha256:00")),
        ] {
            assert_eq!(parts(image), (name, digest), "{image}");
        }
    }
}
