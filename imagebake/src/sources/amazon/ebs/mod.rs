//! `amazon-ebs`: an AMI made of a machine's disks.

mod config;

pub use config::{Ebs, FastLaunch, FastLaunchRegion};
