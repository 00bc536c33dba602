//! `vsphere-supervisor`: a machine asked for by Kubernetes' API.

mod config;

pub use config::Machine;
