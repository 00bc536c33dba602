//! A source of one's own: a folder is the machine, and what the steps leave in it becomes the artifact.
//!
//! It shows all that a platform needs: a description with its settings, an outside object that is cleaned up after any crash, and a
//! build that reads as verbs. The library treats it like its own.

use imagebake::{
    communicator::Local,
    prelude::*,
    resource::{Owned, Resource, Token},
};
use serde::{Deserialize, Serialize};
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};
use tokio::fs;

/// A folder in which steps run, moved to its place when they are done.
#[derive(Clone, Config)]
pub struct Folder {
    /// Where the folder goes; relative to the current folder.
    #[field(required)]
    target: HostPath,
    at: Places,
}

impl Folder {
    /// A folder that ends as `target`.
    #[track_caller]
    pub fn new(target: impl Into<HostPath>) -> Self {
        Self::defaults().target(target)
    }
}

impl Component for Folder {
    const KIND: &'static str = "folder";
}

impl Describe for Folder {
    type Artifact = Tree;
    type Feature = feature::core;
    const RUNTIME: Runtime<Self> = Runtime::of();

    fn info(&self) -> Info {
        Info::new(HasGuest::Always)
    }
}

impl Source for Folder {
    async fn base(&self, _: &Cx) -> Result<BaseId> {
        Ok(BaseId::new("an empty folder"))
    }

    async fn build(&self, cx: &Cx, guest: Guest) -> Result<Tree> {
        let target = cx.output_path(&self.target);
        let output = cx.claim_output(&target)?;
        let at = Workspaces {
            below: target.parent().unwrap_or(Path::new(".")).to_owned(),
        };
        let driver = Workspace::open(&at).await?;
        let workspace = cx.scope().create(&Workspace, &driver, &at).await?;
        // Steps run on the builder; the fact tells them where.
        let machine = Machine::new(Local)
            .id(workspace.id().clone())
            .fact("folder", workspace.id().clone());
        guest.provision(cx, machine).await?;
        let made = PathBuf::from(workspace.id());
        if fs::try_exists(&target).await.path("look at", &target)? {
            fs::remove_dir_all(&target).await.path("replace", &target)?;
        }
        // First the move, then the release: after a crash between the two, clean-up finds nothing at the old place.
        fs::rename(&made, &target).await.path("move the folder to", &target)?;
        cx.scope().release(workspace).await?;
        output.done()?;
        Ok(Tree { folder: target })
    }
}

/// What `Folder` makes.
#[derive(Clone, Debug)]
pub struct Tree {
    folder: PathBuf,
}

impl Artifact for Tree {
    const KIND: &'static str = "tree";

    fn id(&self) -> String {
        self.folder.display().to_string()
    }
}

/// The folder while it is being filled: the outside object that must not be left behind.
pub struct Workspace;

/// All that a later process needs to find one.
#[derive(Serialize, Deserialize)]
pub struct Workspaces {
    below: PathBuf,
}

impl Resource for Workspace {
    const KIND: &'static str = "example-custom-source/workspace";
    type Locator = Workspaces;
    type Driver = PathBuf;
    type Id = String;

    async fn open(at: &Workspaces) -> Result<PathBuf> {
        Ok(at.below.clone())
    }

    async fn create(&self, below: &PathBuf, token: &Token) -> Result<String> {
        // The token is in the name: that is how it is found again.
        let path = below.join(format!(".{}", token.id));
        fs::create_dir_all(&path).await.path("make the folder", &path)?;
        Ok(path.display().to_string())
    }

    async fn find(below: &PathBuf, token: &Token) -> Result<Option<String>> {
        let path = below.join(format!(".{}", token.id));
        Ok(fs::try_exists(&path)
            .await
            .path("look at", &path)?
            .then(|| path.display().to_string()))
    }

    async fn delete(_: &PathBuf, id: String) -> Result<()> {
        match fs::remove_dir_all(&id).await {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io("remove", id, error)),
            _ => Ok(()),
        }
    }

    async fn list(_: &PathBuf, _: &str) -> Result<Vec<Owned<String>>> {
        // A folder carries no labels, so a sweep without the journal finds none.
        Ok(Vec::new())
    }
}

imagebake::resource!(Workspace);

/// A folder with a page in it.
#[image]
fn site() -> Image {
    Image::new()
        .source(Folder::new("site"))
        .provision(File::content("<h1>{{ image }}</h1>\n", "{{ build.folder }}/index.html"))
        .post(Manifest::to("manifest.json"))
}

fn main() -> ExitCode {
    imagebake::main()
}
