//! The built-in sources, one folder per platform.

pub mod amazon;
pub mod azure;
pub mod docker;
pub mod file;
pub mod googlecompute;
pub mod hyperv;
pub mod null;
pub mod oci;
pub mod proxmox;
pub mod qemu;
pub mod vagrant;
pub mod virtualbox;
pub mod vmware;
pub mod vsphere;

use crate::catalog::Entry;

pub(crate) fn components() -> Vec<Entry> {
    vec![
        Entry::source::<amazon::Chroot>(),
        Entry::source::<amazon::Ebs>(),
        Entry::source::<amazon::EbsSurrogate>(),
        Entry::source::<amazon::EbsVolume>(),
        Entry::source::<amazon::InstanceStore>(),
        Entry::source::<azure::Arm>(),
        Entry::source::<docker::Container>().needs("docker"),
        Entry::source::<file::File>(),
        Entry::source::<googlecompute::Instance>(),
        Entry::source::<hyperv::iso::Machine>(),
        Entry::source::<hyperv::vmcx::Machine>(),
        Entry::source::<null::Null>(),
        Entry::source::<oci::Oci>().needs("oci"),
        Entry::source::<proxmox::clone::Machine>(),
        Entry::source::<proxmox::iso::Machine>(),
        Entry::source::<qemu::Machine>(),
        Entry::source::<vagrant::Machine>(),
        Entry::source::<virtualbox::iso::Machine>(),
        Entry::source::<virtualbox::ovf::Machine>(),
        Entry::source::<virtualbox::vm::Machine>(),
        Entry::source::<vmware::iso::Machine>(),
        Entry::source::<vmware::vmx::Machine>(),
        Entry::source::<vsphere::clone::Machine>(),
        Entry::source::<vsphere::iso::Machine>(),
        Entry::source::<vsphere::supervisor::Machine>(),
    ]
}
