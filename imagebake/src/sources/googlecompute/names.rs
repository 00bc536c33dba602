//! Names of Google that are not to be swapped.

use crate::{
    field::{FieldType, Named, ToValue, Value},
    value::{Template, Text},
};

/// A project.
#[derive(Clone, Debug, Default)]
pub struct ProjectId(Text);

impl ProjectId {
    /// The project with this id: `acme-images`.
    pub fn new(name: impl Into<Text>) -> Self {
        Self(name.into())
    }
}

impl ToValue for ProjectId {
    const TYPE: FieldType = FieldType::Named(
        &Named::new("ProjectId")
            .of("sources::googlecompute")
            .by("new", &FieldType::Text),
    );
    fn to_value(&self) -> Value {
        Value::Text(self.0.clone())
    }
}

/// A zone.
#[derive(Clone, Debug, Default)]
pub struct Zone(Text);

impl Zone {
    /// The zone called so: `europe-west3-a`.
    pub fn new(name: impl Into<Text>) -> Self {
        Self(name.into())
    }
}

impl ToValue for Zone {
    const TYPE: FieldType = FieldType::Named(
        &Named::new("Zone")
            .of("sources::googlecompute")
            .by("new", &FieldType::Text),
    );
    fn to_value(&self) -> Value {
        Value::Text(self.0.clone())
    }
}

/// Why Google would refuse the name of an image or a family, if it would.
pub(crate) fn name_problem(name: &Template, longest: usize) -> Option<String> {
    let text = name.to_string();
    if name.is_secret() || text.contains("{{") || text.contains("{%") {
        return None;
    }
    let fits = text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        && !text.ends_with('-')
        && text.len() <= longest;
    (!fits).then(|| {
        format!("`{text}` cannot be its name: small letters, digits and `-`, a letter first, {longest} at most")
    })
}
