//! `virtualbox-ovf`: a machine imported from an archive.

mod config;

pub use config::Machine;
