//! A root file system as a base: a folder, or a tar archive in any common compression.

use super::{Base, once, stamp, unpack};
use crate::{
    error::{Context, Error, ErrorKind, Result},
    sources::oci::{
        config::Compression,
        image::{History, ImageConfig, Platform},
        layer::{self, Packing},
        store::{Chain, Layer, LayerWriter, Store},
    },
};
use std::{fs, io, path::Path};

pub(super) fn import(store: &Store, path: &Path, platform: &Platform, compression: Compression) -> Result<Base> {
    let about = fs::metadata(path).map_err(|error| {
        Error::io("read the root file system", path, error).hint("name a folder or a tar archive on the builder")
    })?;
    let mut hasher = blake3::Hasher::new();
    match about.is_dir() {
        true => stamp_tree(&mut hasher, path)?,
        false => stamp(&mut hasher, path, &about),
    }
    let key = format!(
        "rootfs {} {platform} {}",
        hasher.finalize().to_hex(),
        compression.name()
    );
    once(store, &key, || {
        let layer = match about.is_dir() {
            true => of_folder(store, path, compression, None)?,
            false => of_archive(store, path, compression)?,
        };
        Ok(of_layer(
            layer,
            platform,
            format!("root file system {}", path.display()),
        ))
    })
}

/// A base of one layer.
pub(super) fn of_layer(layer: Layer, platform: &Platform, made_by: String) -> Base {
    let history = History {
        created_by: Some(format!("imagebake: {made_by}")),
        ..History::default()
    };
    let chain = Chain {
        layers: vec![layer],
        history: vec![history],
    };
    Base::new(chain, ImageConfig::empty(platform))
}

/// A folder as a layer, in the store.
pub(super) fn of_folder(
    store: &Store,
    folder: &Path,
    compression: Compression,
    owner: Option<(u32, u32)>,
) -> Result<Layer> {
    let mut writer = LayerWriter::new(store, compression)?;
    let packing = Packing {
        flavor: None,
        latest: None,
        owner,
    };
    if layer::pack(folder, packing, &mut writer)? == 0 {
        return Err(Error::new(
            ErrorKind::Config,
            format!("the root file system {} is empty", folder.display()),
        )
        .hint("name the folder that has `bin`, `etc` and so on in it"));
    }
    let layer = writer.finish(store)?;
    unpack(store, &layer)?;
    Ok(layer)
}

pub(super) fn of_archive(store: &Store, path: &Path, compression: Compression) -> Result<Layer> {
    let mut stream = crate::io::compress::decompress(path)?;
    let mut writer = LayerWriter::new(store, compression)?;
    io::copy(&mut stream, &mut writer).map_err(|error| match error.kind() {
        io::ErrorKind::StorageFull => Error::io("write", store.temporary(), error),
        _ => Error::new(ErrorKind::Integrity, format!("{} is damaged", path.display()))
            .because(error)
            .hint("fetch or make it again"),
    })?;
    let layer = writer.finish(store)?;
    unpack(store, &layer).map_err(|error| error.context("archive", path.display()))?;
    Ok(layer)
}

fn stamp_tree(hasher: &mut blake3::Hasher, folder: &Path) -> Result<()> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .and_then(|entries| {
            entries
                .map(|entry| entry.map(|entry| entry.file_name()))
                .collect::<io::Result<_>>()
        })
        .path("read the folder", folder)?;
    names.sort();
    for name in names {
        let path = folder.join(name);
        let about = fs::symlink_metadata(&path).path("read", &path)?;
        stamp(hasher, &path, &about);
        if about.is_dir() {
            stamp_tree(hasher, &path)?;
        }
    }
    Ok(())
}
