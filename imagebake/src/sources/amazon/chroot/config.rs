//! The settings of `amazon-chroot`.

use super::super::shared::{Platform, started_from_ami};
use super::super::{Access, Ami, AmiFilter, AmiId, AmiName, Amis, BlockDevice, Region, ami_source_problems, check_ami};
use crate::{
    describe::{Component, HasGuest, Info},
    field::Places,
    groups::entry_blocks,
    plan::Diagnostics,
    source::unwritten_source,
    value::{Template, Text, Words},
};
use imagebake_macros::Config;

/// An AMI made from the machine that the program runs on, which has to be one of Amazon's: a disk is attached, filled in a `chroot`, and
/// taken.
///
/// ```
/// use imagebake::{prelude::*, sources::amazon::{AmiId, AmiName, Chroot, Region}};
///
/// fn web() -> Image {
///     Image::new().source(Chroot::from_ami(AmiId::new("ami-0123456789abcdef0"), Region::US_EAST_1, AmiName::new("web")))
/// }
/// # web();
/// ```
#[derive(Clone, Debug, Config)]
#[config(constructors(
    from_ami(source_ami, region, ami_name),
    from_filter(source_ami_filter, region, ami_name),
    from_scratch(region, ami_name, from_scratch = true)
))]
pub struct Chroot {
    /// The AMI it starts from.
    #[field(private, rename = "with_ami", template = "source_ami")]
    source_ami: Option<AmiId>,
    /// A filter that finds the AMI it starts from.
    #[field(rename = "or_filter", template = "source_ami_filter")]
    source_ami_filter: Option<AmiFilter>,
    /// Whether it starts from an empty disk.
    #[field(private, rename = "with_scratch", template = "from_scratch")]
    from_scratch: bool,
    /// The region it is built in.
    #[field(private, rename = "with_region", template = "region")]
    region: Region,
    /// The name of the AMI: 3 to 128 letters, digits and `()[] ./-'@_`.
    #[field(private, rename = "with_ami_name", template = "ami_name")]
    ami_name: Option<AmiName>,
    /// Who asks Amazon's API.
    #[field(group)]
    access: Option<Access>,
    /// What becomes of the AMI.
    #[field(group)]
    ami: Option<Ami>,
    /// Disks that the AMI has.
    #[field(each = "ami_block_device", template = "ami_block_device_mappings")]
    ami_block_device_mappings: Vec<BlockDevice>,
    #[field(flatten)]
    platform: Platform,
    /// What is mounted in it, each as kind, source and target: `["bind", "/dev", "/dev"]`. The usual ones without.
    #[field(each = "chroot_mount", template = "chroot_mounts")]
    chroot_mounts: Vec<Words>,
    /// What runs each command, with `{{ command }}`: `sudo {{ command }}`.
    #[field(template = "command_wrapper", facts("command"))]
    command_wrapper: Option<Template>,
    /// Files of the machine that are in the disk meanwhile; `/etc/resolv.conf` without.
    #[field(template = "copy_files")]
    copy_files: Vec<Text>,
    /// The device that the disk is attached as; a free one without.
    #[field(template = "device_path")]
    device_path: Option<Text>,
    /// What that device is called where disks are NVMe.
    #[field(template = "nvme_device_path")]
    nvme_device_path: Option<Text>,
    /// Options of mounting the root.
    #[field(template = "mount_options")]
    mount_options: Vec<Text>,
    /// The partition of the root; `1` without.
    #[field(template = "mount_partition")]
    mount_partition: Option<Text>,
    /// Where the root is mounted, with `{{ device }}`.
    #[field(template = "mount_path", facts("device"))]
    mount_path: Option<Template>,
    /// Commands before the root is mounted: they partition an empty disk.
    #[field(template = "pre_mount_commands", facts("device"))]
    pre_mount_commands: Vec<Template>,
    /// Commands after the root is mounted: they fill an empty disk.
    #[field(template = "post_mount_commands", facts("device", "mount_path"))]
    post_mount_commands: Vec<Template>,
    /// The device of the AMI's root.
    #[field(template = "root_device_name")]
    root_device_name: Option<Text>,
    /// The root's size in GB.
    #[field(template = "root_volume_size")]
    root_volume_size: Option<u32>,
    /// The root's kind.
    #[field(template = "root_volume_type")]
    root_volume_type: Option<Text>,
    /// Whether the root is encrypted meanwhile.
    #[field(template = "root_volume_encrypt_boot")]
    root_volume_encrypt_boot: Option<bool>,
    /// The key it is encrypted with.
    #[field(template = "root_volume_kms_key_id")]
    root_volume_kms_key_id: Option<Text>,
    /// Tags of the root's disk, as a whole.
    #[field(template = "root_volume_tags")]
    root_volume_tags: Vec<(String, Template)>,
    /// Tags of the root's disk, one by one.
    #[field(each = "root_volume_tag", parts = root_volume_tag_blocks)]
    root_volume_tag: Vec<(String, Template)>,
    at: Places,
}

entry_blocks!(root_volume_tag_blocks, "root_volume_tag", "key");

started_from_ami!(Chroot(name: AmiName => with_ami_name), "; the new AMI is called `name`");

impl Chroot {
    /// An empty disk, which commands before and after mounting partition and fill; the AMI is called `name`.
    #[track_caller]
    pub fn from_scratch(region: Region, name: AmiName) -> Self {
        Self::defaults()
            .with_scratch(true)
            .with_region(region)
            .with_ami_name(name)
    }
}

impl Component for Chroot {
    const KIND: &'static str = "amazon-chroot";

    fn check(&self, problems: &mut Diagnostics) {
        if !self.from_scratch {
            ami_source_problems(
                self.source_ami.as_ref(),
                self.source_ami_filter.as_ref(),
                self.access.as_ref(),
                problems,
            );
        }
        check_ami(self.ami_name.as_ref(), self.ami.as_ref(), problems);
        BlockDevice::check_kept(&self.ami_block_device_mappings, "ami_block_device_mappings", problems);
        if self.from_scratch {
            for (field, set) in [
                ("root_volume_size", self.root_volume_size.is_some()),
                ("root_device_name", self.root_device_name.is_some()),
                ("pre_mount_commands", !self.pre_mount_commands.is_empty()),
                ("ami_block_device_mappings", !self.ami_block_device_mappings.is_empty()),
            ] {
                if !set {
                    problems.error(field, "missing", format!("an empty disk needs `{field}`"));
                }
            }
        }
        for mount in self.chroot_mounts.iter().filter(|mount| mount.as_slice().len() != 3) {
            let message = format!(
                "a mount has three words: kind, source and target; this one has {}",
                mount.as_slice().len()
            );
            problems.error("chroot_mounts", "form", message);
        }
        self.platform.check_all(problems);
    }
}

unwritten_source!(Chroot => Amis, |_| Info::new(HasGuest::Always));
