//! The settings of `amazon-ebs`.

use super::super::{
    Access, Ami, AmiFilter, AmiId, AmiName, Amis, BUILD_FACTS, BlockDevice, Instance, Region, ami_source_problems,
    check_ami, check_instance,
};
use crate::{
    communicator::{ssh::Ssh, winrm::WinRm},
    describe::{Component, Describe, Info, feature},
    field::Places,
    groups::{check_machine, entry_blocks, guest_of},
    plan::Diagnostics,
    source::Runtime,
    value::{Template, Text},
};
use imagebake_macros::Config;

/// An AMI, made of the disks of a machine that was started from another one.
///
/// ```
/// use imagebake::{prelude::*, sources::amazon::{Ami, AmiFilter, AmiName, Ebs, Instance, Region}};
///
/// fn web() -> Image {
///     let debian = AmiFilter::owned_by(["136693071363"]).filter("name", "debian-12-amd64-*").most_recent(true);
///     let machine = Ebs::from_filter(debian, Region::EU_CENTRAL_1, AmiName::new(format!("web-{TIMESTAMP}")))
///         .instance(Instance::of_type("t3.small").run_tag("team", "platform"))
///         .ssh(Ssh::user("admin"));
///     Image::new().source(machine)
/// }
/// # web();
/// ```
#[derive(Clone, Debug, Config)]
#[config(constructors(
    from_ami(source_ami, region, ami_name),
    from_filter(source_ami_filter, region, ami_name)
))]
pub struct Ebs {
    /// The AMI it starts from.
    #[field(private, rename = "with_ami", template = "source_ami")]
    source_ami: Option<AmiId>,
    /// A filter that finds the AMI it starts from.
    #[field(rename = "or_filter", template = "source_ami_filter")]
    source_ami_filter: Option<AmiFilter>,
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
    /// Whether the AMI names none of the host's disks.
    #[field(template = "no_ephemeral")]
    no_ephemeral: bool,
    /// Whether Windows machines of it are prepared, so that they start faster.
    #[field(template = "fast_launch")]
    fast_launch: Option<FastLaunch>,
    /// Whether nothing is made in the end: for trying steps.
    #[field(template = "skip_create_ami")]
    skip_create_ami: bool,
    /// Whether the AMI is without the machine's tags.
    #[field(template = "skip_ami_run_tags")]
    skip_ami_run_tags: bool,
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

/// Windows machines prepared beforehand, so that they start faster.
#[derive(Clone, Debug, Config)]
#[config(constructors(new(enable_fast_launch = true)))]
pub struct FastLaunch {
    /// Whether they are prepared.
    #[field(template = "enable_fast_launch")]
    enable_fast_launch: Option<bool>,
    /// The launch template they are prepared by.
    #[field(template = "template_id")]
    template_id: Option<Text>,
    /// The same by its name.
    #[field(template = "template_name")]
    template_name: Option<Text>,
    /// The template's version.
    #[field(template = "template_version")]
    template_version: Option<u32>,
    /// What differs for a region.
    #[field(each = "region", template = "region_launch_templates")]
    region_launch_templates: Vec<FastLaunchRegion>,
    /// How many are prepared at once; 6 at least.
    #[field(template = "max_parallel_launches")]
    max_parallel_launches: Option<u32>,
    /// How many are kept ready.
    #[field(template = "target_resource_count")]
    target_resource_count: Option<u32>,
    at: Places,
}

/// What differs for a region.
#[derive(Clone, Debug, Config)]
#[config(constructors(new(Region::new(region))))]
pub struct FastLaunchRegion {
    /// The region.
    #[field(private, rename = "with_region", template = "region")]
    region: Option<Text>,
    /// Whether they are prepared there.
    #[field(template = "enable_fast_launch")]
    enable_fast_launch: Option<bool>,
    /// The launch template they are prepared by.
    #[field(template = "template_id")]
    template_id: Option<Text>,
    /// The same by its name.
    #[field(template = "template_name")]
    template_name: Option<Text>,
    /// The template's version.
    #[field(template = "template_version")]
    template_version: Option<u32>,
    at: Places,
}

entry_blocks!(run_volume_tag_blocks, "run_volume_tag", "name");

impl Ebs {
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

impl FastLaunch {
    /// They are prepared.
    #[track_caller]
    pub fn new() -> Self {
        Self::defaults().enable_fast_launch(true)
    }
}

impl Default for FastLaunch {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}

impl FastLaunchRegion {
    /// What differs in `region`.
    #[track_caller]
    pub fn new(region: Region) -> Self {
        Self::defaults().with_region(region.as_str().to_owned())
    }
}

impl Component for Ebs {
    const KIND: &'static str = "amazon-ebs";

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
        BlockDevice::check_kept(
            &self.launch_block_device_mappings,
            "launch_block_device_mappings",
            problems,
        );
    }
}

impl Describe for Ebs {
    type Artifact = Amis;
    type Feature = feature::core;
    const RUNTIME: Runtime<Self> = Runtime::unwritten();

    fn info(&self) -> Info {
        Info::new(guest_of(self.communicator.as_ref()))
    }
}
