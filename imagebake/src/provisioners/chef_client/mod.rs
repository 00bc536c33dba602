//! `chef-client`: Chef with a server. Described and planned; what runs it is not written yet.

mod config;

pub use config::ChefClient;
