//! `virtualbox-vm`: a machine that VirtualBox has, changed in place.

mod config;

pub use config::Machine;
