//! `amazon-chroot`: an AMI made from a running machine of Amazon's.

mod config;

pub use config::Chroot;
