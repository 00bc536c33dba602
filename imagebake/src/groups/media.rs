//! Files that a machine finds on media made for the build.

use crate::{
    engine::Cx,
    error::{Context, Error, ErrorKind, Result},
    field::Places,
    guest_media::{Tree, floppy, write_cd},
    value::{HostPath, Text},
};
use imagebake_macros::Config;
use std::{
    fs::File,
    io::{BufWriter, Write},
    path::Path,
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

    /// Makes its image at `to`.
    ///
    /// # Errors
    /// When a pattern matches nothing, something cannot be read, or there is not room for it.
    pub async fn make(&self, cx: &Cx, to: &Path) -> Result<()> {
        let (floppy_of, inputs) = (self.clone(), cx.clone());
        made(cx, to, move |mut file, moment| {
            let mut tree = Tree::new();
            for path in &floppy_of.files {
                tree.add_matching_flat(&inputs.input_path(path))?;
            }
            for path in &floppy_of.dirs {
                tree.add_matching(&inputs.input_path(path))?;
            }
            add_content(&mut tree, &floppy_of.content)?;
            let disk = floppy(&tree, &label_of(floppy_of.label.as_ref())?, moment)?;
            file.write_all(&disk).map_err(Error::from)
        })
        .await
    }
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

    /// Makes its image at `to`.
    ///
    /// # Errors
    /// When a pattern matches nothing, or something cannot be read.
    pub async fn make(&self, cx: &Cx, to: &Path) -> Result<()> {
        let (cd, inputs) = (self.clone(), cx.clone());
        made(cx, to, move |file, moment| {
            let mut tree = Tree::new();
            for path in &cd.files {
                tree.add_matching(&inputs.input_path(path))?;
            }
            add_content(&mut tree, &cd.content)?;
            let mut out = BufWriter::with_capacity(1 << 20, file);
            write_cd(&tree, &label_of(cd.label.as_ref())?, moment, &mut out)
        })
        .await
    }
}
