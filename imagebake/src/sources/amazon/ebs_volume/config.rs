//! The settings of `amazon-ebsvolume`.

use super::super::shared::started_from_ami;
use super::super::{
    Access, AmiFilter, AmiId, BUILD_FACTS, BlockDevice, Instance, Region, Volume, Volumes, ami_source_problems,
    check_instance,
};
use crate::{
    describe::{Component, Info},
    field::Places,
    groups::{Communication, entry_blocks},
    plan::Diagnostics,
    source::unwritten_source,
    value::Template,
};
use imagebake_macros::Config;

/// Disks, filled by steps in a machine, that are the result by themselves.
///
/// ```
/// use imagebake::{prelude::*, sources::amazon::{AmiId, BlockDevice, EbsVolume, Instance, Region, Volume}};
///
/// fn data() -> Image {
///     let machine = EbsVolume::from_ami(AmiId::new("ami-0123456789abcdef0"), Region::US_EAST_1)
///         .volume(Volume::of(BlockDevice::new("/dev/xvdf").volume_size(100)).tag("name", "data"))
///         .instance(Instance::of_type("t3.small"))
///         .ssh(Ssh::user("admin"));
///     Image::new().source(machine)
/// }
/// # data();
/// ```
#[derive(Clone, Debug, Config)]
#[config(constructors(from_ami(source_ami, region), from_filter(source_ami_filter, region)))]
pub struct EbsVolume {
    /// The AMI it starts from.
    #[field(private, rename = "with_ami", template = "source_ami")]
    source_ami: Option<AmiId>,
    /// A filter that finds the AMI it starts from.
    #[field(rename = "or_filter", template = "source_ami_filter")]
    source_ami_filter: Option<AmiFilter>,
    /// The region it is built in.
    #[field(private, rename = "with_region", template = "region")]
    region: Region,
    /// The disks.
    #[field(each = "volume", template = "ebs_volumes")]
    ebs_volumes: Vec<Volume>,
    /// Who asks Amazon's API.
    #[field(group)]
    access: Option<Access>,
    /// The machine.
    #[field(group)]
    instance: Option<Instance>,
    /// Whether the machine uses the enhanced network (ENA).
    #[field(template = "ena_support")]
    ena_support: Option<bool>,
    /// Whether the machine uses the older enhanced network.
    #[field(template = "sriov_support")]
    sriov_support: bool,
    /// Tags of the machine's disks, as a whole; `.run_volume_tag(…)` adds one.
    #[field(template = "run_volume_tags", facts = BUILD_FACTS)]
    run_volume_tags: Vec<(String, Template)>,
    /// Tags of the machine's disks, one by one.
    #[field(each = "run_volume_tag", parts = run_volume_tag_blocks, facts = BUILD_FACTS)]
    run_volume_tag: Vec<(String, Template)>,
    #[field(flatten)]
    communication: Communication,
    at: Places,
}

entry_blocks!(run_volume_tag_blocks, "run_volume_tag", "key");

started_from_ami!(EbsVolume(), "");

impl Component for EbsVolume {
    const KIND: &'static str = "amazon-ebsvolume";

    fn check(&self, problems: &mut Diagnostics) {
        self.communication.check_all(problems);
        ami_source_problems(
            self.source_ami.as_ref(),
            self.source_ami_filter.as_ref(),
            self.access.as_ref(),
            problems,
        );
        let devices: Vec<_> = self.ebs_volumes.iter().filter_map(Volume::device).cloned().collect();
        BlockDevice::check_kept(&devices, "ebs_volumes", problems);
        check_instance(self.instance.as_ref(), problems);
    }
}

unwritten_source!(EbsVolume => Volumes, |source| Info::new(source.communication.guest()));
