//! `salt-masterless`: Salt states applied without a master. Described and planned; what runs it is not written yet.

mod config;

pub use config::SaltMasterless;
