//! The settings of `puppet-server`.

use crate::{
    describe::Component,
    field::Places,
    plan::Diagnostics,
    provisioner::unwritten_provisioner,
    value::{GuestPath, HostPath, Secret, Template, Text},
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
    /// Goes on whatever Puppet says; otherwise 0 and 2 are success.
    #[field(template = "ignore_exit_codes")]
    ignore_exit_codes: bool,
    /// Runs without `sudo`.
    #[field(template = "prevent_sudo")]
    prevent_sudo: bool,
    /// The folder of the program in the machine.
    #[field(template = "puppet_bin_dir")]
    puppet_bin_dir: Option<GuestPath>,
    /// The folder in the machine for what is copied; `/tmp/packer-puppet-server` or `C:/Windows/Temp/packer-puppet-server` without.
    #[field(template = "staging_dir")]
    staging_dir: Option<GuestPath>,
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

unwritten_provisioner!(PuppetServer);
