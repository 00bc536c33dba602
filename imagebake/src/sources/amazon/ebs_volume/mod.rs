//! `amazon-ebsvolume`: disks that are the result.

mod config;

pub use config::EbsVolume;
