//! What sources of Amazon make.

use crate::artifact::Artifact;
use std::collections::BTreeMap;

/// AMIs, one in each region.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Amis {
    /// Regions to the AMIs there.
    pub by_region: BTreeMap<String, String>,
    /// What Packer's manifest calls their maker.
    pub builder_id: &'static str,
}

impl Artifact for Amis {
    const KIND: &'static str = "amis";
    fn id(&self) -> String {
        by_region(&self.by_region)
    }
    fn builder_id(&self) -> &'static str {
        self.builder_id
    }
}

/// Disks of Amazon, with their regions.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Volumes {
    /// Regions to the disks there, with commas between them.
    pub by_region: BTreeMap<String, String>,
}

impl Artifact for Volumes {
    const KIND: &'static str = "volumes";
    fn id(&self) -> String {
        by_region(&self.by_region)
    }
    fn builder_id(&self) -> &'static str {
        "mitchellh.amazon.ebsvolume"
    }
}

fn by_region(of: &BTreeMap<String, String>) -> String {
    let parts: Vec<String> = of.iter().map(|(region, id)| format!("{region}:{id}")).collect();
    parts.join(",")
}
