//! `vmware-vmx`: a copy of a machine that there is.

mod config;

pub use config::Machine;
