//! `vagrant-registry`: a box published in HCP's registry. Described and planned; what does it is not written yet.

mod config;

pub use config::VagrantRegistry;
