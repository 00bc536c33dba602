//! Stored machines: what their disks were after a step, or before the first.
//!
//! ```text
//! .imagebake/machines/
//!   lock               held by whoever changes what is used, or removes what is not
//!   layers/ID          a disk, as far as it differs from the layer below; or a firmware's variables
//!   states/KEY.json    a machine: the layers of each of its disks, and what else it was
//!   uses/TOKEN.json    the layers that a build works with
//! ```
//!
//! A layer is made where it stays, so that nothing is copied, and layers know each other by their bare names, so that the project may be moved.
//! It is stored from the moment a state names it, and a state is written only when its layers are on the disk; nobody writes to them any more
//! then. What neither a state nor a use names is removed. A use is on record in the run's journal: what a killed build worked with is
//! removed by `cleanup`, and until then its layers stay, for its machine may still run.

use crate::{
    cache::{Cleared, MachineStore, StepKey},
    engine::random_id,
    error::{Context, Error, ErrorKind, Result},
    io::write_atomically,
    resource::{Owned, Resource, Token},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{
    collections::BTreeSet,
    fs::{self, File},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::{Path, PathBuf},
};

/// A machine's state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct State {
    /// The unit that made it: `web.qemu`.
    pub(super) unit: String,
    /// The disk that the first one's lowest layer is an overlay on.
    #[serde(with = "maybe_path")]
    pub(super) base: Option<PathBuf>,
    /// The layers of each disk, lowest first.
    pub(super) disks: Vec<Vec<String>>,
    /// The firmware's variables.
    pub(super) variables: Option<String>,
    /// The public half of the key made for the build, with which one logs in to it.
    pub(super) login: Option<String>,
}

impl State {
    fn layers(&self) -> impl Iterator<Item = &String> {
        self.disks.iter().flatten().chain(&self.variables)
    }
}

mod maybe_path {
    //! A path that need not be text.
    use crate::value::path_text::exact;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::path::PathBuf;

    #[derive(Serialize, Deserialize)]
    struct Exact(#[serde(with = "exact")] PathBuf);

    pub(super) fn serialize<S: Serializer>(path: &Option<PathBuf>, to: S) -> Result<S::Ok, S::Error> {
        path.clone().map(Exact).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<PathBuf>, D::Error> {
        Ok(Option::<Exact>::deserialize(from)?.map(|Exact(path)| path))
    }
}

/// What a build works with.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Use {
    token: Token,
    layers: BTreeSet<String>,
}

/// The store of one project. Everything it does blocks.
#[derive(Clone, Debug)]
pub(super) struct Store {
    root: PathBuf,
}

const FOLDER: &str = "machines";

impl Store {
    /// Opens the store below `state_dir`, making it where it is missing.
    pub(super) fn open(state_dir: &Path) -> Result<Self> {
        let store = Self {
            root: state_dir.join(FOLDER),
        };
        let failed = |folder: &Path, error| {
            Error::io("make the folder of stored machines", folder, error)
                .hint("it is in the state folder: choose a writable one with --state-dir")
        };
        fs::create_dir_all(state_dir).map_err(|error| failed(state_dir, error))?;
        // On a disk is what steps put there, secrets too: nobody else's to read.
        for folder in [store.root.clone(), store.layers(), store.states(), store.uses()] {
            match fs::DirBuilder::new().mode(0o700).create(&folder) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(failed(&folder, error)),
                _ => {}
            }
        }
        Ok(store)
    }

    fn layers(&self) -> PathBuf {
        self.root.join("layers")
    }

    fn states(&self) -> PathBuf {
        self.root.join("states")
    }

    fn uses(&self) -> PathBuf {
        self.root.join("uses")
    }

    fn state(&self, key: &StepKey) -> PathBuf {
        self.states().join(format!("{key}.json"))
    }

    fn usage(&self, id: &str) -> PathBuf {
        self.uses().join(format!("{id}.json"))
    }

    /// Where a layer is, or would be.
    pub(super) fn layer(&self, name: &str) -> PathBuf {
        self.layers().join(name)
    }

    /// What is used does not change while the value lives.
    fn lock(&self) -> Result<File> {
        let path = self.root.join("lock");
        let file = File::create(&path).path("lock", &path)?;
        file.lock().path("lock", &path)?;
        Ok(file)
    }

    /// The state under `key`, if all of it is there. One of another version, or damaged, is none.
    pub(super) fn find(&self, key: &StepKey) -> Option<State> {
        let state: State = read(&self.state(key))?;
        let whole = state.layers().all(|layer| self.layer(layer).is_file());
        whole.then_some(state)
    }

    /// Forgets a state that is of no use.
    pub(super) fn forget(&self, key: &StepKey) -> Result<()> {
        let _lock = self.lock()?;
        gone(fs::remove_file(self.state(key)), &self.state(key))
    }

    /// Forgets the states of `unit` but for those under `keys`; all states where no unit is named. Removes what is then used by nobody, and
    /// gives how many states and bytes that was.
    pub(super) fn keep_only(&self, unit: Option<&str>, keys: &[StepKey]) -> Result<(usize, u64)> {
        let _lock = self.lock()?;
        let kept: BTreeSet<PathBuf> = keys.iter().map(|key| self.state(key)).collect();
        let mut forgotten = 0;
        for path in entries(&self.states())? {
            if path.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            let theirs = || read::<State>(&path).is_none_or(|state| Some(state.unit.as_str()) == unit);
            if unit.is_none() || (!kept.contains(&path) && theirs()) {
                gone(fs::remove_file(&path), &path)?;
                forgotten += 1;
            }
        }
        Ok((forgotten, self.collect()?))
    }

    /// Removes the layers that nobody names; gives their bytes. The lock is held by the caller.
    fn collect(&self) -> Result<u64> {
        let mut used = BTreeSet::new();
        for path in [entries(&self.states())?, entries(&self.uses())?].concat() {
            // Nobody writes one while the lock is held: what is half-written is left of somebody who was killed.
            if path.extension().is_none_or(|extension| extension != "json") {
                gone(fs::remove_file(&path), &path)?;
            }
        }
        for path in entries(&self.states())? {
            let state = read::<State>(&path);
            used.extend(state.iter().flat_map(State::layers).cloned());
        }
        for path in entries(&self.uses())? {
            used.extend(read::<Use>(&path).into_iter().flat_map(|of| of.layers));
        }
        let mut bytes = 0;
        for path in entries(&self.layers())? {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if !used.contains(&*name) {
                let size = fs::metadata(&path).map_or(0, |about| about.blocks() * 512);
                gone(fs::remove_file(&path), &path)?;
                bytes += size;
            }
        }
        Ok(bytes)
    }
}

inventory::submit! {
    MachineStore::new("qemu", |state_dir| Box::pin(async move {
        let clear = move || match state_dir.join(FOLDER).is_dir() {
            true => Store::open(&state_dir)?.keep_only(None, &[]),
            false => Ok((0, 0)),
        };
        let (machines, bytes) = crate::io::off_the_async_threads(clear).await?;
        Ok(Cleared::new(machines, bytes))
    }))
}

fn read<T: DeserializeOwned>(path: &Path) -> Option<T> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

fn write<T: Serialize>(path: &Path, value: &T) -> Result<()> {
    let text = serde_json::to_vec(value)
        .map_err(|error| Error::new(ErrorKind::Internal, "a state cannot be written as JSON").because(error))?;
    write_atomically(path, &text).map_err(Error::from)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).path("read the folder", folder)?;
    Ok(entries.flatten().map(|entry| entry.path()).collect())
}

fn gone(removed: io::Result<()>, path: &Path) -> Result<()> {
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::io("remove", path, error)),
        _ => Ok(()),
    }
}

/// The layers that a build works with.
pub(super) struct Working;

/// Where the store is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct StoreAt {
    /// The project's state folder.
    #[serde(with = "crate::value::path_text::exact")]
    pub(super) state_dir: PathBuf,
}

impl Resource for Working {
    const KIND: &'static str = "imagebake/qemu-layers";
    type Locator = StoreAt;
    type Driver = Store;
    type Id = String;

    async fn open(at: &StoreAt) -> Result<Store> {
        Store::open(&at.state_dir)
    }

    async fn create(&self, store: &Store, token: &Token) -> Result<String> {
        let nothing = Use {
            token: token.clone(),
            layers: BTreeSet::new(),
        };
        let store = store.clone();
        let note = move || {
            let _lock = store.lock()?;
            write(&store.usage(&nothing.token.id), &nothing)?;
            Ok(nothing.token.id)
        };
        crate::io::off_the_async_threads(note).await
    }

    async fn find(store: &Store, token: &Token) -> Result<Option<String>> {
        Ok(store.usage(&token.id).is_file().then(|| token.id.clone()))
    }

    async fn delete(store: &Store, id: String) -> Result<()> {
        let store = store.clone();
        let remove = move || {
            let _lock = store.lock()?;
            gone(fs::remove_file(store.usage(&id)), &store.usage(&id))?;
            store.collect().map(drop)
        };
        crate::io::off_the_async_threads(remove).await
    }

    async fn list(store: &Store, project: &str) -> Result<Vec<Owned<String>>> {
        let owned = entries(&store.uses())?.into_iter().filter_map(|path| {
            let token = read::<Use>(&path)?.token;
            Some(Owned {
                id: token.id.clone(),
                created: fs::metadata(&path).and_then(|about| about.modified()).ok(),
                token,
            })
        });
        Ok(owned.filter(|owned| owned.token.project == project).collect())
    }

    fn locators(state_dir: &Path) -> Vec<StoreAt> {
        let found = state_dir.join(FOLDER).is_dir().then(|| StoreAt {
            state_dir: state_dir.to_owned(),
        });
        found.into_iter().collect()
    }
}

crate::resource!(Working);

/// A build's part in the store.
#[derive(Clone, Debug)]
pub(super) struct Share {
    pub(super) store: Store,
    id: String,
}

impl Share {
    /// That of the [`Working`] with this identity.
    pub(super) fn new(store: Store, id: &str) -> Self {
        Self {
            store,
            id: id.to_owned(),
        }
    }

    fn note<'a>(&self, more: impl IntoIterator<Item = &'a String>) -> Result<()> {
        let path = self.store.usage(&self.id);
        let mut usage: Use = read(&path).ok_or_else(|| {
            Error::new(ErrorKind::NotFound, "the note of what this build works with is gone")
                .hint("somebody cleared the state folder while it ran")
        })?;
        usage.layers.extend(more.into_iter().cloned());
        write(&path, &usage)
    }

    /// The state under `key`, whose layers stay while this build runs.
    pub(super) fn take_up(&self, key: &StepKey) -> Result<State> {
        let _lock = self.store.lock()?;
        let state = self.store.find(key).ok_or_else(|| {
            Error::new(
                ErrorKind::NotFound,
                "the stored machine that the build starts from is gone",
            )
            .hint("another process removed it: build again")
        })?;
        self.note(state.layers())?;
        Ok(state)
    }

    /// Names for so many new layers, which are this build's from now on.
    pub(super) fn new_layers(&self, count: usize) -> Result<Vec<String>> {
        let names: Vec<String> = (0..count).map(|_| random_id()).collect();
        let _lock = self.store.lock()?;
        self.note(&names)?;
        Ok(names)
    }

    /// Stores `state` under `key`, once its layers are on the disk. Those are written to no more.
    pub(super) fn record(&self, key: &StepKey, state: &State) -> Result<()> {
        for layer in state.layers() {
            let path = self.store.layer(layer);
            File::open(&path)
                .and_then(|file| file.sync_all())
                .path("write", &path)?;
        }
        let folder = self.store.layers();
        File::open(&folder)
            .and_then(|folder| folder.sync_all())
            .path("write", &folder)?;
        let _lock = self.store.lock()?;
        // A build that is over has no layers of its own any more.
        self.note([])?;
        write(&self.store.state(key), state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn key(text: &str) -> StepKey {
        serde_json::from_value(serde_json::json!(text)).expect("a key")
    }

    async fn share(store: &Store, name: &str) -> Share {
        let token = Token::new(name, "project", "run", 0);
        Share::new(store.clone(), &Working.create(store, &token).await.expect("made"))
    }

    async fn end(store: &Store, name: &str) {
        Working::delete(store, name.to_owned()).await.expect("removed");
    }

    /// A new layer with something in it.
    fn layer(share: &Share) -> String {
        let name = share.new_layers(1).expect("a name").remove(0);
        fs::write(share.store.layer(&name), "disk").expect("written");
        name
    }

    fn state(unit: &str, layers: &[&String]) -> State {
        State {
            unit: unit.to_owned(),
            base: Some("/base.qcow2".into()),
            disks: vec![layers.iter().map(|name| (*name).clone()).collect()],
            variables: None,
            login: None,
        }
    }

    fn there(store: &Store) -> usize {
        entries(&store.layers()).expect("a folder").len()
    }

    #[tokio::test]
    async fn only_what_a_state_or_a_build_names_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path()).expect("a store");
        let mode = fs::metadata(folder.path().join(FOLDER))
            .expect("made")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o700, "what is stored is its owner's");
        let build = share(&store, "ib-one").await;
        let (first, second) = (layer(&build), layer(&build));
        build.record(&key("a"), &state("web.qemu", &[&first])).expect("stored");
        // A build before its end, and one that was killed, keeps what it works with.
        store.keep_only(Some("other.qemu"), &[]).expect("kept");
        assert_eq!(there(&store), 2);
        end(&store, "ib-one").await;
        assert!(!store.layer(&second).exists() && store.layer(&first).exists());
        assert_eq!(store.find(&key("a")).map(|state| state.disks), Some(vec![vec![first]]));
        // Whoever comes late stores nothing of what is gone.
        let late = build.record(&key("b"), &state("web.qemu", &[&second]));
        assert!(late.is_err() && store.find(&key("b")).is_none());
    }

    #[tokio::test]
    async fn the_states_of_the_latest_steps_stay_and_those_in_use() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path()).expect("a store");
        let build = share(&store, "ib-one").await;
        let (first, second, others) = (layer(&build), layer(&build), layer(&build));
        build.record(&key("a"), &state("web.qemu", &[&first])).expect("stored");
        build
            .record(&key("b"), &state("web.qemu", &[&first, &second]))
            .expect("stored");
        build.record(&key("c"), &state("db.qemu", &[&others])).expect("stored");
        end(&store, "ib-one").await;

        let later = share(&store, "ib-two").await;
        later.take_up(&key("b")).expect("there");
        assert_eq!(store.keep_only(Some("web.qemu"), &[key("a")]).expect("kept"), (1, 0));
        assert!(store.find(&key("b")).is_none() && store.layer(&second).exists());
        assert!(later.take_up(&key("b")).is_err());
        end(&store, "ib-two").await;
        assert!(!store.layer(&second).exists() && store.layer(&first).exists());

        let (states, bytes) = store.keep_only(None, &[]).expect("cleared");
        assert_eq!((states, there(&store)), (2, 0));
        assert!(bytes > 0);
    }

    #[tokio::test]
    async fn what_is_not_whole_is_not_found() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path()).expect("a store");
        let build = share(&store, "ib-one").await;
        let first = layer(&build);
        build.record(&key("a"), &state("web.qemu", &[&first])).expect("stored");
        let missing = "missing".to_owned();
        assert!(build.record(&key("b"), &state("web.qemu", &[&missing])).is_err());
        assert!(store.find(&key("b")).is_none());
        fs::remove_file(store.layer(&first)).expect("removed");
        assert!(store.find(&key("a")).is_none());
        fs::write(store.state(&key("a")), "{\"unit\": ").expect("written");
        let half = store.uses().join(".imagebake-half.partial");
        fs::write(&half, "{").expect("written");
        assert_eq!(
            store.keep_only(Some("db.qemu"), &[]).expect("kept").0,
            1,
            "what cannot be read is nobody's"
        );
        assert!(!half.exists());
        assert!(store.find(&key("a")).is_none());
        store.forget(&key("a")).expect("forgotten");
        store.forget(&key("a")).expect("it was gone already");
    }
}
