//! An image in the store as a folder or file for others: an OCI layout, an OCI archive, a docker-archive. Each is written beside its
//! final name and renamed.

use super::{
    image::{CONFIG, Descriptor, INDEX, ImageConfig, Index, MANIFEST, Manifest, Platform},
    store::{self, Chain, Layer, Store},
};
use crate::{
    error::{Context, Error, Result},
    io::{AtomicFile, DigestKind, FileRef, Hashers},
};
use serde_json::{Map, json};
use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// A complete image in the store.
pub(super) struct Finished {
    pub(super) manifest: Descriptor,
    pub(super) config: Descriptor,
    pub(super) layers: Vec<Layer>,
    pub(super) tag: Option<String>,
}

/// Writes config and manifest into the store.
pub(super) fn finish(
    store: &Store,
    chain: Chain,
    config: &ImageConfig,
    platform: &Platform,
    tag: Option<String>,
) -> Result<Finished> {
    let (digest, size) = store.put(&text(config))?;
    let config = descriptor(CONFIG, digest, size);
    let layers = chain
        .layers
        .iter()
        .map(|layer| descriptor(layer.compression.media_type(), layer.digest.clone(), layer.size));
    let manifest = Manifest {
        schema_version: 2,
        media_type: Some(MANIFEST.to_owned()),
        config: config.clone(),
        layers: layers.collect(),
        annotations: Map::new(),
    };
    let (digest, size) = store.put(&text(&manifest))?;
    let mut manifest = descriptor(MANIFEST, digest, size);
    manifest.platform = Some(platform.clone());
    Ok(Finished {
        manifest,
        config,
        layers: chain.layers,
        tag,
    })
}

/// A document as the bytes that are stored.
fn text(document: &impl serde::Serialize) -> Vec<u8> {
    serde_json::to_vec(document).expect("documents of the image spec have text keys only")
}

fn descriptor(media_type: &str, digest: String, size: u64) -> Descriptor {
    Descriptor {
        media_type: media_type.to_owned(),
        digest,
        size,
        platform: None,
        annotations: Map::new(),
    }
}

/// `acme/web:1` as the annotation of a layout has it: the tag alone, as other tools write and find it.
fn reference_of(tag: &str) -> &str {
    match tag.rsplit_once(':') {
        Some((_, version)) if !version.contains('/') => version,
        _ => "latest",
    }
}

fn index_of(image: &Finished) -> Vec<u8> {
    let mut manifest = image.manifest.clone();
    // Tools that want a name find one even where none was given.
    let reference = image.tag.as_deref().map_or("latest", reference_of);
    let notes = &mut manifest.annotations;
    notes.insert("org.opencontainers.image.ref.name".into(), json!(reference));
    if let Some(tag) = &image.tag {
        notes.insert("io.containerd.image.name".into(), json!(tag));
    }
    let index = Index {
        schema_version: 2,
        media_type: Some(INDEX.to_owned()),
        manifests: vec![manifest],
    };
    text(&index)
}

const LAYOUT: &[u8] = br#"{"imageLayoutVersion":"1.0.0"}"#;

/// The image's blobs, each once.
fn blobs(image: &Finished) -> Vec<&str> {
    let all = [&image.manifest.digest, &image.config.digest];
    let all = all.into_iter().chain(image.layers.iter().map(|layer| &layer.digest));
    let all: BTreeSet<&str> = all.map(String::as_str).collect();
    all.into_iter().collect()
}

/// Writes the image as a layout folder; blobs are hard links into the store where that is possible.
pub(super) fn write_layout(store: &Store, image: &Finished, path: &Path) -> Result<()> {
    let parent = parent_of(path)?;
    let folder = tempfile::Builder::new()
        .prefix(".imagebake-")
        .suffix(".partial")
        .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .tempdir_in(parent)
        .path("make a folder beside", path)?;
    let target = folder.path().join("blobs/sha256");
    fs::create_dir_all(&target).path("make the folder", &target)?;
    for digest in blobs(image) {
        let (from, to) = (store.blob(digest), target.join(digest.trim_start_matches("sha256:")));
        if fs::hard_link(&from, &to).is_err() {
            fs::copy(&from, &to).path("write", &to)?;
        }
    }
    let small = [("oci-layout", LAYOUT.to_vec()), ("index.json", index_of(image))];
    for (name, bytes) in small {
        let file = folder.path().join(name);
        fs::write(&file, bytes).path("write", &file)?;
    }
    replace_folder(folder, path)
}

/// Puts a complete folder where another may stand.
fn replace_folder(folder: tempfile::TempDir, path: &Path) -> Result<()> {
    let new = folder.keep();
    let result = match fs::symlink_metadata(path) {
        Err(_) => fs::rename(&new, path),
        // Both change places in one step, so that there is a complete one at every moment.
        Ok(_) => rustix::fs::renameat_with(
            rustix::fs::CWD,
            &new,
            rustix::fs::CWD,
            path,
            rustix::fs::RenameFlags::EXCHANGE,
        )
        .map_err(io::Error::from),
    };
    let _ = match fs::symlink_metadata(&new) {
        Ok(about) if about.is_dir() => fs::remove_dir_all(&new),
        Ok(_) => fs::remove_file(&new),
        Err(_) => Ok(()),
    };
    result.path("write", path)
}

fn parent_of(path: &Path) -> Result<&Path> {
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    fs::create_dir_all(parent).path("make the folder", parent)?;
    Ok(parent)
}

/// Writes the image as a tar archive with an OCI layout.
pub(super) fn write_oci_archive(
    store: &Store,
    image: &Finished,
    path: &Path,
    wanted: &[DigestKind],
) -> Result<FileRef> {
    write_archive(path, wanted, |archive| {
        archive.folder("blobs/")?;
        archive.folder("blobs/sha256/")?;
        for digest in blobs(image) {
            archive.blob(
                store,
                digest,
                &format!("blobs/sha256/{}", digest.trim_start_matches("sha256:")),
            )?;
        }
        archive.bytes("index.json", &index_of(image))?;
        archive.bytes("oci-layout", LAYOUT)
    })
}

/// Writes the image as `docker load` reads it: layers uncompressed, which every version takes.
pub(super) fn write_docker_archive(
    store: &Store,
    image: &Finished,
    path: &Path,
    wanted: &[DigestKind],
) -> Result<FileRef> {
    let hex = |digest: &str| digest.trim_start_matches("sha256:").to_owned();
    let config_name = format!("{}.json", hex(&image.config.digest));
    let layer_name = |layer: &Layer| format!("{}.tar", hex(&layer.diff_id));
    let tags: Vec<String> = image.tag.iter().map(|tag| full_tag(tag)).collect();
    let manifest = json!([{
        "Config": config_name,
        "RepoTags": tags,
        "Layers": image.layers.iter().map(layer_name).collect::<Vec<_>>(),
    }]);
    write_archive(path, wanted, |archive| {
        archive.blob(store, &image.config.digest, &config_name)?;
        let mut written = BTreeSet::new();
        for layer in &image.layers {
            if written.insert(&layer.diff_id) {
                archive.plain_layer(store, layer, &layer_name(layer))?;
            }
        }
        archive.bytes("manifest.json", manifest.to_string().as_bytes())
    })
}

/// With a version: `acme/web` is `acme/web:latest`.
fn full_tag(tag: &str) -> String {
    match tag.rsplit_once(':') {
        Some((_, version)) if !version.contains('/') => tag.to_owned(),
        _ => format!("{tag}:latest"),
    }
}

struct Archive {
    tar: tar::Builder<Hashing>,
    /// What it will be called, for what is said of it.
    path: PathBuf,
}

/// A file that is hashed as it is written.
struct Hashing {
    file: AtomicFile,
    hashers: Hashers,
    size: u64,
}

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let wrote = self.file.write(bytes)?;
        self.hashers.update(&bytes[..wrote]);
        self.size += wrote as u64;
        Ok(wrote)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn write_archive(path: &Path, wanted: &[DigestKind], fill: impl FnOnce(&mut Archive) -> Result<()>) -> Result<FileRef> {
    parent_of(path)?;
    let out = Hashing {
        file: AtomicFile::create(path)?,
        hashers: Hashers::new(wanted.iter().copied()),
        size: 0,
    };
    let mut archive = Archive {
        tar: tar::Builder::new(out),
        path: path.to_owned(),
    };
    fill(&mut archive)?;
    let out = archive.tar.into_inner().path("write", path)?;
    let (size, digests) = (out.size, out.hashers.finish());
    out.file.commit()?;
    Ok(FileRef::written(path, size, digests))
}

impl Archive {
    fn header(size: u64, kind: tar::EntryType, mode: u32) -> tar::Header {
        let mut header = tar::Header::new_ustar();
        header.set_size(size);
        header.set_entry_type(kind);
        header.set_mode(mode);
        header
    }

    fn folder(&mut self, name: &str) -> Result<()> {
        let mut header = Self::header(0, tar::EntryType::Directory, 0o755);
        let added = self.tar.append_data(&mut header, name, io::empty());
        self.added(name, added)
    }

    /// What came of adding `name`: the file that the user knows is the archive.
    fn added(&self, name: &str, added: io::Result<()>) -> Result<()> {
        added.map_err(|error| Error::io("write", &self.path, error).context("entry", name))
    }

    fn bytes(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        let mut header = Self::header(bytes.len() as u64, tar::EntryType::Regular, 0o644);
        let added = self.tar.append_data(&mut header, name, bytes);
        self.added(name, added)
    }

    fn blob(&mut self, store: &Store, digest: &str, name: &str) -> Result<()> {
        let path = store.blob(digest);
        let file = File::open(&path).path("read", &path)?;
        let size = file.metadata().path("read", &path)?.len();
        let mut header = Self::header(size, tar::EntryType::Regular, 0o644);
        let added = self.tar.append_data(&mut header, name, file);
        self.added(name, added)
    }

    /// A layer without its compression. The size comes first in an archive, so a compressed one is read twice.
    fn plain_layer(&mut self, store: &Store, layer: &Layer, name: &str) -> Result<()> {
        let path = store.blob(&layer.digest);
        if layer.compression == super::config::Compression::None {
            return self.blob(store, &layer.digest, name);
        }
        let open = || -> io::Result<Box<dyn io::Read>> { Ok(store::decompressed(File::open(&path)?)?.1) };
        let size = open()
            .and_then(|mut stream| io::copy(&mut stream, &mut io::sink()))
            .path("read", &path)?;
        let mut header = Self::header(size, tar::EntryType::Regular, 0o644);
        let stream = open().path("read", &path)?;
        let added = self.tar.append_data(&mut header, name, stream);
        self.added(name, added)
            .map_err(|error| error.context("blob", path.display()))
    }
}
