//! Files that a machine finds on media made for the build.

use crate::{
    field::Places,
    value::{HostPath, Text},
};
use imagebake_macros::Config;

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
}

impl Default for Floppy {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}

impl Cd {
    /// An empty disk, to be filled.
    #[track_caller]
    pub fn new() -> Self {
        Self::defaults()
    }
}

impl Default for Cd {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}
