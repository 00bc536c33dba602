//! The settings of `amazon-ebs`.

use super::super::shared::{AmiMachine, VolumeTags, started_from_ami};
use super::super::{AmiFilter, AmiId, AmiName, Amis, Region};
use crate::{
    describe::{Component, Info},
    field::Places,
    groups::Communication,
    plan::Diagnostics,
    source::unwritten_source,
    value::Text,
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
    #[field(flatten)]
    machine: AmiMachine,
    #[field(flatten)]
    volume_tags: VolumeTags,
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
    #[field(flatten)]
    communication: Communication,
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

started_from_ami!(Ebs(name: AmiName => with_ami_name), "; the new AMI is called `name`");

impl FastLaunch {
    /// They are prepared.
    #[track_caller]
    pub fn new() -> Self {
        Self::defaults().enable_fast_launch(true)
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
        self.communication.check_all(problems);
        self.machine.check_all(
            (self.source_ami.as_ref(), self.source_ami_filter.as_ref()),
            self.ami_name.as_ref(),
            problems,
        );
        self.machine.check_launched(problems);
    }
}

unwritten_source!(Ebs => Amis, |source| Info::new(source.communication.guest()));
