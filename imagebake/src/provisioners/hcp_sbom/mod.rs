//! `hcp-sbom`: a bill of materials taken out of the machine. Described and planned; what runs it is not written yet.

mod config;

pub use config::HcpSbom;
