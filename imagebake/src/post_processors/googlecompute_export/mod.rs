//! `googlecompute-export`: an image of Google's written to buckets. Described and planned; what does it is not written yet.

mod config;

pub use config::GooglecomputeExport;
