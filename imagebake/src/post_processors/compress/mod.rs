//! `compress`: an artifact's files as one compressed file or archive.

mod config;
mod process;

pub use config::Compress;
