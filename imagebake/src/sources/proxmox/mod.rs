//! Sources `proxmox-*`: machines and templates of Proxmox. Described and planned; what builds them is not written yet.

mod access;
mod artifact;
pub mod clone;
pub mod iso;
mod machine;
mod names;

pub use access::Connection;
pub use artifact::ProxmoxTemplate;
pub use clone::IpConfig;
pub use machine::{Disk, EfiConfig, Hardware, IsoFile, NetworkAdapter, Outcome, PciDevice, Rng, TpmConfig, Vga};
pub use names::{NodeName, PoolName};
