//! The built-in sources, one folder per platform.

pub mod amazon;
pub mod azure;
pub mod docker;
pub mod file;
pub mod googlecompute;
pub mod hcp;
pub mod hyperv;
pub mod null;
pub mod oci;
pub mod proxmox;
pub mod qemu;
pub mod vagrant;
pub mod virtualbox;
pub mod vmware;
pub mod vsphere;

use crate::{
    catalog::{Answers, Entry},
    field::FieldType,
};

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

/// What can be looked up, and what comes of it.
pub(crate) fn lookups() -> Vec<Answers> {
    const TEXT: FieldType = FieldType::Text;
    vec![
        Answers::of::<amazon::FindAmi>(&[
            ("id", TEXT),
            ("name", TEXT),
            ("creation_date", TEXT),
            ("owner", TEXT),
            ("owner_name", TEXT),
            ("tags", FieldType::Map(&TEXT)),
        ]),
        Answers::of::<amazon::Parameter>(&[("value", TEXT), ("version", TEXT), ("arn", TEXT)]),
        Answers::of::<amazon::StoredSecret>(&[
            ("value", TEXT),
            ("secret_string", TEXT),
            ("secret_binary", TEXT),
            ("version_id", TEXT),
        ])
        .sensitive(),
        Answers::of::<azure::VaultSecret>(&[("value", TEXT), ("response", TEXT)]).sensitive(),
        Answers::of::<hcp::FindVersion>(&[
            ("id", TEXT),
            ("name", TEXT),
            ("fingerprint", TEXT),
            ("bucket_name", TEXT),
            ("channel_id", TEXT),
            ("author_id", TEXT),
            ("status", TEXT),
            ("created_at", TEXT),
        ]),
        Answers::of::<hcp::FindArtifact>(&[
            ("external_identifier", TEXT),
            ("platform", TEXT),
            ("region", TEXT),
            ("component_type", TEXT),
            ("created_at", TEXT),
            ("build_id", TEXT),
            ("version_id", TEXT),
            ("channel_id", TEXT),
            ("packer_run_uuid", TEXT),
        ]),
        Answers::of::<hcp::FindIteration>(&[
            ("id", TEXT),
            ("fingerprint", TEXT),
            ("bucket_name", TEXT),
            ("channel_id", TEXT),
            ("author_id", TEXT),
            ("created_at", TEXT),
        ]),
        Answers::of::<hcp::FindImage>(&[
            ("id", TEXT),
            ("cloud_provider", TEXT),
            ("region", TEXT),
            ("component_type", TEXT),
            ("created_at", TEXT),
            ("build_id", TEXT),
            ("iteration_id", TEXT),
            ("channel_id", TEXT),
            ("packer_run_uuid", TEXT),
        ]),
    ]
}
