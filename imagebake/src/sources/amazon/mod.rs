//! Sources `amazon-*`: AMIs and disks of Amazon's EC2. Described and planned; what builds them is not written yet.

mod access;
mod ami;
mod artifact;
pub mod chroot;
mod disks;
pub mod ebs;
pub mod ebs_surrogate;
pub mod ebs_volume;
pub mod instance;
mod lookup;
mod machine;
mod names;
mod shared;

pub use access::{Access, AssumeRole, Polling, VaultEngine};
pub use ami::{Ami, Protection};
pub use artifact::{Amis, Volumes};
pub use chroot::Chroot;
pub use disks::{BlockDevice, RootDevice, Volume};
pub use ebs::{Ebs, FastLaunch, FastLaunchRegion};
pub use ebs_surrogate::EbsSurrogate;
pub use ebs_volume::EbsVolume;
pub use instance::{Bundle, InstanceStore};
pub use lookup::{FindAmi, FoundAmi, FoundParameter, FoundSecret, Parameter, StoredSecret};
pub use machine::{
    AmiFilter, Filter, Instance, LicenseConfiguration, LicenseSpecification, MetadataOptions, Placement,
    PolicyDocument, Statement, SubnetFilter,
};
pub use names::{AmiId, AmiName, Region};

use crate::plan::{Diagnostic, Diagnostics};

/// What templates may use once the AMI that a machine is started from was found.
const BUILD_FACTS: &[&str] = &[
    "source_ami",
    "source_ami_name",
    "source_ami_owner",
    "source_ami_owner_name",
    "source_ami_creation_date",
    "source_ami_tags",
    "build_region",
];

/// What a machine is started from, and who asks for it.
fn ami_source_problems(
    ami: Option<&AmiId>,
    filter: Option<&AmiFilter>,
    access: Option<&Access>,
    problems: &mut Diagnostics,
) {
    // An empty id is one of a value that was left out: the filter then finds it.
    let ami = ami.filter(|ami| filter.is_none() || !ami.is_empty());
    if let Some(problem) = ami.and_then(AmiId::problem) {
        problems.error("source_ami", "form", problem);
    }
    if let Some(filter) = filter {
        filter.check_all(problems);
    }
    if let Some(access) = access {
        access.check_all(problems);
    }
}

/// The name of an AMI, and what becomes of it.
fn check_ami(name: Option<&AmiName>, ami: Option<&Ami>, problems: &mut Diagnostics) {
    if let Some(problem) = name.and_then(AmiName::problem) {
        problems.error("ami_name", "name", problem);
    }
    if let Some(ami) = ami {
        ami.check_all(problems);
    }
}

/// The machine that is started.
fn check_instance(instance: Option<&Instance>, problems: &mut Diagnostics) {
    match instance {
        Some(instance) => instance.check_all(problems),
        None => {
            let problem = Diagnostic::error("missing", "nothing says which type of machine is started");
            problems.push(
                problem
                    .field("instance_type")
                    .help("say `.instance(Instance::of_type(\"t3.micro\"))`"),
            );
        }
    }
}
