//! `checksum`: digests of an artifact's files, written to files that `sha256sum --check` and its kin read.

mod config;
mod process;

pub use config::Checksum;
