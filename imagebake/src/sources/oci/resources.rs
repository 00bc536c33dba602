//! The folder that a guest lives in, as an object that a later process can remove. The guest's processes need no entry: they end with
//! the builder.

use super::{layer::Flavor, runtime, store::Store};
use crate::{
    cache::{Cleared, MachineStore},
    error::{Context, Error, ErrorKind, Result},
    io::off_the_async_threads,
    resource::{Owned, Resource, Token},
};
use serde::{Deserialize, Serialize};
use std::{
    fs, io,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

/// A guest's folder below the store.
pub(super) struct Workspace;

/// Where the store is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct StoreAt {
    /// The project's state folder.
    #[serde(with = "crate::value::path_text::exact")]
    pub(super) state_dir: PathBuf,
    /// Whose attributes its overlays have.
    pub(super) flavor: Flavor,
}

impl Resource for Workspace {
    const KIND: &'static str = "imagebake/oci-workspace";
    type Locator = StoreAt;
    type Driver = Store;
    type Id = String;

    async fn open(at: &StoreAt) -> Result<Store> {
        Store::open(&at.state_dir, at.flavor)
    }

    async fn create(&self, store: &Store, token: &Token) -> Result<String> {
        let folder = store.work().join(&token.id);
        fs::create_dir_all(&folder).path("make the folder", &folder)?;
        let text = serde_json::to_vec(token).unwrap_or_default();
        let path = folder.join("token.json");
        fs::write(&path, text).path("write", &path)?;
        Ok(token.id.clone())
    }

    async fn find(store: &Store, token: &Token) -> Result<Option<String>> {
        Ok(store.work().join(&token.id).is_dir().then(|| token.id.clone()))
    }

    async fn delete(store: &Store, id: String) -> Result<()> {
        remove_tree(store.work().join(id)).await
    }

    async fn list(store: &Store, project: &str) -> Result<Vec<Owned<String>>> {
        let mut owned = Vec::new();
        for entry in fs::read_dir(store.work())
            .path("read the folder", store.work())?
            .flatten()
        {
            let token = fs::read(entry.path().join("token.json")).ok();
            let Some(token) = token.and_then(|text| serde_json::from_slice::<Token>(&text).ok()) else {
                continue;
            };
            if token.project == project {
                owned.push(Owned {
                    id: token.id.clone(),
                    created: entry.metadata().and_then(|about| about.modified()).ok(),
                    token,
                });
            }
        }
        Ok(owned)
    }

    fn locators(state_dir: &Path) -> Vec<StoreAt> {
        let store = state_dir.join("oci/work");
        let found = store.is_dir().then(|| StoreAt {
            state_dir: state_dir.to_owned(),
            flavor: super::flavor(),
        });
        found.into_iter().collect()
    }
}

crate::resource!(Workspace);

inventory::submit! { MachineStore::new("oci", |state_dir| Box::pin(clear(state_dir))) }

/// Removes the store with all in it, bases too: what is in it can be made again. Not under a build's feet.
async fn clear(state_dir: PathBuf) -> Result<Cleared> {
    let (root, gone) = (state_dir.join("oci"), state_dir.join("oci.gone"));
    if gone.exists() {
        remove_tree(gone.clone()).await?;
    }
    if !root.exists() {
        return Ok(Cleared::default());
    }
    let working = fs::read_dir(root.join("work")).is_ok_and(|mut builds| builds.next().is_some());
    if working {
        return Err(Error::new(
            ErrorKind::Unsupported,
            "a build works with them, or one that was killed did",
        )
        .hint("wait for its end, or look at what `cleanup` says of it"));
    }
    // Whoever begins now begins with a store of its own.
    fs::rename(&root, &gone).path("rename to", &gone)?;
    let (machines, bytes) = {
        let gone = gone.clone();
        off_the_async_threads(move || Ok::<_, Error>((steps_in(&gone), size_of(&gone)))).await?
    };
    remove_tree(gone).await?;
    Ok(Cleared::new(machines, bytes))
}

/// How many steps are on record.
fn steps_in(store: &Path) -> usize {
    let folders = fs::read_dir(store).into_iter().flatten().flatten();
    let records = folders
        .filter(|folder| folder.file_name().to_string_lossy().starts_with("keys"))
        .flat_map(|folder| fs::read_dir(folder.path()).into_iter().flatten().flatten());
    records
        .filter(|record| record.file_name().to_string_lossy().starts_with("step-"))
        .count()
}

/// What a tree takes on the disk, as far as it can be read.
fn size_of(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let sizes = entries.map(|entry| match entry.metadata() {
        Ok(about) if about.is_dir() => size_of(&entry.path()),
        Ok(about) => about.blocks() * 512 / about.nlink().max(1),
        Err(_) => 0,
    });
    sizes.sum()
}

/// Removes a tree, whatever modes its folders have and whoever owns its files.
pub(super) async fn remove_tree(folder: PathBuf) -> Result<()> {
    let own = {
        let folder = folder.clone();
        off_the_async_threads(move || remove_own(&folder)).await
    };
    match own {
        Ok(()) => Ok(()),
        // Files of mapped ids are removed by their user namespace's root.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied && super::flavor().is_rootless() => {
            runtime::remove(&folder).await
        }
        Err(error) => Err(Error::io("remove", &folder, error)),
    }
}

fn remove_own(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            // The overlay makes a folder that nobody may enter.
            open_up(folder)?;
            fs::remove_dir_all(folder)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

fn open_up(folder: &Path) -> io::Result<()> {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            open_up(&entry.path())?;
        }
    }
    Ok(())
}
