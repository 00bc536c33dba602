//! A platform as a third party would add it: machines are files in a folder, with labels, and a machine's life is slow enough to be
//! interrupted.

use imagebake::{
    communicator::Local,
    prelude::*,
    resource::{Owned, Resource, Token},
};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// What `Acme` makes.
#[derive(Clone, Debug)]
pub struct AcmeImage(String);

impl Artifact for AcmeImage {
    const KIND: &'static str = "acme-image";
    fn id(&self) -> String {
        self.0.clone()
    }
}

/// A machine on the platform in `region`, which is a folder.
#[derive(Clone, Config)]
pub struct Acme {
    /// The folder with the machines; relative to the current one.
    #[field(required)]
    region: HostPath,
    at: Places,
}

impl Acme {
    /// A machine in the folder `region`.
    #[track_caller]
    pub fn new(region: impl Into<HostPath>) -> Self {
        Self::defaults().region(region)
    }
}

impl Component for Acme {
    const KIND: &'static str = "acme";
}

impl Describe for Acme {
    type Artifact = AcmeImage;
    type Feature = feature::core;
    const RUNTIME: Runtime<Self> = Runtime::of();
    fn info(&self) -> Info {
        Info::new(HasGuest::Always)
    }
}

impl Source for Acme {
    // It finds none: what is tried is that the files are read for it.
    fn stores_machines(&self) -> bool {
        true
    }

    async fn base(&self, _: &Cx) -> Result<BaseId> {
        Ok(BaseId::new("acme-1"))
    }

    async fn build(&self, cx: &Cx, guest: Guest) -> Result<AcmeImage> {
        let at = Region {
            folder: cx.output_path(&self.region),
            key: "env:ACME_KEY".into(),
        };
        let driver = Object::open(&at).await?;
        let _network = cx.scope().create(&Object { kind: "network" }, &driver, &at).await?;
        let machine = cx.scope().create(&Object { kind: "vm" }, &driver, &at).await?;
        guest
            .provision(cx, Machine::new(Local).id(machine.id().clone()))
            .await?;
        if std::env::var_os("ACME_CANNOT_CAPTURE").is_some() {
            return Err(Error::new(ErrorKind::Io, "the platform cannot capture the machine").hint("ask the platform"));
        }
        let image = cx.scope().create(&Object { kind: "image" }, &driver, &at).await?;
        Ok(AcmeImage(cx.scope().release(image).await?))
    }
}

/// Where the objects are, and a reference to the key that reaches them.
#[derive(Serialize, Deserialize)]
pub struct Region {
    folder: PathBuf,
    key: String,
}

/// Any object of the platform.
pub struct Object {
    kind: &'static str,
}

#[derive(Serialize, Deserialize)]
struct Labels {
    kind: String,
    token: Token,
}

fn read(path: &Path) -> Option<Labels> {
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}

impl Resource for Object {
    const KIND: &'static str = "imagebake-tests/acme-object";
    type Locator = Region;
    type Driver = PathBuf;
    type Id = String;

    async fn open(at: &Region) -> Result<PathBuf> {
        if std::env::var_os("ACME_DOWN").is_some() {
            return Err(Error::new(ErrorKind::Unreachable, "the platform does not answer").temporary());
        }
        std::fs::create_dir_all(&at.folder).path("make the folder", &at.folder)?;
        Ok(at.folder.clone())
    }

    async fn create(&self, folder: &PathBuf, token: &Token) -> Result<String> {
        let name = format!("{}-{}", self.kind, token.id);
        let labels = Labels {
            kind: self.kind.to_owned(),
            token: token.clone(),
        };
        let path = folder.join(&name);
        std::fs::write(&path, serde_json::to_vec(&labels).expect("plain data")).path("write", &path)?;
        Ok(name)
    }

    async fn find(folder: &PathBuf, token: &Token) -> Result<Option<String>> {
        Ok(Self::all(folder)?
            .into_iter()
            .find(|(_, labels)| labels.token == *token)
            .map(|(name, _)| name))
    }

    async fn delete(folder: &PathBuf, id: String) -> Result<()> {
        let path = folder.join(id);
        if std::env::var_os("ACME_SLOW").is_some() {
            std::fs::write("deleting", "").path("write", "deleting")?;
            std::future::pending::<()>().await;
        }
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io("remove", path, error)),
            _ => Ok(()),
        }
    }

    async fn list(folder: &PathBuf, project: &str) -> Result<Vec<Owned<String>>> {
        let ours = Self::all(folder)?
            .into_iter()
            .filter(|(_, labels)| labels.token.project == project);
        let owned = |(name, labels): (String, Labels)| {
            let created = std::fs::metadata(folder.join(&name))
                .and_then(|about| about.modified())
                .ok();
            Owned {
                id: name,
                token: labels.token,
                created,
            }
        };
        Ok(ours.map(owned).collect())
    }

    async fn keep(at: &Region, id: &String) -> Result<()> {
        let path = at.folder.join(id);
        let mut labels = read(&path).ok_or_else(|| Error::new(ErrorKind::NotFound, format!("{id} is gone")))?;
        labels.token.project = String::new();
        std::fs::write(&path, serde_json::to_vec(&labels).expect("plain data")).path("write", &path)
    }

    fn locators(_: &Path) -> Vec<Region> {
        let folder = std::env::var_os("ACME_REGION").map(PathBuf::from);
        folder
            .map(|folder| Region {
                folder,
                key: "env:ACME_KEY".into(),
            })
            .into_iter()
            .collect()
    }
}

imagebake::resource!(Object);

impl Object {
    fn all(folder: &Path) -> Result<Vec<(String, Labels)>> {
        let entries = std::fs::read_dir(folder).path("read the folder", folder)?;
        let named = entries.flatten().filter_map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            read(&entry.path()).map(|labels| (name, labels))
        });
        Ok(named.collect())
    }
}
