//! The settings of `ansible`.

use crate::provisioners::script::check_assignments;
use crate::{
    describe::Component,
    field::Places,
    plan::Diagnostics,
    provisioner::unwritten_provisioner,
    value::{HostPath, Template, Text},
};
use imagebake_macros::Config;

/// Runs a playbook on the builder against the machine.
///
/// Ansible of the builder is used. It reaches the machine through a connection of this program (a proxy that needs no more than what
/// steps have), or directly.
///
/// ```
/// use imagebake::prelude::*;
///
/// let site = Ansible::playbook("provision/site.yml").user("ubuntu").groups(["web"]).extra_arguments(["--tags", "base"]);
/// let image = Image::new().source(Null::local()).provision(site);
/// ```
#[derive(Clone, Debug, Config)]
#[config(constructors(playbook(playbook_file)))]
pub struct Ansible {
    /// The playbook.
    #[field(required, rename = "with_playbook", path, template = "playbook_file")]
    playbook_file: HostPath,
    /// The program; `ansible-playbook`, as found on `PATH`, without.
    #[field(template = "command")]
    command: Option<Text>,
    /// More arguments of the program: `--extra-vars`, `--tags`, `-vvv`.
    #[field(template = "extra_arguments")]
    extra_arguments: Vec<Template>,
    /// Variables of the program, each as `NAME=value`: `ANSIBLE_HOST_KEY_CHECKING=False`.
    #[field(template = "ansible_env_vars")]
    ansible_env_vars: Vec<Template>,
    /// More arguments of the `ssh` that Ansible starts.
    #[field(template = "ansible_ssh_extra_args")]
    ansible_ssh_extra_args: Vec<Template>,
    /// Inventory groups that the machine is in.
    #[field(template = "groups")]
    groups: Vec<Text>,
    /// Groups that the inventory has without hosts.
    #[field(template = "empty_groups")]
    empty_groups: Vec<Text>,
    /// What the inventory calls the machine; `default` without.
    #[field(template = "host_alias")]
    host_alias: Option<Text>,
    /// The user that Ansible logs in as: the communicator's without.
    #[field(template = "user")]
    user: Option<Text>,
    /// The builder's port of the proxy; a free one without.
    #[field(template = "local_port")]
    local_port: Option<u16>,
    /// The proxy's host key; one made for the build without.
    #[field(path, template = "ssh_host_key_file")]
    ssh_host_key_file: Option<HostPath>,
    /// The public key that may log in to the proxy; one made for the build without.
    #[field(path, template = "ssh_authorized_key_file")]
    ssh_authorized_key_file: Option<HostPath>,
    /// The type of the keys made for the proxy: `ECDSA`, which is the default, or `RSA`.
    #[field(template = "ansible_proxy_key_type")]
    ansible_proxy_key_type: Option<Text>,
    /// What serves SFTP in the machine; `/usr/lib/sftp-server -e` without.
    #[field(template = "sftp_command")]
    sftp_command: Option<Text>,
    /// Whether Ansible copies files with SFTP: with `scp` otherwise.
    #[field(template = "use_sftp")]
    use_sftp: bool,
    /// Whether Ansible goes through the proxy, which is the default; `false` lets it connect to the machine itself.
    #[field(template = "use_proxy")]
    use_proxy: Option<bool>,
    /// Whether WinRM is spoken without TLS.
    #[field(template = "ansible_winrm_use_http")]
    ansible_winrm_use_http: bool,
    /// Leaves out asking the program for its version.
    #[field(template = "skip_version_check")]
    skip_version_check: bool,
    /// The folder in which the inventory is written; it may hold `group_vars` and `host_vars`.
    #[field(path, template = "inventory_directory")]
    inventory_directory: Option<HostPath>,
    /// A line of the inventory, with `{{ host_alias }}`, `{{ host }}`, `{{ user }}` and `{{ port }}`.
    #[field(template = "inventory_file_template", facts("host", "host_alias", "port", "user"))]
    inventory_file_template: Option<Template>,
    /// An inventory of your own, which is used as it is.
    #[field(path, template = "inventory_file")]
    inventory_file: Option<HostPath>,
    /// Leaves the written inventory there.
    #[field(template = "keep_inventory_file")]
    keep_inventory_file: bool,
    /// A list of roles and collections that are installed before.
    #[field(path, template = "galaxy_file")]
    galaxy_file: Option<HostPath>,
    /// The program that installs them; `ansible-galaxy` without.
    #[field(template = "galaxy_command")]
    galaxy_command: Option<Text>,
    /// Installs them again where they are.
    #[field(template = "galaxy_force_install")]
    galaxy_force_install: bool,
    /// The same with all they depend on.
    #[field(template = "galaxy_force_with_deps")]
    galaxy_force_with_deps: bool,
    /// The folder of installed roles.
    #[field(path, template = "roles_path")]
    roles_path: Option<HostPath>,
    /// The folder of installed collections.
    #[field(path, template = "collections_path")]
    collections_path: Option<HostPath>,
    at: Places,
}

impl Ansible {
    /// The playbook at `path`, relative to the folder of the image's crate.
    #[track_caller]
    pub fn playbook(path: impl Into<HostPath>) -> Self {
        Self::defaults().with_playbook(path)
    }
}

impl Component for Ansible {
    const KIND: &'static str = "ansible";

    fn check(&self, problems: &mut Diagnostics) {
        if self.playbook_file.as_path().as_os_str().is_empty() {
            problems.error("playbook_file", "empty", "the playbook needs a path");
        }
        problems.check_word(
            "ansible_proxy_key_type",
            self.ansible_proxy_key_type.as_ref(),
            &["ECDSA", "RSA"],
        );
        check_assignments("ansible_env_vars", &self.ansible_env_vars, problems);
        if self.use_proxy == Some(false) && self.local_port.is_some() {
            problems.warning(
                "local_port",
                "no-effect",
                "`local_port` is the proxy's, and `use_proxy` is off",
            );
        }
    }
}

unwritten_provisioner!(Ansible);
