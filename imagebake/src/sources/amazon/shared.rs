//! Settings that several of Amazon's sources have.

use super::{AmiFilter, AmiId, AmiName, BUILD_FACTS, BlockDevice, check_ami, check_instance};
use crate::{field::Places, groups::entry_blocks, plan::Diagnostics};
use imagebake_macros::Config;

const ARCHITECTURES: &[&str] = &["i386", "x86_64", "arm64", "x86_64_mac", "arm64_mac"];
const BOOT_MODES: &[&str] = &["legacy-bios", "uefi", "uefi-preferred", ""];

/// The machine that an AMI is made on, and both ones' disks.
#[derive(Clone, Debug, Config)]
#[config(flatten)]
pub struct AmiMachine {
    /// Who asks Amazon's API.
    #[field(group)]
    access: Option<crate::sources::amazon::Access>,
    /// What becomes of the AMI.
    #[field(group)]
    ami: Option<crate::sources::amazon::Ami>,
    /// The machine.
    #[field(group)]
    instance: Option<crate::sources::amazon::Instance>,
    /// Disks that the AMI has.
    #[field(each = "ami_block_device", template = "ami_block_device_mappings")]
    ami_block_device_mappings: Vec<crate::sources::amazon::BlockDevice>,
    /// Disks that the machine has.
    #[field(each = "launch_block_device", template = "launch_block_device_mappings")]
    launch_block_device_mappings: Vec<crate::sources::amazon::BlockDevice>,
    at: Places,
}

/// Tags of a machine's disks.
#[derive(Clone, Debug, Config)]
#[config(flatten)]
pub struct VolumeTags {
    /// Tags of the machine's disks, as a whole; `.run_volume_tag(…)` adds one.
    #[field(template = "run_volume_tags", facts = BUILD_FACTS)]
    run_volume_tags: Vec<(String, crate::value::Template)>,
    /// Tags of the machine's disks, one by one.
    #[field(each = "run_volume_tag", parts = run_volume_tag_blocks, facts = BUILD_FACTS)]
    run_volume_tag: Vec<(String, crate::value::Template)>,
    at: Places,
}

/// What an AMI runs on that is put together of snapshots: nothing else tells it.
#[derive(Clone, Debug, Config)]
#[config(flatten)]
pub struct Platform {
    /// What the AMI runs on: `x86_64`, `arm64`, `i386`; `x86_64` without.
    #[field(template = "ami_architecture")]
    ami_architecture: Option<crate::value::Text>,
    /// How it starts: `legacy-bios`, `uefi` or `uefi-preferred`.
    #[field(template = "boot_mode")]
    boot_mode: Option<crate::value::Text>,
    /// The variables of its firmware, encoded.
    #[field(template = "uefi_data")]
    uefi_data: Option<crate::value::Text>,
    /// `v2.0` where machines of it have a TPM.
    #[field(template = "tpm_support")]
    tpm_support: Option<crate::value::Text>,
    at: Places,
}

/// The constructors of a source whose machine starts from an AMI, named or found: they take a region, and what else a source requires.
macro_rules! started_from_ami {
    ($source:ident($($taken:ident: $type:ty => $setter:ident),*), $what:literal) => {
        impl $source {
            #[doc = concat!("A machine started from the AMI `ami` in `region`", $what, ".")]
            #[track_caller]
            pub fn from_ami(ami: $crate::sources::amazon::AmiId, region: Region, $($taken: $type),*) -> Self {
                Self::defaults().with_ami(ami).with_region(region)$(.$setter($taken))*
            }

            #[doc = concat!("A machine started from the AMI that `filter` finds in `region`", $what, ".")]
            #[track_caller]
            pub fn from_filter(filter: $crate::sources::amazon::AmiFilter, region: Region, $($taken: $type),*) -> Self {
                Self::defaults().or_filter(filter).with_region(region)$(.$setter($taken))*
            }
        }
    };
}

pub(super) use started_from_ami;

entry_blocks!(run_volume_tag_blocks, "run_volume_tag", "name");

impl AmiMachine {
    /// Finds what is wrong with the settings, and with what the machine is started from and the AMI is called.
    pub(super) fn check_all(
        &self,
        from: (Option<&AmiId>, Option<&AmiFilter>),
        name: Option<&AmiName>,
        problems: &mut Diagnostics,
    ) {
        super::ami_source_problems(from.0, from.1, self.access.as_ref(), problems);
        check_ami(name, self.ami.as_ref(), problems);
        BlockDevice::check_kept(&self.ami_block_device_mappings, "ami_block_device_mappings", problems);
        check_instance(self.instance.as_ref(), problems);
    }

    /// Finds disks of the machine that say what only `EbsSurrogate` does with them.
    pub(super) fn check_launched(&self, problems: &mut Diagnostics) {
        BlockDevice::check_kept(
            &self.launch_block_device_mappings,
            "launch_block_device_mappings",
            problems,
        );
    }
}

impl Platform {
    pub(super) fn check_all(&self, problems: &mut Diagnostics) {
        problems.check_word("ami_architecture", self.ami_architecture.as_ref(), ARCHITECTURES);
        problems.check_word("boot_mode", self.boot_mode.as_ref(), BOOT_MODES);
        problems.check_word("tpm_support", self.tpm_support.as_ref(), &["v2.0", ""]);
    }
}
