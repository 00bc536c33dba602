//! Source `qemu`: machines of QEMU. Described and planned; what builds them is not written yet.

mod config;

pub use config::{ImgArguments, Machine};
