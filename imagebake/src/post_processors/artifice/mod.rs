//! `artifice`: names the files that go on in a chain, when steps wrote them and no source knows of them.

mod config;
mod glob;
mod process;

pub use config::Artifice;
