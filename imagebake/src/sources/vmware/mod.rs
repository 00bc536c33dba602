//! Sources `vmware-*`: virtual machines of VMware Workstation, Player, Fusion and ESXi. Described and planned; what builds them is not written yet.

pub mod iso;
mod machine;
pub mod vmx;

pub use machine::{Disks, Export, Run, Tools, Vmx};
