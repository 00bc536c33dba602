//! Sources `virtualbox-*`: virtual machines of VirtualBox. Described and planned; what builds them is not written yet.

pub mod iso;
mod machine;
pub mod ovf;
pub mod vm;

pub use machine::{Export, GuestAdditions, PowerOff, Run};
