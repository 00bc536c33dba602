//! `artifice`: names the files that go on in a chain, when steps wrote them and no source knows of them.

mod config;
mod process;

pub use config::Artifice;
