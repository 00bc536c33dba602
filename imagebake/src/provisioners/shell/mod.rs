//! `shell`: commands and scripts in the machine.

mod config;
mod run;

pub use config::Shell;
