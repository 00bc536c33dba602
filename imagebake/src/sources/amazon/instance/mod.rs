//! `amazon-instance`: an AMI that starts on the host's own disks.

mod config;

pub use config::{Bundle, InstanceStore};
