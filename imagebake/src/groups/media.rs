//! Files that a machine finds on media made for the build.

use crate::{
    engine::Cx,
    error::{Context, Error, ErrorKind, Result},
    field::Places,
    guest_media::{Tree, floppy, write_cd},
    io::{glob, off_the_async_threads},
    value::{HostPath, Text},
};
use imagebake_macros::Config;
use std::{
    fs::File,
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

/// A floppy disk made for the build: answer files of Windows, drivers.
#[derive(Clone, Debug, Config)]
#[config(prefix = "floppy_", constructors(new))]
pub struct Floppy {
    /// Files that are put on it, all beside each other; `*` and `?` match.
    #[field(path, template = "floppy_files")]
    files: Vec<HostPath>,
    /// Folders that are put on it as they are.
    #[field(path, template = "floppy_dirs")]
    dirs: Vec<HostPath>,
    /// Files by name that are not on the builder's disk; never rendered.
    #[field(template = "floppy_content")]
    content: Vec<(String, Text)>,
    /// The name of the disk; `packer` without.
    #[field(template = "floppy_label")]
    label: Option<Text>,
    at: Places,
}

/// A CD made for the build: the seed of cloud-init, answer files.
#[derive(Clone, Debug, Config)]
#[config(prefix = "cd_", constructors(new))]
pub struct Cd {
    /// Files and folders that are put on it; `*` and `?` match.
    #[field(path, template = "cd_files")]
    files: Vec<HostPath>,
    /// Files by path that are not on the builder's disk; never rendered.
    #[field(template = "cd_content")]
    content: Vec<(String, Text)>,
    /// The name of the disk: `cidata` for cloud-init; `packer` without.
    #[field(template = "cd_label")]
    label: Option<Text>,
    at: Places,
}

impl Floppy {
    /// An empty disk, to be filled.
    #[track_caller]
    pub fn new() -> Self {
        Self::defaults()
    }

    /// Whether anything is put on it.
    pub fn has_files(&self) -> bool {
        !(self.files.is_empty() && self.dirs.is_empty() && self.content.is_empty())
    }

    /// What is on it. Blocking.
    fn tree(&self, cx: &Cx) -> Result<Tree> {
        let mut tree = Tree::new();
        for path in &self.files {
            let added = tree.add_matching_flat(&cx.input_path(path));
            added.map_err(|error| error.of_setting("floppy_files", self.at.get("floppy_files")))?;
        }
        for path in &self.dirs {
            let added = tree.add_matching(&cx.input_path(path));
            added.map_err(|error| error.of_setting("floppy_dirs", self.at.get("floppy_dirs")))?;
        }
        let added = add_content(&mut tree, &self.content);
        added.map_err(|error| error.of_setting("floppy_content", self.at.get("floppy_content")))?;
        Ok(tree)
    }

    /// Looks whether what is put on it is there.
    ///
    /// # Errors
    /// When a pattern matches nothing, or something cannot be read.
    pub async fn probe(&self, cx: &Cx) -> Result<()> {
        let (floppy, cx) = (self.clone(), cx.clone());
        off_the_async_threads(move || floppy.tree(&cx).map(drop)).await
    }

    /// The files and folders of the builder that are put on it. Blocking.
    pub(crate) fn inputs(&self, cx: &Cx) -> Result<Vec<PathBuf>> {
        matched(cx, self.files.iter().chain(&self.dirs))
    }

    /// Makes its image at `to`.
    ///
    /// # Errors
    /// When a pattern matches nothing, something cannot be read, or there is not room for it.
    pub async fn make(&self, cx: &Cx, to: &Path) -> Result<()> {
        let (floppy_of, inputs) = (self.clone(), cx.clone());
        made(cx, to, move |mut file, moment| {
            let tree = floppy_of.tree(&inputs)?;
            let disk = floppy(&tree, &label_of(floppy_of.label.as_ref())?, moment)?;
            file.write_all(&disk).map_err(Error::from)
        })
        .await
    }
}

/// What patterns match.
fn matched<'a>(cx: &Cx, patterns: impl IntoIterator<Item = &'a HostPath>) -> Result<Vec<PathBuf>> {
    let found = patterns
        .into_iter()
        .map(|pattern| glob::entries(&cx.input_path(pattern)));
    Ok(found.collect::<Result<Vec<_>>>()?.concat())
}

/// Makes an image at `to` in a thread of its own.
async fn made(cx: &Cx, to: &Path, make: impl FnOnce(File, Option<i64>) -> Result<()> + Send + 'static) -> Result<()> {
    let moment = cx.clock().is_fixed().then(|| cx.clock().seconds());
    let to = to.to_owned();
    let making = tokio::task::spawn_blocking(move || {
        let file = File::create(&to).path("make", &to)?;
        make(file, moment)
    });
    making
        .await
        .map_err(|error| Error::new(ErrorKind::Internal, "an image could not be made").because(error))?
}

fn add_content(tree: &mut Tree, content: &[(String, Text)]) -> Result<()> {
    content
        .iter()
        .try_for_each(|(path, text)| tree.add_bytes(path, text.reveal()?.as_bytes()))
}

fn label_of(label: Option<&Text>) -> Result<String> {
    label.map_or_else(|| Ok("packer".to_owned()), |label| Ok(label.reveal()?.to_string()))
}

impl Cd {
    /// An empty disk, to be filled.
    #[track_caller]
    pub fn new() -> Self {
        Self::defaults()
    }

    /// Whether anything is put on it.
    pub fn has_files(&self) -> bool {
        !(self.files.is_empty() && self.content.is_empty())
    }

    /// What is on it. Blocking.
    fn tree(&self, cx: &Cx) -> Result<Tree> {
        let mut tree = Tree::new();
        for path in &self.files {
            let added = tree.add_matching(&cx.input_path(path));
            added.map_err(|error| error.of_setting("cd_files", self.at.get("cd_files")))?;
        }
        let added = add_content(&mut tree, &self.content);
        added.map_err(|error| error.of_setting("cd_content", self.at.get("cd_content")))?;
        Ok(tree)
    }

    /// Looks whether what is put on it is there.
    ///
    /// # Errors
    /// When a pattern matches nothing, or something cannot be read.
    pub async fn probe(&self, cx: &Cx) -> Result<()> {
        let (cd, cx) = (self.clone(), cx.clone());
        off_the_async_threads(move || cd.tree(&cx).map(drop)).await
    }

    /// The files and folders of the builder that are put on it. Blocking.
    pub(crate) fn inputs(&self, cx: &Cx) -> Result<Vec<PathBuf>> {
        matched(cx, &self.files)
    }

    /// Makes its image at `to`.
    ///
    /// # Errors
    /// When a pattern matches nothing, or something cannot be read.
    pub async fn make(&self, cx: &Cx, to: &Path) -> Result<()> {
        let (cd, inputs) = (self.clone(), cx.clone());
        made(cx, to, move |file, moment| {
            let tree = cd.tree(&inputs)?;
            let mut out = BufWriter::with_capacity(1 << 20, file);
            write_cd(&tree, &label_of(cd.label.as_ref())?, moment, &mut out)
        })
        .await
    }
}
