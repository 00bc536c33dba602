//! `vagrant-cloud`: a box published at a Vagrant Cloud. Described and planned; what does it is not written yet.

mod config;

pub use config::VagrantCloud;
