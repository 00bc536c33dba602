//! Names of Amazon that are not to be swapped.

use crate::{
    field::{FieldType, Named, ToValue, Value},
    value::{Template, Text},
};
use std::borrow::Cow;

/// A region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region(Cow<'static, str>);

impl Region {
    /// Ireland.
    pub const EU_WEST_1: Self = Self(Cow::Borrowed("eu-west-1"));
    /// Frankfurt.
    pub const EU_CENTRAL_1: Self = Self(Cow::Borrowed("eu-central-1"));
    /// Northern Virginia.
    pub const US_EAST_1: Self = Self(Cow::Borrowed("us-east-1"));
    /// Ohio.
    pub const US_EAST_2: Self = Self(Cow::Borrowed("us-east-2"));
    /// Northern California.
    pub const US_WEST_1: Self = Self(Cow::Borrowed("us-west-1"));
    /// Oregon.
    pub const US_WEST_2: Self = Self(Cow::Borrowed("us-west-2"));
    /// Singapore.
    pub const AP_SOUTHEAST_1: Self = Self(Cow::Borrowed("ap-southeast-1"));
    /// Sydney.
    pub const AP_SOUTHEAST_2: Self = Self(Cow::Borrowed("ap-southeast-2"));
    /// Tokyo.
    pub const AP_NORTHEAST_1: Self = Self(Cow::Borrowed("ap-northeast-1"));

    /// The region called so.
    pub fn new(name: impl Into<String>) -> Self {
        Self(Cow::Owned(name.into()))
    }

    /// The one that `AWS_REGION` or the shared configuration names.
    pub const fn from_environment() -> Self {
        Self(Cow::Borrowed(""))
    }

    /// Its name; empty for the configuration's.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Region {
    fn default() -> Self {
        Self::from_environment()
    }
}

impl ToValue for Region {
    const TYPE: FieldType = FieldType::Named(
        &Named::new("Region")
            .of("sources::amazon")
            .by("new", &FieldType::Text)
            .words(&[
                ("", "from_environment()"),
                ("eu-west-1", "EU_WEST_1"),
                ("eu-central-1", "EU_CENTRAL_1"),
                ("us-east-1", "US_EAST_1"),
                ("us-east-2", "US_EAST_2"),
                ("us-west-1", "US_WEST_1"),
                ("us-west-2", "US_WEST_2"),
                ("ap-southeast-1", "AP_SOUTHEAST_1"),
                ("ap-southeast-2", "AP_SOUTHEAST_2"),
                ("ap-northeast-1", "AP_NORTHEAST_1"),
            ]),
    );
    fn to_value(&self) -> Value {
        match self.0.is_empty() {
            true => Value::Null,
            false => Value::Text(self.0.clone().into()),
        }
    }
}

/// The id of an AMI: `ami-0123456789abcdef0`.
#[derive(Clone, Debug)]
pub struct AmiId(Text);

impl AmiId {
    /// The AMI with this id.
    pub fn new(id: impl Into<Text>) -> Self {
        Self(id.into())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn problem(&self) -> Option<String> {
        let text = self.0.to_string();
        let fits =
            self.0.is_secret() || text.starts_with("ami-") || text.starts_with("resolve:ssm:") || text.contains('<');
        (!fits).then(|| format!("`{text}` is no id of an AMI: they begin with `ami-`"))
    }
}

impl ToValue for AmiId {
    const TYPE: FieldType = FieldType::Named(&Named::new("AmiId").of("sources::amazon").by("new", &FieldType::Text));
    fn to_value(&self) -> Value {
        Value::Text(self.0.clone())
    }
}

/// The name of an AMI: 3 to 128 letters, digits, blanks and `()[]./-'@_`. It may use facts: `format!("web-{TIMESTAMP}")`.
#[derive(Clone, Debug)]
pub struct AmiName(Template);

impl AmiName {
    /// This name.
    pub fn new(name: impl Into<Template>) -> Self {
        Self(name.into())
    }

    pub(super) fn problem(&self) -> Option<String> {
        let text = self.0.to_string();
        if self.0.is_secret() || text.contains("{{") || text.contains("{%") {
            return None;
        }
        let allowed = |c: char| c.is_ascii_alphanumeric() || "()[] ./-'@_".contains(c);
        let fits = (3..=128).contains(&text.chars().count()) && text.chars().all(allowed);
        (!fits).then(|| format!("`{text}` cannot be its name: 3 to 128 letters, digits, blanks and `()[]./-'@_`"))
    }
}

impl ToValue for AmiName {
    const TYPE: FieldType = FieldType::Named(
        &Named::new("AmiName")
            .of("sources::amazon")
            .by("new", &FieldType::Template),
    );
    fn to_value(&self) -> Value {
        Value::Template(self.0.clone())
    }
}
