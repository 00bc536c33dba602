//! The built-in provisioners, one folder each.

pub mod ansible;
pub mod ansible_local;
pub mod breakpoint;
pub mod cargo;
pub mod chef_client;
pub mod chef_solo;
mod elevated;
pub mod file;
pub mod hcp_sbom;
pub mod powershell;
mod puppet;
pub mod puppet_masterless;
pub mod puppet_server;
pub mod salt_masterless;
pub(crate) mod script;
mod script_variables;
pub mod shell;
pub mod shell_local;
pub mod sleep;
pub mod windows_restart;
pub mod windows_shell;

use crate::catalog::Entry;

pub(crate) fn components() -> Vec<Entry> {
    vec![
        Entry::provisioner::<ansible::Ansible>(),
        Entry::provisioner::<ansible_local::AnsibleLocal>(),
        Entry::provisioner::<breakpoint::Breakpoint>(),
        Entry::provisioner::<cargo::Cargo>(),
        Entry::provisioner::<chef_client::ChefClient>(),
        Entry::provisioner::<chef_solo::ChefSolo>(),
        Entry::provisioner::<file::File>(),
        Entry::provisioner::<hcp_sbom::HcpSbom>(),
        Entry::provisioner::<powershell::Powershell>(),
        Entry::provisioner::<puppet_masterless::PuppetMasterless>(),
        Entry::provisioner::<puppet_server::PuppetServer>(),
        Entry::provisioner::<salt_masterless::SaltMasterless>(),
        Entry::provisioner::<shell::Shell>(),
        Entry::provisioner::<shell_local::ShellLocal>(),
        Entry::provisioner::<sleep::Sleep>(),
        Entry::provisioner::<windows_restart::WindowsRestart>(),
        Entry::provisioner::<windows_shell::WindowsShell>(),
    ]
}
