//! The settings of `puppet-masterless`.

use crate::{
    describe::Component,
    field::Places,
    plan::Diagnostics,
    provisioner::unwritten_provisioner,
    value::{GuestPath, HostPath, Secret, Template, Text},
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
    /// Goes on whatever Puppet says; otherwise 0 and 2 are success.
    #[field(template = "ignore_exit_codes")]
    ignore_exit_codes: bool,
    /// Runs without `sudo`.
    #[field(template = "prevent_sudo")]
    prevent_sudo: bool,
    /// The folder of the program in the machine.
    #[field(template = "puppet_bin_dir")]
    puppet_bin_dir: Option<GuestPath>,
    /// The folder in the machine for what is copied; `/tmp/packer-puppet-masterless` or `C:/Windows/Temp/packer-puppet-masterless`
    /// without.
    #[field(template = "staging_directory")]
    staging_directory: Option<GuestPath>,
    /// Removes that folder afterwards.
    #[field(template = "clean_staging_directory")]
    clean_staging_directory: bool,
    /// The folder that Puppet starts in; the staging folder without.
    #[field(template = "working_directory")]
    working_directory: Option<GuestPath>,
    /// `unix` or `windows`; from the communicator without.
    #[field(template = "guest_os_type")]
    guest_os_type: Option<Text>,
    /// The user whose scheduled task runs Puppet on Windows.
    #[field(template = "elevated_user")]
    elevated_user: Option<Template>,
    /// That user's password.
    #[field(template = "elevated_password")]
    elevated_password: Option<Secret>,
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
        problems.check_word("guest_os_type", self.guest_os_type.as_ref(), &["unix", "windows"]);
        if self.elevated_password.is_some() && self.elevated_user.is_none() {
            problems.error(
                "elevated_password",
                "no-user",
                "`elevated_password` is the password of `elevated_user`, which is not set",
            );
        }
    }
}

unwritten_provisioner!(PuppetMasterless);
