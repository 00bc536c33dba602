//! The settings of `chef-solo`.

use crate::{
    describe::Component,
    field::Places,
    plan::Diagnostics,
    provisioner::unwritten_provisioner,
    value::{GuestPath, HostPath, Template, Text},
};
use imagebake_macros::Config;

/// Installs Chef in the machine and converges it without a server.
///
/// ```
/// use imagebake::prelude::*;
///
/// let base = ChefSolo::run_list(["recipe[base]"]).cookbook_paths(["cookbooks"]).version("17");
/// let image = Image::new().source(Null::local()).provision(base);
/// ```
#[derive(Clone, Debug, Config)]
#[config(constructors(run_list(run_list), new))]
pub struct ChefSolo {
    /// What is converged, in order.
    #[field(private, rename = "with_run_list", template = "run_list")]
    run_list: Vec<Template>,
    /// Folders of cookbooks on the builder, which are copied.
    #[field(path, template = "cookbook_paths")]
    cookbook_paths: Vec<HostPath>,
    /// Folders of cookbooks that the machine has already.
    #[field(template = "remote_cookbook_paths")]
    remote_cookbook_paths: Vec<Text>,
    /// The folder of roles on the builder.
    #[field(path, template = "roles_path")]
    roles_path: Option<HostPath>,
    /// The folder of data bags on the builder.
    #[field(path, template = "data_bags_path")]
    data_bags_path: Option<HostPath>,
    /// The key of encrypted data bags on the builder.
    #[field(path, template = "encrypted_data_bag_secret_path")]
    encrypted_data_bag_secret_path: Option<HostPath>,
    /// The folder of environments on the builder.
    #[field(path, template = "environments_path")]
    environments_path: Option<HostPath>,
    /// The environment.
    #[field(template = "chef_environment")]
    chef_environment: Option<Text>,
    /// What is said of the licence: `accept-silent` without.
    #[field(template = "chef_license")]
    chef_license: Option<Text>,
    /// A file of your own for Chef's configuration.
    #[field(path, template = "config_template")]
    config_template: Option<HostPath>,
    /// Attributes of the node, as JSON.
    #[field(template = "json_string", secret)]
    json_string: Option<Template>,
    /// What runs Chef, with `{{ config_path }}`, `{{ json_path }}` and `{{ sudo }}`.
    #[field(template = "execute_command", facts("config_path", "json_path", "sudo"))]
    execute_command: Option<Template>,
    /// What installs Chef.
    #[field(template = "install_command", facts("sudo", "version"))]
    install_command: Option<Template>,
    /// Chef is there already.
    #[field(template = "skip_install")]
    skip_install: bool,
    /// The version to install; the newest without.
    #[field(template = "version")]
    version: Option<Text>,
    /// Runs without `sudo`.
    #[field(template = "prevent_sudo")]
    prevent_sudo: bool,
    /// The folder in the machine for what is copied; `/tmp/packer-chef-solo` or `C:/Windows/Temp/packer-chef-solo` without.
    #[field(template = "staging_directory")]
    staging_directory: Option<GuestPath>,
    /// `unix` or `windows`; from the communicator without.
    #[field(template = "guest_os_type")]
    guest_os_type: Option<Text>,
    at: Places,
}

impl ChefSolo {
    /// Converges `run_list`: `recipe[…]` and `role[…]`.
    #[track_caller]
    pub fn run_list(run_list: impl IntoIterator<Item: Into<Template>>) -> Self {
        Self::defaults().with_run_list(run_list)
    }

    /// Installs Chef and converges nothing but what the attributes say.
    #[track_caller]
    pub fn new() -> Self {
        Self::defaults()
    }
}

impl Component for ChefSolo {
    const KIND: &'static str = "chef-solo";

    fn check(&self, problems: &mut Diagnostics) {
        problems.check_word("guest_os_type", self.guest_os_type.as_ref(), &["unix", "windows"]);
        if self.skip_install && self.version.is_some() {
            problems.warning(
                "version",
                "no-effect",
                "nothing is installed, so `version` has no effect",
            );
        }
    }
}

unwritten_provisioner!(ChefSolo);
