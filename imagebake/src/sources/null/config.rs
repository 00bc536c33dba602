//! The settings of `null`.

use super::artifact::Nothing;
use crate::{
    communicator::{ssh::Ssh, winrm::WinRm},
    describe::{Component, Describe, HasGuest, Info, feature},
    field::Places,
    plan::Diagnostics,
    source::Runtime,
    value::Text,
};
use imagebake_macros::Config;

/// A source without a machine of its own.
///
/// ```
/// use imagebake::prelude::*;
///
/// fn tools() -> Image {
///     Image::new().source(Null::none()).provision(ShellLocal::inline(["cargo --version"]))
/// }
/// # tools();
/// ```
#[derive(Clone, Debug, Config)]
#[config(constructors(none(communicator = "none"), local(communicator = "local"), ssh(ssh), winrm(winrm)))]
pub struct Null {
    /// How the machine is reached: `none`, `local` for the builder itself, `ssh` or `winrm`; as the connection that is given says without.
    #[field(template = "communicator")]
    communicator: Option<Text>,
    /// The connection to a machine that runs already.
    #[field(group, private, rename = "with_ssh")]
    pub(super) ssh: Option<Ssh>,
    /// The connection to a Windows machine that runs already.
    #[field(group, private, rename = "with_winrm")]
    winrm: Option<WinRm>,
    at: Places,
}

impl Null {
    /// No machine: steps that need one are refused, steps on the builder run.
    #[track_caller]
    pub fn none() -> Self {
        Self::defaults().communicator("none")
    }

    /// The builder itself is the machine: shell and file steps change the computer that the build runs on.
    #[track_caller]
    pub fn local() -> Self {
        Self::defaults().communicator("local")
    }

    /// A machine that runs already and is changed by the steps; it stays as they leave it.
    #[track_caller]
    pub fn ssh(ssh: Ssh) -> Self {
        Self::defaults().with_ssh(ssh)
    }

    /// A Windows machine that runs already. It plans; steps cannot run over WinRM yet.
    #[track_caller]
    pub fn winrm(winrm: WinRm) -> Self {
        Self::defaults().with_winrm(winrm)
    }

    pub(super) fn is_local(&self) -> bool {
        self.communicator
            .as_ref()
            .is_some_and(|said| said.to_string() == "local")
    }
}

impl Component for Null {
    const KIND: &'static str = "null";

    fn check(&self, problems: &mut Diagnostics) {
        if let Some(ssh) = &self.ssh {
            ssh.check_existing(problems);
        }
        if let Some(winrm) = &self.winrm {
            winrm.check_all(problems);
        }
    }
}

impl Describe for Null {
    type Artifact = Nothing;
    type Feature = feature::core;
    const RUNTIME: Runtime<Self> = Runtime::of();

    fn info(&self) -> Info {
        let info = Info::new(if self.is_local() || self.ssh.is_some() || self.winrm.is_some() {
            HasGuest::Always
        } else {
            HasGuest::Never
        });
        if self.winrm.is_some() {
            return info.unsupported("steps cannot run over WinRM yet: it is described and planned");
        }
        match self.ssh.is_some() && cfg!(not(feature = "ssh")) {
            true => info.unsupported("the cargo feature `ssh` of imagebake is off: add it in Cargo.toml"),
            false => info,
        }
    }
}
