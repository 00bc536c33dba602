//! The settings of `chef-client`.

use crate::{
    describe::Component,
    field::Places,
    plan::Diagnostics,
    provisioner::unwritten_provisioner,
    provisioners::elevated::Elevated,
    value::{GuestPath, HostPath, Template, Text},
};
use imagebake_macros::Config;

/// Installs Chef in the machine and converges it with a Chef server.
///
/// ```
/// use imagebake::prelude::*;
///
/// let base = ChefClient::server("https://chef.example.org/organizations/acme").run_list(["role[base]"]).node_name("bake");
/// let image = Image::new().source(Null::local()).provision(base);
/// ```
#[derive(Clone, Debug, Config)]
#[config(constructors(server(server_url)))]
pub struct ChefClient {
    /// The server, with its organisation.
    #[field(private, rename = "with_server", template = "server_url")]
    server_url: Option<Template>,
    /// What is converged, in order.
    #[field(template = "run_list")]
    run_list: Vec<Template>,
    /// A policy instead of a run list.
    #[field(template = "policy_name")]
    policy_name: Option<Text>,
    /// The group of the policy.
    #[field(template = "policy_group")]
    policy_group: Option<Text>,
    /// The environment.
    #[field(template = "chef_environment")]
    chef_environment: Option<Text>,
    /// What is said of the licence: `accept-silent` without.
    #[field(template = "chef_license")]
    chef_license: Option<Text>,
    /// The node's name; one made for the build without.
    #[field(template = "node_name")]
    node_name: Option<Template>,
    /// The client's key on the builder.
    #[field(path, template = "client_key")]
    client_key: Option<HostPath>,
    /// The client that registers the node.
    #[field(template = "validation_client_name")]
    validation_client_name: Option<Text>,
    /// The key of that client, on the builder.
    #[field(path, template = "validation_key_path")]
    validation_key_path: Option<HostPath>,
    /// The key of encrypted data bags on the builder.
    #[field(path, template = "encrypted_data_bag_secret_path")]
    encrypted_data_bag_secret_path: Option<HostPath>,
    /// Certificates that Chef trusts.
    #[field(path, template = "trusted_certs_dir")]
    trusted_certs_dir: Option<HostPath>,
    /// `verify_peer` or `verify_none`; `verify_peer` without.
    #[field(template = "ssl_verify_mode")]
    ssl_verify_mode: Option<Text>,
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
    /// What removes node and client afterwards.
    #[field(template = "knife_command", facts("args", "flags", "sudo"))]
    knife_command: Option<Template>,
    /// Where gems come from.
    #[field(template = "rubygems_url")]
    rubygems_url: Option<Text>,
    /// Chef is there already.
    #[field(template = "skip_install")]
    skip_install: bool,
    /// Leaves the client on the server.
    #[field(template = "skip_clean_client")]
    skip_clean_client: bool,
    /// Leaves the node on the server.
    #[field(template = "skip_clean_node")]
    skip_clean_node: bool,
    /// Leaves the copied files in the machine.
    #[field(template = "skip_clean_staging_directory")]
    skip_clean_staging_directory: bool,
    /// The version to install; the newest without.
    #[field(template = "version")]
    version: Option<Text>,
    /// Runs without `sudo`.
    #[field(template = "prevent_sudo")]
    prevent_sudo: bool,
    /// The folder in the machine for what is copied; `/tmp/packer-chef-client` or `C:/Windows/Temp/packer-chef-client` without.
    #[field(template = "staging_directory")]
    staging_directory: Option<GuestPath>,
    /// `unix` or `windows`; from the communicator without.
    #[field(template = "guest_os_type")]
    guest_os_type: Option<Text>,
    #[field(flatten)]
    elevated: Elevated,
    at: Places,
}

impl ChefClient {
    /// Converges with the server at `url`.
    #[track_caller]
    pub fn server(url: impl Into<Template>) -> Self {
        Self::defaults().with_server(url)
    }
}

impl Component for ChefClient {
    const KIND: &'static str = "chef-client";

    fn check(&self, problems: &mut Diagnostics) {
        if self.server_url.as_ref().is_none_or(Template::is_empty) {
            problems.error("server_url", "empty", "the server needs an address");
        }
        problems.check_word("guest_os_type", self.guest_os_type.as_ref(), &["unix", "windows"]);
        problems.check_together(
            "policy_name",
            self.policy_name.is_some(),
            "policy_group",
            self.policy_group.is_some(),
        );
        self.elevated.check_all(problems);
    }
}

unwritten_provisioner!(ChefClient);
