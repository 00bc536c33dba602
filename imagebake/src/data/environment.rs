//! The environment of this computer.

use super::{Ask, Lookup, LookupCx};
use crate::error::{Error, ErrorKind, Result};
use std::env::VarError;

/// An environment variable; see [`Data::env`](super::Data::env).
pub struct EnvironmentVariable {
    name: String,
    default: Option<String>,
}

impl EnvironmentVariable {
    pub(super) fn new(name: String) -> Self {
        Self { name, default: None }
    }
}

impl Ask<'_, EnvironmentVariable> {
    /// The value where the variable is not set.
    pub fn or(mut self, default: impl Into<String>) -> Self {
        self.question.default = Some(default.into());
        self
    }
}

#[diagnostic::do_not_recommend]
impl Lookup for EnvironmentVariable {
    const KIND: &'static str = "env";
    type Answer = String;

    fn question(&self) -> String {
        self.name.clone()
    }

    fn is_local(&self) -> bool {
        true
    }

    async fn look_up(&self, _: &LookupCx<'_>) -> Result<String> {
        let name = &self.name;
        if name.is_empty() || name.contains(['=', '\0']) {
            let message = format!("{name:?} cannot be the name of an environment variable");
            return Err(Error::new(ErrorKind::Config, message).hint("names have no `=` and are not empty"));
        }
        match std::env::var(name) {
            Ok(value) => Ok(value),
            Err(VarError::NotPresent) => self.default.clone().ok_or_else(|| {
                Error::new(
                    ErrorKind::NotFound,
                    format!("the environment variable {name} is not set"),
                )
                .hint(format!("set {name}, or give a default with `.or(\"…\")`"))
            }),
            Err(VarError::NotUnicode(_)) => {
                let message = format!("the value of the environment variable {name} is not UTF-8");
                Err(Error::new(ErrorKind::Integrity, message).hint("set it to text"))
            }
        }
    }
}
