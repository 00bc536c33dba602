//! `puppet-masterless`: a Puppet manifest applied in the machine. Described and planned; what runs it is not written yet.

mod config;

pub use config::PuppetMasterless;
