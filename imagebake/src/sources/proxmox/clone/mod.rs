//! `proxmox-clone`: a copy of a machine or template.

mod config;

pub use config::{IpConfig, Machine};
