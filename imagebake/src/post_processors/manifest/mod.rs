//! `manifest`: a JSON file that lists what was built, in the shape that Packer writes and scripts read.

mod config;
mod process;

pub use config::Manifest;
pub(crate) use process::commit;
