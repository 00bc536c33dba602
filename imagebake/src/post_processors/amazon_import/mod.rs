//! `amazon-import`: an AMI made of a machine's files. Described and planned; what does it is not written yet.

mod config;

pub use config::AmazonImport;
