//! `file`: files and folders into the machine, and out of it.

mod config;
mod run;

pub use config::File;
