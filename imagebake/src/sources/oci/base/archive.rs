//! An OCI layout, an OCI archive or a docker-archive as a base.

use super::{Base, once, stamp, stored};
use crate::{
    error::{Context, Error, ErrorKind, Result},
    io::{Control, UnpackOptions, unpack_tar},
    sources::oci::{
        image::{Descriptor, Index, Manifest, Platform},
        store::Store,
    },
};
use serde::Deserialize;
use std::{
    fs,
    path::{Component, Path, PathBuf},
};

/// One image of a docker-archive.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Saved {
    config: String,
    #[serde(default)]
    repo_tags: Option<Vec<String>>,
    layers: Vec<String>,
}

/// Imports the image of a layout folder or of an archive file.
pub(super) fn import(store: &Store, path: &Path, platform: &Platform, reference: Option<&str>) -> Result<Base> {
    let about = fs::metadata(path).map_err(|error| {
        Error::io("read the image", path, error)
            .hint("name an OCI layout, an OCI archive or a docker-archive on the builder")
    })?;
    let mut hasher = blake3::Hasher::new();
    stamp(&mut hasher, path, &about);
    if about.is_dir() {
        let index = path.join("index.json");
        let about = fs::metadata(&index).map_err(|error| {
            Error::io("read", &index, error).hint(format!("{} is not an OCI layout", path.display()))
        })?;
        stamp(&mut hasher, &index, &about);
    }
    let shown = path.display().to_string();
    let key = format!(
        "stored {} {platform} {}",
        hasher.finalize().to_hex(),
        reference.unwrap_or("")
    );
    once(store, &key, || {
        if about.is_dir() {
            return of_layout(store, path, platform, reference, &shown);
        }
        let folder = store.temporary_folder()?;
        let stream = crate::io::compress::decompress(path)?;
        unpack_tar(stream, path, folder.path(), &UnpackOptions::new(), &Control::new())
            .map_err(|error| Error::from(error).hint("name an OCI archive or what `docker save` wrote"))?;
        match (
            folder.path().join("index.json").is_file(),
            folder.path().join("manifest.json").is_file(),
        ) {
            (true, _) => of_layout(store, folder.path(), platform, reference, &shown),
            (false, true) => of_saved(store, folder.path(), platform, reference, &shown),
            (false, false) => Err(Error::new(
                ErrorKind::Integrity,
                format!("{shown} is neither an OCI archive nor a docker-archive"),
            )
            .hint("a tar archive of a root file system is taken by `Oci::from_rootfs`")),
        }
    })
}

fn of_layout(store: &Store, folder: &Path, platform: &Platform, reference: Option<&str>, shown: &str) -> Result<Base> {
    let blob = |digest: &str| folder.join("blobs/sha256").join(digest.trim_start_matches("sha256:"));
    let read_blob = |descriptor: &Descriptor| -> Result<Vec<u8>> {
        let (digest, _) = stored::take_blob(store, &blob(&descriptor.digest), Some(&descriptor.digest), shown)?;
        let path = store.blob(&digest);
        fs::read(&path).path("read", &path)
    };
    let path = folder.join("index.json");
    let mut index: Index = stored::parse(&fs::read(&path).path("read", &path)?, "index", shown)?;
    let mut reference = reference;
    // An index may lead to another one, of one image for several platforms.
    for _ in 0..4 {
        let chosen = stored::choose(&index, platform, reference.take(), shown)?;
        stored::check_digest(&chosen.digest, shown)?;
        let bytes = read_blob(&chosen)?;
        if chosen.media_type.contains("index") || chosen.media_type.contains("manifest.list") {
            index = stored::parse(&bytes, "index", shown)?;
            continue;
        }
        let manifest: Manifest = stored::parse(&bytes, "manifest", shown)?;
        let config = stored::config_of(&read_blob(&manifest.config)?, platform, shown)?;
        for layer in &manifest.layers {
            stored::take_blob(store, &blob(&layer.digest), Some(&layer.digest), shown)?;
        }
        return stored::unpack_all(store, &manifest, config, shown);
    }
    Err(Error::new(
        ErrorKind::Integrity,
        format!("{shown} has an index that leads to indexes without end"),
    )
    .hint("fetch or make the image again"))
}

fn of_saved(store: &Store, folder: &Path, platform: &Platform, reference: Option<&str>, shown: &str) -> Result<Base> {
    let path = folder.join("manifest.json");
    let all: Vec<Saved> = stored::parse(&fs::read(&path).path("read", &path)?, "manifest", shown)?;
    let has = |saved: &&Saved, wanted: &str| saved.repo_tags.iter().flatten().any(|tag| tag == wanted);
    let saved = match reference {
        None => all.first(),
        Some(wanted) => all.iter().find(|saved| has(saved, wanted)),
    };
    let saved = saved.ok_or_else(|| {
        let tags: Vec<&str> = all
            .iter()
            .flat_map(|saved| saved.repo_tags.iter().flatten())
            .map(String::as_str)
            .collect();
        let wanted = reference.unwrap_or("any");
        Error::new(ErrorKind::NotFound, format!("{shown} has no image `{wanted}`"))
            .hint(format!("it has: {}", tags.join(", ")))
    })?;
    let config_path = inside(folder, &saved.config, shown)?;
    let bytes = fs::read(&config_path).path("read", &config_path)?;
    let config = stored::config_of(&bytes, platform, shown)?;
    let descriptor = |media_type: &str, (digest, size): (String, u64)| Descriptor {
        media_type: media_type.to_owned(),
        digest,
        size,
        platform: None,
        annotations: serde_json::Map::new(),
    };
    let mut layers = Vec::new();
    for name in &saved.layers {
        let path = inside(folder, name, shown)?;
        layers.push(descriptor("", stored::take_blob(store, &path, None, shown)?));
    }
    let manifest = Manifest {
        schema_version: 2,
        media_type: None,
        config: descriptor("", store.put(&bytes)?),
        layers,
        annotations: serde_json::Map::new(),
    };
    stored::unpack_all(store, &manifest, config, shown)
}

/// A file that the archive names, which must be one of its own.
fn inside(folder: &Path, name: &str, shown: &str) -> Result<PathBuf> {
    let path = Path::new(name);
    let real = folder.join(path).canonicalize().unwrap_or_default();
    let root = folder.canonicalize().path("find the folder", folder)?;
    let plain = path
        .components()
        .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    match plain && real.starts_with(&root) && real.is_file() {
        true => Ok(real),
        false => Err(Error::new(ErrorKind::Integrity, format!("{shown} lacks `{name}`"))
            .hint("it is not complete: fetch or make it again")),
    }
}
