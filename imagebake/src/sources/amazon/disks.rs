//! The disks of machines and AMIs.

use crate::{
    field::Places,
    groups::entry_blocks,
    plan::Diagnostics,
    value::{Template, Text},
};
use imagebake_macros::Config;

/// A disk of a machine or of an AMI.
#[derive(Clone, Debug, Config)]
#[config(constructors(new(device_name)))]
pub struct BlockDevice {
    /// The device: `/dev/xvda`.
    #[field(private, rename = "with_device_name", template = "device_name")]
    device_name: Option<Template>,
    /// The kind: `gp3`, `gp2`, `io2`, `st1`, …
    #[field(template = "volume_type")]
    volume_type: Option<Text>,
    /// Its size in GB.
    #[field(template = "volume_size")]
    volume_size: Option<u32>,
    /// Operations per second, where the kind has a choice.
    #[field(template = "iops")]
    iops: Option<u32>,
    /// MB per second, where the kind has a choice.
    #[field(template = "throughput")]
    throughput: Option<u32>,
    /// Whether it goes with the machine.
    #[field(template = "delete_on_termination")]
    delete_on_termination: Option<bool>,
    /// Whether it is encrypted.
    #[field(template = "encrypted")]
    encrypted: Option<bool>,
    /// The key it is encrypted with; the account's own without.
    #[field(template = "kms_key_id")]
    kms_key_id: Option<Text>,
    /// The snapshot it starts from.
    #[field(template = "snapshot_id")]
    snapshot_id: Option<Text>,
    /// A disk of the host: `ephemeral0`.
    #[field(template = "virtual_name")]
    virtual_name: Option<Text>,
    /// Whether the device is left out.
    #[field(template = "no_device")]
    no_device: Option<bool>,
    /// Whether the AMI is without it: for disks of the machine of `EbsSurrogate` alone.
    #[field(template = "omit_from_artifact")]
    omit_from_artifact: Option<bool>,
    at: Places,
}

/// The disk of the machine that becomes the AMI's root.
#[derive(Clone, Debug, Config)]
#[config(constructors(from_device(source_device_name)), methods(as_device(device_name)))]
pub struct RootDevice {
    /// The device in the machine: `/dev/xvdf`.
    #[field(private, rename = "with_source", template = "source_device_name")]
    source_device_name: Option<Text>,
    /// The device in the AMI: `/dev/xvda`.
    #[field(private, rename = "with_target", template = "device_name")]
    device_name: Option<Text>,
    /// The kind: `gp3`, `gp2`, `io2`, `st1`, …
    #[field(template = "volume_type")]
    volume_type: Option<Text>,
    /// Its size in GB.
    #[field(template = "volume_size")]
    volume_size: Option<u32>,
    /// Operations per second, where the kind has a choice.
    #[field(template = "iops")]
    iops: Option<u32>,
    /// Whether it goes with machines of the AMI.
    #[field(template = "delete_on_termination")]
    delete_on_termination: Option<bool>,
    at: Places,
}

/// A disk that is the result.
#[derive(Clone, Debug, Config)]
#[config(constructors(of(device)))]
pub struct Volume {
    /// The disk.
    #[field(private, rename = "with_device", group)]
    device: Option<BlockDevice>,
    /// Its tags, as a whole; `.tag(…)` adds one.
    #[field(template = "tags")]
    tags: Option<Vec<(String, Template)>>,
    /// Its tags, one by one.
    #[field(each = "tag", parts = tag_blocks)]
    tag: Vec<(String, Template)>,
    /// Whether a snapshot is made of it.
    #[field(template = "snapshot_volume")]
    snapshot_volume: Option<bool>,
    /// What the snapshot is for.
    #[field(template = "snapshot_description")]
    snapshot_description: Option<Template>,
    /// The snapshot's tags, as a whole.
    #[field(template = "snapshot_tags")]
    snapshot_tags: Option<Vec<(String, Template)>>,
    /// The snapshot's tags, one by one.
    #[field(each = "snapshot_tag", parts = snapshot_tag_blocks)]
    snapshot_tag: Vec<(String, Template)>,
    /// Accounts that may use the snapshot.
    #[field(template = "snapshot_users")]
    snapshot_users: Option<Vec<Text>>,
    /// Groups that may use the snapshot.
    #[field(template = "snapshot_groups")]
    snapshot_groups: Option<Vec<Text>>,
    at: Places,
}

entry_blocks!(tag_blocks, "tag", "key");
entry_blocks!(snapshot_tag_blocks, "snapshot_tag", "key");

impl BlockDevice {
    /// The disk `device`.
    #[track_caller]
    pub fn new(device: impl Into<Template>) -> Self {
        Self::defaults().with_device_name(device)
    }
}

impl RootDevice {
    /// The machine's disk `from`, which is the root of the AMI.
    #[track_caller]
    pub fn from_device(from: impl Into<Text>) -> Self {
        Self::defaults().with_source(from)
    }

    /// What it is called in the AMI: `/dev/xvda`.
    #[track_caller]
    #[must_use]
    pub fn as_device(self, name: impl Into<Text>) -> Self {
        self.with_target(name)
    }
}

impl Volume {
    /// The disk `device` of the machine. Without `delete_on_termination` it stays when the machine goes; with it, its snapshot does.
    #[track_caller]
    pub fn of(device: BlockDevice) -> Self {
        Self::defaults().with_device(device)
    }
}

impl Volume {
    pub(super) fn device(&self) -> Option<&BlockDevice> {
        self.device.as_ref()
    }
}

impl BlockDevice {
    pub(super) fn check_kept(devices: &[Self], field: &'static str, problems: &mut Diagnostics) {
        if devices.iter().any(|device| device.omit_from_artifact.is_some()) {
            problems.error(
                field,
                "contradiction",
                "`omit_from_artifact` is for disks of the machine of `EbsSurrogate` alone",
            );
        }
    }
}
