//! The settings of `null`.

use super::artifact::Nothing;
use crate::{
    describe::{Component, Describe, HasGuest, Info, feature},
    field::Places,
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
pub struct Null {
    /// How the machine is reached: `none`, or `local` for the builder itself.
    #[field(private, default = "none", template = "communicator")]
    communicator: Text,
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

    pub(super) fn is_local(&self) -> bool {
        self.communicator.to_string() == "local"
    }
}

impl Component for Null {
    const KIND: &'static str = "null";
}

impl Describe for Null {
    type Artifact = Nothing;
    type Feature = feature::core;
    const RUNTIME: Runtime<Self> = Runtime::of();

    fn info(&self) -> Info {
        Info::new(if self.is_local() {
            HasGuest::Always
        } else {
            HasGuest::Never
        })
    }
}
