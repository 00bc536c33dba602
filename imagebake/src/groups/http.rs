//! Files that a machine fetches while it is installed.

#[cfg(feature = "machines")]
use crate::error::{Context, Error, ErrorKind, Result};
use crate::{
    field::Places,
    plan::{Diagnostic, Diagnostics},
    value::{HostPath, Template, Text},
};
use imagebake_macros::Config;
use std::net::IpAddr;
#[cfg(feature = "machines")]
use std::path::PathBuf;

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
    /// The builder's address that it listens on; all without. A machine is told a particular one, as far as that is none of the loopback.
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

    /// The address that files are served at, where that is a particular one at which others reach this computer.
    pub fn reached_at(&self) -> Option<IpAddr> {
        let address: IpAddr = self.address()?.parse().ok()?;
        (self.serves() && !address.is_unspecified() && !address.is_loopback()).then_some(address)
    }

    /// Where a setting was made.
    #[cfg(feature = "machines")]
    pub(crate) fn set_at(&self, field: &str) -> Option<crate::field::Place> {
        self.at.get(field)
    }

    /// The folder whose files are served, where one is named.
    ///
    /// # Errors
    /// When it is none.
    #[cfg(feature = "machines")]
    pub(crate) fn probe(&self, cx: &crate::engine::Cx) -> Result<Option<PathBuf>> {
        let Some(folder) = self.folder().map(|folder| cx.input_path(folder)) else {
            return Ok(None);
        };
        let found = std::fs::canonicalize(&folder).path("serve the folder", &folder);
        let found = found.map_err(|error| error.hint("relative paths start at the folder of the image's crate"));
        let found = found.and_then(|found| match found.is_dir() {
            true => Ok(Some(found)),
            false => {
                let message = format!("{} is no folder to be served", folder.display());
                let error = Error::new(ErrorKind::Config, message);
                Err(error.hint("`Http::directory` takes the folder that has the files"))
            }
        });
        found.map_err(|error| error.of_setting("http_directory", self.at.get("http_directory")))
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
        self.check_address(problems);
    }

    fn check_address(&self, problems: &mut Diagnostics) {
        if self.bind_address.as_ref().is_some_and(Text::is_secret) {
            return;
        }
        let (protocol, address) = (self.protocol(), self.address());
        if protocol == "unixpacket" {
            let problem = Diagnostic::error("unsupported", "HTTP needs a stream, and `unixpacket` is none");
            problems.push(problem.field("http_network_protocol").help("use `unix`, or `tcp`"));
        }
        if protocol.starts_with("unix") {
            if address.is_none() {
                let problem = Diagnostic::error("missing", "a Unix socket needs a path");
                let problem = problem.field("http_network_protocol");
                problems.push(problem.help("set `http_bind_address` to where the socket is to be"));
            }
            return;
        }
        let Some(address) = address else { return };
        let (wanted, fits) = match (protocol.as_str(), address.parse::<IpAddr>()) {
            ("tcp4", parsed) => ("an IPv4 address", parsed.is_ok_and(|address| address.is_ipv4())),
            ("tcp6", parsed) => ("an IPv6 address", parsed.is_ok_and(|address| address.is_ipv6())),
            (_, parsed) => ("an IP address", parsed.is_ok()),
        };
        if !fits {
            let message = format!("`{address}` is not {wanted} of this computer to listen on");
            let problem = Diagnostic::error("form", message).field("http_bind_address");
            problems.push(problem.help("leave it out for all of this computer's addresses"));
        }
    }
}
