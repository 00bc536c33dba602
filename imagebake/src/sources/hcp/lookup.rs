//! Look-ups in the registry: a version of a bucket, and what was made of it somewhere; both also by their older names.

use crate::{data::planned::planned_lookup, field::Places, value::Text};
use imagebake_macros::Config;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Which version of a bucket a channel names.
#[derive(Clone, Debug, Config)]
#[config(constructors(of(bucket_name, channel_name)))]
pub struct FindVersion {
    /// The bucket.
    #[field(private, rename = "with_bucket_name", template = "bucket_name")]
    bucket_name: Text,
    /// The channel.
    #[field(private, rename = "with_channel_name", template = "channel_name")]
    channel_name: Text,
    at: Places,
}

/// A version that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FoundVersion {
    /// Its id.
    pub id: String,
    /// What it is called: `v3`.
    pub name: String,
    /// What those who made it call it.
    pub fingerprint: String,
    /// The bucket.
    pub bucket_name: String,
    /// The channel.
    pub channel_id: String,
    /// Who made it.
    pub author_id: String,
    /// How far it came.
    pub status: String,
    /// When it was begun.
    pub created_at: String,
    /// When it was changed last.
    pub updated_at: String,
}

impl FindVersion {
    /// What `channel_name` names of a bucket.
    #[track_caller]
    pub fn of(bucket_name: impl Into<Text>, channel_name: impl Into<Text>) -> Self {
        Self::defaults()
            .with_bucket_name(bucket_name)
            .with_channel_name(channel_name)
    }
}

planned_lookup!(FindVersion, "hcp-packer-version" at "hcp", |found: FoundVersion| found.id.clone());

/// What a version is on a platform, in a region.
#[derive(Clone, Debug, Config)]
#[config(constructors(
    of_version(bucket_name, version_fingerprint, platform, region),
    of_channel(bucket_name, channel_name, platform, region)
))]
pub struct FindArtifact {
    /// The bucket.
    #[field(private, rename = "with_bucket_name", template = "bucket_name")]
    bucket_name: Text,
    /// The version.
    #[field(private, rename = "with_version_fingerprint", template = "version_fingerprint")]
    version_fingerprint: Option<Text>,
    /// The channel that names the version.
    #[field(private, rename = "with_channel_name", template = "channel_name")]
    channel_name: Option<Text>,
    /// Whose image it is: `aws`, `azure`, `gce`.
    #[field(private, rename = "with_platform", template = "platform")]
    platform: Text,
    /// Where it is.
    #[field(private, rename = "with_region", template = "region")]
    region: Text,
    /// Of which source, where several made one: `amazon-ebs.web`.
    #[field(template = "component_type")]
    component_type: Option<Text>,
    at: Places,
}

/// An artifact that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FoundArtifact {
    /// What its platform calls it.
    pub external_identifier: String,
    /// Whose image it is.
    pub platform: String,
    /// Where it is.
    pub region: String,
    /// The source that made it.
    pub component_type: String,
    /// When it was made.
    pub created_at: String,
    /// The build that made it.
    pub build_id: String,
    /// Its version.
    pub version_id: String,
    /// The channel.
    pub channel_id: String,
    /// The run that made it.
    pub packer_run_uuid: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
}

impl FindArtifact {
    /// That of a version, which a [`FindVersion`] finds.
    #[track_caller]
    pub fn of_version(
        bucket_name: impl Into<Text>,
        version_fingerprint: impl Into<Text>,
        platform: impl Into<Text>,
        region: impl Into<Text>,
    ) -> Self {
        Self::defaults()
            .with_bucket_name(bucket_name)
            .with_version_fingerprint(version_fingerprint)
            .with_platform(platform)
            .with_region(region)
    }

    /// That of the version which a channel names.
    #[track_caller]
    pub fn of_channel(
        bucket_name: impl Into<Text>,
        channel_name: impl Into<Text>,
        platform: impl Into<Text>,
        region: impl Into<Text>,
    ) -> Self {
        Self::defaults()
            .with_bucket_name(bucket_name)
            .with_channel_name(channel_name)
            .with_platform(platform)
            .with_region(region)
    }
}

planned_lookup!(FindArtifact, "hcp-packer-artifact" at "hcp", |found: FoundArtifact| found.external_identifier.clone());

/// A version, as older templates ask for it.
#[derive(Clone, Debug, Config)]
#[config(constructors(of(bucket_name, channel)))]
pub struct FindIteration {
    /// The bucket.
    #[field(private, rename = "with_bucket_name", template = "bucket_name")]
    bucket_name: Text,
    /// The channel.
    #[field(private, rename = "with_channel", template = "channel")]
    channel: Text,
    at: Places,
}

/// An iteration that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FoundIteration {
    /// Its id.
    pub id: String,
    /// What those who made it call it.
    pub fingerprint: String,
    /// The bucket.
    pub bucket_name: String,
    /// The channel.
    pub channel_id: String,
    /// Who made it.
    pub author_id: String,
    /// When it was begun.
    pub created_at: String,
    /// When it was changed last.
    pub updated_at: String,
}

impl FindIteration {
    /// What `channel` names of a bucket.
    #[track_caller]
    pub fn of(bucket_name: impl Into<Text>, channel: impl Into<Text>) -> Self {
        Self::defaults().with_bucket_name(bucket_name).with_channel(channel)
    }
}

planned_lookup!(FindIteration, "hcp-packer-iteration" at "hcp", |found: FoundIteration| found.id.clone());

/// What an iteration is in a cloud, in a region, as older templates ask for it.
#[derive(Clone, Debug, Config)]
#[config(constructors(
    of_iteration(bucket_name, iteration_id, cloud_provider, region),
    of_channel(bucket_name, channel, cloud_provider, region)
))]
pub struct FindImage {
    /// The bucket.
    #[field(private, rename = "with_bucket_name", template = "bucket_name")]
    bucket_name: Text,
    /// The iteration.
    #[field(private, rename = "with_iteration_id", template = "iteration_id")]
    iteration_id: Option<Text>,
    /// The channel that names the iteration.
    #[field(private, rename = "with_channel", template = "channel")]
    channel: Option<Text>,
    /// Whose image it is: `aws`, `azure`, `gce`.
    #[field(private, rename = "with_cloud_provider", template = "cloud_provider")]
    cloud_provider: Text,
    /// Where it is.
    #[field(private, rename = "with_region", template = "region")]
    region: Text,
    /// Of which source, where several made one: `amazon-ebs.web`.
    #[field(template = "component_type")]
    component_type: Option<Text>,
    at: Places,
}

/// An image that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FoundImage {
    /// What its cloud calls it.
    pub id: String,
    /// Whose image it is.
    pub cloud_provider: String,
    /// Where it is.
    pub region: String,
    /// The source that made it.
    pub component_type: String,
    /// When it was made.
    pub created_at: String,
    /// The build that made it.
    pub build_id: String,
    /// Its iteration.
    pub iteration_id: String,
    /// The channel.
    pub channel_id: String,
    /// The run that made it.
    pub packer_run_uuid: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
}

impl FindImage {
    /// That of an iteration, which a [`FindIteration`] finds.
    #[track_caller]
    pub fn of_iteration(
        bucket_name: impl Into<Text>,
        iteration_id: impl Into<Text>,
        cloud_provider: impl Into<Text>,
        region: impl Into<Text>,
    ) -> Self {
        Self::defaults()
            .with_bucket_name(bucket_name)
            .with_iteration_id(iteration_id)
            .with_cloud_provider(cloud_provider)
            .with_region(region)
    }

    /// That of the iteration which a channel names.
    #[track_caller]
    pub fn of_channel(
        bucket_name: impl Into<Text>,
        channel: impl Into<Text>,
        cloud_provider: impl Into<Text>,
        region: impl Into<Text>,
    ) -> Self {
        Self::defaults()
            .with_bucket_name(bucket_name)
            .with_channel(channel)
            .with_cloud_provider(cloud_provider)
            .with_region(region)
    }
}

planned_lookup!(FindImage, "hcp-packer-image" at "hcp", |found: FoundImage| found.id.clone());
