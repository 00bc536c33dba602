//! Sources `vsphere-*`: machines and templates of vSphere. Described and planned; what builds them is not written yet.

mod access;
mod artifact;
pub mod clone;
pub mod iso;
mod machine;
pub mod supervisor;

pub use access::{Connection, Login};
pub use artifact::VsphereMachine;
pub use clone::{Customize, LinuxOptions, NetworkInterface, Vapp, WindowsOptions};
pub use iso::NetworkAdapter;
pub use machine::{ContentLibrary, Export, Hardware, Location, Media, Outcome, PciDevice, Storage, Waiting};
