//! The machine that an image is built on.

use super::BUILD_FACTS;
use crate::{
    field::Places,
    groups::entry_blocks,
    plan::Diagnostics,
    value::{HostPath, Template, Text},
};
use imagebake_macros::Config;
use std::time::Duration;

/// The machine that an image is built on.
#[derive(Clone, Debug, Config)]
#[config(constructors(of_type(instance_type), spot(spot_instance_types, spot_price = "auto")))]
pub struct Instance {
    /// Its type: `t3.micro`.
    #[field(private, rename = "with_type", template = "instance_type")]
    instance_type: Option<Template>,
    /// The zone it runs in.
    #[field(template = "availability_zone")]
    availability_zone: Option<Text>,
    /// Whether it has a public address; as the subnet says without.
    #[field(template = "associate_public_ip_address")]
    associate_public_ip_address: Option<bool>,
    /// Its network.
    #[field(template = "vpc_id")]
    vpc_id: Option<Text>,
    /// A filter that finds its network.
    #[field(template = "vpc_filter")]
    vpc_filter: Option<Filter>,
    /// Its subnet.
    #[field(template = "subnet_id")]
    subnet_id: Option<Text>,
    /// A filter that finds its subnet.
    #[field(template = "subnet_filter")]
    subnet_filter: Option<SubnetFilter>,
    /// Its security group.
    #[field(template = "security_group_id")]
    security_group_id: Option<Text>,
    /// Its security groups; one made for the build without.
    #[field(template = "security_group_ids")]
    security_group_ids: Vec<Text>,
    /// A filter that finds its security groups.
    #[field(template = "security_group_filter")]
    security_group_filter: Option<Filter>,
    /// Who may reach it through the group made for the build; the whole internet without, or the builder's address alone.
    #[field(template = "temporary_security_group_source_cidrs")]
    temporary_security_group_source_cidrs: Vec<Text>,
    /// Whether only the builder's public address may.
    #[field(template = "temporary_security_group_source_public_ip")]
    temporary_security_group_source_public_ip: bool,
    /// The profile of its role.
    #[field(template = "iam_instance_profile")]
    iam_instance_profile: Option<Text>,
    /// Leaves out asking whether that exists.
    #[field(template = "skip_profile_validation")]
    skip_profile_validation: bool,
    /// What a role made for the build may do.
    #[field(template = "temporary_iam_instance_profile_policy_document")]
    temporary_iam_instance_profile_policy_document: Option<PolicyDocument>,
    /// What it is given at the start.
    #[field(template = "user_data")]
    user_data: Option<Template>,
    /// The same, in a file.
    #[field(path, template = "user_data_file")]
    user_data_file: Option<HostPath>,
    /// Whether its disks have a way of their own.
    #[field(template = "ebs_optimized")]
    ebs_optimized: bool,
    /// Whether it may run enclaves.
    #[field(template = "enable_nitro_enclave")]
    enable_nitro_enclave: bool,
    /// Whether a burstable type may go on at a price.
    #[field(template = "enable_unlimited_credits")]
    enable_unlimited_credits: bool,
    /// The older name of `enable_unlimited_credits`.
    #[field(template = "enable_t2_unlimited")]
    enable_t2_unlimited: bool,
    /// What becomes of it when it turns itself off: `stop` or `terminate`; `stop` without.
    #[field(template = "shutdown_behavior")]
    shutdown_behavior: Option<Text>,
    /// Somebody else stops it: a step.
    #[field(template = "disable_stop_instance")]
    disable_stop_instance: bool,
    /// How its metadata service answers.
    #[field(template = "metadata_options")]
    metadata_options: Option<MetadataOptions>,
    /// Where it is placed.
    #[field(template = "placement")]
    placement: Option<Placement>,
    /// The older place of `placement.tenancy`.
    #[field(template = "tenancy")]
    tenancy: Option<Text>,
    /// Licences it needs.
    #[field(each = "license", template = "license_specifications")]
    license_specifications: Vec<LicenseSpecification>,
    /// Whether reserved capacity is used: `none`, `open` or `targeted`; `none` without.
    #[field(template = "capacity_reservation_preference")]
    capacity_reservation_preference: Option<Text>,
    /// The reservation.
    #[field(template = "capacity_reservation_id")]
    capacity_reservation_id: Option<Text>,
    /// A group of reservations.
    #[field(template = "capacity_reservation_group_arn")]
    capacity_reservation_group_arn: Option<Text>,
    /// How long a spot machine was bought for.
    #[field(
        private,
        superseded = "Amazon sells no spot machines for a fixed time any more",
        template = "block_duration_minutes"
    )]
    block_duration_minutes: Option<u32>,
    /// The most that is paid for a spot machine; `auto` for the price of the moment. Without, none is bought.
    #[field(template = "spot_price")]
    spot_price: Option<Text>,
    /// The product whose price was looked up.
    #[field(
        private,
        superseded = "the price of the moment is asked for without",
        template = "spot_price_auto_product"
    )]
    spot_price_auto_product: Option<Text>,
    /// Which spot machine is chosen: `price-capacity-optimized`, `capacity-optimized`, `diversified`, `lowest-price`.
    #[field(template = "spot_allocation_strategy")]
    spot_allocation_strategy: Option<Text>,
    /// Types one of which is bought, instead of `instance_type`.
    #[field(template = "spot_instance_types")]
    spot_instance_types: Vec<Text>,
    /// Tags of the request for a spot machine, as a whole.
    #[field(template = "spot_tags", facts = BUILD_FACTS)]
    spot_tags: Vec<(String, Template)>,
    /// Tags of the request for a spot machine, one by one.
    #[field(each = "spot_tag", parts = spot_tag_blocks, facts = BUILD_FACTS)]
    spot_tag: Vec<(String, Template)>,
    /// Tags of the fleet, as a whole.
    #[field(template = "fleet_tags", facts = BUILD_FACTS)]
    fleet_tags: Vec<(String, Template)>,
    /// Tags of the fleet, one by one.
    #[field(each = "fleet_tag", parts = fleet_tag_blocks, facts = BUILD_FACTS)]
    fleet_tag: Vec<(String, Template)>,
    /// Tags of the machine, its disks and all made for it, as a whole; `.run_tag(…)` adds one.
    #[field(template = "run_tags", facts = BUILD_FACTS)]
    run_tags: Vec<(String, Template)>,
    /// Tags of the machine and all made for it, one by one.
    #[field(each = "run_tag", parts = run_tag_blocks, facts = BUILD_FACTS)]
    run_tag: Vec<(String, Template)>,
    /// How long Windows may take to say its password; 20 min without.
    #[field(template = "windows_password_timeout")]
    windows_password_timeout: Option<Duration>,
    /// Which address is connected to: `public_ip`, `private_ip`, `public_dns`, `private_dns`, `ipv6` or `session_manager`.
    #[field(template = "ssh_interface")]
    ssh_interface: Option<Text>,
    /// The builder's port of a connection by Session Manager; a free one without.
    #[field(template = "session_manager_port")]
    session_manager_port: Option<u16>,
    /// A pause before Session Manager is asked.
    #[field(template = "pause_before_ssm")]
    pause_before_ssm: Option<Duration>,
    at: Places,
}

/// A filter on objects of Amazon: names and values as its API knows them.
#[derive(Clone, Debug, Config)]
#[config(constructors(new))]
pub struct Filter {
    /// Names to values, as a whole; `.filter(…)` adds one.
    #[field(template = "filters")]
    filters: Vec<(String, Text)>,
    /// Names to values, one by one.
    #[field(each = "filter", parts = filter_blocks)]
    filter: Vec<(String, Text)>,
    at: Places,
}

/// A filter on subnets.
#[derive(Clone, Debug, Config)]
#[config(constructors(of(filter)))]
pub struct SubnetFilter {
    /// What is asked for.
    #[field(private, rename = "with_filter", group)]
    filter: Option<Filter>,
    /// Whether the one with the most free addresses is taken, where several fit.
    #[field(template = "most_free")]
    most_free: Option<bool>,
    /// Whether any is taken, where several fit.
    #[field(template = "random")]
    random: Option<bool>,
    at: Places,
}

/// A filter that finds the AMI to start from.
#[derive(Clone, Debug, Config)]
#[config(constructors(owned_by(owners)))]
pub struct AmiFilter {
    /// Names to values, as Amazon's API knows them: `name` to `debian-12-amd64-*`.
    #[field(each = "filter", template = "filters")]
    filters: Vec<(String, Text)>,
    /// Who has to own it: `self`, `amazon`, `aws-marketplace`, or an account.
    #[field(template = "owners")]
    owners: Vec<Text>,
    /// Whether the newest is taken, where several fit.
    #[field(template = "most_recent")]
    most_recent: Option<bool>,
    /// Whether AMIs that count as old are looked at too.
    #[field(template = "include_deprecated")]
    include_deprecated: Option<bool>,
    at: Places,
}

/// What a role may do, as IAM writes it.
#[derive(Clone, Debug, Config)]
#[config(constructors(new(statements, version = "2012-10-17")))]
pub struct PolicyDocument {
    /// The version of the language: `2012-10-17`.
    #[field(template = "Version")]
    version: Option<Text>,
    /// What is said.
    #[field(each = "statement", template = "Statement")]
    statements: Vec<Statement>,
    at: Places,
}

/// One statement of a policy.
#[derive(Clone, Debug, Config)]
#[config(constructors(allow(actions, effect = "Allow"), deny(actions, effect = "Deny")))]
pub struct Statement {
    /// `Allow` or `Deny`.
    #[field(template = "Effect")]
    effect: Option<Text>,
    /// What: `logs:*`.
    #[field(each = "action", template = "Action")]
    actions: Vec<Text>,
    /// On what: `*`.
    #[field(each = "resource", template = "Resource")]
    resources: Vec<Text>,
    at: Places,
}

/// How a machine's metadata service answers.
#[derive(Clone, Debug, Config)]
#[config(constructors(new))]
pub struct MetadataOptions {
    /// `enabled` or `disabled`.
    #[field(template = "http_endpoint")]
    http_endpoint: Option<Text>,
    /// `required` for the newer way alone, or `optional`, which is the default.
    #[field(template = "http_tokens")]
    http_tokens: Option<Text>,
    /// How far an answer may travel; 1 without.
    #[field(template = "http_put_response_hop_limit")]
    http_put_response_hop_limit: Option<u32>,
    /// Whether it tells the machine's tags: `enabled` or `disabled`.
    #[field(template = "instance_metadata_tags")]
    instance_metadata_tags: Option<Text>,
    at: Places,
}

/// Where a machine is placed.
#[derive(Clone, Debug, Config)]
#[config(constructors(new))]
pub struct Placement {
    /// The host.
    #[field(template = "host_id")]
    host_id: Option<Text>,
    /// A group of hosts.
    #[field(template = "host_resource_group_arn")]
    host_resource_group_arn: Option<Text>,
    /// `default`, `dedicated` or `host`; `default` without.
    #[field(template = "tenancy")]
    tenancy: Option<Text>,
    at: Places,
}

/// A licence that a machine needs.
#[derive(Clone, Debug, Config)]
#[config(constructors(new(license_configuration_request)))]
pub struct LicenseSpecification {
    /// The licence's configuration.
    #[field(template = "license_configuration_request")]
    license_configuration_request: Option<LicenseConfiguration>,
    at: Places,
}

/// A configuration of a licence.
#[derive(Clone, Debug, Config)]
#[config(constructors(new(license_configuration_arn)))]
pub struct LicenseConfiguration {
    /// Its name.
    #[field(template = "license_configuration_arn")]
    license_configuration_arn: Option<Text>,
    at: Places,
}

entry_blocks!(run_tag_blocks, "run_tag", "key");
entry_blocks!(spot_tag_blocks, "spot_tag", "key");
entry_blocks!(fleet_tag_blocks, "fleet_tag", "key");
entry_blocks!(filter_blocks, "filter", "name");

impl Instance {
    /// A machine of a type: `t3.micro`.
    #[track_caller]
    pub fn of_type(instance_type: impl Into<Template>) -> Self {
        Self::defaults().with_type(instance_type)
    }

    /// A spot machine of one of several types.
    #[track_caller]
    pub fn spot(types: impl IntoIterator<Item: Into<Text>>) -> Self {
        Self::defaults().spot_instance_types(types).spot_price("auto")
    }

    pub(super) fn check_all(&self, problems: &mut Diagnostics) {
        problems.check_any(&[
            (
                "instance_type",
                self.instance_type.as_ref().is_some_and(|name| !name.is_empty()),
            ),
            ("spot_instance_types", !self.spot_instance_types.is_empty()),
        ]);
        problems.check_exclusive(&[
            ("user_data", self.user_data.is_some()),
            ("user_data_file", self.user_data_file.is_some()),
        ]);
        problems.check_exclusive(&[
            ("security_group_id", self.security_group_id.is_some()),
            ("security_group_ids", !self.security_group_ids.is_empty()),
        ]);
        if !self.spot_instance_types.is_empty() && self.spot_price.is_none() {
            problems.error(
                "spot_instance_types",
                "missing",
                "spot machines need `spot_price`: `auto` for the price of the moment",
            );
        }
        problems.check_word(
            "shutdown_behavior",
            self.shutdown_behavior.as_ref(),
            &["stop", "terminate"],
        );
        problems.check_word(
            "capacity_reservation_preference",
            self.capacity_reservation_preference.as_ref(),
            &["none", "open", "targeted"],
        );
        problems.check_word(
            "ssh_interface",
            self.ssh_interface.as_ref(),
            &[
                "",
                "public_ip",
                "private_ip",
                "public_dns",
                "private_dns",
                "ipv6",
                "session_manager",
            ],
        );
        if self.capacity_reservation_id.is_some() && self.capacity_reservation_group_arn.is_some() {
            problems.check_exclusive(&[
                ("capacity_reservation_id", true),
                ("capacity_reservation_group_arn", true),
            ]);
        }
    }
}

impl Filter {
    /// Nothing is asked for yet.
    #[track_caller]
    pub fn new() -> Self {
        Self::defaults()
    }
}

impl SubnetFilter {
    /// The subnets that `filter` finds.
    #[track_caller]
    pub fn of(filter: Filter) -> Self {
        Self::defaults().with_filter(filter)
    }
}

impl AmiFilter {
    /// AMIs of these owners. Without any owner whoever publishes an AMI under a name could slip in, so one is asked for.
    #[track_caller]
    pub fn owned_by(owners: impl IntoIterator<Item: Into<Text>>) -> Self {
        Self::defaults().owners(owners)
    }

    pub(super) fn check_all(&self, problems: &mut Diagnostics) {
        if self.owners.is_empty() {
            problems.error(
                "source_ami_filter",
                "missing",
                "the filter needs an owner: `self`, `amazon`, or an account",
            );
        }
    }
}

impl PolicyDocument {
    /// A policy with these statements.
    #[track_caller]
    pub fn new(statements: impl IntoIterator<Item: Into<Statement>>) -> Self {
        Self::defaults().version("2012-10-17").statements(statements)
    }
}

impl Statement {
    /// Allows these actions.
    #[track_caller]
    pub fn allow(actions: impl IntoIterator<Item: Into<Text>>) -> Self {
        Self::defaults().effect("Allow").actions(actions)
    }

    /// Forbids these actions.
    #[track_caller]
    pub fn deny(actions: impl IntoIterator<Item: Into<Text>>) -> Self {
        Self::defaults().effect("Deny").actions(actions)
    }
}

impl MetadataOptions {
    /// As Amazon does it.
    #[track_caller]
    pub fn new() -> Self {
        Self::defaults()
    }
}

impl Placement {
    /// Anywhere.
    #[track_caller]
    pub fn new() -> Self {
        Self::defaults()
    }
}

impl LicenseSpecification {
    /// The licence of a configuration.
    #[track_caller]
    pub fn new(configuration: LicenseConfiguration) -> Self {
        Self::defaults().license_configuration_request(configuration)
    }
}

impl LicenseConfiguration {
    /// The configuration `arn`.
    #[track_caller]
    pub fn new(arn: impl Into<Text>) -> Self {
        Self::defaults().license_configuration_arn(arn)
    }
}
