//! `vsphere-clone`: a copy of a machine or template.

mod config;

pub use config::{Customize, LinuxOptions, Machine, NetworkInterface, Vapp, WindowsOptions};
