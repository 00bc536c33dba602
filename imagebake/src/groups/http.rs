//! Files that a machine fetches while it is installed.

use crate::{
    field::Places,
    plan::Diagnostics,
    value::{HostPath, Template, Text},
};
use imagebake_macros::Config;

/// A small HTTP server for the time of the build: kickstart files, preseeds, packages.
#[derive(Clone, Debug, Config)]
#[config(prefix = "http_", constructors(directory(directory), new))]
pub struct Http {
    /// The folder whose files are served.
    #[field(private, rename = "in_directory", path, template = "http_directory")]
    directory: Option<HostPath>,
    /// Files by path that are served without being on the builder's disk; never rendered.
    #[field(private, rename = "in_content", template = "http_content")]
    content: Vec<(String, Text)>,
    /// Files by path that are rendered with the run's facts, among them `http_ip`, `http_port`, `name` and, of machines with a key of their
    /// own, `ssh_public_key`.
    #[field(each = "template", facts("http_ip", "http_port", "name", "ssh_public_key"))]
    templates: Vec<(String, Template)>,
    /// The first port that may be used; 8000 without.
    #[field(template = "http_port_min", unkeyed)]
    port_min: Option<u16>,
    /// The last port that may be used; 9000 without. The same as the first for exactly one.
    #[field(template = "http_port_max", unkeyed)]
    port_max: Option<u16>,
    /// The builder's address that it listens on; all without.
    #[field(template = "http_bind_address", unkeyed)]
    bind_address: Option<Text>,
    /// The builder's network interface whose address a machine on a bridge is told; the bridge's without.
    #[field(template = "http_interface", unkeyed)]
    interface: Option<Text>,
    /// `tcp`, `tcp4`, `tcp6`, `unix` or `unixpacket`; `tcp` without.
    #[field(template = "http_network_protocol", unkeyed)]
    network_protocol: Option<Text>,
    at: Places,
}

impl Http {
    /// Serves the files of `folder`, relative to the folder of the image's crate.
    #[track_caller]
    pub fn directory(folder: impl Into<HostPath>) -> Self {
        Self::defaults().in_directory(folder)
    }

    /// Serves texts by their paths: `[("/user-data", text)]`.
    #[track_caller]
    pub fn content<K: Into<String>, V: Into<Text>>(files: impl IntoIterator<Item = (K, V)>) -> Self {
        Self::defaults().in_content(files)
    }

    /// Serves nothing of its own yet: for ports and addresses that templates set by themselves.
    #[track_caller]
    pub fn new() -> Self {
        Self::defaults()
    }

    /// The folder whose files are served.
    pub fn folder(&self) -> Option<&HostPath> {
        self.directory.as_ref()
    }

    /// Files by path that are served as they are.
    pub fn texts(&self) -> &[(String, Text)] {
        &self.content
    }

    /// Files by path that are rendered.
    pub fn template_texts(&self) -> &[(String, Template)] {
        &self.templates
    }

    /// Whether there is anything to serve.
    pub fn serves(&self) -> bool {
        self.directory.is_some() || !self.content.is_empty() || !self.templates.is_empty()
    }

    /// The first and the last port that may be used.
    pub fn ports(&self) -> (u16, u16) {
        let (first, last) = (self.port_min.unwrap_or(8000), self.port_max.unwrap_or(9000));
        (first, last.max(first))
    }

    /// What it listens with: `tcp` where nothing is said.
    pub fn protocol(&self) -> String {
        self.network_protocol
            .as_ref()
            .map_or_else(|| "tcp".to_owned(), Text::to_string)
    }

    /// The builder's address that it listens on, or the path of its socket, where one is said.
    pub fn address(&self) -> Option<String> {
        self.bind_address.as_ref().map(Text::to_string)
    }

    /// The network interface whose address the machine is told, where one is named.
    pub fn interface_name(&self) -> Option<String> {
        self.interface.as_ref().map(Text::to_string)
    }

    /// Warns that `http_interface` decides nothing, for platforms whose machines reach the builder at one address only.
    pub(crate) fn warn_of_interface(&self, problems: &mut Diagnostics) {
        if self.interface.is_some() {
            let message = "the machine reaches the builder at one address, whatever interface is named";
            problems.warning("http_interface", "no-effect", message);
        }
    }

    /// Finds what is wrong with the settings. Sources call it from their own check.
    pub fn check_all(&self, problems: &mut Diagnostics) {
        problems.check_exclusive(&[
            ("http_directory", self.directory.is_some()),
            ("http_content", !self.content.is_empty()),
        ]);
        problems.check_range(
            ("http_port_min", self.port_min.unwrap_or(8000)),
            ("http_port_max", self.port_max.unwrap_or(9000)),
        );
        problems.check_word(
            "http_network_protocol",
            self.network_protocol.as_ref(),
            &["tcp", "tcp4", "tcp6", "unix", "unixpacket"],
        );
    }
}
