//! `vsphere`: a machine uploaded to vSphere. Described and planned; what does it is not written yet.

mod config;

pub use config::Vsphere;
