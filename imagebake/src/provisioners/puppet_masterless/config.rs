//! The settings of `puppet-masterless`.

use crate::{
    describe::Component,
    field::Places,
    plan::Diagnostics,
    provisioner::unwritten_provisioner,
    provisioners::puppet::{Call, Surroundings},
    value::{GuestPath, HostPath, Template, Text},
};
use imagebake_macros::Config;

/// Applies a manifest in the machine, with the Puppet that is installed there.
///
/// ```
/// use imagebake::prelude::*;
///
/// let site = PuppetMasterless::manifest("manifests/site.pp").module_paths(["modules"]).fact("role", "web");
/// let image = Image::new().source(Null::local()).provision(site);
/// ```
#[derive(Clone, Debug, Config)]
#[config(constructors(manifest(manifest_file)))]
pub struct PuppetMasterless {
    /// The manifest, or a folder of manifests.
    #[field(required, rename = "with_manifest", path, template = "manifest_file")]
    manifest_file: HostPath,
    /// The folder with what the manifest includes; it is copied whole.
    #[field(path, template = "manifest_dir")]
    manifest_dir: Option<HostPath>,
    /// Folders of modules on the builder, which are copied.
    #[field(path, template = "module_paths")]
    module_paths: Vec<HostPath>,
    /// Hiera's configuration on the builder.
    #[field(path, template = "hiera_config_path")]
    hiera_config_path: Option<HostPath>,
    /// Facts that the machine shall have.
    #[field(each = "fact", template = "facter")]
    facter: Vec<(String, Text)>,
    /// More arguments of `puppet apply`.
    #[field(template = "extra_arguments")]
    extra_arguments: Vec<Template>,
    /// What runs Puppet.
    #[field(
        template = "execute_command",
        facts(
            "debug",
            "extra_arguments",
            "facter_vars",
            "has_hiera_config_path",
            "hiera_config_path",
            "manifest_dir",
            "manifest_file",
            "module_path",
            "puppet_bin_dir",
            "sudo",
            "working_dir"
        )
    )]
    execute_command: Option<Template>,
    #[field(flatten)]
    call: Call,
    /// The folder in the machine for what is copied; `/tmp/packer-puppet-masterless` or `C:/Windows/Temp/packer-puppet-masterless`
    /// without.
    #[field(template = "staging_directory")]
    staging_directory: Option<GuestPath>,
    #[field(flatten)]
    surroundings: Surroundings,
    at: Places,
}

impl PuppetMasterless {
    /// Applies the manifest at `path` on the builder.
    #[track_caller]
    pub fn manifest(path: impl Into<HostPath>) -> Self {
        Self::defaults().with_manifest(path)
    }
}

impl Component for PuppetMasterless {
    const KIND: &'static str = "puppet-masterless";

    fn check(&self, problems: &mut Diagnostics) {
        if self.manifest_file.as_path().as_os_str().is_empty() {
            problems.error("manifest_file", "empty", "the manifest needs a path");
        }
        self.surroundings.check_all(problems);
    }
}

unwritten_provisioner!(PuppetMasterless);
