//! `provenance`: a statement of where an artifact comes from. Described and planned; what does it is not written yet.

mod config;

pub use config::Provenance;
