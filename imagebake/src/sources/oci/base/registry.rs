//! An image of a registry as a base. What the store has is not fetched again; without a network the image is used as it was last
//! resolved.

use super::{Base, once, stored};
use crate::{
    engine::{Cx, ProgressBar},
    error::{Context, Error, ErrorKind, Result},
    io::{joined, off_the_async_threads},
    sources::oci::{
        image::{Descriptor, Index, Manifest, Platform},
        store::Store,
    },
};
use futures_util::{StreamExt, TryStreamExt, stream};
use oci_client::{
    Client, Reference,
    client::{ClientConfig, ClientProtocol},
    errors::{OciDistributionError, OciErrorCode},
    manifest::OciDescriptor,
    secrets::RegistryAuth,
};
use std::{path::PathBuf, time::Duration};

/// Documents that lead to an image.
const ACCEPTED: [&str; 4] = [
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
];

/// How many blobs are fetched at once.
const AT_ONCE: usize = 3;

fn parse(image: &str) -> Result<Reference> {
    image.parse().map_err(|error| {
        Error::new(ErrorKind::Config, format!("`{image}` does not name an image"))
            .because(error)
            .hint("write it as `debian:12`, `ghcr.io/acme/base:1` or with a digest, `debian@sha256:…`")
    })
}

/// The digest that `image` has in its registry now: of its index, where it has one.
pub(in crate::sources::oci) async fn digest_of(image: &str) -> Result<String> {
    let registry = Registry::open(parse(image)?)?;
    let found = registry
        .client
        .pull_manifest_raw(&registry.reference, &registry.auth, &ACCEPTED);
    let (_, digest) = found.await.map_err(|error| failed(&registry.reference, error))?;
    Ok(digest)
}

pub(super) async fn import(cx: &Cx, store: &Store, image: &str, platform: &Platform) -> Result<Base> {
    let reference = parse(image)?;
    let name = blake3::hash(format!("{} {platform}", reference.whole()).as_bytes())
        .to_hex()
        .to_string();
    let (known_store, key) = (store.clone(), name.clone());
    let known = off_the_async_threads(move || -> Result<_> {
        let base: Option<Base> = known_store.load("resolved", &key);
        Ok(base.filter(|base| known_store.has_chain(&base.chain)))
    });
    let known = known.await?;
    // A digest never comes to mean something else.
    if let (Some(base), Some(_)) = (&known, reference.digest()) {
        return Ok(base.clone());
    }
    let registry = Registry::open(reference)?;
    let (digest, manifest) = match (registry.resolve(platform).await, known) {
        (Ok(found), _) => found,
        (Err(error), Some(base)) if error.is_temporary() => {
            cx.warn(format!("{image} is used as it was last fetched: {}", error.full()));
            return Ok(base);
        }
        (Err(error), _) => return Err(error),
    };
    if let Some(foreign) = manifest
        .layers
        .iter()
        .find(|layer| layer.media_type.contains("foreign"))
    {
        return Err(Error::new(
            ErrorKind::Unsupported,
            format!("{image} has a layer elsewhere: {}", foreign.digest),
        )
        .hint("choose an image for Linux"));
    }
    registry.fetch_blobs(cx, store, &manifest, image).await?;
    let (store, shown, platform) = (store.clone(), image.to_owned(), platform.clone());
    off_the_async_threads(move || {
        let base = once(&store, &format!("registry {digest}"), || {
            let path = store.blob(&manifest.config.digest);
            let bytes = std::fs::read(&path).path("read", &path)?;
            let config = stored::config_of(&bytes, &platform, &shown)?;
            stored::unpack_all(&store, &manifest, config, &shown)
        })?;
        store.save("resolved", &name, &base)?;
        Ok(base)
    })
    .await
}

struct Registry {
    client: Client,
    reference: Reference,
    auth: RegistryAuth,
}

impl Registry {
    fn open(reference: Reference) -> Result<Self> {
        // Some other part of the program may have chosen a provider; any will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let host = reference.resolve_registry().to_owned();
        let config = ClientConfig {
            protocol: match is_local(&host) {
                true => ClientProtocol::HttpsExcept(vec![host.clone()]),
                false => ClientProtocol::Https,
            },
            connect_timeout: Some(Duration::from_secs(20)),
            read_timeout: Some(Duration::from_secs(60)),
            user_agent: concat!("imagebake/", env!("CARGO_PKG_VERSION")),
            ..ClientConfig::default()
        };
        let client = Client::try_from(config).map_err(|error| failed(&reference, error))?;
        let auth = credentials(&host)?;
        Ok(Self {
            client,
            reference,
            auth,
        })
    }

    /// The manifest for `platform`, with its digest.
    async fn resolve(&self, platform: &Platform) -> Result<(String, Manifest)> {
        let shown = self.reference.whole();
        let mut reference = self.reference.clone();
        for _ in 0..3 {
            let (bytes, digest) = self
                .client
                .pull_manifest_raw(&reference, &self.auth, &ACCEPTED)
                .await
                .map_err(|error| failed(&self.reference, error))?;
            let document: serde_json::Value = stored::parse(&bytes, "manifest", &shown)?;
            if document.get("manifests").is_none() {
                let manifest: Manifest = stored::parse(&bytes, "manifest", &shown)?;
                stored::check_digest(&manifest.config.digest, &shown)?;
                for layer in &manifest.layers {
                    stored::check_digest(&layer.digest, &shown)?;
                }
                return Ok((digest, manifest));
            }
            let index: Index = stored::parse(&bytes, "index", &shown)?;
            let chosen = stored::choose(&index, platform, None, &shown)?;
            reference = reference.clone_with_digest(chosen.digest);
        }
        Err(Error::new(
            ErrorKind::Integrity,
            format!("{shown} has an index that leads to indexes without end"),
        )
        .hint("choose another image"))
    }

    /// Fetches what the store lacks, several at once.
    async fn fetch_blobs(&self, cx: &Cx, store: &Store, manifest: &Manifest, image: &str) -> Result<()> {
        let missing: Vec<Descriptor> = std::iter::once(&manifest.config)
            .chain(&manifest.layers)
            .filter(|blob| !store.has_blob(&blob.digest))
            .cloned()
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        let total = missing.iter().map(|blob| blob.size).sum();
        let progress = cx.progress(&format!("fetch {image}"), Some(total));
        let mut fetches = Vec::new();
        for blob in missing {
            fetches.push(self.fetch(store, blob, progress.clone()));
        }
        stream::iter(fetches)
            .buffer_unordered(AT_ONCE)
            .try_collect::<()>()
            .await
    }

    async fn fetch(&self, store: &Store, blob: Descriptor, progress: ProgressBar) -> Result<()> {
        let descriptor = OciDescriptor {
            digest: blob.digest.clone(),
            media_type: blob.media_type.clone(),
            size: i64::try_from(blob.size).unwrap_or(0),
            ..OciDescriptor::default()
        };
        let pulled = self.client.pull_blob_stream(&self.reference, &descriptor);
        let mut pulled = pulled.await.map_err(|error| failed(&self.reference, error))?;
        // Writing and hashing block: they have a thread, and the network waits when it is behind.
        let (pieces, mut inbox) = tokio::sync::mpsc::channel::<bytes::Bytes>(16);
        let (writer_store, digest) = (store.clone(), blob.digest.clone());
        let shown = self.reference.whole();
        let writing = tokio::task::spawn_blocking(move || -> Result<crate::sources::oci::store::BlobWriter> {
            let mut file = writer_store.new_blob()?;
            while let Some(piece) = inbox.blocking_recv() {
                std::io::Write::write_all(&mut file, &piece).path("write into", writer_store.temporary())?;
            }
            Ok(file)
        });
        let mut broken = None;
        while let Some(piece) = pulled.stream.next().await {
            match piece {
                Ok(piece) => {
                    progress.add(piece.len() as u64);
                    if pieces.send(piece).await.is_err() {
                        break;
                    }
                }
                Err(error) => {
                    broken = Some(error);
                    break;
                }
            }
        }
        drop(pieces);
        let file = joined(writing.await)?;
        if let Some(error) = broken {
            return Err(Error::new(
                ErrorKind::Unreachable,
                format!("{shown}: the transfer of {digest} broke off"),
            )
            .because(error)
            .temporary());
        }
        let store = store.clone();
        off_the_async_threads(move || {
            store
                .keep_blob_as(file, Some(&digest), &format!("{shown}: a blob"))
                .map(drop)
        })
        .await
    }
}

/// A registry on the builder itself speaks plain HTTP.
fn is_local(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(""),
        None => host.split(':').next().unwrap_or(""),
    };
    name == "localhost" || name == "::1" || name.starts_with("127.")
}

/// What the user's Docker config has for `host`.
fn credentials(host: &str) -> Result<RegistryAuth> {
    let folder = std::env::var_os("DOCKER_CONFIG").map(PathBuf::from);
    let folder = folder.or_else(|| std::env::home_dir().map(|home| home.join(".docker")));
    let Some(path) = folder.map(|folder| folder.join("config.json")) else {
        return Ok(RegistryAuth::Anonymous);
    };
    let text = match std::fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(RegistryAuth::Anonymous),
        Err(error) => return Err(Error::io("read", &path, error)),
    };
    let config: serde_json::Value = serde_json::from_slice(&text).map_err(|error| {
        Error::new(ErrorKind::Config, format!("{} is not JSON", path.display()))
            .because(error)
            .hint("repair it, or log in again")
    })?;
    Ok(auth_in(&config, host).unwrap_or(RegistryAuth::Anonymous))
}

fn auth_in(config: &serde_json::Value, host: &str) -> Option<RegistryAuth> {
    let auths = config.get("auths")?.as_object()?;
    // The biggest registry is known under an older name too.
    let names: &[&str] = match host {
        "index.docker.io" | "docker.io" | "registry-1.docker.io" => &["index.docker.io", "docker.io"],
        host => &[host],
    };
    let plain = |key: &str| {
        let key = key.trim_start_matches("https://").trim_start_matches("http://");
        key.split('/').next().unwrap_or("").to_owned()
    };
    let entry = auths.iter().find(|(key, _)| names.contains(&plain(key).as_str()))?.1;
    let text = |name: &str| {
        entry
            .get(name)
            .and_then(serde_json::Value::as_str)
            .filter(|text| !text.is_empty())
    };
    if let Some(token) = text("registrytoken") {
        return Some(RegistryAuth::Bearer(token.to_owned()));
    }
    if let (Some(user), Some(password)) = (text("username"), text("password")) {
        return Some(RegistryAuth::Basic(user.to_owned(), password.to_owned()));
    }
    use base64::Engine;
    let decoded = base64::engine::general_purpose::STANDARD.decode(text("auth")?).ok()?;
    let decoded = String::from_utf8(decoded).ok()?;
    let (user, password) = decoded.split_once(':')?;
    Some(RegistryAuth::Basic(
        user.to_owned(),
        password.trim_end_matches('\0').to_owned(),
    ))
}

fn failed(reference: &Reference, error: OciDistributionError) -> Error {
    use OciDistributionError as E;
    let image = reference.whole();
    let host = reference.resolve_registry().to_owned();
    let code = |wanted: &[OciErrorCode]| match &error {
        E::RegistryError { envelope, .. } => envelope.errors.iter().any(|one| wanted.contains(&one.code)),
        _ => false,
    };
    let missing = matches!(error, E::ImageManifestNotFoundError(_))
        || matches!(error, E::ServerError { code: 404, .. })
        || code(&[
            OciErrorCode::ManifestUnknown,
            OciErrorCode::NameUnknown,
            OciErrorCode::NotFound,
            OciErrorCode::BlobUnknown,
        ]);
    if missing {
        return Error::new(ErrorKind::NotFound, format!("the registry has no image {image}"))
            .because(error)
            .hint("check name and tag; a private image also looks like that to who is not logged in");
    }
    let refused = matches!(error, E::UnauthorizedError { .. } | E::AuthenticationFailure(_))
        || code(&[OciErrorCode::Unauthorized, OciErrorCode::Denied]);
    if refused {
        return Error::new(ErrorKind::PermissionDenied, format!("the registry refuses {image}"))
            .because(error)
            .hint(format!(
                "log in with `docker login {host}`: the credentials in ~/.docker/config.json are used"
            ));
    }
    let busy = matches!(error, E::ServerError { code: 429 | 500.., .. }) || code(&[OciErrorCode::Toomanyrequests]);
    if busy {
        return Error::new(ErrorKind::Busy, format!("the registry cannot serve {image} now"))
            .because(error)
            .temporary();
    }
    match error {
        E::RequestError(_) | E::IoError(_) => {
            Error::new(ErrorKind::Unreachable, format!("cannot reach the registry of {image}"))
                .because(error)
                .hint("check the network, and the variables HTTPS_PROXY and NO_PROXY")
                .temporary()
        }
        error => Error::new(ErrorKind::Unsupported, format!("cannot fetch {image}"))
            .because(error)
            .hint("the registry must follow the OCI distribution spec"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn credentials_are_found_under_every_form_of_the_host() {
        let config = json!({"auths": {
            "https://index.docker.io/v1/": {"auth": "bWU6c2VjcmV0OnB3"},
            "ghcr.io": {"username": "a", "password": "b"},
        }});
        let basic = |user: &str, password: &str| Some(RegistryAuth::Basic(user.into(), password.into()));
        assert_eq!(auth_in(&config, "index.docker.io"), basic("me", "secret:pw"));
        assert_eq!(auth_in(&config, "ghcr.io"), basic("a", "b"));
        assert_eq!(auth_in(&config, "quay.io"), None);
    }

    #[test]
    fn only_the_builder_itself_is_spoken_to_in_the_clear() {
        for (host, local) in [
            ("localhost:5000", true),
            ("127.0.0.1", true),
            ("[::1]:5000", true),
            ("localhost.example.com", false),
            ("ghcr.io", false),
        ] {
            assert_eq!(is_local(host), local, "{host}");
        }
    }
}
