//! What an AMI is, apart from its disks.

use super::BUILD_FACTS;
use crate::{
    field::Places,
    groups::entry_blocks,
    plan::Diagnostics,
    value::{Template, Text},
};
use imagebake_macros::Config;

/// What becomes of the AMI: who may use it, where it is copied, how it is called.
#[derive(Clone, Debug, Config)]
#[config(constructors(new))]
pub struct Ami {
    /// What it is for.
    #[field(template = "ami_description", facts = BUILD_FACTS)]
    ami_description: Option<Template>,
    /// `hvm` or `paravirtual`.
    #[field(template = "ami_virtualization_type")]
    ami_virtualization_type: Option<Text>,
    /// Accounts that may use it.
    #[field(template = "ami_users")]
    ami_users: Vec<Text>,
    /// Groups that may use it: `all` for everybody.
    #[field(template = "ami_groups")]
    ami_groups: Vec<Text>,
    /// Organisations that may use it.
    #[field(template = "ami_org_arns")]
    ami_org_arns: Vec<Text>,
    /// Parts of organisations that may use it.
    #[field(template = "ami_ou_arns")]
    ami_ou_arns: Vec<Text>,
    /// Product codes it gets.
    #[field(template = "ami_product_codes")]
    ami_product_codes: Vec<Text>,
    /// Regions it is copied to.
    #[field(template = "ami_regions")]
    ami_regions: Vec<Text>,
    /// Regions to the keys their copies are encrypted with.
    #[field(each = "region_kms_key_id", template = "region_kms_key_ids")]
    region_kms_key_ids: Vec<(String, Text)>,
    /// Leaves out asking whether regions exist.
    #[field(template = "skip_region_validation")]
    skip_region_validation: bool,
    /// Whether the region it was built in keeps none.
    #[field(template = "skip_save_build_region")]
    skip_save_build_region: bool,
    /// Its tags, as a whole; `.tag(…)` adds one.
    #[field(template = "tags", facts = BUILD_FACTS)]
    tags: Vec<(String, Template)>,
    /// Its tags, one by one.
    #[field(each = "tag", parts = tag_blocks, facts = BUILD_FACTS)]
    tag: Vec<(String, Template)>,
    /// Whether its disks are encrypted; as those it started from without.
    #[field(template = "encrypt_boot")]
    encrypt_boot: Option<bool>,
    /// The key they are encrypted with; the account's own without.
    #[field(template = "kms_key_id")]
    kms_key_id: Option<Text>,
    /// Whether it is for the enhanced network (ENA).
    #[field(template = "ena_support")]
    ena_support: Option<bool>,
    /// Whether it is for the older enhanced network.
    #[field(template = "sriov_support")]
    sriov_support: bool,
    /// `v2.0` where machines of it answer only to the newer metadata service.
    #[field(template = "imds_support")]
    imds_support: Option<Text>,
    /// Whether an AMI of that name is replaced.
    #[field(template = "force_deregister")]
    force_deregister: bool,
    /// Whether that one's snapshots go too.
    #[field(template = "force_delete_snapshot")]
    force_delete_snapshot: bool,
    /// When it counts as old: `2030-01-31T00:00:00Z`.
    #[field(template = "deprecate_at")]
    deprecate_at: Option<Text>,
    /// Whether it is kept from being deregistered.
    #[field(template = "deregistration_protection")]
    deregistration_protection: Option<Protection>,
    /// How long a copy may take that is bought to be in time.
    #[field(template = "snapshot_copy_duration_minutes")]
    snapshot_copy_duration_minutes: Option<u32>,
    /// Tags of its snapshots, as a whole; `.snapshot_tag(…)` adds one.
    #[field(template = "snapshot_tags", facts = BUILD_FACTS)]
    snapshot_tags: Vec<(String, Template)>,
    /// Tags of its snapshots, one by one.
    #[field(each = "snapshot_tag", parts = snapshot_tag_blocks, facts = BUILD_FACTS)]
    snapshot_tag: Vec<(String, Template)>,
    /// Accounts that may use its snapshots.
    #[field(template = "snapshot_users")]
    snapshot_users: Vec<Text>,
    /// Groups that may use its snapshots: `all` for everybody.
    #[field(template = "snapshot_groups")]
    snapshot_groups: Vec<Text>,
    at: Places,
}

/// Keeps an AMI from being deregistered.
#[derive(Clone, Debug, Config)]
#[config(constructors(new(enabled = true)))]
pub struct Protection {
    /// Whether it is kept.
    #[field(template = "enabled")]
    enabled: Option<bool>,
    /// Whether it is kept for a day more after that is taken back.
    #[field(template = "with_cooldown")]
    with_cooldown: Option<bool>,
    at: Places,
}

entry_blocks!(tag_blocks, "tag", "key");
entry_blocks!(snapshot_tag_blocks, "snapshot_tag", "key");

impl Ami {
    /// A private AMI in one region, without tags.
    #[track_caller]
    pub fn new() -> Self {
        Self::defaults()
    }

    pub(super) fn check_all(&self, problems: &mut Diagnostics) {
        problems.check_word(
            "ami_virtualization_type",
            self.ami_virtualization_type.as_ref(),
            &["hvm", "paravirtual", ""],
        );
        problems.check_word("imds_support", self.imds_support.as_ref(), &["v2.0", ""]);
        if self.force_delete_snapshot && !self.force_deregister {
            problems.warning(
                "force_delete_snapshot",
                "no-effect",
                "no AMI is replaced, so no snapshot goes: add `force_deregister`",
            );
        }
        if self.encrypt_boot == Some(false) && self.kms_key_id.is_some() {
            problems.error(
                "kms_key_id",
                "contradiction",
                "nothing is encrypted, so there is no key",
            );
        }
        if !self.snapshot_users.is_empty() && self.encrypt_boot == Some(true) && self.kms_key_id.is_none() {
            problems.error(
                "snapshot_users",
                "contradiction",
                "a snapshot encrypted with the account's own key cannot be shared: name a key",
            );
        }
    }
}

impl Protection {
    /// It is kept.
    #[track_caller]
    pub fn new() -> Self {
        Self::defaults().enabled(true)
    }
}
