//! `googlecompute-import`: an image of Google's made of a packed disk. Described and planned; what does it is not written yet.

mod config;

pub use config::GooglecomputeImport;
