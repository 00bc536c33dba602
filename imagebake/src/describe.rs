//! What can be known of a component without doing anything: its name, its settings, what is wrong with them.
//!
//! Description is apart from doing, so that plan, schema, documentation and importer know every platform without any SDK.

use crate::{artifact::Artifact, field::Config, plan::Diagnostics, source::Runtime};

/// A source, provisioner or post-processor, as far as it is data.
pub trait Component: Config + Clone + Send + Sync + 'static {
    /// What users and templates call it: `oci`, `shell`, `manifest`.
    const KIND: &'static str;

    /// Finds what is wrong with the settings, all at once, without touching anything outside.
    fn check(&self, problems: &mut Diagnostics) {
        let _ = problems;
    }
}

/// Whether a source has a machine that steps can run in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HasGuest {
    /// Steps that need one are a plan error.
    Never,
    /// As it is configured.
    Optional,
    /// Always.
    Always,
}

/// What planning needs to know of a source.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Info {
    /// Whether it has a guest.
    pub guest: HasGuest,
    /// Whether its artifact has files on the builder.
    pub files: bool,
    /// What the machine takes from the builder's memory, in bytes; 0 for machines elsewhere.
    pub local_memory: u64,
    /// Why it cannot be built on this system, where that is so: said by `validate`.
    pub unsupported: Option<String>,
}

impl Info {
    /// A source with a guest, whose artifact has no files and which runs elsewhere.
    pub fn new(guest: HasGuest) -> Self {
        Self {
            guest,
            files: false,
            local_memory: 0,
            unsupported: None,
        }
    }

    /// Its artifact has files on the builder.
    #[must_use]
    pub fn with_files(mut self) -> Self {
        self.files = true;
        self
    }

    /// Its machine takes this much of the builder's memory, in bytes.
    #[must_use]
    pub fn local_memory(mut self, bytes: u64) -> Self {
        self.local_memory = bytes;
        self
    }

    /// It cannot be built here, and why.
    #[must_use]
    pub fn unsupported(mut self, why: impl Into<String>) -> Self {
        self.unsupported = Some(why.into());
        self
    }
}

/// A cargo feature of imagebake that is on; see [`feature`].
pub trait Enabled {
    /// There is one where the feature is on.
    type Proof;
}

/// The cargo features, as types: a platform used without its feature is a compile error that names the feature.
///
/// The type `oci` is on where `OciIsOn` holds, whose message names the feature in words: the compiler would write the type as a path,
/// since the platform's module has the same name.
#[expect(
    non_camel_case_types,
    reason = "the compiler shows these names, and they are the features' names"
)]
pub mod feature {
    use super::Enabled;
    use std::marker::PhantomData;

    /// Part of every build of the library.
    pub struct core;
    impl Enabled for core {
        type Proof = ();
    }

    /// Containers of a Docker engine.
    pub struct docker<On = ()>(PhantomData<On>);
    impl<On: DockerIsOn> Enabled for docker<On> {
        type Proof = ();
    }
    #[doc(hidden)]
    #[diagnostic::on_unimplemented(
        message = "the cargo feature `docker` of imagebake is off",
        label = "this platform is not compiled in",
        note = "in Cargo.toml: imagebake = {{ version = \"0.1\", features = [\"docker\"] }}"
    )]
    pub trait DockerIsOn {}
    #[cfg(any(feature = "docker", feature = "plan-only"))]
    impl DockerIsOn for () {}

    /// Images built in Linux namespaces, without a daemon.
    pub struct oci<On = ()>(PhantomData<On>);
    impl<On: OciIsOn> Enabled for oci<On> {
        type Proof = ();
    }
    #[doc(hidden)]
    #[diagnostic::on_unimplemented(
        message = "the cargo feature `oci` of imagebake is off",
        label = "this platform is not compiled in",
        note = "in Cargo.toml: imagebake = {{ version = \"0.1\", features = [\"oci\"] }}"
    )]
    pub trait OciIsOn {}
    #[cfg(any(feature = "oci", feature = "plan-only"))]
    impl OciIsOn for () {}
}

/// A source of machines, as far as it is data.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a source of machines",
    note = "sources are `oci::Oci`, `null::Null`, `file::File` and whatever implements `imagebake::source::Source`"
)]
pub trait Describe: Component {
    /// What it makes.
    type Artifact: Artifact;
    /// The cargo feature it needs: `feature::core` for sources of other crates.
    type Feature;
    /// How it is built: `Runtime::of()` beside an `impl Source`, `Runtime::planned()` where there is none yet.
    const RUNTIME: Runtime<Self>;
    /// What planning needs to know.
    fn info(&self) -> Info;
}
