//! `ansible`: a playbook run on the builder against the machine. Described and planned; what runs it is not written yet.

mod config;

pub use config::Ansible;
