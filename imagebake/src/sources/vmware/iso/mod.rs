//! `vmware-iso`: a machine installed from a medium.

mod config;

pub use config::Machine;
