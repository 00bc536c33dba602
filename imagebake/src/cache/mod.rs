//! Step keys: what a step's result depends on, and therefore when a stored machine can stand for running it again.
//!
//! `key(step) = H(kind, settings but for cosmetic and unkeyed ones, secrets as references, contents of the files it reads, key before it)`; the first
//! parent is the source's settings, its base and the files that a machine finds without any step. A step on the builder's side (`shell-local`) can depend on anything, so it and
//! all after it have no key and always run. Where snapshots are kept is each source's affair; a [`MachineStore`] is where they go.

use crate::{
    error::{Context, Result},
    field::Field,
    source::BaseId,
};
use serde::{Deserialize, Serialize};
use std::{
    fmt,
    future::Future,
    path::{Path, PathBuf},
    pin::Pin,
};

/// The version of what goes into a key; raise it when that changes.
const VERSION: &str = "imagebake step key v2";

/// The identity of a machine's state after a step: 64 hex digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StepKey(String);

impl StepKey {
    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The state before the first step: a source of `kind` with `fields` on `base`, whose machines find `inputs`. Blocking: reads them.
    pub(crate) fn of_base(kind: &str, fields: &[Field], base: &BaseId, inputs: &[PathBuf]) -> Result<Self> {
        let mut hasher = blake3::Hasher::new_derive_key(VERSION);
        feed(&mut hasher, kind, fields);
        hasher.update(base.as_str().as_bytes());
        for input in inputs {
            // A pattern says no names, and the machine finds them.
            let name = input.file_name().unwrap_or_default().as_encoded_bytes();
            hasher.update(&(name.len() as u64).to_le_bytes()).update(name);
            feed_path(&mut hasher, input)?;
        }
        Ok(Self::finish(&hasher))
    }

    /// The state after a step of `kind` with `fields` that reads `inputs`. Blocking: reads the inputs.
    pub(crate) fn after(&self, kind: &str, fields: &[Field], inputs: &[PathBuf]) -> Result<Self> {
        let mut hasher = blake3::Hasher::new_derive_key(VERSION);
        hasher.update(self.0.as_bytes());
        feed(&mut hasher, kind, fields);
        for input in inputs {
            feed_path(&mut hasher, input)?;
        }
        Ok(Self::finish(&hasher))
    }

    fn finish(hasher: &blake3::Hasher) -> Self {
        Self(hasher.finalize().to_hex().to_string())
    }
}

/// What was removed of a [`MachineStore`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cleared {
    /// How many stored machines.
    pub machines: usize,
    /// How many bytes they took.
    pub bytes: u64,
}

impl Cleared {
    /// So many stored machines, which took so many bytes.
    pub fn new(machines: usize, bytes: u64) -> Self {
        Self { machines, bytes }
    }
}

type Clearing = Pin<Box<dyn Future<Output = Result<Cleared>> + Send>>;

/// Where a source stores machines, so that `cleanup --cache` can empty it. It is registered beside the source, with
/// `inventory::submit! { MachineStore::new(…) }`.
#[derive(Clone, Copy)]
pub struct MachineStore {
    kind: &'static str,
    clear: fn(PathBuf) -> Clearing,
}

inventory::collect!(MachineStore);

impl MachineStore {
    /// The store of the sources of `kind`. `clear` is given the project's state folder, which need not be there, and leaves what builds use at that
    /// moment.
    pub const fn new(kind: &'static str, clear: fn(PathBuf) -> Clearing) -> Self {
        Self { kind, clear }
    }

    /// All stores, by their kinds.
    pub fn all() -> Vec<&'static Self> {
        let mut all: Vec<_> = inventory::iter::<Self>().collect();
        all.sort_by_key(|store| store.kind);
        all
    }

    /// The sources' kind.
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// Empties it.
    ///
    /// # Errors
    /// When something of it cannot be removed.
    pub async fn clear(&self, state_dir: &Path) -> Result<Cleared> {
        (self.clear)(state_dir.to_owned()).await
    }
}

impl fmt::Display for StepKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn feed(hasher: &mut blake3::Hasher, kind: &str, fields: &[Field]) {
    hasher
        .update(&(kind.len() as u64).to_le_bytes())
        .update(kind.as_bytes());
    for field in fields.iter().filter(|field| field.meta.is_keyed()) {
        hasher
            .update(&(field.meta.name.len() as u64).to_le_bytes())
            .update(field.meta.name.as_bytes());
        field.value.feed(hasher);
    }
}

/// The contents of a file, or of a folder's tree in the order of names: types, modes, link targets and bytes.
fn feed_path(hasher: &mut blake3::Hasher, path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let about = std::fs::symlink_metadata(path).path("read", path)?;
    let about = if about.is_symlink() {
        std::fs::metadata(path).path("read", path)?
    } else {
        about
    };
    hasher.update(&about.permissions().mode().to_le_bytes());
    if about.is_file() {
        let file = std::fs::File::open(path).path("read", path)?;
        let mut contents = blake3::Hasher::new();
        contents.update_reader(file).path("read", path)?;
        hasher.update(b"file").update(contents.finalize().as_bytes());
        return Ok(());
    }
    if !about.is_dir() {
        return Err(crate::error::Error::new(
            crate::error::ErrorKind::Unsupported,
            format!("{} is neither a file nor a folder", path.display()),
        ));
    }
    let mut names: Vec<_> = std::fs::read_dir(path)
        .and_then(|entries| {
            entries
                .map(|entry| entry.map(|entry| entry.file_name()))
                .collect::<std::io::Result<_>>()
        })
        .path("read the folder", path)?;
    names.sort();
    hasher.update(b"folder").update(&(names.len() as u64).to_le_bytes());
    for name in names {
        hasher
            .update(&(name.len() as u64).to_le_bytes())
            .update(name.as_encoded_bytes());
        let child = path.join(&name);
        match std::fs::read_link(&child) {
            Ok(target) => {
                hasher.update(b"link").update(target.as_os_str().as_encoded_bytes());
            }
            Err(_) => feed_path(hasher, &child)?,
        }
    }
    Ok(())
}
