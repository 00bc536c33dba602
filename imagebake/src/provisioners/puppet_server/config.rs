//! The settings of `puppet-server`.

use crate::{
    describe::Component,
    field::Places,
    plan::Diagnostics,
    provisioner::unwritten_provisioner,
    provisioners::puppet::{Call, Surroundings},
    value::{GuestPath, HostPath, Template, Text},
};
use imagebake_macros::Config;

/// Runs the machine's Puppet agent once against a server.
///
/// ```
/// use imagebake::prelude::*;
///
/// let agent = PuppetServer::new("puppet.example.org").puppet_node("bake").fact("role", "web");
/// let image = Image::new().source(Null::local()).provision(agent);
/// ```
#[derive(Clone, Debug, Config)]
#[config(constructors(new(puppet_server)))]
pub struct PuppetServer {
    /// The server.
    #[field(private, rename = "with_server", template = "puppet_server")]
    puppet_server: Option<Template>,
    /// The node's name; the machine's own without.
    #[field(template = "puppet_node")]
    puppet_node: Option<Template>,
    /// The folder of the node's certificate on the builder, which is copied.
    #[field(path, template = "client_cert_path")]
    client_cert_path: Option<HostPath>,
    /// The folder of the node's private key on the builder, which is copied.
    #[field(path, template = "client_private_key_path")]
    client_private_key_path: Option<HostPath>,
    /// Facts that the machine shall have.
    #[field(each = "fact", template = "facter")]
    facter: Vec<(String, Text)>,
    /// More arguments of `puppet agent`.
    #[field(template = "extra_arguments")]
    extra_arguments: Vec<Template>,
    /// What runs Puppet.
    #[field(
        template = "execute_command",
        facts(
            "client_cert_path",
            "client_private_key_path",
            "debug",
            "extra_arguments",
            "facter_vars",
            "puppet_bin_dir",
            "puppet_node",
            "puppet_server",
            "sudo",
            "working_dir"
        )
    )]
    execute_command: Option<Template>,
    #[field(flatten)]
    call: Call,
    /// The folder in the machine for what is copied; `/tmp/packer-puppet-server` or `C:/Windows/Temp/packer-puppet-server` without.
    #[field(template = "staging_dir")]
    staging_dir: Option<GuestPath>,
    #[field(flatten)]
    surroundings: Surroundings,
    at: Places,
}

impl PuppetServer {
    /// The server's name.
    #[track_caller]
    pub fn new(server: impl Into<Template>) -> Self {
        Self::defaults().with_server(server)
    }
}

impl Component for PuppetServer {
    const KIND: &'static str = "puppet-server";

    fn check(&self, problems: &mut Diagnostics) {
        self.surroundings.check_all(problems);
    }
}

unwritten_provisioner!(PuppetServer);
