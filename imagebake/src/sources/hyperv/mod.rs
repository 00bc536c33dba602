//! Sources `hyperv-*`: virtual machines of Hyper-V. Described and planned; what builds them is not written yet.

pub mod iso;
mod machine;
pub mod vmcx;

pub use machine::Hardware;
