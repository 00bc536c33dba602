//! What a boot command is made of: keys, and what is waited for.

use crate::{
    field::{FieldType, ToValue, Value},
    value::{HostPath, Template, Text},
};
use std::time::Duration;

/// A part of a boot command.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Action {
    /// Keys are typed.
    Keys(Template),
    /// What the machine writes on its serial console has to match this regular expression, behind what matched before.
    Serial(Text),
    /// The screen has to show something, and nothing else than that for so long.
    StillScreen(Duration),
    /// The screen has to show the picture in this PNG file, somewhere.
    Picture(HostPath),
}

impl<T: Into<Template>> From<T> for Action {
    fn from(keys: T) -> Self {
        Self::Keys(keys.into())
    }
}

impl ToValue for Action {
    const TYPE: FieldType = FieldType::Template;
    fn to_value(&self) -> Value {
        let named = |name: &str, value| Value::Map(vec![(name.to_owned(), value)]);
        match self {
            Self::Keys(keys) => Value::Template(keys.clone()),
            Self::Serial(pattern) => named("wait_for_serial", Value::Text(pattern.clone())),
            Self::StillScreen(time) => named("wait_for_still_screen", Value::Duration(*time)),
            Self::Picture(path) => named("wait_for_picture", Value::HostPath(path.clone())),
        }
    }
}
