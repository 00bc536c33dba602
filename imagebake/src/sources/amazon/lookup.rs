//! Look-ups at Amazon: an AMI, a parameter, a secret. Described and planned; what asks is not written yet.

use super::{Access, AmiFilter, Region};
use crate::{
    data::{SENSITIVE, planned::planned_lookup},
    field::Places,
    value::Text,
};
use imagebake_macros::Config;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Which AMI a filter finds.
///
/// ```
/// use imagebake::{prelude::*, sources::amazon::{AmiFilter, AmiId, AmiName, Ebs, FindAmi, Region}};
///
/// #[image]
/// async fn web(data: &Data) -> Result<Image> {
///     let debian = AmiFilter::owned_by(["136693071363"]).filter("name", "debian-12-amd64-*").most_recent(true);
///     let debian = data.look_up(FindAmi::by(debian, Region::EU_CENTRAL_1)).await?;
///     let machine = Ebs::from_ami(AmiId::new(&debian.id), Region::EU_CENTRAL_1, AmiName::new(format!("web-{TIMESTAMP}")));
///     Ok(Image::new().source(machine).description(format!("made of {}", debian.name)))
/// }
/// ```
#[derive(Clone, Debug, Config)]
#[config(constructors(by(filter, region)))]
pub struct FindAmi {
    /// What is asked for.
    #[field(private, rename = "with_filter", group)]
    filter: Option<AmiFilter>,
    /// The region that is asked.
    #[field(private, rename = "with_region", template = "region")]
    region: Region,
    /// Who asks Amazon's API.
    #[field(group)]
    access: Option<Access>,
    at: Places,
}

/// An AMI that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FoundAmi {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// When it was made.
    pub creation_date: String,
    /// The account that owns it.
    pub owner: String,
    /// What that account is called.
    pub owner_name: String,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// What the parameter store of Systems Manager has under a name.
#[derive(Clone, Debug, Config)]
#[config(constructors(named(name, region)))]
pub struct Parameter {
    /// The parameter's name, with its path.
    #[field(private, rename = "with_name", template = "name")]
    name: Text,
    /// The region that is asked.
    #[field(private, rename = "with_region", template = "region")]
    region: Region,
    /// Whether a parameter that is encrypted is decrypted; then keep the answer out of sight with `.sensitive()`.
    #[field(template = "with_decryption")]
    with_decryption: bool,
    /// Who asks Amazon's API.
    #[field(group)]
    access: Option<Access>,
    at: Places,
}

/// A parameter that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FoundParameter {
    /// What it is set to.
    pub value: String,
    /// How often it was set.
    pub version: String,
    /// What Amazon calls it.
    pub arn: String,
}

/// A secret of Secrets Manager. The answer is secret: ask with `.sensitive()`.
#[derive(Clone, Debug, Config)]
#[config(constructors(named(name, region)))]
pub struct StoredSecret {
    /// The secret's name.
    #[field(private, rename = "with_name", template = "name")]
    name: Text,
    /// The region that is asked.
    #[field(private, rename = "with_region", template = "region")]
    region: Region,
    /// Which of several values in it, where it is JSON.
    #[field(template = "key")]
    key: Option<Text>,
    /// Which version.
    #[field(template = "version_id")]
    version_id: Option<Text>,
    /// Which stage of versions; `AWSCURRENT` without.
    #[field(template = "version_stage")]
    version_stage: Option<Text>,
    /// Who asks Amazon's API.
    #[field(group)]
    access: Option<Access>,
    at: Places,
}

/// A secret that was found.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FoundSecret {
    /// The value that was asked for.
    pub value: String,
    /// All of it, as it is stored.
    pub secret_string: String,
    /// The same where it is no text, in Base64.
    pub secret_binary: String,
    /// Its version.
    pub version_id: String,
}

impl FindAmi {
    /// The AMI that `filter` finds in `region`.
    #[track_caller]
    pub fn by(filter: AmiFilter, region: Region) -> Self {
        Self::defaults().with_filter(filter).with_region(region)
    }
}

impl Parameter {
    /// The parameter `name` in `region`.
    #[track_caller]
    pub fn named(name: impl Into<Text>, region: Region) -> Self {
        Self::defaults().with_name(name).with_region(region)
    }
}

impl StoredSecret {
    /// The secret `name` in `region`.
    #[track_caller]
    pub fn named(name: impl Into<Text>, region: Region) -> Self {
        Self::defaults().with_name(name).with_region(region)
    }
}

planned_lookup!(FindAmi, "amazon-ami" at "amazon", |found: FoundAmi| format!("{} ({})", found.id, found.name));
planned_lookup!(Parameter, "amazon-parameterstore" at "amazon", |found: FoundParameter| found.value.clone());
planned_lookup!(StoredSecret, "amazon-secretsmanager" at "amazon", |_: FoundSecret| SENSITIVE.to_owned());
