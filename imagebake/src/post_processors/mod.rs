//! The built-in post-processors, one folder each.

pub mod artifice;
pub mod checksum;
pub mod compress;
pub mod docker_import;
pub mod docker_push;
pub mod docker_save;
pub mod docker_tag;
pub mod manifest;
#[cfg(test)]
mod tests;

use crate::error::{Context, Result};
use std::path::Path;

/// Makes the folder that an output shall stand in.
pub(crate) fn make_folder_of(output: &Path) -> Result<()> {
    match output.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => std::fs::create_dir_all(folder).path("make the folder", folder),
        None => Ok(()),
    }
}
