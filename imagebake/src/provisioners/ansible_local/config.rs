//! The settings of `ansible-local`.

use crate::{
    describe::Component,
    field::Places,
    plan::Diagnostics,
    provisioner::unwritten_provisioner,
    value::{GuestPath, HostPath, Template, Text},
};
use imagebake_macros::Config;

/// Runs playbooks in the machine, with the Ansible that is installed there.
///
/// ```
/// use imagebake::prelude::*;
///
/// let web = AnsibleLocal::playbook("provision/web.yml").role_paths(["roles/nginx"]);
/// let image = Image::new().source(Null::local()).provision(web);
/// ```
#[derive(Clone, Debug, Config)]
#[config(constructors(playbook(playbook_file), playbooks(playbook_files)))]
pub struct AnsibleLocal {
    /// One playbook on the builder.
    #[field(private, rename = "with_playbook", path, template = "playbook_file")]
    playbook_file: Option<HostPath>,
    /// Several, run one after another.
    #[field(private, rename = "with_playbooks", path, template = "playbook_files")]
    playbook_files: Vec<HostPath>,
    /// A folder that is copied into the machine with all the playbooks need.
    #[field(path, template = "playbook_dir")]
    playbook_dir: Option<HostPath>,
    /// Folders that are copied beside the playbooks.
    #[field(path, template = "playbook_paths")]
    playbook_paths: Vec<HostPath>,
    /// Roles on the builder that are copied.
    #[field(path, template = "role_paths")]
    role_paths: Vec<HostPath>,
    /// Collections on the builder that are copied.
    #[field(path, template = "collection_paths")]
    collection_paths: Vec<HostPath>,
    /// The folder of variables of groups.
    #[field(path, template = "group_vars")]
    group_vars: Option<HostPath>,
    /// The folder of variables of hosts.
    #[field(path, template = "host_vars")]
    host_vars: Option<HostPath>,
    /// The program in the machine; `ansible-playbook`, coloured and unbuffered, without.
    #[field(template = "command")]
    command: Option<Text>,
    /// More arguments of the program.
    #[field(template = "extra_arguments")]
    extra_arguments: Vec<Template>,
    /// The folder in the machine that all is copied to; one under `/tmp/packer-provisioner-ansible-local` without.
    #[field(template = "staging_directory")]
    staging_directory: Option<GuestPath>,
    /// Removes that folder afterwards.
    #[field(template = "clean_staging_directory")]
    clean_staging_directory: bool,
    /// An inventory of your own; otherwise one with the machine alone is written.
    #[field(path, template = "inventory_file")]
    inventory_file: Option<HostPath>,
    /// Groups of the written inventory that the machine is in.
    #[field(template = "inventory_groups")]
    inventory_groups: Vec<Text>,
    /// A list of roles and collections that are installed in the machine before.
    #[field(path, template = "galaxy_file")]
    galaxy_file: Option<HostPath>,
    /// The program that installs them; `ansible-galaxy` without.
    #[field(template = "galaxy_command")]
    galaxy_command: Option<Text>,
    /// Installs them again where they are.
    #[field(template = "galaxy_force_install")]
    galaxy_force_install: bool,
    /// The machine's folder of installed roles.
    #[field(template = "galaxy_roles_path")]
    galaxy_roles_path: Option<GuestPath>,
    /// The machine's folder of installed collections.
    #[field(template = "galaxy_collections_path")]
    galaxy_collections_path: Option<GuestPath>,
    at: Places,
}

impl AnsibleLocal {
    /// The playbook at `path` on the builder.
    #[track_caller]
    pub fn playbook(path: impl Into<HostPath>) -> Self {
        Self::defaults().with_playbook(path)
    }

    /// Several playbooks on the builder, run one after another.
    #[track_caller]
    pub fn playbooks(paths: impl IntoIterator<Item: Into<HostPath>>) -> Self {
        Self::defaults().with_playbooks(paths)
    }
}

impl Component for AnsibleLocal {
    const KIND: &'static str = "ansible-local";

    fn check(&self, problems: &mut Diagnostics) {
        problems.check_any(&[
            ("playbook_file", self.playbook_file.is_some()),
            ("playbook_files", !self.playbook_files.is_empty()),
        ]);
        if self.inventory_file.is_some() && !self.inventory_groups.is_empty() {
            problems.warning(
                "inventory_groups",
                "no-effect",
                "`inventory_groups` are for the written inventory, and `inventory_file` stands for it",
            );
        }
    }
}

unwritten_provisioner!(AnsibleLocal);
