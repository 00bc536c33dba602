//! The settings of `cargo`.

use crate::{
    describe::Component,
    field::Places,
    plan::Diagnostics,
    value::{GuestPath, HostPath, Text},
};
use imagebake_macros::Config;

/// Builds a binary of the user's own workspace with cargo and installs it into the image.
///
/// The program must run in the image: give the image the libraries that it needs, or make a program that needs none with
/// `.static_linking(true)`.
///
/// ```
/// use imagebake::prelude::*;
///
/// let server = Cargo::bin("hello-web").package("hello-web").static_linking(true);
/// ```
#[derive(Clone, Debug, Config)]
#[config(constructors(bin(bin)))]
pub struct Cargo {
    /// The binary's name.
    #[field(private, rename = "with_bin")]
    pub(super) bin: Text,
    /// The package that has it; where the name is not enough.
    pub(super) package: Option<Text>,
    /// The profile it is built with.
    #[field(default = "release")]
    pub(super) profile: Text,
    /// The target triple; the builder's own without.
    pub(super) target: Option<Text>,
    /// Links the C library into the program, so that it runs in any image. With the GNU C library this needs its static form on the
    /// builder (Debian: `libc6-dev`).
    pub(super) static_linking: bool,
    /// Features to turn on.
    pub(super) features: Vec<Text>,
    /// Turns the default features off.
    pub(super) no_default_features: bool,
    /// Builds with the versions in `Cargo.lock`, or not at all.
    #[field(default = true)]
    pub(super) locked: bool,
    /// The folder of the workspace; the project's root without.
    pub(super) workspace: Option<HostPath>,
    /// Where it goes in the guest: a file, or a folder with a slash at its end.
    #[field(default = "/usr/local/bin/")]
    pub(super) install_to: GuestPath,
    /// Its permission bits.
    #[field(default = 0o755)]
    pub(super) mode: u32,
    at: Places,
}

impl Cargo {
    /// The binary called `name`.
    #[track_caller]
    pub fn bin(name: impl Into<Text>) -> Self {
        Self::defaults().with_bin(name)
    }
}

impl Component for Cargo {
    const KIND: &'static str = "cargo";

    fn check(&self, problems: &mut Diagnostics) {
        if self.bin.is_empty() {
            problems.error("bin", "empty", "the binary has no name");
        }
        if self.mode > 0o7777 {
            problems.error("mode", "mode", "permission bits are octal, 0o7777 at most: 0o755");
        }
    }
}
