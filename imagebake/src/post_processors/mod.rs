//! The built-in post-processors, one folder each.

pub mod amazon_import;
pub mod artifice;
pub mod checksum;
pub mod compress;
pub mod docker_import;
pub mod docker_push;
pub mod docker_save;
pub mod docker_tag;
pub mod googlecompute_export;
pub mod googlecompute_import;
pub mod manifest;
pub mod provenance;
#[cfg(test)]
mod tests;
pub mod vagrant;
pub mod vagrant_cloud;
pub mod vagrant_registry;
pub mod vsphere;
pub mod vsphere_template;

use crate::{
    artifact::AnyArtifact,
    catalog::{Entry, Role},
    error::{Context, Result},
};
use std::path::Path;

pub(crate) fn components() -> Vec<Entry> {
    vec![
        Entry::post_processor::<AnyArtifact, amazon_import::AmazonImport>(),
        Entry::post_processor::<AnyArtifact, artifice::Artifice>(),
        Entry::post_processor::<AnyArtifact, checksum::Checksum>(),
        Entry::post_processor::<AnyArtifact, compress::Compress>(),
        Entry::described::<docker_import::DockerImport>(Role::PostProcessor).needs("docker"),
        Entry::described::<docker_push::DockerPush>(Role::PostProcessor)
            .needs("docker")
            .particular(),
        Entry::described::<docker_save::DockerSave>(Role::PostProcessor)
            .needs("docker")
            .particular(),
        Entry::described::<docker_tag::DockerTag>(Role::PostProcessor)
            .needs("docker")
            .particular(),
        Entry::post_processor::<AnyArtifact, googlecompute_export::GooglecomputeExport>(),
        Entry::post_processor::<AnyArtifact, googlecompute_import::GooglecomputeImport>(),
        Entry::post_processor::<AnyArtifact, manifest::Manifest>(),
        Entry::post_processor::<AnyArtifact, provenance::Provenance>(),
        Entry::post_processor::<AnyArtifact, crate::provisioners::shell_local::ShellLocal>(),
        Entry::post_processor::<AnyArtifact, vagrant::Vagrant>(),
        Entry::post_processor::<AnyArtifact, vagrant_cloud::VagrantCloud>(),
        Entry::post_processor::<AnyArtifact, vagrant_registry::VagrantRegistry>(),
        Entry::post_processor::<AnyArtifact, vsphere::Vsphere>(),
        Entry::post_processor::<AnyArtifact, vsphere_template::VsphereTemplate>(),
    ]
}

/// Makes the folder that an output shall stand in.
pub(crate) fn make_folder_of(output: &Path) -> Result<()> {
    match output.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => std::fs::create_dir_all(folder).path("make the folder", folder),
        None => Ok(()),
    }
}
