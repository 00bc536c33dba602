//! The settings of `amazon-ebssurrogate`.

use super::super::shared::{AmiMachine, Platform, VolumeTags, started_from_ami};
use super::super::{AmiFilter, AmiId, AmiName, Amis, Region, RootDevice};
use crate::{
    describe::{Component, Info},
    field::Places,
    groups::Communication,
    plan::{Diagnostic, Diagnostics},
    source::unwritten_source,
    value::Template,
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
    #[field(flatten)]
    machine: AmiMachine,
    #[field(flatten)]
    volume_tags: VolumeTags,
    /// What the snapshots are for.
    #[field(template = "snapshot_description")]
    snapshot_description: Option<Template>,
    /// Whether the AMI is without the machine's tags.
    #[field(template = "skip_ami_run_tags")]
    skip_ami_run_tags: bool,
    #[field(flatten)]
    platform: Platform,
    /// Whether the AMI is made of the stopped machine, which product codes need, and not of snapshots.
    #[field(template = "use_create_image")]
    use_create_image: bool,
    #[field(flatten)]
    communication: Communication,
    at: Places,
}

started_from_ami!(EbsSurrogate(name: AmiName => with_ami_name), "; the new AMI is called `name`");

impl Component for EbsSurrogate {
    const KIND: &'static str = "amazon-ebssurrogate";

    fn check(&self, problems: &mut Diagnostics) {
        self.communication.check_all(problems);
        self.machine.check_all(
            (self.source_ami.as_ref(), self.source_ami_filter.as_ref()),
            self.ami_name.as_ref(),
            problems,
        );
        if self.ami_root_device.is_none() {
            let problem = Diagnostic::error("missing", "no disk becomes the AMI's root").field("root_device");
            problems.push(
                problem.help("say `.root_device(RootDevice::from_device(\"/dev/xvdf\").as_device(\"/dev/xvda\"))`"),
            );
        }
        self.platform.check_all(problems);
    }
}

unwritten_source!(EbsSurrogate => Amis, |source| Info::new(source.communication.guest()));
