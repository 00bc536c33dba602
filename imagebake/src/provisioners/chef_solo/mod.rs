//! `chef-solo`: Chef without a server. Described and planned; what runs it is not written yet.

mod config;

pub use config::ChefSolo;
