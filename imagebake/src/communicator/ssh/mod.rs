//! Machines reached by SSH: one connection, many commands at once, files in both directions, reboots survived.
//!
//! ```text
//! Ssh (config, bastion, tunnel)    what the user writes        ┐
//! Access                           what the platform knows     ├─ Route: plain data ─ driver: one connection ─ SshComm
//! hosts, trust                     which host keys are trusted ┘
//! ```
//!
//! A command is a line for the user's login shell that starts `/bin/sh`; its variables come on standard input, so that no process list
//! shows them. Files are what `cat` and `tar` read and write, or SFTP, or `scp`. A future that is dropped ends what it started.
//!
//! Not here: `ssh_config` files, host certificates, X11.

mod bastion;
mod config;
mod hosts;
mod tunnel;

#[cfg(feature = "ssh")]
mod auth_driver;
#[cfg(feature = "ssh")]
mod breaking;
#[cfg(feature = "ssh")]
mod comm;
#[cfg(feature = "ssh")]
mod command;
#[cfg(feature = "ssh")]
mod connect;
#[cfg(feature = "ssh")]
mod driver;
#[cfg(feature = "ssh")]
mod files;
#[cfg(feature = "ssh")]
mod key_driver;
#[cfg(feature = "ssh")]
mod pace;
#[cfg(feature = "ssh")]
mod prompt;
#[cfg(feature = "ssh")]
mod route;
#[cfg(feature = "ssh")]
mod scp;
#[cfg(feature = "ssh")]
mod sftp_driver;
#[cfg(feature = "ssh")]
mod trust;
#[cfg(feature = "ssh")]
mod way_driver;

pub use bastion::{Bastion, Proxy, ProxyKind};
#[cfg(feature = "ssh")]
pub use comm::SshComm;
pub use config::{FileTransfer, KeyType, Ssh};
pub use hosts::HostKey;
#[cfg(feature = "ssh")]
pub use key_driver::TemporaryKey;
#[cfg(feature = "ssh")]
pub use route::Access;
