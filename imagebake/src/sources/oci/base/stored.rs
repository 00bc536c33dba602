//! An image that others stored, as a base: chosen from an index, its blobs checked, its layers unpacked.

use super::{Base, unpack_checked};
use crate::{
    error::{Context, Error, ErrorKind, Result},
    sources::oci::{
        config::Compression,
        image::{Descriptor, ImageConfig, Index, Manifest, Platform},
        store::{Chain, Layer, Store},
    },
};
use serde::de::DeserializeOwned;
use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

/// Parses a document of the image called `shown`.
pub(super) fn parse<T: DeserializeOwned>(bytes: &[u8], what: &str, shown: &str) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|error| {
        Error::new(ErrorKind::Integrity, format!("{shown}: the {what} is not one"))
            .because(error)
            .hint("fetch or make the image again")
    })
}

/// The image for `platform`, and of `reference` where one is named.
pub(super) fn choose(index: &Index, platform: &Platform, reference: Option<&str>, shown: &str) -> Result<Descriptor> {
    let name = |descriptor: &Descriptor| {
        let note = |name: &str| descriptor.annotations.get(name)?.as_str().map(str::to_owned);
        let names = ["org.opencontainers.image.ref.name", "io.containerd.image.name"];
        names.iter().filter_map(|name| note(name)).collect::<Vec<_>>()
    };
    let named: Vec<&Descriptor> = match reference {
        None => index.manifests.iter().collect(),
        Some(wanted) => index
            .manifests
            .iter()
            .filter(|one| name(one).iter().any(|name| name == wanted))
            .collect(),
    };
    if let (true, Some(wanted)) = (named.is_empty(), reference) {
        let known: Vec<String> = index.manifests.iter().flat_map(name).collect();
        let error = Error::new(ErrorKind::NotFound, format!("{shown} has no image `{wanted}`"));
        return Err(match known.is_empty() {
            true => error.hint("its images have no names: leave `reference` out"),
            false => error.hint(format!("it has: {}", known.join(", "))),
        });
    }
    let fits = |one: &&&Descriptor| one.platform.as_ref().is_none_or(|other| platform.accepts(other));
    // What is signed or attested beside an image has the platform `unknown`.
    let known = named
        .iter()
        .filter_map(|one| one.platform.as_ref().map(ToString::to_string));
    match named.iter().find(fits) {
        Some(found) => Ok((*found).clone()),
        None => Err(
            Error::new(ErrorKind::NotFound, format!("{shown} has no image for {platform}")).hint(format!(
                "choose one with `platform`: it has {}",
                known.collect::<Vec<_>>().join(", ")
            )),
        ),
    }
}

/// The config, checked against what was asked for.
pub(super) fn config_of(bytes: &[u8], platform: &Platform, shown: &str) -> Result<ImageConfig> {
    let mut config: ImageConfig = parse(bytes, "config", shown)?;
    // What Docker once wrote of the container that the image came from is of no use.
    for name in [
        "container",
        "container_config",
        "docker_version",
        "id",
        "parent",
        "throwaway",
    ] {
        config.0.remove(name);
    }
    if let Some(own) = config.platform().filter(|own| !platform.accepts(own)) {
        return Err(
            Error::new(ErrorKind::NotFound, format!("{shown} is for {own}, not for {platform}"))
                .hint(format!("set `platform` to {own}, or choose another image")),
        );
    }
    Ok(config)
}

/// The layers of `manifest`, whose blobs the store has, unpacked.
pub(super) fn unpack_all(store: &Store, manifest: &Manifest, config: ImageConfig, shown: &str) -> Result<Base> {
    let diff_ids = config.diff_ids();
    if diff_ids.len() != manifest.layers.len() {
        return Err(Error::new(
            ErrorKind::Integrity,
            format!(
                "{shown} has {} layers and names {}",
                manifest.layers.len(),
                diff_ids.len()
            ),
        )
        .hint("it is damaged, or no container image: fetch or make it again"));
    }
    let mut layers: Vec<Layer> = Vec::new();
    for (descriptor, diff_id) in manifest.layers.iter().zip(diff_ids) {
        if !is_digest(&diff_id) {
            return Err(Error::new(
                ErrorKind::Integrity,
                format!("{shown}: `{diff_id}` is not a SHA-256 digest"),
            )
            .hint("only images with SHA-256 digests can be a base"));
        }
        let layer = Layer {
            diff_id,
            digest: descriptor.digest.clone(),
            size: descriptor.size,
            compression: compression_of(store, &descriptor.digest)?,
        };
        unpack_checked(store, &layer, &layers).map_err(|error| error.context("image", shown))?;
        layers.push(layer);
    }
    let history = config.history();
    Ok(Base::new(Chain { layers, history }, config))
}

fn compression_of(store: &Store, digest: &str) -> Result<Compression> {
    let path = store.blob(digest);
    let mut head = [0; 4];
    let mut file = File::open(&path).path("read", &path)?;
    let mut got = 0;
    while got < head.len() {
        match file.read(&mut head[got..]).path("read", &path)? {
            0 => break,
            more => got += more,
        }
    }
    Ok(Compression::of_bytes(&head[..got]))
}

/// `sha256:` and 64 hex digits: nothing else may become a file name.
pub(super) fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:")
        .is_some_and(|hex| hex.len() == 64 && hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')))
}

pub(super) fn check_digest(digest: &str, shown: &str) -> Result<()> {
    match is_digest(digest) {
        true => Ok(()),
        false => Err(Error::new(
            ErrorKind::Integrity,
            format!("{shown}: `{digest}` is not a SHA-256 digest"),
        )
        .hint("only images with SHA-256 digests can be a base")),
    }
}

/// Copies a file into the store as a blob; where its digest is known, it must be that. `(digest, size)`.
pub(super) fn take_blob(store: &Store, path: &Path, expected: Option<&str>, shown: &str) -> Result<(String, u64)> {
    if let Some(digest) = expected {
        check_digest(digest, shown)?;
        if store.has_blob(digest) {
            let size = store.blob(digest).metadata().path("read", store.blob(digest))?.len();
            return Ok((digest.to_owned(), size));
        }
    }
    let mut file = File::open(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Error::new(ErrorKind::Integrity, format!("{shown} lacks {}", path.display()))
            .hint("it is not complete: fetch or make it again"),
        _ => Error::io("read", path, error),
    })?;
    let mut blob = store.new_blob()?;
    io::copy(&mut file, &mut blob).path("copy", path)?;
    store.keep_blob_as(blob, expected, &format!("{shown}: {}", path.display()))
}
