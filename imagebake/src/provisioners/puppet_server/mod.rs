//! `puppet-server`: one run of the Puppet agent. Described and planned; what runs it is not written yet.

mod config;

pub use config::PuppetServer;
