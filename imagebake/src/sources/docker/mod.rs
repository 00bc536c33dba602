//! Source `docker`: a container of a Docker engine, provisioned and committed as an image, exported, or thrown away.
//!
//! The engine is spoken to by its API: no docker program is needed. It deliberately builds nothing by itself: what a registry or the engine
//! does (pull, commit, push) is asked of the engine; `oci` is the source without one.

// Without the platform images are described, not made.
#[cfg_attr(
    not(feature = "docker"),
    expect(dead_code, reason = "only what builds makes artifacts")
)]
mod artifact;
mod capture;
mod config;
mod dockerfile;
#[cfg_attr(
    not(feature = "docker"),
    expect(dead_code, reason = "only what builds looks for an engine")
)]
pub(crate) mod endpoint;
mod login;
#[cfg_attr(
    not(feature = "docker"),
    expect(dead_code, reason = "only what builds takes names apart")
)]
pub(crate) mod reference;
mod run_command;

#[cfg(feature = "docker")]
pub(crate) mod archive;
#[cfg(feature = "docker")]
mod container_driver;
#[cfg(feature = "docker")]
mod context;
#[cfg(feature = "docker")]
pub(crate) mod credentials_driver;
#[cfg(feature = "docker")]
pub(crate) mod driver;
#[cfg(feature = "docker")]
mod failure_driver;
#[cfg(feature = "docker")]
pub(crate) mod resources;
#[cfg(feature = "docker")]
pub(crate) mod source;
#[cfg(feature = "docker")]
pub(crate) mod spec;
#[cfg(feature = "docker")]
mod ssh_driver;

#[cfg(feature = "docker")]
pub(crate) use artifact::Maker;
pub use artifact::{DockerArchive, DockerImage};
pub use capture::{Discarded, Exported};
pub(crate) use config::check_change;
pub use config::{Container, Pull};
pub use dockerfile::Dockerfile;
pub use login::{EcrAccess, Login};
