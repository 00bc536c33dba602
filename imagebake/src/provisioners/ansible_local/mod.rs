//! `ansible-local`: playbooks run in the machine. Described and planned; what runs it is not written yet.

mod config;

pub use config::AnsibleLocal;
