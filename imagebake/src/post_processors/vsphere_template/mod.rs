//! `vsphere-template`: a template made of a machine of vSphere. Described and planned; what does it is not written yet.

mod config;

pub use config::VsphereTemplate;
