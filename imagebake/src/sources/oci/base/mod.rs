//! What an image starts from, imported once into the store.

mod archive;
mod debian;
mod registry;
pub(super) use registry::digest_of;
mod rootfs;
mod stored;
mod userland;

use super::{
    config::Oci,
    image::{ImageConfig, Platform},
    runtime::{self, Work},
    store::{Chain, Layer, Store},
};
use crate::{
    engine::Cx,
    error::{Context, Error, ErrorKind, Result},
    io::off_the_async_threads,
};
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, Metadata},
    os::unix::{ffi::OsStrExt, fs::MetadataExt},
    path::Path,
};

/// A base in the store.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Base {
    /// Changes whenever its contents do.
    pub(super) id: String,
    pub(super) chain: Chain,
    pub(super) config: ImageConfig,
}

impl Base {
    pub(super) fn new(chain: Chain, config: ImageConfig) -> Self {
        let mut hasher = blake3::Hasher::new();
        for layer in &chain.layers {
            hasher.update(layer.diff_id.as_bytes());
            hasher.update(layer.digest.as_bytes());
        }
        hasher.update(serde_json::to_string(&config).unwrap_or_default().as_bytes());
        Self {
            id: format!("blake3:{}", hasher.finalize().to_hex()),
            chain,
            config,
        }
    }
}

/// The platform that was asked for.
pub(super) fn platform(source: &Oci) -> Result<Platform> {
    let Some(text) = &source.platform else {
        return Ok(Platform::host());
    };
    let text = text.reveal()?;
    Platform::parse(&text).ok_or_else(|| {
        Error::new(ErrorKind::Config, format!("`{}` is not a platform", &*text))
            .hint("write it as `linux/amd64` or `linux/arm64`")
    })
}

/// Brings the source's base into the store, unless it is there.
pub(super) async fn import(source: &Oci, cx: &Cx, store: &Store) -> Result<Base> {
    let platform = platform(source)?;
    let compression = source.layer_compression;
    let store = store.clone();
    if let Some(path) = &source.base_rootfs {
        let path = cx.input_path(path);
        return off_the_async_threads(move || rootfs::import(&store, &path, &platform, compression)).await;
    }
    if !source.programs.is_empty() {
        let names = source
            .programs
            .iter()
            .map(|name| name.reveal().map(|name| name.to_string()));
        let names: Vec<String> = names.collect::<Result<_>>()?;
        return off_the_async_threads(move || userland::import(&store, &names, compression)).await;
    }
    if let Some(path) = source.base_layout.as_ref().or(source.base_archive.as_ref()) {
        let path = cx.input_path(path);
        let reference = source
            .reference
            .as_ref()
            .map(|reference| reference.reveal())
            .transpose()?;
        return off_the_async_threads(move || {
            archive::import(&store, &path, &platform, reference.as_ref().map(|text| text.as_str()))
        })
        .await;
    }
    if let Some(image) = &source.registry {
        return registry::import(cx, &store, &image.reveal()?, &platform).await;
    }
    if let Some(release) = &source.debian {
        let packages = source
            .packages
            .iter()
            .map(|name| name.reveal().map(|name| name.to_string()));
        let wanted = debian::Wanted {
            release: release.reveal()?.to_string(),
            mirror: source
                .mirror
                .as_ref()
                .map(|mirror| mirror.reveal())
                .transpose()?
                .map(|mirror| mirror.to_string()),
            packages: packages.collect::<Result<_>>()?,
        };
        return debian::import(cx, &store, wanted, &platform, compression).await;
    }
    Err(Error::new(ErrorKind::Config, "the image starts from nothing")
        .hint("name at least one program, for example `sh`"))
}

/// The base with `key`, made by `make` when the store does not have it. Blocking.
fn once(store: &Store, key: &str, make: impl FnOnce() -> Result<Base>) -> Result<Base> {
    let key = blake3::hash(key.as_bytes()).to_hex().to_string();
    let known = || {
        store
            .load::<Base>("base", &key)
            .filter(|base| store.has_chain(&base.chain))
    };
    if let Some(base) = known() {
        return Ok(base);
    }
    let _lock = store.lock(&key)?;
    // Another process may have imported it meanwhile.
    if let Some(base) = known() {
        return Ok(base);
    }
    let base = make()?;
    store.save("base", &key, &base)?;
    Ok(base)
}

/// Unpacks a layer of our own. Blocking.
fn unpack(store: &Store, layer: &Layer) -> Result<()> {
    unpack_as(store, layer, &[], None)
}

/// Unpacks a layer that somebody else made, on top of those `below`, and checks that it is what it says. Blocking.
fn unpack_checked(store: &Store, layer: &Layer, below: &[Layer]) -> Result<()> {
    unpack_as(store, layer, below, Some(layer.diff_id.clone()))
}

/// Unpacks a layer whose blob the store has, unless it is unpacked already.
fn unpack_as(store: &Store, layer: &Layer, below: &[Layer], diff_id: Option<String>) -> Result<()> {
    if store.layer(&layer.diff_id).is_dir() {
        return Ok(());
    }
    let folder = store.temporary_folder()?;
    let tree = folder.path().join("tree");
    fs::create_dir(&tree).path("make the folder", &tree)?;
    let work = Work::Unpack {
        blob: store.blob(&layer.digest),
        shown: format!("the layer {}", layer.digest),
        diff_id,
        folder: tree.clone(),
        parents: below.iter().rev().map(|layer| store.layer(&layer.diff_id)).collect(),
        flavor: store.flavor(),
    };
    let done = runtime::run(work, &mut std::io::sink()).and_then(|_| store.keep_layer(&tree, &layer.diff_id));
    if done.is_err() {
        // What is left has owners that only the same kind of process can remove.
        let _ = runtime::run(Work::Remove { folder: tree }, &mut std::io::sink());
    }
    done
}

/// What changes when a file does, without reading it.
fn stamp(hasher: &mut blake3::Hasher, path: &Path, about: &Metadata) {
    hasher.update(path.as_os_str().as_bytes());
    hasher.update(&[0]);
    for number in [
        about.dev(),
        about.ino(),
        about.size(),
        about.mode().into(),
        about.uid().into(),
        about.gid().into(),
    ] {
        hasher.update(&number.to_le_bytes());
    }
    for number in [about.mtime(), about.mtime_nsec(), about.ctime(), about.ctime_nsec()] {
        hasher.update(&number.to_le_bytes());
    }
}

#[cfg(test)]
pub(super) fn of_programs(store: &Store, names: &[String]) -> Result<Base> {
    userland::import(store, names, super::config::Compression::None)
}

#[cfg(test)]
pub(super) fn of_rootfs(
    store: &Store,
    path: &Path,
    platform: &Platform,
    compression: super::config::Compression,
) -> Result<Base> {
    rootfs::import(store, path, platform, compression)
}

#[cfg(test)]
pub(super) fn of_stored(store: &Store, path: &Path, reference: Option<&str>) -> Result<Base> {
    archive::import(store, path, &Platform::host(), reference)
}
