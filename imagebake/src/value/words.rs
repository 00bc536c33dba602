//! One row of a list of lists: a command with its arguments.

use super::Template;
use crate::field::{FieldType, ToValue, Value};

/// A program's arguments, or a call of one: `["modifyvm", "{{ name }}", "--nested-hw-virt", "on"]`.
#[derive(Clone, Debug, Default)]
pub struct Words(Vec<Template>);

impl Words {
    /// The words.
    pub fn as_slice(&self) -> &[Template] {
        &self.0
    }
}

impl<T: Into<Template>, const N: usize> From<[T; N]> for Words {
    fn from(words: [T; N]) -> Self {
        Self(words.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Template>> From<Vec<T>> for Words {
    fn from(words: Vec<T>) -> Self {
        Self(words.into_iter().map(Into::into).collect())
    }
}

impl ToValue for Words {
    const TYPE: FieldType = FieldType::List(&FieldType::Template);
    fn to_value(&self) -> Value {
        Value::List(self.0.iter().cloned().map(Value::Template).collect())
    }
}
