//! `amazon-ebssurrogate`: an AMI put together on an extra disk.

mod config;

pub use config::EbsSurrogate;
