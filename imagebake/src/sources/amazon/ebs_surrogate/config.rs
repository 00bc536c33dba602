//! The settings of `amazon-ebssurrogate`.

use super::super::{
    ARCHITECTURES, Access, Ami, AmiFilter, AmiId, AmiName, Amis, BOOT_MODES, BUILD_FACTS, BlockDevice, Instance,
    Region, RootDevice, ami_source_problems, check_ami, check_instance,
};
use crate::{
    communicator::{ssh::Ssh, winrm::WinRm},
    describe::{Component, Describe, Info, feature},
    field::Places,
    groups::{check_machine, entry_blocks, guest_of},
    plan::{Diagnostic, Diagnostics},
    source::Runtime,
    value::{Template, Text},
};
use imagebake_macros::Config;

/// An AMI, put together by steps on an extra disk of a machine, and made of that disk alone.
///
/// ```
/// use imagebake::{prelude::*, sources::amazon::{AmiId, AmiName, EbsSurrogate, Instance, Region, RootDevice, BlockDevice}};
///
/// fn minimal() -> Image {
///     let machine = EbsSurrogate::from_ami(AmiId::new("ami-0123456789abcdef0"), Region::US_EAST_1, AmiName::new("minimal"))
///         .root_device(RootDevice::from_device("/dev/xvdf").as_device("/dev/xvda"))
///         .launch_block_device(BlockDevice::new("/dev/xvdf").volume_size(8).delete_on_termination(true))
///         .instance(Instance::of_type("t3.small"))
///         .ssh(Ssh::user("admin"));
///     Image::new().source(machine)
/// }
/// # minimal();
/// ```
#[derive(Clone, Debug, Config)]
#[config(constructors(
    from_ami(source_ami, region, ami_name),
    from_filter(source_ami_filter, region, ami_name)
))]
pub struct EbsSurrogate {
    /// The AMI it starts from.
    #[field(private, rename = "with_ami", template = "source_ami")]
    source_ami: Option<AmiId>,
    /// A filter that finds the AMI it starts from.
    #[field(rename = "or_filter", template = "source_ami_filter")]
    source_ami_filter: Option<AmiFilter>,
    /// The region it is built in.
    #[field(private, rename = "with_region", template = "region")]
    region: Region,
    /// The disk that becomes the AMI's root.
    #[field(rename = "root_device", template = "ami_root_device")]
    ami_root_device: Option<RootDevice>,
    /// The name of the AMI: 3 to 128 letters, digits and `()[] ./-'@_`.
    #[field(private, rename = "with_ami_name", template = "ami_name")]
    ami_name: Option<AmiName>,
    /// Who asks Amazon's API.
    #[field(group)]
    access: Option<Access>,
    /// What becomes of the AMI.
    #[field(group)]
    ami: Option<Ami>,
    /// The machine.
    #[field(group)]
    instance: Option<Instance>,
    /// Disks that the AMI has.
    #[field(each = "ami_block_device", template = "ami_block_device_mappings")]
    ami_block_device_mappings: Vec<BlockDevice>,
    /// Disks that the machine has.
    #[field(each = "launch_block_device", template = "launch_block_device_mappings")]
    launch_block_device_mappings: Vec<BlockDevice>,
    /// Tags of the machine's disks, as a whole; `.run_volume_tag(…)` adds one.
    #[field(template = "run_volume_tags", facts = BUILD_FACTS)]
    run_volume_tags: Vec<(String, Template)>,
    /// Tags of the machine's disks, one by one.
    #[field(each = "run_volume_tag", parts = run_volume_tag_blocks, facts = BUILD_FACTS)]
    run_volume_tag: Vec<(String, Template)>,
    /// What the snapshots are for.
    #[field(template = "snapshot_description")]
    snapshot_description: Option<Template>,
    /// Whether the AMI is without the machine's tags.
    #[field(template = "skip_ami_run_tags")]
    skip_ami_run_tags: bool,
    /// What the AMI runs on: `x86_64`, `arm64`, `i386`; `x86_64` without.
    #[field(template = "ami_architecture")]
    ami_architecture: Option<Text>,
    /// How it starts: `legacy-bios`, `uefi` or `uefi-preferred`.
    #[field(template = "boot_mode")]
    boot_mode: Option<Text>,
    /// The variables of its firmware, encoded.
    #[field(template = "uefi_data")]
    uefi_data: Option<Text>,
    /// `v2.0` where machines of it have a TPM.
    #[field(template = "tpm_support")]
    tpm_support: Option<Text>,
    /// Whether the AMI is made of the stopped machine, which product codes need, and not of snapshots.
    #[field(template = "use_create_image")]
    use_create_image: bool,
    /// How steps reach it: `ssh`, `winrm` or `none`; SSH without. `.winrm(…)` says so by itself.
    #[field(template = "communicator")]
    communicator: Option<Text>,
    /// The SSH connection to it.
    #[field(group)]
    ssh: Option<Ssh>,
    /// The WinRM connection to it.
    #[field(group)]
    winrm: Option<WinRm>,
    at: Places,
}

entry_blocks!(run_volume_tag_blocks, "run_volume_tag", "name");

impl EbsSurrogate {
    /// A machine started from the AMI `ami` in `region`; the new AMI is called `name`.
    #[track_caller]
    pub fn from_ami(ami: AmiId, region: Region, name: AmiName) -> Self {
        Self::defaults().with_ami(ami).with_region(region).with_ami_name(name)
    }

    /// A machine started from the AMI that `filter` finds in `region`; the new AMI is called `name`.
    #[track_caller]
    pub fn from_filter(filter: AmiFilter, region: Region, name: AmiName) -> Self {
        Self::defaults()
            .or_filter(filter)
            .with_region(region)
            .with_ami_name(name)
    }
}

impl Component for EbsSurrogate {
    const KIND: &'static str = "amazon-ebssurrogate";

    fn check(&self, problems: &mut Diagnostics) {
        check_machine(
            self.communicator.as_ref(),
            self.ssh.as_ref(),
            self.winrm.as_ref(),
            None,
            problems,
        );
        ami_source_problems(
            self.source_ami.as_ref(),
            self.source_ami_filter.as_ref(),
            self.access.as_ref(),
            problems,
        );
        check_ami(self.ami_name.as_ref(), self.ami.as_ref(), problems);
        BlockDevice::check_kept(&self.ami_block_device_mappings, "ami_block_device_mappings", problems);
        check_instance(self.instance.as_ref(), problems);
        if self.ami_root_device.is_none() {
            let problem = Diagnostic::error("missing", "no disk becomes the AMI's root").field("root_device");
            problems.push(
                problem.help("say `.root_device(RootDevice::from_device(\"/dev/xvdf\").as_device(\"/dev/xvda\"))`"),
            );
        }
        problems.check_word("ami_architecture", self.ami_architecture.as_ref(), ARCHITECTURES);
        problems.check_word("boot_mode", self.boot_mode.as_ref(), BOOT_MODES);
        problems.check_word("tpm_support", self.tpm_support.as_ref(), &["v2.0", ""]);
    }
}

impl Describe for EbsSurrogate {
    type Artifact = Amis;
    type Feature = feature::core;
    const RUNTIME: Runtime<Self> = Runtime::unwritten();

    fn info(&self) -> Info {
        Info::new(guest_of(self.communicator.as_ref()))
    }
}
