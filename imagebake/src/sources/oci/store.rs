//! The local store: blobs by digest, unpacked layers by diff id, and which layers a base or a step is made of.
//!
//! Several processes share it. Everything appears under its final name complete, by a rename; a lock file only spares two processes the
//! same import. It deliberately counts no references: what is in it can be made again, so a user may remove all of it at any time.

use super::{config::Compression, layer::Flavor};
use crate::{
    error::{Context, Error, ErrorKind, Result},
    io::{DigestKind, Hasher, write_atomically},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

/// One layer: its content and the blob it is shipped as.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Layer {
    /// `sha256:` of the uncompressed archive.
    pub(super) diff_id: String,
    /// `sha256:` of the blob.
    pub(super) digest: String,
    /// The blob's size in bytes.
    pub(super) size: u64,
    /// How the blob is compressed.
    pub(super) compression: Compression,
}

impl Compression {
    pub(super) fn media_type(self) -> &'static str {
        match self {
            Self::None => "application/vnd.oci.image.layer.v1.tar",
            Self::Gzip => "application/vnd.oci.image.layer.v1.tar+gzip",
            Self::Zstd => "application/vnd.oci.image.layer.v1.tar+zstd",
        }
    }

    /// What the first bytes of a blob say.
    pub(super) fn of_bytes(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            _ => Self::None,
        }
    }
}

/// A chain of layers, lowest first, with the image config it came with.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Chain {
    pub(super) layers: Vec<Layer>,
    /// The history so far, as the image spec has it.
    pub(super) history: Vec<super::image::History>,
}

/// The store of one project.
#[derive(Clone, Debug)]
pub(super) struct Store {
    root: PathBuf,
    flavor: Flavor,
}

/// The folder where builds work, beside the layers'.
const WORK: &str = "work";

impl Store {
    /// Opens the store below `state_dir`, making it where it is missing.
    pub(super) fn open(state_dir: &Path, flavor: Flavor) -> Result<Self> {
        let store = Self {
            root: state_dir.join("oci"),
            flavor,
        };
        for folder in [
            store.blobs(),
            store.layers(),
            store.work(),
            store.temporary(),
            store.records(),
        ] {
            fs::create_dir_all(&folder).map_err(|error| {
                Error::io("make the store's folder", &folder, error)
                    .hint("the store is in the state folder: choose a writable one with --state-dir")
            })?;
        }
        Ok(store)
    }

    pub(super) fn flavor(&self) -> Flavor {
        self.flavor
    }

    fn blobs(&self) -> PathBuf {
        self.root.join("blobs/sha256")
    }

    /// Where unpacked layers are.
    pub(super) fn layers(&self) -> PathBuf {
        self.root.join(match self.flavor {
            Flavor::Trusted => "layers",
            Flavor::User => "layers-user",
            Flavor::Single => "layers-single",
        })
    }

    /// Where builds work.
    pub(super) fn work(&self) -> PathBuf {
        self.root.join(WORK)
    }

    /// The workspace of a build, as seen from the layers.
    pub(super) fn from_layers(workspace: &str) -> String {
        format!("../{WORK}/{workspace}")
    }

    /// For what is not complete yet.
    pub(super) fn temporary(&self) -> PathBuf {
        self.root.join("tmp")
    }

    fn records(&self) -> PathBuf {
        self.root.join(match self.flavor {
            Flavor::Trusted => "keys",
            Flavor::User => "keys-user",
            Flavor::Single => "keys-single",
        })
    }

    /// Where the blob with this digest is, or would be.
    pub(super) fn blob(&self, digest: &str) -> PathBuf {
        self.blobs().join(digest.trim_start_matches("sha256:"))
    }

    pub(super) fn has_blob(&self, digest: &str) -> bool {
        self.blob(digest).is_file()
    }

    /// The name of an unpacked layer's folder: short, so that a long chain of them fits into one mount.
    pub(super) fn layer_name(diff_id: &str) -> &str {
        let hex = diff_id.trim_start_matches("sha256:");
        &hex[..hex.len().min(24)]
    }

    /// Where the layer with this diff id is unpacked, or would be.
    pub(super) fn layer(&self, diff_id: &str) -> PathBuf {
        self.layers().join(Self::layer_name(diff_id))
    }

    /// A folder for something unfinished, removed with the value.
    pub(super) fn temporary_folder(&self) -> Result<tempfile::TempDir> {
        tempfile::Builder::new()
            .prefix("part-")
            .tempdir_in(self.temporary())
            .path("make a folder in", self.temporary())
    }

    /// Begins a blob.
    pub(super) fn new_blob(&self) -> Result<BlobWriter> {
        let file = tempfile::Builder::new()
            .prefix("blob-")
            .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))
            .tempfile_in(self.temporary())
            .path("make a file in", self.temporary())?;
        Ok(BlobWriter {
            file,
            hasher: Hasher::new(DigestKind::Sha256),
            size: 0,
        })
    }

    /// Gives a complete blob its name; `(sha256:…, size)`.
    pub(super) fn keep_blob(&self, blob: BlobWriter) -> Result<(String, u64)> {
        self.keep_blob_as(blob, None, "the blob")
    }

    /// Gives a complete blob its name, which must be `expected` where it is known before; `shown` is where it comes from.
    pub(super) fn keep_blob_as(&self, blob: BlobWriter, expected: Option<&str>, shown: &str) -> Result<(String, u64)> {
        let BlobWriter { file, hasher, size } = blob;
        let digest = format!("sha256:{}", hasher.finish());
        if let Some(expected) = expected.filter(|expected| **expected != digest) {
            return Err(Error::new(
                ErrorKind::Integrity,
                format!("{shown} has the digest {digest}, not {expected}"),
            )
            .hint("it is damaged: fetch or make it again"));
        }
        let path = self.blob(&digest);
        if !path.is_file() {
            file.persist(&path)
                .map_err(|error| Error::io("write", &path, error.error))?;
        }
        Ok((digest, size))
    }

    /// Stores some bytes as a blob.
    pub(super) fn put(&self, bytes: &[u8]) -> Result<(String, u64)> {
        let mut blob = self.new_blob()?;
        blob.write_all(bytes).path("write into", self.temporary())?;
        self.keep_blob(blob)
    }

    /// Moves a complete folder to where the layer's is; keeps the one that is there already.
    pub(super) fn keep_layer(&self, folder: &Path, diff_id: &str) -> Result<()> {
        let target = self.layer(diff_id);
        match fs::rename(folder, &target) {
            Ok(()) => Ok(()),
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::AlreadyExists
                ) =>
            {
                Ok(())
            }
            Err(error) => Err(Error::io("move the layer to", &target, error)),
        }
    }

    /// Whether every layer of a chain is still there.
    pub(super) fn has_chain(&self, chain: &Chain) -> bool {
        chain
            .layers
            .iter()
            .all(|layer| self.has_blob(&layer.digest) && self.layer(&layer.diff_id).is_dir())
    }

    fn record(&self, kind: &str, key: &str) -> PathBuf {
        self.records().join(format!("{kind}-{key}.json"))
    }

    /// What is recorded of `kind` under `key`; a record of another version, or damaged, is none.
    pub(super) fn load<T: DeserializeOwned>(&self, kind: &str, key: &str) -> Option<T> {
        let text = fs::read(self.record(kind, key)).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// Records `value`.
    pub(super) fn save<T: Serialize>(&self, kind: &str, key: &str, value: &T) -> Result<()> {
        let text = serde_json::to_vec(value)
            .map_err(|error| Error::new(ErrorKind::Internal, "a record cannot be written as JSON").because(error))?;
        write_atomically(&self.record(kind, key), &text).map_err(Error::from)
    }

    /// Waits for other processes that import the same; the lock lasts as long as the value. Blocking.
    pub(super) fn lock(&self, key: &str) -> Result<File> {
        let path = self
            .temporary()
            .join(format!("{}.lock", blake3::hash(key.as_bytes()).to_hex()));
        let file = File::create(&path).path("lock", &path)?;
        file.lock().path("lock", &path)?;
        Ok(file)
    }
}

/// A blob as it is written and hashed.
pub(super) struct BlobWriter {
    file: tempfile::NamedTempFile,
    hasher: Hasher,
    size: u64,
}

impl Write for BlobWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let wrote = self.file.write(bytes)?;
        self.hasher.update(&bytes[..wrote]);
        self.size += wrote as u64;
        Ok(wrote)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Compresses on the way into a blob and hashes what goes in: diff id and digest in one pass.
pub(super) struct LayerWriter {
    encoder: Encoder,
    hasher: Option<Hasher>,
    compression: Compression,
}

enum Encoder {
    Plain(BlobWriter),
    Gzip(flate2::write::GzEncoder<BlobWriter>),
    Zstd(zstd::Encoder<'static, BlobWriter>),
}

impl LayerWriter {
    pub(super) fn new(store: &Store, compression: Compression) -> Result<Self> {
        let blob = store.new_blob()?;
        let encoder = match compression {
            Compression::None => Encoder::Plain(blob),
            Compression::Gzip => Encoder::Gzip(flate2::write::GzEncoder::new(blob, flate2::Compression::default())),
            Compression::Zstd => Encoder::Zstd(zstd::Encoder::new(blob, 3).path("start zstd for", "a layer")?),
        };
        // Uncompressed, the blob's own digest is the diff id.
        let hasher = (compression != Compression::None).then(|| Hasher::new(DigestKind::Sha256));
        Ok(Self {
            encoder,
            hasher,
            compression,
        })
    }

    /// Ends the blob and stores it.
    pub(super) fn finish(self, store: &Store) -> Result<Layer> {
        let blob = match self.encoder {
            Encoder::Plain(blob) => Ok(blob),
            Encoder::Gzip(encoder) => encoder.finish(),
            Encoder::Zstd(encoder) => encoder.finish(),
        }
        .path("write into", store.temporary())?;
        let (digest, size) = store.keep_blob(blob)?;
        Ok(Layer {
            diff_id: self
                .hasher
                .map_or_else(|| digest.clone(), |hasher| format!("sha256:{}", hasher.finish())),
            digest,
            size,
            compression: self.compression,
        })
    }
}

impl Write for LayerWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let wrote = match &mut self.encoder {
            Encoder::Plain(blob) => blob.write(bytes),
            Encoder::Gzip(encoder) => encoder.write(bytes),
            Encoder::Zstd(encoder) => encoder.write(bytes),
        }?;
        if let Some(hasher) = &mut self.hasher {
            hasher.update(&bytes[..wrote]);
        }
        Ok(wrote)
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.encoder {
            Encoder::Plain(blob) => blob.flush(),
            Encoder::Gzip(encoder) => encoder.flush(),
            Encoder::Zstd(encoder) => encoder.flush(),
        }
    }
}

/// A reader that hashes and counts what passes.
pub(super) struct HashingReader<R> {
    inner: R,
    hasher: Hasher,
    size: u64,
}

impl<R: Read> HashingReader<R> {
    pub(super) fn new(inner: R) -> Self {
        Self {
            inner,
            hasher: Hasher::new(DigestKind::Sha256),
            size: 0,
        }
    }

    /// Reads what is left; `sha256:…` and size of all of it.
    pub(super) fn finish(mut self) -> io::Result<(String, u64)> {
        io::copy(&mut self, &mut io::sink())?;
        Ok((format!("sha256:{}", self.hasher.finish()), self.size))
    }
}

impl<R: Read> Read for HashingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = self.inner.read(buffer)?;
        self.hasher.update(&buffer[..got]);
        self.size += got as u64;
        Ok(got)
    }
}

/// Decompresses a stream whose first bytes say how.
pub(super) fn decompressed(stream: impl Read + 'static) -> io::Result<(Compression, Box<dyn Read>)> {
    let mut stream = io::BufReader::with_capacity(256 << 10, stream);
    let head = io::BufRead::fill_buf(&mut stream)?;
    Ok(match Compression::of_bytes(head) {
        Compression::None => (Compression::None, Box::new(stream)),
        Compression::Gzip => (
            Compression::Gzip,
            Box::new(flate2::bufread::MultiGzDecoder::new(stream)),
        ),
        Compression::Zstd => (Compression::Zstd, Box::new(zstd::Decoder::with_buffer(stream)?)),
    })
}
