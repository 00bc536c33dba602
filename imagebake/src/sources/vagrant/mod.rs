//! Source `vagrant`: machines of Vagrant boxes. Described and planned; what builds them is not written yet.

mod config;

pub use config::Machine;
