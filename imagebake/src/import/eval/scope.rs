//! The names that an expression may use.

use crate::import::value::Value;
use std::{collections::BTreeMap, rc::Rc};

/// Names and their values; those of a child hide those of its parent.
#[derive(Clone, Debug, Default)]
pub struct Scope(Rc<Names>);

#[derive(Debug, Default)]
struct Names {
    values: BTreeMap<String, Value>,
    parent: Option<Scope>,
}

impl Scope {
    /// These names.
    pub fn new(values: impl IntoIterator<Item = (String, Value)>) -> Self {
        Self(Rc::new(Names {
            values: values.into_iter().collect(),
            parent: None,
        }))
    }

    /// These names and those of `self`.
    #[must_use]
    pub fn child(&self, values: impl IntoIterator<Item = (String, Value)>) -> Self {
        Self(Rc::new(Names {
            values: values.into_iter().collect(),
            parent: Some(self.clone()),
        }))
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<Value> {
        match self.0.values.get(name) {
            Some(value) => Some(value.clone()),
            None => self.0.parent.as_ref().and_then(|parent| parent.get(name)),
        }
    }

    /// All names.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.0.values.keys().cloned().collect();
        names.extend(self.0.parent.iter().flat_map(Scope::names));
        names
    }
}
