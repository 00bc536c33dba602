//! Look-ups in the registry: a version of a bucket, and what was made of it somewhere; both also by their older names.

use crate::{
    data::{Lookup, LookupCx, question_of, unwritten},
    describe::Component,
    error::Result,
    field::{Config as _, Places},
    value::Text,
};
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

impl Component for FindVersion {
    const KIND: &'static str = "hcp-packer-version";
}

#[diagnostic::do_not_recommend]
impl Lookup for FindVersion {
    const KIND: &'static str = <Self as Component>::KIND;
    type Answer = FoundVersion;

    fn question(&self) -> String {
        question_of(&self.fields())
    }

    fn shown(&self, found: &FoundVersion) -> String {
        found.id.clone()
    }

    async fn look_up(&self, _: &LookupCx<'_>) -> Result<FoundVersion> {
        Err(unwritten("hcp"))
    }
}

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

impl Component for FindArtifact {
    const KIND: &'static str = "hcp-packer-artifact";
}

#[diagnostic::do_not_recommend]
impl Lookup for FindArtifact {
    const KIND: &'static str = <Self as Component>::KIND;
    type Answer = FoundArtifact;

    fn question(&self) -> String {
        question_of(&self.fields())
    }

    fn shown(&self, found: &FoundArtifact) -> String {
        found.external_identifier.clone()
    }

    async fn look_up(&self, _: &LookupCx<'_>) -> Result<FoundArtifact> {
        Err(unwritten("hcp"))
    }
}

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

impl Component for FindIteration {
    const KIND: &'static str = "hcp-packer-iteration";
}

#[diagnostic::do_not_recommend]
impl Lookup for FindIteration {
    const KIND: &'static str = <Self as Component>::KIND;
    type Answer = FoundIteration;

    fn question(&self) -> String {
        question_of(&self.fields())
    }

    fn shown(&self, found: &FoundIteration) -> String {
        found.id.clone()
    }

    async fn look_up(&self, _: &LookupCx<'_>) -> Result<FoundIteration> {
        Err(unwritten("hcp"))
    }
}

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

impl Component for FindImage {
    const KIND: &'static str = "hcp-packer-image";
}

#[diagnostic::do_not_recommend]
impl Lookup for FindImage {
    const KIND: &'static str = <Self as Component>::KIND;
    type Answer = FoundImage;

    fn question(&self) -> String {
        question_of(&self.fields())
    }

    fn shown(&self, found: &FoundImage) -> String {
        found.id.clone()
    }

    async fn look_up(&self, _: &LookupCx<'_>) -> Result<FoundImage> {
        Err(unwritten("hcp"))
    }
}
